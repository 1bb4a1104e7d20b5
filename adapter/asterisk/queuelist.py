"""Asks for queues and devices, and answers in our events: when we connect, and again now and then."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from adapter.asterisk import queuewire
from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.splitter import Message
from adapter.core.queueevents import DevicesListed, QueuesListed
from adapter.errors import PbxRefused

log = structlog.get_logger(__name__)


async def queues(ami: AmiConnection, deadline: float) -> Sequence[Message] | None:
    """All queues; None where there are none, since app_queue is not loaded. Raises PbxUnavailable, PbxTimeout."""
    try:
        return await ami.listing("QueueStatus", deadline=deadline)
    except PbxRefused as refusal:
        log.info("this Asterisk has no queues", why=str(refusal))
        return None


class Lister(Protocol):
    """What asks (`adapter.asterisk.connection.Connection`)."""

    async def listing(self, name: str, *fields: tuple[str, str]) -> Sequence[Message]:
        """The items of a list. Raises PbxUnavailable, PbxRefused, PbxTimeout."""


class QueueLists:
    """Asks again. Raises as `Lister.listing`."""

    def __init__(self, connection: Lister, clock: Callable[[], datetime]) -> None:
        self._connection, self._clock = connection, clock

    async def queues(self, only: str | None = None) -> QueuesListed:
        """All queues now, or one."""
        fields = [] if only is None else [("Queue", only)]
        listed = await self._connection.listing("QueueStatus", *fields)
        at = self._clock()
        return QueuesListed(at, queuewire.queues(at, listed), only)

    async def devices(self) -> DevicesListed:
        """The state of every device now."""
        return DevicesListed(self._clock(), queuewire.devices(await self._connection.listing("DeviceStateList")))
