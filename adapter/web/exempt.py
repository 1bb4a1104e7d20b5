"""Do not monitor: whom nobody may listen to, for administrators; and one call, for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapter.core.audit import Action
from adapter.core.journal import subject_of
from adapter.core.unmonitored import Exempt, ExemptCall
from adapter.core.views import Json
from adapter.errors import Forbidden, Invalid, NotFound, PbxUnavailable
from adapter.monitoring.boards import Boards
from adapter.monitoring.e164 import listed
from adapter.monitoring.unmonitored import ExemptRules
from adapter.store.exempt import ExemptStore
from adapter.web.access import Access, administers
from adapter.web.answers import Answer
from adapter.web.calls import named
from adapter.web.models import ExemptBody
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    store: ExemptStore
    rules: ExemptRules
    country: str
    """ISO 3166 code for numbers without a country code."""


class DoNotMonitor(Answer):
    """Whom nobody may monitor."""

    numbers: list[str]
    user_ids: list[str]


routes = Routes("do not monitor", Deps)


def programs(principal: Principal, access: Access) -> None:
    """Administrators, and services that may start monitors: what they say here can only prevent some."""
    if principal.service is None:
        administers(principal, access)
    elif not principal.monitors(access.boards.directory):
        raise Forbidden("This token may not do this.")


def _view(exempt: Exempt) -> Json:
    return {"numbers": list(exempt.numbers), "user_ids": list(exempt.people)}


def _numbers(given: Iterable[str], country: str) -> list[str]:
    """As they are kept. Raises Invalid."""
    found = []
    for place, entry in enumerate(given):
        try:
            found.append(listed(entry, country))
        except ValueError as problem:
            raise Invalid.at(f"numbers.{place}", f"{entry}: {problem}", "number_form") from None
    return found


@routes.plain("GET", "/do-not-monitor", Returns(model=DoNotMonitor), administers)
async def get_exempt(context: RequestContext[Deps, None]) -> web.Response:
    """Numbers, beginnings of numbers, and people whom nobody may monitor, administrators neither."""
    exempt, _ = await context.deps.store.load()
    return web.json_response(_view(exempt))


@routes.taking(
    "PUT",
    "/do-not-monitor",
    ExemptBody,
    Returns(model=DoNotMonitor),
    administers,
    audit=Action.DO_NOT_MONITOR_CHANGED,
)
async def put_exempt(context: RequestContext[Deps, ExemptBody]) -> web.Response:
    """Replace them. In force when this is answered: calls with them say `monitorable: false`, and monitors end.

    The whole conversation counts: whoever hears one call of it hears everybody in it. A list that is missing stays.
    """
    deps, body, given = context.deps, context.body, context.body.model_fields_set
    known = deps.boards.directory.users
    if unknown := [one for one in body.user_ids if one not in known]:
        raise Invalid.at("user_ids", f"there is no account with the id {unknown[0]}", "unknown_user")
    before, _ = await deps.store.load()
    numbers = _numbers(body.numbers, deps.country) if "numbers" in given else before.numbers
    people = body.user_ids if "user_ids" in given else before.people
    exempt = await deps.store.put(numbers, people, context.principal.by)
    await deps.rules.take(exempt)
    return web.json_response(_view(exempt))


async def _mark(context: RequestContext[Deps, Any], *, exempt: bool) -> web.Response:
    deps = context.deps
    call, _ = named(context.principal, deps.boards, context.part())
    marked = ExemptCall(call.conversation_id, call.id, call.pbx, context.access.clock())
    subject = subject_of(call, deps.boards.directory.users)
    await deps.store.put_call(marked, subject, context.principal.by, exempt=exempt)
    await deps.rules.take_call(marked, exempt=exempt)
    return web.Response(status=204)


OF_CALL: dict[str, Any] = {
    "errors": [NotFound, PbxUnavailable],
    "service": True,
    "audit": Action.DO_NOT_MONITOR_CHANGED,
}


@routes.plain("PUT", "/calls/{id}/do-not-monitor", NOTHING, programs, **OF_CALL)
async def exempt_call(context: RequestContext[Deps, None]) -> web.Response:
    """Nobody may monitor this conversation from now on, through transfers, until it is over. For a service's token.

    For programs that know during a call that it must not be heard. Again is no change.
    """
    return await _mark(context, exempt=True)


@routes.plain("DELETE", "/calls/{id}/do-not-monitor", NOTHING, programs, **OF_CALL)
async def allow_call(context: RequestContext[Deps, None]) -> web.Response:
    """Take that back. What numbers and people say (`/do-not-monitor`) holds on."""
    return await _mark(context, exempt=False)
