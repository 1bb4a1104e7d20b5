"""A team's limits in the API: what they may be."""

from typing import Any

from pydantic import Field

from adapter.core.team_limits import MOST
from adapter.web.answers import Answer
from adapter.web.models import Body

LIMITS = "From when on its calls and queues need somebody. Null: the usual limit holds; 0: it is not looked at."
PATCH = "Only those change that are given."
ABOUT = {
    "held_seconds": "The longest that a call may be on hold.",
    "waited_seconds": "The longest that a customer may have waited in a queue before they were answered.",
    "transferred": "How often a conversation may go from one person to another.",
    "ringing_seconds": "The longest that a call may ring.",
    "silence_seconds": "The longest that neither side may say anything.",
    "together_seconds": "The longest that both may talk at once.",
    "agent_share_percent": "The most of the talk that may be the agent's.",
    "new_agent_days": "For how many days after their account was made somebody is a new agent.",
    "help_seconds": "After how long a request for help is told again, and to others than its supervisors too.",
    "waiting": "How many callers may wait in a queue.",
    "longest_wait_seconds": "The longest that one of them may wait.",
    "service_level_percent": "The least service level of a queue.",
}


def _taken(name: str) -> Any:
    return Field(None, ge=0, le=MOST[name], strict=True, description=ABOUT[name])


def _told(name: str) -> Any:
    return Field(description=ABOUT[name])


class TeamLimits(Body):
    """Limits to change."""

    held_seconds: int | None = _taken("held_seconds")
    waited_seconds: int | None = _taken("waited_seconds")
    transferred: int | None = _taken("transferred")
    ringing_seconds: int | None = _taken("ringing_seconds")
    silence_seconds: int | None = _taken("silence_seconds")
    together_seconds: int | None = _taken("together_seconds")
    agent_share_percent: int | None = _taken("agent_share_percent")
    new_agent_days: int | None = _taken("new_agent_days")
    help_seconds: int | None = _taken("help_seconds")
    waiting: int | None = _taken("waiting")
    longest_wait_seconds: int | None = _taken("longest_wait_seconds")
    service_level_percent: int | None = _taken("service_level_percent")


class SetLimits(Answer):
    """A team's limits."""

    held_seconds: int | None = _told("held_seconds")
    waited_seconds: int | None = _told("waited_seconds")
    transferred: int | None = _told("transferred")
    ringing_seconds: int | None = _told("ringing_seconds")
    silence_seconds: int | None = _told("silence_seconds")
    together_seconds: int | None = _told("together_seconds")
    agent_share_percent: int | None = _told("agent_share_percent")
    new_agent_days: int | None = _told("new_agent_days")
    help_seconds: int | None = _told("help_seconds")
    waiting: int | None = _told("waiting")
    longest_wait_seconds: int | None = _told("longest_wait_seconds")
    service_level_percent: int | None = _told("service_level_percent")


NONE = TeamLimits()


def given(limits: TeamLimits) -> dict[str, int | None]:
    """Those that were named."""
    return {name: getattr(limits, name) for name in limits.model_fields_set}
