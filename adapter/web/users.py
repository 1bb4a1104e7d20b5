"""Accounts, for administrators. Every change acts at once: rights, streams, running monitors."""

from aiohttp import web

from adapter.core.people import Role
from adapter.core.permissions import may_administer
from adapter.core.views import user_view
from adapter.errors import NotFound
from adapter.store.people import NewUser, UserChange
from adapter.web.api import WEB, Web, enter, enter_with
from adapter.web.models import UserBody, UserPatch
from adapter.web.session import sessions_ended

routes = web.RouteTableDef()


async def _acted(deps: Web) -> None:
    await deps.monitoring.people_changed(await deps.store.people.all())
    await sessions_ended(deps)


@routes.get("/users")
async def list_users(request: web.Request) -> web.Response:
    """Everybody."""
    await enter(request, may_administer)
    users = await request.app[WEB].store.people.all()
    return web.json_response({"users": [user_view(user) for user in users]})


@routes.post("/users")
async def create_user(request: web.Request) -> web.Response:
    """A new account."""
    _, body = await enter_with(request, UserBody, may_administer)
    deps = request.app[WEB]
    new = NewUser(
        username=body.username,
        name=body.name,
        role=Role(body.role),
        password=body.password,
        extension=body.extension,
        device=body.device,
        can_monitor=body.can_monitor,
        modes=body.granted,
    )
    user = await deps.store.people.create(new)
    await _acted(deps)
    location = {"Location": f"/api/v1/users/{user.id}"}
    return web.json_response(user_view(user), status=201, headers=location)


@routes.get("/users/{id}")
async def get_user(request: web.Request) -> web.Response:
    """One account."""
    await enter(request, may_administer)
    user = await request.app[WEB].store.people.get(request.match_info["id"])
    if user is None:
        raise NotFound("There is no such user.")
    return web.json_response(user_view(user))


@routes.patch("/users/{id}")
async def change_user(request: web.Request) -> web.Response:
    """Change some fields of an account."""
    _, body = await enter_with(request, UserPatch, may_administer)
    deps = request.app[WEB]
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "modes" in given:
        given["modes"] = frozenset(body.modes)
    user = await deps.store.people.change(request.match_info["id"], UserChange(**given))
    await _acted(deps)
    return web.json_response(user_view(user))


@routes.delete("/users/{id}")
async def delete_user(request: web.Request) -> web.Response:
    """Remove an account; what they monitor ends."""
    await enter(request, may_administer)
    deps = request.app[WEB]
    await deps.store.people.delete(request.match_info["id"])
    await _acted(deps)
    return web.Response(status=204)
