"""Notes about calls, and marks in them: written by whoever may monitor the call, seen as `core.notes` says."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from adapter import errors
from adapter.core.audit import Action
from adapter.core.bars import CREDENTIALS
from adapter.core.call import Call
from adapter.core.journal import subject_of
from adapter.core.monitor import Supervisor
from adapter.core.notes import Note, note_view, sees_note
from adapter.core.permissions import may_administer, may_monitor
from adapter.core.scores import Scores, answered
from adapter.core.views import Json, Visibility
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.monitoring.recentcalls import RecentCalls
from adapter.store import budget
from adapter.store.notes import NoteFilter, Notes
from adapter.store.scores import ScoreForms
from adapter.web.access import starts
from adapter.web.calls import named, sight_of
from adapter.web.noteanswers import NoteAnswer, NotesPage
from adapter.web.notemodels import NoteBody, NotePatch, NotesQuery, ReplyBody, ScoresBody
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes

AT_ONCE = 200
"""Notes read at once while those that somebody sees are gathered."""
MOST_READ = 10_000
"""Notes read for one page at most; its cursor then goes on from there."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    policy: Policy
    store: Notes
    forms: ScoreForms
    recent: RecentCalls
    recording: Callable[[Note], str | None]
    """The address of the operator's recording of that call, where the configuration has one."""


routes = Routes("notes", Deps)
OF_SOME = (errors.NotFound, errors.PbxUnavailable)
"""While another adapter's PBX is out of sight nobody knows who may not see what was written about its calls."""


def _sees(context: RequestContext[Deps, Any], note: Note) -> bool:
    boards, principal, who = context.deps.boards, context.principal, context.principal.who
    board = boards.board(note.pbx)
    return sees_note(
        principal.person,
        note,
        barred=boards.bars.barred(who, note.conversation_id),
        in_hand=boards.bars.in_hand(who, CREDENTIALS, note.conversation_id),
        over=boards.bars.is_over(note.conversation_id) and (board is None or board.complete),
    )


async def _seen(context: RequestContext[Deps, Any]) -> Note:
    """The note that the path names. Raises NotFound where they don't see it, PbxUnavailable where that is not known."""
    context.access.need_sight()
    note = await context.deps.store.get(context.part())
    if note is None or not _sees(context, note):
        raise errors.NotFound("There is no such note, or none that you may see.")
    return note


def _view(context: RequestContext[Deps, Any], note: Note) -> Json:
    recording = context.deps.recording(note) if may_monitor(context.principal.person) else None
    return note_view(note) | {"recording_url": recording}


def _call(context: RequestContext[Deps, Any]) -> tuple[Call, Visibility, datetime]:
    """The call that the path names, how much of it they see, and until when it went on. It may have just ended.

    Raises NotFound, PbxUnavailable.
    """
    boards, principal = context.deps.boards, context.principal
    try:
        return *named(principal, boards, context.part()), context.access.clock()
    except errors.NotFound:
        past = context.deps.recent.find(context.part())
        sight = sight_of(principal, boards, past.call) if past else Visibility.NOTHING
        if past is None or sight is Visibility.NOTHING:
            raise
        return past.call, sight, past.ended_at


async def _scores(context: RequestContext[Deps, Any], given: ScoresBody | None) -> Scores | None:
    """Raises Invalid."""
    if given is None:
        return None
    form = await context.deps.forms.get(given.form_version)
    if form is None:
        raise errors.Invalid.at("scores", "there is no such version of the form", "unknown_version")
    try:
        return answered(form, given.answers)
    except ValueError as problem:
        raise errors.Invalid.at("scores", str(problem), "score") from None


async def _own(context: RequestContext[Deps, Any]) -> Note:
    note, principal = await _seen(context), context.principal
    if note.author.user_id != principal.person.id and not _administers(principal, note):
        raise errors.Forbidden("Only who wrote a note, or an administrator, can change it.")
    return note


def _administers(principal: Principal, note: Note) -> bool:
    """Not what was written about themselves."""
    user = principal.person
    return may_administer(user) and principal.by.administers and note.agent.user_id != user.id


