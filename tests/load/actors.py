"""Supervisors at work: they start monitors, switch them, end them; each answer is kept with how long it took."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapter.asterisk.ami import AmiConnection
from adapter.asterisk.splitter import Message
from tests.load.stage import Plan
from tests.support.client import Client, Json
from tests.support.legs import leg_of, monitor_of

LIVE_DEADLINE = 30.0
"""Seconds until a monitor must be live or over."""
OVER = {"call_ended", "not_live"}
"""Codes with which a switch is refused because the monitor has just ended (the contract's table of errors)."""
NO_CALL = {"not_found", "call_not_active", "call_ended", "ambiguous", "device_unavailable"}
"""Codes with which a start is refused while calls come and go, or the phone has not hung up yet."""
CYCLE = ("whisper", "barge", "silent")
DIGITS = {"4": "silent", "5": "whisper", "6": "barge"}
"""ChanSpy's digits (apps/app_chanspy.c, option d)."""
UPDATED = re.compile(rb'event: monitor\.updated\nid: \d+\ndata: \{"id":"(\w+)"[^\n]*?"mode":"(\w+)","state":"live"')
"""A live monitor's id and mode in the stream's frames."""


@dataclass(slots=True)
class Log:
    """What supervisors did and were answered. Times in milliseconds."""

    switches: list[float] = field(default_factory=list)
    """From PATCH to its 200."""
    starts: list[float] = field(default_factory=list)
    """From POST to its 201."""
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that were no success, as `what code`."""
    ends: dict[str, set[str]] = field(default_factory=dict)
    """For each monitor that was started: the reasons that its end may have."""

    def refuse(self, what: str, answer: tuple[int, Json], documented: set[str]) -> None:
        """Keep a refusal. It must be one that the contract names."""
        code = str(answer[1].get("code"))
        self.refused[f"{what} {answer[0]} {code}"] += 1
        assert code in documented, f"{what}: {answer}"


class Supervisor:
    """One person with a phone."""

    def __init__(self, client: Client, plan: Plan, log: Log) -> None:
        self.client, self._plan, self._log = client, plan, log
        self.monitor: Json = {}

    async def begin(self, agent: str) -> bool:
        """Monitor this agent's call; whether it is live."""
        began = time.perf_counter()
        status, body = await self.client.post("/monitors", {"agent_extension": agent})
        if status != 201:
            self._log.refuse("POST", (status, body), NO_CALL)
            return False
        self._log.starts.append(1000 * (time.perf_counter() - began))
        self._log.ends[body["id"]] = {"call_ended", "supervisor_hung_up"}
        self.monitor = await self._settled(body["id"])
        return bool(self.monitor["state"] == "live")

    async def _settled(self, monitor_id: str) -> Json:
        end = time.monotonic() + LIVE_DEADLINE
        while True:
            status, body = await self.client.get(f"/monitors/{monitor_id}")
            assert status == 200, body
            if body["state"] != "connecting":
                return body
            assert time.monotonic() < end, body
            await asyncio.sleep(0.1)

    async def switch(self, mode: str) -> bool:
        """Ask for a mode; whether the monitor is still there."""
        began = time.perf_counter()
        status, body = await self.client.patch(f"/monitors/{self.monitor['id']}", {"mode": mode})
        if status != 200:
            self._log.refuse("PATCH", (status, body), OVER)
            return False
        self._log.switches.append(1000 * (time.perf_counter() - began))
        assert body["mode"] == mode, body
        return True

    async def work(self, until: asyncio.Event, seconds: float = float("inf")) -> bool:
        """Whisper, barge, silent, and again, with pauses; whether the monitor is still there."""
        end, turn = time.monotonic() + seconds, 0
        while not until.is_set() and time.monotonic() < end:
            await pause(until, random.uniform(*self._plan.pause))
            if not await self.switch(CYCLE[turn % 3]):
                return False
            turn += 1
        return True

    async def finish(self) -> None:
        """Stop, unless it is over already."""
        monitor_id = self.monitor["id"]
        _, before = await self.client.get(f"/monitors/{monitor_id}")
        status, body = await self.client.delete(f"/monitors/{monitor_id}")
        assert status == 204, body
        if before["state"] != "ended":
            self._log.ends[monitor_id].add("stopped")

    async def career(self, agents: Sequence[str], until: asyncio.Event) -> None:
        """Monitor somebody for a while, then somebody else, until the end."""
        while not until.is_set():
            if not await self.begin(random.choice(agents)):
                await pause(until, 1.0)
            elif await self.work(until, random.uniform(5, 25)):
                await self.finish()


async def pause(until: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the end."""
    try:
        await asyncio.wait_for(until.wait(), seconds)
    except TimeoutError:
        return


class Ear:
    """AMI beside the adapter: when Asterisk itself said that a leg has a mode, and how many events it sent."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, str], float] = {}
        """When a monitor's mode was last confirmed, by monitor and mode (time.monotonic)."""
        self.events = 0
        self._awaited: dict[str, asyncio.Future[None]] = {}

    def __call__(self, events: list[Message]) -> None:
        at = time.monotonic()
        self.events += len(events)
        for event in events:
            leg = event.get("Uniqueid", "")
            if event["Event"] == "DTMFEnd" and event.get("Direction") == "Received" and (monitor := monitor_of(leg)):
                self.said[monitor, DIGITS.get(event.get("Digit", ""), "")] = at
                if (waiting := self._awaited.pop(leg, None)) is not None and not waiting.done():
                    waiting.set_result(None)

    async def digit(self, leg: str) -> None:
        """Wait for the next digit that this leg receives."""
        self._awaited[leg] = asyncio.get_running_loop().create_future()
        await asyncio.wait_for(self._awaited[leg], 10)


async def press(ami: AmiConnection, ear: Ear, monitor_id: str, until: asyncio.Event, took: list[float]) -> None:
    """The raw action, over and over: what a switch costs without an adapter between. Milliseconds go to `took`."""
    leg, turn = await leg_of(ami, monitor_id), 0
    while not until.is_set():
        fields = [("Channel", leg), ("Digit", "564"[turn % 3]), ("Duration", "1"), ("Receive", "true")]
        began = time.perf_counter()
        await asyncio.gather(ear.digit(leg), ami.action("PlayDTMF", fields, deadline=10))
        took.append(1000 * (time.perf_counter() - began))
        turn += 1
        await pause(until, 0.2)


def lag_of(ear: Ear, lags: list[float]) -> Callable[[bytes], None]:
    """For a page: how long after Asterisk's word it shows a mode. Milliseconds go to `lags`."""
    shown: dict[tuple[str, str], float] = {}

    def heard(frames: bytes) -> None:
        at = time.monotonic()
        for monitor_id, mode in UPDATED.findall(frames):
            key = (monitor_id.decode(), mode.decode())
            said = ear.said.get(key)
            if said is not None and shown.get(key) != said:
                shown[key] = said
                lags.append(1000 * (at - said))

    return heard
