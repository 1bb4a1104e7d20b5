"""Several adapters over real Asterisks, with a real PostgreSQL and NATS, as `make lab LAB_ADAPTERS=2` runs them."""

import array
import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from adapter.asterisk import tones
from adapter.lab import people
from adapter.lab.keeping import stop_all
from adapter.lab.ports import chosen
from adapter.lab.provision import Toolchain
from adapter.lab.run import Adapter, adapter_conf, ready
from adapter.lab.shared import Shared
from tests.support.client import Client, Json, Stream
from tests.support.lab import LOUD
from tests.support.pbxes import Several

NOBODY = -1
"""No adapter."""


class Adapters(Several):
    """All of it. `owner_of` tells which adapter looks after a PBX."""

    def __init__(self, toolchain: Toolchain, folder: Path, pbxes: int = 2, adapters: int = 2) -> None:
        super().__init__(toolchain, folder, pbxes)
        self.shared = Shared(folder)
        self._held = [chosen() for _ in range(adapters)]
        self.http_ports = [port for port, _ in self._held]
        extra = "\n[monitoring]\nring_timeout_seconds = 5.0\n"
        self.conf = adapter_conf(folder, self.pbxes, self.http_ports[0], extra, shared=self.shared)
        self.adapters = [Adapter(self.conf, folder / f"adapter{n}.log", port) for n, port in enumerate(self.http_ports)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Everything but phones, for the length of a block."""
        try:
            await self.shared.start()
            await people.seed(self.conf, len(self.pbxes))
            await asyncio.gather(*(pbx.start() for pbx in self.pbxes))
            await self.mend()
            yield self
        finally:
            await self.close_clients()
            await asyncio.gather(*(phone.stop() for phone in self._phones.values()))
            await stop_all(self.adapters)
            await stop_all([*self.pbxes, self.shared])

    async def mend(self) -> None:
        """All adapters run, and each PBX is owned and usable."""
        for adapter in self.adapters:
            if adapter.process is None or adapter.process.returncode is not None:
                await adapter.start()
        for port in self.http_ports:
            assert await ready(port, asyncio.Event())
        admin = await self.at(0, "admin")
        await self.all_owned(admin)

    async def all_owned(self, admin: Client, deadline: float = 30) -> None:
        """Wait until every PBX is looked after by a living adapter, and seen."""
        end = time.monotonic() + deadline
        while True:
            _, body = await admin.get("/cluster")
            pids = {one["id"]: one["pid"] for one in body["members"]}
            alive = {one.process.pid for one in self.adapters if one.process and one.process.returncode is None}
            if all(pids.get(one["owner"]) in alive and one["state"] == "connected" for one in body["pbxs"]):
                return
            assert time.monotonic() < end, body
            await asyncio.sleep(0.1)

    async def at(self, adapter: int, username: str) -> Client:
        """A person, signed in at one of the adapters."""
        client = Client(f"http://127.0.0.1:{self.http_ports[adapter]}")
        self._clients.append(client)
        return await client.sign_in(username, people.password(username))

    async def owner_of(self, pbx: str, asking: Client) -> int:
        """Which of the adapters looks after this PBX; NOBODY while none does."""
        _, body = await asking.get("/cluster")
        owner = next(one["owner"] for one in body["pbxs"] if one["id"] == pbx)
        pids = {one["id"]: one["pid"] for one in body["members"]}
        running = {one.process.pid: n for n, one in enumerate(self.adapters) if one.process is not None}
        return running[pids[owner]] if owner in pids else NOBODY

    async def apart(self, pbx: str) -> tuple[int, int]:
        """The adapter that looks after a PBX, and one that does not."""
        admin = await self.at(0, "admin")
        owner = await self.owner_of(pbx, admin)
        return owner, (owner + 1) % len(self.adapters)

    def kill(self, adapter: int, number: signal.Signals = signal.SIGKILL) -> float:
        """Send a signal to one of them; returns when, in monotonic seconds."""
        process = self.adapters[adapter].process
        assert process is not None
        process.send_signal(number)
        return time.monotonic()

    async def gone(self, adapter: int) -> None:
        """Wait until its process has ended; a clean stop may take as long as a service manager waits."""
        process = self.adapters[adapter].process
        assert process is not None
        await asyncio.wait_for(process.wait(), 30)


async def live_again(
    client: Client, page: Stream, seen: int, monitor: Json, since: float, deadline: float = 20
) -> float:
    """Wait until a page has lost the monitor's PBX, and then until it is back and shows the monitor live.

    Returns the seconds since `since`, in monotonic ones. `seen`: how many events the page had then.
    """
    end = time.monotonic() + deadline

    def is_lost(kind: str, data: Json) -> bool:
        """By an event of its own, or by a snapshot, where the page was told all anew."""
        told = data["pbxs"] if kind == "snapshot" else [data] if kind == "pbx.state" else []
        return any(one["id"] == monitor["pbx"] and one["state"] != "connected" for one in told)

    await page.until(is_lost, seen, deadline)
    while True:
        status, body = await client.get(f"/monitors/{monitor['id']}")
        _, calls = await client.get("/calls")
        state = next(one["state"] for one in calls["pbxs"] if one["id"] == monitor["pbx"])
        if status == 200 and (body["state"], state) == ("live", "connected"):
            return time.monotonic() - since
        assert status != 200 or body["state"] != "ended", body
        assert time.monotonic() < end, (status, body, state)
        await asyncio.sleep(0.05)


async def pressed(client: Client, monitor: Json, mode: str, deadline: float = 20) -> None:
    """Switch, as a person does who is told "not now": 503 says that nothing was done, so it is pressed again.

    On a busy machine the new owner's lease may lapse for a moment just after it took over.
    """
    end = time.monotonic() + deadline
    while True:
        status, body = await client.patch(f"/monitors/{monitor['id']}", {"mode": mode})
        if status == 200:
            assert body["mode"] == mode
            return
        assert (status, body["code"]) == (503, "pbx_unavailable"), body
        assert time.monotonic() < end, body
        await asyncio.sleep(0.3)


def longest_gap(pcm: bytes, hertz: int) -> float:
    """The longest time, in seconds, in which a voice was not heard, by windows of 100 ms."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    longest = gap = 0
    for start in range(0, len(samples) - tones.WINDOW + 1, tones.WINDOW):
        heard = tones.goertzel(samples[start : start + tones.WINDOW], hertz) > LOUD
        gap = 0 if heard else gap + 1
        longest = max(longest, gap)
    return longest * tones.WINDOW / tones.RATE
