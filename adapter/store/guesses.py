"""Wrong passwords, counted together by all adapters (`adapter.web.throttle`). Names and addresses are hashes here."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, bindparam, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from adapter.core.clock import Clock
from adapter.store.columns import UtcTime
from adapter.store.database import Database
from adapter.store.prepared import Prepared
from adapter.store.tables import Base

Key = tuple[str, str]
"""A name and an address; either may stand for all."""


class GuessRow(Base):
    """Failures of one name, of one address, or of both together."""

    __tablename__ = "guesses"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last: Mapped[datetime] = mapped_column(UtcTime, index=True)


class Guesses:
    """All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def counts(self, keys: Iterable[Key]) -> Mapping[Key, tuple[int, float]]:
        """How often each failed, and how many seconds ago it did last. A clock that was set makes it no older."""
        names = {_hash(key): key for key in keys}
        now = self._clock.now()
        async with self._database.read() as session:
            rows = await session.scalars(select(GuessRow).where(GuessRow.key.in_(names)))
            return {names[row.key]: (row.count, max(0.0, (now - row.last).total_seconds())) for row in rows}

    async def failed(self, keys: Iterable[Key], forget: float) -> None:
        """One more. What is older than `forget` seconds is no more."""
        now = self._clock.now()
        async with self._database.work() as session:
            await session.execute(delete(GuessRow).where(GuessRow.last < now - timedelta(seconds=forget)))
            for key in sorted(map(_hash, keys)):  # in one order, or two wait for each other
                await session.run_sync(_ADD.run, [{"key": key, "last": now}])

    async def succeeded(self, key: Key) -> None:
        """The right one: what failed before is forgotten."""
        async with self._database.work() as session:
            await session.execute(delete(GuessRow).where(GuessRow.key == _hash(key)))


_ADD = Prepared(
    text(
        "INSERT INTO guesses (key, count, last) VALUES (:key, 1, :last) "
        "ON CONFLICT (key) DO UPDATE SET count = guesses.count + 1, last = excluded.last"
    ).bindparams(bindparam("last", type_=UtcTime))
)


def _hash(key: Key) -> str:
    return hashlib.sha256("\n".join(key).encode("utf-8", "surrogatepass")).hexdigest()
