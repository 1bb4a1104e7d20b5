"""The lease when the database is away, locked, put back, frozen or older."""

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, text

from adapter.core.ownership import Cluster
from adapter.errors import StoreUnavailable
from adapter.fleet.ownership import LEASE
from adapter.store import Store
from adapter.store.database import Database, _migrations
from adapter.store.tables import FactRow
from tests.support.clock import real
from tests.support.owners import World, holds, world

__all__ = ["world"]


async def test_a_database_that_was_away_costs_no_owner_its_pbx(world: World) -> None:
    """It could not renew, and nobody could see it: that proves nothing."""
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    claim = world.waits(second)
    await world.looked()
    world.boot += 4 * LEASE  # a restart of the database, say
    await world.looked()
    assert not claim.done()
    await first._renew()
    await world.passes(LEASE - 0.5)
    assert not claim.done()
    assert holds(first)
    await world.passes(LEASE)
    assert await asyncio.wait_for(claim, 20)


async def test_a_database_that_is_locked_costs_no_owner_its_pbx(world: World) -> None:
    """On SQLite who waits can still read, and sees a beat that stands still because nobody can write."""
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    locker, claim = await world.store(), world.waits(second)
    await world.looked()
    async with locker.database.work() as session:
        await session.execute(text("UPDATE members SET pid = pid"))
        for _ in range(round(2 * LEASE)):
            world.boot += 0.5
            await session.execute(text("SELECT 1"))
            await asyncio.sleep(0.15)
        for _ in range(5):
            await session.execute(text("SELECT 1"))
            await asyncio.sleep(0.3)
    await asyncio.sleep(0.5)  # who waits would be faster
    await first._renew()
    assert first.deposed is None
    await world.passes(LEASE - 1)
    assert not claim.done()
    assert holds(first)


async def test_a_database_that_was_put_back_does_not_repeat_a_term(world: World) -> None:
    first = await world.member(1)
    assert await first.claim(world.stop)
    async with (await world.store()).database.work() as session:
        await session.execute(text("UPDATE owners SET token = 'from a backup' WHERE pbx = 'north'"))
    await first._renew()
    assert first.deposed == "Another adapter"


async def test_a_database_that_is_away_at_the_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await world.member(1)
    look, away = first._leases.look, True

    async def unreachable() -> object:
        if away:
            raise StoreUnavailable("away")
        return await look()

    monkeypatch.setattr(first._leases, "look", unreachable)
    with pytest.raises(StoreUnavailable):
        await first.claim(world.stop)
    claim = asyncio.ensure_future(first.claim(world.stop, standby=True))
    await asyncio.sleep(0.1)
    away = False
    assert await claim


async def test_who_is_frozen_in_a_transaction_is_not_waited_for(database_deadlines: None, world: World) -> None:
    """PostgreSQL ends that transaction. (On SQLite a frozen writer holds the whole database, whatever anybody does.)"""
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    store = await world.store()
    if store.database.engine.dialect.name == "sqlite":
        assert await store.owners.look()
        return
    frozen = await store.database.engine.connect()
    await frozen.execute(text("SELECT 1 FROM owners FOR SHARE"))
    claim = world.waits(second)
    for _ in range(round(4 * LEASE)):
        world.boot += 0.5
        await asyncio.sleep(0.25)
    assert await asyncio.wait_for(claim, 20)
    await frozen.invalidate()
    await frozen.close()


async def test_a_database_of_before_is_brought_up_to_date_under_an_adapter_that_runs(database_url: str) -> None:
    """What an older version has open goes on, before and after: tables are only added."""
    old = Database(database_url)
    async with old.engine.begin() as connection:
        await connection.run_sync(_upgrade_to, "0002")
    async with old.work() as session:
        await session.merge(FactRow(name="install_key", value="ab" * 32))
    new = await Store.open(database_url, clock=real)
    assert await new.installation.key() == bytes.fromhex("ab" * 32)
    assert await new.owners.look() == Cluster({}, {})
    async with old.work() as session:
        await session.merge(FactRow(name="last_beat", value="still here"))
    for one in (old, new):
        await one.close()


def _upgrade_to(connection: Connection, revision: str) -> None:
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
