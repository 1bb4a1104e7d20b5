"""Two adapter processes at a real Asterisk with real phones: one is killed, or frozen, and nobody hears of it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.asterisk import tones
from adapter.lab import people
from adapter.lab.provision import Toolchain
from adapter.lab.run import ready
from tests.asterisk.faults.support import legs, told, until
from tests.asterisk.faults.test_two_at_once import Second, second
from tests.support.client import Client, Json
from tests.support.lab import LOUD, TONES, Lab, assert_hears, listen
from tests.support.nats import NatsServer
from tests.support.several import cluster_url, server

__all__ = ["cluster_url", "server"]

WINDOW = 0.2
"""Seconds of sound that are looked at together."""


@pytest.fixture
async def member(toolchain: Toolchain, tmp_path: Path, cluster_url: str) -> AsyncIterator[Lab]:
    """A lab whose adapter is one of a cluster."""
    with NatsServer.running(tmp_path) as nats:
        lab = Lab(toolchain, tmp_path)
        text = lab.conf.read_text()
        before = next(line for line in text.splitlines() if line.startswith("url = ") and "sqlite" in line)
        text = text.replace(before, f'url = "{cluster_url}"')
        text += f'\n[cluster]\nnats = ["nats://127.0.0.1:{nats.port}"]\nusername = "adapter"\n'
        lab.conf.write_text(text + f'password_file = "{nats.password_file}"\n')
        async with lab.running():
            yield lab


async def at(other: Second, lab: Lab, name: str) -> Client:
    """Somebody at the second adapter, once it listens."""
    assert await ready(other.port, asyncio.Event()), other.log.read_text()
    client = Client(other.base)
    lab._clients.append(client)
    return await client.sign_in(name, people.password(name))


async def monitored(lab: Lab, other: Second, mode: str) -> tuple[Client, Json]:
    """Admin at the second adapter monitors 101, who talks with 201 at the first one's PBX."""
    await lab.talk("201", "101")
    await lab.phone("301")
    admin = await at(other, lab, "admin")
    return admin, await admin.monitor(await admin.call("101", deadline=30), mode)


async def written(admin: Client, *actions: str) -> list[Json]:
    """The audit, once it has these."""
    end = time.monotonic() + 30
    while True:
        entries: list[Json] = (await admin.get("/audit?limit=500"))[1]["entries"]
        if {entry["action"] for entry in entries} >= set(actions):
            return entries
        assert time.monotonic() < end, "they are not written"
        await asyncio.sleep(0.1)


def gaps(pcm: bytes, hertz: int) -> list[float]:
    """When a voice was not heard: seconds from the beginning."""
    size = int(2 * tones.RATE * WINDOW)
    pieces = [pcm[at : at + size] for at in range(0, len(pcm) - size, size)]
    return [round(number * WINDOW, 1) for number, one in enumerate(pieces) if tones.levels(one, [hertz])[hertz] < LOUD]


async def test_the_owner_is_killed_and_the_sound_goes_on(member: Lab) -> None:
    async with second(member) as other:
        admin, monitor = await monitored(member, other, "silent")
        supervisor, rang = member.known("301"), member.known("301").rang()
        await written(admin, "monitor.started")
        place = supervisor.ear()
        assert member.adapter.process is not None
        member.adapter.process.kill()
        began = time.monotonic()
        await until(lambda: "this adapter looks after the PBX" in other.log.read_text(), 30)
        while (await admin.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}))[0] != 200:
            assert time.monotonic() - began < 30
        print(f"it can be clicked at another after {time.monotonic() - began:.2f} s")
        again = await admin.until(monitor["id"], "live", 30)
        assert (again["mode"], again["started_at"]) == ("whisper", monitor["started_at"])
        heard = await listen(member.known("201"), member.known("101"), supervisor)
        assert_hears(heard, p101={"201", "301"}, p201={"101"}, p301={"101", "201"})
        assert gaps(supervisor.heard(place), TONES["101"]) == [], "the supervisor heard nothing for a while"
        assert len(await legs(member)) == 1
        assert supervisor.rang() == rang
        assert await told(admin, monitor, "monitor.started") == 1
        assert await told(admin, monitor, "monitor.ended") == 0
        assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204


async def test_one_that_was_frozen_finds_itself_deposed_and_only_shows(member: Lab) -> None:
    async with second(member) as other:
        admin, monitor = await monitored(member, other, "whisper")
        first = member.adapter.process
        assert first is not None
        await written(admin, "monitor.started")
        os.kill(first.pid, signal.SIGSTOP)
        await until(lambda: "this adapter looks after the PBX" in other.log.read_text(), 30)
        await admin.call("101", deadline=30)
        end = time.monotonic() + 30
        while (await admin.until(monitor["id"], "live", 30))["mode"] != "silent":
            assert time.monotonic() < end, "a key may have been pressed meanwhile"
            await asyncio.sleep(0.1)
        before = await written(admin, "monitor.taken_up", "monitor.mode_changed")
        os.kill(first.pid, signal.SIGCONT)
        log = member.folder / "adapter.log"
        await until(lambda: "another adapter looks after this PBX now" in log.read_text(), 30)
        await asyncio.sleep(2)
        assert first.returncode is None, "losing a PBX ends no process"
        there = await member.client("mona")
        assert (await there.call("101", deadline=30))["pbx"] == monitor["pbx"]
        after = (await admin.get("/audit?limit=500"))[1]["entries"]
        new = [one["action"] for one in after if one["id"] not in {entry["id"] for entry in before}]
        assert [action for action in new if action.startswith("monitor.")] == []
        assert len(await legs(member)) == 1
        await admin.switch(monitor, "whisper")
        assert_hears(await listen(member.known("201"), member.known("101")), p101={"201", "301"}, p201={"101"})
