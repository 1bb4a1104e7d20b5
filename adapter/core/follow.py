"""A follow as a state machine: one leg of a supervisor that waits, and listens to each next call of one agent. Pure.

    connecting ──the leg waits──▶ waiting ◀──a monitor begins and ends──▶ listening ──(any end)──▶ ended

A call is heard by a monitor with an id of its own, on the same leg (`core.lifecycle`). Nothing here measures time.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapter.core.audit import SYSTEM, By, Subject, Via
from adapter.core.bars import FOLLOW
from adapter.core.call import Agent, Call, CallState
from adapter.core.events import OriginateFailure
from adapter.core.monitor import BROWSER, RELEASED, EndReason, Monitor, Supervisor

FOLLOWED = "of-"
"""How the key of an agent begins."""
KEPT = 12
"""Characters of ids in those names: together they fit where a conversation's id does."""


class FollowState(StrEnum):
    """How far a follow is."""

    CONNECTING = "connecting"
    WAITING = "waiting"
    LISTENING = "listening"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One follow, whole. Replaced on every change, never changed."""

    id: str
    pbx: str
    agent: Agent
    agent_username: str
    supervisor: Supervisor
    device: str
    """As the person named it: an endpoint, or `browser`."""
    leg: str
    """Uniqueid of the supervisor's channel."""
    started_at: datetime
    state: FollowState = FollowState.CONNECTING
    ring: str = ""
    """The endpoint that stands for the device at Asterisk."""
    phone_pbx: str | None = None
    """As of `Monitor.phone_pbx`."""
    monitor_id: str | None = None
    """The monitor that is live on its leg."""
    calls: int | None = None
    """How many more calls it is for; None: as many as come."""
    passed: frozenset[str] = frozenset()
    """Ids of calls that were heard, or skipped, and may still go on; not those where the connection, or the adapter
    that moved the leg, was lost on the way."""
    ended_at: datetime | None = None
    ended_reason: EndReason | None = None
    appeared: bool = False
    """Whether the leg's channel came into being; if so its Hangup tells more than the originate's own answer."""
    answered: bool = False
    lost: EndReason | None = None
    """The leg went before Asterisk told what became of the originate; this is what its Hangup said."""
    failed: OriginateFailure | None = None
    """The originate failed, and the Hangup that tells why is still to come."""
    ending: EndReason | None = None
    """An end that was decided and waits for Asterisk's Hangup of the leg."""
    ending_why: str = ""
    by: By = SYSTEM
    """Who began it; who decided its end."""
    token: str | None = None
    """Id of the service token that started it."""
    taken_up: bool = False
    """It is from a former run, and the PBX has not been listed since."""

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state is FollowState.ENDED

    @property
    def agent_id(self) -> str:
        """Id of the account that is followed."""
        return self.agent.user_id or ""

    @property
    def subject(self) -> Subject:
        """Whom it is about, for the audit."""
        return Subject(self.agent_username, self.agent.name, self.agent.extension)

    @property
    def short(self) -> str:
        """Among conversations: what its monitors' entries say beside their own."""
        return short_of(self.id)

    @property
    def conversation(self) -> str:
        """Among conversations: what its own entries and events say. It ends with the key of the agent."""
        return f"{self.short}-{key_of(self.agent_id)}"


def short_of(follow_id: str) -> str:
    """The name under which a follow is kept among conversations."""
    return f"{FOLLOW}{follow_id[:KEPT]}"


def key_of(agent_id: str) -> str:
    """What all entries about follows of this account contain: to them these are never shown."""
    return f"{FOLLOWED}{agent_id[:KEPT]}"


class FollowChange(NamedTuple):
    """A follow before and after; None before it existed."""

    before: Follow | None
    after: Follow


class FollowStep(NamedTuple):
    """What follows from a fact."""

    follow: Follow
    hang_up: bool = False
    """Whether the leg is to be hung up."""


def answered(follow: Follow, at: datetime) -> FollowStep:
    """The supervisor's device answered; the leg is about to wait, unless it is gone already."""
    if follow.lost is not None:
        return ended(follow, follow.ending or follow.lost, at)
    return FollowStep(replace(follow, answered=True))


def originate_failed(follow: Follow, why: OriginateFailure, at: datetime) -> FollowStep:
    """The device could not be connected: both this and the Hangup say why, in whatever order."""
    if follow.appeared and follow.lost is None and follow.ending is None and not follow.ended:
        return FollowStep(replace(follow, failed=why))
    return ended(follow, follow.ending or _why(why, follow.lost), at)


def _why(failure: OriginateFailure, lost: EndReason | None) -> EndReason:
    if failure is OriginateFailure.UNAVAILABLE and lost is EndReason.BUSY:
        return EndReason.BUSY
    return EndReason(failure.value)


def appeared(follow: Follow) -> FollowStep:
    """The leg's channel came into being; if its end was decided meanwhile, this is the moment to hang it up."""
    return FollowStep(replace(follow, appeared=True), follow.ending is not None or follow.ended)


def leg_gone(follow: Follow, at: datetime, *, busy: bool) -> FollowStep:
    """Asterisk hung the leg up."""
    reason = EndReason.SUPERVISOR_HUNG_UP
    if follow.ending or follow.answered or follow.ended or follow.state is not FollowState.CONNECTING:
        return ended(follow, follow.ending or reason, at)
    lost = EndReason.BUSY if busy else reason
    if follow.failed is not None:
        return ended(follow, _why(follow.failed, lost), at)
    return FollowStep(replace(follow, lost=lost))


