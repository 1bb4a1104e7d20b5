"""Text between a supervisor and the agent whom they talk to, while the agent knows of the supervisor."""

import uuid
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from adapter import errors
from adapter.core.message_views import message_view
from adapter.core.messages import CoachMessage, MessageRequest, Sender, message_id
from adapter.core.monitor import Monitor
from adapter.core.permissions import may_administer
from adapter.monitoring.coachmessages import NOBODY_TALKS
from adapter.web import answers
from adapter.web.access import anybody, monitors
from adapter.web.calls import named
from adapter.web.fields import Identifier, Message
from adapter.web.idempotency import HEADER, LONGEST, key_of
from adapter.web.models import Body
from adapter.web.monitors import Deps, seen
from adapter.web.routes import RequestContext, Returns, Routes

MEANING = (
    f"Any string of at most {LONGEST} characters that identifies this message: repeated while the talk goes on, "
    "nothing is sent again, and it gets the same answer."
)


class MessageBody(Body):
    """POST /monitors/{id}/messages."""

    text: Message


class AnswerBody(Body):
    """POST /calls/{id}/messages."""

    text: Message
    monitor_id: Identifier | None = Field(
        None, description="Of the talk that is answered; needed where several supervisors talk at once."
    )


class MessageAnswer(answers.Answer):
    """A message between a supervisor and the agent whom they talk to."""

    id: str
    monitor_id: str = Field(description="The supervisor's monitor; to the agent, the talk.")
    call_id: str
    at: answers.Time
    sender: Sender = Field(alias="from")
    author: answers.Named
    text: str


class MessageList(answers.Answer):
    """Messages, oldest first; of a monitor that runs the last 200, of one that has ended the last 1000."""

    messages: list[MessageAnswer]


routes = Routes("messages", Deps)
OF_SENDING = (
    *(errors.NotFound, errors.NotTalking, errors.CallEnded, errors.TooManyRequests),
    *(errors.PbxUnavailable, errors.PbxTimeout, errors.RecordUnavailable),
)


async def _send(
    context: RequestContext[Deps, Any], monitor: Monitor, sender: Sender, text: str, key: str | None
) -> web.Response:
    user, talk = context.principal.person, monitor.talk if sender is Sender.AGENT else ""
    new = uuid.uuid4().hex if key is None else message_id(user.id, talk or monitor.id, key)
    request = MessageRequest(id=new, sender=sender, text=text, talk=talk)
    messaging = context.deps.nodes.node_of(monitor).coach_messages
    message = await messaging.send(user, monitor.id, request, context.principal.by)
    return web.json_response(message_view(message, user), status=201)


def _listed(context: RequestContext[Deps, Any], of_monitors: list[Monitor]) -> web.Response:
    user, who, boards = context.principal.person, context.principal.who, context.deps.boards
    found = [message for monitor in of_monitors for message in boards.messages(user, monitor, who)]
    found.sort(key=_when)
    return web.json_response({"messages": [message_view(message, user) for message in found]})


def _when(message: CoachMessage) -> datetime:
    return message.at


async def _kept(context: RequestContext[Deps, Any], monitor: Monitor) -> web.Response:
    """Those of a monitor that has ended, where they are kept. Raises Forbidden, PbxUnavailable, StoreUnavailable."""
    context.access.need_sight()
    principal, user = context.principal, context.principal.person
    if monitor.supervisor.user_id != user.id:
        if not (may_administer(user) and principal.by.administers):
            raise errors.Forbidden("Only the supervisor whose monitor it was, and administrators, see these messages.")
        if monitor.agent_id == user.id:
            raise errors.Forbidden("Ask another administrator: nobody reads what was kept about themselves.")
    found = [one for one in await context.deps.kept_messages(monitor.id) if one.agent_id != user.id]
    return web.json_response({"messages": [message_view(message, user) for message in found]})


@routes.plain(
    "GET",
    "/monitors/{id}/messages",
    Returns(model=MessageList),
    anybody,
    errors=[errors.NotFound, errors.PbxUnavailable],
)
async def list_monitor_messages(context: RequestContext[Deps, None]) -> web.Response:
    """Messages of a monitor that runs: to its supervisor all of them, to the agent those of the talk that goes on.

    Of one that has ended to its supervisor, and to administrators but the agent, where the configuration has them
    kept; else there are none.
    """
    monitor, user = await seen(context), context.principal.person
    if monitor.ended:
        return await _kept(context, monitor)
    talking_to = context.deps.boards.call(monitor.call_id)
    is_agent = talking_to is not None and talking_to.agent.user_id == user.id
    if monitor.supervisor.user_id != user.id and not is_agent:
        raise errors.Forbidden("Only the supervisor whose monitor it is, and the agent, see these messages.")
    return _listed(context, [monitor])


@routes.taking(
    "POST",
    "/monitors/{id}/messages",
    MessageBody,
    Returns(201, MessageAnswer),
    monitors,
    errors=[*OF_SENDING, errors.Shielded, errors.NotLive],
    headers={HEADER: MEANING},
)
async def send_to_agent(context: RequestContext[Deps, MessageBody]) -> web.Response:
    """Send the agent a message, while you talk to them: only the supervisor whose monitor it is.

    409 `not_talking` while you are silent: the agent does not know of you then.
    """
    key, monitor = key_of(context.request), await seen(context)
    if monitor.supervisor.user_id != context.principal.person.id:
        raise errors.Forbidden("Only the supervisor whose monitor it is can do this.")
    return await _send(context, monitor, Sender.SUPERVISOR, context.body.text, key)


@routes.plain(
    "GET",
    "/calls/{id}/messages",
    Returns(model=MessageList),
    anybody,
    errors=[errors.NotFound, errors.PbxUnavailable],
)
async def list_call_messages(context: RequestContext[Deps, None]) -> web.Response:
    """Messages of a call's monitors that you see: as the agent those of talks that go on, as a supervisor your own."""
    call, _ = named(context.principal, context.deps.boards, context.part())
    return _listed(context, list(context.deps.boards.monitors_on(call.id)))


@routes.taking(
    "POST",
    "/calls/{id}/messages",
    AnswerBody,
    Returns(201, MessageAnswer),
    anybody,
    errors=[*OF_SENDING, errors.Ambiguous],
    headers={HEADER: MEANING},
)
async def send_to_supervisor(context: RequestContext[Deps, AnswerBody]) -> web.Response:
    """Send the supervisor who talks to you a message: only the agent of the call.

    409 `not_talking` while nobody talks to you.
    """
    principal, boards, body, key = context.principal, context.deps.boards, context.body, key_of(context.request)
    call, _ = named(principal, boards, context.part())
    if call.agent.user_id != principal.person.id:
        raise errors.Forbidden("Only the agent of the call can do this.")
    talking = boards.talking_to(principal.person, call, principal.who)
    if body.monitor_id is not None:
        talking = [monitor for monitor in talking if monitor.talk == body.monitor_id]
    if not talking:
        raise errors.NotTalking(NOBODY_TALKS)
    if len(talking) > 1:
        raise errors.Ambiguous("Several supervisors talk to you. Say by monitor_id whom you answer.")
    return await _send(context, talking[0], Sender.AGENT, body.text, key)
