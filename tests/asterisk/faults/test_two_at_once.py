"""Two adapters of one installation at one real Asterisk, and a stranger who takes the Stasis application away."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapter.asterisk.stasis import APPLICATION
from adapter.lab.ports import free_port
from adapter.lab.run import ready
from tests.asterisk.faults.support import legs, told, until, until_ready, until_told
from tests.asterisk.test_handset import one
from tests.support import forkserver
from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


class Second:
    """Another adapter with the lab's configuration, listening elsewhere."""

    def __init__(self, lab: Lab, *arguments: str) -> None:
        self._arguments = ("serve", "--config", str(lab.conf), *arguments)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = lab.folder / f"second-{self.port}.log"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it may or may not live on."""
        with self.log.open("ab") as output:
            where = {**os.environ, "CALL_MONITOR_HTTP__PORT": str(self.port)}
            self.process = await forkserver.start(*self._arguments, output=output, environment=where)

    async def waits(self) -> None:
        """It says that it waits."""
        await until(lambda: "waiting for the PBX" in self.log.read_text(), 30)
        assert self.process is not None
        assert self.process.returncode is None

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@asynccontextmanager
async def second(lab: Lab, *arguments: str) -> AsyncIterator[Second]:
    """One that is gone after the block."""
    made = Second(lab, *arguments)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def everything_told(admin: Client) -> list[Json]:
    """The audit of monitors, once what happened is recorded."""
    await asyncio.sleep(0.7)
    rows = (await admin.get("/audit?limit=500"))[1]["entries"]
    return [row for row in rows if row["action"].startswith("monitor.")]


async def monitored(lab: Lab, mode: str) -> tuple[Client, Json]:
    """Admin monitors 101, who talks with 201."""
    await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    return admin, await admin.monitor(await admin.call("101"), mode)


async def test_a_second_one_is_refused_and_changes_nothing(own: Lab) -> None:
    admin, monitor = await monitored(own, "whisper")
    await admin.switch(monitor, "barge")
    before, stream = await everything_told(admin), await admin.events()
    async with second(own) as other:
        assert other.process is not None
        assert await asyncio.wait_for(other.process.wait(), 30) == 2
        words = other.log.read_text()
    assert own.adapter.process is not None
    for word in (f"pid {own.adapter.process.pid} on", "lab", "--standby"):
        assert word in words, words
    assert "Traceback" not in words
    await asyncio.sleep(1)
    assert [event for event in stream.kinds() if event.startswith("monitor.")] == []
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "barge"
    heard = await listen(own.known("201"), own.known("101"), own.known("301"))
    assert_hears(heard, p101={"201", "301"}, p201={"101", "301"}, p301={"101", "201"})
    assert await everything_told(admin) == before
    await ends_once(admin, monitor)
    await star_codes_work(own)


async def ends_once(admin: Client, monitor: Json) -> None:
    """It is ended, and the audit says so once."""
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await until_told(admin, monitor, "monitor.ended")
    assert await told(admin, monitor, "monitor.ended") == 1


async def star_codes_work(lab: Lab) -> None:
    """Mona dials one at her desk phone, and listens."""
    phone, mona = await lab.phone("302"), await lab.client("mona")
    await phone.dial("*55101")
    monitor = await one(mona)
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204


async def test_a_standby_takes_over_what_a_killed_one_leaves(own: Lab) -> None:
    admin, monitor = await monitored(own, "silent")
    rang = own.known("301").rang()
    async with second(own, "--standby") as other:
        await other.waits()
        await asyncio.sleep(0.5)  # what happened is recorded
        assert own.adapter.process is not None
        own.adapter.process.kill()
        began = time.monotonic()
        await own.adapter.process.wait()
        assert await ready(other.port, asyncio.Event())
        print(f"taken over after {time.monotonic() - began:.2f} s")
        admin.base = f"{other.base}/api/v1"
        again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
        assert (again["state"], again["started_at"]) == ("live", monitor["started_at"])
        assert len(await legs(own)) == 1
        await admin.switch(monitor, "whisper")
        heard = await listen(own.known("201"), own.known("101"), own.known("301"))
        assert_hears(heard, p101={"201", "301"}, p201={"101"}, p301={"101", "201"})
        assert own.known("301").rang() == rang
        assert await told(admin, monitor, "monitor.started") == 1
        await ends_once(admin, monitor)


async def test_one_that_was_frozen_finds_a_standby_in_its_place_and_goes_without_a_word(own: Lab) -> None:
    admin, monitor = await monitored(own, "whisper")
    first = own.adapter.process
    assert first is not None
    async with second(own, "--standby") as other:
        await other.waits()
        await asyncio.sleep(0.5)
        first.send_signal(signal.SIGSTOP)
        assert await ready(other.port, asyncio.Event())
        admin.base = f"{other.base}/api/v1"
        await admin.switch(monitor, "silent")
        before = await everything_told(admin)
        first.send_signal(signal.SIGCONT)
        assert await asyncio.wait_for(first.wait(), 30) == 1
        assert "another adapter has taken over" in (own.folder / "adapter.log").read_text()
        await asyncio.sleep(1)
        assert await everything_told(admin) == before
        again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
        assert (again["state"], again["mode"]) == ("live", "silent")
        assert len(await legs(own)) == 1
        await admin.switch(monitor, "whisper")
        assert_hears(await listen(own.known("201"), own.known("101")), p101={"201", "301"}, p201={"101"})
        status, body = await in_readiness(other)
        assert (status, set(body.values())) == (200, {"ok"})


async def in_readiness(adapter: Second) -> tuple[int, Any]:
    """What the other one's /readyz says."""
    async with aiohttp.ClientSession() as http, http.get(f"{adapter.base}/readyz") as response:
        return response.status, (await response.json())["parts"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_restart_waits_for_nobody(own: Lab, how: signal.Signals) -> None:
    """What was given back, and what a process of this machine left that is gone, is free at once."""
    first = own.adapter.process
    assert first is not None
    first.send_signal(how)
    await first.wait()
    size = (own.folder / "adapter.log").stat().st_size
    await own.start_adapter()
    said = (own.folder / "adapter.log").read_bytes()[size:]
    assert b"this adapter looks after the PBX" in said
    assert b"waiting for the PBX" not in said


class Stranger:
    """A program that uses our name for its Stasis application, and does nothing with it."""

    def __init__(self, lab: Lab) -> None:
        self._url = f"{lab.pbx.ari_url}/events?app={APPLICATION}"
        login = {"Authorization": aiohttp.encode_basic_auth(lab.pbx.username, lab.pbx.ari_secret)}
        self._http = aiohttp.ClientSession(headers=login)
        self.heard: list[str] = []

    async def take(self) -> None:
        """Take it away; returns once we took it back."""
        async with self._http.ws_connect(self._url) as socket:
            async for message in socket:
                self.heard.append(json.loads(message.data)["type"])
                if self.heard[-1] == "ApplicationReplaced":
                    return

    async def close(self) -> None:
        await self._http.close()


async def test_the_application_taken_away_is_told_and_taken_back_and_the_call_that_waits_is_served(own: Lab) -> None:
    await own.talk("201", "101")
    phone, mona = await own.phone("302"), await own.client("mona")
    stranger = Stranger(own)
    log = own.folder / "adapter.log"
    size = log.stat().st_size
    try:
        await asyncio.wait_for(stranger.take(), 20)
        assert "another program took our Stasis application" in log.read_text()[size:]
        await until_ready(own)
        await star_codes_work(own)
        for _ in range(2):  # again and again: it is taken back more slowly each time
            await asyncio.wait_for(stranger.take(), 20)
        again = asyncio.ensure_future(stranger.take())
        await until_ready(own, mentions="ari")
        await phone.dial("*55101")  # goes to the stranger, who does nothing
        await asyncio.wait_for(again, 20)
        assert "StasisStart" in stranger.heard
        monitor = await one(mona, 15)
        assert monitor["mode"] == "silent"
        assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
        await until_ready(own)
    finally:
        await stranger.close()
