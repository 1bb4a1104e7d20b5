"""Databases for tests, and passwords that cost little where they are not what is tested."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapter.store import Store, passwords
from tests.support.clock import FakeClock, real
from tests.support.postgresql import PostgreSQL
from tests.support.site import site
from tests.support.virtual_time import virtual_time

__all__ = ["site"]

numbers = itertools.count()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    """Argon2id with the least effort; gives the real hasher to those who test that."""
    real = passwords._hasher
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_nobody", cheap.hash("nobody's password"))
    return real


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """All tests of a process share one loop: what one has left running would pass through another's virtual time."""
    before = asyncio.all_tasks()
    yield
    for task in asyncio.all_tasks() - before:
        if ":" in task.get_name():  # of `adapter.tasks.BackgroundTasks`
            task.cancel()


@pytest.fixture(name="virtual_time")
async def passing_at_once() -> AsyncIterator[None]:
    """Time passes at once wherever this test only waits."""
    with virtual_time(asyncio.get_running_loop()):
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real cluster, made for this run."""
    with PostgreSQL.running() as server:
        yield server


async def _create(server: PostgreSQL, template: str = "template0") -> str:
    """A new database like the template; its name."""
    name = f"test_{next(numbers)}"
    engine = create_async_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    await engine.dispose()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database_url(request: Any, tmp_path: Path) -> str:
    """An empty database of each kind, for those who test how it is brought up to date."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/store.sqlite"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return str(server.url(await _create(server)))


def migrated(url: str) -> None:
    """Bring a database up to date, in a thread and a loop of its own: fixtures of one loop can't wait for another."""

    async def work() -> None:
        await (await Store.open(url, clock=real)).close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work()).result()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that is up to date, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "store.sqlite"
    migrated(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_name(postgresql: PostgreSQL) -> str:
    """The same on PostgreSQL: a database to be a template."""
    postgresql.ask("CREATE DATABASE migrated TEMPLATE template0")
    migrated(postgresql.url("migrated"))
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: Any, tmp_path: Path) -> str:
    """A database of each kind, up to date and empty; of one kind alone where a test is parametrized so (`indirect`)."""
    if request.param == "sqlite":
        path = tmp_path / "store.sqlite"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite+aiosqlite:///{path}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return str(server.url(await _create(server, request.getfixturevalue("migrated_name"))))


@pytest.fixture
def clock() -> FakeClock:
    """The store's clock."""
    return FakeClock()


@pytest.fixture
async def store(database_url: str, clock: FakeClock) -> AsyncIterator[Store]:
    """An opened, empty store of each kind, whose sessions are idle after an hour."""
    store = await Store.open(database_url, timedelta(hours=1), clock=clock.now, passing=clock.passing)
    yield store
    await store.close()
