"""Input models of notes, scores and what is kept of an agent's coaching. Unknown fields are refused."""

from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from adapter.core.scores import LONGEST_ANSWER, MOST_QUESTIONS, QuestionKind
from adapter.web.fields import Identifier, Lines, Reason, Words
from adapter.web.models import Body, Cursor, Limit, Span

Value = StrictBool | StrictInt | Annotated[StrictStr, Field(max_length=LONGEST_ANSWER), Lines]


class ScoresBody(Body):
    """Answers to the score form."""

    form_version: StrictInt = Field(ge=0, le=2**31 - 1, description="The version that was answered.")
    answers: Annotated[dict[Identifier, Value], Field(max_length=MOST_QUESTIONS)] = Field(
        description="By the questions' ids: 1 to 5, true or false, or words. None takes the scores away."
    )


class NoteBody(Body):
    """POST /calls/{id}/notes: words, a mark, or scores."""

    text: Words | None = Field(None, description="May be missing for a mark.")
    mark: StrictBool = False
    visible_to_agent: StrictBool = Field(False, description="The agent sees it, once the conversation has ended.")
    scores: ScoresBody | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.text and not self.mark and not (self.scores and self.scores.answers):
            raise ValueError("a note needs words or scores, or is a mark")
        return self


class NotePatch(Body):
    """PATCH /notes/{id}: only the given fields change."""

    text: Words | None = None
    mark: StrictBool = False
    visible_to_agent: StrictBool = False
    scores: ScoresBody | None = None


class ReplyBody(Body):
    """PUT /notes/{id}/reply."""

    text: Words


class NotesQuery(Span):
    """GET /notes."""

    call_id: Identifier | None = None
    agent: Identifier | None = Field(None, description="The agent's username, name or extension.")
    author: Identifier | None = Field(None, description="Username or name of who wrote it.")
    unanswered: bool = Field(False, description="Only those that the agent has not answered.")
    limit: Limit = 100
    cursor: Cursor | None = Field(None, description="`next_cursor` of the previous page.")


class QuestionBody(Body):
    """A question of the score form."""

    id: Identifier | None = Field(None, description="Of a question that is there already; a new one has none.")
    text: Reason
    kind: QuestionKind


class ScoreFormBody(Body):
    """PUT /score-form: all questions, in their order."""

    questions: Annotated[list[QuestionBody], Field(max_length=MOST_QUESTIONS)]


class ScoreFormQuery(Body):
    """GET /score-form."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(None, description="By default the one in use.")
