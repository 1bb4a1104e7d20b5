"""Signed-in browsers: tokens known by their hash only, ended by idleness.

Idleness is counted in time that only passes, from each use that we saw ourselves: no clock that is set ends or prolongs
those sessions. Of a use before our start only a stored time is known, and the most favourable reading of it is taken
(a clock that was ahead and is corrected signs nobody out), but time that passed before our eyes always counts.
"""

import hashlib
import math
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import Entry
from adapter.core.clock import Clock
from adapter.core.people import User
from adapter.store.audit import append, take_chain
from adapter.store.database import Database
from adapter.store.people import Checked, still_so
from adapter.store.tables import SessionRow

SEEN_STEP = timedelta(minutes=1)
"""How exactly the last use is kept."""
SEE = update(SessionRow).where(SessionRow.id == bindparam("session"))


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    id: str
    user_id: str


@dataclass(slots=True)
class _Sight:
    """What we know of a session's last use."""

    stored: datetime
    """The time of it in the database, when we last looked."""
    at: float
    """When we learned of it, in seconds since our start,"""
    before: float
    """and how many seconds before that it may have been, at the least."""


class Sessions:
    """All sessions. All methods raise StoreUnavailable when the database does not answer.

    `now` is everywhere the time of day, as the wall clock says it.
    """

    def __init__(self, database: Database, idle: timedelta, clock: Clock) -> None:
        self._database, self._idle, self._clock = database, idle, clock
        self._seen: dict[str, datetime] = {}
        """Last uses that are not written yet: no request waits for that."""
        self._sights: dict[str, _Sight] = {}

    async def create(self, who: Checked | User, now: datetime, entry: Entry | None = None) -> str:
        """Begin a session, and tell the audit with `entry`; returns its token, which is known to nobody else.

        Old idle ones are swept out, but not within an hour of our start: until then it may be the clock that is wrong.
        `who`: a `Checked` whose account was changed since gets none: NotAuthenticated.
        """
        user = who.user if isinstance(who, Checked) else who
        token, at = secrets.token_urlsafe(32), self._clock.later(now)
        row = SessionRow(id=uuid.uuid4().hex, token_hash=token_hash(token), user_id=user.id, created_at=now, seen_at=at)
        async with self._work(audited=True) as session:
            if isinstance(who, Checked):
                await still_so(session, who)
            if self._clock.settled:
                await session.execute(delete(SessionRow).where(SessionRow.seen_at < self._oldest(now)))
            session.add(row)
            await append(session, [entry] if entry else [])
        self._sights[row.id] = _Sight(at, self._clock.elapsed(), 0.0)
        return token

    def _oldest(self, now: datetime) -> datetime:
        """What was last used before this is idle. Uses are kept to a minute."""
        return self._clock.earlier(now) - self._idle - SEEN_STEP

    async def find(self, token: str, now: datetime) -> Session | None:
        """The session of this token, if it is not idle for too long."""
        async with self._database.read() as session:
            row = await session.scalar(select(SessionRow).where(SessionRow.token_hash == token_hash(token)))
        if row is None:
            return None
        idle = self._idle_for(row.id, row.seen_at, now)
        if idle > self._idle.total_seconds():
            return None
        if idle > SEEN_STEP.total_seconds():
            self._seen[row.id] = self._clock.later(now)
            self._sights[row.id] = _Sight(row.seen_at, self._clock.elapsed(), 0.0)
        return Session(row.id, row.user_id)

    def _idle_for(self, session_id: str, stored: datetime, now: datetime) -> float:
        """Seconds since its last use."""
        elapsed = self._clock.elapsed()
        sight = self._sights.get(session_id)
        if sight is None or stored > sight.stored:  # new to us, or used at another adapter
            sight = self._sights[session_id] = _Sight(stored, elapsed, math.inf)
        passed = elapsed - sight.at
        said = (self._clock.earlier(now) - stored).total_seconds()
        sight.before = min(sight.before, max(0.0, said - passed))
        return sight.before + passed

    async def end(self, session_id: str, entry: Entry | None = None) -> None:
        """Sign out, and tell the audit with `entry`. Ending an ended one is fine."""
        async with self._database.work() as session:
            await take_chain(session)
            await session.execute(delete(SessionRow).where(SessionRow.id == session_id))
            await append(session, [entry] if entry else [])

    async def alive(self, now: datetime) -> frozenset[str]:
        """Ids of the sessions that exist and are not idle for too long: all others' streams are to be closed."""
        async with self._work() as session:
            rows = (await session.execute(select(SessionRow.id, SessionRow.seen_at))).all()
        there = {row.id for row in rows}
        self._sights = {session_id: sight for session_id, sight in self._sights.items() if session_id in there}
        longest = self._idle.total_seconds()
        return frozenset(row.id for row in rows if self._idle_for(row.id, row.seen_at, now) <= longest)

    def over(self, ids: frozenset[str], now: datetime) -> frozenset[str]:
        """Which of these are idle for too long as far as is known here. Asks nobody: another adapter may know of a
        later use."""
        longest = self._idle.total_seconds()
        seen = {session_id: sight for session_id in ids if (sight := self._sights.get(session_id)) is not None}
        return frozenset(known for known, sight in seen.items() if self._idle_for(known, sight.stored, now) > longest)

    @asynccontextmanager
    async def _work(self, *, audited: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction, in which the last uses are written too."""
        seen = dict(self._seen)
        async with self._database.work() as session:
            if audited:
                await take_chain(session)
            if seen:
                uses = [{"session": session_id, "seen_at": at} for session_id, at in seen.items()]
                await (await session.connection()).execute(SEE, uses)
            yield session
        for session_id, at in seen.items():
            if (sight := self._sights.get(session_id)) is not None:
                sight.stored = at
            if self._seen.get(session_id) == at:
                del self._seen[session_id]


def token_hash(token: str) -> str:
    """What is kept of a token: enough to know it again. A token has 256 random bits, so one SHA-256 will do."""
    return hashlib.sha256(token.encode()).hexdigest()
