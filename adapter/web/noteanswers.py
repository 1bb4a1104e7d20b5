"""Output models of notes."""

from pydantic import Field

from adapter.web.answers import Agent, Answer, Customer, Named, Time
from adapter.web.scores import QuestionAnswer


class ScoreAnswer(QuestionAnswer):
    """A question as it was asked then, and its answer."""

    value: bool | int | str


class ScoresAnswer(Answer):
    """Scores."""

    form_version: int
    answers: list[ScoreAnswer]


class Reply(Answer):
    """What the agent answered."""

    text: str
    at: Time


class NoteAnswer(Answer):
    """A note about a call, or a mark in it."""

    id: str
    pbx: str
    call_id: str
    at: Time
    call_seconds: int = Field(description="How long the call had been answered.")
    author: Named
    agent: Agent
    customer: Customer
    text: str | None
    mark: bool
    visible_to_agent: bool = Field(description="Whether the agent sees it once the conversation has ended.")
    changed_at: Time | None
    scores: ScoresAnswer | None
    reply: Reply | None = Field(description="What the agent answered.")
    recording_url: str | None = Field(None, description="For who may monitor: the operator's recording of the call.")


class NotesPage(Answer):
    """Notes, newest first."""

    notes: list[NoteAnswer]
    next_cursor: str | None
