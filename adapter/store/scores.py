"""The form by which supervisors score, version by version, and how scores are kept in a note."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from adapter.core.audit import Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.scores import Answered, Question, QuestionKind, ScoreForm, Scores, question_view, scores_view
from adapter.store.audit import append, take_chain
from adapter.store.coaching_tables import ScoreFormRow
from adapter.store.database import Database


class ScoreForms:
    """All versions. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, version: int | None = None) -> ScoreForm | None:
        """A version; without a number the one in use, which may be the empty one."""
        query = select(ScoreFormRow).order_by(ScoreFormRow.version.desc()).limit(1)
        if version is not None:
            query = query.where(ScoreFormRow.version == version)
        async with self._database.read() as session:
            row = await session.scalar(query)
        return _form(row) if row is not None else ScoreForm() if version in (None, 0) else None

    async def put(self, questions: Sequence[Question], by: By) -> ScoreForm:
        """The next version, unless these are the questions of the one in use."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.scalar(select(ScoreFormRow).order_by(ScoreFormRow.version.desc()).limit(1))
            before = _form(row) if row is not None else ScoreForm()
            if before.questions == tuple(questions):
                return before
            at: datetime = self._clock.now()
            form = ScoreForm(before.version + 1, tuple(questions), at, by.actor)
            kept = json.dumps([question_view(one) for one in questions], ensure_ascii=False)
            session.add(ScoreFormRow(version=form.version, questions=kept, at=at, by=by.actor[:100]))
            told = f"version {form.version}, questions: {len(questions)}"
            await append(session, [Entry(at=at, by=by, action=Action.SCORE_FORM_CHANGED, reason=told)])
            return form


def _form(row: ScoreFormRow) -> ScoreForm:
    return ScoreForm(row.version, tuple(_question(one) for one in json.loads(row.questions)), row.at, row.by)


def _question(kept: dict[str, str]) -> Question:
    return Question(kept["id"], kept["text"], QuestionKind(kept["kind"]))


def dumped(scores: Scores | None) -> str | None:
    """Scores as a note keeps them."""
    return json.dumps(scores_view(scores), ensure_ascii=False) if scores else None


def loaded(kept: str | None) -> Scores | None:
    """And read again."""
    if kept is None:
        return None
    found = json.loads(kept)
    return Scores(found["form_version"], tuple(Answered(_question(one), one["value"]) for one in found["answers"]))
