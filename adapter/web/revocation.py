"""When sessions or tokens end: clears the caches, and closes the streams and phones that depend on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import structlog

from adapter.errors import StoreUnavailable
from adapter.phones.pages import PagePhones
from adapter.store import budget
from adapter.web.stream import Streams
from adapter.web.ttl_cache import TtlCache

log = structlog.get_logger(__name__)


class Alive(Protocol):
    """A store of sessions or tokens."""

    async def alive(self, now: datetime) -> frozenset[str]:
        """Ids of those that are valid. Raises StoreUnavailable."""

    def over(self, ids: frozenset[str], now: datetime) -> frozenset[str]:
        """Which of these are over, as far as is known without asking the database."""


class OfSessions(Protocol):
    """What ends with the session, or the token, to which it belongs."""

    def session_ids(self) -> frozenset[str]:
        """Those to which something belongs."""

    def end_sessions(self, ended: frozenset[str]) -> None:
        """End what belongs to these."""


class Revocation:
    """`caches`: of sessions and tokens; `phones`: the pages' phones."""

    def __init__(
        self,
        caches: tuple[TtlCache[Any], ...],
        sessions: Alive,
        tokens: Alive,
        streams: Streams,
        phones: PagePhones,
        clock: Callable[[], datetime],
    ) -> None:
        self._caches, self._sessions, self._tokens = caches, sessions, tokens
        self._streams, self._phones, self._clock = streams, phones, clock
        self._owed = False
        """Whether something ended, and what it had open could not be looked up yet."""

    async def apply(self) -> None:
        """Apply that some sessions or tokens ended, here or elsewhere. Raises StoreUnavailable."""
        self._forget()
        await self.look()

    async def made(self) -> None:
        """The same after a change that is made: where the database does not answer any more, a moment later.

        What became of the change is no other for that, and neither is its answer.
        """
        try:
            with budget.limited(budget.REQUEST):
                await self.apply()
        except StoreUnavailable as problem:
            self._owed = True
            log.warning("what ended loses its streams once the database answers", why=str(problem))

    async def look(self) -> None:
        """Some may have ended by idleness. While the database is away, that is not known. Raises StoreUnavailable."""
        now, asked = self._clock(), self._standing()
        while True:
            alive = await self._sessions.alive(now) | await self._tokens.alive(now)
            self._forget()
            self._end(asked - alive)
            if not (begun := self._standing() - asked):
                self._owed = False
                return
            asked |= begun  # while the database was asked: not known to be ended, nor to be alive

    def end_expired(self) -> None:
        """End what belongs to tokens whose time is up, and phones of which that is so. Nothing prolongs these, so no
        database is asked."""
        if ended := self._tokens.over(self._standing(), self._clock()):
            self._forget()
            self._end(ended)
        self._phones.end_expired()

    @property
    def must_look(self) -> bool:
        """Whether a `look` is owed, or a session with a stream or a phone seems to be idle for too long."""
        return self._owed or bool(self._sessions.over(self._standing(), self._clock()))

    def _end(self, ended: frozenset[str]) -> None:
        for each in self._of_sessions():
            each.end_sessions(ended)

    def _of_sessions(self) -> list[OfSessions]:
        return [self._streams, self._phones]

    def _standing(self) -> frozenset[str]:
        return frozenset().union(*(each.session_ids() for each in self._of_sessions()))

    def _forget(self) -> None:
        for cache in self._caches:
            cache.forget()
