"""What time alone ends, when it is time: streams of expired tokens and idle sessions, and pages' phones."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text

from adapter.errors import StoreUnavailable
from adapter.store import Store
from adapter.web import expiry
from tests.support.client import Client
from tests.support.clock import FakeClock, real
from tests.support.endpoints import Memory
from tests.support.programs import program
from tests.support.site import Site

SOON = expiry.POLL + 3.0
"""Seconds that an end may take on a busy machine; the next look at the database is a minute away."""


async def upstream(request: web.Request) -> web.WebSocketResponse:
    """Stands for Asterisk's WebSocket: takes all and says nothing."""
    socket = web.WebSocketResponse(protocols=("sip",))
    await socket.prepare(request)
    async for _ in socket:
        continue
    return socket


@pytest.fixture
async def paged(tmp_path: Path) -> AsyncIterator[Site]:
    """A site where pages may be phones, with what they talk to."""
    app = web.Application()
    app.router.add_get("/ws", upstream)
    server = web.AppRunner(app)
    await server.setup()
    listening = web.TCPSite(server, "127.0.0.1", 0)
    await listening.start()
    port = server.addresses[0][1]
    clock = FakeClock(real())
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/s.sqlite", clock=clock.now, passing=clock.passing)
    softphone = {"websocket_url": f"ws://127.0.0.1:{port}/ws"}
    pbx = [{"id": "lab", "ami": {"secret": "x"}, "ari": {"secret": "x"}, "softphone": {**softphone, "enabled": True}}]
    site = Site(store, Memory(), clock, pbx=pbx)
    runner = await site.start()
    yield site
    await site.close(runner)
    await server.cleanup()


async def phone_of(site: Site, client: Client) -> aiohttp.ClientWebSocketResponse:
    """The socket of this person's page."""
    status, told = await client.post("/softphone", None)
    assert status == 200, told
    return await client.http.ws_connect(client.base + "/sip", protocols=("sip",), headers={"Origin": site.base})


async def is_over(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Wait until the other side closed it."""
    while (await socket.receive(timeout=SOON)).type is aiohttp.WSMsgType.TEXT:
        continue
    assert socket.closed


async def test_a_tokens_stream_ends_when_it_expires(site: Site) -> None:
    brief, _ = await program(site, user="mona", expires_at=(site.now + timedelta(minutes=1)).isoformat())
    lasting, _ = await program(site, user="sam")
    one, other = await brief.events(), await lasting.events()
    site.now += timedelta(seconds=59)
    await asyncio.sleep(3 * expiry.POLL)
    assert not one.closed
    site.now += timedelta(seconds=2)
    await one.ended(SOON)
    assert not other.closed


async def test_a_clock_that_is_set_back_prolongs_no_stream(site: Site) -> None:
    client, _ = await program(site, user="mona", expires_at=(site.now + timedelta(minutes=1)).isoformat())
    stream = await client.events()
    site.time.jumps(timedelta(days=-1))
    site.time.passes(timedelta(minutes=2))
    await stream.ended(SOON)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_tokens_stream_ends_too_while_the_database_is_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = await program(site, user="mona", expires_at=(site.now + timedelta(minutes=1)).isoformat())
    sam = await site.client("sam")
    one, other = await client.events(), await sam.events()

    async def away(now: object) -> frozenset[str]:
        raise StoreUnavailable("away")

    monkeypatch.setattr(site.store.sessions, "alive", away)
    site.now += timedelta(hours=13)
    await one.ended(SOON)
    await asyncio.sleep(3 * expiry.POLL)
    assert not other.closed, "what nobody can look up is not known to be over"


async def test_an_idle_sessions_stream_ends_by_itself(site: Site) -> None:
    sam = await site.client("sam")
    stream = await sam.events()
    site.now += timedelta(hours=11)
    ana = await site.client("ana")
    other = await ana.events()
    site.now += timedelta(hours=2)
    await stream.ended(SOON)
    assert not other.closed


async def test_a_use_at_another_adapter_keeps_a_stream(site: Site) -> None:
    sam = await site.client("sam")
    stream = await sam.events()
    async with site.store.database.work() as session:
        await session.execute(text("UPDATE sessions SET seen_at = :at"), {"at": site.now + timedelta(hours=12)})
    site.now += timedelta(hours=13)
    await asyncio.sleep(4 * expiry.POLL)
    assert not stream.closed


async def test_the_phone_of_a_page_ends_with_its_session(paged: Site) -> None:
    mona = await paged.client("mona")
    socket = await phone_of(paged, mona)
    paged.now += timedelta(hours=13)
    await is_over(socket)
    assert paged.phones is not None
    assert not paged.phones.session_ids()


async def test_the_phone_of_a_page_ends_with_its_credentials(paged: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    mona = await paged.client("mona")
    socket = await phone_of(paged, mona)
    assert paged.phones is not None
    phones = paged.phones.phones_at("lab")
    assert phones is not None
    passed = phones._passing()
    monkeypatch.setattr(phones, "_passing", lambda: passed + 25 * 3600)
    await is_over(socket)
