"""The adapter killed at random moments: every 2xx that a client saw is in the audit, in the hooks, and is shown."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.asterisk.faults.support import command, no_legs
from tests.support.client import Client, Json
from tests.support.lab import Lab
from tests.support.receiver import EVERYTHING, Receiver

Fact = tuple[str, str, str]
"""What happened, to which monitor, and into which mode where that is what happened."""
MODES = ("silent", "whisper", "barge")


class Clicks:
    """A supervisor who clicks without a pause, and notes what was answered as done."""

    def __init__(self, lab: Lab, admin: Client, seed: int) -> None:
        self.lab, self.admin, self.chance = lab, admin, random.Random(seed)
        self.done: Counter[Fact] = Counter()
        self.monitors: set[str] = set()
        self.live: str | None = None
        self.connecting = False
        self.mode = "silent"

    async def find(self) -> None:
        """What goes on after a start of the adapter."""
        found = (await self.admin.get("/monitors"))[1]["monitors"]
        self.live, self.mode = (found[0]["id"], found[0]["mode"]) if found else (None, "silent")
        self.connecting = bool(found and found[0]["state"] == "connecting")

    async def go_on(self) -> None:
        """Click until the adapter is gone: at a random moment, or in the very moment of an answer."""
        adapter, answers = self.lab.adapter.process, self.chance.randint(1, 8)
        assert adapter is not None
        if self.chance.random() < 0.5:
            asyncio.get_running_loop().call_later(self.chance.uniform(0.05, 0.6), adapter.kill)
            answers = 1_000_000
        goal = self.done.total() + answers
        try:
            while True:
                await self._click()
                if self.done.total() >= goal:
                    adapter.kill()
        except aiohttp.ClientError:
            return  # what became of the last one is not known

    async def _click(self) -> None:
        if self.live is None:
            await self._start()
        elif self.connecting:
            await self._until_live()
        elif self.chance.random() < 0.1:
            status, _ = await self.admin.delete(f"/monitors/{self.live}")
            if status == 204:
                self.done["monitor.ended", self.live, ""] += 1
                self.live = None
        else:
            mode = self.chance.choice([other for other in MODES if other != self.mode])
            status, body = await self.admin.patch(f"/monitors/{self.live}", {"mode": mode})
            if status == 200:
                assert body["mode"] == mode
                self.done["monitor.mode_changed", self.live, mode] += 1
                self.mode = mode
            elif body["code"] == "call_ended":
                self.live = None
            else:
                await asyncio.sleep(0.01)

    async def _start(self) -> None:
        mode = self.chance.choice(MODES)
        status, body = await self.admin.post("/monitors", {"agent_extension": "101", "mode": mode})
        if status != 201:
            await asyncio.sleep(0.05)
            return
        self.live, self.mode, self.connecting = body["id"], mode, True
        self.monitors.add(body["id"])
        self.done["monitor.requested", body["id"], ""] += 1

    async def _until_live(self) -> None:
        for _ in range(100):
            now = (await self.admin.get(f"/monitors/{self.live}"))[1]
            if now["state"] == "ended":
                self.live = None
            if now["state"] != "connecting":
                self.connecting = False
                return
            await asyncio.sleep(0.02)


async def audit(admin: Client) -> list[Json]:
    """All entries about monitors that were no refusals."""
    found: list[Json] = []
    cursor = ""
    while True:
        page = (await admin.get(f"/audit?limit=500{cursor}"))[1]
        found += [row for row in page["entries"] if row["monitor_id"] and row["result"] != "refused"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def facts_of_audit(rows: list[Json]) -> Counter[Fact]:
    """What the audit tells."""
    return Counter((row["action"], row["monitor_id"], _mode(row["action"], row["mode"])) for row in rows)


def facts_of_hooks(receiver: Receiver) -> Counter[Fact]:
    """What the CRM was told, each event once."""
    bodies: dict[str, Any] = dict(receiver.accepted)
    told = [body for body in bodies.values() if body["type"].startswith("monitor.")]
    return Counter((body["type"], body["data"]["id"], _mode(body["type"], body["data"]["mode"])) for body in told)


def _mode(kind: str, mode: str) -> str:
    return mode if kind == "monitor.mode_changed" else ""


async def until_in(done: Counter[Fact], told: Callable[[], Counter[Fact]], deadline: float = 30) -> None:
    """Wait until everything that was done is told, as often."""
    end = time.monotonic() + deadline
    while missing := done - told():
        assert time.monotonic() < end, f"answered as done, and not told: {missing}"
        await asyncio.sleep(0.1)


async def talking(lab: Lab) -> None:
    """101 talks with 201."""
    count = await lab.pbx.cli("core show channels count")
    if "1 active call" not in count:
        for number in ("201", "101", "301"):
            await lab.unregister(number)
        await lab.phone("301")
        await lab.talk("201", "101")


async def killed_at_random(lab: Lab, receiver: Receiver, times: int) -> None:
    """Click and kill; at the end compare what was answered with what is told."""
    await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    assert (await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING}))[0] == 201
    clicks = Clicks(lab, admin, times)
    for _ in range(times):
        await talking(lab)
        await clicks.find()
        await clicks.go_on()
        assert lab.adapter.process is not None
        await lab.adapter.process.wait()
        await lab.start_adapter()
    rows = await audit(admin)
    assert not clicks.done - facts_of_audit(rows)
    taken_up = [row for row in rows if row["action"] == "monitor.taken_up"]
    assert taken_up
    assert all(row["unsure_since"] <= row["at"] for row in taken_up)
    expected = Counter({fact: n for fact, n in clicks.done.items() if fact[0] != "monitor.requested"})
    await until_in(expected, lambda: facts_of_hooks(receiver))
    ended = {monitor for action, monitor, _ in clicks.done if action == "monitor.ended"}
    for monitor in clicks.monitors:
        status, shown = await admin.get(f"/monitors/{monitor}")
        assert status == 200
        assert shown["state"] == "ended" or monitor not in ended, shown
    assert any(fact[0] == "monitor.mode_changed" for fact in clicks.done), "it never got so far as to switch"
    await command(lab, "audit", "verify")
    if clicks.live is not None:
        await admin.delete(f"/monitors/{clicks.live}")
    await no_legs(lab)


async def test_killed_eight_times(own: Lab, receiver: Receiver) -> None:
    await killed_at_random(own, receiver, 8)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_killed_three_hundred_times(own: Lab, receiver: Receiver) -> None:
    await killed_at_random(own, receiver, 300)


async def test_what_was_answered_a_moment_before_the_kill_is_in_the_audit(own: Lab) -> None:
    """Seen: in 4 of 4 runs the audit knew nothing of it, nor of the return to silence at the restart."""
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    for mode in ("barge", "silent", "whisper", "silent"):
        if mode == "silent":
            await admin.switch(monitor, "whisper")  # the restart made it silent
        await admin.switch(monitor, mode)
        assert own.adapter.process is not None
        own.adapter.process.kill()
        await own.adapter.process.wait()
        await own.start_adapter()
        rows = await silent_again(admin, monitor)
        taken_up = next(place for place, row in enumerate(rows) if row["action"] == "monitor.taken_up")
        before = rows[taken_up + 1 :]  # newest first
        assert (before[0]["action"], before[0]["mode"], before[0]["via"]) == ("monitor.mode_changed", mode, "session")
        assert rows[taken_up]["unsure_since"] == before[0]["at"]
        assert rows[taken_up]["via"] == "adapter"
        changed = [(row["mode"], row["via"]) for row in rows[:taken_up] if row["action"] == "monitor.mode_changed"]
        assert changed == ([("silent", "adapter")] if mode != "silent" else []), "what the restart changed is an entry"


async def silent_again(admin: Client, monitor: Json) -> list[Json]:
    """The entries about this monitor, newest first, once the restart has made it silent and that is on record."""
    end = time.monotonic() + 30
    while True:
        now = (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"]
        rows = [row for row in await audit(admin) if row["monitor_id"] == monitor["id"]]
        if now == rows[0]["mode"] == "silent":
            return rows
        assert time.monotonic() < end, f"{now}, and the audit says {rows[0]['mode']}"
        await asyncio.sleep(0.05)
