"""What goes wrong in a cluster by chance: each fault begins, lasts a while, and is mended before it returns."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from random import Random

import asyncpg

from adapter.lab.shared import DATABASE
from tests.support.adapters import Adapters
from tests.support.cable import Cable

INSIDE = 40
"""Times that a process is stopped and let go, until it is stopped inside a transaction."""


class Nemesis:
    """Faults over these adapters. `cables`: between all adapters and each PBX's AMI."""

    def __init__(self, world: Adapters, cables: Sequence[Cable], chance: Random) -> None:
        self._world, self._cables, self._chance = world, cables, chance
        self.did: list[str] = []
        self.faults: dict[str, Callable[[], Awaitable[str]]] = {
            "an adapter is killed": self._killed,
            "an adapter is frozen": self._frozen,
            "an adapter is frozen inside a transaction": self._inside,
            "PostgreSQL is restarted": self._database,
            "a failover loses the last terms": self._terms_lost,
            "NATS is killed": self._nats,
            "a PBX's cable is pulled": self._pulled,
            "a PBX's cable carries nothing": self._blocked,
        }

    async def strike(self, name: str) -> None:
        """This happens, and is over."""
        self.did.append(f"{name}: {await self.faults[name]()}")

    async def _last(self, least: float, most: float) -> str:
        seconds = self._chance.uniform(least, most)
        await asyncio.sleep(seconds)
        return f"{seconds:.1f} s"

    def _one(self) -> int:
        return self._chance.randrange(len(self._world.adapters))

    async def _killed(self) -> str:
        one = self._one()
        self._world.kill(one)
        await self._world.gone(one)
        lasted = await self._last(0.2, 5)
        await self._world.adapters[one].start()
        return f"{one}, {lasted}"

    async def _frozen(self) -> str:
        one = self._one()
        self._world.kill(one, signal.SIGSTOP)
        try:
            return f"{one}, {await self._last(0.3, 6)}"
        finally:
            self._world.kill(one, signal.SIGCONT)

    async def _inside(self) -> str:
        """Its locks stand until PostgreSQL gives the transaction up."""
        one = self._one()
        server = self._world.shared.database.server
        look = await asyncpg.connect(user="postgres", host=str(server.folder), database=DATABASE)
        stuck = (
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' "
            "AND now() - state_change > interval '50 ms'"
        )
        found = 0
        try:
            for _ in range(INSIDE):
                self._world.kill(one, signal.SIGSTOP)
                await asyncio.sleep(0.08)  # longer than others are inside one between two statements
                if found := await look.fetchval(stuck):
                    break
                self._world.kill(one, signal.SIGCONT)
                await asyncio.sleep(self._chance.uniform(0, 0.05))
            self._world.kill(one, signal.SIGSTOP)
            return f"{one}, {await self._last(2.5, 5)}, inside: {bool(found)}"
        finally:
            self._world.kill(one, signal.SIGCONT)
            await look.close()

    async def _database(self) -> str:
        server = self._world.shared.database.server
        await asyncio.to_thread(server.halt)
        lasted = await self._last(0, 4)
        await asyncio.to_thread(server.start)
        return lasted

    async def _terms_lost(self) -> str:
        """As a standby has it that was a moment behind: the terms before the last ones, and every connection is new."""
        server = self._world.shared.database.server
        lost = "UPDATE owners SET term = greatest(term - 1, 1), token = md5(token)"
        await asyncio.to_thread(server.ask, lost, DATABASE)
        await asyncio.to_thread(server.halt)
        await asyncio.to_thread(server.start)
        return ""

    async def _nats(self) -> str:
        await self._world.shared.nats.stop()
        lasted = await self._last(0, 4)
        await self._world.shared.nats.start()
        return lasted

    async def _pulled(self) -> str:
        cable = self._chance.choice(self._cables)
        await cable.unplug()
        try:
            return await self._last(0, 3)
        finally:
            await cable.plug()

    async def _blocked(self) -> str:
        cable = self._chance.choice(self._cables)
        cable.block()
        try:
            return await self._last(0.2, 5)
        finally:
            cable.clear()
