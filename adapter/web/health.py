"""What exactly is wrong, for administrators who are in no conversation: it may tell of silent monitors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from adapter.core.views import time_view
from adapter.errors import Forbidden
from adapter.health.readiness import Readiness
from adapter.web import answers
from adapter.web.access import Access, administers
from adapter.web.principal import Principal
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    readiness: Readiness
    remarks: Callable[[], Sequence[str]]
    """What an administrator should know of, though all is usable."""


routes = Routes("health", Deps)


def _apart(principal: Principal, access: Access) -> None:
    administers(principal, access)
    if access.boards.bars.hidden(principal.who):  # of PBXes that are out of sight nothing is told here
        raise Forbidden("This is shown to administrators who are in no conversation. Ask again when yours is over.")


@routes.plain("GET", "/health", Returns(model=answers.HealthReport), _apart)
async def health(context: RequestContext[Deps, None]) -> web.Response:
    """Every part of the adapter, and what is wrong with it."""
    readiness = context.deps.readiness
    parts = [
        {
            "name": part.name,
            "state": "failing" if part.problem else "ok",
            "since": time_view(part.since),
            "problem": part.problem,
            "needed": part.needed,
        }
        for part in readiness.state.parts.values()
    ]
    return web.json_response({"ready": readiness.ready, "parts": parts, "remarks": [*context.deps.remarks()]})
