"""Several adapters of one installation over one real database, with clocks that tests move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapter.core.ownership import Cluster, Member, Process
from adapter.fleet import ownership as module
from adapter.fleet.ownership import Ownership
from adapter.store import Store
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
