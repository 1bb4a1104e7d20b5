"""Who may ask for what: what every route needs to know whoever asks, and the rights that routes declare."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from adapter.core.bars import Kind
from adapter.core.follow import key_of
from adapter.core.record import Record
from adapter.errors import Forbidden, NotAuthenticated, PbxUnavailable
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import IN_HAND
from adapter.store import budget
from adapter.store.sessions import Session
from adapter.store.tokens import Scope, Token
from adapter.web.embedded import EmbedSessions, is_embed
from adapter.web.principal import Principal, bearer_of, by_session, by_token, cookie_of
from adapter.web.proxy import ProxyPolicy
from adapter.web.ttl_cache import TtlCache


@dataclass(frozen=True, slots=True)
class Access:
    """What every route needs."""

    boards: Boards
    sessions: TtlCache[Session]
    tokens: TtlCache[Token]
    clock: Callable[[], datetime]
    note: Callable[[Record], None]
    """Writes something into the record soon."""
    count_refusal: Callable[[str], None]
    """Counts an answer that was an error, by its code."""
    write_now: Callable[[float], Awaitable[None]]
    """Writes what waits to be written, within so many seconds. Raises StoreUnavailable."""
    proxies: ProxyPolicy = field(default_factory=ProxyPolicy)
    embeds: EmbedSessions | None = None
    number_making: Callable[[], Awaitable[None]] | None = None
    """Where there are several adapters: what is made next has a number behind all that were given. Raises
    StoreUnavailable."""

    def hidden_from(self, principal: Principal) -> list[str]:
        """Conversations of which this one is not to see any monitoring now: those that they are barred from.

        And follows likewise (`core.follow`); what all entries of follows of themselves contain is among them always.

        Raises PbxUnavailable where that is not known: another adapter's PBX is out of sight.
        """
        self.need_sight()
        bars, who = self.boards.bars, principal.who
        own = [key_of(one) for one in (who.user, *who.acts_for) if one]
        return sorted({*bars.hidden(who), *bars.hidden(who, follows=True), *own})

    def is_barred(self, principal: Principal) -> bool:
        """Whether they are barred from any conversation. That they are followed nothing may tell. Raises as above."""
        self.need_sight()
        return bool(self.boards.bars.hidden(principal.who))

    def need_sight(self) -> None:
        """Raise PbxUnavailable where it is not known who is barred: another adapter's PBX is out of sight."""
        if self.boards.blind:
            raise PbxUnavailable("The adapter of another PBX can't be reached, so who talks there is not known here.")

    def in_hand(self, principal: Principal) -> bool:
        """Whether they may be somebody else, who is barred and has made what they sign in with."""
        return self.boards.bars.in_hand(principal.who)

    async def making(self, principal: Principal, kind: Kind, thing: str) -> None:
        """Before an account, a token or a hook is made or changed: it is barred from what its maker is barred from.

        Raises StoreUnavailable, and for a hook PbxUnavailable where another adapter's PBX is out of sight; then it must
        not be made.
        """
        if principal.who.ids == {thing} and kind is not Kind.DEVICE:
            return  # one's own account, at the page: who they are barred as stays
        if kind is Kind.HOOK:
            self.need_sight()
        if self.number_making is not None:
            await self.number_making()
        if self.boards.made(principal.who, kind, thing, self.clock()):
            with budget.spending(budget.REQUEST) as seconds:
                await self.write_now(seconds)


ACCESS = web.AppKey("access", Access)

Right = Callable[[Principal, Access], None]
"""Raises Forbidden for whoever may not."""


def anybody(principal: Principal, access: Access) -> None:
    """Everybody with an account; of tokens, those that are for monitoring."""
    if not principal.has(Scope.MONITOR):
        raise Forbidden("This token's scopes don't allow this.")


def in_person(principal: Principal, access: Access) -> None:
    """Only a person at the page."""
    if principal.session is None:
        raise Forbidden("Only a person who is signed in may do this, not a token.")


def monitors(principal: Principal, access: Access) -> None:
    """Whoever may monitor."""
    if not principal.monitors(access.boards.directory):
        raise Forbidden("You may not monitor calls. An administrator can give you the right.")


def starts(principal: Principal, access: Access) -> None:
    """Whoever may start a monitor now. What runs already can always be ended."""
    monitors(principal, access)
    if access.in_hand(principal):
        raise Forbidden(IN_HAND)


def administers(principal: Principal, access: Access) -> None:
    """Administrators; of their tokens, those with the scope for it."""
    if not principal.administers:
        raise Forbidden("Only administrators may do this; a token needs the scope admin for it.")


async def asking(request: web.Request) -> Principal:
    """Whoever is behind the request. Raises NotAuthenticated, or Forbidden for another site's page."""
    access = request.app[ACCESS]
    secret = bearer_of(request)
    return await _by_cookie(request, access) if secret is None else await _by_token(secret, access)


async def _by_cookie(request: web.Request, access: Access) -> Principal:
    session = await access.sessions.find(cookie_of(request), access.clock())
    user = access.boards.directory.users.get(session.user_id) if session else None
    if session is None or user is None or not user.active:
        raise NotAuthenticated("Your session has ended. Sign in again.")
    access.proxies.check_origin(request)
    return Principal(user, session, None, by_session(user))


async def _by_token(secret: str, access: Access) -> Principal:
    now = access.clock()
    if access.embeds is not None and is_embed(secret):
        return await access.embeds.principal(secret, now)
    token = await access.tokens.find(secret, now)
    if token is None or (token.expires_at is not None and token.expires_at <= now):
        raise NotAuthenticated("This token is unknown, revoked or expired.")
    if token.user_id is None:
        return Principal(None, None, token, by_token(token, None))
    user = access.boards.directory.users.get(token.user_id)
    if user is None or not user.active:
        raise NotAuthenticated("This token's user is not active.")
    return Principal(user, None, token, by_token(token, user))
