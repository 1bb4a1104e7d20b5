"""Hooks and figures of agents and queues: what changed is told once, limits once passed, labels are bounded."""

import asyncio
from datetime import datetime, timedelta

import pytest

from adapter.core import queueevents as qe
from adapter.core.record import EventType, HookEvent, Record, seal
from adapter.health import floormetrics
from adapter.health.metrics import Metrics
from adapter.monitoring import floornews
from adapter.monitoring.floornews import FloorNews, QueueLimit
from adapter.store import Store
from tests.fake.floor import FloorScene
from tests.fake.pbx import alone
from tests.fake.scene import START
from tests.support.clock import real


class Noted:
    """What hooks were told, by a floor with these limits."""

    def __init__(self, **limits: QueueLimit) -> None:
        self.floor = FloorScene()
        self.events: list[HookEvent] = []
        self.now = START
        self.news = FloorNews(self.floor.board, self._note, lambda: self.now, limits)

    def _note(self, record: Record) -> None:
        self.events += record.events

    def take(self) -> list[HookEvent]:
        taken, self.events = self.events, []
        return taken


async def test_states_are_told_when_they_change() -> None:
    noted = Noted()
    noted.floor.connect()
    assert noted.take() == [], "what is there when we begin is no news"
    noted.floor.scene.answered_call("201", "101")
    noted.floor.tell()
    (event,) = noted.take()
    assert (event.type, event.data["extension"]) == (EventType.AGENT_STATE_CHANGED, "101")
    assert (event.data["previous_state"], event.data["state"]) == ("available", "on_call")
    assert (event.call_id, event.conversation_id) == (event.data["id"], "")
    noted.floor.device("101", "INUSE")
    noted.floor.pause("101", reason="lunch")
    assert noted.take() == [], "on the phone they stay on the phone"
    noted.floor.connect()
    assert noted.take() == [], "a loss that changed nothing is no news"


async def test_a_limit_is_of_its_queue_whatever_the_case_as_for_asterisk() -> None:
    noted = Noted(AGENTS=QueueLimit(waiting=1))
    noted.floor.join("201")
    (event,) = noted.take()
    assert (event.type, event.data["over"]) == (EventType.QUEUE_THRESHOLD, True)


async def test_a_queue_over_its_limit_and_under_it_again() -> None:
    noted = Noted(agents=QueueLimit(waiting=2))
    first = noted.floor.join("201")
    (event,) = noted.take()
    assert (event.data["over"], event.data["waiting"]) == (False, 1), "as it is at first"
    noted.floor.join("202")
    (event,) = noted.take()
    assert (event.type, event.data["over"], event.data["waiting"]) == (EventType.QUEUE_THRESHOLD, True, 2)
    assert event.data["limit"] == {"waiting": 2, "longest_wait_seconds": None}
    assert "callers" not in event.data, "who waits is nobody's business there"
    noted.floor.join("203")
    assert noted.take() == []
    noted.floor.left(first)
    assert noted.take() == []
    noted.floor.waiting = noted.floor.waiting[:1]
    noted.floor.tell(qe.QueuesListed(noted.floor.now, noted.floor.listed()))
    (event,) = noted.take()
    assert (event.data["over"], event.data["waiting"]) == (False, 1)


async def test_an_alarm_of_a_former_process_ends() -> None:
    """Each process begins with telling how its queues are; a loss of the connection is no beginning."""
    noted = Noted(agents=QueueLimit(waiting=1))
    noted.floor.connect()
    assert [event.data["over"] for event in noted.take()] == [False]
    noted.floor.connect()
    noted.floor.tell(qe.QueuesListed(noted.floor.now, noted.floor.listed()))
    assert noted.take() == []
    noted.floor.join("201")
    assert [event.data["over"] for event in noted.take()] == [True]
    noted.floor.connect()
    assert noted.take() == []
    noted.floor.tell(qe.QueuesListed(noted.floor.now, ()))
    (event,) = noted.take()
    assert (event.data["name"], event.data["over"], event.data["waiting"]) == ("agents", False, 0), "it is no more"
    assert "callers" not in event.data
    noted.floor.tell(qe.QueuesListed(noted.floor.now, noted.floor.listed()))
    assert [event.data["over"] for event in noted.take()] == [True], "another of that name"


async def test_a_limit_of_time_passes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floornews, "TICK", 0.005)
    noted = Noted(agents=QueueLimit(longest_wait=30.0))
    noted.floor.join("201")
    noted.news.start()
    noted.now = noted.floor.now + timedelta(seconds=29)
    await asyncio.sleep(0.03)
    assert [event.data["over"] for event in noted.take()] == [False]
    noted.now = noted.floor.now + timedelta(seconds=30)
    for _ in range(400):
        if noted.events:
            break
        await asyncio.sleep(0.01)
    (event,) = noted.take()
    assert event.data["over"] is True
    await noted.news.close()


async def test_what_nobody_asks_for_is_not_written(database_url: str) -> None:
    store = await Store.open(database_url, clock=real)
    try:
        events = [
            HookEvent(real(), EventType.AGENT_STATE_CHANGED, "a", "", {}),
            HookEvent(real(), EventType.QUEUE_THRESHOLD, "q", "", {}),
        ]
        await store.records.write(seal(Record(events=events), lambda: real().isoformat()[-32:]), real())
        assert await store.outbox.newest() == 1
        await store.webhooks.create("http://127.0.0.1/", frozenset({EventType.AGENT_STATE_CHANGED}), "whsec_x")
        numbers = iter("123456789")
        await store.records.write(seal(Record(events=events), lambda: next(numbers)), real())
        assert await store.outbox.newest() == 3
    finally:
        await store.close()


def test_figures_have_bounded_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = FloorScene()
    floor.join("201")
    figures = Metrics(alone(floor.board)).exposition(None)  # type: ignore[arg-type]
    text = figures.decode()
    assert 'call_monitor_queue_waiting{pbx="lab",queue="agents"} 1.0' in text
    assert 'call_monitor_queue_agents{pbx="lab",queue="agents",state="available"} 4.0' in text
    assert 'call_monitor_agents{pbx="lab",state="available"} 4.0' in text
    assert "call_monitor_queues_left_out 0.0" in text
    monkeypatch.setattr(floormetrics, "MOST_QUEUES", 3)
    many = tuple(qe.QueueListed(f"q{number}", number, 0, 0.0) for number in range(10))
    floor.tell(qe.QueuesListed(floor.now, many))
    text = Metrics(alone(floor.board)).exposition(None).decode()  # type: ignore[arg-type]
    assert 'queue="q2"' in text
    assert 'queue="q3"' not in text
    assert "call_monitor_queues_left_out 7.0" in text


def test_how_long_somebody_waits_is_read_by_the_clock() -> None:
    floor = FloorScene()
    floor.join("201")
    now: datetime = floor.now + timedelta(seconds=42)
    (longest,) = [m for m in floormetrics.figures(alone(floor.board), now) if m.name.endswith("longest_wait_seconds")]
    assert [sample.value for sample in longest.samples] == [42.0]
