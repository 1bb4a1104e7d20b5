"""Hooks and the audit through every plug that can be pulled: nothing lost, nothing out of order, nothing edited."""

import asyncio
import random
import sqlite3
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support import forkserver
from tests.support.client import Client
from tests.support.lab import Lab
from tests.support.receiver import EVERYTHING, Receiver


def facts(lab: Lab) -> list[tuple[str, str, str]]:
    """(id, lane, type) of every event of calls in the database, in its order."""
    with closing(sqlite3.connect(lab.folder / "adapter.sqlite", timeout=10)) as database:
        return database.execute(
            "SELECT id, lane, type FROM events WHERE type NOT IN ('ping', 'audit.head') ORDER BY seq"
        ).fetchall()


def verify(lab: Lab) -> None:
    """`call-monitor audit verify` finds the chain whole."""
    done = forkserver.run("audit", "verify", "--config", str(lab.conf))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The chain is whole." in done.stdout


async def kill(lab: Lab) -> None:
    """SIGKILL, and a new start."""
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()
    await lab.start_adapter()


class Load:
    """Short calls, one after the other, and a supervisor who listens and barges in a long one."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._tasks: list[asyncio.Task[None]] = []
        self.monitors = 0

    async def start(self) -> None:
        """Three agents take short calls; Ana has a long one, which is monitored."""
        assert "Loaded" in await self._lab.pbx.cli("module load res_clioriginate.so")
        await self._lab.phones("101", "103", "104", "301")
        await self._lab.talk("202", "102")
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._calls(number)) for number in ("101", "103", "104")]
        self._tasks.append(loop.create_task(self._monitor()))

    async def _calls(self, number: str) -> None:
        while True:
            await self._lab.pbx.cli(f"channel originate Local/{number}@lab-outside application Wait 0.1")
            await asyncio.sleep(0.25)

    async def _monitor(self) -> None:
        admin: Client | None = None
        while True:
            try:
                admin = admin or await self._lab.client("admin")
                for left in (await admin.get("/monitors"))[1]["monitors"]:  # taken up after a death in its midst
                    await admin.delete(f"/monitors/{left['id']}")
                status, monitor = await admin.post("/monitors", {"agent_extension": "102"})
                if status == 201:
                    self.monitors += 1
                    await asyncio.sleep(0.6)
                    await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
                    await admin.delete(f"/monitors/{monitor['id']}")
            except (OSError, AssertionError, ValueError):
                admin = None
            await asyncio.sleep(0.3)

    async def stop(self) -> None:
        """No more calls."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def moods(receiver: Receiver) -> None:
    """All that a receiver can do wrong, one after the other."""
    while True:
        for mood in ("slow", 200, "flapping", 500, 410, "redirect", "down"):
            if mood == "down":
                port = receiver.port
                await receiver.stop()
                await asyncio.sleep(2)
                await receiver.start(port)
                continue
            receiver.mood = mood
            await asyncio.sleep(2)


def assert_whole(known: list[tuple[str, str, str]], receiver: Receiver) -> None:
    """Once deduplicated, what arrived is what is in the database, in order for each call."""
    assert set(receiver.ids) == {event_id for event_id, _, _ in known}
    place = {event_id: number for number, event_id in enumerate(receiver.ids)}
    lanes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for event_id, lane, kind in known:
        lanes[lane].append((event_id, kind))
    for events in lanes.values():
        places = [place[event_id] for event_id, _ in events]
        assert places == sorted(places), events
        kinds = [kind for _, kind in events]
        assert kinds[0] == "call.started", kinds
        assert [kinds.count(kind) for kind in ("call.started", "call.ended")] == [1, 1], kinds
        started, ended = kinds.count("monitor.started"), kinds.count("monitor.ended")
        assert started <= ended, kinds


async def test_nothing_is_lost_through_deaths_and_a_receiver_in_every_mood(own: Lab) -> None:
    await nothing_is_lost(own, kills=4, wanted=250)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_nothing_is_lost_through_ten_deaths_and_a_thousand_events(own: Lab) -> None:
    await nothing_is_lost(own, kills=10, wanted=1000)


async def nothing_is_lost(own: Lab, kills: int, wanted: int) -> None:
    """What the database has is what arrived, in order, though the adapter is killed so often meanwhile."""
    receiver = Receiver()
    await receiver.start()
    admin = await own.client("admin")
    status, hook = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    assert status == 201
    receiver.secrets["hook"] = hook["secret"]
    load, chance = Load(own), random.Random(7)
    await load.start()
    temper = asyncio.get_running_loop().create_task(moods(receiver))
    try:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(1.0, 4.0))
            await kill(own)
            await asyncio.to_thread(verify, own)
        end = time.monotonic() + 120
        while len(facts(own)) < wanted:
            assert time.monotonic() < end, f"only {len(facts(own))} events"
            await asyncio.sleep(0.5)
    finally:
        await load.stop()
        temper.cancel()
        await asyncio.gather(temper, return_exceptions=True)
    if receiver._runner is None:
        await receiver.start(receiver.port)
    receiver.mood = 200
    await own.pbx.cli("channel request hangup all")
    await asyncio.sleep(2)
    known = facts(own)
    await receiver.until(len(known), deadline=120)
    assert_whole(known, receiver)
    assert receiver.problems == []
    assert load.monitors > kills / 2
    await asyncio.to_thread(verify, own)
    await receiver.stop()


async def test_what_ended_while_the_adapter_was_dead_is_told(own: Lab) -> None:
    receiver = Receiver()
    await receiver.start()
    admin = await own.client("admin")
    await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    await own.phone("301")
    await own.talk("201", "101")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    await receiver.until(3)
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await own.pbx.cli("channel request hangup all")
    await own.start_adapter()
    await receiver.until(5)
    assert receiver.types() == ["call.started", "call.answered", "monitor.started", "monitor.ended", "call.ended"]
    bodies: dict[str, Any] = {body["type"]: body["data"] for _, body in receiver.accepted}
    assert bodies["monitor.ended"]["ended_reason"] == "adapter_stopped"
    assert bodies["monitor.ended"]["id"] == monitor["id"]
    assert bodies["call.started"]["customer"]["number"] == "201"
    admin = await own.client("admin")
    _, body = await admin.get("/audit?supervisor=admin&action=monitor.ended")
    assert [(entry["actor"], entry["reason"]) for entry in body["entries"]] == [("system", "adapter_stopped")]
    await receiver.stop()


async def test_no_secret_is_in_any_log(own: Lab) -> None:
    receiver = Receiver()
    await receiver.start()
    admin = await own.client("admin")
    _, hook = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    _, token = await admin.post("/tokens", {"name": "crm", "user": "mona"})
    await own.phone("301")
    await own.talk("201", "101")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await admin.delete(f"/monitors/{monitor['id']}")
    await admin.post("/session", {"username": "admin", "password": "wrong-password-typed"})
    await admin.ask("GET", "/calls", headers={"Authorization": f"Bearer {token['token']}x"})
    await receiver.until(3)
    cookie = next(cookie.value for cookie in admin.http.cookie_jar if cookie.key == "cm_session")
    await own.adapter.stop()
    text = await asyncio.to_thread(Path(own.folder / "adapter.log").read_text)
    for secret in (
        *(hook["secret"], token["token"], cookie, own.pbx.ami_secret, own.pbx.ari_secret),
        *("lab-admin", "wrong-password-typed"),
    ):
        assert secret not in text, secret
    for fact in ("session.login", "webhook.created", "token.created", "call.started", "monitor.started"):
        assert fact in text, fact
    await receiver.stop()
