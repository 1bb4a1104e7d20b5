"""What a scale run is played on: simulated PBXes in a process of their own, adapters, supervisors, open pages."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from adapter import config
from adapter.core.people import Role
from adapter.lab.ports import free_port
from adapter.lab.run import Adapter, ready
from adapter.lab.shared import Shared
from adapter.store import Store
from adapter.store.people import NewUser
from tests.load.pages import ROOT, Pages
from tests.support.client import Client, Json
from tests.support.clock import real

PASSWORD = "scale-supervisor"
ADMINISTRATOR = "admin"
SUPERVISOR = "3"
"""How supervisors' numbers begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything."""

    pbxes: int
    calls: int
    """That stand at each PBX."""
    adapters: int = 1
    pages: int
    """Open pages at each adapter, of people who see everything."""
    monitors: int
    """Supervisors who listen and switch, at each adapter."""
    floor: tuple[int, ...] = ()
    """Queues, members and waiting callers of each PBX; half of all events are theirs. Empty: no queues."""
    nice: int = 0
    """Priority of all processes of the run, where the machine has other work (sched(7), autogroup); less is more."""
    uvloop: bool = False
    """Whether adapters run on another event loop than the standard library's."""

    def of(self, *, adapters: int) -> "Plan":
        """The same for so many adapters."""
        return replace(self, adapters=adapters)


class Simulation:
    """The process of the simulated PBXes."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.ami: Sequence[int] = ()
        self.ari = 0

    async def start(self, plan: Plan) -> None:
        """Start it; it says where each PBX listens."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.scale.simpbx"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        told = await self._ask({"pbxes": plan.pbxes, "calls": plan.calls, "rate": 1.0, "floor": plan.floor})
        self.ami, self.ari = told["ami"], told["ari"]

    async def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        told = await asyncio.wait_for(self._process.stdout.readline(), 30)
        found: dict[str, Any] = json.loads(told)
        return found

    async def rate(self, each: float) -> int:
        """Events a second at each PBX from now on. Returns how many were sent so far, by all."""
        return int((await self._ask({"rate": each}))["sent"])

    async def sent(self) -> int:
        """How many events were sent so far."""
        return int((await self._ask({}))["sent"])

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    async def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()


