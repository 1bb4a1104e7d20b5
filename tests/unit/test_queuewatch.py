"""Asking for queues again: a list never undoes what was heard meanwhile, and events that never come are noticed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from adapter.core import queueevents as qe
from adapter.core.bars import Bars
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.errors import PbxTimeout
from adapter.monitoring import queuewatch
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.queuewatch import QueueWatch
from tests.fake.floor import FloorScene, member
from tests.fake.pbx import WORDS
from tests.fake.scene import PEOPLE, START, Scene, numbering
from tests.support.waiting import until


class Asked:
    """Asterisk's lists as the scene has them; `meanwhile` happens while one is on its way."""

    def __init__(self, floor: FloorScene) -> None:
        self.floor, self.asked = floor, list[str | None]()
        self.meanwhile: Callable[[], None] = lambda: None
        self.answers = True
        self.takes = 0.0
        """Seconds that a list is on its way."""

    async def queues(self, only: str | None = None) -> qe.QueuesListed:
        self.asked.append(only)
        if not self.answers:
            raise PbxTimeout("no answer")
        listed = qe.QueuesListed(self.floor.now, self.floor.listed(), only)
        self.meanwhile()
        await asyncio.sleep(self.takes)
        return listed

    async def devices(self) -> qe.DevicesListed:
        return qe.DevicesListed(self.floor.now, dict(self.floor.devices))


class Watched:
    """A board that is fed and watched as a node does it."""

    def __init__(self) -> None:
        self.floor = FloorScene()
        self.lists = Asked(self.floor)
        self.watch = QueueWatch(self.floor.board, self.lists)
        tell = self.floor.board.apply

        def both(events: list[qe.QueueEvent]) -> None:
            tell(events)
            if not all(isinstance(event, qe.QueuesListed | qe.DevicesListed) for event in events[:1]):
                self.watch.heard(events)

        self.floor.board.apply = both  # type: ignore[assignment, method-assign]


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(queuewatch, "LEAST", 0.02)
    monkeypatch.setattr(queuewatch, "LEAST_DEVICES", 0.02)
    monkeypatch.setattr(queuewatch, "COUNTED", 0.001)
    monkeypatch.setattr(queuewatch, "SHARE", 1.0)
    watched = Watched()
    yield watched
    await watched.watch.close()


async def test_what_has_no_event_is_seen(watched: Watched) -> None:
    watched.watch.start()
    watched.floor.counted = (7, 2, 85.7)
    watched.floor.members.pop("104")
    watched.floor.devices["PJSIP/103"] = "UNAVAILABLE"
    await until(lambda: next(iter(watched.floor.board.queues())).completed == 7)
    await until(lambda: watched.floor.state("103") == "offline")
    (queue,) = watched.floor.board.queues()
    assert (queue.abandoned, queue.service_level_percent) == (2, 85.7)
    assert {one.extension for one in watched.floor.board.agents() if one.queues} == {"101", "102", "103"}


async def test_what_was_counted_is_asked_for_at_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queuewatch, "LEAST", 3600.0)
    monkeypatch.setattr(queuewatch, "LEAST_DEVICES", 3600.0)
    watched.watch.start()
    await asyncio.sleep(0)
    watched.floor.counted = (1, 0, 100.0)
    watched.floor.tell(qe.FiguresChanged(watched.floor.now, "agents"))
    await until(lambda: next(iter(watched.floor.board.queues())).completed == 1)
    assert watched.lists.asked == ["agents"]
    watched.floor.tell(qe.MemberChanged(watched.floor.now, member("101", "unheard of")))
    await until(lambda: watched.lists.asked == ["agents", "unheard of"])


async def test_a_list_undoes_nothing_that_was_heard_meanwhile(watched: Watched) -> None:
    watched.watch.start()
    first = watched.floor.join("201")
    happened: list[str] = []

    def meanwhile() -> None:
        if not happened:
            happened.append(watched.floor.join("202"))
            watched.floor.left(first)
            watched.floor.pause("101", reason="lunch")
            watched.lists.answers = False  # nothing mends it afterwards

    watched.lists.meanwhile = meanwhile
    await until(lambda: len(watched.lists.asked) > 2)
    (queue,) = watched.floor.board.queues()
    assert [caller.uniqueid for caller in queue.callers] == happened
    assert watched.floor.state("101") == "paused"


