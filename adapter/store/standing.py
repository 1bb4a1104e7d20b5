"""A connection to PostgreSQL that is kept for what is asked every second or more often: one statement each.

On the way through pool, session and transaction such a question costs two milliseconds of CPU and five round trips;
so it costs a fifth, and one (`python -m tests.bench idle`). Each statement is a transaction of its own.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapter.errors import StoreUnavailable
from adapter.tasks import BackgroundTasks

LOCK_TIMEOUT = "700ms"
"""How long PostgreSQL waits for a row that another holds: whoever is frozen in a transaction is not waited for."""
CLOSE = 1.0
"""Seconds for a connection to be given back; then it is left to the server to find out."""


class Standing:
    """One connection, opened when it is first needed and after each failure. Questions take turns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._over = False
        self._connection: AsyncConnection | None = None
        self._driver: asyncpg.Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._failed: Exception | None = None
        """Why it could not be opened."""
        self._tasks = BackgroundTasks("standing")

    async def ask(self, statement: str, *values: object) -> Sequence[Any]:
        """The rows of one statement, whose values are `$1`, `$2` … Raises StoreUnavailable, or what connecting raises.

        Whoever is cancelled, or waits too long, leaves no connection behind that still owes an answer.
        """
        async with self._turn:
            if self._over:
                raise StoreUnavailable("The database is closed.")
            well = False
            try:
                driver = self._driver or await self._open()
                rows: Sequence[Any] = await driver.fetch(statement, *values)
                well = True
                return rows
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                raise StoreUnavailable(f"The database can't be used: {str(problem)[:200]}") from problem
            finally:
                if not well and self._opening is None:
                    await self._drop()

    async def _open(self) -> asyncpg.Connection:
        """Whoever is cancelled meanwhile leaves it to the next one: SQLAlchemy would leave it open, and forget it."""
        if self._opening is None:
            self._opening = self._tasks.start(self._connect(), "connect")
        await asyncio.shield(self._opening)
        if self._driver is None:
            raise self._failed or StoreUnavailable("The database is closed.")
        return self._driver

    async def _connect(self) -> None:
        self._failed = None
        try:
            self._connection = await self._engine.connect()
            raw = await self._connection.get_raw_connection()
            driver: asyncpg.Connection = raw.driver_connection
            await driver.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            self._driver = driver
        except Exception as problem:  # noqa: BLE001 - whoever waits raises it
            self._failed = problem
        finally:
            self._opening = None

    async def _drop(self) -> None:
        connection, driver, self._connection, self._driver = self._connection, self._driver, None, None
        if driver is not None:
            driver.terminate()
        if connection is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE):
                    await connection.invalidate()
                    await connection.close()

    async def close(self) -> None:
        """Give it back, and open none any more."""
        async with self._turn:
            self._over = True
            if self._opening is not None:
                await asyncio.wait({self._opening}, timeout=CLOSE)
            await self._tasks.close()
            await self._drop()
