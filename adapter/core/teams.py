"""Teams: whose calls, and which queues' calls, somebody looks after. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.core.team_limits import NO_LIMITS, TeamLimits

NOBODY: frozenset[str] = frozenset()


class MonitorScope(StrEnum):
    """Whose calls somebody may see and monitor, once they may monitor at all (the contract's `scope`)."""

    ALL = "all"
    TEAMS = "teams"
    """Those of the teams that they supervise."""


@dataclass(frozen=True, slots=True)
class Team:
    """One team. People by the ids of their accounts."""

    id: str
    name: str
    members: frozenset[str] = NOBODY
    queues: tuple[str, ...] = ()
    """As they were entered; at every PBX that has a queue of that name."""
    supervisors: frozenset[str] = NOBODY
    shield_seconds: int | None = None
    """Seconds that each member may have monitoring of their calls paused a day (`core.shield`); None: no bound."""
    limits: TeamLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Supervised:
    """What somebody supervises: the members and queues of all their teams."""

    people: frozenset[str] = NOBODY
    queues: frozenset[str] = NOBODY
    """By `queue_key`."""
    teams: frozenset[str] = NOBODY
    """Ids of the teams."""
    limits: frozenset[tuple[str, TeamLimits]] = frozenset()
    """Those of each team that has any, by its id: another one is shown to its supervisors at once."""

    def has(self, agent: str | None, queue: str | None) -> bool:
        """Whether a call is theirs, by the id of its agent's account and the name of its queue, as far as there are."""
        return (agent is not None and agent in self.people) or (queue is not None and queue_key(queue) in self.queues)


NOTHING = Supervised()


@dataclass(slots=True)
class _Gathered:
    people: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    limits: set[tuple[str, TeamLimits]] = field(default_factory=set)


def queue_key(name: str) -> str:
    """Equal for names of one queue: Asterisk looks queues up whatever the case (apps/app_queue.c, `queue_cmp_cb`)."""
    return name.lower()


def distinct_queues(names: Iterable[str]) -> tuple[str, ...]:
    """Each queue once, in their order, without blanks around the names."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(queue_key(name.strip()), name.strip())
    return tuple(found.values())


def supervised_by(teams: Collection[Team]) -> dict[str, Supervised]:
    """What each supervisor supervises, by the id of their account."""
    gathered: dict[str, _Gathered] = {}
    for team in teams:
        for supervisor in team.supervisors:
            one = gathered.setdefault(supervisor, _Gathered())
            one.people |= team.members
            one.queues |= {queue_key(name) for name in team.queues}
            one.teams.add(team.id)
            if team.limits != NO_LIMITS:
                one.limits.add((team.id, team.limits))
    return {
        who: Supervised(frozenset(one.people), frozenset(one.queues), frozenset(one.teams), frozenset(one.limits))
        for who, one in gathered.items()
    }


def memberships(teams: Collection[Team]) -> dict[str, frozenset[str]]:
    """The ids of the teams of which somebody is a member, by the id of their account."""
    found: dict[str, set[str]] = {}
    for team in teams:
        for member in team.members:
            found.setdefault(member, set()).add(team.id)
    return {who: frozenset(ids) for who, ids in found.items()}
