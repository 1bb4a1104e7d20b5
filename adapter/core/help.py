"""An agent's request for help in a call. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.core.audit import Subject
from adapter.core.call import Agent
from adapter.core.monitor import Supervisor

NOT_BEGUN = "not_begun"
"""Why the audit says that a request is open again: who took it could not begin."""


class HelpState(StrEnum):
    """How far a request is."""

    OPEN = "open"
    TAKEN = "taken"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRequest:
    """One request. Of those that are not closed there is one for each call."""

    id: str
    pbx: str
    call_id: str
    conversation_id: str
    agent: Agent
    agent_username: str
    """The agent's username; without an account the endpoint's name."""
    customer: str
    note: str | None
    state: HelpState
    created_at: datetime
    taken_at: datetime | None = None
    taken_by: Supervisor | None = None
    monitor_id: str | None = None
    """The monitor that began, or was to begin, when it was taken."""
    closed_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self.state is HelpState.CLOSED

    @property
    def subject(self) -> Subject:
        """Whom it is about, for the audit."""
        return Subject(self.agent_username, self.agent.name, self.agent.extension, self.customer)
