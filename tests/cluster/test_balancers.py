"""The samples for HAProxy and nginx, as shipped, before two adapters of which one is killed: pages come back."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapter.lab import people
from tests.support.adapters import Adapters, pressed
from tests.support.balancers import balanced
from tests.support.client import Client, Json

PATIENCE = 20.0
"""Seconds for a balancer to find an adapter that lives; its connections are refused at once, so it takes none."""


class ThroughTls(Client):
    """Somebody behind the load balancer, whose certificate nobody signed."""

    def __init__(self, port: int) -> None:
        super().__init__(f"https://127.0.0.1:{port}")

    async def ask(self, method: str, path: str, body: object = None, **more: object) -> tuple[int, Json]:
        """Each request is a browser's, of our own origin."""
        options: dict[str, Any] = {"ssl": False, "headers": {"Origin": self.base.removesuffix("/api/v1")}, **more}
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return await super().ask(method, path, body, **options)
            except ValueError:  # no JSON: the balancer's own 502 or 503. A page looks again, and never clicks again
                assert method == "GET", f"{method} {path} did not come through"
                assert time.monotonic() < end, "nobody answers behind the balancer"
                await asyncio.sleep(0.2)


@pytest.mark.parametrize("name", ["haproxy", "nginx"])
async def test_a_page_comes_back_at_the_other_adapter(both: Adapters, tmp_path: Path, name: str) -> None:
    await both.talk("221", "121")
    await both.phone("321")
    with balanced(name, tmp_path, both.http_ports) as port:
        boss = ThroughTls(port)
        try:
            await boss.sign_in("max1", people.password("max1"))
            monitor = await boss.monitor(await boss.call("121"))
            timeout = aiohttp.ClientTimeout(total=None)
            stream = await boss.http.get(f"{boss.base}/events", timeout=timeout, ssl=False)
            assert (await asyncio.wait_for(stream.content.readline(), 5)).startswith(b"event: snapshot"), "not buffered"
            left = await _lose(stream, boss, both)
            await both.all_owned(await both.at(left, "admin"))
            assert (await boss.until(monitor["id"], "live", 20))["mode"] == "silent"
            await pressed(boss, monitor, "whisper")
            assert (await boss.delete(f"/monitors/{monitor['id']}"))[0] == 204
            async with boss.http.get(f"https://127.0.0.1:{port}/metrics", ssl=False) as answer:
                assert answer.status == 403, "not for whoever asks the balancer"
        finally:
            await boss.close()


async def _lose(stream: aiohttp.ClientResponse, client: Client, both: Adapters) -> int:
    """Kill the adapter at which a stream is: the other one's death does not touch it. Returns which is left."""
    reading = asyncio.ensure_future(_end_of(stream))
    for number in range(len(both.adapters)):
        both.kill(number)
        await both.gone(number)
        done, _ = await asyncio.wait([reading], timeout=5)
        assert (await client.get("/session"))[0] == 200
        if done:
            return 1 - number
        await both.mend()
    raise AssertionError("the stream was at neither")


async def _end_of(stream: aiohttp.ClientResponse) -> None:
    try:
        while await stream.content.readany():
            pass
    except aiohttp.ClientError:
        pass
    finally:
        stream.close()
