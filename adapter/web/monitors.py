"""Starting, switching and ending monitors. Answers say what Asterisk confirmed."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from adapter import errors
from adapter.core.audit import Action
from adapter.core.journal import hidden_by
from adapter.core.messages import CoachMessage
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.views import Json, Visibility, monitor_view, shown_id
from adapter.fleet.nodes import Acting, Nodes
from adapter.monitoring.boards import Boards
from adapter.monitoring.ports import StartRequest
from adapter.store.answers import Answers
from adapter.store.tokens import Token
from adapter.tasks import KeyedLocks
from adapter.web import answers
from adapter.web.access import monitors, starts
from adapter.web.acting import acts_for
from adapter.web.idempotency import HEADER, MEANING, once
from adapter.web.models import StartBody, SwitchBody
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    nodes: Nodes
    find: Callable[[str], Awaitable[Monitor | None]]
    """One monitor by its id, also an ended one."""
    answers: Answers
    """What was answered to requests with an Idempotency-Key."""
    locks: KeyedLocks
    on_switch: Callable[[float], None]
    """Told how many seconds a switch took, from the request to Asterisk's confirmation."""
    kept_messages: Callable[[str], Awaitable[Sequence[CoachMessage]]]
    """Messages of a monitor as they are kept after its end, oldest first."""
    patience: float = 0.0
    """Seconds that a request is waited for which another adapter may be carrying out."""


routes = Routes("monitors", Deps)

OF_START = (
    errors.NotFound,
    errors.Ambiguous,
    errors.OwnCall,
    errors.NotMonitorable,
    errors.Shielded,
    errors.AlreadyMonitoring,
    errors.CallNotActive,
    errors.CallEnded,
    errors.Conflict,
    errors.DeviceUnavailable,
    errors.PbxRefused,
    errors.PbxUnavailable,
    errors.PbxTimeout,
    errors.RecordUnavailable,
)
OF_SWITCH = (
    errors.NotFound,
    errors.Shielded,
    errors.NotLive,
    errors.CallEnded,
    errors.PbxRefused,
    errors.PbxUnavailable,
    errors.PbxTimeout,
    errors.RecordUnavailable,
)


def _view(principal: Principal, boards: Boards, monitor: Monitor) -> Json:
    sight = Visibility.EVERYTHING if principal.service else boards.visibility(principal.person, monitor, principal.who)
    return monitor_view(monitor, sight, principal.user)


def _request(body: StartBody) -> StartRequest:
    return StartRequest(body.call_id, body.agent_extension, body.customer_number, body.mode, body.device)


