"""What the use case needs from its surroundings, as protocols: the live picture, the PBX, the record."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapter.core.audit import By, Entry, Subject
from adapter.core.bars import Bars, Kind
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.events import KnownChannel
from adapter.core.follow import Follow
from adapter.core.legs import LegRequest, Refusal
from adapter.core.modes import Mode
from adapter.core.monitor import BROWSER, Monitor
from adapter.core.pbx import DeviceState, PbxState
from adapter.core.people import Directory, User
from adapter.core.record import Record

__all__ = ["BROWSER"]


def allowed() -> None:
    """Where nothing forbids an action in the last moment."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a supervisor asks for. Exactly one of the first three names the call."""

    call_id: str | None = None
    agent_extension: str | None = None
    customer_number: str | None = None
    mode: Mode = Mode.SILENT
    device: str | None = None
    page: str = ""
    """What `browser` means: the device of their page, where another adapter serves it."""
    pauses_follow: bool = False
    """Whether a follow of theirs pauses for it: its leg goes to this call, and follows again when that is over."""


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """What a supervisor asks for who wants to follow an agent: by the account's id, or by the extension."""

    agent_id: str | None = None
    agent_extension: str | None = None
    device: str | None = None
    calls: int | None = None
    """For how many calls; None: for as many as come."""
    page: str = ""
    """As of `StartRequest.page`."""


class Picture(Protocol):
    """Calls and monitors as they are now: of one PBX (`board.Board`) or of all (`boards.Boards`)."""

    @property
    def directory(self) -> Directory:
        """All accounts."""

    @property
    def complete(self) -> bool:
        """Whether every PBX is in sight: only then is what is not known not there."""

    def calls(self) -> Collection[Call]:
        """All calls."""

    def call(self, call_id: str) -> Call | None:
        """One call."""

    def monitors(self) -> Collection[Monitor]:
        """Monitors that are connecting or live."""

    def monitors_on(self, call_id: str) -> Sequence[Monitor]:
        """Those of a call."""

    def follows(self) -> Collection[Follow]:
        """Follows that are not over."""

    @property
    def bars(self) -> Bars:
        """Who is barred from which conversation."""

    def in_conversation(self, user_id: str, conversation_id: str) -> bool:
        """Whether the user's phone is in that conversation, or was before."""

    def in_hand(self, user_id: str, kinds: Collection[Kind]) -> bool:
        """Whether somebody who is barred from a conversation made this of the account (`Bars.in_hand`)."""

    @property
    def pbx_state(self) -> PbxState:
        """The connection, of several the worst."""

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""


