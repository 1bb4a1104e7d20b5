"""What queues and agents cost: 30 queues, 500 members, 100 waiting callers. No PBX: bytes in, model and bytes out.

Time is of the CPU, the median of several rounds.
"""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle

from adapter.asterisk import queuewire, wire
from adapter.asterisk.splitter import Message, Splitter
from adapter.core import queueevents as qe
from adapter.core.bars import Who
from adapter.core.events import Event, Snapshot
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.monitoring.board import Board
from adapter.web.floorframes import FloorBatch
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import ADMIN, START, numbering, user
from tests.support.queues import entry, member, params, waiting
from tests.support.viewers import Together

QUEUES, MEMBERS, CALLERS = 30, 500, 100
ROUNDS = 15


def _people() -> tuple[User, ...]:
    return (ADMIN, *(user(f"a{number}", f"{2000 + number}") for number in range(MEMBERS)))


def _member(number: int, *, paused: bool = False, listed: bool = False) -> str:
    return member(number, QUEUES, f"PJSIP/{2000 + number}", paused=paused, listed=listed)


def _status() -> bytes:
    """QueueStatus, as it comes."""
    tail = "ActionID: cm-0-7\r\n\r\n"
    queues = [f"Event: QueueParams\r\n{params(n)}{tail}" for n in range(QUEUES)]
    members = [f"Event: QueueMember\r\n{_member(n, listed=True)}{tail}" for n in range(MEMBERS)]
    callers = [f"Event: QueueEntry\r\n{entry(n, QUEUES)}{tail}" for n in range(CALLERS)]
    return "".join([*queues, *members, *callers]).encode()


def _events(half: int) -> bytes:
    """What 500 members and 100 callers do in a while: pauses, statuses, devices, joining and leaving.

    `half`: which half of the members pauses, while the other goes on.
    """
    found = []
    for n in range(MEMBERS):
        found += [
            f"Event: QueueMemberPause\r\nPrivilege: agent,all\r\n{_member(n, paused=(n + half) % 2 == 1)}\r\n",
            f"Event: QueueMemberStatus\r\nPrivilege: agent,all\r\n{_member(n, paused=(n + half) % 2 == 1)}\r\n",
            f"Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/{2000 + n}\r\nState: INUSE\r\n\r\n",
            f"Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: Queue:queue-{n}_avail\r\nState: INUSE\r\n\r\n",
        ]
    for n in range(CALLERS):
        channel = waiting(n, QUEUES, f"1795530000.{n}")
        found += [f"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\n{channel}\r\n"]
        found += [f"Event: QueueCallerLeave\r\nPrivilege: agent,all\r\n{channel}\r\n"]
    return "".join(found).encode()


def _split(data: bytes, wanted: Splitter | None = None) -> list[Message]:
    splitter = wanted or Splitter(wire.TRANSLATORS)
    splitter.feed(b"Asterisk Call Manager/11.0.0\r\n")
    return splitter.feed(data)


def _board() -> Board:
    return Board(numbering(), Directory.of(_people()), PbxState(LinkState.CONNECTED, START), WORDS)


def _snapshot(listed: list[Message]) -> Snapshot:
    devices = {f"PJSIP/{2000 + n}": "NOT_INUSE" for n in range(MEMBERS)}
    return Snapshot(START, False, (), {}, frozenset(), {}, queuewire.queues(START, listed), devices)


def _timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the CPU."""
    found = []
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def _live(halves: list[list[Event]], *, one_by_one: bool, pages: int = 0) -> Callable[[], None]:
    """One half pauses, and next time the other: what changed nothing would cost nothing."""
    board = _board()
    board.apply([_snapshot(_split(_status()))])
    together = Together(alone(board))
    for _ in range(pages):
        together.join(Who(ADMIN.id))

    turns = cycle(halves)

    def run() -> None:
        events = next(turns)
        if one_by_one:
            for event in events:
                board.apply([event])
        else:
            board.apply(events)

    return run


def measure() -> dict[str, dict[str, float]]:
    """All of it."""
    status, data = _status(), _events(0)
    messages = _split(data)
    at = datetime.now(UTC)
    events = [
        [event for one in _split(_events(half)) if (event := wire.translate(one, at)) is not None] for half in (0, 1)
    ]
    listed = _split(status)
    splitting = _timed(lambda: _split(data))
    translating = _timed(lambda: [wire.translate(one, at) for one in messages])
    board, again = _board(), _board()
    again.apply([_snapshot(listed)])
    told = qe.QueuesListed(START, queuewire.queues(START, listed))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    weighed = _board()
    weighed.apply([_snapshot(listed)])
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    count = len(messages)
    things = FloorBatch(alone(again)).shown(ADMIN).things
    return {
        f"Queues and agents: {QUEUES} queues, {MEMBERS} members, {CALLERS} waiting; {count} events": {
            "splitting an event [us]": splitting / count * 1e6,
            "translating it [us]": translating / count * 1e6,
            "the model, many at once [us]": _timed(_live(events, one_by_one=False)) / count * 1e6,
            "the model, each alone, and settled [us]": _timed(_live(events, one_by_one=True)) / count * 1e6,
            "the same with a page open [us]": _timed(_live(events, one_by_one=True, pages=1)) / count * 1e6,
        },
        "The list (QueueStatus)": {
            "size [kB]": len(status) / 1000,
            "splitting and translating [ms]": _timed(lambda: queuewire.queues(at, _split(status))) * 1e3,
            "taking it in at a start [ms]": _timed(lambda: board.apply([_snapshot(listed)])) * 1e3,
            "taking it in again, nothing new [ms]": _timed(lambda: again.apply([told])) * 1e3,
            "a page's snapshot of it: made [ms]": _timed(lambda: FloorBatch(alone(again)).shown(ADMIN).things) * 1e3,
            "a page's snapshot of it [kB]": len(things) / 1000,
            "memory, with the accounts [MB]": memory / 1e6,
        },
    }
