"""Who is asking: the cookie or the token, what stands behind it, and the account as it is now."""

from dataclasses import dataclass

from aiohttp import web

from adapter.core.audit import By, Via
from adapter.core.bars import Who
from adapter.core.call import Call
from adapter.core.embeds import Embed
from adapter.core.people import Directory, User
from adapter.core.permissions import may_administer, may_monitor, may_monitor_call
from adapter.core.scopes import is_scoped, reaches
from adapter.core.timeline import Within
from adapter.errors import Forbidden, NotAuthenticated
from adapter.store.sessions import Session
from adapter.store.tokens import Scope, Token

COOKIE = "cm_session"
BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever is behind a request: a person, a program with a person's token, or a service."""

    user: User | None
    """None for a service, which has no account of its own."""
    session: Session | None
    token: Token | None
    by: By
    embed: Embed | None = None
    """Where it is a person in a frame of a CRM's page, who has neither session nor token of their own."""

    @property
    def id(self) -> str:
        """The session, token or embed: whose end closes streams."""
        return next((one.id for one in (self.session, self.token, self.embed) if one is not None), "")

    @property
    def who(self) -> Who:
        """Who looks, as bars know them (`adapter.core.bars`)."""
        token = self.token.id if self.token else self.embed.token_id if self.embed else None
        return Who(self.user.id if self.user else None, token)

    @property
    def person(self) -> User:
        """The account. Raises Forbidden for a service."""
        if self.user is None:
            raise Forbidden("A service token has no account of its own, so it can't do this.")
        return self.user

    @property
    def service(self) -> Token | None:
        """The service token, if it is one."""
        return self.token if self.token and self.token.service else None

    def has(self, scope: Scope) -> bool:
        """People at the page have every scope; what they may do is their account's matter. A frame only monitors."""
        if self.embed is not None:
            return scope is Scope.MONITOR
        return self.token is None or scope in self.token.scopes

    @property
    def administers(self) -> bool:
        """Whether they may look after accounts, tokens, hooks, and see the audit."""
        return self.user is not None and may_administer(self.user) and self.has(Scope.ADMIN)

    def monitors(self, directory: Directory) -> bool:
        """Whether they may monitor at all; a service, when somebody it may act for may."""
        if not self.has(Scope.MONITOR):
            return False
        return any(map(may_monitor, self.people(directory)))

    def monitors_call(self, directory: Directory, call: Call) -> bool:
        """Whether they may monitor this call; a service, when somebody it may act for may."""
        return self.has(Scope.MONITOR) and any(may_monitor_call(user, call) for user in self.people(directory))

    def is_scoped(self, directory: Directory) -> bool:
        """Whether they may look after some calls only; a service, when that is so of anybody it may act for."""
        return any(map(is_scoped, self.people(directory)))

    def within(self, directory: Directory, call: Call) -> Within | None:
        """In whose scope something of a call must have been for them to see it; None: no matter, as of one's own."""
        people = [user for user in self.people(directory) if may_monitor(user)]
        if not self.is_scoped(directory) or (self.user is not None and self.user.id == call.agent.user_id):
            return None
        return lambda agent, queue: any(reaches(user, agent, queue) for user in people)

    def people(self, directory: Directory) -> list[User]:
        """Whose rights count: one's own, or of those whom the service may act for."""
        if self.service is None:
            return [self.user] if self.user is not None else []
        found = (directory.users.get(user_id) for user_id in self.service.may_act_for)
        return [user for user in found if user is not None]


def by_session(user: User) -> By:
    """A person at the page."""
    return By(user.username, Via.SESSION)


def by_token(token: Token, user: User | None) -> By:
    """A program: with its user's name, or as the service that it is."""
    actor = user.username if user else f"token {token.name}"
    service = token.id if token.service else None
    return By(actor, Via.TOKEN, service, Scope.ADMIN in token.scopes, token.name)


def bearer_of(request: web.Request) -> str | None:
    """The token in the Authorization header, if there is one (RFC 6750)."""
    value = request.headers.get("Authorization", "")
    return value[len(BEARER) :].strip() if value[: len(BEARER)].lower() == BEARER.lower() else None


def cookie_of(request: web.Request) -> str:
    """The cookie's token. Raises NotAuthenticated when there is none."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotAuthenticated("Sign in first.")
    return token
