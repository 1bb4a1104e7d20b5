"""The live stream on real connections: framing by version, its end, TLS, 2,000 pages, and some that don't read."""

import asyncio
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from adapter import wiring
from adapter.store import Store
from adapter.web import events
from adapter.web.listener import ConnectionLimits
from tests.attack.raw import Raw, cookie, deaf
from tests.load.pages import Seen, open_page
from tests.support.client import Client
from tests.support.clock import real
from tests.support.connections import unchunked
from tests.support.site import Site

PAGES = 2000


def ask(client: Client, version: str = "1.1") -> bytes:
    """A request for the stream."""
    return f"GET /api/v1/events HTTP/{version}\r\nHost: 127.0.0.1\r\nCookie: {cookie(client)}\r\n\r\n".encode()


def changes(site: Site, count: int) -> None:
    """So many, each by itself: calls that begin and end."""
    for number in range(count):
        site.pbx.scene.gone(*site.talk("201", "101", f"b{number}"))
        site.pbx.run()


def ids(body: bytes) -> list[int]:
    """Of the events in it, each of which must be whole."""
    frames = [frame for frame in body.split(b"\n\n") if frame and not frame.startswith(b":")]
    for frame in frames:
        json.loads(frame.partition(b"\ndata: ")[2])
    return [int(found) for found in re.findall(rb"^id: (\d+)$", b"\n".join(frames), re.M)]


async def test_chunks_end_with_the_session_and_the_connection_serves_on(site: Site) -> None:
    mona = await site.client("mona")
    raw = await Raw.open(site)
    await raw.send(ask(mona))
    head = await raw.reader.readuntil(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    assert b"Content-Encoding" not in head
    changes(site, 8)
    await asyncio.sleep(0.3)
    assert (await mona.delete("/session"))[0] == 204
    body = (await asyncio.wait_for(raw.reader.readuntil(b"\r\n0\r\n\r\n"), 10)).removesuffix(b"0\r\n\r\n")
    assert ids(unchunked(body)) == list(range(1, 2 + ids(unchunked(body))[-1] - 1))
    assert len(ids(unchunked(body))) > 8
    await raw.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (await raw.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    raw.close()


async def test_http_1_0_gets_no_chunks(site: Site) -> None:
    """As from proxies that speak no other to what is behind them (nginx by default)."""
    mona = await site.client("mona")
    raw = await Raw.open(site)
    await raw.send(ask(mona, "1.0"))
    assert b"chunked" not in await raw.reader.readuntil(b"\r\n\r\n")
    changes(site, 8)
    await asyncio.sleep(0.3)
    assert (await mona.delete("/session"))[0] == 204
    body = await raw.all()
    assert ids(body) == list(range(1, 1 + len(ids(body))))
    assert len(ids(body)) > 8
    assert not re.search(rb"^[0-9a-f]+\r\n", body, re.M)
    raw.close()


@asynccontextmanager
async def with_tls(folder: Path) -> AsyncIterator[tuple[Site, ssl.SSLContext]]:
    """A site that listens with TLS, and what a client must trust."""
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    site = Site(await Store.open(f"sqlite+aiosqlite:///{folder}/tls.sqlite", clock=real))
    site.tls = server
    runner = await site.start()
    yield site, client
    await site.close(runner)


async def test_by_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who reads gets everything; one who doesn't is cut."""
    monkeypatch.setattr(events, "TAKE_WITHIN", 2.0)
    async with with_tls(tmp_path) as (site, trust):
        mona = Client(site.base)
        site.clients.append(mona)
        async with mona.http.post(
            mona.base + "/session", json={"username": "mona", "password": "secret-mona"}, ssl=trust
        ) as answer:
            assert answer.status == 200
            user = (await answer.json())["user"]["id"]
        reads, stuck = [await secure(site, trust, small=small) for small in (False, True)]
        for one in (reads, stuck):
            await one.send(ask(mona))
        await reads.reader.readuntil(b"\r\n\r\n")
        body = asyncio.ensure_future(reads.reader.readuntil(b"\r\n0\r\n\r\n"))
        for number in range(3000):
            site.pbx.scene.gone(*site.talk("201" * 1000, "101", f"b{number}"))
            site.pbx.run()
            await asyncio.sleep(0.002)
            if site.streams.of(user) == 1:
                break
        assert (site.streams.of(user), site.streams.dropped) == (1, 1)
        site.streams.close()
        found = ids(unchunked((await asyncio.wait_for(body, 30)).removesuffix(b"0\r\n\r\n")))
        assert found == list(range(1, 1 + len(found)))
        for one in (reads, stuck):
            one.close()


async def secure(site: Site, trust: ssl.SSLContext, *, small: bool) -> Raw:
    """A connection by TLS; a small one takes few bytes that nobody reads."""
    end = socket.create_connection(("127.0.0.1", site.listener.port))
    if small:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    end.setblocking(False)
    opened = await asyncio.open_connection(
        sock=end, ssl=trust, server_hostname="127.0.0.1", limit=1 << (10 if small else 27)
    )
    return Raw(*opened)


async def test_two_thousand_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    wiring.raise_file_limit()
    monkeypatch.setattr(events, "EACH", 2 * PAGES)
    monkeypatch.setattr(events, "TAKE_WITHIN", 2.0)
    site.listener.connections._limits = ConnectionLimits(2 * PAGES, 2 * PAGES)
    admin, mona, sam = [await site.client(name) for name in ("admin", "mona", "sam")]
    seen, others, own = Seen(), Seen(), Seen()
    pages = []
    for seen_by, client, count in ((seen, admin, PAGES // 2), (others, mona, PAGES // 2), (own, sam, 1)):
        for start in range(0, count, 100):
            opening = [open_page(site.listener.port, cookie(client), seen_by) for _ in range(min(100, count - start))]
            pages += await asyncio.gather(*opening)
    assert site.streams.count == PAGES + 1
    async with deaf(site, ask(mona)):
        changes(site, 1)
        _, agent = site.talk("201", "101", "last")
        for number in range(20):
            site.pbx.scene.hold(agent, number % 2 == 0)
            site.pbx.run()
            await asyncio.sleep(0.05)
        await until_all(seen, others, own)
        assert seen.frames == others.frames
        assert seen.frames // (PAGES // 2) == own.frames, "Sam is told of his calls, which are all that happens"
        assert (seen.gaps, others.gaps, own.gaps) == (0, 0, 0)
        assert (await mona.delete("/session"))[0] == 204
        assert site.streams.count == PAGES // 2 + 1, "of who signed out all have ended, at once"
        changes(site, 1)
        await until_all(seen, others, own)
        assert others.frames < seen.frames
        assert seen.frames // (PAGES // 2) == own.frames
    for page in pages:
        page.close()


async def until_all(*seen: Seen) -> None:
    """Wait until nothing comes any more."""
    before = -1
    for _ in range(60):
        now = sum(one.frames for one in seen)
        if now == before:
            return
        before = now
        await asyncio.sleep(1.0)
    raise AssertionError("it does not end")
