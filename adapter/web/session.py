"""Signing in and out, one's own password, and the first administrator's setup."""

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.passwords import Weak, is_name
from adapter.core.people import Role, User
from adapter.core.views import user_view
from adapter.errors import Invalid, NotAuthenticated, TooManyRequests
from adapter.fleet.people import KnownPeople
from adapter.monitoring.boards import Boards
from adapter.store.audit import Audit
from adapter.store.guesses import Guesses
from adapter.store.installation import Installation
from adapter.store.people import Checked, NewUser, People
from adapter.store.sessions import Sessions
from adapter.tasks import KeyedLocks
from adapter.web import answers
from adapter.web.access import in_person
from adapter.web.models import Login, PasswordChange, Setup
from adapter.web.principal import COOKIE, by_session
from adapter.web.revocation import Revocation
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes
from adapter.web.throttle import FORGET, Throttle, is_shared


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    people: People
    accounts: KnownPeople
    sessions: Sessions
    audit: Audit
    installation: Installation
    throttle: Throttle
    locks: KeyedLocks
    revocation: Revocation
    secure_cookies: bool
    """Whether cookies are marked Secure also where we can't see the TLS."""
    guesses: Guesses | None = None
    """Where several adapters count wrong passwords together."""


routes = Routes("session", Deps)
QUEUE = 500
"""Tries of secrets that may wait for their turn."""
SETUP = "the setup token"
"""Stands for a name where the setup token is tried; it has spaces, so nobody has it."""
SIGNED_IN = Returns(model=answers.OneUser, headers=["Set-Cookie"])


@routes.taking("POST", "/session", Login, SIGNED_IN, None, errors=[NotAuthenticated, TooManyRequests])
async def sign_in(context: RequestContext[Deps, Login]) -> web.Response:
    """Check name and password; begin a session."""
    deps, body = context.deps, context.body
    context.access.proxies.check_origin(context.request)
    async with _trying(context, body.username):
        checked = await deps.people.check_password(body.username, body.password)
        if checked is None:
            await deps.audit.add(_refused(context))
            raise NotAuthenticated("The username or the password is wrong.")
    return await _signed_in(context, checked)


@asynccontextmanager
async def _trying(context: RequestContext[Deps, Any], name: str) -> AsyncIterator[None]:
    """One try of a secret in somebody's name: counted, and slowed down. Raises TooManyRequests.

    Tries that are counted together take turns: a thousand sent at once count like a thousand sent one by one.
    """
    deps, address = context.deps, context.request.remote or ""
    turn = f"trying {address} {name.casefold() if is_shared(address) else ''}"
    if deps.locks.waiting(turn) >= QUEUE:
        raise TooManyRequests("Too many attempts at once. Try again in a moment.", retry_after=2)
    async with deps.locks.of(turn):
        await _learn(deps, name, address)
        wait = deps.throttle.wait(name, address, time.monotonic())
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyRequests(f"Too many failed attempts. Try again in {seconds} s.", retry_after=seconds)
        try:
            yield
        except NotAuthenticated:
            deps.throttle.failed(name, address, time.monotonic())
            if deps.guesses is not None:
                await deps.guesses.failed(Throttle.keys(name, address), FORGET)
            raise
        deps.throttle.succeeded(name, address)
        if deps.guesses is not None:
            await deps.guesses.succeeded(Throttle.keys(name, address)[0])


async def _learn(deps: Deps, name: str, address: str) -> None:
    """What failed at other adapters counts here, too."""
    if deps.guesses is not None:
        for key, (count, ago) in (await deps.guesses.counts(Throttle.keys(name, address))).items():
            deps.throttle.learn(key, count, time.monotonic() - ago)


def _refused(context: RequestContext[Deps, Login]) -> Entry:
    """A failed sign-in. What is nobody's name may be a password typed into the wrong field: it is not kept."""
    users = context.deps.boards.directory.users.values()
    typed = context.body.username.casefold()
    known = next((user.username for user in users if user.username.casefold() == typed), None)
    by = By(known or "unknown", Via.ADDRESS, detail=str(context.request.remote))
    return Entry(
        at=context.access.clock(), by=by, action=Action.LOGIN, result=Result.REFUSED, reason=NotAuthenticated.code
    )


async def _signed_in(context: RequestContext[Deps, Any], who: Checked | User, status: int = 200) -> web.Response:
    deps, user = context.deps, who.user if isinstance(who, Checked) else who
    entry = Entry(at=context.access.clock(), by=by_session(user), action=Action.LOGIN)
    token = await deps.sessions.create(who, context.access.clock(), entry)
    response = web.json_response({"user": user_view(user)}, status=status)
    secure = deps.secure_cookies or context.request.secure
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/")
    return response


@routes.plain("GET", "/session", Returns(model=answers.OneUser))
async def who_am_i(context: RequestContext[Deps, None]) -> web.Response:
    """The person who is signed in, or whose token it is."""
    return web.json_response({"user": user_view(context.principal.person)})


@routes.plain("DELETE", "/session", NOTHING, in_person)
async def sign_out(context: RequestContext[Deps, None]) -> web.Response:
    """End the session and its streams."""
    entry = Entry(at=context.access.clock(), by=context.principal.by, action=Action.LOGOUT)
    await context.deps.sessions.end(context.principal.id, entry)
    await context.deps.revocation.made()
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/")
    return response


@routes.taking(
    "POST", "/session/password", PasswordChange, NOTHING, in_person, errors=[NotAuthenticated, TooManyRequests]
)
async def change_password(context: RequestContext[Deps, PasswordChange]) -> web.Response:
    """A new password of one's own; the person's other sessions end."""
    deps, user = context.deps, context.principal.person
    if is_name(context.body.new, user.username):
        raise Invalid.at("new", Weak.USERNAME.told, Weak.USERNAME)
    async with _trying(context, user.username):
        checked = await deps.people.check_password(user.username, context.body.current)
        if checked is None:
            why = "The current password is wrong."
            raise NotAuthenticated(why, errors=[{"field": "current", "message": why, "type": "wrong_password"}])
    await deps.people.set_password(checked, context.body.new, context.principal.id, context.principal.by)
    await deps.revocation.made()
    return web.Response(status=204)


@routes.taking(
    "POST",
    "/setup",
    Setup,
    Returns(201, answers.OneUser, headers=["Set-Cookie"]),
    None,
    errors=[NotAuthenticated, TooManyRequests],
)
async def setup(context: RequestContext[Deps, Setup]) -> web.Response:
    """Make the first administrator with the token that the first start printed."""
    deps, body = context.deps, context.body
    context.access.proxies.check_origin(context.request)
    by = By(body.username, Via.SETUP)
    new = NewUser(username=body.username, name=body.name, role=Role.ADMINISTRATOR, password=body.password, by=by)
    async with _trying(context, SETUP):
        user = await deps.installation.finish_setup(body.token, new)
    await deps.accounts.read()
    return await _signed_in(context, user, 201)
