"""`make soak`: a moderate load for a long time (SOAK_MINUTES, 30), at whose end nothing may have grown.

Calls come and go, supervisors start, switch and end monitors, pages are opened anew, somebody signs in and out, and
a receiver is told of everything. Memory, descriptors, threads and tasks must be flat.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from adapter import log
from tests.load import checks
from tests.load.actors import pause
from tests.load.flat import Verdict, judge
from tests.load.options import seconds
from tests.load.run import Run, beside, opened
from tests.load.sampling import mean_cpu, spread
from tests.load.stage import AGENTS, Plan, numbers
from tests.support.client import Client
from tests.support.receiver import EVERYTHING, Receiver

MODERATE = Plan(
    calls=60,
    hold=45.0,
    churn=3.0,
    monitors=10,
    streams=40,
    pause=(0.5, 2.0),
    patience=20.0,
    reopen=20.0,
)
"""Half of one core of two, so that what is seen is the product's and not a crowded machine's."""
FEWEST_MINUTES = 3.0
"""A shorter run can't tell growth from warming up, so none is begun."""
RSS_SHARE, RSS_LEAST = {"adapter": 0.03, "Asterisk": 0.08}, 3.0
"""Share, and MB, that memory may grow from the second third to the last: the allocator's grain and SQLite's cache.
In half an hour, 3 % of the adapter are 2 kB for each of this load's calls. Asterisk's memory
goes up in steps of some MB (malloc's arenas, one for each of its many threads), which is not ours to judge finely:
what we might leave behind in it are channels, and those are counted."""
FDS_LEAST = 12.0
"""Descriptors: how many more pages and pooled connections may happen to be open in the median second."""
THREADS_LEAST = 2.0
"""Threads that a pool may add."""
TASKS_LEAST = 30.0
"""Tasks: three for each page or request that happens to be there."""


class Soak:
    """What goes on beside calls and supervisors."""

    def __init__(self, run: Run) -> None:
        self.run, self.receiver = run, Receiver()
        self.tasks: list[float] = []
        self.sign_ins = 0

    async def subscribe(self) -> None:
        """A receiver is told of everything."""
        await self.receiver.start()
        admin = self.run.stage.admin
        status, hook = await admin.post("/webhooks", {"url": self.receiver.url(), "events": EVERYTHING})
        assert status == 201, hook
        self.receiver.secrets["hook"] = hook["secret"]

    async def come_and_go(self) -> None:
        """Somebody signs in, looks, and signs out, over and over."""
        while not self.run.over.is_set():
            guest = Client(self.run.stage.base)
            try:
                await guest.sign_in("sup3000", "load-3000")
                await guest.calls()
                assert (await guest.delete("/session"))[0] == 204
                self.sign_ins += 1
            finally:
                await guest.close()
            await pause(self.run.over, 7.0)

    async def read_figures(self) -> None:
        """The adapter's own count of tasks, as a Prometheus would ask for it."""
        while not self.run.over.is_set():
            self.tasks.append((await checks.figures(self.run.stage.metrics_port))["call_monitor_tasks"])
            await pause(self.run.over, 5.0)

    async def tell(self, end: float) -> None:
        """A line a minute."""
        while not self.run.over.is_set():
            await pause(self.run.over, 60.0)
            print(self._line(end), flush=True)

    def _line(self, end: float) -> str:
        run = self.run
        since = run.sampler.now - 60
        parts = []
        for name in ("adapter", "Asterisk"):
            last = run.sampler.of(name, since)
            if last:
                parts.append(f"{name} {mean_cpu(last):.0f} % {last[-1].rss:.0f} MB {last[-1].fds} fds")
        left = max(0.0, end - time.monotonic()) / 60
        counts = f"{len(run.log.ends)} monitors, {len(run.log.switches)} switches, {len(self.receiver.accepted)} hooks"
        return f"{left:5.1f} min left: {'; '.join(parts)}; {counts}"

    async def hooks_are_whole(self) -> None:
        """Each call and each monitor that began was told of, once with a beginning and once with an end."""
        run, receiver = self.run, self.receiver
        end = time.monotonic() + checks.SETTLE_DEADLINE
        while (told := await checks.recorded(run.stage.metrics_port)) and any(
            value for name, value in told.items() if name.startswith("call_monitor_outbox_events{")
        ):
            assert time.monotonic() < end, told
            await asyncio.sleep(0.5)
        assert receiver.problems == []
        ids: dict[str, list[str]] = {}
        for event_id, body in dict(receiver.accepted).items():
            assert event_id
            ids.setdefault(body["type"], []).append(body["data"]["id"])
        for kind in ("call", "monitor"):
            ended = ids.get(f"{kind}.ended", [])
            assert len(ended) == len(set(ended)), f"{kind}.ended twice"
            assert set(ids.get(f"{kind}.started", [])) <= set(ended), f"{kind}.started without an end"
        assert set(ids.get("monitor.ended", [])) >= set(run.log.ends)


