"""One load run: the stage, everybody on it, what was measured, and the checks at its end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from yarl import URL

from adapter.asterisk.ami import AmiConnection
from tests.load import checks
from tests.load.actors import Ear, Log, Supervisor, lag_of, pause, press
from tests.load.pages import Page, Pages, Seen, open_page
from tests.load.sampling import Pulse, Runs, Sampler
from tests.load.stage import AGENTS, Plan, Stage, numbers
from tests.support.client import Client

WATCHED = 4
"""Pages that are read whole, to see how late they are told."""
CALL_DEADLINE = 60.0
"""Seconds beyond SIPp's own pace until all calls must be shown, or gone."""
START_PAUSE = 0.15
"""Seconds between two supervisors' beginnings: people don't click in the same instant."""


@dataclass(slots=True)
class Measured:
    """Everything that was measured, and the spans of time (of the sampler's clock) that have a name."""

    log: Log = field(default_factory=Log)
    raw: list[float] = field(default_factory=list)
    """PlayDTMF to DTMFEnd without an adapter between, in milliseconds."""
    lags: list[float] = field(default_factory=list)
    """From Asterisk's word to a page, in milliseconds."""
    seen: Seen = field(default_factory=Seen)
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    """AMI events a second, by phase."""
    told: dict[str, float] = field(default_factory=dict)
    """The adapter's own figures at the end."""
    reasons: Counter[str] = field(default_factory=Counter)
    verdict: str = ""
    """What the audit's check said."""
    errors: list[str] = field(default_factory=list)
    """The adapter's log, as far as it tells of something wrong."""


class Here:
    """This very process, in which supervisors and the watched pages are."""

    def __init__(self) -> None:
        self.process = psutil.Process()


class Run:
    """What load runs have in common. Use `opened`."""

    def __init__(self, stage: Stage, ami: AmiConnection, ear: Ear) -> None:
        self.stage, self.plan, self._ami, self.ear = stage, stage.plan, ami, ear
        self.measured = Measured()
        self.log = self.measured.log
        self.supervisors = [Supervisor(client, self.plan, self.log) for client in stage.supervisors]
        self._pages, self._watched = Pages(), list[Page]()
        self.sampler = Sampler(self._parts(), {"pages", *stage.crowds}, stage.folder / "samples.csv")
        self.pulse = Pulse(stage.base)
        self.over = asyncio.Event()
        """Set at the end, or when somebody interrupts: actors stop."""

    def _parts(self) -> dict[str, Runs]:
        mine: dict[str, Runs] = {"pages": self._pages, "actors": Here()}
        return {"adapter": self.stage.adapter, "Asterisk": self.stage.pbx, **self.stage.crowds, **mine}

    async def watch(self) -> None:
        """Sample, and feel the pulse, until it is over."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.sampler.run()), group.create_task(self.pulse.run())]
            await self.over.wait()
            for task in tasks:
                task.cancel()

    async def phase(self, name: str, seconds: float) -> None:
        """Let some time pass, and remember it by a name. What runs, runs on."""
        began, events = self.sampler.now, self.ear.events
        await pause(self.over, seconds)
        self.measured.phases[name] = (began, self.sampler.now)
        self.measured.events[name] = (self.ear.events - events) / (self.sampler.now - began)

    # --- who is there

    async def open_pages(self) -> None:
        """All pages; they belong to supervisors, who see everything."""
        cookies = [cookie_of(client, self.stage.base) for client in self.stage.supervisors]
        count = max(0, self.plan.streams - WATCHED)
        shared = (cookies * (count // len(cookies) + 1))[:count]
        await self._pages.start(self.stage.http_port, shared, self.plan.reopen)
        for cookie in cookies[:WATCHED]:
            heard = lag_of(self.ear, self.measured.lags)
            page = await open_page(self.stage.http_port, cookie, self.measured.seen, heard)
            self._watched.append(page)

    async def all_begin(self) -> None:
        """Every supervisor monitors another agent."""
        agents = numbers(AGENTS, len(self.supervisors))
        async with asyncio.TaskGroup() as group:
            for supervisor, agent in zip(self.supervisors, agents, strict=True):
                group.create_task(self._must_begin(supervisor, agent))
                await asyncio.sleep(START_PAUSE)

    async def _must_begin(self, supervisor: Supervisor, agent: str) -> None:
        assert await supervisor.begin(agent), (agent, supervisor.monitor, self.log.refused)

    async def switch(self, name: str, seconds: float) -> None:
        """All but the last supervisor switch; on the last one's leg the raw action is tried meanwhile."""
        until = asyncio.Event()
        *people, last = self.supervisors
        async with asyncio.TaskGroup() as group:
            for supervisor in people:
                group.create_task(supervisor.work(until))
            group.create_task(press(self._ami, self.ear, last.monitor["id"], until, self.measured.raw))
            await self.phase(name, seconds)
            until.set()

    # --- the end

    async def finish(self) -> None:
        """Half of the supervisors stop, the others' calls end; then the adapter's view must be Asterisk's."""
        await checks.same_as_asterisk(self.stage)
        for supervisor in self.supervisors[::2]:
            await supervisor.finish()
        await checks.same_as_asterisk(self.stage)
        await self.end_calls()

    async def end_calls(self) -> None:
        """All customers are hung up on, and nothing is left."""
        await self.stage.calls_end(self._ami, CALL_DEADLINE)
        await checks.nothing_left(self.stage)

    async def settle(self) -> None:
        """Leave the pages and check what can be asked of the running adapter."""
        for page in self._watched:
            page.close()
        self.measured.seen.add(await self._pages.stop())
        self.measured.told = await checks.recorded(self.stage.metrics_port)
        checks.streams_were_whole(self.measured.seen, self.measured.told)
        self.measured.reasons = await checks.every_monitor_ended_once(self.stage.admin, self.log)
        checks.calls_were_good(self.stage)

    async def close(self) -> None:
        """After success or failure."""
        self.over.set()
        await self._pages.kill()
        self.sampler.close()


def cookie_of(client: Client, base: str) -> str:
    """The Cookie header of somebody who is signed in."""
    found = client.http.cookie_jar.filter_cookies(URL(base))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in found.items())


@asynccontextmanager
async def opened(folder: Path, plan: Plan) -> AsyncIterator[Run]:
    """A run whose standing calls are up. Ends everything after it, then looks at what is left in files."""
    stage = Stage(folder, plan)
    try:
        await stage.start()
        ear = Ear()
        ami = await stage.ami(ear)
        await stage.calls_stand(plan.calls / 20 + CALL_DEADLINE)
        run = Run(stage, ami, ear)
        try:
            yield run
        finally:
            await run.close()
    finally:
        await stage.stop()
    run.measured.errors = checks.errors_in(folder / "adapter.log")
    run.measured.verdict = await checks.audit_is_whole(stage.conf)


async def beside(run: Run, work: Coroutine[Any, Any, None]) -> None:
    """Do the work while everything is watched; a watcher that fails ends it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(run.watch())
        await work
        run.over.set()


async def load(folder: Path, plan: Plan, seconds: float, before: float) -> Run:
    """The whole load, built up in steps of `before` seconds; all at once for `seconds`."""
    async with opened(folder, plan) as run:

        async def steps() -> None:
            await run.open_pages()
            await run.phase("calls", before)
            await run.all_begin()
            await run.phase("+ monitors", before)
            await run.stage.begin_churn()
            await run.phase("+ churn", before)
            await run.switch("+ switching", seconds)
            await run.stage.end_churn()
            await run.finish()
            await run.settle()

        await beside(run, steps())
    return run
