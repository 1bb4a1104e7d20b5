"""Attack: using up what there is. Slow clients, silent clients, a thousand of them, deaf ones, many streams and
sockets. Whoever else asks is answered all the while, and the telephony goes on."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapter import wiring
from adapter.config.http import Http
from adapter.store import Store
from adapter.web import body, events, listener
from adapter.web.listener import ConnectionLimits
from tests.attack.raw import Raw, cookie, deaf, many
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.clock import real
from tests.support.endpoints import Memory
from tests.support.site import Site, is_problem


async def monitoring(site: Site) -> tuple[Client, str]:
    """Mona monitors a call."""
    site.talk()
    mona = await site.client("mona")
    status, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    assert status == 201, monitor
    await settle()
    return mona, str(monitor["id"])


async def switches(mona: Client, monitor: str, count: int) -> float:
    """Seconds of a confirmed switch of mode, the quickest: what others on this machine do only adds."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        status, body = await mona.patch(f"/monitors/{monitor}", {"mode": ("whisper", "silent")[number % 2]})
        took.append(time.perf_counter() - began)
        assert status == 200, body
    return min(took)


async def test_slow_loris(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    mona, monitor = await monitoring(site)
    for within in (3600.0, 1.0):
        monkeypatch.setattr(listener, "REQUEST_DEADLINE", within)
        async with many(site, 100) as slow:
            for one in slow:
                await one.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            dripping = asyncio.ensure_future(asyncio.gather(*(drip(one) for one in slow)))
            await switches(mona, monitor, 6)
            if within > 1:
                assert not dripping.done(), "the slow ones are still there while others are served"
                dripping.cancel()
            else:
                await asyncio.wait_for(dripping, 60)


async def drip(one: Raw) -> None:
    """A header's line now and then, for ever, until the other side hangs up."""
    with suppress(ConnectionError):
        while not one.reader.at_eof():
            one.writer.write(b"X-Slow: 1\r\n")
            await one.writer.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(one.reader.read(1), 0.05)


async def test_a_body_that_does_not_come(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_DEADLINE", 0.2)
    monkeypatch.setattr(listener, "LINGER", 0.1)
    head = "POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    for framing, part in (("Content-Length: 100", b"{"), ("Transfer-Encoding: chunked", b"1\r\n{\r\n")):
        one = await Raw.open(site)
        await one.send(f"{head}{framing}\r\n\r\n".encode() + part)
        status, _, problem = await one.answer()
        assert (status, problem["code"]) == (408, "too_slow")
        assert await one.all() == b""
        one.close()


async def test_a_thousand_idle_connections(site: Site) -> None:
    wiring.raise_file_limit()
    mona, monitor = await monitoring(site)
    before = await switches(mona, monitor, 20)
    async with many(site, 1200) as idle:
        after = await switches(mona, monitor, 20)
        other = await site.client("sam")
        assert (await other.get("/calls"))[0] == 200
        assert len(site.listener.connections) <= ConnectionLimits().each
        await asyncio.wait_for(idle[0].reader.read(), 10)
        assert not idle[-1].reader.at_eof(), "only the idlest go"
    assert after < max(before, 0.001) * 20


async def test_who_asks_something_is_never_sent_away_for_the_idle(site: Site) -> None:
    site.listener.connections._limits = ConnectionLimits(20, 10)
    mona = await site.client("mona")
    stream = await mona.events()
    async with many(site, 30) as idle:
        site.talk()
        await stream.until(lambda kind, data: kind == "call.updated")
        assert len(site.listener.connections) == 10
        assert await idle[0].all() == b""


async def test_when_all_are_busy_it_is_said(site: Site) -> None:
    admin = await site.client("admin")
    site.listener.connections._limits = ConnectionLimits(4, 4)
    streams = [await admin.events() for _ in range(3)]
    assert (await admin.get("/calls"))[0] == 200
    streams.append(await admin.events())
    one = await Raw.open(site)
    status, headers, problem = await one.answer()
    assert (status, problem["code"], headers["retry-after"]) == (503, "busy", "5")
    assert await one.all() == b""
    one.close()
    await streams[0].close()
    assert site.listener.connections.refused == 1


async def test_one_address_can_not_take_the_room_of_others(site: Site) -> None:
    """Here all come from one address; so the room of one is what a stranger can fill."""
    site.listener.connections._limits = ConnectionLimits(100, 5)
    async with many(site, 20):
        client = await site.client("sam")
        assert (await client.get("/calls"))[0] == 200
        assert len(site.listener.connections) == 5


async def test_a_person_can_not_open_streams_without_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EACH", 3)
    mona, sam = await site.client("mona"), await site.client("sam")
    streams = [await mona.events() for _ in range(3)]
    is_problem(await mona.get("/events"), 429, "too_many_requests")
    await sam.events()
    await streams[0].close()
    await until(lambda: site.streams.of(mona.user["id"]) < 3)
    await mona.events()


async def test_a_client_that_does_not_read_is_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TAKE_WITHIN", 0.3)
    mona = await site.client("mona")
    ask = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie(mona)}\r\n\r\n"
    mine = mona.user["id"]
    async with deaf(site, ask.encode()):
        await until(lambda: site.streams.is_connected(mine))
        for number in range(3000):
            site.pbx.scene.gone(*site.talk("201" * 1000, "101", f"b{number}"))
            site.pbx.run()
            if number % 20 == 0:
                await asyncio.sleep(0.01)
            if not site.streams.is_connected(mine):
                break
        await until(lambda: not site.streams.is_connected(mine))
        await until(lambda: len(site.listener.connections) <= 1)  # its connection too, not only its stream


async def until(there: Callable[[], bool]) -> None:
    """Wait for something that comes about by itself."""
    for _ in range(500):
        if there():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


class Upstream:
    """Asterisk's WebSocket, as far as it takes connections."""

    def __init__(self) -> None:
        self.open = 0
        self.port = 0

    async def take(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        self.open += 1
        try:
            async for message in socket:
                await socket.send_str(message.data)
        finally:
            self.open -= 1
        return socket


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """Listening on a free port."""
    app, found = web.Application(), Upstream()
    app.router.add_get("/ws", found.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


PING = "\r\n\r\n"
"""RFC 7118's keep-alive: it passes in both directions."""


async def test_one_session_holds_one_socket_to_asterisk(tmp_path: Path, upstream: Upstream) -> None:
    """Asterisk's HTTP server has 100 places (http.conf, sessionlimit), and ARI needs some of them."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real)
    site = Site(store, Memory(), softphone={"websocket_url": f"ws://127.0.0.1:{upstream.port}/ws"})
    runner = await site.start()
    mona = await site.client("mona")
    assert (await mona.post("/softphone", {}))[0] == 200
    sockets: list[aiohttp.ClientWebSocketResponse] = []
    for _ in range(10):
        socket = await mona.http.ws_connect(
            mona.base + "/sip", protocols=("sip",), headers={"Origin": site.base}, heartbeat=None
        )
        await socket.send_str(PING)
        assert (await socket.receive(timeout=5)).data == PING
        sockets.append(socket)
    for socket in sockets[:-1]:
        assert (await socket.receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    await sockets[-1].send_str(PING)
    assert (await sockets[-1].receive(timeout=5)).data == PING
    assert upstream.open == 1
    assert (await mona.delete("/session"))[0] == 204
    assert (await sockets[-1].receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    await site.close(runner)


def test_files_are_kept_for_the_pbx_and_the_database() -> None:
    http = Http()
    assert wiring.connection_limits(http, 20_000) == ConnectionLimits(4000, 1000)
    assert wiring.connection_limits(http, 1024) == ConnectionLimits(768, 768)
    assert wiring.connection_limits(http, 100).total < 100
    program = (
        "import resource as r; from adapter import wiring; hard = r.getrlimit(r.RLIMIT_NOFILE)[1];"
        "r.setrlimit(r.RLIMIT_NOFILE, (128, hard)); assert wiring.raise_file_limit() == hard;"
        "assert r.getrlimit(r.RLIMIT_NOFILE)[0] == hard"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
