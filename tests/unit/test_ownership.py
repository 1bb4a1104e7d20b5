"""Who looks after a PBX, on both databases: one at a time, whatever clocks do, and known to be lost."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, text

from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.ownership import Cluster, Member, Process, Term
from adapter.core.record import Record, seal
from adapter.errors import AlreadyOwned, PbxUnavailable, StoreUnavailable
from adapter.fleet import ownership as module
from adapter.fleet.ownership import LEASE, Ownership
from adapter.fleet.process import _stat, is_gone, this_member, this_process
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.database import Database, _migrations
from adapter.store.tables import FactRow
from tests.support.clock import real

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PBXES = ("north", "south")
HERE = Process("here", 7, "boot", "pid:[1]", 100)


class World:
    """Members of one installation, each with its own connection to the database; the boot-time clock is the test's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.boot = 1000.0
        self.wall: Callable[[], datetime] = lambda: NOW
        self.stop = asyncio.Event()
        self._stores: list[Store] = []
        self._all: list[Ownership] = []
        self.looks = 0
        self.claims: list[asyncio.Future[bool]] = []
        self.gone: set[int] = set()
        """Pids of processes that died on this machine."""

    def waits(self, one: Ownership) -> "asyncio.Future[bool]":
        """It stands by."""
        self.claims.append(asyncio.ensure_future(one.claim(self.stop, standby=True)))
        return self.claims[-1]

    def clock(self) -> datetime:
        return self.wall()

    async def store(self) -> Store:
        """A connection of one's own, as each process has it."""
        self._stores.append(await Store.open(self.url, clock=real))
        return self._stores[-1]

    async def member(self, pid: int) -> Ownership:
        """A process that would look after both PBXes."""
        process = replace(HERE, pid=pid)
        leases = (await self.store()).owners
        leases.look = self._counted(leases.look)  # type: ignore[method-assign]
        made = Ownership(
            leases,
            Member(f"{pid:032x}", process, "1.0", NOW),
            PBXES,
            self.clock,
            boot=lambda: self.boot,
            gone=lambda other, us: other.pid in self.gone,
        )
        self._all.append(made)
        return made

    def _counted(self, look: Callable[[], Awaitable[Cluster]]) -> Callable[[], Coroutine[None, None, Cluster]]:
        async def counted() -> Cluster:
            self.looks += 1
            return await look()

        return counted

    async def looked(self) -> None:
        """Whoever waits has looked, and drawn its conclusions."""
        before = self.looks
        await until(lambda: self.looks >= before + 2 or all(claim.done() for claim in self.claims))

    async def passes(self, seconds: float) -> None:
        """Time passes for everybody, while who waits looks on."""
        for _ in range(round(seconds * 2)):
            self.boot += 0.5
            await self.looked()

    async def close(self) -> None:
        self.stop.set()
        await asyncio.gather(*self.claims)
        for one in self._all:
            await one.close()
        for store in self._stores:
            await store.close()


