"""Who looks after a PBX, on both databases: one at a time, whatever clocks do, and known to be lost."""

import asyncio
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.ownership import Term
from adapter.core.record import Record, seal
from adapter.errors import AlreadyOwned, PbxUnavailable, StoreUnavailable
from adapter.fleet.ownership import LEASE, Ownership
from adapter.fleet.process import _stat, is_gone, this_member, this_process
from adapter.monitoring.recorder import new_id
from tests.support.owners import NOW, PBXES, World, holds, until, world

__all__ = ["world"]


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
