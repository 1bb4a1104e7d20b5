"""Pause monitoring of a conversation, as while a card number is read out, and resume it."""

from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, StrictInt

from adapter import errors
from adapter.core.audit import Action
from adapter.core.call import Call
from adapter.core.journal import subject_of
from adapter.core.permissions import may_administer, may_monitor_call
from adapter.core.shield import DEFAULT_SECONDS, LONGEST_SECONDS, ShieldRequest, holder_of
from adapter.core.views import Visibility, time_view
from adapter.monitoring.boards import Boards
from adapter.monitoring.shielddesk import ShieldDesk
from adapter.store.tokens import Scope
from adapter.web import answers
from adapter.web.access import Access
from adapter.web.calls import sight_of
from adapter.web.fields import Reason
from adapter.web.models import Body
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    desk: ShieldDesk


class ShieldBody(Body):
    """POST /calls/{id}/shield."""

    seconds: Annotated[StrictInt, Field(ge=1, le=LONGEST_SECONDS)] = Field(
        DEFAULT_SECONDS, description="For how long; less where the agent's team allows less."
    )
    reason: Reason | None = Field(None, description="For the audit and hooks.")


class ShieldedUntil(answers.Answer):
    """Monitoring is paused."""

    shielded_until: answers.Time


routes = Routes("shield", Deps)


def shields(principal: Principal, access: Access) -> None:
    """People, and tokens of those whose call it is or who administer, or with the scope for it."""
    if not (principal.has(Scope.SHIELD) or principal.has(Scope.MONITOR) or principal.administers):
        raise errors.Forbidden("This token's scopes don't allow this.")


def _may(principal: Principal, boards: Boards, call: Call) -> bool:
    """The agent of the call, administrators, and tokens with the scope for it, of calls of those they act for."""
    if principal.user is not None and call.agent.user_id == principal.user.id:
        return True
    if principal.administers or (principal.embed is not None and may_administer(principal.person)):
        return True
    if principal.token is None or not principal.has(Scope.SHIELD):
        return False
    people = principal.people(boards.directory)
    return any(call.agent.user_id == user.id or may_monitor_call(user, call) for user in people if user.active)


def _named(context: RequestContext[Deps, Any]) -> Call:
    """The call, which they may shield. Raises NotFound, Forbidden, PbxUnavailable."""
    boards, principal, call_id = context.deps.boards, context.principal, context.part()
    call = boards.call(call_id)
    if call is None and not boards.complete:
        raise errors.PbxUnavailable("The connection to the PBX is down, so no calls are known. Try again soon.")
    if call is not None and _may(principal, boards, call):
        return call
    if call is None or sight_of(principal, boards, call) is Visibility.NOTHING:
        raise errors.NotFound("This call does not exist, or you may not see it.")
    raise errors.Forbidden("Only the agent of the call, an administrator, or a token with the scope shield can.")


async def _about(context: RequestContext[Deps, Any]) -> dict[str, Any]:
    """Which call a refusal was about: only the id that was asked for, where they may not shield it."""
    try:
        call = _named(context)
    except errors.AdapterError:
        return {"target": context.part()}
    return {"call_id": call.id, "subject": subject_of(call, context.deps.boards.directory.users)}


def _whose(principal: Principal) -> tuple[str, str | None]:
    user_id = principal.user.id if principal.user is not None else None
    return holder_of(user_id, principal.token.id if principal.token else None), user_id


@routes.taking(
    "POST",
    "/calls/{id}/shield",
    ShieldBody,
    Returns(model=ShieldedUntil),
    shields,
    errors=[errors.NotFound, errors.ShieldLimit, errors.PbxUnavailable, errors.PbxTimeout],
    service=True,
    audit=Action.SHIELD_STARTED,
    about=_about,
)
async def shield_call(context: RequestContext[Deps, ShieldBody]) -> web.Response:
    """Pause monitoring of the whole conversation: when this is answered, nobody hears it through us.

    By the agent of the call, an administrator, or a token with the scope `shield`. Answered at a fixed time, whether
    anybody listened or not. Again while it holds: for as long from now on. Needs no record. 503 and 504 mean that
    Asterisk did not confirm it; it holds all the same, and begins to be shown as soon as that is confirmed.
    """
    call, body = _named(context), context.body
    holder, user_id = _whose(context.principal)
    request = ShieldRequest(
        conversation_id=call.conversation_id,
        call_id=call.id,
        holder=holder,
        user_id=user_id,
        seconds=body.seconds,
        reason=body.reason,
    )
    shield = await context.deps.desk.pause(call.pbx, request, context.principal.by)
    return web.json_response({"shielded_until": time_view(shield.until)})


@routes.plain(
    "DELETE",
    "/calls/{id}/shield",
    NOTHING,
    shields,
    errors=[errors.NotFound, errors.PbxUnavailable, errors.PbxTimeout],
    service=True,
    audit=Action.SHIELD_ENDED,
    about=_about,
)
async def unshield_call(context: RequestContext[Deps, None]) -> web.Response:
    """Resume it: who paused it, as far as they did, or the agent of the call, whoever did.

    Who listened listens again, silently. Where it is not paused, nothing is changed.
    """
    call = _named(context)
    holder, user_id = _whose(context.principal)
    await context.deps.desk.resume(call.pbx, call.conversation_id, holder, user_id, context.principal.by)
    return web.Response(status=204)
