"""Consent: which calls have an announcement or a beep by the administrators' rules, and who hears it. Pure.

It is about the call alone, never about who monitors it: a sound that plays only while somebody listens would tell so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from adapter.core.call import Call, Direction
from adapter.core.teams import queue_key


class Sound(StrEnum):
    """What a covered call has."""

    NONE = "none"
    ANNOUNCEMENT = "announcement"
    """Once, to both."""
    BEEP = "beep"
    """At the start, and again and again."""


class Listener(StrEnum):
    """Who hears it."""

    AGENT = "agent"
    BOTH = "both"


class Announcement(StrEnum):
    """What Asterisk knows of a party and the announcement."""

    NOT_HEARD = "not heard"
    """Or it is not known whether it was played to its end."""
    PLAYS = "plays"
    HEARD = "heard"


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """One rule. All conditions that are given must hold; without any it covers every call."""

    sound: Sound
    to: Listener = Listener.BOTH
    every_seconds: int | None = None
    """Of beeps."""
    queue: str | None = None
    """The queue that brought the call, in any case."""
    team_id: str | None = None
    """The agent is a member of this team."""
    direction: Direction | None = None

    def covers(self, call: Call, teams: Collection[str]) -> bool:
        """Whether it holds for this call. `teams`: ids of those of which the agent is a member."""
        if self.queue is not None and (call.queue is None or queue_key(call.queue) != queue_key(self.queue)):
            return False
        if self.direction is not None and call.direction is not self.direction:
            return False
        return self.team_id is None or self.team_id in teams


def rule_of(rules: Iterable[ConsentRule], call: Call, teams: Collection[str]) -> ConsentRule | None:
    """The first rule that covers the call decides; None where nothing is to be heard."""
    found = next((rule for rule in rules if rule.covers(call, teams)), None)
    return found if found is not None and found.sound is not Sound.NONE else None


def rule_view(rule: ConsentRule) -> dict[str, object]:
    """A rule as programs see it."""
    return {
        "queue": rule.queue,
        "team_id": rule.team_id,
        "direction": rule.direction.value if rule.direction else None,
        "sound": rule.sound.value,
        "to": rule.to.value,
        "every_seconds": rule.every_seconds,
    }


def told(rules: Iterable[ConsentRule], teams: Mapping[str, str]) -> str:
    """All rules in one line, for the audit. `teams`: names by id."""
    return "; ".join(_told(rule, teams) for rule in rules) or "no rules"


def _told(rule: ConsentRule, teams: Mapping[str, str]) -> str:
    where = [f"queue {rule.queue}"] if rule.queue is not None else []
    where += [f"team {teams.get(rule.team_id, rule.team_id)}"] if rule.team_id is not None else []
    where += [rule.direction.value] if rule.direction is not None else []
    what = rule.sound.value
    if rule.sound is Sound.BEEP:
        what += f" every {rule.every_seconds} s to {rule.to.value}"
    return f"{', '.join(where) or 'all calls'}: {what}"


class Want(NamedTuple):
    """What a call is to have now, and by which channels its people hear it."""

    rule: ConsentRule
    agent: str
    others: frozenset[str]
    """Those in the agent's bridge."""
    far: str
    """The customer's: whether they had the announcement decides whether the conversation had it."""

    @property
    def parties(self) -> tuple[str, frozenset[str], str]:
        """Who talks with whom."""
        return self.agent, self.others, self.far

    @property
    def listeners(self) -> frozenset[str]:
        """The channels at which it is to be heard."""
        return frozenset({self.agent}) | (self.others if self.rule.to is Listener.BOTH else frozenset())


def want_of(rules: Sequence[ConsentRule], call: Call, teams: Collection[str]) -> Want | None:
    """What a call is to have now: nothing before it is answered, on hold, or while nobody is there."""
    if not rules or call.answered_at is None or not call.audible or not call.far or not call.peers:
        return None
    rule = rule_of(rules, call, teams)
    return Want(rule, call.uniqueid, call.peers, call.far) if rule is not None else None


class Turn(NamedTuple):
    """One sound that is to be played now."""

    call_id: str
    want: Want
    channels: tuple[str, ...]
    """To whom."""

    @property
    def sound(self) -> Sound:
        """Which."""
        return self.want.rule.sound

    def keepers(self, channel: str) -> tuple[str, ...]:
        """The channels that keep whether the announcement was heard at this one.

        That is itself, and the customer's where that is not in the agent's bridge (over a Local channel) and this one
        alone stands for it there; with more of them it is kept there when all have heard it.
        """
        if self.sound is not Sound.ANNOUNCEMENT:
            return ()
        stands = self.want.others == {channel} and channel != self.want.far
        return (channel, self.want.far) if stands else (channel,)
