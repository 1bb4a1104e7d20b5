"""Figures of agents and queues for Prometheus, read off the boards when somebody asks."""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from adapter.core.agent import AgentState, QueueStatus
from adapter.monitoring.boards import Boards

PREFIX = "call_monitor_"
MOST_QUEUES = 200
"""Queues that have labels of their own, the first by PBX and name; of the others there is no figure: a label for each
would make a database of every Prometheus grow with whatever makes queues."""
LABELS = ["pbx", "queue"]


def figures(boards: Boards, now: datetime | None) -> Iterator[Metric]:
    """All of them. `now`: for how long somebody waits; None: that is left out."""
    agents = GaugeMetricFamily(PREFIX + "agents", "Agents, by state.", labels=["pbx", "state"])
    for board in boards:
        states = Tally(agent.state for agent in board.agents())
        for state in AgentState:
            agents.add_metric([board.id, state.value], states[state])
    yield agents
    found = sorted(boards.queues(), key=lambda queue: (queue.pbx, queue.name))
    left_out = max(0, len(found) - MOST_QUEUES)
    yield GaugeMetricFamily(PREFIX + "queues_left_out", "Queues without figures: beyond the first.", value=left_out)
    yield from _queues(found[:MOST_QUEUES], now)


def _queues(queues: Iterable[QueueStatus], now: datetime | None) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(PREFIX + "queue_waiting", "Callers who wait.", labels=LABELS)
    longest = GaugeMetricFamily(PREFIX + "queue_longest_wait_seconds", "How long one of them waits.", labels=LABELS)
    members = GaugeMetricFamily(PREFIX + "queue_agents", "Its agents, by state.", labels=[*LABELS, "state"])
    completed = CounterMetricFamily(PREFIX + "queue_completed", "Completed calls, as Asterisk counts.", labels=LABELS)
    abandoned = CounterMetricFamily(PREFIX + "queue_abandoned", "Callers who gave up, likewise.", labels=LABELS)
    level = GaugeMetricFamily(PREFIX + "queue_service_level_percent", "Answered in time, likewise.", labels=LABELS)
    for queue in queues:
        labels = [queue.pbx, queue.name]
        waiting.add_metric(labels, len(queue.callers))
        since = queue.longest_wait_since
        if now is not None:
            longest.add_metric(labels, max(0.0, (now - since).total_seconds()) if since is not None else 0.0)
        for state, count in (("available", queue.available), ("on_call", queue.on_call), ("paused", queue.paused)):
            members.add_metric([*labels, state], count)
        completed.add_metric(labels, queue.completed)
        abandoned.add_metric(labels, queue.abandoned)
        level.add_metric(labels, queue.service_level_percent)
    yield from (waiting, longest, members, completed, abandoned, level)
