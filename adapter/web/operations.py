"""For whoever runs the adapter: is it alive, is it ready, how is it doing."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from adapter.core.bars import Who
from adapter.errors import Forbidden, StoreUnavailable
from adapter.health.metrics import Metrics, Readings
from adapter.health.readiness import Readiness
from adapter.monitoring.recorder import Recorder
from adapter.store.outbox import Outbox
from adapter.store.tokens import Scope
from adapter.web import answers
from adapter.web.access import Access
from adapter.web.listener import ConnectionLimits, Listener, in_url
from adapter.web.principal import Principal
from adapter.web.problems import middleware
from adapter.web.routes import RequestContext, Returns, Routes
from adapter.web.stream import Streams

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    readiness: Readiness
    outbox: Outbox
    streams: Streams
    recorder: Recorder
    metrics: Metrics
    clock: Callable[[], datetime]


routes = Routes("operations", Deps)


@routes.plain("GET", "/healthz", Returns(model=answers.Health), None)
async def healthz(context: RequestContext[Deps, None]) -> web.Response:
    """The process is alive."""
    return web.json_response({"status": "alive"})


@routes.plain("GET", "/readyz", Returns(model=answers.Ready), None)
async def readyz(context: RequestContext[Deps, None]) -> web.Response:
    """The database, and each PBX was taken up once; where there is one, AMI and ARI too. 503 names the part."""
    readiness = context.deps.readiness
    ready = readiness.ready
    return web.json_response({"ready": ready, "parts": readiness.state.brief}, status=200 if ready else 503)


def measures(principal: Principal, access: Access) -> None:
    """Only tokens with the scope for it; not a person's while they are on a call, which might be listened to."""
    if principal.token is None or not principal.has(Scope.METRICS):
        raise Forbidden("Metrics need a token with the scope metrics.")
    service = principal.service
    who = Who(None, service.id, service.may_act_for) if service else principal.who
    if access.boards.bars.hidden(who):
        raise Forbidden(
            "A token gets no metrics while somebody for whom it acts, or who created it since, is in a conversation. "
            "Use a service token that acts for nobody (may_act_for: [])."
        )


@routes.plain("GET", "/metrics", Returns(media="text/plain"), measures, service=True)
async def metrics(context: RequestContext[Deps, None]) -> web.Response:
    """Figures for Prometheus."""
    return await figures(context.deps)


async def figures(deps: Deps) -> web.Response:
    """The figures as they are now."""
    try:
        depths = await deps.outbox.depths()
    except StoreUnavailable:
        depths = []
    readings = Readings(
        streams=deps.streams.count,
        dropped_streams=deps.streams.dropped,
        record_waiting=deps.recorder.size,
        record_dropped=deps.recorder.dropped,
        record_set_aside=deps.recorder.set_aside,
        ari_usable=not any(part.problem for name, part in deps.readiness.state.parts.items() if name.endswith("ari")),
        outbox=[(depth.hook_id, depth.count, depth.oldest) for depth in depths],
        now=deps.clock(),
    )
    body = deps.metrics.exposition(readings)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def metrics_app(deps: Deps) -> web.Application:
    """A listener of its own for Prometheus, without sign-in: only where the operator lets it listen."""

    async def show(request: web.Request) -> web.Response:
        return await figures(request.app[routes.key])

    app = web.Application(middlewares=[middleware])
    app[routes.key] = deps
    app.router.add_get("/metrics", show)
    return app


async def listen(deps: Deps, host: str, port: int, stack: AsyncExitStack) -> None:
    """Answer Prometheus on a listener of its own, until the stack is closed."""
    listener = Listener(metrics_app(deps), limits=ConnectionLimits(total=100, each=100))
    stack.push_async_callback(listener.cleanup)
    await listener.start(host, port)
    log.info("listening for Prometheus", host=in_url(host), port=listener.port)
