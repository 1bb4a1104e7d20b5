"""One way through every route, so that the contract's order of refusals holds everywhere:

who is asking (401, foreign origin 403) → is it JSON (400) → may they at all (403) → is it right (422) → the handler.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapter.board import Board
from adapter.core.people import User
from adapter.core.permissions import may_administer, may_monitor
from adapter.errors import Forbidden, Malformed, NotAuthenticated
from adapter.monitoring import Monitoring
from adapter.store import Store
from adapter.web.auth import SessionCache, Who, check_origin, token_of
from adapter.web.problems import invalid
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle

MAX_BODY = 64 * 1024
"""Bytes of a request's body; no object of the contract comes near."""

BodyT = TypeVar("BodyT", bound=BaseModel)
Right = Callable[[User], bool]


@dataclass(frozen=True, slots=True)
class Web:
    """What the routes work with."""

    board: Board
    monitoring: Monitoring
    store: Store
    streams: Streams
    sessions: SessionCache
    throttle: Throttle
    clock: Callable[[], datetime]
    problems: Callable[[], Awaitable[list[str]]]
    """What is not usable now; empty when the adapter is ready."""
    secure_cookies: bool = False
    public_origin: str | None = None


WEB = web.AppKey("web", Web)


def anybody(user: User) -> bool:
    """Every person with an account."""
    return True


async def asking(request: web.Request) -> Who:
    """The person behind the request. Raises NotAuthenticated, or Forbidden for another site's page."""
    deps = request.app[WEB]
    session = await deps.sessions.find(token_of(request), deps.clock())
    user = deps.board.directory.users.get(session.user_id) if session else None
    if session is None or user is None or not user.active:
        raise NotAuthenticated("Your session is over. Sign in again.")
    check_origin(request, deps.public_origin)
    return Who(user, session)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Malformed."""
    try:
        value = json.loads(await request.text(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError, LookupError) as problem:
        raise Malformed(f"The body is no JSON: {problem}") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def validate(model: type[BodyT], value: dict[str, Any]) -> BodyT:
    """The body as its model. Raises Invalid."""
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        raise invalid(problem) from None


async def enter(request: web.Request, right: Right = anybody) -> Who:
    """A request without a body: who is asking, and may they."""
    who = await asking(request)
    _need(who, right)
    return who


async def enter_with(request: web.Request, model: type[BodyT], right: Right = anybody) -> tuple[Who, BodyT]:
    """A request with a body, checked in the contract's order."""
    who = await asking(request)
    value = await read_object(request)
    _need(who, right)
    return who, validate(model, value)


def _need(who: Who, right: Right) -> None:
    if right(who.user):
        return
    if right is may_administer:
        raise Forbidden("Only administrators may do this.")
    if right is may_monitor:
        raise Forbidden("You may not monitor calls. An administrator can give you the right.")
    raise Forbidden("You may not do this.")
