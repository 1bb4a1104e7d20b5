"""Agents and queues as whoever asks may see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.floorviews import agent_view, agent_visible, queue_view, queue_visible
from adapter.monitoring.boards import Boards
from adapter.web import flooranswers, wall
from adapter.web.principal import Principal
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards


routes = Routes("floor", Deps)


def sees_agent(principal: Principal, boards: Boards, agent: AgentStatus) -> bool:
    """Whether they see an agent. A service does where it acts for somebody who may monitor."""
    if principal.service is not None:
        return principal.monitors(boards.directory)
    return agent_visible(principal.person, agent)


def sees_queue(principal: Principal, boards: Boards, queue: QueueStatus) -> bool:
    """Whether they see a queue; a service as above."""
    if principal.service is not None:
        return principal.monitors(boards.directory)
    return queue_visible(principal.person, queue)


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
        return web.json_response({"agents": wall.agents(boards)})
    return web.json_response(
        {"agents": [agent_view(one) for one in _agents(boards) if sees_agent(principal, boards, one)]}
    )


@routes.plain("GET", "/queues", Returns(model=flooranswers.Queues), wall.reads_floor, service=True)
async def list_queues(context: RequestContext[Deps, None]) -> web.Response:
    """All queues that one may see, and who waits in them; a wall's token sees only how many."""
    boards, principal = context.deps.boards, context.principal
    if wall.is_wall(principal):
        return web.json_response({"queues": wall.queues(boards)})
    return web.json_response(
        {"queues": [queue_view(one) for one in _queues(boards) if sees_queue(principal, boards, one)]}
    )
