"""Starting, switching and ending monitors. Answers say what Asterisk confirmed."""

from aiohttp import web

from adapter.core.permissions import may_monitor
from adapter.core.views import monitor_view
from adapter.decide import StartWish
from adapter.web.api import WEB, enter, enter_with
from adapter.web.models import StartBody, SwitchBody

routes = web.RouteTableDef()


@routes.get("/monitors")
async def list_monitors(request: web.Request) -> web.Response:
    """Those that are connecting or live and that this person may see."""
    who, deps = await enter(request), request.app[WEB]
    seen = deps.monitoring.visible(who.user)
    return web.json_response({"monitors": [monitor_view(m, deps.board.sight(who.user, m)) for m in seen]})


@routes.post("/monitors")
async def start_monitor(request: web.Request) -> web.Response:
    """Ring the supervisor's phone and let it listen."""
    who, body = await enter_with(request, StartBody, may_monitor)
    deps = request.app[WEB]
    wish = StartWish(body.call_id, body.agent_extension, body.customer_number, body.mode, body.device)
    monitor = await deps.monitoring.start(who.user, wish)
    location = {"Location": f"/api/v1/monitors/{monitor.id}"}
    view = monitor_view(monitor, deps.board.sight(who.user, monitor))
    return web.json_response(view, status=201, headers=location)


@routes.get("/monitors/{id}")
async def get_monitor(request: web.Request) -> web.Response:
    """One monitor, also an ended one."""
    who, deps = await enter(request), request.app[WEB]
    monitor = await deps.monitoring.find(who.user, request.match_info["id"])
    return web.json_response(monitor_view(monitor, deps.board.sight(who.user, monitor)))


@routes.patch("/monitors/{id}")
async def switch_monitor(request: web.Request) -> web.Response:
    """Another mode, in place; answered once Asterisk has confirmed it."""
    who, body = await enter_with(request, SwitchBody, may_monitor)
    deps = request.app[WEB]
    monitor = await deps.monitoring.switch(who.user, request.match_info["id"], body.mode)
    return web.json_response(monitor_view(monitor, deps.board.sight(who.user, monitor)))


@routes.delete("/monitors/{id}")
async def stop_monitor(request: web.Request) -> web.Response:
    """End it; answered once the leg is gone."""
    who, deps = await enter(request, may_monitor), request.app[WEB]
    await deps.monitoring.stop(who.user, request.match_info["id"])
    return web.Response(status=204)