def waits(follow: Follow) -> FollowStep:
    """Asterisk says that the leg stands where it hears nothing."""
    if follow.ended or follow.ending:
        return FollowStep(follow, hang_up=True)
    return FollowStep(
        replace(
            follow, state=FollowState.WAITING, monitor_id=None, appeared=True, answered=True, lost=None, taken_up=False
        )
    )


def listens(follow: Follow, monitor: Monitor) -> FollowStep:
    """Asterisk says that its leg listens to a call."""
    if follow.ended:
        return FollowStep(follow, hang_up=True)
    known = replace(follow, answered=True, appeared=True, taken_up=False)
    return FollowStep(replace(known, state=FollowState.LISTENING, monitor_id=monitor.id))


def monitor_ending(follow: Follow, monitor: Monitor) -> FollowStep:
    """One of its monitors is to end: with some reasons the leg goes with it."""
    reason = monitor.ending
    if reason is None or reason in RELEASED or follow.ending or follow.ended:
        return FollowStep(follow)
    return FollowStep(replace(follow, ending=reason, by=monitor.by, ending_why=monitor.ending_why))


def monitor_over(follow: Follow, monitor: Monitor, at: datetime, calls: Collection[str] | None) -> FollowStep:
    """One of its monitors has ended. Where it was for so many calls, that was the last of them perhaps.

    `calls`: ids of the calls that go on, None where that is not known; of others nothing needs to be kept.
    """
    reason = monitor.ended_reason or EndReason.ERROR
    if follow.ended:
        return FollowStep(follow)
    if reason not in RELEASED:
        known = follow if follow.ending else replace(follow, ending=reason, by=monitor.by)
        over = ended(known, known.ending or reason, at)
        return FollowStep(over.follow, hang_up=reason is not EndReason.TOOK_OVER)
    lost = reason is EndReason.PBX_LOST
    heard = not (monitor.pauses_follow or lost) and monitor.live_at is not None and reason is not EndReason.STOPPED
    left = follow.calls - heard if follow.calls is not None else None
    passed = follow.passed if calls is None else follow.passed & set(calls)
    after = replace(follow, calls=left, passed=passed if lost else passed | {monitor.call_id})
    if after.monitor_id == monitor.id:
        after = replace(after, monitor_id=None, state=FollowState.WAITING)
    return end_wanted(after, EndReason.CALL_ENDED) if left == 0 else FollowStep(after)


def end_wanted(follow: Follow, reason: EndReason, by: By = SYSTEM, why: str = "") -> FollowStep:
    """Somebody or something decides that it ends. The first decision gives the reason."""
    if follow.ended:
        return FollowStep(follow)
    if follow.ending:
        return FollowStep(follow, hang_up=True)
    return FollowStep(replace(follow, ending=reason, by=by, ending_why=why), hang_up=True)


def ended(follow: Follow, reason: EndReason, at: datetime) -> FollowStep:
    """It is over. Further facts change nothing."""
    if follow.ended:
        return FollowStep(follow)
    by = follow.by if follow.ending else SYSTEM
    if reason is EndReason.SUPERVISOR_HUNG_UP and by == SYSTEM:
        by = By(follow.supervisor.username, Via.BROWSER if follow.device == BROWSER else Via.PHONE)
    over = replace(follow, by=by, state=FollowState.ENDED, ended_at=at, ended_reason=reason, ending=None)
    return FollowStep(replace(over, monitor_id=None, passed=frozenset()))


def next_calls(follow: Follow, calls: Collection[Call]) -> list[Call]:
    """The calls of the agent that may be heard now: active ones first, of these the one that was answered last."""
    mine = [call for call in calls if call.agent.user_id == follow.agent_id and call.id not in follow.passed]
    up = [call for call in mine if call.answered_at is not None and call.state is not CallState.RINGING]
    return sorted(up, key=lambda call: (call.state is CallState.ACTIVE, call.answered_at, call.id), reverse=True)


def paused(follow: Follow, monitor: Monitor) -> FollowStep:
    """It left this monitor's call for one where help is needed: if that goes on afterwards, it is heard again."""
    return FollowStep(replace(follow, passed=follow.passed - {monitor.call_id}))


def leg_astray(follow: Follow, at: datetime) -> FollowStep:
    """Its leg is not where it waits, or another channel has it: it ends, and whatever has its name is hung up."""
    over = ended(follow if follow.ending else replace(follow, ending=EndReason.ERROR, by=SYSTEM), EndReason.ERROR, at)
    return FollowStep(over.follow, hang_up=True)


def found_again(follow: Follow, at: datetime, *, is_there: bool, waiting: bool, monitor: Monitor | None) -> FollowStep:
    """What follows when the PBX was listed anew. `waiting`: its leg stands where it hears nothing; `monitor`: that has
    the leg now."""
    if not is_there:
        lost = EndReason.ADAPTER_STOPPED if follow.taken_up else EndReason.PBX_LOST
        return ended(follow, follow.ending or lost, at)
    if follow.ending:
        return FollowStep(follow, hang_up=True)
    if waiting:
        return waits(follow)
    if monitor is not None:
        return listens(follow, monitor) if monitor.live else FollowStep(replace(follow, taken_up=False))
    return end_wanted(follow, EndReason.ADAPTER_STOPPED if follow.taken_up else EndReason.PBX_LOST)
