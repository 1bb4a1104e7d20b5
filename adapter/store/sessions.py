"""Signed-in browsers: tokens known by their hash only, ended by idleness."""

import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import Entry
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


class Sessions:
    """All sessions. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, idle: timedelta) -> None:
        self._database, self._idle = database, idle
        self._seen: dict[str, datetime] = {}
        """Last uses that are not written yet: no request waits for that."""

    async def create(self, who: Checked | User, now: datetime, entry: Entry | None = None) -> str:
        """Begin a session, and tell the audit with `entry`; returns its token, which is known to nobody else.

        Old idle ones are swept out. `who`: a `Checked` whose account was changed since gets none: NotAuthenticated.
        """
        user = who.user if isinstance(who, Checked) else who
        token = secrets.token_urlsafe(32)
        row = SessionRow(
            id=uuid.uuid4().hex, token_hash=token_hash(token), user_id=user.id, created_at=now, seen_at=now
        )
        async with self._work(audited=True) as session:
            if isinstance(who, Checked):
                await still_so(session, who)
            await session.execute(delete(SessionRow).where(SessionRow.seen_at < now - self._idle))
            session.add(row)
            await append(session, [entry] if entry else [])
        return token

    async def find(self, token: str, now: datetime) -> Session | None:
        """The session of this token, if it is not idle for too long."""
        async with self._database.read() as session:
            row = await session.scalar(select(SessionRow).where(SessionRow.token_hash == token_hash(token)))
        if row is None:
            return None
        seen = self._seen.get(row.id, row.seen_at)
        if seen < now - self._idle:
            return None
        if now - seen > SEEN_STEP:
            self._seen[row.id] = now
        return Session(row.id, row.user_id)

    async def end(self, session_id: str, entry: Entry | None = None) -> None:
        """Sign out, and tell the audit with `entry`. Ending an ended one is fine."""
        async with self._database.work() as session:
            await take_chain(session)
            await session.execute(delete(SessionRow).where(SessionRow.id == session_id))
            await append(session, [entry] if entry else [])

    async def alive(self, now: datetime) -> frozenset[str]:
        """Ids of the sessions that exist and are not idle for too long: all others' streams are to be closed."""
        recent = SessionRow.seen_at >= now - self._idle
        async with self._work() as session:
            return frozenset(await session.scalars(select(SessionRow.id).where(recent)))

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
            if self._seen.get(session_id) == at:
                del self._seen[session_id]


def token_hash(token: str) -> str:
    """What is kept of a token: enough to know it again. A token has 256 random bits, so one SHA-256 will do."""
    return hashlib.sha256(token.encode()).hexdigest()
