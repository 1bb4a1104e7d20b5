"""The aiohttp application, put together."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapter.web import (
    agentdata,
    audit,
    calls,
    cluster,
    coaching,
    consent,
    embeds,
    events,
    exempt,
    floor,
    follows,
    headers,
    health,
    help,
    listener,
    messages,
    monitors,
    notes,
    openapi,
    operations,
    pagefiles,
    reports,
    scores,
    session,
    shield,
    softphone,
    stopall,
    teams,
    timeline,
    tokens,
    users,
    webhooks,
)
from adapter.web.access import ACCESS, Access
from adapter.web.body import MAX_BODY
from adapter.web.problems import middleware
from adapter.web.routes import Route

PREFIX = "/api/v1"
OPERATIONS = frozenset(route.path for route in operations.routes.all)
PARTS = (
    session,
    users,
    teams,
    calls,
    floor,
    timeline,
    exempt,
    consent,
    notes,
    scores,
    agentdata,
    help,
    shield,
    follows,
    embeds,
    reports,
    monitors,
    messages,
    stopall,
    events,
    softphone,
    audit,
    webhooks,
    tokens,
    health,
    cluster,
)


def all_routes() -> list[tuple[str, Route]]:
    """Every route of the API with its full path."""
    own = [(route.path, route) for route in operations.routes.all]
    return own + [(PREFIX + route.path, route) for part in PARTS for route in part.routes.all]


def distinct(path: str, others: Iterable[str]) -> str:
    """The path as aiohttp matches it: a variable part is never what stands at its place in another path.

    Otherwise `/monitors/stop-all` would be a monitor's id too, and say that it takes DELETE.
    """
    parts, known = path.split("/"), [other.split("/") for other in others]
    for place, part in enumerate(tuple(parts)):
        if part.startswith("{"):
            before = path.split("/")[:place]
            words = sorted({one[place] for one in known if one[:place] == before and len(one) > place} - {part})
            if words:
                parts[place] = f"{part[:-1]}:(?!(?:{'|'.join(map(re.escape, words))})(?:/|$))[^/]+}}"
    return "/".join(parts)


@cache
def _distinct_routes() -> list[tuple[str, Route]]:
    declared = all_routes()
    paths = [path for path, _ in declared]
    return [(distinct(path, paths), route) for path, route in declared]


@web.middleware
async def arrival(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whom a proxy brings, all that follows sees as if they came by themselves."""
    return await handler(request.app[ACCESS].proxies.came_from(request))


@web.middleware
async def names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Browsers must call us by a name that is ours; what a service manager asks needs none."""
    if request.path not in OPERATIONS:
        request.app[ACCESS].proxies.check_host(request)
    return await handler(request)


@web.middleware
async def bound(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every line of the log that a request causes carries the request's id."""
    structlog.contextvars.clear_contextvars()  # aiohttp serves all requests of a connection in one context
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])
    return await handler(request)


@dataclass(frozen=True, slots=True)
class Groups:
    """What each group of routes works with."""

    operations: operations.Deps
    session: session.Deps
    users: users.Deps
    teams: teams.Deps
    calls: calls.Deps
    floor: floor.Deps
    timeline: timeline.Deps
    coaching: coaching.Groups
    monitors: monitors.Deps
    stopall: stopall.Deps
    events: events.Deps
    softphone: softphone.Deps
    audit: audit.Deps
    webhooks: webhooks.Deps
    tokens: tokens.Deps
    health: health.Deps
    cluster: cluster.Deps


def make_app(access: Access, groups: Groups) -> web.Application:
    """All routes of the contract that exist so far."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[listener.whole, arrival, bound, middleware, names])
    app.on_response_prepare.append(headers.add)
    app[ACCESS] = access
    app[operations.routes.key] = groups.operations
    app[session.routes.key] = groups.session
    app[users.routes.key] = groups.users
    app[teams.routes.key] = groups.teams
    app[calls.routes.key] = groups.calls
    app[floor.routes.key] = groups.floor
    app[timeline.routes.key] = groups.timeline
    app[exempt.routes.key] = groups.coaching.exempt
    app[consent.routes.key] = groups.coaching.consent
    app[notes.routes.key] = groups.coaching.notes
    app[agentdata.routes.key] = groups.coaching.agentdata
    app[scores.routes.key] = groups.coaching.scores
    app[help.routes.key] = groups.coaching.help
    app[shield.routes.key] = groups.coaching.shield
    app[follows.routes.key] = groups.coaching.follows
    app[embeds.routes.key] = groups.coaching.embeds
    app[reports.routes.key] = groups.coaching.reports
    app[monitors.routes.key] = groups.monitors
    app[messages.routes.key] = groups.monitors
    app[stopall.routes.key] = groups.stopall
    app[events.routes.key] = groups.events
    app[softphone.routes.key] = groups.softphone
    app[audit.routes.key] = groups.audit
    app[webhooks.routes.key] = groups.webhooks
    app[tokens.routes.key] = groups.tokens
    app[health.routes.key] = groups.health
    app[cluster.routes.key] = groups.cluster
    app.add_routes(pagefiles.routes)
    for path, route in _distinct_routes():
        app.router.add_route(route.method, path, route.handle)
    app.router.add_get("/openapi.json", openapi.serve(all_routes()))
    return app
