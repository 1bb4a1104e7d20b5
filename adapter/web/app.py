"""The aiohttp application, put together."""

import uuid

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapter.web import (
    audit,
    calls,
    events,
    headers,
    monitors,
    openapi,
    operations,
    pagefiles,
    session,
    softphone,
    tokens,
    users,
    webhooks,
)
from adapter.web.api import MAX_BODY, WEB, Web
from adapter.web.problems import middleware
from adapter.web.routes import Route

PREFIX = "/api/v1"
OPERATIONS = frozenset(route.path for route in operations.routes.all)
PARTS = (session, users, calls, monitors, events, softphone, audit, webhooks, tokens)


def all_routes() -> list[tuple[str, Route]]:
    """Every route of the API with its full path."""
    own = [(route.path, route) for route in operations.routes.all]
    return own + [(PREFIX + route.path, route) for part in PARTS for route in part.routes.all]


@web.middleware
async def arrival(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whom a proxy brings, all that follows sees as if they came by themselves."""
    return await handler(request.app[WEB].proxies.came_from(request))


@web.middleware
async def names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Browsers must call us by a name that is ours; what a service manager asks needs none."""
    if request.path not in OPERATIONS:
        request.app[WEB].proxies.check_host(request)
    return await handler(request)


@web.middleware
async def bound(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every line of the log that a request causes carries the request's id."""
    structlog.contextvars.clear_contextvars()  # aiohttp serves all requests of a connection in one context
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])
    return await handler(request)


def make_app(deps: Web) -> web.Application:
    """All routes of the contract that exist so far."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[arrival, bound, middleware, names])
    app.on_response_prepare.append(headers.add)
    app[WEB] = deps
    app.add_routes(pagefiles.routes)
    declared = all_routes()
    for path, route in declared:
        app.router.add_route(route.method, path, route.handle)
    app.router.add_get("/openapi.json", openapi.serve(openapi.document(declared)))
    return app