@pytest.fixture
async def world(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """An empty installation, in which nobody renews by itself: the test says when."""
    monkeypatch.setattr(module, "PACE", 3600.0)
    monkeypatch.setattr(module, "LOOK", 0.02)
    made = World(database_url)
    yield made
    await made.close()


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not wanted():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


def holds(one: Ownership) -> bool:
    """It holds all, or none."""
    held = {one.holds(pbx) for pbx in PBXES}
    assert len(held) == 1
    return held.pop()


async def test_of_two_at_once_exactly_one_owns_twenty_times(world: World) -> None:
    for number in range(20):
        both = [await world.member(2 * number + 1), await world.member(2 * number + 2)]
        stop = asyncio.Event()
        claims = [asyncio.ensure_future(one.claim(stop, standby=True)) for one in both]
        await until(lambda both=both: any(map(holds, both)))  # type: ignore[misc]
        await asyncio.sleep(0.05)
        assert [holds(one) for one in both].count(True) == 1
        stop.set()
        assert sorted(await asyncio.gather(*claims)) == [False, True]
        for one in both:
            await one.close()


async def test_a_second_one_is_refused_with_what_to_do(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    claim = asyncio.ensure_future(second.claim(world.stop))
    await asyncio.sleep(0.1)
    assert not claim.done(), "it has not seen yet that the first one lives"
    await first._renew()
    with pytest.raises(AlreadyOwned) as refused:
        await claim
    for word in ("pid 1", "on here", "2026-01-01 00:00:00 UTC", "--standby", "north"):
        assert word in refused.value.detail
    assert holds(first)
    assert not holds(second)
    with pytest.raises(PbxUnavailable):
        second.need("north")


async def test_who_dies_is_followed_after_the_lease_by_the_watchers_own_clock(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    jump = random.Random(1)
    world.wall = lambda: NOW + timedelta(days=jump.uniform(-400, 400))
    claim = world.waits(second)
    for _ in range(3):  # it lives: however long that goes on, and wherever the wall clock is
        await world.passes(LEASE - 0.5)
        await first._renew()
        await world.looked()
        assert holds(first)
        assert not claim.done()
    await world.passes(LEASE - 0.5)
    assert holds(first)
    assert not claim.done()
    world.boot += 0.5
    assert not holds(first), "its own deadline comes first"
    assert await asyncio.wait_for(claim, 20)
    assert holds(second)


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


async def test_a_process_of_this_machine_that_is_gone_is_not_waited_for(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    world.gone.add(1)
    assert await asyncio.wait_for(second.claim(world.stop), 10)
    assert holds(second)


async def test_what_is_given_back_is_free_at_once(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    before = dict(first.terms())
    await first.close()
    assert await asyncio.wait_for(second.claim(world.stop), 10)
    assert all(second.terms()[pbx].number == before[pbx].number + 1 for pbx in PBXES)


async def test_who_was_paused_learns_that_it_is_deposed_and_writes_nothing_more(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    told: list[str] = []
    first.lost.subscribe(lambda: told.append("lost"))
    records = (await world.store()).records.within(first.terms)
    entry = Entry(at=NOW, by=By("sam", Via.SESSION), action=Action.LOGIN, result=Result.OK)
    await records.write(seal(Record(entries=[entry]), new_id), NOW)
    claim = world.waits(second)
    await world.looked()
    await world.passes(LEASE)
    assert await asyncio.wait_for(claim, 20)
    for _ in range(2):  # before it knows, and after
        with pytest.raises(StoreUnavailable, match="Another adapter"):
            await records.write(seal(Record(entries=[entry]), new_id), NOW)
        with pytest.raises(PbxUnavailable):
            first.need("north")
        await first._renew()
    assert first.deposed is not None
    assert "pid 2" in first.deposed
    assert told == ["lost"]
    assert "pid 2" in first.problems()[0]
    await first.close()
    assert holds(second), "a deposed one gives nothing back that is not its own"
    await second._renew()
    assert second.deposed is None


async def test_a_term_that_was_not_renewed_in_time_is_not_resumed_but_followed(world: World) -> None:
    first = await world.member(1)
    assert await first.claim(world.stop)
    before = dict(first.terms())
    world.boot += LEASE + 0.1
    with pytest.raises(PbxUnavailable, match="silence and ends always work"):
        first.need("south")
    assert first.problems()
    await first._renew()
    first.need("south")
    assert first.problems() == []
    assert all(first.terms()[pbx].number == before[pbx].number + 1 for pbx in PBXES)
    assert all(first.terms()[pbx].token != before[pbx].token for pbx in PBXES)


async def test_a_doubt_holds_until_a_new_term_began(world: World) -> None:
    first = await world.member(1)
    assert await first.claim(world.stop)
    before = first.terms()
    first.doubt()
    assert not holds(first)
    await until(lambda: holds(first))  # it asks at once, by itself
    assert first.terms() != before


async def test_a_renewal_that_was_under_way_when_a_doubt_came_settles_nothing(world: World) -> None:
    first = await world.member(1)
    assert await first.claim(world.stop)
    before, renew = first.terms(), first._leases.renew

    async def doubted(member: str, at: datetime) -> object:
        found = await renew(member, at)
        first._doubts += 1
        return found

    first._leases.renew = doubted  # type: ignore[assignment,method-assign]
    await first._renew()
    assert first.terms() != before


async def test_a_take_over_that_a_renewal_overtook_is_none(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    assert await first.claim(world.stop)
    seen = await second._leases.look()
    await first._renew()
    assert await second._leases.take(second._member, PBXES, seen, NOW) is None
    assert holds(first)
    await first._renew()
    assert first.deposed is None


async def test_take_overs_and_renewals_at_once_leave_one_owner(world: World) -> None:
    """Whoever believes to be the owner after all of it is the only one, and is the one in the database."""
    owner, others = await world.member(1), [await world.member(number) for number in (2, 3)]
    assert await owner.claim(world.stop)
    chance = random.Random(7)
    for _ in range(20):
        seen = await owner._leases.look()

        async def renew(one: Ownership = owner) -> None:
            await asyncio.sleep(chance.uniform(0, 0.01))
            await one._renew()

        taken = await asyncio.gather(*(one._take(seen) for one in others), renew())
        await owner._renew()
        for one in others:
            if holds(one):
                await one._renew()
        alive = [one for one in (owner, *others) if holds(one)]
        assert len(alive) == 1, taken
        if alive[0] is not owner:
            others.remove(alive[0])
            others.append(await world.member(int(owner._member.id, 16) + 10))
            owner = alive[0]


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


async def test_who_is_frozen_in_a_transaction_is_not_waited_for(world: World) -> None:
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


def test_who_is_gone_and_who_may_live() -> None:
    us = this_process()
    assert us.pid == os.getpid()
    assert us.boot
    assert us.namespace
    assert us.started
    assert not is_gone(us, us)
    assert is_gone(replace(us, started=us.started + 1), us), "another process has that pid now"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        other = replace(us, pid=child.pid, started=started(child.pid))
        assert not is_gone(other, us)
        child.kill()
        child.poll()
    assert is_gone(other, us)
    for unknown in (
        replace(other, boot="another machine"),
        replace(other, namespace="another container"),
        replace(other, started=0),
    ):
        assert not is_gone(unknown, us)
    blind = replace(us, boot="")
    assert not is_gone(replace(other, boot=""), blind), "what the kernel hides proves nothing"


def started(pid: int) -> int:
    """When a process began, as the kernel tells it."""
    found = _stat(pid)
    assert found
    return found[1]


def test_each_start_is_a_member_of_its_own() -> None:
    assert this_member(NOW).id != this_member(NOW).id
    assert Term(1, "a") != Term(1, "b")


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
