"""Open pages: clients of the live stream that check its ids; most of them in a process of their own.

`python -m tests.load.pages` reads one line of JSON, opens the pages, says `ready`, and tells what it saw at the end
of its input.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapter.tasks import BackgroundTasks

ROOT = Path(__file__).parents[2]
OPEN_DEADLINE = 30.0
"""Seconds until a page must have its snapshot."""


@dataclass(slots=True)
class Seen:
    """What pages saw, added up."""

    opened: int = 0
    frames: int = 0
    bytes: int = 0
    gaps: int = 0
    """Ids that did not follow the one before."""
    lost: int = 0
    """Streams that the server ended."""

    def add(self, other: "Seen") -> None:
        """Add what others saw."""
        self.opened += other.opened
        self.frames += other.frames
        self.bytes += other.bytes
        self.gaps += other.gaps
        self.lost += other.lost


class Page(asyncio.Protocol):
    """One stream, read with as little effort as can be, so that the client is not what is measured.

    `heard` gets the raw frames of each read.
    """

    def __init__(self, port: int, cookie: str, seen: Seen, heard: Callable[[bytes], None] | None = None) -> None:
        self._request = (
            f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
            "Accept: text/event-stream\r\n\r\n"
        ).encode()
        self._seen, self._heard = seen, heard
        self._rest, self._last, self._closing = b"", 0, False
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._seen.bytes += len(data)
        whole = self._rest + data
        end = whole.rfind(b"\n\n")
        end = end + 2 if end >= 0 else 0
        frames, self._rest = whole[:end], whole[end:]
        if not (count := frames.count(b"\nid: ")):
            return
        place = frames.rindex(b"\nid: ") + 5
        last = int(frames[place : frames.index(b"\n", place)])
        self._seen.frames += count
        self._seen.gaps += last != self._last + count
        self._last = last
        if not self.opened.done():
            self._seen.opened += 1
            self.opened.set_result(None)
        if self._heard is not None:
            self._heard(frames)

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.lost += not self._closing
        self.over.set()
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"no stream: {self._rest[:200]!r}"))

    def close(self) -> None:
        """The page is left."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


async def open_page(port: int, cookie: str, seen: Seen, heard: Callable[[bytes], None] | None = None) -> Page:
    """A page that has its snapshot. Raises ConnectionError and TimeoutError."""
    loop = asyncio.get_running_loop()
    _, page = await loop.create_connection(lambda: Page(port, cookie, seen, heard), "127.0.0.1", port)
    await asyncio.wait_for(page.opened, OPEN_DEADLINE)
    return page


class Pages:
    """Many pages in a process of their own."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, port: int, cookies: list[str], reopen: float) -> None:
        """Open a page for each cookie; returns once all have their snapshot. `reopen`: mean life in seconds, or 0."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.load.pages"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"port": port, "cookies": cookies, "reopen": reopen}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        said = await asyncio.wait_for(self.process.stdout.readline(), 2 * OPEN_DEADLINE)
        assert said == b"ready\n", said

    async def stop(self) -> Seen:
        """Leave all pages; what they saw."""
        if self.process is None:
            return Seen()
        process, self.process = self.process, None
        said, _ = await asyncio.wait_for(process.communicate(b""), 10)
        return Seen(**json.loads(said))

    async def kill(self) -> None:
        """End it after a failure."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def _live(order: dict[str, Any], cookie: str, seen: Seen) -> None:
    """One page, left and opened anew now and then."""
    while order["reopen"]:
        page = await open_page(order["port"], cookie, seen)
        with suppress(TimeoutError):
            await asyncio.wait_for(page.over.wait(), random.expovariate(1 / order["reopen"]))
        page.close()
        await page.over.wait()


async def _crowd(order: dict[str, Any], stop: asyncio.StreamReader) -> Seen:
    seen, lasting = Seen(), not order["reopen"]
    tasks = BackgroundTasks("pages")
    pages = []
    for cookie in order["cookies"]:
        if lasting:
            pages.append(await open_page(order["port"], cookie, seen))
        else:
            tasks.start(_live(order, cookie, seen), "page")
    print("ready", flush=True)
    await stop.read()
    await tasks.close()
    for page in pages:
        page.close()
    return seen


async def main() -> None:
    """What the process does."""
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    seen = await _crowd(json.loads(await reader.readline()), reader)
    print(json.dumps(asdict(seen)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
