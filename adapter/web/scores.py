"""The form by which supervisors score a call: administrators define it, each change is a version of its own."""

import uuid
from dataclasses import dataclass

from aiohttp import web

from adapter.core.audit import Action
from adapter.core.scores import Question, QuestionKind, ScoreForm, form_view
from adapter.errors import Invalid, NotFound, StoreUnavailable
from adapter.store.scores import ScoreForms
from adapter.web.access import administers, monitors
from adapter.web.answers import Answer, Time
from adapter.web.notemodels import ScoreFormBody, ScoreFormQuery
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    forms: ScoreForms


class QuestionAnswer(Answer):
    """A question."""

    id: str
    text: str
    kind: QuestionKind


class ScoreFormAnswer(Answer):
    """A version of the form."""

    version: int
    questions: list[QuestionAnswer]
    changed_at: Time | None
    changed_by: str | None


routes = Routes("notes", Deps)


@routes.plain(
    "GET",
    "/score-form",
    Returns(model=ScoreFormAnswer),
    monitors,
    query=ScoreFormQuery,
    errors=[NotFound, StoreUnavailable],
)
async def get_form(context: RequestContext[Deps, None]) -> web.Response:
    """The form in use, or a version of it. Versions are kept; scores carry the questions that were asked."""
    form = await context.deps.forms.get(context.query(ScoreFormQuery).version)
    if form is None:
        raise NotFound("There is no such version of the form.")
    return web.json_response(form_view(form))


@routes.taking(
    "PUT",
    "/score-form",
    ScoreFormBody,
    Returns(model=ScoreFormAnswer),
    administers,
    errors=[StoreUnavailable],
    audit=Action.SCORE_FORM_CHANGED,
)
async def put_form(context: RequestContext[Deps, ScoreFormBody]) -> web.Response:
    """Replace the questions: a new version, unless nothing is another. A question with its id goes on as the same."""
    form = await context.deps.forms.get() or ScoreForm()
    known, questions = {one.id for one in form.questions}, []
    for place, given in enumerate(context.body.questions):
        if given.id is not None and given.id not in known:
            raise Invalid.at(f"questions.{place}.id", "the form in use has no such question", "unknown_question")
        known.discard(given.id or "")
        questions.append(Question(given.id or uuid.uuid4().hex[:12], given.text, given.kind))
    return web.json_response(form_view(await context.deps.forms.put(questions, context.principal.by)))
