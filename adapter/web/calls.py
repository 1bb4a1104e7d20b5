"""Calls as whoever asks may see them."""

from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from adapter.core.call import Call
from adapter.core.views import Json, Visibility, call_view, call_visibility, named_pbx_view, pbx_view
from adapter.errors import NotFound, PbxUnavailable
from adapter.monitoring.boards import Boards
from adapter.web import answers
from adapter.web.principal import Principal
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards


routes = Routes("calls", Deps)


def seen(principal: Principal, boards: Boards, call: Call) -> Json | None:
    """A call as they see it; None where they don't. A service sees of the monitors only those it started."""
    monitors = boards.monitors_on(call.id)
    if (service := principal.service) is not None:
        if not principal.monitors(boards.directory):
            return None
        return call_view(call, [m for m in monitors if m.token == service.id], Visibility.EVERYTHING)
    barred = boards.bars.barred(principal.who, call.conversation_id)
    sight = call_visibility(principal.person, call, barred=barred)
    return None if sight is Visibility.NOTHING else call_view(call, monitors, sight)


@routes.plain("GET", "/calls", Returns(model=answers.Calls), service=True)
async def list_calls(context: RequestContext[Deps, None]) -> web.Response:
    """All calls that one may see, oldest first; the state of each PBX, and of the worst of them."""

    def views() -> Iterator[Json]:
        for call in sorted(context.deps.boards.calls(), key=lambda call: call.started_at):
            if view := seen(context.principal, context.deps.boards, call):
                yield view

    boards = context.deps.boards
    pbxs = [named_pbx_view(board.id, board.name, board.pbx_state) for board in boards]
    return web.json_response({"calls": list(views()), "pbx": pbx_view(boards.pbx_state), "pbxs": pbxs})


@routes.plain("GET", "/calls/{id}", Returns(model=answers.Call), errors=[NotFound, PbxUnavailable], service=True)
async def get_call(context: RequestContext[Deps, None]) -> web.Response:
    """One call. While the PBX is out of sight nobody can say that a call is not there: 503."""
    call = context.deps.boards.call(context.part())
    if call is None and not context.deps.boards.complete:
        raise PbxUnavailable("The connection to the PBX is down, so no calls are known. Try again soon.")
    view = seen(context.principal, context.deps.boards, call) if call else None
    if view is None:
        raise NotFound("This call does not exist, or you may not see it.")
    return web.json_response(view)
