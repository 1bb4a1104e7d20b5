"""What the routes work with, and who may ask for what."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapter.core.pbx import LinkState
from adapter.errors import Forbidden, Malformed, NotAuthenticated
from adapter.health.metrics import Metrics
from adapter.monitoring.board import Board
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.supervise import Supervision
from adapter.phones.browser import BrowserPhones
from adapter.store import Store
from adapter.store.sessions import Session
from adapter.store.tokens import Scope, Token
from adapter.tasks import BackgroundTasks, KeyedLocks
from adapter.web.auth import Principal, TtlCache, bearer_of, by_session, by_token, cookie_of
from adapter.web.ice import Ice
from adapter.web.problems import invalid
from adapter.web.proxy import ProxyPolicy, is_browser
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard

MAX_BODY = 64 * 1024
"""Bytes of a request's body; no object of the contract comes near."""

BODY_DEADLINE = 10.0
"""Seconds in which a request's body must have come; one of our size takes a moment, also over a slow line."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Web:
    """What the routes work with."""

    board: Board
    monitoring: Supervision
    recorder: Recorder
    store: Store
    streams: Streams
    dispatcher: Dispatcher
    guard: Guard
    metrics: Metrics
    throttle: Throttle
    clock: Callable[[], datetime]
    problems: Callable[[], Awaitable[list[str]]]
    """What is not usable now; empty when the adapter is ready."""
    sessions: TtlCache[Session]
    tokens: TtlCache[Token]
    secure_cookies: bool = False
    proxies: ProxyPolicy = field(default_factory=ProxyPolicy)
    turns: KeyedLocks = field(default_factory=KeyedLocks)
    softphones: BrowserPhones | None = None
    """None where pages are no phones."""
    softphone_tasks: BackgroundTasks = field(default_factory=lambda: BackgroundTasks("sip sockets"))
    ice: Ice = field(default_factory=Ice)
    sip_upstream: str = ""
    """Asterisk's WebSocket."""
    sip_tls: ssl.SSLContext | None = None
    """Whom to believe there; None where it is reached without TLS."""

    def hidden_from(self, principal: Principal) -> list[str]:
        """Conversations of which this person is not to see any monitoring now: those that they are in."""
        return sorted(self.recorder.ledger.conversations_of(principal.user.id)) if principal.user else []


WEB = web.AppKey("web", Web)

Right = Callable[[Principal, Web], None]
"""Raises Forbidden for whoever may not."""


def anybody(principal: Principal, deps: Web) -> None:
    """Everybody with an account; of tokens, those that are for monitoring."""
    if not principal.has(Scope.MONITOR):
        raise Forbidden("This token's scopes do not reach here.")


def in_person(principal: Principal, deps: Web) -> None:
    """Only a person at the page."""
    if principal.session is None:
        raise Forbidden("Only a person who is signed in may do this, not a token.")


def monitors(principal: Principal, deps: Web) -> None:
    """Whoever may monitor."""
    if not principal.monitors(deps.board.directory):
        raise Forbidden("You may not monitor calls. An administrator can give you the right.")


def administers(principal: Principal, deps: Web) -> None:
    """Administrators; of their tokens, those with the scope for it."""
    if not principal.administers:
        raise Forbidden("Only administrators may do this; a token needs the scope admin for it.")


async def asking(request: web.Request) -> Principal:
    """Whoever is behind the request. Raises NotAuthenticated, or Forbidden for another site's page."""
    deps = request.app[WEB]
    secret = bearer_of(request)
    return await _by_cookie(request, deps) if secret is None else await _by_token(secret, deps)


async def _by_cookie(request: web.Request, deps: Web) -> Principal:
    session = await deps.sessions.find(cookie_of(request), deps.clock())
    user = deps.board.directory.users.get(session.user_id) if session else None
    if session is None or user is None or not user.active:
        raise NotAuthenticated("Your session is over. Sign in again.")
    deps.proxies.check_origin(request)
    return Principal(user, session, None, by_session(user))


async def _by_token(secret: str, deps: Web) -> Principal:
    now = deps.clock()
    token = await deps.tokens.find(secret, now)
    if token is None or (token.expires_at is not None and token.expires_at <= now):
        raise NotAuthenticated("This token is unknown, revoked or expired.")
    if token.user_id is None:
        return Principal(None, None, token, by_token(token, None))
    user = deps.board.directory.users.get(token.user_id)
    if user is None or not user.active:
        raise NotAuthenticated("This token's user is not active.")
    return Principal(user, None, token, by_token(token, user))


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object (RFC 8259: UTF-8, whatever else the request says). Raises Malformed.

    A page must say that it sends JSON: no form of another site's can. Compressed bodies are not unpacked, so that a
    small one can't become a large one.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Malformed("Compressed bodies are not taken; send the JSON as it is.")
    if is_browser(request) and request.content_type != "application/json":
        raise Malformed("Send Content-Type: application/json.")
    return parse_object(await _read(request))


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object, without what parsers disagree about: keys that appear twice, NaN. Raises Malformed."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"The body is no JSON: {problem}") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


async def _read(request: web.Request) -> bytes:
    """The body, if it comes in time and is not too large."""
    try:
        return await asyncio.wait_for(request.read(), BODY_DEADLINE)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError as problem:
        raise Malformed(f"The body is broken: {problem}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def validate(model: type[ModelT], value: dict[str, Any]) -> ModelT:
    """The body or the query as its model. Raises Invalid."""
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        raise invalid(problem) from None


def is_connected(deps: Web) -> bool:
    """Whether the PBX is in sight."""
    return deps.board.pbx_state.state is LinkState.CONNECTED