async def test_no_answer_ends_nothing(watched: Watched) -> None:
    watched.lists.answers = False
    watched.watch.start()
    await until(lambda: len(watched.lists.asked) > 2)
    assert len(watched.floor.board.queues()) == 1
    watched.lists.answers = True
    watched.floor.counted = (3, 0, 0.0)
    await until(lambda: next(iter(watched.floor.board.queues())).completed == 3)


async def test_events_that_never_come_are_noticed(watched: Watched) -> None:
    floor = watched.floor
    floor.scene._count += 100
    since = floor.now - timedelta(seconds=30)
    floor.waiting.append(qe.QueueCaller("17.999", "201", "", since))
    watched.watch.start()
    await until(lambda: watched.watch.remarks() != [])
    assert "agent" in watched.watch.remarks()[0]


async def test_who_was_told_of_is_no_reason_to_complain(watched: Watched) -> None:
    floor = watched.floor
    floor.scene._count += 100
    floor.join("201")
    floor.scene._count += 100
    watched.watch.start()
    await until(lambda: len(watched.lists.asked) > 2)
    assert watched.watch.remarks() == []


async def test_what_was_missed_on_a_former_connection_is_said_no_more(watched: Watched) -> None:
    await test_events_that_never_come_are_noticed(watched)
    watched.floor.connect()
    assert watched.watch.remarks() == [], "whoever waits was listed when we connected"
    watched.floor.scene._count += 100
    watched.floor.waiting.append(qe.QueueCaller("17.998", "202", "", watched.floor.now - timedelta(seconds=20)))
    await until(lambda: watched.watch.remarks() != [])
    watched.floor.join("201")
    assert watched.watch.remarks() == [], "they do arrive"


async def test_another_channel_in_the_place_of_one_that_waits_is_no_reason_to_complain(watched: Watched) -> None:
    """An attended transfer into a queue: the list has a channel that never joined."""
    floor = watched.floor
    floor.scene._count += 100
    asks = floor.join("101")
    floor.scene._count += 100
    (there,) = floor.waiting
    floor.waiting = [there._replace(uniqueid="17.997", number="201")]
    floor.scene.gone(asks)
    watched.watch.start()
    await until(lambda: next(iter(floor.board.queues())).callers[0].number == "201")
    await until(lambda: len(watched.lists.asked) > 2)
    assert watched.watch.remarks() == []


async def test_lists_of_one_queue_take_no_more_than_their_share(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queuewatch, "LEAST", 3600.0)
    monkeypatch.setattr(queuewatch, "LEAST_DEVICES", 3600.0)
    monkeypatch.setattr(queuewatch, "SHARE", 0.1)
    watched.lists.takes = 0.02
    watched.watch.start()
    await asyncio.sleep(0)
    began, clock = asyncio.get_running_loop().time(), asyncio.get_running_loop().time
    while clock() < began + 1:
        for number in range(8):
            watched.floor.tell(qe.FiguresChanged(watched.floor.now, f"queue {number}"))
        await asyncio.sleep(0.005)
    seconds = clock() - began
    assert None not in watched.lists.asked, "the list of all has its own time"
    assert 2 <= len(watched.lists.asked) <= 1 + seconds / (0.02 / 0.1)
    assert len(set(watched.lists.asked)) == len(watched.lists.asked), "each in its turn"


def test_the_same_queue_at_two_pbxes() -> None:
    """Each is its own; one PBX that is out of sight hides its own only."""
    bars, directory = Bars(), Directory.of(PEOPLE)
    boards = [
        Board(numbering(name), directory, PbxState(LinkState.CONNECTED, START), WORDS, bars) for name in ("one", "two")
    ]
    both = Boards(boards, directory, START)
    for board, waiting in zip(boards, (1, 2), strict=True):
        callers = tuple(qe.QueueCaller(f"{n}", f"20{n}", "", START) for n in range(waiting))
        listed = (qe.QueueListed("agents", 0, 0, 0.0, (member("101"),), callers),)
        board.apply([Scene().listed({})._replace(queues=listed, devices={"PJSIP/101": "NOT_INUSE"})])
    assert [(queue.pbx, queue.name, len(queue.callers)) for queue in both.queues()] == [
        *(("one", "agents", 1), ("two", "agents", 2)),
    ]
    assert len({queue.id for queue in both.queues()}) == 2
    sams = [agent for agent in both.agents() if agent.extension == "101"]
    assert len({agent.id for agent in sams}) == len(sams) == 2
    assert {agent.user_id for agent in sams} == {"u-sam"}
    boards[0].set_pbx(PbxState(LinkState.DOWN, START))
    assert {queue.pbx for queue in both.queues()} == {agent.pbx for agent in both.agents()} == {"two"}
