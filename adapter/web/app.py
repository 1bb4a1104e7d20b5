"""The aiohttp application, put together."""

from aiohttp import web
from aiohttp.typedefs import Handler

from adapter.web import calls, events, monitors, operations, pagefiles, session, users
from adapter.web.api import MAX_BODY, WEB, Web
from adapter.web.problems import middleware

PREFIX = "/api/v1"


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What every answer carries: nothing of it is cached, framed, or guessed at."""
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def make_app(deps: Web) -> web.Application:
    """All routes of the contract that exist so far."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[security_headers, middleware])
    app[WEB] = deps
    app.add_routes(operations.routes)
    app.add_routes(pagefiles.routes)
    for part in (session, users, calls, monitors, events):
        for route in part.routes:
            if isinstance(route, web.RouteDef):
                app.router.add_route(route.method, PREFIX + route.path, route.handler, **route.kwargs)
    return app