async def soak(folder: Path, seconds: float, interrupted: asyncio.Event) -> tuple[Run, list[Verdict]]:
    """Run, check, and judge. An interruption ends it early, with the same checks and no judgement."""
    plan = MODERATE
    async with opened(folder, plan) as run:
        side = Soak(run)

        async def work() -> None:
            await side.subscribe()
            await run.open_pages()
            await run.stage.begin_churn()
            end = time.monotonic() + seconds
            agents = numbers(AGENTS, plan.calls)
            async with asyncio.TaskGroup() as group:
                for supervisor in run.supervisors:
                    group.create_task(supervisor.career(agents, run.over))
                for each in (side.come_and_go(), side.read_figures(), side.tell(end)):
                    group.create_task(each)
                await pause(interrupted, seconds)
                run.over.set()
            await run.stage.end_churn()
            await run.end_calls()
            await run.settle()
            await side.hooks_are_whole()

        try:
            await beside(run, work())
        finally:
            await side.receiver.stop()
    if interrupted.is_set():
        return run, []
    return run, [*_judge(run), judge("adapter: tasks", side.tasks, least=TASKS_LEAST)]


def _judge(run: Run) -> list[Verdict]:
    verdicts = []
    for name in ("adapter", "Asterisk"):
        samples = run.sampler.of(name)
        rss, fds, threads = ([float(getattr(s, what)) for s in samples] for what in ("rss", "fds", "threads"))
        verdicts.append(judge(f"{name}: MB", rss, share=RSS_SHARE[name], least=RSS_LEAST))
        # Asterisk's descriptors and threads go with the calls that happen to stand; the adapter's do not.
        share = 0.0 if name == "adapter" else 0.05
        verdicts.append(judge(f"{name}: descriptors", fds, share=share, least=FDS_LEAST))
        verdicts.append(judge(f"{name}: threads", threads, share=share, least=THREADS_LEAST))
    return verdicts


def table(verdicts: list[Verdict]) -> str:
    """For people."""
    lines = [f"{'after the warm-up, medians':<28}{'first':>9}{'middle':>9}{'last':>9}{'growth':>9}{'allowed':>9}"]
    for v in verdicts:
        figures = "".join(f"{value:9.1f}" for value in (v.first, v.middle, v.last, v.growth, v.allowed))
        lines.append(f"{v.name:<28}{figures}  {'flat' if v.flat else 'GROWS'}")
    return "\n".join(lines)


async def main(minutes: float, folder: Path) -> int:
    """Exit status: 0 flat and without an error, 1 not, 130 interrupted (as a shell would say)."""
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    run, verdicts = await soak(folder, 60 * minutes, interrupted)
    measured = run.measured
    print(f"\n{len(measured.log.ends)} monitors, each ended once: {dict(measured.reasons)}")
    print(f"{len(measured.log.switches)} switches, ms p50 / p95 / p99 / most: {spread(measured.log.switches)}")
    print(f"refused, as the contract has it: {dict(measured.log.refused) or 'nothing'}")
    print(f"pages: {measured.seen.opened} opened, {measured.seen.frames} frames, none missing")
    print(f"errors in the adapter's log: {measured.errors[:5] or 'none'}")
    print(f"audit: {measured.verdict.splitlines()[0]}\n")
    if interrupted.is_set():
        print("Interrupted: all was ended, and nothing was judged.")
        return 130
    print(table(verdicts))
    return int(bool(measured.errors) or not all(verdict.flat for verdict in verdicts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=seconds(FEWEST_MINUTES), default=os.environ.get("SOAK_MINUTES", "30"))
    parser.add_argument("--folder", type=Path, help="where logs and samples.csv stay")
    chosen = parser.parse_args()
    log.setup("error", "console", mask_numbers=False)
    where: Path = chosen.folder or Path(tempfile.mkdtemp(prefix="call-monitor-soak-"))
    where.mkdir(parents=True, exist_ok=True)
    print(f"Soaking for {chosen.minutes:g} minutes; samples: {where / 'samples.csv'}", flush=True)
    sys.exit(asyncio.run(main(chosen.minutes, where)))
