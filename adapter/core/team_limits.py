"""From when on a call or a queue of a team needs somebody: limits that a team sets for all who look after it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

DAY = 86400
"""Seconds: the longest that makes sense of a time."""


@dataclass(frozen=True, slots=True)
class TeamLimits:
    """None: the team says nothing of it, so the usual limit holds; 0: it is not looked at."""

    held_seconds: int | None = None
    """The longest that a call may be on hold."""
    waited_seconds: int | None = None
    """The longest that a customer may have waited in a queue before they were answered."""
    transferred: int | None = None
    """How often a conversation may go from one person to another."""
    ringing_seconds: int | None = None
    """The longest that a call may ring."""
    silence_seconds: int | None = None
    """The longest that neither side may say anything."""
    together_seconds: int | None = None
    """The longest that both may talk at once."""
    agent_share_percent: int | None = None
    """The most of the talk that may be the agent's."""
    new_agent_days: int | None = None
    """For how many days after their account was made somebody is a new agent, whose calls need help."""
    help_seconds: int | None = None
    """After how long a request for help is told again, and to others than the team's supervisors too."""
    waiting: int | None = None
    """How many callers may wait in a queue."""
    longest_wait_seconds: int | None = None
    """The longest that one may wait in it."""
    service_level_percent: int | None = None
    """The least service level of a queue."""


NO_LIMITS = TeamLimits()
NAMES = tuple(field.name for field in fields(TeamLimits))
MOST: Mapping[str, int] = {
    "transferred": 99,
    "agent_share_percent": 100,
    "new_agent_days": 365,
    "waiting": 999,
    "service_level_percent": 100,
} | {name: DAY for name in NAMES if name.endswith("_seconds")}
"""The largest value of each; the least is 0."""


def with_limits(before: TeamLimits, change: Mapping[str, int | None]) -> TeamLimits:
    """Only what is named changes; None takes a limit away. Values are checked before (`MOST`)."""
    return replace(before, **change)


def limits_view(limits: TeamLimits) -> dict[str, int | None]:
    """All of them by name."""
    return {name: getattr(limits, name) for name in NAMES}


def limits_kept(kept: Mapping[str, object]) -> TeamLimits:
    """Limits as they were stored, as far as they are still known and possible."""
    found = {
        name: value
        for name, value in kept.items()
        if name in MOST and isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST[name]
    }
    return TeamLimits(**found)
