"""What monitoring needs from its surroundings, as protocols: the PBX, the people, the record."""

from typing import Protocol

from adapter.core.audit import Entry
from adapter.core.legs import LegRequest
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.pbx import DeviceState, PbxState
from adapter.core.record import Record


class Pbx(Protocol):
    """One PBX. Every method has a deadline of its own.

    All raise PbxUnavailable (not connected; nothing was done), PbxRefused (Asterisk said no; nothing was done)
    or PbxTimeout (no answer in time: the outcome is unknown).
    """

    @property
    def id(self) -> str:
        """The node's id in the configuration."""

    @property
    def state(self) -> PbxState:
        """The connection as it is now."""

    async def device_state(self, device: str) -> DeviceState:
        """Whether the endpoint is registered and free, asked now (ARI endpoints)."""

    async def start_leg(self, request: LegRequest) -> None:
        """Originate. Returns once Asterisk has queued it; what becomes of it arrives as events."""

    async def switch_leg(self, leg: str, mode: Mode, *, keypad: bool, reattach: bool) -> bool:
        """Ask for another mode: PlayDTMF(Receive) for a leg with keypad, otherwise (or with `reattach`) Redirect.

        Returns once Asterisk has taken the request; the confirmation arrives as an event. False when there is no
        such channel any more; its end arrives as an event too.
        """

    async def send_leg(self, leg: str, target: str, mode: Mode, *, keypad: bool) -> None:
        """Let a channel that called us go on into the monitor dialplan, to listen to `target`."""

    async def join(self, leg: str, customer: str) -> None:
        """Put the leg and the customer's channel into one bridge (AMI Bridge), which releases the agent.

        Returns once Asterisk has taken the request; the leg's BridgeEnter confirms it.
        """

    async def end_leg(self, leg: str) -> bool:
        """Hang the leg up. False when there is no such channel; the Hangup event confirms otherwise."""


class MonitorLog(Protocol):
    """Where monitors are kept. Raises StoreUnavailable when nothing could be written or read."""

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        """Write a monitor that is about to start, and that it was asked for, now and together."""

    def note(self, record: Record) -> None:
        """Write this soon, in order, and again until it is written."""

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor, also an ended one."""
