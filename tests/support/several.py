"""Several adapters of one installation in one process: a real PostgreSQL, a real NATS, simulated PBXes."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapter import config
from adapter.cluster import Membership
from adapter.core.people import Directory, Role
from adapter.fleet import claims
from adapter.fleet.claims import Claims
from adapter.fleet.natsbus import NatsBus
from adapter.fleet.node import Connect, OnCall, OnEvents, OnState
from adapter.fleet.process import this_member
from adapter.service import Service
from adapter.store import Store, passwords
from adapter.store.people import NewUser
from adapter.tasks import BackgroundTasks, guarded
from adapter.web.app import make_app
from adapter.web.listener import Listener
from tests.fake.pbx import FakePbx
from tests.support.client import Client
from tests.support.clock import real
from tests.support.endpoints import Memory
from tests.support.nats import NatsServer
from tests.support.postgresql import PostgreSQL
from tests.support.site import PEOPLE, SECRET, settings
from tests.support.waiting import until

NAMES = ("north", "south")
numbers = itertools.count()


class Adapter:
    """One process, as far as others can tell."""

    def __init__(self, store: Store, bus: NatsBus, given: config.Settings, pbxes: dict[str, FakePbx]) -> None:
        self.store, self.bus, self.settings, self.pbxes = store, bus, given, pbxes
        member = this_member(real())
        self.id = member.id
        process = replace(member.process, pid=1_000_000 + next(numbers), boot="")  # nobody sees it die
        self.claims = Claims(store.owners, replace(member, process=process), list(pbxes), real)
        self.clients: list[Client] = []
        self.dead = False

    async def start(self) -> "Adapter":
        """As `serve` does it."""
        key, directory = await self.store.installation.key(), Directory.of(await self.store.people.all())
        self.service = Service(
            *(self.settings, self.store, key, directory, await self.store.records.bars()),
            connect_to=self._connect_to,
            clock=real,
            membership=Membership(self.claims, self.bus),
            endpoints_of=lambda pbx: self.pbxes[pbx.id].endpoints,
        )
        await self.service.start()
        self.listener = Listener(
            make_app(self.service.access, self.service.groups), proxies=self.service.access.proxies
        )
        await self.listener.start("127.0.0.1", 0)
        return self

    def _connect_to(self, pbx: config.Pbx, clock: Callable[[], datetime]) -> Connect:
        fake = self.pbxes[pbx.id]

        def connect(on_events: OnEvents, on_state: OnState, on_call: OnCall) -> FakePbx:
            fake.board = on_events.__self__.board  # type: ignore[attr-defined]
            return fake.connect(on_events, on_state, on_call)

        return connect

    def owns(self, *pbxes: str) -> bool:
        """Whether it looks after these, and has listed them."""
        boards = {board.id: board for board in self.service.boards.own}
        return all(pbx in boards and boards[pbx].complete for pbx in pbxes)

    @property
    def mine(self) -> list[str]:
        """Which PBXes it looks after."""
        return sorted(board.id for board in self.service.boards.own)

    def sees(self) -> bool:
        """Whether it sees every PBX."""
        return self.service.boards.complete

    async def client(self, name: str) -> Client:
        """Somebody at this adapter."""
        client = Client(f"http://127.0.0.1:{self.listener.port}")
        self.clients.append(client)
        return await client.sign_in(name, f"secret-{name}")

    async def die(self) -> None:
        """At once, and without a word to anybody: nothing is written, released, told, or ended."""
        self.dead = True
        await self.claims._tasks.close()
        for part in vars(self.service).values():  # else they go on for as long as the loop of these tests lives
            if isinstance(tasks := getattr(part, "_tasks", None), BackgroundTasks):
                await tasks.close()
        for worker in self.service.dispatcher._workers.values():
            await worker.close()
        await self.service.dispatcher.sender.close()
        for one in self.service.nodes._all.values():  # type: ignore[attr-defined]
            if one.owned is not None:
                one.owned.publisher.term = None
        await self.bus.close()
        await self._hang_up()
        await self.listener.cleanup()

    async def stop(self) -> None:
        """As a signal stops it."""
        self.dead = True
        await self._hang_up()
        self.service.streams.close()
        await self.listener.cleanup()
        await self.service.close()
        await self.claims.close()
        await self.store.close()

    async def _hang_up(self) -> None:
        for client in self.clients:
            await client.close()


class Several:
    """The installation."""

    def __init__(self, url: str, nats: NatsServer, **sections: Any) -> None:
        self.url, self.nats = url, nats
        self.pbxes = {name: FakePbx(name, endpoints=Memory()) for name in NAMES}
        pbx = [{"id": name, "ami": SECRET, "ari": SECRET, "watch_interval_seconds": 3600} for name in NAMES]
        self.settings = settings(pbx=pbx, softphone={"enabled": True}, **sections)
        self.all: list[Adapter] = []

    async def people(self) -> None:
        """The accounts of `site`."""
        store = await Store.open(self.url, clock=real)
        for name, number in PEOPLE.items():
            await store.people.create(
                NewUser(
                    username=name,
                    name=name.capitalize(),
                    role=Role.ADMINISTRATOR if name == "admin" else Role.AGENT,
                    password=f"secret-{name}",
                    extension=number,
                    device=f"PJSIP/{number}",
                    can_monitor=name in ("mona", "coach"),
                )
            )
        await store.close()

    async def adapter(self, port: int | None = None) -> Adapter:
        """One more. `port`: of a cable to NATS."""
        store = await Store.open(self.url, clock=real)
        bus = NatsBus(self.nats.access(port=port), f"adapter {len(self.all)}")
        made = Adapter(store, bus, self.settings, self.pbxes)
        self.all.append(made)
        return await made.start()

    async def two(self) -> tuple[Adapter, Adapter]:
        """Two that have started together: the owner of `north`, and that of `south`."""
        with patch.object(claims, "TOGETHER", 30.0):  # a busy machine starts the second one late
            both = await self.adapter(), await self.adapter()
            await until(lambda: all(len(one.mine) == 1 and one.sees() for one in both), "they don't share the PBXes")
        return both if both[0].owns("north") else (both[1], both[0])

    def call_at(self, pbx: str, customer: str = "201", agent: str = "101", bridge: str = "b1") -> tuple[str, str]:
        """A call that is up there."""
        both = self.pbxes[pbx].scene.answered_call(customer, agent, bridge)
        self.pbxes[pbx].run()
        return both

    async def close(self) -> None:
        for one in self.all:
            if not one.dead:
                await one.stop()
            elif one.service.ownership.seen:
                guarded(one.service.streams.close)
                with contextlib.suppress(Exception):
                    await one.service.nodes.close()
                await one.service._tasks.close()
                await one.store.close()


@asynccontextmanager
async def installation(url: str, nats: NatsServer, **sections: Any) -> AsyncIterator[Several]:
    """For the length of a block."""
    made = Several(url, nats, **sections)
    await made.people()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    """A real PostgreSQL, made for this run."""
    with PostgreSQL.running() as running:
        yield running


@pytest.fixture
async def cluster_url(server: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh database of it; passwords cost little."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_nobody", cheap.hash("nobody's password"))
    name = f"several_{next(numbers)}"
    engine = create_async_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    await engine.dispose()
    return server.url(name)


@pytest.fixture
async def several(cluster_url: str, tmp_path: Path) -> AsyncIterator[Several]:
    """An installation without an adapter yet."""
    with NatsServer.running(tmp_path) as nats:
        async with installation(cluster_url, nats) as made:
            yield made
