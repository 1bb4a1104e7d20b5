"""What every process uses, each second, into a CSV; and how quickly the adapter answers meanwhile."""

import asyncio
import csv
import statistics
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, TextIO

import aiohttp
import psutil

EVERY = 1.0
"""Seconds between samples."""
PULSE = 0.1
"""Seconds between questions to /healthz, which does no work: what it takes is how busy the adapter's loop is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment."""

    at: float
    """Seconds since the sampler began."""
    process: str
    cpu: float
    """% of one core since the last sample."""
    waited: float
    """% of the time since then that its first thread was ready to run and had no core: how crowded the machine is."""
    rss: float
    """Megabytes resident (10^6)."""
    fds: int
    threads: int


class Process(Protocol):
    """What is known of a process."""

    @property
    def pid(self) -> int:
        """Its id."""


class Runs(Protocol):
    """A part that runs as a process, or does not yet."""

    @property
    def process(self) -> Process | None:
        """The process."""


class Sampler:
    """Watches parts by name: all must live while it samples, but those that `may_end`, and may begin later.

    `machine` is the whole machine, with whatever else runs on it. Descriptors, threads and waiting are not told of it.
    """

    def __init__(self, parts: Mapping[str, Runs], may_end: Collection[str], path: Path) -> None:
        self._parts, self._may_end = parts, may_end
        self._processes: dict[str, psutil.Process] = {}
        self._delays: dict[str, tuple[float, float]] = {}
        self.samples: list[Sample] = []
        self._file: TextIO = path.open("w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([field.name for field in fields(Sample)])
        self.began = time.monotonic()
        psutil.cpu_percent()

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    async def run(self) -> None:
        """Sample until cancelled. Raises psutil.NoSuchProcess when a part died."""
        while True:
            self.take()
            await asyncio.sleep(EVERY)

    def take(self) -> None:
        """One sample of everything."""
        at = round(self.now, 1)
        machine = psutil.cpu_percent() * (psutil.cpu_count() or 1)
        self._keep(Sample(at, "machine", machine, 0.0, psutil.virtual_memory().used / 1e6, 0, 0))
        for name, part in self._parts.items():
            with suppress(*([psutil.NoSuchProcess, FileNotFoundError] if name in self._may_end else [])):
                self._one(at, name, part)

    def _one(self, at: float, name: str, part: Runs) -> None:
        if part.process is None:
            return
        known = self._processes.get(name)
        if known is None or known.pid != part.process.pid:
            known = self._processes[name] = psutil.Process(part.process.pid)
            known.cpu_percent()  # the first answer counts from nothing
            self._delays[name] = (time.monotonic(), run_delay(known.pid))
            return
        with known.oneshot():
            cpu, rss = known.cpu_percent(), known.memory_info().rss / 1e6
            waited = self._waited(name, known.pid)
            self._keep(Sample(at, name, cpu, waited, rss, known.num_fds(), known.num_threads()))

    def _waited(self, name: str, pid: int) -> float:
        before, now = self._delays[name], (time.monotonic(), run_delay(pid))
        self._delays[name] = now
        return 100 * (now[1] - before[1]) / (now[0] - before[0])

    def _keep(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._csv.writerow([getattr(sample, field.name) for field in fields(Sample)])
        self._file.flush()

    def close(self) -> None:
        """Close the CSV."""
        self._file.close()

    def of(self, process: str, since: float = 0.0, until: float = float("inf")) -> list[Sample]:
        """The samples of one process in a span of time."""
        return [s for s in self.samples if s.process == process and since < s.at <= until]


class Pulse:
    """How long /healthz takes, over and over."""

    def __init__(self, base: str) -> None:
        self._url = base + "/healthz"
        self.took: list[tuple[float, float]] = []
        """When (time.monotonic), and how many milliseconds."""

    async def run(self) -> None:
        """Ask until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            while True:
                began = time.monotonic()
                async with session.get(self._url) as response:
                    assert response.status == 200
                    await response.read()
                self.took.append((began, 1000 * (time.monotonic() - began)))
                await asyncio.sleep(PULSE)


def run_delay(pid: int) -> float:
    """Seconds that the first thread waited on a run queue so far (Documentation/scheduler/sched-stats.rst)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def quantile(values: Iterable[float], share: float) -> float:
    """The value that this share of all does not exceed (nearest rank); 0.0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def spread(values: Sequence[float]) -> str:
    """p50 / p95 / p99 / most."""
    if not values:
        return "-"
    return " / ".join(f"{value:.1f}" for value in (*(quantile(values, s) for s in (0.5, 0.95, 0.99)), max(values)))


def mean_cpu(samples: Sequence[Sample]) -> float:
    """% of a core, on average."""
    return statistics.fmean(sample.cpu for sample in samples) if samples else 0.0
