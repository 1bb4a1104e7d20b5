"""Accounts, for administrators. Every change acts at once: rights, streams, running monitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from adapter.core.audit import Action
from adapter.core.bars import Kind
from adapter.core.people import Role
from adapter.core.views import user_view
from adapter.errors import Conflict, NotFound, StoreUnavailable
from adapter.fleet.people import KnownPeople
from adapter.store import budget
from adapter.store.people import NewUser, People, UserChange
from adapter.web import answers
from adapter.web.access import administers
from adapter.web.fields import known_pbx, refuse_star_code
from adapter.web.models import UserBody, UserPatch
from adapter.web.revocation import Revocation
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    people: People
    accounts: KnownPeople
    revocation: Revocation
    star_codes: frozenset[str]
    """What supervisors dial before an extension, at any PBX."""
    pbxes: Sequence[str]
    """Ids of all PBXes."""


routes = Routes("users", Deps)


async def acted(context: RequestContext[Any, Any]) -> None:
    """The change of accounts, or of teams, is made: let it act now. The group's deps have accounts, revocation.

    Where the database does not answer any more, the service notices it a moment later.
    """
    deps = context.deps
    try:
        with budget.limited(budget.REQUEST):
            await deps.accounts.read()
    except StoreUnavailable as problem:
        log.warning("a change of accounts acts once the database answers", why=str(problem))
    await deps.revocation.made()


async def _making(context: RequestContext[Deps, UserPatch]) -> None:
    """Somebody else's account is barred from what its changer is barred from."""
    given, thing = context.body.model_fields_set, context.part()
    kinds = {Kind.PASSWORD} if "password" in given else set()
    kinds |= {Kind.DEVICE} if given & {"device", "devices", "pbx"} else set()
    for kind in sorted(kinds) or [Kind.ACCOUNT]:
        await context.access.making(context.principal, kind, thing)


@routes.plain("GET", "/users", Returns(model=answers.Users), administers)
async def list_users(context: RequestContext[Deps, None]) -> web.Response:
    """Everybody."""
    users = await context.deps.people.all()
    return web.json_response({"users": [user_view(user) for user in users]})


@routes.taking(
    "POST",
    "/users",
    UserBody,
    Returns(201, answers.User, headers=["Location"]),
    administers,
    errors=[Conflict],
    audit=Action.USER_CREATED,
)
async def create_user(context: RequestContext[Deps, UserBody]) -> web.Response:
    """A new account."""
    body = context.body
    refuse_star_code(body.extension, context.deps.star_codes)
    new = NewUser(
        username=body.username,
        name=body.name,
        role=Role(body.role),
        password=body.password,
        extension=body.extension,
        devices=tuple(body.devices) if body.devices is not None else (body.device,) if body.device else (),
        pbx=known_pbx(body.pbx, context.deps.pbxes),
        can_monitor=body.can_monitor,
        modes=body.granted,
        scope=body.scope,
        phone_message=body.phone_message,
        by=context.principal.by,
    )
    await context.access.making(context.principal, Kind.PASSWORD, new.id)
    user = await context.deps.people.create(new)
    await acted(context)
    location = {"Location": f"/api/v1/users/{user.id}"}
    return web.json_response(user_view(user), status=201, headers=location)


@routes.plain("GET", "/users/{id}", Returns(model=answers.User), administers, errors=[NotFound])
async def get_user(context: RequestContext[Deps, None]) -> web.Response:
    """One account."""
    user = await context.deps.people.get(context.part())
    if user is None:
        raise NotFound("There is no such user.")
    return web.json_response(user_view(user))


@routes.taking(
    "PATCH",
    "/users/{id}",
    UserPatch,
    Returns(model=answers.User),
    administers,
    errors=[NotFound, Conflict],
    audit=Action.USER_CHANGED,
)
async def change_user(context: RequestContext[Deps, UserPatch]) -> web.Response:
    """Change some fields of an account."""
    body = context.body
    given = {name: getattr(body, name) for name in body.model_fields_set}
    refuse_star_code(body.extension, context.deps.star_codes)
    if "modes" in given:
        given["modes"] = frozenset(body.modes)
    if "devices" in given:
        given["devices"] = tuple(body.devices)
    if "pbx" in given:
        given["pbx"] = known_pbx(body.pbx, context.deps.pbxes)
    await _making(context)
    user = await context.deps.people.change(context.part(), UserChange(**given, by=context.principal.by))
    await acted(context)
    return web.json_response(user_view(user))


@routes.plain("DELETE", "/users/{id}", NOTHING, administers, errors=[NotFound, Conflict], audit=Action.USER_DELETED)
async def delete_user(context: RequestContext[Deps, None]) -> web.Response:
    """Remove an account; what they monitor ends."""
    await context.deps.people.delete(context.part(), context.principal.by)
    await acted(context)
    return web.Response(status=204)
