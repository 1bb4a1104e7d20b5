"""For whoever runs the adapter: is it alive, is it ready, how is it doing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from adapter.errors import Forbidden, StoreUnavailable
from adapter.health.metrics import Metrics, Readings
from adapter.monitoring.recorder import Recorder
from adapter.store.outbox import Outbox
from adapter.store.tokens import Scope
from adapter.web import answers
from adapter.web.access import Access
from adapter.web.principal import Principal
from adapter.web.problems import middleware
from adapter.web.routes import RequestContext, Returns, Routes
from adapter.web.stream import Streams


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    problems: Callable[[], Awaitable[list[str]]]
    """What is not usable now; empty when the adapter is ready."""
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
    """Database, AMI and ARI are usable and the snapshot is done; 503 names what is not."""
    found = await context.deps.problems()
    return web.json_response({"ready": not found, "problems": found}, status=503 if found else 200)


def measures(principal: Principal, access: Access) -> None:
    """Only tokens with the scope for it; not a person's while they are on a call, which might be listened to."""
    if principal.token is None or not principal.has(Scope.METRICS):
        raise Forbidden("Metrics need a token with the scope metrics.")
    if access.hidden_from(principal):
        raise Forbidden("A user's token gets no metrics while that user is on a call. Use a service token.")


@routes.plain("GET", "/metrics", Returns(media="text/plain"), measures, service=True)
async def metrics(context: RequestContext[Deps, None]) -> web.Response:
    """Figures for Prometheus."""
    return await figures(context.deps)


async def figures(deps: Deps) -> web.Response:
    """The figures as they are now."""
    problems = await deps.problems()
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
        ari_usable=not any(problem.lower().startswith("ari") for problem in problems),
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
