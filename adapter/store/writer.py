"""SQLite's one writer: a thread with a connection of its own, to which a whole transaction goes in one call.

aiosqlite makes each statement a call into its thread; in a full process each of them waits for its turn twice.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

T = TypeVar("T")


class SqliteWriter:
    """One thread, one connection. `on_connect` prepares it."""

    def __init__(self, path: str, on_connect: Callable[[Any, Any], None]) -> None:
        self._engine = create_engine(
            f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        event.listen(self._engine, "connect", on_connect)
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")

    async def run(self, work: Callable[[Session], T]) -> tuple[T, Mapping[Any, Any]]:
        """One transaction: committed at the end, rolled back on any error. Returns the session's `info` too.

        Who stops waiting doesn't stop it: what became of it is not known then.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def _transaction(self, work: Callable[[Session], T]) -> tuple[T, Mapping[Any, Any]]:
        with Session(self._engine, expire_on_commit=False) as session:
            with session.begin():
                result = work(session)
            return result, session.info

    async def close(self) -> None:
        """Wait for what is under way, and close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()
