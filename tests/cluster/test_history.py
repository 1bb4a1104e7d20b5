"""Random faults over three adapters and two real PBXes, with phones and clicks; then the history is checked.

What was answered is in the audit and told to hooks; what was refused was not done later; no fact is there twice; what
is shown is what is heard; and nobody who talks is cut off.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp
import pytest

from adapter.core.monitor import EndReason
from adapter.errors import LabError
from adapter.lab.phones import Phone
from adapter.lab.provision import Toolchain
from adapter.store import Store
from tests.support.adapters import Adapters
from tests.support.cable import Cable
from tests.support.client import Client, Json
from tests.support.clock import real
from tests.support.lab import assert_hears
from tests.support.nemesis import Nemesis
from tests.support.pbxes import listen
from tests.support.receiver import EVERYTHING, Receiver

ADAPTERS = 3
PATIENCE = 60.0
"""Seconds until all is well again after a fault; a busy machine is no fault of ours."""
EPISODE = 100.0
"""Seconds for which the same calls are up; voices last longer."""
SURE = (200, 201, 204)
"""Statuses that say that it was done."""
NOT_DONE = {503, 409, 404, 403, 422, 502}
"""Statuses that say that nothing was done. 504, and no answer, say nothing."""
SILENT_KEY = "4"
"""What a phone presses to be heard by nobody."""
TAKEN_BACK = "record_unavailable"
"""The code of what was done, could not be written in time, and was made silent again: both is written later."""


@dataclass
class Supervisor:
    """Somebody who starts, switches and ends at whatever adapter there is."""

    world: Adapters
    name: str
    phone: str
    customer: str
    agent: str
    chance: Random
    pauses: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while they may click."""
    resting: asyncio.Event = field(default_factory=asyncio.Event)
    monitor: str = ""
    monitors: list[str] = field(default_factory=list)
    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What was answered as done: action, monitor, mode."""
    unsure: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What may have been done."""
    statuses: Counter[str] = field(default_factory=Counter)
    clients: dict[int, Client] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    asks: str = ""
    """What was asked last, and when."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One click after the other: what is answered counts as a change only where it was one."""

    async def run(self) -> None:
        while True:
            if not self.pauses.is_set():
                self.resting.set()
                await self.pauses.wait()
                self.resting.clear()
            try:
                async with self.turn:
                    await self._click()
            except (TimeoutError, aiohttp.ClientError, AssertionError):
                self.clients.pop(self._at, None)
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))

    async def _client(self) -> Client:
        self._at = self.chance.randrange(ADAPTERS)
        self.asks = f"{real():%T.%f} at {self._at}"
        if self._at not in self.clients:
            async with asyncio.timeout(10):
                self.clients[self._at] = await self.world.at(self._at, self.name)
        return self.clients[self._at]

    async def _click(self) -> None:
        client = await self._client()
        if not self.monitor:
            body = {"agent_extension": self.agent}
            status, told = await self._ask(client, "POST", "/monitors", body, "")
            found = told.get("id") or told.get("monitor", {}).get("id", "")
            if found:
                self.monitor = found
                self.monitors.append(found)
                self._note(status, "monitor.requested", found, "")
            elif status == 409:
                await self._find(client)
            return
        if self.chance.random() < 0.15:
            status, _ = await self._ask(client, "DELETE", f"/monitors/{self.monitor}", None, "monitor.ended")
            if status == 204:
                self.monitor = ""
            return
        mode = self.chance.choice(("silent", "whisper", "barge"))
        shown = await self._shown(client)
        if shown.get("state") == "ended":
            self.monitor = ""
        elif shown.get("state") == "live" and shown["mode"] != mode:
            await self._ask(client, "PATCH", f"/monitors/{self.monitor}", {"mode": mode}, "monitor.mode_changed", mode)

    async def barges(self, sent: asyncio.Event) -> str:
        """They join the call, unless they have. Returns what was answered. `sent`: set as they click."""
        try:
            async with self.turn:
                client = await self._client()
                shown = await self._shown(client) if self.monitor else {}
                if shown.get("state") != "live" or shown["mode"] == "barge":
                    return "nothing to join"
                sent.set()
                path, body = f"/monitors/{self.monitor}", {"mode": "barge"}
                status, _ = await self._ask(client, "PATCH", path, body, "monitor.mode_changed", "barge")
        except (TimeoutError, aiohttp.ClientError, AssertionError) as problem:
            return repr(problem)
        return str(status)

    async def _find(self, client: Client) -> None:
        """One is there whose beginning was not answered."""
        async with asyncio.timeout(15):
            _, told = await client.get("/monitors")
        for one in told.get("monitors", []):
            if one["supervisor"]["name"].lower() == self.name and one["state"] != "ended":
                self.monitor = one["id"]
                self.monitors.append(one["id"])

    async def _shown(self, client: Client) -> Json:
        self.asks = f"{real():%T.%f} at {self._at}: GET {self.monitor}"
        async with asyncio.timeout(15):
            return (await client.get(f"/monitors/{self.monitor}"))[1]

    async def _ask(
        self, client: Client, method: str, path: str, body: Json | None, action: str, mode: str = ""
    ) -> tuple[int, Json]:
        began, monitor, status, code = real(), self.monitor, 0, ""
        self.asks = f"{began:%T.%f} at {self._at}: {method} {path} {mode}"
        try:
            async with asyncio.timeout(25):
                status, told = await client.ask(method, path, body)
            code = told.get("code", "")
        finally:
            self.statuses[f"{method} {status} {code}"] += 1
            self.log.append(f"{began:%T.%f}-{real():%T.%f} at {self._at}: {method} {monitor} {mode} {status} {code}")
            if action:
                self._note(0 if code == TAKEN_BACK else status, action, monitor, mode)
        return status, told

    def _note(self, status: int, action: str, monitor: str, mode: str) -> None:
        if status in SURE:
            self.done[action, monitor, mode] += 1
        elif status not in NOT_DONE:
            self.unsure[action, monitor, mode] += 1


