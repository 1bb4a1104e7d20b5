"""Signing in and out, one's own password, and the first administrator's setup."""

import math
import time

from aiohttp import web

from adapter.core.people import Role, User
from adapter.core.views import user_view
from adapter.errors import NotAuthenticated, TooManyRequests
from adapter.store.people import NewUser
from adapter.web.api import WEB, Web, enter, enter_with, read_object, validate
from adapter.web.auth import COOKIE, check_origin
from adapter.web.models import Login, PasswordChange, Setup

routes = web.RouteTableDef()


@routes.post("/session")
async def sign_in(request: web.Request) -> web.Response:
    """Check name and password; begin a session."""
    deps = request.app[WEB]
    body = validate(Login, await read_object(request))
    check_origin(request, deps.public_origin)
    key = f"{body.username.casefold()[:64]} {request.remote}"
    _slow_down(deps, key)
    user = await deps.store.people.check_password(body.username, body.password)
    if user is None:
        deps.throttle.failed(key, time.monotonic())
        raise NotAuthenticated("The username or the password is wrong.")
    deps.throttle.succeeded(key)
    return await _signed_in(deps, user)


def _slow_down(deps: Web, key: str) -> None:
    wait = deps.throttle.wait(key, time.monotonic())
    if wait > 0:
        seconds = math.ceil(wait)
        raise TooManyRequests(f"Too many failed attempts. Try again in {seconds} s.", retry_after=seconds)


async def _signed_in(deps: Web, user: User, status: int = 200) -> web.Response:
    token = await deps.store.sessions.create(user.id, deps.clock())
    response = web.json_response({"user": user_view(user)}, status=status)
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=deps.secure_cookies, path="/")
    return response


@routes.get("/session")
async def who_am_i(request: web.Request) -> web.Response:
    """The person who is signed in."""
    who = await enter(request)
    return web.json_response({"user": user_view(who.user)})


@routes.delete("/session")
async def sign_out(request: web.Request) -> web.Response:
    """End the session and its streams."""
    who, deps = await enter(request), request.app[WEB]
    await deps.store.sessions.end(who.session.id)
    await sessions_ended(deps)
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/")
    return response


@routes.post("/session/password")
async def change_password(request: web.Request) -> web.Response:
    """A new password of one's own; the person's other sessions end."""
    who, body = await enter_with(request, PasswordChange)
    deps = request.app[WEB]
    key = f"{who.user.username.casefold()} {request.remote}"
    _slow_down(deps, key)
    if await deps.store.people.check_password(who.user.username, body.current) is None:
        deps.throttle.failed(key, time.monotonic())
        raise NotAuthenticated("The current password is wrong.")
    await deps.store.people.set_password(who.user.id, body.new, who.session.id)
    await sessions_ended(deps)
    return web.Response(status=204)


@routes.post("/setup")
async def setup(request: web.Request) -> web.Response:
    """Make the first administrator with the token that the first start printed."""
    deps = request.app[WEB]
    body = validate(Setup, await read_object(request))
    check_origin(request, deps.public_origin)
    key = f"setup {request.remote}"
    _slow_down(deps, key)
    new = NewUser(username=body.username, name=body.name, role=Role.ADMINISTRATOR, password=body.password)
    try:
        user = await deps.store.installation.finish_setup(body.token, new)
    except NotAuthenticated:
        deps.throttle.failed(key, time.monotonic())
        raise
    await deps.monitoring.people_changed(await deps.store.people.all())
    return await _signed_in(deps, user, 201)


async def sessions_ended(deps: Web) -> None:
    """Some sessions ended in the database or by idleness: believe none unasked, and close their streams."""
    deps.sessions.forget()
    deps.streams.keep_only(await deps.store.sessions.alive(deps.clock()))
