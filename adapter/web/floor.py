"""Agents and queues as whoever asks may see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.floorviews import agent_view, agent_visible, queue_view, queue_visible
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.monitoring.boards import Boards
from adapter.web import flooranswers, wall
from adapter.web.principal import Principal
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards


routes = Routes("floor", Deps)


def _viewers(principal: Principal, boards: Boards) -> list[User]:
    """Whose rights count: of those whom a service may act for, those who may monitor."""
    people = principal.people(boards.directory)
    return people if principal.service is None else [user for user in people if may_monitor(user)]


def _agents(boards: Boards) -> Iterable[AgentStatus]:
    return sorted(boards.agents(), key=lambda one: (one.pbx, one.extension, one.id))


def _queues(boards: Boards) -> Iterable[QueueStatus]:
    return sorted(boards.queues(), key=lambda one: (one.pbx, one.name))


@routes.plain("GET", "/agents", Returns(model=flooranswers.Agents), wall.reads_floor, service=True)
async def list_agents(context: RequestContext[Deps, None]) -> web.Response:
    """All agents whom one may see, and what they do now. Everybody sees themselves.

    A wall's token sees no calls.
    """
    boards, principal = context.deps.boards, context.principal
    if wall.is_wall(principal):
        return web.json_response({"agents": wall.agents(principal, boards)})
    who = _viewers(principal, boards)
    seen = (one for one in _agents(boards) if any(agent_visible(user, one) for user in who))
    return web.json_response({"agents": [agent_view(one, *who) for one in seen]})


@routes.plain("GET", "/queues", Returns(model=flooranswers.Queues), wall.reads_floor, service=True)
async def list_queues(context: RequestContext[Deps, None]) -> web.Response:
    """All queues that one may see, and who waits in them; a wall's token sees only how many."""
    boards, principal = context.deps.boards, context.principal
    if wall.is_wall(principal):
        return web.json_response({"queues": wall.queues(principal, boards)})
    who = _viewers(principal, boards)
    seen = (one for one in _queues(boards) if any(queue_visible(user, one) for user in who))
    return web.json_response({"queues": [queue_view(one) for one in seen]})
