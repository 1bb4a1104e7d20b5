"""Following an agent: one leg of the supervisor hears each next call from its answer on. Nobody sees a follow of
themselves."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from adapter import errors
from adapter.core.audit import Action, Subject
from adapter.core.follow import Follow, FollowState, key_of
from adapter.core.follow_views import follow_view
from adapter.core.monitor import EndReason
from adapter.core.people import User
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import FollowRequest
from adapter.web import answers
from adapter.web.access import monitors, starts
from adapter.web.acting import acts_for
from adapter.web.models import FollowBody
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with. `find`: one follow, also an ended one."""

    boards: Boards
    nodes: Nodes
    policy: Policy
    find: Callable[[str], Awaitable[Follow | None]]


class FollowAnswer(answers.Answer):
    """A supervisor who follows an agent."""

    id: str
    pbx: str
    agent: answers.Agent
    supervisor: answers.Named
    device: str
    state: FollowState
    monitor_id: str | None
    calls: int | None
    started_at: answers.Time
    ended_at: answers.Time | None
    ended_reason: EndReason | None


class FollowList(answers.Answer):
    """Follows that are not over, oldest first."""

    follows: list[FollowAnswer]


routes = Routes("follows", Deps)


def _may_see(context: RequestContext[Deps, Any], follow: Follow) -> bool:
    boards, principal = context.deps.boards, context.principal
    if principal.service is not None:
        return follow.token == principal.service.id
    return boards.follow_visible(principal.person, follow, principal.who)


async def _seen(context: RequestContext[Deps, Any]) -> Follow:
    """The follow that the path names, ended or not. Raises NotFound where there is none that they may see."""
    known = context.deps.boards.follow(context.part())
    kept = await context.deps.find(context.part())  # asked always: a refusal takes as long whether there is one or not
    found = known or kept
    if found is None or not _may_see(context, found):
        raise errors.NotFound("There is no such follow, or none that you may see.")
    return found


async def _about_start(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Whom a refused start was about. To them it is never shown."""
    try:
        body = FollowBody.model_validate(context.raw)
    except ValidationError:
        return {}
    boards = context.deps.boards
    agent = boards.directory.users.get(body.agent_user_id)
    supervisor = body.supervisor or context.principal.by.actor
    hidden = [key_of(agent.id)] if agent else []
    if isinstance(context.problem, errors.AlreadyMonitoring):
        ids = {user.id for user in boards.directory.users.values() if user.username.casefold() == supervisor.casefold()}
        hidden += [one.conversation_id for one in boards.monitors() if one.supervisor.user_id in ids]
        hidden += [one.conversation for one in boards.follows() if one.supervisor.user_id in ids]
    subject = Subject(agent.username, agent.name, agent.extension or "") if agent else Subject()
    return {"supervisor": supervisor, "subject": subject, "conversation_id": " ".join(hidden) or None}


async def _about(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Which follow a refused end was about: only the id that was asked for, where they don't see it."""
    try:
        follow = await _seen(context)
    except errors.AdapterError:
        return {"target": context.part()}
    about = {"supervisor": follow.supervisor.username, "subject": follow.subject}
    return {"target": follow.id, "conversation_id": follow.conversation, **about}


@routes.taking(
    "POST",
    "/follows",
    FollowBody,
    Returns(201, FollowAnswer, headers=["Location"]),
    starts,
    errors=[
        *(errors.NotFound, errors.OwnCall, errors.NotMonitorable, errors.AlreadyMonitoring, errors.Conflict),
        *(errors.DeviceUnavailable, errors.PbxRefused, errors.PbxUnavailable, errors.PbxTimeout),
        errors.RecordUnavailable,
    ],
    service=True,
    audit=Action.FOLLOW_STARTED,
    about=_about_start,
)
async def start_follow(context: RequestContext[Deps, FollowBody]) -> web.Response:
    """Ring the supervisor's phone once, and let it hear each call of that agent from its answer on.

    A call that runs already is the first. Between calls the phone waits, and hears nothing.
    """
    deps, body, principal = context.deps, context.body, context.principal
    user = acts_for(principal, deps.boards.directory, body.supervisor)
    request = FollowRequest(agent_id=body.agent_user_id, device=body.device, calls=body.calls)
    agent, _ = deps.policy.follow(user, request)
    node = deps.nodes.node_to_follow(agent)
    follow = await node.supervision.follows.start(user, request, principal.by)
    location = {"Location": f"/api/v1/follows/{follow.id}"}
    return web.json_response(follow_view(follow), status=201, headers=location)


@routes.plain("GET", "/follows", Returns(model=FollowList), service=True)
async def list_follows(context: RequestContext[Deps, None]) -> web.Response:
    """Those that are not over and that one sees, oldest first."""
    seen = [one for one in context.deps.boards.follows() if _may_see(context, one)]
    seen.sort(key=lambda one: (one.started_at, one.id))
    return web.json_response({"follows": [follow_view(one) for one in seen]})


@routes.plain("GET", "/follows/{id}", Returns(model=FollowAnswer), errors=[errors.NotFound], service=True)
async def get_follow(context: RequestContext[Deps, None]) -> web.Response:
    """One follow, also an ended one."""
    return web.json_response(follow_view(await _seen(context)))


@routes.plain(
    "DELETE",
    "/follows/{id}",
    NOTHING,
    monitors,
    errors=[errors.NotFound, errors.PbxUnavailable, errors.PbxTimeout],
    service=True,
    audit=Action.FOLLOW_ENDED,
    about=_about,
)
async def stop_follow(context: RequestContext[Deps, None]) -> web.Response:
    """End it; answered once the leg is gone. Again: no change."""
    follow, principal = await _seen(context), context.principal
    if context.deps.boards.follow(follow.id) is not None:
        user = principal.user or _supervisor(context, follow)
        await context.deps.nodes.node_at(follow.pbx).supervision.follows.stop(user, follow.id, principal.by)
    return web.Response(status=204)


def _supervisor(context: RequestContext[Deps, Any], follow: Follow) -> User:
    user = context.deps.boards.directory.users.get(follow.supervisor.user_id)
    if user is None:
        raise errors.Forbidden("The supervisor of this follow has no account any more.")
    return user
