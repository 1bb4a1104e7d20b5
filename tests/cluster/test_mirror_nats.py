"""A mirror over a real NATS server: killed, cut off, stuttering."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapter.fleet import freshness
from adapter.fleet.natsbus import NatsBus
from tests.support.cable import Cable
from tests.support.cluster import Accounts, Other, Owner, term
from tests.support.nats import NatsServer
from tests.support.waiting import until


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer.running(tmp_path) as server:
        yield server


@asynccontextmanager
async def over_nats(nats: NatsServer, port: int | None = None) -> AsyncIterator[tuple[Owner, Other]]:
    """An owner, and another adapter (through a cable, where there is one)."""
    accounts, buses = Accounts(), [NatsBus(nats.access(), "owner"), NatsBus(nats.access(port=port), "other")]
    for bus in buses:
        bus.start()
    owner, other = Owner(buses[0], accounts), Other(buses[1], accounts)
    try:
        await until(lambda: all(bus.connected for bus in buses))
        owner.publisher.begin(term(1))
        owner.pbx.scene.answered_call()
        owner.pbx.run()
        await until(lambda: other.shows(owner), "the mirror is not as the owner's board")
        yield owner, other
    finally:
        await other.close()
        await owner.close()
        for bus in buses:
            await bus.close()


async def test_nats_is_killed_and_comes_back(nats: NatsServer) -> None:
    async with over_nats(nats) as (owner, other):
        nats.kill()
        await until(lambda: not other.board.in_sight and not other.board.calls())
        owner.pbx.scene.answered_call("202", "102", "b2")
        owner.pbx.run()
        nats.start()
        await until(lambda: other.shows(owner))
        assert len(other.board.calls()) == 2


@pytest.mark.parametrize("how", ["unplug", "block"])
async def test_a_cut_hides_it_within_the_second_and_it_comes_back(nats: NatsServer, how: str) -> None:
    cable = Cable(nats.port)
    await cable.plug()
    try:
        async with over_nats(nats, cable.port) as (owner, other):
            if how == "unplug":
                await cable.unplug()
            else:
                cable.block()
            cut = time.monotonic()
            await until(lambda: not other.board.in_sight)
            assert time.monotonic() - cut < freshness.SIGHT + 2.0
            owner.pbx.scene.answered_call("202", "102", "b2")
            owner.pbx.run()
            await asyncio.sleep(2.5)
            assert not other.board.calls()
            if how == "unplug":
                await cable.plug()
            else:
                cable.clear()
            await until(lambda: other.shows(owner))
    finally:
        await cable.close()


async def test_a_short_stutter_hides_nothing(nats: NatsServer) -> None:
    cable = Cable(nats.port)
    await cable.plug()
    try:
        async with over_nats(nats, cable.port) as (owner, other):
            states = [changes.link for changes in other.heard]
            cable.block()
            owner.pbx.scene.answered_call("202", "102", "b2")
            owner.pbx.run()
            await asyncio.sleep(0.2)
            cable.clear()
            await until(lambda: other.shows(owner))
            assert not any(changes.link for changes in other.heard[len(states) :])
    finally:
        await cable.close()
