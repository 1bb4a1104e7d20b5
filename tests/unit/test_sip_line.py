"""A page's line to Asterisk over several sockets: what keeps it, what ends it, and what Asterisk said meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType, web

from adapter.store import Store
from adapter.web import sipline
from tests.fuzz.sip import ENDPOINT, RECORDED, guard_before
from tests.support.client import Client
from tests.support.clock import real
from tests.support.endpoints import Memory
from tests.support.site import Site

PING = "\r\n\r\n"
"""RFC 7118's keep-alive: it passes in both directions."""


class Asterisk:
    """Its WebSocket, as far as it takes connections: each of them, and what came on it."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.heard: list[str] = []
        self.open = 0

    async def take(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        self.sockets.append(socket)
        self.open += 1
        try:
            async for message in socket:
                self.heard.append(message.data)
        finally:
            self.open -= 1
        return socket


@pytest.fixture
async def asterisk() -> AsyncIterator[tuple[Asterisk, int]]:
    """Listening, and its port."""
    app, found = web.Application(), Asterisk()
    app.router.add_get("/ws", found.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield found, runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def mona(asterisk: tuple[Asterisk, int], tmp_path: Path) -> AsyncIterator[tuple[Site, Client]]:
    """Mona's page, which has credentials."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real)
    site = Site(store, Memory(), softphone={"websocket_url": f"ws://127.0.0.1:{asterisk[1]}/ws"})
    runner = await site.start()
    client = await site.client("mona")
    assert (await client.post("/softphone", {}))[0] == 200
    yield site, client
    await site.close(runner)


async def connect(site: Site, client: Client) -> aiohttp.ClientWebSocketResponse:
    """A socket of the page."""
    url = client.base + "/sip"
    return await client.http.ws_connect(url, protocols=("sip",), headers={"Origin": site.base}, autoping=True)


def cut(socket: aiohttp.ClientWebSocketResponse) -> None:
    """The network is gone: no close, no goodbye."""
    transport = socket.get_extra_info("socket"), socket._response.connection
    assert transport[1] is not None
    assert transport[1].transport is not None
    transport[1].transport.abort()


async def until(there: bool, asterisk: Asterisk, deadline: float) -> float:
    """Seconds until Asterisk has a connection, or none."""
    began = time.monotonic()
    while (asterisk.open > 0) is not there:
        assert time.monotonic() - began < deadline
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_a_socket_that_breaks_is_taken_up_by_the_next(
    asterisk: tuple[Asterisk, int], mona: tuple[Site, Client]
) -> None:
    pbx, _ = asterisk
    first = await connect(*mona)
    await until(True, pbx, 5)
    cut(first)
    await asyncio.sleep(0.2)
    assert pbx.open == 1
    for text in ("one", "two"):
        await pbx.sockets[0].send_str(text)
    await asyncio.sleep(0.1)
    second = await connect(*mona)
    assert [(await second.receive(timeout=5)).data for _ in range(2)] == ["one", "two"]
    await second.send_str(PING)
    await asyncio.sleep(0.1)
    assert (pbx.heard, len(pbx.sockets)) == ([PING], 1)
    await second.close()


async def test_what_waited_goes_first(
    asterisk: tuple[Asterisk, int], mona: tuple[Site, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx, _ = asterisk
    first = await connect(*mona)
    await until(True, pbx, 5)
    cut(first)
    await asyncio.sleep(0.2)
    kept = [str(number) for number in range(10)]
    for text in kept:
        await pbx.sockets[0].send_str(text)
    await asyncio.sleep(0.1)
    send = sipline._sent

    async def slowly(page: web.WebSocketResponse, text: str) -> bool:
        await asyncio.sleep(0.05)
        return await send(page, text)

    monkeypatch.setattr(sipline, "_sent", slowly)
    second = await connect(*mona)
    assert (await second.receive(timeout=5)).data == kept[0]
    await pbx.sockets[0].send_str("new")
    assert [(await second.receive(timeout=5)).data for _ in range(10)] == [*kept[1:], "new"]
    await second.close()


async def test_a_page_that_closes_its_socket_is_gone_at_once(
    asterisk: tuple[Asterisk, int], mona: tuple[Site, Client]
) -> None:
    pbx, _ = asterisk
    socket = await connect(*mona)
    await until(True, pbx, 5)
    await socket.close(code=WSCloseCode.GOING_AWAY)
    assert await until(False, pbx, 5) < sipline.PATIENCE / 2
    again = await connect(*mona)
    await until(True, pbx, 5)
    assert len(pbx.sockets) == 2
    await again.close()


@pytest.mark.parametrize("how", ["cut", "silent"])
async def test_a_page_of_which_nothing_is_heard_is_gone(
    asterisk: tuple[Asterisk, int], mona: tuple[Site, Client], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(sipline, "PATIENCE", 2.5)
    monkeypatch.setattr(sipline, "PING", 0.3)
    pbx, _ = asterisk
    socket = await connect(*mona)
    await until(True, pbx, 5)
    reading = asyncio.ensure_future(socket.receive())
    await asyncio.sleep(4)
    assert pbx.open == 1, "its pongs are a sign of it"
    if how == "cut":
        reading.cancel()
        cut(socket)
    else:
        reading.cancel()  # nobody reads, so nobody answers a ping
    assert await until(False, pbx, 10) > 0.5


async def test_what_may_not_pass_ends_it_with_its_code(
    asterisk: tuple[Asterisk, int], mona: tuple[Site, Client]
) -> None:
    socket = await connect(*mona)
    await socket.send_str("nonsense")
    while (await socket.receive(timeout=5)).type is WSMsgType.TEXT:
        continue
    assert socket.close_code == WSCloseCode.POLICY_VIOLATION
    await until(False, asterisk[0], 5)


def test_a_call_can_be_hung_up_on_another_connection_than_it_began_on() -> None:
    bye = max(place for place, (who, text) in enumerate(RECORDED) if who == "page" and text.startswith("BYE"))
    guard = guard_before(bye)
    guard.connected_anew()
    guard.from_page(RECORDED[bye][1])
    assert ENDPOINT in RECORDED[0][1]
