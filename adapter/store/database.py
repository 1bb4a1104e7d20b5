"""The database connection: opened, brought up to date, and every failure told as StoreUnavailable."""

import asyncio
import fcntl
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from adapter.errors import StoreRefused, StoreUnavailable
from adapter.store import address, budget, durability
from adapter.store.durability import Survives
from adapter.store.pooler import Pooler
from adapter.store.prepared import Prepared
from adapter.store.standing import Standing
from adapter.store.writer import SqliteWriter

log = structlog.get_logger(__name__)

DEADLINE = 5.0
"""Seconds one transaction may take; in a request less, where its budget is less (`adapter.store.budget`)."""
MIGRATION_DEADLINE = 60.0
"""Seconds for bringing a database up to date, waiting for another start included."""
TOLD = "told"
"""Where a transaction keeps the audit's entries that the log is told of after the commit."""
MIGRATION_LOCK = 0x434D4F4E
"""Key of PostgreSQL's advisory lock while migrating ("CMON")."""

CLASS = re.compile(r"^<class '[^']*'>: |^\(\w+(\.\w+)*\) ")
"""What SQLAlchemy writes before a driver's words: the error's class."""

T = TypeVar("T")


class Database:
    """One database. Use `work` for a transaction, `run` for one in a single call, `read` for what changes nothing.

    `survives`: what a commit outlasts.
    """

    def __init__(self, url: str, survives: Survives = Survives.PROCESS) -> None:
        """Raises ConfigError."""
        self._url = address.parse(url)
        self.engine: AsyncEngine = create_async_engine(self._url, pool_pre_ping=not self._sqlite)
        self._writer: SqliteWriter | None = None
        self._pooler: Pooler | None = None
        # What can't be written can be read; so whoever waits to write keeps nobody from reading.
        self._reading, self._writing = Standing(self.engine), Standing(self.engine)
        if self._sqlite:
            on_connect = durability.sqlite(survives)
            event.listen(self.engine.sync_engine, "connect", on_connect)
            event.listen(self.engine.sync_engine, "checkout", durability.patience(partial(budget.left, DEADLINE)))
            self._writer = SqliteWriter(self._url.database or "", on_connect)
        else:
            self._pooler = Pooler(self.engine, durability.postgresql(survives), *durability.pooled_postgresql(survives))
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._turn = asyncio.Lock()

    @property
    def _sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def work(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error.

        On SQLite, which has one writer at a time, they take turns here: SQLite itself would let the others try again
        and again, and in a busy process the unlucky ones fail. Raises StoreUnavailable when the database does not
        answer or refuses. IntegrityError passes, for the caller to name the conflict.
        """
        return self._transaction(self._turn if self._sqlite else nullcontext())

    async def run(self, work: Callable[[Session], T]) -> T:
        """One transaction made of plain calls. On SQLite all of it is one hop to the writer's thread and back.

        Its deadline counts from when it has the turn: what a busy process delays is no fault of the database.
        Raises as `work`.
        """
        if self._writer is None:
            async with self._transaction(nullcontext()) as session:
                return await session.run_sync(work)
        async with self._turn, _deadline():
            result, told = await self._writer.run(work)
        _tell(told.get(TOLD, ()))
        return result

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """The same for what only reads: it waits for nobody."""
        return self._transaction(nullcontext())

    async def ask(self, statement: str, *values: object, writes: bool = False) -> Sequence[Any] | None:
        """One statement that is needed again and again, in a connection that is kept for it (`adapter.store.standing`).

        None, and nothing done, where there can be no such connection: on SQLite, and behind a pooler. Raises as `work`.
        """
        if self._pooler is None or self._pooler.between is not False:
            return None
        async with _deadline():
            return await (self._writing if writes else self._reading).ask(statement, *values)

    @asynccontextmanager
    async def _transaction(self, turn: AbstractAsyncContextManager[None]) -> AsyncIterator[AsyncSession]:
        async with _deadline(), turn, self._sessions.begin() as session:
            yield session
        _tell(session.info.get(TOLD, ()))

    async def migrate(self) -> None:
        """Bring the schema up to date. Safe when two adapters start at once. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(MIGRATION_DEADLINE):
                await (self._migrate_sqlite() if self._sqlite else self._migrate_postgresql())
        except TimeoutError as problem:
            raise StoreUnavailable("The database was not ready in time.") from problem
        except (SQLAlchemyError, OSError) as problem:
            raise StoreUnavailable(f"The database can't be prepared: {_reason(problem)}") from problem
        except CommandError as problem:  # it does not know the revision that is in there
            raise StoreUnavailable(
                "The database was migrated by a newer version of call-monitor. Run that version, or restore the "
                "backup from before the upgrade."
            ) from problem

    async def revisions(self) -> tuple[str | None, str | None]:
        """The schema's version in the database (None: none yet), and this program's. Changes nothing.

        Raises StoreUnavailable.
        """
        try:
            async with asyncio.timeout(DEADLINE), self.engine.connect() as connection:
                return await connection.run_sync(_revisions)
        except TimeoutError as problem:
            raise StoreUnavailable(f"The database did not answer in {DEADLINE:g} s.") from problem
        except (SQLAlchemyError, OSError) as problem:
            raise StoreUnavailable(f"The database can't be used: {_reason(problem)}") from problem

    async def _migrate_sqlite(self) -> None:
        path = Path(self._url.database or "")
        lock = await asyncio.to_thread(_locked, path)
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(_upgrade)
        finally:
            lock.close()

    async def _migrate_postgresql(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Give all connections back."""
        if self._writer is not None:
            await self._writer.close()
        await self._reading.close()
        await self._writing.close()
        await self.engine.dispose()


def take_turn(session: Session, fact: str) -> str:
    """Take turns with all others that lock this fact, until the transaction ends. Returns its value.

    Writing before reading: SQLite gives its one write lock at once, PostgreSQL the row's. Whoever decides by what it
    has read must read it after this, or somebody else decides at the same time.
    """
    found = TAKE_TURN.one(session, {"name": fact})
    return str(found[0] if found else None)


def put_fact(session: Session, name: str, value: str) -> None:
    """Keep a fact, whether it was there or not: to look first would let two of us make it at once."""
    PUT_FACT.run(session, [{"name": name, "value": value}])


def next_number(session: Session, fact: str, at_least: int) -> int:
    """One that is higher than all that were given of this fact before, and no lower than that."""
    found = NEXT_NUMBER.one(session, {"name": fact, "first": str(at_least)})
    number = int(found[0]) if found else 0
    if number < at_least:
        number = at_least
        put_fact(session, fact, str(number))
    return number


async def lock(session: AsyncSession, fact: str) -> str:
    """The same in a transaction made of awaits."""
    return await session.run_sync(take_turn, fact)


PUT_FACT = Prepared(
    text(
        "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
)
NEXT_NUMBER = Prepared(
    text(
        "INSERT INTO facts (name, value) VALUES (:name, :first) "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS VARCHAR) RETURNING value"
    )
)
TAKE_TURN = Prepared(text("UPDATE facts SET value = value WHERE name = :name RETURNING value"))


@asynccontextmanager
async def _deadline() -> AsyncIterator[None]:
    """Whatever goes wrong with the database is StoreUnavailable, but for IntegrityError."""
    try:
        with budget.spending(DEADLINE) as seconds:
            async with asyncio.timeout(seconds):
                yield
    except IntegrityError:
        raise
    except TimeoutError as problem:
        raise StoreUnavailable("The database did not answer in time.") from problem
    except (SQLAlchemyError, OSError) as problem:
        if durability.is_refusal(problem):
            raise StoreRefused(f"The database refuses what it was given: {_reason(problem)}") from problem
        raise StoreUnavailable(f"The database can't be used: {_reason(problem)}") from problem


def _tell(entries: Iterable[Any]) -> None:
    """Tell the log of entries that are committed."""
    for entry in entries:
        log.info(entry.action.value, **entry.told())


def _locked(path: Path) -> TextIO:
    """A lock beside an SQLite file, which is for its owner only; closing it gives the lock back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Path(f"{path}.lock").open("w")  # noqa: SIM115 - it outlives this function
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not path.exists():
        log.info("making a new database", file=str(path.absolute()))
    path.touch(mode=0o600)
    return lock


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revisions(connection: Connection) -> tuple[str | None, str | None]:
    newest = ScriptDirectory.from_config(_migrations()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision(), newest


def _upgrade(connection: Connection) -> None:
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _reason(problem: Exception) -> str:
    """The driver's own words, without the statement and its values, and without what only programmers read."""
    if isinstance(problem, OSError):
        return (problem.strerror or "it can't be reached").lower()
    text = str(getattr(problem, "orig", None) or problem) or "no more is known"
    return CLASS.sub("", text.splitlines()[0])[:200]