class OnUvloop(Adapter):
    """The same adapter on uvloop, which must be installed."""

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command that runs it."""
        words = "import sys, uvloop; uvloop.install(); from adapter.__main__ import main; sys.exit(main())"
        return [sys.executable, "-c", words, *arguments]


class Stage:
    """Everything. Start it, and stop it whatever happened."""

    def __init__(self, folder: Path, plan: Plan, shared: Shared | None = None) -> None:
        """`shared`: what several adapters need, running by the time of `prepare`; without it one adapter on SQLite."""
        self.folder, self.plan, self._shared = folder, plan, shared
        self.simulation = Simulation()
        self.ports = [free_port() for _ in range(plan.adapters)]
        self.adapters: list[Adapter] = []
        self.clients: list[list[Client]] = []
        """By adapter."""
        self.pages = [Pages() for _ in self.ports]

    async def start(self) -> None:
        """Returns once every adapter has taken its PBXes up, and everybody looks."""
        await self.prepare()
        await asyncio.gather(*(self.serve(number) for number in range(self.plan.adapters)))
        await self.look()

    async def prepare(self) -> None:
        """Start the simulated PBXes, and make the accounts."""
        await self.simulation.start(self.plan)
        confs = [self._conf(number) for number in range(self.plan.adapters)]
        await self._people(confs[0])
        kind = OnUvloop if self.plan.uvloop else Adapter
        self.adapters = [kind(conf, self.folder / f"adapter{number}.log") for number, conf in enumerate(confs)]

    async def serve(self, number: int) -> None:
        """Start one adapter. Returns once it is ready."""
        await self.adapters[number].start()
        self.prefer()
        assert await ready(self.ports[number], asyncio.Event())

    def prefer(self, *more: int) -> None:
        """Give all processes of the run, and these, their priority."""
        pages = [one.process.pid for one in self.pages if one.process]
        for pid in (os.getpid(), *self.pids, *self.servers, self.simulation.pid, *pages, *more):
            if self.plan.nice:
                Path(f"/proc/{pid}/autogroup").write_text(f"{self.plan.nice}\n")

    @property
    def pids(self) -> Sequence[int]:
        """Of the adapters that run."""
        return [adapter.process.pid for adapter in self.adapters if adapter.process]

    async def owners(self, wanted: Collection[int] = ()) -> dict[str, int]:
        """Which adapter, by its place, looks after each PBX; waits until all of them have an owner, and of these
        adapters each owns one at least, and the others none."""
        admin = await Client(f"http://127.0.0.1:{self.ports[0]}").sign_in(ADMINISTRATOR, PASSWORD)
        end = time.monotonic() + 60
        try:
            while True:
                found = self._placed((await admin.get("/cluster"))[1])
                if len(found) == self.plan.pbxes and (not wanted or {*found.values()} == {*wanted}):
                    return found
                assert time.monotonic() < end, f"the PBXes are looked after by {found}"
                await asyncio.sleep(0.2)
        finally:
            await admin.close()

    def _placed(self, told: Json) -> dict[str, int]:
        places = {pid: place for place, pid in enumerate(self.pids)}
        by_id = {member["id"]: places[member["pid"]] for member in told["members"] if member["pid"] in places}
        return {pbx["id"]: by_id[pbx["owner"]] for pbx in told["pbxs"] if pbx["owner"] in by_id}

    async def look(self) -> None:
        """Supervisors sign in, and pages are opened."""
        for number, port in enumerate(self.ports):
            names = [self.name(number, one) for one in range(self.plan.monitors)]
            self.clients.append([await Client(f"http://127.0.0.1:{port}").sign_in(name, PASSWORD) for name in names])
        for port, clients, pages, cookie in zip(self.ports, self.clients, self.pages, self.cookies, strict=True):
            await self._sees_all(clients[0])
            await pages.start(port, [cookie] * self.plan.pages, 0)

    @property
    def cookies(self) -> list[str]:
        """Of the first supervisor at each adapter."""
        jars = (clients[0].http.cookie_jar for clients in self.clients)
        return ["; ".join(f"{one.key}={one.value}" for one in jar) for jar in jars]

    @property
    def servers(self) -> Sequence[int]:
        """The processes of PostgreSQL and NATS, where there are several adapters."""
        if self._shared is None:
            return []
        nats, database = self._shared.nats.process, self._shared.database.server.pid
        return [pid for pid in (database, nats.pid if nats else None) if pid is not None]

    async def _sees_all(self, client: Client) -> None:
        wanted, end = self.plan.pbxes * self.plan.calls, time.monotonic() + 60
        while len((await client.get("/calls"))[1]["calls"]) < wanted:
            assert time.monotonic() < end, "an adapter does not see all calls"
            await asyncio.sleep(0.2)

    @staticmethod
    def name(adapter: int, number: int) -> str:
        """A supervisor's username."""
        return f"super-{adapter}-{number}"

    def _conf(self, number: int) -> Path:
        path = self.folder / f"adapter{number}.toml"
        path.touch(mode=0o600)
        database = self._shared.database_url if self._shared else f"sqlite+aiosqlite:///{self.folder}/adapter.sqlite"
        pbxes = "".join(
            f'\n[[pbx]]\nid = "pbx{node}"\nwatch_interval_seconds = 30\n[pbx.softphone]\nenabled = false\n'
            f'[pbx.ami]\nport = {port}\nsecret = "none"\n'
            f'[pbx.ari]\nurl = "http://127.0.0.1:{self.simulation.ari}/ari"\nsecret = "none"\n'
            for node, port in enumerate(self.simulation.ami)
        )
        path.write_text(
            f"[http]\nport = {self.ports[number]}\nmax_connections_each = 10000\n[database]\n"
            f"url = {json.dumps(database)}\n"
            f'{pbxes}\n[endpoints]\nagents = ["PJSIP/1*"]\n[log]\nlevel = "warning"\n'
            f"{self._shared.conf() if self._shared else ''}"
        )
        return path

    async def _people(self, conf: Path) -> None:
        store = await Store.open(config.load(conf).database_url, clock=real)
        try:
            await store.people.create(
                NewUser(username=ADMINISTRATOR, name="Administrator", role=Role.ADMINISTRATOR, password=PASSWORD)
            )
            for adapter in range(self.plan.adapters):
                for number in range(self.plan.monitors):
                    device = f"{SUPERVISOR}{adapter}{number:03d}"
                    await store.people.create(
                        NewUser(
                            username=self.name(adapter, number),
                            name=f"Supervisor {device}",
                            role=Role.AGENT,
                            password=PASSWORD,
                            extension=device,
                            device=f"PJSIP/{device}",
                            can_monitor=True,
                        )
                    )
        finally:
            await store.close()

    async def call(self, client: Client, pbx: str, place: int) -> Json:
        """One call at a PBX, whichever stands there."""
        found = [one for one in (await client.get("/calls"))[1]["calls"] if one["pbx"] == pbx]
        picked: Json = sorted(found, key=lambda one: str(one["agent"]["extension"]))[place % len(found)]
        return picked

    async def stop(self) -> list[int]:
        """End everything. Returns how many gaps and losses the pages of each adapter saw."""
        seen = [await pages.stop() for pages in self.pages]
        for clients in self.clients:
            for client in clients:
                await client.close()
        for adapter in self.adapters:
            await adapter.stop()
        await self.simulation.stop()
        return [one.gaps + one.lost for one in seen]


class Usage:
    """CPU of processes between two looks."""

    def __init__(self, pids: Sequence[int], *, families: Sequence[int] = ()) -> None:
        """`families`: processes that are counted with all that they start and have started."""
        self._processes, self._families = [[psutil.Process(pid) for pid in some] for some in (pids, families)]
        self._before = self._spent()
        self._began = time.monotonic()

    def _spent(self) -> list[float]:
        alone = [sum(process.cpu_times()[:2]) for process in self._processes]
        return alone + [_of_all(process) for process in self._families]

    def percent(self) -> list[float]:
        """% of one core that each took since the beginning."""
        passed = time.monotonic() - self._began
        return [100 * (now - then) / passed for now, then in zip(self._spent(), self._before, strict=True)]

    def megabytes(self) -> list[float]:
        """Resident, 10^6 bytes."""
        return [process.memory_info().rss / 1e6 for process in self._processes]


def _of_all(first: psutil.Process) -> float:
    spent = float(sum(first.cpu_times()[:4]))
    for process in first.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            spent += sum(process.cpu_times()[:2])
    return spent


def crowded() -> float:
    """Load average of the last minute, beside the figures: what else runs here."""
    return os.getloadavg()[0]
