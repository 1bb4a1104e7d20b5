"""One monitor as it is: who listens to whom, by which leg, in which mode, and what is on its way."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapter.core.audit import NOBODY, SYSTEM, By, Subject
from adapter.core.call import Call
from adapter.core.events import OriginateFailure
from adapter.core.modes import Mode

BROWSER = "browser"
"""The contract's name for the softphone of the person's own page."""


class MonitorState(StrEnum):
    """How far a monitor is."""

    CONNECTING = "connecting"
    LIVE = "live"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a monitor ended (the contract's `ended_reason`)."""

    STOPPED = "stopped"
    SUPERVISOR_HUNG_UP = "supervisor_hung_up"
    CALL_ENDED = "call_ended"
    TOOK_OVER = "took_over"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DEVICE_UNAVAILABLE = "device_unavailable"
    PERMISSION_REVOKED = "permission_revoked"
    ADAPTER_STOPPED = "adapter_stopped"
    PBX_LOST = "pbx_lost"
    NOT_MONITORABLE = "not_monitorable"
    """Somebody is in the conversation now whom nobody may monitor, or a program exempted the call."""
    SHIELDED = "shielded"
    """Monitoring of the conversation was paused, and the leg could not be moved to where it hears nothing."""
    ERROR = "error"


FAILURES = frozenset(
    {EndReason.PBX_LOST, EndReason.ERROR, EndReason.NO_ANSWER, EndReason.BUSY, EndReason.DEVICE_UNAVAILABLE}
)
"""Ends that nobody wanted."""
RELEASED = frozenset(
    {
        *(EndReason.CALL_ENDED, EndReason.STOPPED, EndReason.NOT_MONITORABLE),
        *(EndReason.PERMISSION_REVOKED, EndReason.PBX_LOST),
    }
)
"""Ends of a follow's monitor after which its leg waits for the next call; with all others it is hung up."""


class Notice(StrEnum):
    """Why a mode changed though the supervisor did not ask (the contract's `reason` in `monitor.updated`)."""

    BRIDGE_CHANGED = "bridge_changed"
    MADE_SAFE = "made_safe"
    """Nobody can know what it does, so it was made silent: Asterisk was found doing something else than it had
    confirmed (`adapter.health.watchdog`), or a key could have been pressed while nobody was told of it."""
    SHIELDED = "shielded"
    """Monitoring of the conversation was paused (`core.shield`)."""
    UNRECORDED = "unrecorded"
    """The talk could not be recorded, or the record has been away for too long (`adapter.monitoring.unrecorded`)."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who monitors."""

    user_id: str
    name: str
    username: str = ""


class Asked(NamedTuple):
    """A mode that was asked of Asterisk and is not confirmed yet."""

    mode: Mode
    by: By
    notice: Notice | None = None
    """What the supervisor is told once it is confirmed, not before."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor, whole. Replaced on every change, never changed."""

    id: str
    pbx: str
    call_id: str
    conversation_id: str
    target: str
    """Uniqueid of the agent's channel."""
    leg: str
    """Uniqueid of the supervisor's channel."""
    supervisor: Supervisor
    device: str
    """As the person named it: an endpoint, or `browser`."""
    keypad: bool
    """Whether the leg's keypad can switch modes (ChanSpy's option `d`)."""
    mode: Mode
    """What Asterisk is doing; while connecting, what was asked for."""
    state: MonitorState
    started_at: datetime
    live_at: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: EndReason | None = None
    notice: Notice | None = None
    talking_since: datetime | None = None
    """When the current stretch of whispering or barging began."""
    talk: str = ""
    """The id of that stretch, for those in the conversation; the last one's while nobody is talked to."""
    peers: frozenset[str] = frozenset()
    """The other channels in the agent's bridge when ChanSpy attached, or when it began to talk: whom that is for."""
    reattach: bool = False
    """The bridge has changed since ChanSpy attached: the leg must be moved before it hears both, or may talk again."""
    barged: bool = False
    """Whether this run of ChanSpy has barged, and so may have latched its peer (app_chanspy.c, attach_barge)."""
    to_shield: bool = False
    """The conversation is shielded: the leg is to be where it hears nothing and nobody hears it."""
    shielded: bool = False
    """Asterisk has confirmed that it is there."""
    connected: bool = False
    """Whether the agent is known to hear the other side of the call now, and so could hear the supervisor
    (`Call.audible`): not while the PBX is out of sight."""
    doubtful: bool = False
    """ChanSpy attached after the agent's bridge had changed, and a recording may have sat on the agent's channel."""
    confirmed: int = 0
    """How often Asterisk has confirmed a mode: tells a new confirmation from an old one."""
    answered: bool = False
    """Whether Asterisk has said that the supervisor's device answered."""
    appeared: bool = False
    """Whether the leg's channel came into being; if so its Hangup tells more than the originate's own answer."""
    lost: EndReason | None = None
    """The leg went before Asterisk told what became of the originate; this is what its Hangup said."""
    failed: OriginateFailure | None = None
    """The originate failed, and the Hangup that tells why is still to come."""
    ending: EndReason | None = None
    """An end that was decided and waits for Asterisk's Hangup of the leg."""
    ending_why: str = ""
    """What the person who decided that wrote as the reason, for the audit."""
    agent_id: str | None = None
    """Id of the account of its call's agent now, or at last: with `queue`, by which it is in somebody's scope."""
    queue: str | None = None
    """Of its call now, or at last."""
    subject: Subject = NOBODY
    by: By = SYSTEM
    """Who brought about the present mode, or the end."""
    asked: Asked | None = None
    taking: By | None = None
    """Who takes the call over: the leg is on its way into a bridge with the customer."""
    tried: By | None = None
    """Who was the last to try to: Asterisk may do it after we gave the waiting up."""
    handed_on: str | None = None
    """The leg changed hands: the endpoint that has it now, empty where Asterisk didn't say. Then it ends."""
    ring: str = ""
    """The endpoint that stands for the device at Asterisk."""
    phone_pbx: str | None = None
    """Id of the PBX at which the device registers, where the leg reaches it there over a trunk."""
    token: str | None = None
    """Id of the service token that started it."""
    follow_id: str | None = None
    """Id of the follow whose leg it has (`core.follow`)."""
    pauses_follow: bool = False
    """It is of no call of whom is followed: that follow pauses, since its supervisor came to somebody's help."""
    hangs_up: bool = False
    """Of a follow: its end, once decided, is that of the leg too."""

    @property
    def follows(self) -> str | None:
        """Id of the follow that it is part of: who is followed must not see it, nor learn of it by what they see."""
        return None if self.pauses_follow else self.follow_id

    @property
    def live(self) -> bool:
        """Whether Asterisk has confirmed spying and it goes on."""
        return self.state is MonitorState.LIVE

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state is MonitorState.ENDED

    @property
    def audible(self) -> bool:
        """Whether what the mode promises can be heard now."""
        return self.live and self.connected and not (self.reattach or self.doubtful or self.shielded)

    @property
    def talks(self) -> bool:
        """Whether somebody on the call hears the supervisor now."""
        return self.live and self.mode.talks


def with_call(monitor: Monitor, call: Call | None) -> Monitor:
    """The monitor as its call is now. None: over, or out of sight; then nobody is known to hear anything."""
    if call is None:
        return replace(monitor, connected=False) if monitor.connected else monitor
    now = (call.audible, call.agent.user_id, call.queue)
    if now == (monitor.connected, monitor.agent_id, monitor.queue):
        return monitor
    return replace(monitor, connected=call.audible, agent_id=call.agent.user_id, queue=call.queue)
