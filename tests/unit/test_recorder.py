"""How the record is written behind what happens: soon after a rest, together while much happens, nothing lost."""

import asyncio
from datetime import UTC, datetime

import pytest

from adapter.core.audit import Action, By, Entry, Via
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.record import Record, Sealed
from adapter.monitoring import recorder as recorder_module
from adapter.monitoring.board import Board
from adapter.monitoring.recorder import BUSY, Recorder
from adapter.monitoring.writing import AT_ONCE
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import PEOPLE, START, numbering
from tests.unit.test_watchdog import monitor

SLOW = 0.02
"""Seconds of one transaction here."""

pytestmark = pytest.mark.usefixtures("virtual_time")


class Slow:
    """A database whose transactions take a while."""

    def __init__(self) -> None:
        self.batches: list[list[str | None]] = []
        self.aside: list[list[str | None]] = []
        self.busy = asyncio.Event()
        """A transaction has begun."""

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        self.busy.set()
        await asyncio.sleep(SLOW)
        self.batches.append([entry.reason for entry in sealed.record.entries])

    async def set_aside(self, sealed: Sealed, why: str, now: datetime) -> None:
        self.aside.append([entry.reason for entry in sealed.record.entries])

    async def find(self, monitor_id: str) -> Monitor | None:
        return None


def fact(number: int) -> Record:
    """One entry."""
    return Record(entries=[Entry(at=START, by=By("sam", Via.SESSION), action=Action.LOGIN, reason=str(number))])


async def test_while_much_happens_facts_are_written_together() -> None:
    board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
    slow = Slow()
    recorder = Recorder(alone(board), slow, slow, lambda: datetime.now(UTC))
    recorder.start({})
    clock = asyncio.get_running_loop().time
    began, count = clock(), 0
    while clock() - began < 1.0:
        recorder.note(fact(count))
        count += 1
        await asyncio.sleep(0.005)
    await recorder.settled()
    assert [int(reason or -1) for batch in slow.batches for reason in batch] == list(range(count))
    assert len(slow.batches) <= 2 + (clock() - began) * BUSY / SLOW
    await recorder.close()


async def test_a_long_queue_is_written_in_steps_and_comes_to_an_end() -> None:
    board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
    slow = Slow()
    recorder = Recorder(alone(board), slow, slow, lambda: datetime.now(UTC))
    waiting = 2 * AT_ONCE + 7
    for number in range(waiting):
        recorder.note(fact(number))
    recorder.start({})
    await slow.busy.wait()
    for number in range(waiting, waiting + 20):
        recorder.note(fact(number))  # more than was waiting when it began to write
    await asyncio.wait_for(recorder.settled(), 10)
    assert [int(reason or -1) for batch in slow.batches for reason in batch] == list(range(waiting + 20))
    assert [] not in slow.batches
    await recorder.close()


async def test_after_a_rest_a_fact_is_written_soon() -> None:
    board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
    slow = Slow()
    recorder = Recorder(alone(board), slow, slow, lambda: datetime.now(UTC))
    recorder.start({})
    for number in range(2):
        recorder.note(fact(number))
        await recorder.settled()
    assert slow.batches == [["0"], ["1"]]
    await recorder.close()


async def test_what_concerns_a_monitor_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "BUSY", 1e-6)
    monkeypatch.setattr(recorder_module, "LONGEST_SETTLE", 3600.0)
    board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)
    slow = Slow()
    recorder = Recorder(alone(board), slow, slow, lambda: datetime.now(UTC))
    recorder.start({})
    recorder.note(fact(0))
    await recorder.settled()
    recorder.note(fact(1))  # waits for an hour, but for what comes now
    recorder.note(Record(monitors={"m1": monitor(Mode.SILENT)}))
    await asyncio.wait_for(recorder.settled(), 10)
    assert slow.batches == [["0"], ["1"]]
    await recorder.close()
