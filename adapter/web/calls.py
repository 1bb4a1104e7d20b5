"""Calls as whoever asks may see them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from aiohttp import web
from pydantic import Field, model_validator

from adapter.core.call import Call
from adapter.core.views import Json, Visibility, call_view, call_visibility, named_pbx_view, pbx_view
from adapter.errors import Forbidden, NotFound, PbxUnavailable
from adapter.monitoring.boards import Boards
from adapter.monitoring.lookup import Known, matching
from adapter.web import answers
from adapter.web.access import monitors
from adapter.web.fields import Identifier, PhoneNumber
from adapter.web.models import Body
from adapter.web.principal import Principal
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    country: str = ""
    """ISO 3166 code of numbers without a country code."""
    key: bytes = field(default=b"", repr=False)
    """The installation's, by which ids are made opaque."""


class CallsByQuery(Body):
    """GET /calls/by: exactly one of these."""

    number: PhoneNumber | None = Field(None, description="The customer's, compared as a number.")
    linkedid: Identifier | None = Field(None, description="Asterisk's id of the conversation.")
    uniqueid: Identifier | None = Field(None, description="Asterisk's id of the agent's or the customer's channel.")
    call_id: Identifier | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("give exactly one of number, linkedid, uniqueid and call_id")
        return self


class FoundCalls(answers.Answer):
    """Calls that are meant."""

    calls: list[answers.Call]


routes = Routes("calls", Deps)


def sight_of(principal: Principal, boards: Boards, call: Call) -> Visibility:
    """How much of a call they see. Of its monitors a service sees only those that it started, whole."""
    if principal.service is not None:
        return Visibility.EVERYTHING if principal.monitors_call(boards.directory, call) else Visibility.NOTHING
    barred = boards.bars.barred(principal.who, call.conversation_id)
    return call_visibility(principal.person, call, barred=barred)


def seen(principal: Principal, boards: Boards, call: Call) -> Json | None:
    """A call as they see it; None where they don't. A CRM's frame has of its monitors the supervisor's own."""
    sight, monitors = sight_of(principal, boards, call), boards.monitors_on(call.id)
    if (service := principal.service) is not None:
        monitors = [monitor for monitor in monitors if monitor.token == service.id]
    if (embed := principal.embed) is not None:
        monitors = [monitor for monitor in monitors if monitor.supervisor.user_id == embed.user_id]
    if service is not None or embed is not None:
        call = replace(call, talk=None)  # whoever is behind it may be in the conversation
    return None if sight is Visibility.NOTHING else call_view(call, monitors, sight)


def named(principal: Principal, boards: Boards, call_id: str) -> tuple[Call, Visibility]:
    """A call by its id, and how much of it they see. Raises NotFound where that is nothing.

    While the PBX is out of sight nobody can say that a call is not there: then it raises PbxUnavailable.
    """
    call = boards.call(call_id)
    if call is None and not boards.complete:
        raise PbxUnavailable("The connection to the PBX is down, so no calls are known. Try again soon.")
    sight = sight_of(principal, boards, call) if call else Visibility.NOTHING
    if call is None or sight is Visibility.NOTHING:
        raise NotFound("This call does not exist, or you may not see it.")
    return call, sight


@routes.plain("GET", "/calls", Returns(model=answers.Calls), service=True)
async def list_calls(context: RequestContext[Deps, None]) -> web.Response:
    """All calls that one may see, oldest first; the state of each PBX, and of the worst of them."""

    def views() -> Iterator[Json]:
        for call in sorted(context.deps.boards.calls(), key=lambda call: call.started_at):
            if view := seen(context.principal, context.deps.boards, call):
                yield view

    boards = context.deps.boards
    pbxs = [named_pbx_view(board.id, board.name, board.pbx_state) for board in boards]
    return web.json_response({"calls": list(views()), "pbx": pbx_view(boards.pbx_state), "pbxs": pbxs})


@routes.plain(
    "GET", "/calls/by", Returns(model=FoundCalls), service=True, errors=[PbxUnavailable, Forbidden], query=CallsByQuery
)
async def calls_by(context: RequestContext[Deps, None]) -> web.Response:
    """The calls that another program means, as far as one may see them: for a link that opens one, and for frames.

    By exactly one of the customer's number, Asterisk's linkedid or uniqueid, and the call's id; oldest first. Those
    that ring are among them. While the PBX is out of sight nobody can say that there are none: 503.

    By Asterisk's own ids only services, and those who may monitor and are in no conversation: Asterisk counts with
    them, so who looks one's own channel up again and again would see that there was a leg between.
    """
    deps, known = context.deps, Known(**context.query(CallsByQuery).model_dump())
    if (known.linkedid or known.uniqueid) and context.principal.service is None:
        monitors(context.principal, context.access)
        if context.access.is_barred(context.principal):
            raise Forbidden("You are in a conversation: Asterisk's ids are not looked up until it is over.")
    found = [seen(context.principal, deps.boards, one) for one in matching(deps.boards, known, deps.country, deps.key)]
    calls = [one for one in found if one is not None]
    if not calls and not deps.boards.complete:
        raise PbxUnavailable("The connection to the PBX is down, so no calls are known. Try again soon.")
    return web.json_response({"calls": calls})


@routes.plain("GET", "/calls/{id}", Returns(model=answers.Call), errors=[NotFound, PbxUnavailable], service=True)
async def get_call(context: RequestContext[Deps, None]) -> web.Response:
    """One call. While the PBX is out of sight nobody can say that a call is not there: 503."""
    call, _ = named(context.principal, context.deps.boards, context.part())
    return web.json_response(seen(context.principal, context.deps.boards, call))
