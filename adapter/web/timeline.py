"""What has happened in a call so far, as whoever asks may see it."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import Field

from adapter.core.timeline import Happened
from adapter.core.views import timeline_view
from adapter.errors import NotFound, PbxUnavailable
from adapter.monitoring.boards import Boards
from adapter.monitoring.history import History
from adapter.web.answers import Answer, Time
from adapter.web.calls import named
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What this route works with."""

    boards: Boards
    history: History


routes = Routes("calls", Deps)


class TimelineEntry(Answer):
    """Something that happened in a call."""

    at: Time
    kind: Happened
    name: str | None = Field(description="Who is at the far end now, or the supervisor.")


class Timeline(Answer):
    """What has happened in a call, oldest first."""

    entries: list[TimelineEntry]


@routes.plain("GET", "/calls/{id}/timeline", Returns(model=Timeline), errors=[NotFound, PbxUnavailable], service=True)
async def get_timeline(context: RequestContext[Deps, None]) -> web.Response:
    """What has happened in a call so far, oldest first: the latest hundred entries of the call, and of its monitors.

    Of monitors people see here what they see of them in the call. Those in the conversation see who whispered and
    joined, and when that ended (`left`). It is kept while the call runs, in memory: after a restart of the adapter it
    says when the call began and was answered, and what has happened since. Who may see their teams' calls only sees
    what happened while it was one of those.
    """
    call, sight = named(context.principal, context.deps.boards, context.part())
    service = context.principal.service
    past = context.deps.history.of(call)
    within = context.principal.within(context.deps.boards.directory, call)
    return web.json_response(timeline_view(call, past, sight, service.id if service else None, within))