async def _about_call(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Which call a refused note was about."""
    call = context.deps.boards.call(context.part())
    if call is None:
        return {"target": context.part()}
    subject = subject_of(call, context.deps.boards.directory.users)
    return {"call_id": call.id, "conversation_id": call.conversation_id, "subject": subject}


async def _about_note(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Which note a refused change was about: only the id that was asked for, where they don't see it."""
    try:
        note = await _seen(context)
    except errors.AdapterError:
        return {"target": context.part()}
    return {
        "target": note.id,
        "call_id": note.call_id,
        "conversation_id": note.conversation_id,
        "supervisor": note.author.username,
        "subject": note.subject,
    }


@routes.taking(
    "POST",
    "/calls/{id}/notes",
    NoteBody,
    Returns(201, NoteAnswer, headers=["Location"]),
    starts,
    errors=[
        *(errors.NotFound, errors.OwnCall, errors.NotMonitorable, errors.CallNotActive),
        *(errors.PbxUnavailable, errors.StoreUnavailable),
    ],
    audit=Action.NOTE_CREATED,
    about=_about_call,
)
async def write_note(context: RequestContext[Deps, NoteBody]) -> web.Response:
    """Write about a call that you may monitor, with the second of the call; a mark needs no words.

    Also within half an hour after its end. Nobody in the conversation can tell that there is one. The agent sees it
    once the conversation has ended, and only where it is visible to them.
    """
    deps, body, principal = context.deps, context.body, context.principal
    call, sight, until = _call(context)
    if sight is not Visibility.EVERYTHING:
        raise errors.OwnCall("You are or were in this conversation yourself, so you can't write about it.")
    deps.policy.write_about(principal.person, call)
    user, at = principal.person, context.access.clock()
    subject, scores = subject_of(call, deps.boards.directory.users), await _scores(context, body.scores)
    note = Note(
        id=uuid.uuid4().hex,
        pbx=call.pbx,
        call_id=call.id,
        conversation_id=call.conversation_id,
        at=at,
        call_seconds=max(0, int((until - (call.answered_at or call.started_at)).total_seconds())),
        author=Supervisor(user.id, user.name, user.username),
        agent=call.agent,
        agent_username=subject.agent,
        customer=call.customer,
        queue=call.queue,
        text=body.text,
        mark=body.mark,
        visible=body.visible_to_agent,
        scores=scores if scores and scores.answers else None,
        uniqueid=call.uniqueid,
    )
    with budget.spending(budget.REQUEST) as seconds:  # hooks that may not hear of it must be known before
        await context.access.write_now(seconds)
    await deps.store.add(note, principal.by)
    return web.json_response(_view(context, note), status=201, headers={"Location": f"/api/v1/notes/{note.id}"})


@routes.plain("GET", "/notes", Returns(model=NotesPage), query=NotesQuery, errors=OF_SOME)
async def list_notes(context: RequestContext[Deps, None]) -> web.Response:
    """Those that one sees, newest first: one's own; of others, who may monitor; agents what was released to them."""
    query, user = context.query(NotesQuery), context.principal.person
    wanted = NoteFilter(
        call_id=query.call_id,
        agent=query.agent,
        author=query.author,
        unanswered=query.unanswered,
        since=query.since,
        until=query.until,
        of=None if may_monitor(user) else user.id,
        hidden=context.access.hidden_from(context.principal),
        seer=None if context.access.in_hand(context.principal) else user.id,
    )
    found: list[Note] = []
    after, read = query.cursor, 0
    while len(found) <= query.limit and read < MOST_READ:
        notes = await context.deps.store.page(wanted, AT_ONCE, after)
        found += [note for note in notes if _sees(context, note)]
        read += len(notes)
        if len(notes) < AT_ONCE:
            after = None
            break
        after = notes[-1].id
    more = len(found) > query.limit
    shown = found[: query.limit]
    cursor = shown[-1].id if more else after
    return web.json_response({"notes": [_view(context, note) for note in shown], "next_cursor": cursor})


@routes.plain("GET", "/notes/{id}", Returns(model=NoteAnswer), errors=OF_SOME)
async def get_note(context: RequestContext[Deps, None]) -> web.Response:
    """One of them."""
    return web.json_response(_view(context, await _seen(context)))


@routes.taking(
    "PATCH",
    "/notes/{id}",
    NotePatch,
    Returns(model=NoteAnswer),
    errors=[*OF_SOME, errors.StoreUnavailable],
    audit=Action.NOTE_CHANGED,
    about=_about_note,
)
async def change_note(context: RequestContext[Deps, NotePatch]) -> web.Response:
    """Change its words, or release it to the agent: who wrote it, or an administrator."""
    note, body, given = await _own(context), context.body, context.body.model_fields_set
    text = (body.text or "") if "text" in given else note.text or ""
    mark = body.mark if "mark" in given else note.mark
    scores = (
        await _scores(context, body.scores or ScoresBody(form_version=0, answers={})) if "scores" in given else None
    )
    left = note.scores if scores is None else scores.answers
    if not text and not mark and not left:
        raise errors.Invalid.at("text", "a note without a mark or scores needs words", "required")
    changed = await context.deps.store.change(
        note.id,
        context.principal.by,
        text=text if "text" in given else None,
        mark=mark,
        visible=body.visible_to_agent if "visible_to_agent" in given else None,
        scores=scores,
    )
    return web.json_response(_view(context, changed))


@routes.taking(
    "PUT",
    "/notes/{id}/reply",
    ReplyBody,
    Returns(model=NoteAnswer),
    errors=[*OF_SOME, errors.StoreUnavailable],
    audit=Action.NOTE_CHANGED,
    about=_about_note,
)
async def reply_to_note(context: RequestContext[Deps, ReplyBody]) -> web.Response:
    """The agent answers a note that was released to them; again replaces the answer. Who sees the note sees it."""
    note = await _seen(context)
    if note.agent.user_id != context.principal.person.id:
        raise errors.Forbidden("Only the agent whom a note is about can answer it.")
    replied = await context.deps.store.reply(note.id, context.principal.by, context.body.text)
    return web.json_response(_view(context, replied))


@routes.plain(
    "DELETE",
    "/notes/{id}",
    NOTHING,
    errors=[*OF_SOME, errors.StoreUnavailable],
    audit=Action.NOTE_DELETED,
    about=_about_note,
)
async def delete_note(context: RequestContext[Deps, None]) -> web.Response:
    """Delete it for good: who wrote it, or an administrator. The audit keeps that there was one, and no words of it."""
    note = await _own(context)
    await context.deps.store.delete(note.id, context.principal.by)
    return web.Response(status=204)