async def _about_start(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Whom a refused start was about, as far as the request says."""
    try:
        body = StartBody.model_validate(context.raw)
    except ValidationError:
        return {}
    about: dict[str, Any] = {"mode": body.mode, "supervisor": body.supervisor or context.principal.by.actor}
    if (meant := context.deps.nodes.meant(_request(body))) is not None:
        call, subject = meant
        about |= {"call_id": call.id, "conversation_id": call.conversation_id, "subject": subject}
    if isinstance(context.problem, errors.AlreadyMonitoring):
        about["conversation_id"] = _with_running(context.deps.boards, about)
    return about


def _with_running(boards: Boards, about: Mapping[str, Any]) -> str:
    """That somebody is busy monitoring is nothing for those whom they monitor either."""
    name = str(about["supervisor"]).casefold()
    ids = {user.id for user in boards.directory.users.values() if user.username.casefold() == name}
    running = (one.conversation_id for one in boards.monitors() if one.supervisor.user_id in ids)
    following = (one.conversation for one in boards.follows() if one.supervisor.user_id in ids)
    return " ".join(dict.fromkeys([*filter(None, [about.get("conversation_id")]), *running, *following]))


async def _about_monitor(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Which monitor a refused switch or end was about: the id that was asked for, and of what they see, the rest.

    An entry that told more would show to those who may read it whether there is one.
    """
    try:
        monitor = await seen(context)
    except errors.AdapterError:
        return {"target": context.part()}
    return {
        "monitor_id": monitor.id,
        "call_id": monitor.call_id,
        "conversation_id": hidden_by(monitor),
        "supervisor": monitor.supervisor.username,
        "subject": monitor.subject,
        "mode": context.body.mode if isinstance(context.body, SwitchBody) else None,
    }


async def _known(deps: Deps, monitor_id: str) -> Monitor | None:
    return deps.boards.monitor(monitor_id) or await deps.find(monitor_id)


async def _started_by(context: RequestContext[Deps, Any], service: Token) -> Monitor:
    monitor = await _known(context.deps, context.part())
    if monitor is None or monitor.token != service.id:
        raise errors.NotFound("There is no such monitor, or none that this token started.")
    return monitor


async def seen(context: RequestContext[Deps, Any]) -> Monitor:
    """The monitor that the path names, ended or not. Raises NotFound where there is none that they may see."""
    if context.principal.service is not None:
        return await _started_by(context, context.principal.service)
    named, boards, principal = context.part(), context.deps.boards, context.principal
    found = boards.monitor(named) or boards.talk(named)
    monitor = found or await context.deps.find(named)
    sight = boards.visibility(principal.person, monitor, principal.who) if monitor else Visibility.NOTHING
    if monitor is None or sight is Visibility.NOTHING or shown_id(monitor, sight) != named:
        if found is not None:
            await context.deps.find(named)  # a refusal takes as long whether there is something to hide or not
        raise errors.NotFound("There is no such monitor, or none that you may see.")
    return monitor


async def _acting(context: RequestContext[Deps, Any]) -> tuple[User, Acting, str]:
    """Whose rights count for a monitor that exists, who acts at its PBX, and its id. Raises NotFound, CallEnded."""
    monitor = await seen(context)
    supervision = context.deps.nodes.node_of(monitor).supervision
    if context.principal.service is None:
        return context.principal.person, supervision, monitor.id
    user = context.deps.boards.directory.users.get(monitor.supervisor.user_id)
    if user is None:
        raise errors.Forbidden("The supervisor of this monitor has no account any more.")
    return user, supervision, monitor.id


@routes.plain("GET", "/monitors", Returns(model=answers.Monitors), service=True)
async def list_monitors(context: RequestContext[Deps, None]) -> web.Response:
    """Those that are connecting or live and that one may see."""
    service = context.principal.service
    if service is None:
        found = context.deps.boards.visible(context.principal.person, context.principal.who)
    else:
        found = [monitor for monitor in context.deps.boards.monitors() if monitor.token == service.id]
    return web.json_response(
        {"monitors": [_view(context.principal, context.deps.boards, monitor) for monitor in found]}
    )


@routes.taking(
    "POST",
    "/monitors",
    StartBody,
    Returns(201, answers.Monitor, headers=["Location"]),
    starts,
    errors=OF_START,
    service=True,
    audit=Action.REQUESTED,
    about=_about_start,
    headers={HEADER: MEANING},
)
async def start_monitor(context: RequestContext[Deps, StartBody]) -> web.Response:
    """Ring the supervisor's phone and let it listen."""
    supervisor = acts_for(context.principal, context.deps.boards.directory, context.body.supervisor)
    request = _request(context.body)

    async def start(monitor_id: str) -> Json:
        try:
            node = context.deps.nodes.node_for(supervisor, request)
            monitor = await node.supervision.start(supervisor, request, context.principal.by, monitor_id)
        except errors.Ambiguous as problem:
            raise _for_service(context, problem) from None
        return _view(context.principal, context.deps.boards, monitor)

    async def started(monitor_id: str) -> Json | None:
        monitor = await _known(context.deps, monitor_id)
        return _view(context.principal, context.deps.boards, monitor) if monitor else None

    return await once(context, context.deps.answers, context.deps.locks, start, started, context.deps.patience)


def _for_service(context: RequestContext[Deps, Any], problem: errors.Ambiguous) -> errors.Ambiguous:
    """A service sees of the calls' monitors only its own, also in an error."""
    if context.principal.service is None:
        return problem
    found: Any = problem.extra.get("calls", ())
    calls = [{**call, "monitors": []} for call in found]
    return errors.Ambiguous(problem.detail, calls=calls)


@routes.plain("GET", "/monitors/{id}", Returns(model=answers.Monitor), errors=[errors.NotFound], service=True)
async def get_monitor(context: RequestContext[Deps, None]) -> web.Response:
    """One monitor, also an ended one."""
    monitor = await seen(context)
    return web.json_response(_view(context.principal, context.deps.boards, monitor))


@routes.taking(
    "PATCH",
    "/monitors/{id}",
    SwitchBody,
    Returns(model=answers.Monitor),
    monitors,
    errors=OF_SWITCH,
    service=True,
    audit=Action.MODE_CHANGED,
    about=_about_monitor,
)
async def switch_monitor(context: RequestContext[Deps, SwitchBody]) -> web.Response:
    """Another mode, in place; answered once Asterisk has confirmed it."""
    began = time.perf_counter()
    user, supervision, monitor_id = await _acting(context)
    monitor = await supervision.switch(user, monitor_id, context.body.mode, context.principal.by)
    context.deps.on_switch(time.perf_counter() - began)
    return web.json_response(_view(context.principal, context.deps.boards, monitor))


@routes.plain(
    "POST",
    "/monitors/{id}/takeover",
    Returns(model=answers.Monitor),
    monitors,
    errors=[*OF_SWITCH, errors.Conflict],
    service=True,
    audit=Action.ENDED,
    about=_about_monitor,
)
async def take_over(context: RequestContext[Deps, None]) -> web.Response:
    """From barge: stay with the customer and release the agent."""
    user, supervision, monitor_id = await _acting(context)
    monitor = await supervision.take_over(user, monitor_id, context.principal.by)
    return web.json_response(_view(context.principal, context.deps.boards, monitor))


@routes.plain(
    "DELETE",
    "/monitors/{id}",
    NOTHING,
    monitors,
    errors=[errors.NotFound, errors.PbxUnavailable, errors.PbxTimeout],
    service=True,
    audit=Action.ENDED,
    about=_about_monitor,
)
async def stop_monitor(context: RequestContext[Deps, None]) -> web.Response:
    """End it; answered once the leg is gone."""
    user, supervision, monitor_id = await _acting(context)
    await supervision.stop(user, monitor_id, context.principal.by)
    return web.Response(status=204)
