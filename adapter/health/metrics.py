"""Figures for Prometheus: what is counted here, and what is read off the parts when somebody asks.

Names and units as Prometheus' conventions have them. The whole is for whoever runs the adapter, not for people on
calls: it tells of silent monitoring.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from adapter.core.call import CallState
from adapter.core.changes import Changes
from adapter.core.consent import Sound
from adapter.core.events import Event
from adapter.core.invariant import Fault
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason
from adapter.core.pbx import LinkState
from adapter.health.floormetrics import figures
from adapter.health.helpmetrics import HelpFigures
from adapter.monitoring.boards import Boards
from adapter.monitoring.consentports import Outcome
from adapter.tasks import FAILURES, Failures

PREFIX = "call_monitor_"
FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Seconds: a mode switch takes about a millisecond, its deadline is two seconds."""
SLOW = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""Seconds: a phone that answers by itself takes a quarter of one, a person takes some."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What the parts say at the moment of asking."""

    streams: int
    dropped_streams: int
    record_waiting: int
    record_dropped: int
    record_set_aside: int
    ari_usable: bool
    outbox: Sequence[tuple[str, int, datetime | None]]
    """For each hook: how many events wait, and when the oldest happened."""
    now: datetime


class Metrics:
    """All figures of one adapter."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._kinds: Tally[str] = Tally()
        self._connects = 0
        self._readings: Readings | None = None
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._lag = self._histogram("event_lag_seconds", "From an event's arrival to the model that knows it.", FAST)
        self._switch = self._histogram("mode_switch_seconds", "From a request to Asterisk's confirmed mode.", FAST)
        self._connect = self._histogram("connect_seconds", "From a request to monitor to spying confirmed.", SLOW)
        self._started = self._counter("monitors_started", "Monitors that were confirmed, by mode.", "mode")
        self._ended = self._counter("monitors_ended", "Monitors that ended, by reason.", "reason")
        self._refusals = self._counter("refusals", "Requests that were answered with an error, by its code.", "code")
        self._tries = self._counter("webhook_tries", "Tries to deliver an event, by result.", "result")
        self._differences = self._counter("watchdog_differences", "What was found and repaired, by kind.", "kind")
        self._looks = Counter(PREFIX + "watchdog_looks", "Looks of the watchdog.", registry=self.registry)
        about = "Sounds of consent (docs/consent.md), by what became of them."
        self._sounds = Counter(PREFIX + "consent_sounds", about, ["sound", "result"], registry=self.registry)
        self._help = HelpFigures(boards, self.registry)
        for fault in Fault:
            self._differences.labels(fault.value)
        for mode in Mode:
            self._started.labels(mode.value)
        for reason in EndReason:
            self._ended.labels(reason.value)
        for sound, outcome in product((Sound.ANNOUNCEMENT, Sound.BEEP), Outcome):
            self._sounds.labels(sound.value, outcome.value)
        for result in ("delivered", "failed"):
            self._tries.labels(result)
        boards.subscribe(self._heard)

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(PREFIX + name, text, registry=self.registry, buckets=buckets)

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(PREFIX + name, text, [label], registry=self.registry)

    # --- told

    def applied(self, events: Sequence[Event], lag: float) -> None:
        """The model has taken a batch of events, `lag` seconds after it arrived."""
        if not events:  # nothing of interest: it would only make the lag look better
            return
        self._kinds.update([type(event).__name__ for event in events])
        self._lag.observe(max(0.0, lag))

    def link_changed(self, state: LinkState) -> None:
        """The connection to the PBX is another now."""
        self._connects += state is LinkState.CONNECTED

    def switched(self, seconds: float) -> None:
        """A mode that was asked for is confirmed, so long after the request."""
        self._switch.observe(seconds)

    def polled(self, found: Sequence[Fault]) -> None:
        """The watchdog compared Asterisk with the model, and found this."""
        self._looks.inc()
        for fault in found:
            self._differences.labels(fault.value).inc()

    def sounded(self, sound: Sound, outcome: Outcome) -> None:
        """A sound of consent was played, or was not."""
        self._sounds.labels(sound.value, outcome.value).inc()

    def refused(self, code: str) -> None:
        """A request was answered with an error."""
        self._refusals.labels(code).inc()

    def tried(self, delivered: bool) -> None:
        """A delivery was tried."""
        self._tries.labels("delivered" if delivered else "failed").inc()

    def _heard(self, changes: Changes) -> None:
        if changes.mirrored:
            return  # its owner counts it
        for before, after in ((change.before, change.after) for change in changes.monitors):
            if after.live and not (before and before.live):
                self._started.labels(after.mode.value).inc()
                self._connect.observe(((after.live_at or after.started_at) - after.started_at).total_seconds())
            elif after.ended and after.ended_reason and not (before and before.ended):
                self._ended.labels(after.ended_reason.value).inc()

    # --- asked

    def exposition(self, readings: Readings) -> bytes:
        """Everything, in Prometheus' text format."""
        self._readings = readings
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """What is read off the parts (prometheus_client's collector interface)."""
        boards, readings = self._boards, self._readings
        yield _gauge("tasks", "Tasks of the event loop: a steady growth is a leak.", _tasks())
        yield _gauge("ami_connected", "Whether the PBX's events arrive.", int(boards.complete))
        yield _counter("ami_connects", "Connections to the PBX that were made.", self._connects)
        yield _gauge("record_writable", "Whether the database takes what happens.", int(boards.record_state.writable))
        yield from _failures(FAILURES)
        kinds = CounterMetricFamily(PREFIX + "pbx_events", "Events from the PBX, by kind.", labels=["kind"])
        for kind, count in sorted(self._kinds.items()):
            kinds.add_metric([kind], count)
        yield kinds
        yield _by("calls", "Calls, by state.", "state", CallState, (call.state for call in boards.calls()))
        live = (monitor.mode for monitor in boards.monitors() if monitor.live)
        yield _by("monitors", "Monitors that are live, by mode.", "mode", Mode, live)
        now = readings.now if readings is not None else None
        yield from figures(boards, now)
        yield from self._help.figures(now)
        if readings is not None:
            yield from _of(readings)


