"""Starting, switching and ending monitors. Answers say what Asterisk confirmed."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from adapter import errors
from adapter.core.audit import Action
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.views import Json, Sight, monitor_view
from adapter.monitoring.policy import StartWish
from adapter.store.tokens import Token
from adapter.web import answers
from adapter.web.api import Web, monitors
from adapter.web.auth import Who
from adapter.web.idempotency import HEADER, MEANING, once
from adapter.web.models import StartBody, SwitchBody
from adapter.web.routes import NOTHING, Ask, Returns, Routes

routes = Routes("monitors")

OF_START = (
    errors.NotFound,
    errors.Ambiguous,
    errors.OwnCall,
    errors.AlreadyMonitoring,
    errors.CallNotActive,
    errors.CallEnded,
    errors.DeviceUnavailable,
    errors.PbxRefused,
    errors.PbxUnavailable,
    errors.PbxTimeout,
)
OF_SWITCH = (
    errors.NotFound,
    errors.NotLive,
    errors.CallEnded,
    errors.PbxRefused,
    errors.PbxUnavailable,
    errors.PbxTimeout,
)


def _view(who: Who, deps: Web, monitor: Monitor) -> Json:
    sight = Sight.EVERYTHING if who.service else deps.board.sight(who.person, monitor)
    return monitor_view(monitor, sight)


def _wish(body: StartBody) -> StartWish:
    return StartWish(body.call_id, body.agent_extension, body.customer_number, body.mode, body.device)


async def _about_start(ask: Ask[Any]) -> Mapping[str, Any]:
    """Whom a refused start was about, as far as the request says."""
    try:
        body = StartBody.model_validate(ask.raw)
    except ValidationError:
        return {}
    about: dict[str, Any] = {"mode": body.mode, "supervisor": body.supervisor or ask.who.by.actor}
    if (meant := ask.deps.monitoring.meant(_wish(body))) is not None:
        call, subject = meant
        about |= {"call_id": call.id, "conversation_id": call.conversation_id, "subject": subject}
    return about


async def _about_monitor(ask: Ask[Any]) -> Mapping[str, Any]:
    """Which monitor a refused switch or end was about."""
    monitor = await _known(ask.deps, ask.part())
    if monitor is None:
        return {}
    return {
        "monitor_id": monitor.id,
        "call_id": monitor.call_id,
        "conversation_id": monitor.conversation_id,
        "supervisor": monitor.supervisor.username,
        "subject": monitor.subject,
        "mode": ask.body.mode if isinstance(ask.body, SwitchBody) else None,
    }


async def _known(deps: Web, monitor_id: str) -> Monitor | None:
    return deps.board.monitor(monitor_id) or await deps.recorder.find(monitor_id)


def _supervisor(ask: Ask[StartBody]) -> User:
    """Whose rights count. Raises Invalid and Forbidden."""
    service, name = ask.who.service, ask.body.supervisor
    if service is None:
        if name is not None:
            raise errors.Forbidden("Only a service token names the supervisor whom it acts for.")
        return ask.who.person
    if name is None:
        raise errors.Invalid("supervisor: a service token must name whom it acts for.")
    users = (ask.deps.board.directory.users.get(user_id) for user_id in service.may_act_for)
    found = next((user for user in users if user and user.username.casefold() == name.casefold()), None)
    if found is None or not found.active:
        raise errors.Forbidden("This token may not act for that supervisor.")
    return found


async def _started_by(ask: Ask[Any], service: Token) -> Monitor:
    monitor = await _known(ask.deps, ask.part())
    if monitor is None or monitor.token != service.id:
        raise errors.NotFound("There is no such monitor, or none that this token started.")
    return monitor


async def _acting(ask: Ask[Any]) -> User:
    """Whose rights count for a monitor that exists. Raises NotFound for a service that did not start it."""
    if ask.who.service is None:
        return ask.who.person
    monitor = await _started_by(ask, ask.who.service)
    user = ask.deps.board.directory.users.get(monitor.supervisor.user_id)
    if user is None:
        raise errors.Forbidden("The supervisor of this monitor has no account any more.")
    return user


@routes.plain("GET", "/monitors", Returns(model=answers.Monitors), service=True)
async def list_monitors(ask: Ask[None]) -> web.Response:
    """Those that are connecting or live and that one may see."""
    service = ask.who.service
    if service is None:
        found = ask.deps.monitoring.visible(ask.who.person)
    else:
        found = [monitor for monitor in ask.deps.board.monitors() if monitor.token == service.id]
    return web.json_response({"monitors": [_view(ask.who, ask.deps, monitor) for monitor in found]})


@routes.taking(
    "POST",
    "/monitors",
    StartBody,
    Returns(201, answers.Monitor, headers=["Location"]),
    monitors,
    errors=OF_START,
    service=True,
    audit=Action.REQUESTED,
    about=_about_start,
    headers={HEADER: MEANING},
)
async def start_monitor(ask: Ask[StartBody]) -> web.Response:
    """Ring the supervisor's phone and let it listen."""
    supervisor = _supervisor(ask)

    async def start(monitor_id: str) -> Json:
        try:
            monitor = await ask.deps.monitoring.start(supervisor, _wish(ask.body), ask.who.by, monitor_id)
        except errors.Ambiguous as problem:
            raise _for_service(ask, problem) from None
        return _view(ask.who, ask.deps, monitor)

    async def started(monitor_id: str) -> Json | None:
        monitor = await _known(ask.deps, monitor_id)
        return _view(ask.who, ask.deps, monitor) if monitor else None

    return await once(ask, start, started)


def _for_service(ask: Ask[Any], problem: errors.Ambiguous) -> errors.Ambiguous:
    """A service sees of the calls' monitors only its own, also in an error."""
    if ask.who.service is None:
        return problem
    found: Any = problem.extra.get("calls", ())
    calls = [{**call, "monitors": []} for call in found]
    return errors.Ambiguous(problem.detail, calls=calls)


@routes.plain("GET", "/monitors/{id}", Returns(model=answers.Monitor), errors=[errors.NotFound], service=True)
async def get_monitor(ask: Ask[None]) -> web.Response:
    """One monitor, also an ended one."""
    if ask.who.service:
        monitor = await _started_by(ask, ask.who.service)
    else:
        monitor = await ask.deps.monitoring.find(ask.who.person, ask.part())
    return web.json_response(_view(ask.who, ask.deps, monitor))


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
async def switch_monitor(ask: Ask[SwitchBody]) -> web.Response:
    """Another mode, in place; answered once Asterisk has confirmed it."""
    user, started = await _acting(ask), ask.deps.metrics.start()
    monitor = await ask.deps.monitoring.switch(user, ask.part(), ask.body.mode, ask.who.by)
    ask.deps.metrics.switched(started)
    return web.json_response(_view(ask.who, ask.deps, monitor))


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
async def take_over(ask: Ask[None]) -> web.Response:
    """From barge: stay with the customer and release the agent."""
    user = await _acting(ask)
    monitor = await ask.deps.monitoring.take_over(user, ask.part(), ask.who.by)
    return web.json_response(_view(ask.who, ask.deps, monitor))


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
async def stop_monitor(ask: Ask[None]) -> web.Response:
    """End it; answered once the leg is gone."""
    user = await _acting(ask)
    await ask.deps.monitoring.stop(user, ask.part(), ask.who.by)
    return web.Response(status=204)
