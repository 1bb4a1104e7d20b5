"""Calls as this person may see them."""

from aiohttp import web

from adapter.core.legs import LinkState
from adapter.core.views import Sight, call_sight, call_view, pbx_view
from adapter.errors import NotFound, PbxUnavailable
from adapter.web.api import WEB, enter

routes = web.RouteTableDef()


@routes.get("/calls")
async def list_calls(request: web.Request) -> web.Response:
    """All calls that this person may see, oldest first, and the state of the PBX."""
    who, board = await enter(request), request.app[WEB].board
    seen = [(call, sight) for call in board.calls() if (sight := call_sight(who.user, call)) is not Sight.NOTHING]
    seen.sort(key=lambda pair: pair[0].started_at)
    shown = [call_view(call, board.monitors_on(call.id), sight) for call, sight in seen]
    return web.json_response({"calls": shown, "pbx": pbx_view(board.pbx_state)})


@routes.get("/calls/{id}")
async def get_call(request: web.Request) -> web.Response:
    """One call. While the PBX is out of sight nobody can say that a call is not there: 503."""
    who, board = await enter(request), request.app[WEB].board
    call = board.call(request.match_info["id"])
    if call is None and board.pbx_state.state is not LinkState.CONNECTED:
        raise PbxUnavailable("The connection to the PBX is down; no call is known now. Try again soon.")
    sight = call_sight(who.user, call) if call else Sight.NOTHING
    if call is None or sight is Sight.NOTHING:
        raise NotFound("There is no such call, or none that you may see.")
    return web.json_response(call_view(call, board.monitors_on(call.id), sight))
