"""The whole application over the real store and a fake PBX, on a real socket: what tests of the contract ask."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapter.core.modes import Mode
from adapter.core.people import Directory, Role
from adapter.health.metrics import Metrics
from adapter.monitoring.limits import Limits
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.supervise import Supervision
from adapter.phones.browser import BrowserPhones, Endpoints
from adapter.store import Store
from adapter.store.people import NewUser
from adapter.web.api import Web
from adapter.web.app import make_app
from adapter.web.auth import TtlCache
from adapter.web.listener import ConnectionLimits, Listener
from adapter.web.stream import Streams
from adapter.web.throttle import Throttle
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender
from tests.fake.pbx import FakePbx
from tests.support.client import Client

PEOPLE = {"admin": "301", "sam": "101", "ana": "102", "mona": "302", "coach": "303"}


class Site:
    """The application over the real store and a fake PBX, on a real socket."""

    def __init__(self, store: Store, endpoints: Endpoints | None = None, **options: Any) -> None:
        """`endpoints`: where pages' phones are made, if at all; `options`: more of `adapter.web.api.Web`."""
        self.store, self.pbx, self._endpoints, self._options = store, FakePbx(), endpoints, options
        self.board = self.pbx.board
        self.now = datetime.now(UTC)
        self.recorder = Recorder(self.board, store.monitors, store.records, self.clock)
        self.guard = Guard(allow_private=True)
        self.dispatcher = Dispatcher(store.webhooks, store.outbox, Sender(self.guard, self.clock, 2.0), self.clock)
        self.recorder.written = self.dispatcher.wake
        self.metrics = Metrics(self.board)
        limits = Limits(ring_timeout=5, confirm=0.2)
        self.monitoring = Supervision(self.board, self.pbx, self.recorder, self.clock, limits)
        self.streams = Streams(self.board)
        day = timedelta(days=1)
        self.softphones = (
            BrowserPhones(self.board, endpoints, self.clock, day, lambda device: None) if endpoints else None
        )
        self.problems: list[str] = []
        self.base = ""
        self.web: Web | None = None
        self.room = ConnectionLimits()
        self.tls: ssl.SSLContext | None = None
        self.clients: list[Client] = []

    def clock(self) -> datetime:
        return self.now

    async def is_usable(self) -> list[str]:
        return self.problems

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
        self.board.set_directory(Directory.of(await self.store.people.all()), frozenset(), self.now)
        self.recorder.start()
        await self.dispatcher.start()
        self.web = deps = Web(
            board=self.board,
            monitoring=self.monitoring,
            recorder=self.recorder,
            dispatcher=self.dispatcher,
            guard=self.guard,
            metrics=self.metrics,
            store=self.store,
            streams=self.streams,
            sessions=TtlCache(self.store.sessions.find),
            tokens=TtlCache(self.store.tokens.find),
            throttle=Throttle(),
            clock=self.clock,
            problems=self.is_usable,
            softphones=self.softphones,
            **self._options,
        )
        self.listener = Listener(make_app(deps), proxies=deps.proxies, room=self.room, tls=self.tls)
        await self.listener.start("127.0.0.1", 0)
        self.base = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.listener.port}"
        return self.listener

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
        if self.softphones is not None:
            await self.softphones.close()
        await self.monitoring.close()
        await self.recorder.close()
        await self.dispatcher.close()
        await runner.cleanup()
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
    store = await Store.open(database_url)
    site = Site(store)
    runner = await site.start()
    yield site
    await site.close(runner)
