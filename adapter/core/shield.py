"""The shield: until when nobody hears a conversation through us, who wished it, and who may lift it. Pure.

It is the whole conversation's, under every id that it has or had, and at every PBX that it goes on at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from adapter.core.audit import NOBODY, By, Subject, Via
from adapter.core.bars import Bars
from adapter.core.call import Call

DEFAULT_SECONDS = 300
LONGEST_SECONDS = 3600
DIALPLAN = "dialplan"
"""The holder of what the PBX's own dialplan wishes (an IVR that takes a card number)."""


class Wish(StrEnum):
    """What a phone or the dialplan wishes."""

    TOGGLE = "toggle"
    PAUSE = "pause"
    RESUME = "resume"


class ShieldEnd(StrEnum):
    """Why one ended."""

    LIFTED = "lifted"
    TIME = "time"
    CALL_ENDED = "call_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShieldRequest:
    """What is asked of whoever looks after a PBX of the conversation."""

    conversation_id: str
    call_id: str = ""
    """The call that was named; empty where the conversation has no agent now."""
    holder: str
    """Whose wish it is: `user <id>`, `token <id>`, or DIALPLAN."""
    user_id: str | None = None
    """Id of the account that asks; None for a service or the dialplan."""
    seconds: int = DEFAULT_SECONDS
    reason: str | None = None
    first: bool = True
    """Whether this PBX is the one whose owner writes of it; at the others it only holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shield:
    """One wish that monitoring be paused. Several can hold one conversation: it is over with the last."""

    id: str
    pbx: str
    conversation_id: str
    call_id: str
    holder: str
    by: By
    began: datetime
    until: datetime
    agent_id: str | None = None
    own: bool = False
    """Whether the agent of the call wished it themselves: then it counts for the day's total that their team allows."""
    subject: Subject = NOBODY
    reason: str | None = None
    first: bool = True
    """As of ShieldRequest."""
    ended_at: datetime | None = None

    @property
    def seconds(self) -> int:
        """For how long it was wished."""
        return round((self.until - self.began).total_seconds())


class InForce(NamedTuple):
    """What holds a conversation now."""

    until: datetime
    confirmed: bool
    """Whether Asterisk has confirmed that nobody hears anything: not shown as paused before."""


Rules = Mapping[str, Any]


def rules_of(shield: InForce | None, *, monitorable: bool) -> Rules:
    """What a call says of who may hear it, as fields of `core.call.Call`."""
    if shield is None:
        return {"monitorable": monitorable}
    return {"monitorable": monitorable, "shielded_until": shield.until, "shield_confirmed": shield.confirmed}


def holder_of(user_id: str | None, token_id: str | None) -> str:
    """Whose wish it is: a service's, else the account's, whether at the page or by a program of theirs."""
    return f"user {user_id}" if user_id is not None else f"token {token_id}"


def may_lift(shield: Shield, holder: str, *, is_agent: bool) -> bool:
    """Only whoever wished it, and the agent, end it before its time."""
    return is_agent or shield.holder == holder


def is_agent_of(user_id: str | None, calls: Iterable[Call]) -> bool:
    """Whether this account is the agent of one of these calls: those of one conversation."""
    return user_id is not None and any(call.agent.user_id == user_id for call in calls)


class Shields:
    """What holds which conversation, as of now: asked for each call whenever anything of it changes.

    No clock: whoever puts a shield here takes it away when its time is over.
    """

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self.running: dict[str, Shield] = {}
        """By id."""
        self.unconfirmed: set[str] = set()
        """Ids of those of which Asterisk has not confirmed that nobody hears anything."""

    def in_force(self, conversation: str) -> InForce | None:
        """What holds this conversation, confirmed if it is so at each PBX; None where anybody may be monitored."""
        if not self.running:  # as nearly everywhere
            return None
        found = self.of(conversation)
        if not found:
            return None
        sure = {one.pbx for one in found if one.id not in self.unconfirmed}
        return InForce(max(one.until for one in found), {one.pbx for one in found} <= sure)

    def of(self, conversation: str) -> list[Shield]:
        """All that hold this conversation here, oldest first."""
        ids, _ = self._bars.known_as(conversation)
        return sorted(self._of(ids), key=lambda one: (one.began, one.id))

    def _of(self, ids: frozenset[str]) -> Iterator[Shield]:
        return (one for one in self.running.values() if one.conversation_id in ids)

    def ids(self, conversation: str) -> frozenset[str]:
        """All ids of a conversation."""
        return self._bars.known_as(conversation)[0]


class Mark(NamedTuple):
    """What channels of a shielded conversation carry at Asterisk, so that a new run knows it without the database."""

    until: datetime
    seconds: int
    holder: str


def marked(shield: Shield) -> str:
    """The value of the mark: seconds since 1970, for how long, and whose wish."""
    return f"{round(shield.until.timestamp())} {shield.seconds} {shield.holder}"


def read_mark(text: str) -> Mark | None:
    """What a mark says; None where it is none of ours."""
    until, seconds, holder = [*text.split(" ", 2), "", "", ""][:3]
    if not (until.isascii() and until.isdigit() and len(until) < 12 and seconds.isascii() and seconds.isdigit()):
        return None
    if not holder or not 1 <= int(seconds) <= LONGEST_SECONDS:
        return None
    return Mark(datetime.fromtimestamp(int(until), UTC), int(seconds), holder)


def left_of(until: datetime, seconds: int, now: datetime) -> float:
    """Seconds that are left of a shield that a former run began.

    A clock that was set meanwhile makes it no longer than it was wished; one that ran ahead ends it early.
    """
    return min(max((until - now).total_seconds(), 0.0), float(seconds))


def day_of(now: datetime) -> datetime:
    """When the day began whose total counts: in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def used(shields: Iterable[tuple[datetime, datetime]], now: datetime) -> timedelta:
    """How long an agent had monitoring paused today. `shields`: when each began and ended, or will end.

    What overlaps counts once.
    """
    total, reached = timedelta(), day_of(now)
    for began, ended in sorted(shields):
        began, ended = max(began, reached), min(ended, now)
        if ended > began:
            total += ended - began
            reached = ended
    return total


def by_phone(username: str) -> By:
    """Wished with the code of a phone."""
    return By(username, Via.PHONE)


BY_DIALPLAN = By(DIALPLAN, Via.PHONE)
