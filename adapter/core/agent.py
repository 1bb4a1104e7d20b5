"""One agent and one queue as people see them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AgentState(StrEnum):
    """What an agent does."""

    OFFLINE = "offline"
    """None of their phones is registered."""
    AVAILABLE = "available"
    RINGING = "ringing"
    ON_CALL = "on_call"
    HELD = "held"
    """All their calls are on hold."""
    PAUSED = "paused"
    """They are in no call, and paused in at least one of their queues."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent's place in one queue."""

    name: str
    paused: bool
    pause_reason: str | None
    calls_taken: int
    last_call_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """One agent at one PBX, as people see them. Compared by value to detect whether anything has changed."""

    id: str
    """Opaque, and stable across restarts."""
    pbx: str
    user_id: str | None
    """None for a phone without an account."""
    name: str
    extension: str
    state: AgentState
    since: datetime
    call_id: str | None
    queues: tuple[Membership, ...] = ()
    team_ids: tuple[str, ...] = ()
    account_created_at: datetime | None = None
    """None for a phone without an account, and for one made before that was kept."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who waits in a queue."""

    number: str
    name: str
    since: datetime
    uniqueid: str
    """Never shown."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One queue, as people see it. Compared by value to detect whether anything has changed."""

    id: str
    """Opaque, and stable across restarts."""
    name: str
    pbx: str
    callers: tuple[Caller, ...]
    """By position."""
    available: int
    """How many of its agents are in this state, as is so of the next two."""
    on_call: int
    paused: int
    completed: int
    abandoned: int
    service_level_percent: float

    @property
    def longest_wait_since(self) -> datetime | None:
        """Since when whoever waits longest does."""
        return min((caller.since for caller in self.callers), default=None)


@dataclass(frozen=True, slots=True)
class Floor:
    """Agents and queues of one PBX, all or those that changed."""

    agents: tuple[AgentStatus, ...] = ()
    queues: tuple[QueueStatus, ...] = ()
    gone: tuple[str, ...] = ()
    """Ids of agents and queues that are no more, or out of sight."""
