"""Asking for help in a call, and coming: the first who takes a request monitors that call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapter import errors
from adapter.core.audit import Action
from adapter.core.call import Call, CallState
from adapter.core.help import HelpRequest, HelpState
from adapter.core.help_views import HelpSight, help_view
from adapter.core.monitor import Monitor, Supervisor
from adapter.core.permissions import may_administer
from adapter.core.views import Visibility, monitor_view
from adapter.fleet.nodes import Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.help import HelpDesk
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import StartRequest
from adapter.web import answers
from adapter.web.access import starts
from adapter.web.models import HelpBody, TakeBody
from adapter.web.monitors import OF_START
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    nodes: Nodes
    policy: Policy
    desk: HelpDesk


class HelpAnswer(answers.Answer):
    """An agent's request for help in a call."""

    id: str
    pbx: str
    call_id: str
    agent: answers.Agent
    note: str | None
    state: HelpState
    created_at: answers.Time
    taken_at: answers.Time | None
    taken_by: answers.Named | None
    closed_at: answers.Time | None


class HelpList(answers.Answer):
    """Requests that are not closed, oldest first."""

    help: list[HelpAnswer]


routes = Routes("help", Deps)


def _sight(context: RequestContext[Deps, Any], request: HelpRequest) -> HelpSight:
    return context.deps.boards.help_sight(context.principal.person, request, context.principal.who)


def _seen(context: RequestContext[Deps, Any]) -> HelpRequest:
    """The request that the path names. Raises NotFound where it is closed, or they don't see it."""
    request = context.deps.boards.help.get(context.part())
    if request is None or _sight(context, request) is HelpSight.NOTHING:
        raise errors.NotFound("There is no such request for help, or none that you may see.")
    return request


async def _about(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Which request a refusal was about: only the id that was asked for, where they don't see it."""
    try:
        request = _seen(context)
    except errors.AdapterError:
        return {"target": context.part()}
    about = {"call_id": request.call_id, "conversation_id": request.conversation_id, "subject": request.subject}
    return {"target": request.id, **about}


async def _about_none(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    return {}


def _own_call(context: RequestContext[Deps, Any]) -> Call:
    """The call that they are in now; of several the active one, answered last. Raises CallNotActive."""
    boards, user = context.deps.boards, context.principal.person
    mine = [call for call in boards.calls() if call.agent.user_id == user.id and call.answered_at is not None]
    if not mine:
        context.deps.policy.need_pbx()
        raise errors.CallNotActive("You are in no call now.")
    return max(mine, key=lambda call: (call.state is CallState.ACTIVE, call.answered_at, call.id))


@routes.taking(
    "POST",
    "/help",
    HelpBody,
    Returns(201, HelpAnswer, headers=["Location"]),
    errors=[errors.NotMonitorable, errors.CallNotActive, errors.PbxUnavailable, errors.StoreUnavailable],
    audit=Action.HELP_REQUESTED,
    about=_about_none,
)
async def ask(context: RequestContext[Deps, HelpBody]) -> web.Response:
    """Ask supervisors for help in the call that you are in. Again in the same call: 200, the same request.

    One that was taken is open again then, whatever became of whoever took it.
    """
    call = _own_call(context)
    request, is_new = await context.deps.desk.ask(call, context.body.note, context.principal.by)
    view, location = help_view(request, _sight(context, request)), {"Location": f"/api/v1/help/{request.id}"}
    return web.json_response(view, status=201 if is_new else 200, headers=location)


@routes.plain("GET", "/help", Returns(model=HelpList))
async def list_help(context: RequestContext[Deps, None]) -> web.Response:
    """Those that one sees and that are not closed, oldest first.

    Supervisors see those of calls that they may see, agents their own.
    """
    seen = [(request, _sight(context, request)) for request in context.deps.boards.help.values()]
    seen.sort(key=lambda one: (one[0].created_at, one[0].id))
    views = [help_view(request, sight) for request, sight in seen if sight is not HelpSight.NOTHING]
    return web.json_response({"help": views})


@routes.taking(
    "POST",
    "/help/{id}/take",
    TakeBody,
    Returns(201, answers.Monitor, headers=["Location"]),
    starts,
    errors=[*OF_START, errors.AlreadyTaken, errors.StoreUnavailable],
    audit=Action.HELP_TAKEN,
    about=_about,
)
async def take(context: RequestContext[Deps, TakeBody]) -> web.Response:
    """Come to help: the first who takes it monitors that call, others get 409 `already_taken`.

    Who asked is told who comes; nobody else in the conversation is. A follow of theirs pauses for it: the phone
    that waits there, or listens, goes to this call, whatever `device` says, and follows again when this is over.
    """
    deps, body, principal = context.deps, context.body, context.principal
    user, request = principal.person, _seen(context)
    wanted = StartRequest(call_id=request.call_id, mode=body.mode, device=body.device, pauses_follow=True)
    call, _ = deps.policy.start(user, wanted)
    _need_free(deps.boards, user.id, call.pbx)
    if request.state is not HelpState.OPEN:
        raise errors.AlreadyTaken("Somebody else comes already.")

    async def start(monitor_id: str) -> Monitor:
        node = deps.nodes.node_for(user, wanted)
        return await node.supervision.start(user, wanted, principal.by, monitor_id)

    supervisor = Supervisor(user.id, user.name, user.username)
    monitor = await deps.desk.take(request, supervisor, principal.by, start)
    location = {"Location": f"/api/v1/monitors/{monitor.id}"}
    return web.json_response(monitor_view(monitor, Visibility.EVERYTHING), status=201, headers=location)


def _need_free(boards: Boards, user_id: str, pbx: str) -> None:
    """Only a follow at that PBX can pause: its leg is there. Raises AlreadyMonitoring."""
    monitors = [one for one in boards.monitors() if one.supervisor.user_id == user_id]
    follows = [one for one in boards.follows() if one.supervisor.user_id == user_id]
    if any(one.follow_id is None or one.pauses_follow for one in monitors):
        raise errors.AlreadyMonitoring("You are already monitoring a call. Stop that first.")
    if any(one.pbx != pbx for one in follows):
        raise errors.AlreadyMonitoring("You follow somebody at another PBX. Stop that first.")


@routes.plain(
    "DELETE",
    "/help/{id}",
    NOTHING,
    errors=[errors.NotFound, errors.StoreUnavailable],
    audit=Action.HELP_CLOSED,
    about=_about,
)
async def withdraw(context: RequestContext[Deps, None]) -> web.Response:
    """Help is no longer wanted: who asked, or an administrator. A monitor that runs goes on."""
    request, principal = _seen(context), context.principal
    user = principal.person
    if request.agent.user_id != user.id and not (may_administer(user) and principal.by.administers):
        raise errors.Forbidden("Only who asked for help, or an administrator, can take that back.")
    await context.deps.desk.close(request, principal.by)
    return web.Response(status=204)
