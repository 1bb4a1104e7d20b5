"""Output models of agents and queues (`adapter.web.answers` has the others)."""

from pydantic import Field

from adapter.core.agent import AgentState
from adapter.web.answers import Answer, Time


class AgentQueue(Answer):
    """An agent's place in one queue."""

    name: str
    paused: bool
    pause_reason: str | None
    calls_taken: int = Field(description="From this queue, since Asterisk counts.")
    last_call_at: Time | None = Field(description="When the last of them ended.")


class AgentStatus(Answer):
    """One agent at one PBX, and what they do now. A supervisor's own listening never shows."""

    id: str
    user_id: str | None = Field(description="Null for a phone without an account.")
    name: str
    extension: str
    pbx: str
    state: AgentState
    since: Time = Field(description="Since when, as far as is known.")
    call_id: str | None
    team_ids: list[str]
    account_created_at: Time | None = Field(description="When their account was made, where that is known.")
    queues: list[AgentQueue]


class QueueCaller(Answer):
    """Somebody who waits."""

    position: int
    number: str
    name: str
    since: Time


class QueueStatus(Answer):
    """One queue at one PBX."""

    id: str
    name: str
    pbx: str
    waiting: int
    longest_wait_since: Time | None
    callers: list[QueueCaller]
    available: int = Field(description="How many of its agents are in this state; the same of `on_call` and `paused`.")
    on_call: int
    paused: int
    completed: int
    abandoned: int
    service_level_percent: float


class Agents(Answer):
    """All agents that the user may see; those of a PBX that is out of sight are missing."""

    agents: list[AgentStatus]


class Queues(Answer):
    """All queues that the user may see; those of a PBX that is out of sight are missing."""

    queues: list[QueueStatus]
