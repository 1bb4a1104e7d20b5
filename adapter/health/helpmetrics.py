"""Figures of requests for help for Prometheus: who waits now, and how long it took until somebody came."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from adapter.core.changes import Changes
from adapter.core.help import HelpState
from adapter.monitoring.boards import Boards

PREFIX = "call_monitor_"
BUCKETS = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds: somebody has to see it and to finish what they do."""


class HelpFigures:
    """Each adapter counts requests in calls of the PBXes that it looks after: together all, once."""

    def __init__(self, boards: Boards, registry: CollectorRegistry) -> None:
        self._boards = boards
        self._taken: set[str] = set()
        text = "From a request for help until somebody took it."
        self._seconds = Histogram(PREFIX + "help_take_seconds", text, registry=registry, buckets=BUCKETS)
        boards.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        own = {board.id for board in self._boards.own}
        for request in changes.help:
            if request.state is not HelpState.TAKEN or request.taken_at is None:
                self._taken.discard(request.id)
            elif request.id not in self._taken:
                self._taken.add(request.id)
                if request.pbx in own:
                    self._seconds.observe(max(0.0, (request.taken_at - request.created_at).total_seconds()))

    def figures(self, now: datetime | None) -> Iterator[Metric]:
        """Who waits, by PBX, and for how long; `now` None: that is left out."""
        waiting = GaugeMetricFamily(PREFIX + "help_waiting", "Agents whom nobody helps yet.", labels=["pbx"])
        oldest = GaugeMetricFamily(PREFIX + "help_oldest_seconds", "How long one of them waits.", labels=["pbx"])
        for board in self._boards.own:
            asked = [one.created_at for one in self._boards.help.values() if one.pbx == board.id and not one.taken_at]
            waiting.add_metric([board.id], len(asked))
            if now is not None:
                oldest.add_metric([board.id], max(0.0, (now - min(asked)).total_seconds()) if asked else 0.0)
        yield waiting
        yield oldest
