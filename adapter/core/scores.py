"""Scores: a form of questions that an administrator defines, and answers to it that belong to a note. Pure.

Each change of the form is a version of its own. What was answered carries the questions as they were then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.core.views import Json, time_view

Value = int | bool | str
MOST_QUESTIONS = 30
LONGEST_ANSWER = 1000
"""Characters of an answer in words."""
POINTS = range(1, 6)


class QuestionKind(StrEnum):
    """What is answered to a question."""

    RATING = "rating"
    """1 to 5."""
    YES_NO = "yes_no"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Its id stays its own through versions, for who compares scores over time."""

    id: str
    text: str
    kind: QuestionKind


@dataclass(frozen=True, slots=True)
class ScoreForm:
    """One version of the form; version 0 is the empty one that nobody defined."""

    version: int = 0
    questions: tuple[Question, ...] = ()
    at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A question as it was asked, and what was answered."""

    question: Question
    value: Value


@dataclass(frozen=True, slots=True)
class Scores:
    """What was answered, by which version of the form."""

    version: int
    answers: tuple[Answered, ...]


def answered(form: ScoreForm, given: Mapping[str, Value]) -> Scores:
    """Answers to a version, in the order of its questions; not every question needs one.

    `given`: by the questions' ids. Raises ValueError with what is wrong.
    """
    asked = {question.id: question for question in form.questions}
    if unknown := given.keys() - asked.keys():
        raise ValueError(f"version {form.version} has no question {sorted(unknown)[0]}")
    for key, value in given.items():
        if not _fits(asked[key].kind, value):
            raise ValueError(f"{asked[key].text}: {_WANTED[asked[key].kind]}")
    return Scores(form.version, tuple(Answered(one, given[one.id]) for one in form.questions if one.id in given))


def _fits(kind: QuestionKind, value: Value) -> bool:
    if kind is QuestionKind.YES_NO:
        return isinstance(value, bool)
    if kind is QuestionKind.RATING:
        return isinstance(value, int) and not isinstance(value, bool) and value in POINTS
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_ANSWER


_WANTED = {
    QuestionKind.RATING: "a number from 1 to 5",
    QuestionKind.YES_NO: "true or false",
    QuestionKind.TEXT: f"words, {LONGEST_ANSWER} characters at most",
}


def question_view(question: Question) -> Json:
    """A question as the API shows it, and the database keeps it."""
    return {"id": question.id, "text": question.text, "kind": question.kind.value}


def form_view(form: ScoreForm) -> Json:
    """A version of the form."""
    return {
        "version": form.version,
        "questions": [question_view(one) for one in form.questions],
        "changed_at": time_view(form.at),
        "changed_by": form.by,
    }


def scores_view(scores: Scores | None) -> Json | None:
    """Answers with their questions."""
    if scores is None:
        return None
    answers = [{**question_view(one.question), "value": one.value} for one in scores.answers]
    return {"form_version": scores.version, "answers": answers}
