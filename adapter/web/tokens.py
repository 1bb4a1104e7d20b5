"""Programs' tokens, for administrators. The secret is shown once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from adapter.core.audit import Action
from adapter.core.bars import Kind
from adapter.core.people import User
from adapter.core.views import Json, time_view
from adapter.errors import Forbidden, Invalid, NotFound
from adapter.monitoring.boards import Boards
from adapter.store.tokens import NewToken, Scope, Token, Tokens
from adapter.web import answers
from adapter.web.access import administers
from adapter.web.models import TokenBody
from adapter.web.revocation import Revocation
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    tokens: Tokens
    revocation: Revocation


routes = Routes("tokens", Deps)


def token_view(token: Token, users: Mapping[str, User], *, barred: bool = False) -> Json:
    """The contract's token, with names for ids.

    Who is barred from a conversation does not see when it was used: a program may have begun to listen to them.
    """
    user = users.get(token.user_id) if token.user_id else None
    names = sorted(users[user_id].username for user_id in token.may_act_for if user_id in users)
    return {
        "id": token.id,
        "name": token.name,
        "user": user.username if user else None,
        "may_act_for": names if token.service else None,
        "scopes": [scope.value for scope in Scope if scope in token.scopes],
        "created_by": token.created_by,
        "created_at": time_view(token.created_at),
        "expires_at": time_view(token.expires_at),
        "last_used_at": None if barred else time_view(token.used_at),
    }


def wanted(body: TokenBody, users: Mapping[str, User], now: datetime) -> NewToken:
    """The token to be made. Raises Invalid for one that has expired already, NotFound for names that nobody has,
    Forbidden."""
    if body.expires_at is not None and body.expires_at <= now:
        raise Invalid.at("expires_at", f"this time has passed: it is {time_view(now)}", "past")
    ids = {user.username.casefold(): user.id for user in users.values()}
    names = [body.user] if body.user is not None else body.may_act_for or []
    unknown = [name for name in names if name.casefold() not in ids]
    if unknown:
        raise NotFound(f"Nobody is named {', '.join(unknown)}.")
    if body.may_act_for is not None and Scope.ADMIN in body.scopes:
        raise Forbidden("A service token can't administer. Give an administrator's user token the scope admin.")
    found = [ids[name.casefold()] for name in names]
    return NewToken(
        name=body.name,
        user_id=found[0] if body.user is not None else None,
        may_act_for=frozenset() if body.user is not None else frozenset(found),
        scopes=frozenset(body.scopes),
        expires_at=body.expires_at,
    )


@routes.plain("GET", "/tokens", Returns(model=answers.Tokens), administers)
async def list_tokens(context: RequestContext[Deps, None]) -> web.Response:
    """All tokens, without their secrets, which nobody knows any more."""
    users = context.deps.boards.directory.users
    barred = context.access.is_barred(context.principal)
    tokens = await context.deps.tokens.all()
    return web.json_response({"tokens": [token_view(token, users, barred=barred) for token in tokens]})


@routes.taking(
    "POST",
    "/tokens",
    TokenBody,
    Returns(201, answers.NewToken),
    administers,
    errors=[NotFound],
    audit=Action.TOKEN_CREATED,
)
async def create_token(context: RequestContext[Deps, TokenBody]) -> web.Response:
    """A new token, for a user or for a service."""
    users = context.deps.boards.directory.users
    new = wanted(context.body, users, context.access.clock())
    await context.access.making(context.principal, Kind.TOKEN, new.id)
    token, secret = await context.deps.tokens.create(new, context.principal.by)
    return web.json_response({**token_view(token, users), "token": secret}, status=201)


@routes.plain("DELETE", "/tokens/{id}", NOTHING, administers, errors=[NotFound], audit=Action.TOKEN_REVOKED)
async def revoke_token(context: RequestContext[Deps, None]) -> web.Response:
    """Void from now on; its streams close. What it started goes on: the supervisor can end it."""
    await context.deps.tokens.revoke(context.part(), context.principal.by)
    await context.deps.revocation.made()
    return web.Response(status=204)