class OnePbx(Picture, Protocol):
    """The picture of one PBX (`board.Board`)."""

    @property
    def id(self) -> str:
        """The PBX's id."""

    @property
    def phones(self) -> Directory:
        """Whose phones the endpoints of this PBX are."""


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

    async def switch_leg(
        self, leg: str, mode: Mode, *, keypad: bool, reattach: bool, need: Callable[[], None] = allowed
    ) -> bool:
        """Ask for another mode: PlayDTMF(Receive) for a leg with keypad, otherwise (or with `reattach`) Redirect.

        Returns once Asterisk has taken the request; the confirmation arrives as an event. False when there is no
        such channel any more; its end arrives as an event too. `need` is asked in the last moment before a mode that
        talks is asked for, and raises where it may not be any more.
        """

    async def shield_leg(self, leg: str) -> bool:
        """Move the leg to where it hears nothing and nobody hears it (Redirect); an event confirms it.

        False when there is no such channel.
        """

    async def mark(self, channel: str, text: str) -> bool:
        """Have a channel carry the mark of its shielded conversation (Setvar); empty: no more.

        False when there is no such channel.
        """

    async def tell_dialplan(self, channel: str, outcome: str) -> bool:
        """Tell the dialplan of a channel what became of the shield that it asked for. False: no such channel."""

    async def mute_recordings(self, channel: str, *, muted: bool) -> bool:
        """Let the MixMonitors on a channel record silence, or go on. False where there is none."""

    async def release_leg(self, leg: str) -> bool:
        """Move a follow's leg to where it waits and hears nothing (Redirect). An event confirms it.

        False when there is no such channel any more.
        """

    async def listen(self, leg: str, target: str, *, keypad: bool, need: Callable[[], None]) -> bool:
        """Move a follow's leg to where it listens to `target`, silently. An event confirms it. False as above.

        `need` is asked last, and raises where it may not be done any more.
        """

    async def send_waiting(self, leg: str, tone: int) -> None:
        """Let a channel that called us go on to where it waits. `tone`: as of `LegRequest.tone`."""

    async def send_leg(self, leg: str, target: str, mode: Mode, *, keypad: bool) -> None:
        """Let a channel that called us go on into the monitor dialplan, to listen to `target`."""

    async def send_on(self, leg: str, dial: str) -> None:
        """Let a channel that called us go on over a trunk, to where its star code's call is."""

    async def variables(self, channel: str, names: Sequence[str]) -> Mapping[str, str]:
        """What variables and dialplan functions say of a channel in our Stasis application now; empty where unset."""

    async def join(self, leg: str, customer: str, need: Callable[[], None] = allowed) -> None:
        """Put the leg and the customer's channel into one bridge (AMI Bridge), which releases the agent.

        Returns once Asterisk has taken the request; the leg's BridgeEnter confirms it. `need`: as of `switch_leg`.
        """

    async def dialog(self, channel: str, *, header: bool) -> tuple[str, str]:
        """A channel's SIP Call-ID and, if asked for, what its INVITE said in `core.trunks.HEADER`; empty: nothing."""

    async def bridge_technology(self, bridge: str) -> str:
        """How Asterisk joins a bridge's channels now: `simple_bridge`, `softmix`…; empty where it is no more."""

    async def is_recorded(self, channel: str) -> bool:
        """Whether a MixMonitor was ever begun on this channel."""

    async def end_leg(self, leg: str) -> bool:
        """Hang the leg up. False when there is no such channel; the Hangup event confirms otherwise."""

    async def say(self, leg: str, why: Refusal) -> None:
        """Let a channel that dialled a star code in vain hear why, and end."""

    async def list_channels(self) -> Sequence[KnownChannel]:
        """All channels now. What they say and what events say may overtake each other."""

    def reconnect(self, why: str) -> None:
        """Give the connection up, and begin anew with a snapshot."""


class Supervisors(Protocol):
    """The use case as phones need it (`supervise.Supervision`); errors as there."""

    def meant(self, request: StartRequest) -> tuple[Call, Subject] | None:
        """The call that a request names, if it is exactly one, whoever asks."""

    async def attach(self, user: User, request: StartRequest, leg: str, by: By) -> Monitor:
        """Monitor with a channel of the supervisor's own that called us."""

    async def switch(self, user: User, monitor_id: str, mode: Mode, by: By | None = None) -> Monitor:
        """Put a live monitor into another mode."""

    @property
    def follows(self) -> "Followers":
        """Following agents."""


class Followers(Protocol):
    """Following agents as phones need it (`follows.Follows`); errors as there."""

    async def attach(self, user: User, request: FollowRequest, leg: str, by: By) -> Follow:
        """Follow with a channel of the supervisor's own that called us."""


class FollowLog(Protocol):
    """What follows need of the record besides."""

    async def begin_follow(self, follow: Follow) -> None:
        """Write a follow that is about to start, now. Raises RecordUnavailable, AlreadyMonitoring."""


class MonitorLog(FollowLog, Protocol):
    """Where monitors are kept. Raises StoreUnavailable when nothing could be read."""

    def need(self) -> None:
        """Raise RecordUnavailable while nothing can be written, as far as is known."""

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        """Write a monitor that is about to start, and that it was asked for, now and together.

        Raises RecordUnavailable.
        """

    async def committed(self, monitor_id: str) -> None:
        """Return once everything that has happened to this monitor so far is written for good.

        Raises RecordUnavailable when it can't be, in time.
        """

    def note(self, record: Record) -> None:
        """Write this soon, in order, and again until it is written."""

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor, also an ended one."""
