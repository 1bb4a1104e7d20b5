"""One scale run: the load is raised step by step, and at each step it is measured what everything takes."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.lab.shared import Shared
from tests.scale.probe import Probe, Shown
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
    servers: Sequence[float]
    """PostgreSQL and NATS."""
    clicks: Sequence[float]
    """Milliseconds of each PATCH at the PBX's owner."""
    beside: Sequence[float]
    """The same at an adapter that does not own the PBX."""
    shown: Shown
    refused: int
    megabytes: Sequence[float]
    load: float


def at(times: Sequence[float], share: float) -> float:
    """Of these times."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


class Supervisor:
    """Somebody who listens to a call of one PBX, and switches modes one after another; to the next when it ends."""

    def __init__(self, stage: Stage, client: Client, pbx: str, place: int) -> None:
        self._stage, self._client, self.pbx, self._place = stage, client, pbx, place
        self.times: list[float] = []
        self.go = asyncio.Event()
        """Whether they click; while not, they listen."""
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
            await self.go.wait()
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


async def measure(
    folder: Path, plan: Plan, rates: Sequence[float], seconds: float
) -> tuple[list[Step], dict[str, float], int]:
    """Every rate for so many seconds. Returns the steps, what clicks cost, and how many gaps and losses pages saw."""
    shared = Shared(folder) if plan.adapters > 1 else None
    stage, probe = Stage(folder, plan, shared), Probe()
    steps: list[Step] = []
    costs: dict[str, float] = {}
    tasks: list[asyncio.Task[None]] = []
    try:
        if shared is not None:
            await shared.start()
        await stage.start()
        owner = await stage.owners(range(plan.adapters))
        await probe.start(stage.ports, stage.cookies, owner)
        stage.prefer(probe.pid)
        own, beside = _supervisors(stage, owner)
        tasks = [asyncio.ensure_future(one.run()) for one in (*own, *beside)]
        costs = await _clicks(stage, own, beside, seconds)
        steps.extend([await _step(stage, probe, own, beside, rate, seconds) for rate in rates])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await probe.stop()
        lost = await stage.stop()
        if shared is not None:
            await shared.stop()
    return steps, costs, sum(lost)


async def _clicks(
    stage: Stage, own: Sequence[Supervisor], beside: Sequence[Supervisor], seconds: float
) -> dict[str, float]:
    """CPU of all adapters for a click at the owner, and for one at another adapter: while nothing else happens."""
    await stage.simulation.rate(0)
    found, quiet = {}, 0.0
    for name, some in (("nobody", ()), ("the owner", own), ("another", beside)):
        for one in (*own, *beside):
            (one.go.set if one in some else one.go.clear)()
        await asyncio.sleep(SETTLE)
        usage, before = Usage(stage.pids), [len(one.times) for one in some]
        await asyncio.sleep(seconds)
        spent = sum(usage.percent()) / 100 * seconds
        clicks = sum(len(one.times) - then for one, then in zip(some, before, strict=True))
        if clicks:
            found[f"a click at {name}, us of CPU of all adapters"] = 1e6 * (spent - quiet) / clicks
            times = [took for one in some for took in one.times]
            found[f"a click at {name}, ms, p50"], found[f"a click at {name}, ms, p95"] = at(times, 0.5), at(times, 0.95)
        elif not some:
            quiet = spent
            found["nobody clicks and nothing happens, % of a core of all adapters"] = sum(usage.percent())
    for one in (*own, *beside):
        one.go.set()
    return found


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
    stage: Stage, probe: Probe, own: Sequence[Supervisor], beside: Sequence[Supervisor], rate: float, seconds: float
) -> Step:
    await stage.simulation.rate(rate / stage.plan.pbxes)
    await asyncio.sleep(SETTLE)
    for one in (*own, *beside):
        one.times.clear()
        one.refused = 0
    await probe.since()
    usage = Usage([*stage.pids, stage.simulation.pid], families=stage.servers)
    before, began = await stage.simulation.sent(), time.monotonic()
    await asyncio.sleep(seconds)
    sent = (await stage.simulation.sent() - before) / (time.monotonic() - began)
    percent, adapters = usage.percent(), len(stage.pids)
    return Step(
        wanted=rate,
        sent=sent,
        adapters=percent[:adapters],
        simulation=percent[adapters],
        servers=percent[adapters + 1 :],
        clicks=[took for one in own for took in one.times],
        beside=[took for one in beside for took in one.times],
        shown=await probe.since(),
        refused=sum(one.refused for one in (*own, *beside)),
        megabytes=usage.megabytes()[:-1],
        load=crowded(),
    )


HEADINGS = (
    *("events/s", "sent", "adapters, % of a core", "PostgreSQL NATS", "MB", "PATCH ms", "at another", "shown ms"),
    *("at another", "failed", "simulation", "load"),
)


def text(title: str, steps: Sequence[Step], costs: Mapping[str, float], lost: int) -> str:
    """A table; times as p50 / p95."""
    lines = [f"\n{title}", *(f"  {name:<70} {value:8.1f}" for name, value in costs.items())]
    rows = [HEADINGS, *(_row(step) for step in steps)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines += ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    per = [1e4 * sum(step.adapters) / step.sent for step in steps if step.sent]
    lines.append(
        f"  us of the adapters' CPU for an event, all told: {statistics.median(per):.0f} (median of the steps)"
    )
    lines.append(f"  gaps and losses at the open pages: {lost}")
    return "\n".join(lines)


def _row(step: Step) -> tuple[str, ...]:
    times = (f"{at(one, 0.5):.1f} / {at(one, 0.95):.1f}" if one else "-" for one in _times(step))
    return (
        f"{step.wanted:.0f}",
        f"{step.sent:.0f}",
        _together(step.adapters),
        _together(step.servers),
        _together(step.megabytes),
        *times,
        f"{step.refused}",
        f"{step.simulation:.0f}",
        f"{step.load:.1f}",
    )


def _times(step: Step) -> tuple[Sequence[float], ...]:
    return step.clicks, step.beside, step.shown.own, step.shown.other


def _together(shares: Sequence[float]) -> str:
    return " ".join(f"{one:.0f}" for one in shares) or "-"
