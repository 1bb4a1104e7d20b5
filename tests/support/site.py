"""The adapter itself over the real store and a fake PBX, on a real socket: what tests of the contract ask."""

import ssl
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapter import config
from adapter.core.modes import Mode
from adapter.core.people import Directory, Role
from adapter.fleet.node import Connect
from adapter.phones.browser import Endpoints
from adapter.service import Service
from adapter.store import Store
from adapter.store.people import NewUser
from adapter.web.app import make_app
from adapter.web.listener import ConnectionLimits, Listener
from tests.fake.pbx import FakePbx
from tests.support.client import Client
from tests.support.clock import FakeClock, real

PEOPLE = {"admin": "301", "sam": "101", "ana": "102", "mona": "302", "coach": "303"}
SECRET = {"secret": "not used"}


def settings(**sections: Any) -> config.Settings:
    """A configuration like the lab's, as a file would give it; `sections` are put over it."""
    given: dict[str, Any] = {
        "pbx": [{"id": "lab", "ami": SECRET, "ari": SECRET, "watch_interval_seconds": 3600}],
        "endpoints": {"agents": ["PJSIP/10[1-4]"]},
        "monitoring": {"ring_timeout_seconds": 5, "confirm_deadline_seconds": 0.2},
        "webhooks": {"allow_private": True, "timeout_seconds": 2},
        "coaching": {"shield_answer_seconds": 0.4},
        "embed": {
            "origins": ["https://crm.example", "https://other.example"],
            "ancestors": ["https://around.example"],
        },
    }
    return config.Settings(**{**given, **sections})


class Site:
    """One adapter. Its clock stands still at `now` until a test moves it."""

    def __init__(
        self, store: Store, endpoints: Endpoints | None = None, time: FakeClock | None = None, **sections: Any
    ) -> None:
        """`endpoints`: where pages' phones are made, if at all; `time`: the store's clock, where a test lets it pass.

        `sections`: of the configuration.
        """
        self.store, self.pbx = store, FakePbx(endpoints=endpoints)
        self.time = time or FakeClock(real())
        sections.setdefault("softphone", {})
        sections["softphone"]["enabled"] = endpoints is not None
        self.settings = settings(**sections)
        self.base = ""
        self.limits = ConnectionLimits()
        self.tls: ssl.SSLContext | None = None
        self.clients: list[Client] = []

    def clock(self) -> datetime:
        return self.time.now()

    @property
    def now(self) -> datetime:
        """The time; a later one lets it pass until then."""
        return self.time.now()

    @now.setter
    def now(self, later: datetime) -> None:
        self.time.passes(later - self.time.now())

    def tick(self) -> None:
        """Let a moment pass: what comes after it is later, which is what the audit is read by."""
        self.time.passes(timedelta(milliseconds=1))

    def connect_to(self, name: str) -> Connect:
        """What a node of that name connects to."""
        return self.pbx.connect

    def name_boards(self) -> None:
        """The node's board is the one that its PBX feeds."""
        (self.board,) = self.service.boards.own
        self.pbx.board = self.board

    async def start(self) -> Listener:
        """Listen on a free port."""
        for name, number in PEOPLE.items():
            await self.store.people.create(
                NewUser(
                    username=name,
                    name=name.capitalize(),
                    role=Role.ADMINISTRATOR if name == "admin" else Role.AGENT,
                    password=f"secret-{name}",
                    extension=number,
                    device=f"PJSIP/{number}",
                    can_monitor=name in ("mona", "coach"),
                    modes=frozenset({Mode.SILENT, Mode.WHISPER}) if name == "coach" else frozenset(Mode),
                )
            )
        key, directory = await self.store.installation.key(), Directory.of(await self.store.people.all())
        self.service = Service(
            self.settings,
            self.store,
            key,
            directory,
            await self.store.records.bars(),
            connect_to=lambda pbx, clock: self.connect_to(pbx.id),
            clock=self.clock,
            endpoints_of=lambda pbx: self.endpoints_at(pbx.id),
        )
        self.name_boards()
        self.recorder, self.streams, self.phones = (
            self.service.recorder,
            self.service.streams,
            self.service.page_phones,
        )
        self.access, self.groups = self.service.access, self.service.groups
        await self.service.start()
        app = make_app(self.access, self.groups)
        self.listener = Listener(app, proxies=self.access.proxies, limits=self.limits, tls=self.tls)
        await self.listener.start("127.0.0.1", 0)
        self.base = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.listener.port}"
        return self.listener

    def endpoints_at(self, name: str) -> Endpoints:
        """Where pages' phones are made at this PBX."""
        return self.pbx.endpoints

    async def client(self, name: str | None = None) -> Client:
        """Somebody, signed in when named."""
        client = Client(self.base)
        self.clients.append(client)
        return await client.sign_in(name, f"secret-{name}") if name else client

    def talk(self, customer: str = "201", agent: str = "101", bridge: str = "b1") -> tuple[str, str]:
        """A call that is up."""
        both = self.pbx.scene.answered_call(customer, agent, bridge)
        self.pbx.run()
        return both

    async def call_id(self, client: Client) -> str:
        """The id of the only call that this person sees."""
        (call,) = await client.calls()
        return str(call["id"])

    async def close(self, runner: Listener) -> None:
        """End everything."""
        for client in self.clients:
            await client.close()
        self.streams.close()
        await runner.cleanup()
        await self.service.close()
        await self.store.close()


def is_problem(answer: tuple[int, dict[str, Any]], status: int, code: str) -> dict[str, Any]:
    """Assert an RFC 9457 document."""
    assert (answer[0], answer[1].get("code")) == (status, code), answer
    body = answer[1]
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    """A fresh site for each test, on the database that the folder's conftest gives."""
    clock = FakeClock(real())
    store = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    site = Site(store, time=clock)
    runner = await site.start()
    yield site
    await site.close(runner)
