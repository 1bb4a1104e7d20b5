"""Caches sessions and tokens by their secrets for some seconds, so that not every request asks the database."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

from adapter.errors import StoreUnavailable

CACHE_SECONDS = 5.0
"""Seconds for which a token is cached; revocations by this process take effect at once."""
SESSION_SECONDS = 30.0
"""Seconds for which a session is cached. Longer, because otherwise it ends only by idleness, and in a busy process the
query delays a click more than Asterisk does."""
LAST_KNOWN_SECONDS = 600.0
"""How long what was known is believed after that, while the database does not answer."""
CACHE_SIZE = 5000

Found = TypeVar("Found")


class TtlCache(Generic[Found]):
    """Sessions or tokens by secret, cached for `seconds`. `find` asks the database."""

    def __init__(
        self, find: Callable[[str, datetime], Awaitable[Found | None]], seconds: float = CACHE_SECONDS
    ) -> None:
        self._find, self._seconds = find, seconds
        self._known: dict[str, tuple[Found, float]] = {}
        self._forgotten = 0

    async def find(self, secret: str, now: datetime) -> Found | None:
        """The session or token for this secret, or None. Raises StoreUnavailable.

        While the database is away, what was known lately holds on for `LAST_KNOWN_SECONDS`: whoever talks or listens
        must be able to be silent and to end it, and nothing can end a session in a database that is away.
        """
        known = self._known.get(secret)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        before = self._forgotten
        try:
            found = await self._find(secret, now)
        except StoreUnavailable:
            if known is None or before != self._forgotten or time.monotonic() > known[1] + LAST_KNOWN_SECONDS:
                raise
            return known[0]
        self._known.pop(secret, None)
        if found is not None and before == self._forgotten:
            if len(self._known) >= CACHE_SIZE:
                self._known.clear()
            self._known[secret] = (found, time.monotonic() + self._seconds)
        return found

    def forget(self) -> None:
        """Clear the cache, because something ended. Queries that are running now are not cached either."""
        self._forgotten += 1
        self._known.clear()