def _of(readings: Readings) -> Iterator[Metric]:
    yield _gauge("ari_usable", "Whether ARI answers.", int(readings.ari_usable))
    yield _gauge("event_streams", "Live streams of pages and programs.", readings.streams)
    yield _counter("event_streams_dropped", "Streams ended because they could not keep up.", readings.dropped_streams)
    yield _gauge("record_waiting", "Facts that wait for the database.", readings.record_waiting)
    yield _counter("record_dropped", "Facts lost because the database was away too long.", readings.record_dropped)
    yield _counter("record_set_aside", "Changes that the database refuses: in set_aside.", readings.record_set_aside)
    depth = GaugeMetricFamily(PREFIX + "outbox_events", "Events that wait for a webhook.", labels=["webhook"])
    age = GaugeMetricFamily(PREFIX + "outbox_oldest_seconds", "Age of the oldest of them.", labels=["webhook"])
    for hook, count, oldest in readings.outbox:
        depth.add_metric([hook], count)
        age.add_metric([hook], max(0.0, (readings.now - oldest).total_seconds()) if oldest else 0.0)
    yield depth
    yield age


def _failures(failures: Failures) -> Iterator[Metric]:
    listeners = CounterMetricFamily(PREFIX + "listener_failures", "Listeners that failed.", labels=["listener"])
    for name, count in sorted(failures.listeners.items()):
        listeners.add_metric([name], count)
    yield listeners
    loops = CounterMetricFamily(PREFIX + "loop_restarts", "Loops that failed and were begun again.", labels=["loop"])
    for name, count in sorted(failures.loops.items()):
        loops.add_metric([name], count)
    yield loops


def _tasks() -> int:
    """How many tasks there are; 0 where no loop runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value=value)


def _by(name: str, text: str, label: str, kinds: Iterable[str], found: Iterable[str]) -> Metric:
    counts = Tally(found)
    metric = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for kind in kinds:
        metric.add_metric([str(kind)], counts[kind])
    return metric
