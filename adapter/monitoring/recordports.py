"""What the record needs of the store: where it is written, and where monitors are read back."""

from datetime import datetime
from typing import Protocol

from adapter.core.messages import CoachMessage
from adapter.core.monitor import Monitor
from adapter.core.record import Sealed


class Writer(Protocol):
    """Where records go (`adapter.store.record.Records`)."""

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        """All or nothing. Raises StoreUnavailable; StoreRefused where trying again can't help."""

    async def set_aside(self, sealed: Sealed, why: str, now: datetime) -> None:
        """Keep what can't be written as a record. Raises StoreUnavailable."""


class Finder(Protocol):
    """Where monitors are read back (`adapter.store.monitors.Monitors`)."""

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor. Raises StoreUnavailable."""


class MessageLog(Protocol):
    """Where messages during a talk are kept (`adapter.store.coachmessages`)."""

    async def keep(self, message: CoachMessage, conversation_id: str, agent: str) -> CoachMessage:
        """Keep one that is about to be sent; `agent`: their username. Returns it, or what is kept under its id already.

        Raises StoreUnavailable.
        """

    async def take_back(self, message: CoachMessage) -> None:
        """It was not sent after all. Raises StoreUnavailable."""
