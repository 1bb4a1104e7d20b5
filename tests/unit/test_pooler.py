"""PostgreSQL behind PgBouncer in transaction mode, where each transaction may come to another server connection."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from adapter.core.people import Role
from adapter.errors import ConfigError
from adapter.store import Store
from adapter.store.database import Database
from adapter.store.durability import Survives, pooled_postgresql
from adapter.store.people import NewUser
from tests.support.clock import real
from tests.support.pgbouncer import pooled
from tests.support.postgresql import PostgreSQL


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """An empty database behind PgBouncer."""
    postgresql.ask("CREATE DATABASE pooled TEMPLATE template0")
    with pooled(postgresql, "pooled") as found:
        yield found
    postgresql.ask("DROP DATABASE pooled WITH (FORCE)")


async def test_two_adapters_work_behind_it(url: str) -> None:
    stores = await asyncio.gather(*(Store.open(url, clock=real) for _ in range(2)))  # both migrate
    try:
        names = [f"p{number}" for number in range(24)]
        made = (
            stores[number % 2].people.create(
                NewUser(username=name, name=name, role=Role.AGENT, password="a long enough one")
            )
            for number, name in enumerate(names)
        )
        await asyncio.gather(*made)
        for _ in range(3):  # the same statements again, over all connections
            lists = await asyncio.gather(*(store.people.all() for store in stores for _ in range(12)))
            assert all({person.username for person in found} == set(names) for found in lists)
        verdict = await stores[0].audit.verify(None, [], await stores[0].installation.key())
        assert not verdict.faults
    finally:
        for store in stores:
            await store.close()


async def test_what_a_connection_promises_is_promised_in_each_transaction(
    database_deadlines: None, url: str, postgresql: PostgreSQL
) -> None:
    postgresql.ask("ALTER DATABASE pooled SET synchronous_commit = off")
    asked = text("SELECT current_setting('synchronous_commit'), current_setting('idle_in_transaction_session_timeout')")
    database = Database(url)

    async def settings(statement: str) -> tuple[str, str]:
        async with database.read() as session:
            await session.execute(text(statement))
            waits, idle = (await session.execute(asked)).one()
            return waits, idle

    try:
        assert set(await asyncio.gather(*(settings("SELECT 1") for _ in range(10)))) == {("off", "2s")}
        _, power = pooled_postgresql(Survives.POWER)
        assert set(await asyncio.gather(*(settings(power) for _ in range(10)))) == {("on", "2s")}
    finally:
        await database.close()


async def test_power_is_refused_there_too_where_nothing_is_synced(url: str) -> None:
    with pytest.raises(ConfigError, match="fsync = off"):
        await Store.open(url, survives=Survives.POWER, clock=real)


async def test_without_it_statements_are_prepared_once(postgresql: PostgreSQL) -> None:
    database = Database(postgresql.url("postgres"))
    try:
        async with database.read() as session:
            for _ in range(3):
                await session.execute(text("SELECT 1 AS one"))
            counted = text("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1 AS one'")
            assert (await session.execute(counted)).scalar_one() == 1
    finally:
        await database.close()
