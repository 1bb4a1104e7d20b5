"""When sessions or tokens end: clears the caches, and closes the streams and phones that depend on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from adapter.phones.browser import BrowserPhones
from adapter.web.stream import Streams
from adapter.web.ttl_cache import TtlCache


class Alive(Protocol):
    """A store of sessions or tokens."""

    async def alive(self, now: datetime) -> frozenset[str]:
        """Ids of those that are valid. Raises StoreUnavailable."""


class Revocation:
    """`caches`: of sessions and tokens; `phones`: the pages' phones, None if softphones are disabled."""

    def __init__(
        self,
        caches: tuple[TtlCache[Any], ...],
        sessions: Alive,
        tokens: Alive,
        streams: Streams,
        phones: BrowserPhones | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._caches, self._sessions, self._tokens = caches, sessions, tokens
        self._streams, self._phones, self._clock = streams, phones, clock

    async def apply(self) -> None:
        """Apply that some sessions or tokens ended, here or elsewhere. Raises StoreUnavailable."""
        self._forget()
        await self.look()

    async def look(self) -> None:
        """Some may have ended by idleness. While the database is away, that is not known. Raises StoreUnavailable."""
        now = self._clock()
        sessions = await self._sessions.alive(now)
        tokens = await self._tokens.alive(now)
        self._forget()
        self._streams.keep_only(sessions | tokens)
        if self._phones is not None:
            self._phones.keep_only(sessions)

    def _forget(self) -> None:
        for cache in self._caches:
            cache.forget()