class History:
    """The run."""

    def __init__(self, world: Adapters, cables: Sequence[Cable], receiver: Receiver, seed: int) -> None:
        self.world, self.cables, self.receiver, self.chance = world, cables, receiver, Random(seed)
        self.nemesis = Nemesis(world, cables, self.chance)
        self.supervisors = [
            Supervisor(world, "mona", "302", "201", "101", Random(seed + 1)),
            Supervisor(world, "max1", "321", "221", "121", Random(seed + 2)),
        ]
        self.talking: list[tuple[Phone, Phone, int]] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.nemesis.faults["a key makes a leg silent just before the owner is killed"] = self._key_and_kill
        self.nemesis.faults["a cable is cut behind a written barge"] = self._cut_behind_barge

    async def _key_and_kill(self) -> str:
        """Nobody was told of the key; whoever takes the monitor up must not show that they are still heard."""
        who = self.chance.choice(self.supervisors)
        admin = await self.world.at(self.chance.randrange(ADAPTERS), "admin")
        owner = await self.world.owner_of(f"pbx{self.supervisors.index(who)}", admin)
        pressed = False
        with suppress(LabError):
            await (await self.world.phone(who.phone, "auto")).dtmf(SILENT_KEY)
            pressed = True
        await asyncio.sleep(self.chance.uniform(0, 0.05))
        if owner >= 0:
            self.world.kill(owner)
            await self.world.gone(owner)
            await asyncio.sleep(self.chance.uniform(0.2, 4))
            await self.world.adapters[owner].start()
        return f"{owner}, pressed: {pressed}"

    async def _cut_behind_barge(self) -> str:
        node = self.chance.randrange(len(self.supervisors))
        sent = asyncio.Event()
        click = asyncio.ensure_future(self.supervisors[node].barges(sent))
        await asyncio.wait([click, asyncio.ensure_future(sent.wait())], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(self.chance.uniform(0, 0.03))
        self.cables[node].block()
        await asyncio.sleep(self.chance.uniform(0.5, 4))
        self.cables[node].clear()
        return f"{await click}"

    def clicks(self, monitors: set[str]) -> list[str]:
        """What was clicked at these monitors, and what was answered when, in UTC."""
        return [line for who in self.supervisors for line in who.log if any(one in line for one in monitors)]

    async def talk(self) -> None:
        """Both calls are up, and both supervisors' phones are there."""
        for who in self.supervisors:
            await self.world.phone(who.phone, "auto")
            customer, agent = await self.world.talk(who.customer, who.agent)
            self.talking.append((customer, agent, agent.mark()))

    async def well(self) -> None:
        """Everything is mended: all adapters run and see all PBXes."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.world.mend()
                for number in range(ADAPTERS):
                    admin = await self.world.at(number, "admin")
                    async with asyncio.timeout(15):
                        _, told = await admin.get("/calls")
                    assert {one["state"] for one in told["pbxs"]} == {"connected"}
                    assert {call["agent"]["extension"] for call in told["calls"]} >= {"101", "121"}
                return
            except (TimeoutError, AssertionError, aiohttp.ClientError, KeyError) as problem:
                if time.monotonic() > end:
                    raise AssertionError(f"it does not get well after {self.nemesis.did[-1:]}") from problem
                await asyncio.sleep(0.3)

    async def calm(self) -> None:
        """Nobody clicks: all adapters show the same, and it is what is heard."""
        for who in self.supervisors:
            who.pauses.clear()
        try:
            async with asyncio.timeout(2 * PATIENCE):
                await asyncio.gather(*(who.resting.wait() for who in self.supervisors))
        except TimeoutError:
            hang = [(who.name, who.asks, who.log[-3:]) for who in self.supervisors if not who.resting.is_set()]
            over = [task.exception() for task in self.tasks if task.done()]
            raise AssertionError(f"clicks hang after {self.nemesis.did[-2:]}: {hang}; {over}") from None
        await self.well()
        for who in self.supervisors:
            await self._sounds(who, await self._settled(who))
        for who in self.supervisors:
            who.pauses.set()

    async def _settled(self, who: Supervisor) -> Json | None:
        """This supervisor's monitor as all adapters show it; None where they have none."""
        end = time.monotonic() + PATIENCE
        while True:
            seen = []
            for number in range(ADAPTERS):
                _, told = await (await self.world.at(number, "admin")).get("/monitors")
                mine = [one for one in told["monitors"] if one["supervisor"]["name"].lower() == who.name]
                seen.append([(one["id"], one["state"], one["mode"]) for one in mine])
            running = [one for one in seen[0] if one[1] != "ended"]
            if seen[0] == seen[1] == seen[2] and all(state == "live" for _, state, _ in running):
                assert len(running) <= 1, f"two monitors of one supervisor: {seen}"
                return {"id": running[0][0], "mode": running[0][2]} if running else None
            assert time.monotonic() < end, f"adapters show different things: {seen}"
            await asyncio.sleep(0.2)

    async def _sounds(self, who: Supervisor, monitor: Json | None) -> None:
        phones = [await self.world.phone(number, "auto") for number in (who.customer, who.agent, who.phone)]
        mode = monitor["mode"] if monitor else ""
        talks = {who.phone}
        hears = {
            f"p{who.agent}": {who.customer} | (talks if mode in ("whisper", "barge") else set()),
            f"p{who.customer}": {who.agent} | (talks if mode == "barge" else set()),
        }
        if monitor:
            hears[f"p{who.phone}"] = {who.agent, who.customer}
        try:
            assert_hears(await listen(*phones), **hears)
        except AssertionError as problem:
            raise AssertionError(f"shown is {monitor}, after {self.nemesis.did[-2:]}: {problem}") from None

    async def episode(self, seconds: float) -> None:
        """Calls, clicks and faults for so long."""
        await self.talk()
        self.tasks = [asyncio.ensure_future(who.run()) for who in self.supervisors]
        for who in self.supervisors:
            who.pauses.set()
        end = time.monotonic() + seconds
        try:
            names = [*self.nemesis.faults]
            self.chance.shuffle(names)
            while time.monotonic() < end:
                name = names[len(self.nemesis.did) % len(names)]
                await asyncio.sleep(self.chance.uniform(0.5, 2))
                await self.nemesis.strike(name)
                await self.calm()
            for customer, agent, mark in self.talking:
                with suppress(LabError):
                    await agent.seen("CALL_CLOSED", mark, 0.01)
                    raise AssertionError(f"{customer.number} and {agent.number} were cut off: {self.nemesis.did}")
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            self.talking.clear()


async def checked(history: History, admin: Client) -> None:
    """Audit and hooks against what was answered."""
    done, unsure = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for who in history.supervisors:
        done += who.done
        unsure += who.unsure
    monitors = {one for who in history.supervisors for one in who.monitors}
    assert done, "nobody got so far as to click"
    facts = await over(admin, monitors)
    once = ("monitor.requested", "monitor.started", "monitor.ended")
    raised = Counter({fact: times for fact, times in facts.items() if fact[2] in ("whisper", "barge")})
    wrong = {
        "answered, and not written": done - facts,
        "written twice": Counter({fact: times for fact, times in facts.items() if fact[0] in once and times > 1}),
        "done though it was refused": raised - done - unsure,
    }
    for what, found in wrong.items():
        about = {monitor for _, monitor, _ in found}
        rows = [row for row in await audit(admin) if row["monitor_id"] in about] if found else []
        assert not found, f"{what}: {found}; {history.clicks(about)}; {rows}"
    await told(history, facts, admin)


def _happened(row: Json) -> bool:
    """Whether it tells what happened, and not what somebody tried: a phone that was busy, but no click that failed."""
    ended = row["action"] != "monitor.mode_changed" and row["reason"] in {one.value for one in EndReason}
    return row["result"] == "ok" or ended


def _fact(row: Json) -> tuple[str, str, str]:
    return row["action"], row["monitor_id"], row["mode"] if row["action"] == "monitor.mode_changed" else ""


async def over(admin: Client, monitors: set[str]) -> Counter[tuple[str, str, str]]:
    """What is written of these monitors, once all of them are over there."""
    end = time.monotonic() + PATIENCE
    while True:
        rows = [row for row in await audit(admin) if row["monitor_id"] in monitors]
        facts = Counter(map(_fact, filter(_happened, rows)))
        facts.update(Counter({fact for fact in map(_fact, rows) if fact not in facts and fact[0] == "monitor.ended"}))
        of = {
            kind: {monitor for action, monitor, _ in facts if action == f"monitor.{kind}"}
            for kind in ("requested", "ended")
        }
        if of["requested"] == of["ended"]:
            return facts
        left = of["requested"] ^ of["ended"]
        assert time.monotonic() < end, [row for row in rows if row["monitor_id"] in left]
        await asyncio.sleep(0.3)


async def told(history: History, facts: Counter[tuple[str, str, str]], admin: Client) -> None:
    """Hooks got each fact once, under one id."""
    kinds = ("monitor.started", "monitor.mode_changed", "monitor.ended")
    wanted = Counter({fact: times for fact, times in facts.items() if fact[0] in kinds})
    end = time.monotonic() + PATIENCE
    while True:
        found: Counter[tuple[str, str, str]] = Counter()
        for body in dict(history.receiver.accepted).values():
            if body["type"] in kinds:
                mode = body["data"]["mode"] if body["type"] == "monitor.mode_changed" else ""
                found[body["type"], body["data"]["id"], mode] += 1
        known = Counter({fact: times for fact, times in found.items() if fact[1] in {one for _, one, _ in wanted}})
        assert not known - wanted, f"told more than is written: {known - wanted}"
        if known == wanted:
            return
        if time.monotonic() > end:
            (hook,) = (await admin.get("/webhooks"))[1]["webhooks"]
            _, queue = await admin.get(f"/webhooks/{hook['id']}/deliveries")
            late = [one for one in queue["deliveries"] if one["state"] != "delivered"]
            about = [row for row in await audit(admin) if row["monitor_id"] in {one for _, one, _ in wanted - known}]
            raise AssertionError(f"written, and not told: {wanted - known}; {hook}; {late}; {about}")
        await asyncio.sleep(0.2)


async def audit(admin: Client) -> list[Json]:
    """All of it."""
    rows: list[Json] = []
    cursor = ""
    while True:
        _, body = await admin.get(f"/audit?limit=500{cursor}")
        rows += body["entries"]
        if not body.get("next_cursor"):
            return rows
        cursor = f"&cursor={body['next_cursor']}"


async def lived(world: Adapters, cables: Sequence[Cable], receiver: Receiver, seed: int, episodes: int) -> None:
    history = History(world, cables, receiver, seed)
    await world.mend()
    admin = await world.at(0, "admin")
    status, hook = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    assert status == 201, hook
    receiver.secrets["hook"] = hook["secret"]
    try:
        for _ in range(episodes):
            await history.episode(EPISODE if episodes > 1 else 60.0)
            admin = await world.at(0, "admin")
            status, body = await admin.post("/monitors/stop-all", {"reason": "the end of a test"})
            assert status == 200, body
            await checked(history, admin)
            await world.tidy()
            for who in history.supervisors:
                who.monitor = ""
                who.clients.clear()  # nobody is signed in any more
    finally:
        print("\n".join(history.nemesis.did))
        print([dict(who.statuses) for who in history.supervisors])
    assert not receiver.problems
    store = await Store.open(world.shared.database_url, clock=real)
    try:
        assert not (await store.audit.verify(None, [], await store.installation.key())).faults
    finally:
        await store.close()


@pytest.fixture
async def three(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[tuple[Adapters, Sequence[Cable]]]:
    """Three adapters that reach two PBXes over cables."""
    world = Adapters(toolchain, tmp_path, adapters=ADAPTERS)
    cables = [Cable(pbx.ports.ami) for pbx in world.pbxes]
    text = world.conf.read_text()
    for cable, pbx in zip(cables, world.pbxes, strict=True):
        await cable.plug()
        assert text.count(f"port = {pbx.ports.ami}\n") == 1, text
        text = text.replace(f"port = {pbx.ports.ami}\n", f"port = {cable.port}\n")
    world.conf.write_text(text)
    async with world.running():
        yield world, cables
    for cable in cables:
        await cable.unplug()


@pytest.mark.timeout(600)
async def test_a_minute_of_faults(three: tuple[Adapters, Sequence[Cable]], receiver: Receiver) -> None:
    await lived(*three, receiver, seed=time.time_ns() % 10**6, episodes=1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_ten_minutes_of_faults(three: tuple[Adapters, Sequence[Cable]], receiver: Receiver) -> None:
    three[0].seconds = 600
    await lived(*three, receiver, seed=time.time_ns() % 10**6, episodes=6)
