"""Answers to requests that carry an Idempotency-Key: what was answered once is answered again, also after a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from adapter.core.clock import Clock
from adapter.store.database import Database
from adapter.store.tables import AnswerRow

KEPT = timedelta(hours=24)
"""The contract's time for which a key is remembered."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A request that was seen before. `status` is None while it is not known to have been answered."""

    body_hash: str
    monitor_id: str
    status: int | None
    answer: str | None


class Answers:
    """All remembered requests, by their key. All methods raise StoreUnavailable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def begin(self, key: str, body_hash: str, monitor_id: str, now: datetime) -> Remembered | None:
        """Remember a new request, with the id of the monitor that it is about to start; else what is remembered.

        Forgetting one too early starts a monitor twice, so nothing is forgotten within an hour of a start, nor for a
        clock that was set since; what is late to be forgotten only answers the same a little longer. What a clock
        wrote that was ahead, and is right again, goes too.
        """
        row = AnswerRow(key=key, body_hash=body_hash, monitor_id=monitor_id, at=self._clock.later(now))
        old = or_(AnswerRow.at < self._clock.earlier(now) - KEPT, AnswerRow.at > self._clock.later(now) + KEPT)
        try:
            async with self._database.work() as session:
                if self._clock.settled:
                    await session.execute(delete(AnswerRow).where(old))
                known = await session.get(AnswerRow, key)
                if known is not None:
                    return Remembered(known.body_hash, known.monitor_id, known.status, known.answer)
                session.add(row)
                return None
        except IntegrityError:
            return await self.begin(key, body_hash, monitor_id, now)

    async def look(self, key: str) -> Remembered | None:
        """What is remembered now."""
        async with self._database.read() as session:
            known = await session.get(AnswerRow, key)
            return Remembered(known.body_hash, known.monitor_id, known.status, known.answer) if known else None

    async def finish(self, key: str, status: int, answer: str) -> None:
        """Remember the answer."""
        async with self._database.work() as session:
            mine = update(AnswerRow).where(AnswerRow.key == key)
            await session.execute(mine.values(status=status, answer=answer))

    async def forget(self, key: str) -> None:
        """Nothing was done: the same request may be made anew."""
        async with self._database.work() as session:
            await session.execute(delete(AnswerRow).where(AnswerRow.key == key))
