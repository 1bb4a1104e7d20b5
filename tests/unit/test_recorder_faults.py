"""The record beside faults: what can't be written, what is not known to be written, and who waits for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapter.core.journal import requested
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.record import Record, RecordState, Sealed
from adapter.errors import RecordUnavailable, StoreRefused, StoreUnavailable
from adapter.monitoring import recorder as module
from adapter.monitoring.board import Board
from adapter.monitoring.recorder import Recorder
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import ADMIN, PEOPLE, START, numbering
from tests.unit.test_recorder import fact
from tests.unit.test_watchdog import monitor


class Database:
    """Writes into lists.

    `bad`: reasons that it refuses; `away`: it answers nothing;
    `unheard`: so often it writes, and says no.
    """

    def __init__(self) -> None:
        self.written: list[str] = []
        self.aside: list[str] = []
        self.again: list[bool] = []
        self.bad: set[str] = set()
        self.away = False
        self.unheard = 0
        self.slow = 0.0
        self.sealed: set[str] = set()

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        await asyncio.sleep(self.slow)
        if self.away:
            raise StoreUnavailable("away")
        self.again.append(again)
        if again and sealed.entry_ids and sealed.entry_ids[0] in self.sealed:
            return
        reasons = [entry.reason or entry.action.value for entry in sealed.record.entries]
        if self.bad & set(reasons):
            raise StoreRefused("too long")
        self.written += reasons
        self.sealed |= set(sealed.entry_ids)
        if self.unheard:
            self.unheard -= 1
            raise StoreUnavailable("not heard of")

    async def set_aside(self, sealed: Sealed, why: str, now: datetime) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.aside += [entry.reason or "" for entry in sealed.record.entries]

    async def find(self, monitor_id: str) -> Monitor | None:
        return None


class World:
    """A recorder over that database."""

    def __init__(self) -> None:
        self.database = Database()
        board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
        self.boards = alone(board)
        self.recorder = Recorder(self.boards, self.database, self.database, lambda: datetime.now(UTC))
        self.recorder.start({})

    def about(self, mode: Mode, reason: str = "about") -> None:
        """Something happened to the monitor."""
        entry = replace(fact(0).entries[0], reason=reason)
        self.recorder.note(Record(entries=[entry], monitors={"m1": monitor(mode)}))


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Fresh, and quick to try again."""
    monkeypatch.setattr(module, "RETRY_PAUSE", 0.02)
    world = World()
    yield world
    await world.recorder.close(1)


async def test_what_is_answered_is_written(world: World) -> None:
    world.database.slow = 0.05
    world.recorder.note(fact(1))
    world.about(Mode.BARGE)
    await world.recorder.committed("m1")
    assert world.database.written == ["1", "about"]


@pytest.mark.parametrize("count", [1, 2, 3, 64])
async def test_one_that_is_refused_for_ever_lies_aside_and_the_rest_is_written_once_in_order(
    world: World, count: int
) -> None:
    world.database.bad = {str(count // 2)}
    for number in range(count):
        world.recorder.note(fact(number))
    await asyncio.wait_for(world.recorder.settled(), 10)
    assert world.database.aside == [str(count // 2)]
    assert world.database.written == [str(number) for number in range(count) if number != count // 2]
    assert world.recorder.set_aside == 1
    assert world.recorder.size == 0


async def test_who_waits_for_what_lies_aside_is_told_so_and_others_are_not(world: World) -> None:
    world.database.bad = {"bad"}
    world.recorder.note(fact(1))
    world.about(Mode.BARGE, "bad")
    mine, others = await asyncio.gather(
        world.recorder.committed("m1"), world.recorder.committed("m2"), return_exceptions=True
    )
    assert isinstance(mine, RecordUnavailable)
    assert others is None


async def test_what_was_written_unheard_is_not_written_twice(world: World) -> None:
    world.database.unheard = 1
    for number in range(3):
        world.recorder.note(fact(number))
    await asyncio.wait_for(world.recorder.settled(), 10)
    world.recorder.note(fact(3))
    await asyncio.wait_for(world.recorder.settled(), 10)
    assert world.database.written == ["0", "1", "2", "3"]


async def test_a_half_that_was_written_unheard_keeps_the_other_half_from_nothing(world: World) -> None:
    """Each piece is known by itself: what follows an unheard one is written all the same."""
    world.database.bad = {"3"}
    for number in range(4):
        world.recorder.note(fact(number))
    world.database.unheard = 1  # the first half, once the whole was refused
    await asyncio.wait_for(world.recorder.settled(), 10)
    assert world.database.written == ["0", "1", "2"]
    assert world.database.aside == ["3"]


async def test_who_waits_is_refused_at_once_when_it_fails_and_while_it_is_away(world: World) -> None:
    world.database.away = True
    world.about(Mode.BARGE)
    clock = asyncio.get_running_loop().time
    with pytest.raises(RecordUnavailable):
        await world.recorder.committed("m1")
    with pytest.raises(RecordUnavailable):
        world.recorder.need()
    began = clock()
    with pytest.raises(RecordUnavailable):
        await world.recorder.committed("m1")
    with pytest.raises(RecordUnavailable):
        await world.recorder.begin(monitor(Mode.SILENT), requested(monitor(Mode.SILENT), ADMIN))
    assert clock() - began < module.PATIENCE
    world.database.away = False
    await asyncio.wait_for(world.recorder.settled(), 10)
    world.recorder.need()
    assert world.database.written == ["about"]


async def test_nothing_begins_while_health_says_so(world: World) -> None:
    world.boards.set_record(RecordState(False, START))
    with pytest.raises(RecordUnavailable):
        world.recorder.need()
    world.boards.set_record(RecordState(True, START))
    world.recorder.need()


async def test_a_wait_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    world.database.slow = 0.5
    world.about(Mode.BARGE)
    with pytest.raises(RecordUnavailable):
        await world.recorder.committed("m1")
    world.database.slow = 0.0
    await asyncio.wait_for(world.recorder.settled(), 10)
    assert world.database.written == ["about"], "late, and written all the same"


async def test_a_start_that_may_be_on_record_is_over_on_record(world: World) -> None:
    world.database.unheard = 1
    with pytest.raises(RecordUnavailable):
        await world.recorder.begin(monitor(Mode.SILENT), requested(monitor(Mode.SILENT), ADMIN))
    await asyncio.wait_for(world.recorder.settled(), 10)
    assert world.database.written == ["monitor.requested", "record_unavailable"]
