"""What a change costs each open page, down to the socket: the adapter itself, a fake PBX, and pages over real sockets.

Each figure is CPU of the adapter's own thread, with the kernel's share. Beside it, in turn and on the same sockets, is
what the kernel alone takes for the same number of bytes.
"""

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from adapter import wiring
from adapter.core.views import Visibility, call_view
from adapter.store import Store
from adapter.web.frames import Frame, encode
from adapter.web.listener import ConnectionLimits
from adapter.web.parcels import Parcel
from tests.attack.raw import cookie
from tests.load.pages import Pages
from tests.support.clock import real
from tests.support.site import Site

COUNTS = (1, 200, 2000)
CALLS = 100
"""Calls that are up."""
PEOPLE = 20
"""Supervisors, to whom the pages belong in turn."""
ROUNDS = 3
LETTERS = 1000
"""The id that is written beside the kernel's bytes: about the length of a usual one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes, so far apart (seconds) that each goes out by itself: the dearest way."""

    rest: float
    changes: int


FEW, MANY = Plan(0.01, 200), Plan(0.25, 8)
"""For one page, and for many, to which what follows closely goes together."""
BUSY = Plan(1 / 350, 350)
"""As `make load` has at its height."""


class Crowd:
    """One adapter, and how many pages look at it."""

    def __init__(self, site: Site, cookies: list[str]) -> None:
        self.site, self._cookies = site, cookies
        self._pages: list[Pages] = []
        self._agents = [self._call(number) for number in range(CALLS)]
        self._held = 0
        self.count = 0

    def _call(self, number: int) -> str:
        _, agent = self.site.pbx.scene.answered_call(f"20{number % 4 + 1}", f"10{number % 4 + 1}", f"b{number}")
        self.site.pbx.run()
        return agent

    def _change(self) -> None:
        """A call is held, or no longer: one event, one view for each page."""
        number, self._held = self._held, self._held + 1
        self.site.pbx.scene.hold(self._agents[number % CALLS], number // CALLS % 2 == 0)
        self.site.pbx.run()

    async def open(self, count: int) -> tuple[float, float]:
        """Open pages until there are so many: milliseconds of CPU, and kilobytes of the adapter, for each."""
        more = count - self.count
        await asyncio.sleep(1.0)
        gc.collect()
        process, began = psutil.Process(), time.thread_time()
        before = process.memory_info().rss
        pages = Pages()
        self._pages.append(pages)
        await pages.start(self.site.listener.port, [self._cookies[n % PEOPLE] for n in range(more)], 0)
        spent = time.thread_time() - began
        gc.collect()
        self.count = count
        return 1e3 * spent / more, (process.memory_info().rss - before) / 1024 / more

    async def cost(self, plan: Plan) -> float:
        """Microseconds for each change."""
        await asyncio.sleep(0.5)
        began = time.thread_time()
        for _ in range(plan.changes):
            self._change()
            await asyncio.sleep(plan.rest)
        return 1e6 * (time.thread_time() - began) / plan.changes

    def size(self) -> int:
        """Bytes of a change."""
        call = next(iter(self.site.board.calls()))
        frame = Frame.of("call.updated", encode(call_view(call, (), Visibility.EVERYTHING)))
        return len(Parcel([frame]).after(LETTERS, chunked=True))

    async def kernel(self, plan: Plan) -> float:
        """Microseconds of write(2) alone, for each page: a comment of the stream, as long as a change."""
        data = b":" + b" " * (self.size() - 3) + b"\n\n"
        connections = self.site.listener.connections
        busy = [one.transport for one in connections._all if one not in connections._idle and one.transport is not None]
        files = [transport.get_extra_info("socket").fileno() for transport in busy]
        assert len(files) == self.count
        spent = 0.0
        for _ in range(plan.changes):
            began = time.thread_time()
            for file in files:
                os.write(file, data)
            spent += time.thread_time() - began
            await asyncio.sleep(plan.rest)
        return 1e6 * spent / plan.changes / len(files)

    async def close(self) -> None:
        """Leave all pages; they must have missed nothing."""
        for pages in self._pages:
            seen = await pages.stop()
            assert (seen.gaps, seen.lost) == (0, 0), seen


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """An adapter with calls and supervisors, and as yet no page."""
    wiring.raise_file_limit()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(await Store.open(f"sqlite+aiosqlite:///{folder}/bench.sqlite", clock=real))
        site.limits = ConnectionLimits(10_000, 10_000)
        runner = await site.start()
        admin, cookies = await site.client("admin"), []
        for name in (f"s{number}" for number in range(PEOPLE)):
            made = {"username": name, "name": name, "role": "administrator", "password": "secret-of-s"}
            assert (await admin.post("/users", made))[0] == 201
            client = await site.client()
            cookies.append(cookie(await client.sign_in(name, "secret-of-s")))
            await client.http.close()
        found = Crowd(site, cookies)
        try:
            yield found
        finally:
            await found.close()
            await site.close(runner)


async def measure() -> dict[str, float]:
    """For each number of pages."""
    table: dict[str, float] = {}
    async with crowd() as found:
        nobody = {plan: await found.cost(plan) for plan in (FEW, MANY, BUSY)}
        for count in COUNTS:
            cpu, memory = await found.open(count)
            plan = MANY if count > 1 else FEW
            alone, kernel, busy = [], [], []
            for _ in range(ROUNDS):
                alone.append((await found.cost(plan) - nobody[plan]) / count)
                kernel.append(await found.kernel(plan))
                busy.append((await found.cost(BUSY) - nobody[BUSY]) / count)
            of = f"{count} pages" if count > 1 else "1 page"
            table |= {
                f"{of}: us for each change and page": statistics.median(alone),
                f"{of}: the kernel's write of the same bytes (us)": statistics.median(kernel),
                f"{of}: what is beside it (us)": statistics.median(a - k for a, k in zip(alone, kernel, strict=True)),
                f"{of}: us for each, at 350 changes a second": statistics.median(busy),
                f"{of}: ms of CPU to open one, with {CALLS} calls": cpu,
                f"{of}: KB for each of those opened last": memory,
            }
        table["bytes of a change in each page"] = found.size()
    return table
