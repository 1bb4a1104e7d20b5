"""One scale run: the load is raised step by step, and at each step it is measured what everything takes."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.scale.stage import Plan, Stage, Usage, crowded
from tests.support.client import Client

SETTLE = 2.0
"""Seconds at each rate before it is measured."""
MODES = ("whisper", "silent", "barge", "silent")
REST = 0.25
"""Seconds between two switches of one supervisor."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured at one rate."""

    wanted: float
    """Events a second, of all PBXes together."""
    sent: float
    adapters: Sequence[float]
    """% of one core, each."""
    simulation: float
    clicks: Sequence[float]
    """Milliseconds of each PATCH."""
    beside: Sequence[float]
    """The same at an adapter that does not own the PBX."""
    refused: int
    megabytes: Sequence[float]
    load: float

    @staticmethod
    def at(times: Sequence[float], share: float) -> float:
        """Of these times."""
        return sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


class Supervisor:
    """Somebody who listens to a call of one PBX, and switches modes one after another; to the next when it ends."""

    def __init__(self, stage: Stage, client: Client, pbx: str, place: int) -> None:
        self._stage, self._client, self.pbx, self._place = stage, client, pbx, place
        self.times: list[float] = []
        self.refused = 0
        self._monitor = ""

    async def _listen(self) -> None:
        call = await self._stage.call(self._client, self.pbx, self._place)
        status, monitor = await self._client.post("/monitors", {"call_id": call["id"]})
        if status != 201:
            self.refused += status not in (404, 409)
            await asyncio.sleep(REST)
            return
        self._monitor = monitor["id"]
        for _ in range(100):
            if (await self._client.get(f"/monitors/{self._monitor}"))[1].get("state") != "connecting":
                return
            await asyncio.sleep(0.05)

    async def run(self) -> None:
        """Until cancelled."""
        turn = 0
        while True:
            if not self._monitor:
                await self._listen()
                continue
            began = time.monotonic()
            status, _ = await self._client.patch(f"/monitors/{self._monitor}", {"mode": MODES[turn % len(MODES)]})
            if status == 200:
                self.times.append(1000 * (time.monotonic() - began))
                turn += 1
            else:
                self.refused += status not in (404, 409)
                self._monitor = ""
            await asyncio.sleep(REST)


async def owners(stage: Stage) -> dict[str, int]:
    """Which adapter looks after each PBX, by its place."""
    if stage.plan.adapters == 1:
        return {f"pbx{node}": 0 for node in range(stage.plan.pbxes)}
    admin = await Client(f"http://127.0.0.1:{stage.ports[0]}").sign_in("admin", "scale-administrator")
    told = (await admin.get("/cluster"))[1]
    await admin.close()
    places = {member["pid"]: place for place, member in enumerate(told["members"])}
    pids = {adapter.process.pid: place for place, adapter in enumerate(stage.adapters) if adapter.process}
    by_id = {member["id"]: pids[member["pid"]] for member in told["members"] if member["pid"] in places}
    return {pbx["id"]: by_id[pbx["owner"]] for pbx in told["pbxs"] if pbx["owner"] in by_id}


async def measure(
    folder: Path, plan: Plan, rates: Sequence[float], seconds: float, database: str = "", cluster: str = ""
) -> tuple[list[Step], int]:
    """Every rate for so many seconds. Returns the steps, and how many gaps and losses pages saw."""
    stage = Stage(folder, plan, database, cluster)
    steps: list[Step] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        await stage.start()
        owner = await owners(stage)
        own, beside = _supervisors(stage, owner)
        tasks = [asyncio.ensure_future(one.run()) for one in (*own, *beside)]
        steps.extend([await _step(stage, own, beside, rate, seconds) for rate in rates])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        lost = await stage.stop()
    return steps, sum(lost)


def _supervisors(stage: Stage, owner: dict[str, int]) -> tuple[list[Supervisor], list[Supervisor]]:
    """Of those at PBXes of their own adapter, and of those at others'. With one adapter all are of the former."""
    own: list[Supervisor] = []
    beside: list[Supervisor] = []
    for adapter, clients in enumerate(stage.clients):
        mine = sorted(pbx for pbx, place in owner.items() if place == adapter)
        others = sorted(pbx for pbx, place in owner.items() if place != adapter)
        for number, client in enumerate(clients):
            there = others if others and (number % 2 or not mine) else mine
            one = Supervisor(stage, client, there[number // 2 % len(there)], number)
            (own if there is mine else beside).append(one)
    return own, beside


async def _step(
    stage: Stage, own: Sequence[Supervisor], beside: Sequence[Supervisor], rate: float, seconds: float
) -> Step:
    await stage.simulation.rate(rate / stage.plan.pbxes)
    await asyncio.sleep(SETTLE)
    for one in (*own, *beside):
        one.times.clear()
        one.refused = 0
    pids = [adapter.process.pid for adapter in stage.adapters if adapter.process]
    usage, before, began = Usage([*pids, stage.simulation.pid]), await stage.simulation.sent(), time.monotonic()
    await asyncio.sleep(seconds)
    sent = (await stage.simulation.sent() - before) / (time.monotonic() - began)
    *adapters, simulation = usage.percent()
    return Step(
        *(rate, sent, adapters, simulation),
        [took for one in own for took in one.times],
        [took for one in beside for took in one.times],
        sum(one.refused for one in (*own, *beside)),
        usage.megabytes()[:-1],
        crowded(),
    )


def text(title: str, steps: Sequence[Step], lost: int) -> str:
    """A table."""
    lines = [
        f"\n{title}",
        f"  {'events/s':>9} {'sent':>8} {'adapters, % of a core':>22} {'MB':>12} {'PATCH p50/p95 ms':>18}"
        f" {'at another':>18} {'failed':>7} {'simulation':>11} {'load':>5}",
    ]
    for step in steps:
        cores = " ".join(f"{one:.0f}" for one in step.adapters)
        sizes = " ".join(f"{one:.0f}" for one in step.megabytes)
        clicks, others = (f"{step.at(one, 0.5):.1f} / {step.at(one, 0.95):.1f}" for one in (step.clicks, step.beside))
        lines.append(
            f"  {step.wanted:>9.0f} {step.sent:>8.0f} {cores:>22} {sizes:>12} {clicks:>18} {others:>18}"
            f" {step.refused:>7} {step.simulation:>11.0f} {step.load:>5.1f}"
        )
    per = [1e4 * sum(step.adapters) / step.sent for step in steps if step.sent]
    lines.append(
        f"  us of the adapters' CPU for an event, all told: {statistics.median(per):.0f} (median of the steps)"
    )
    lines.append(f"  gaps and losses at the open pages: {lost}")
    return "\n".join(lines)
