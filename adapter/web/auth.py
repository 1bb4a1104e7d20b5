"""Who is asking: the cookie, the session behind it, and the account as it is now."""

import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web

from adapter.core.people import User
from adapter.errors import Forbidden, NotAuthenticated
from adapter.store.sessions import Session, Sessions

COOKIE = "cm_session"
CACHE_SECONDS = 5.0
"""How long a session is believed without asking the database; ends that we make ourselves count at once."""
CACHE_SIZE = 5000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


@dataclass(frozen=True, slots=True)
class Who:
    """The person behind a request."""

    user: User
    session: Session


class SessionCache:
    """Sessions by token, believed for a few seconds."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._known: dict[str, tuple[Session, float]] = {}

    async def find(self, token: str, now: datetime) -> Session | None:
        """The session of a token. Raises StoreUnavailable."""
        known = self._known.get(token)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        session = await self._sessions.find(token, now)
        self._known.pop(token, None)
        if session is not None:
            if len(self._known) >= CACHE_SIZE:
                self._known.clear()
            self._known[token] = (session, time.monotonic() + CACHE_SECONDS)
        return session

    def forget(self) -> None:
        """Ask the database again for everybody: some session ended."""
        self._known.clear()


def check_origin(request: web.Request, public_origin: str | None) -> None:
    """Refuse what another site's page sends with our cookie. Raises Forbidden."""
    if request.method in SAFE:
        return
    origin = request.headers.get("Origin")
    if origin is None:
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    else:
        foreign = origin != public_origin and urlsplit(origin).netloc != request.host
    if foreign:
        raise Forbidden("This request came from another site's page and was refused.")


def token_of(request: web.Request) -> str:
    """The cookie's token. Raises NotAuthenticated when there is none."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise NotAuthenticated("Sign in first.")
    return token
