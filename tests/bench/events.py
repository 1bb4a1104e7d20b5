"""What an event costs, what a change costs each listener, what a call weighs. No PBX: bytes in, model and bytes out.

Time is of the CPU: waiting for a core that others use is no cost of an event.
"""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from panoramisk.message import Message

from adapter.asterisk import wire
from adapter.asterisk.splitter import Splitter
from adapter.core.changes import Changes
from adapter.core.events import Event
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, Role, User
from adapter.monitoring.board import Board
from adapter.web.audience import Member
from adapter.web.audiences import Audiences
from tests.fake.pbx import WORDS, alone
from tests.fake.scene import PEOPLE, START, numbering

CHUNK = 16 * 1024
"""Bytes of one read."""


def snapshot_fields(number: int, agent: bool, state: str) -> str:
    """A channel's headers as Asterisk 22 sends them."""
    who = f"10{number % 4 + 1}" if agent else f"20{number % 4 + 1}"
    uniqueid = f"1795522786.{2 * number + agent}"
    return (
        f"Channel: PJSIP/{who}-{2 * number + agent:08x}\r\nChannelState: {state}\r\nChannelStateDesc: Up\r\n"
        f"CallerIDNum: {who}\r\nCallerIDName: {who}\r\nConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\n"
        f"Language: en\r\nAccountCode: \r\nContext: phones\r\nExten: {'' if agent else '101'}\r\nPriority: 1\r\n"
        f"Uniqueid: {uniqueid}\r\nLinkedid: 1795522786.{2 * number}\r\n"
    )


def call_events(number: int) -> list[str]:
    """The filtered events of one simple call, as recorded from Asterisk 22.10.1 (17 of them)."""
    bridge = (
        f"BridgeUniqueid: 7779528b-e7f8-45dd-b6ec-{number:012d}\r\nBridgeType: basic\r\n"
        "BridgeTechnology: simple_bridge\r\nBridgeCreator: <unknown>\r\nBridgeName: <unknown>\r\n"
        "BridgeNumChannels: 2\r\nBridgeVideoSourceMode: none\r\n"
    )

    def caller(state: str) -> str:
        return snapshot_fields(number, False, state)

    def agent(state: str) -> str:
        return snapshot_fields(number, True, state)

    dest = "".join(f"Dest{line}\r\n" for line in agent("5").strip().split("\r\n"))
    call = "Privilege: call,all\r\n"
    return [
        f"Event: {name}\r\n{call}{body}\r\n"
        for name, body in [
            ("Newchannel", caller("4")),
            ("Newchannel", agent("0")),
            ("NewConnectedLine", agent("0")),
            ("DialBegin", caller("4") + dest),
            ("Newstate", agent("5")),
            ("NewConnectedLine", caller("4")),
            ("Newstate", agent("6")),
            ("DialEnd", caller("4") + dest + "DialStatus: ANSWER\r\n"),
            ("Newstate", caller("6")),
            ("BridgeEnter", bridge + agent("6")),
            ("BridgeEnter", bridge + caller("6")),
            ("Hold", agent("6")),
            ("Unhold", agent("6")),
        ]
    ]


def end_events(number: int) -> list[str]:
    """The rest of that call."""
    bridge = f"BridgeUniqueid: 7779528b-e7f8-45dd-b6ec-{number:012d}\r\nBridgeTechnology: simple_bridge\r\n"
    hangup = "Cause: 16\r\nCause-txt: Normal Clearing\r\n"
    return [
        f"Event: BridgeLeave\r\n{bridge}{snapshot_fields(number, False, '6')}\r\n",
        f"Event: Hangup\r\n{snapshot_fields(number, False, '6')}{hangup}\r\n",
        f"Event: BridgeLeave\r\n{bridge}{snapshot_fields(number, True, '6')}\r\n",
        f"Event: Hangup\r\n{snapshot_fields(number, True, '6')}{hangup}\r\n",
    ]


def new_board() -> Board:
    """An empty board of the lab."""
    return Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS)


def ours(chunks: list[bytes]) -> None:
    """Socket to updated model, calls settled after each read."""
    board, splitter = new_board(), Splitter(wire.TRANSLATORS)
    splitter.feed(b"Asterisk Call Manager/11.0.0\r\n")
    for chunk in chunks:
        at = datetime.now(UTC)
        board.apply([event for message in splitter.feed(chunk) if (event := wire.translate(message, at))])


def stock(chunks: list[bytes]) -> None:
    """What panoramisk 1.4 alone does to bytes: its data_received, as it stands, up to the parsed message."""
    rest = ""
    for chunk in chunks:
        lines = (rest + chunk.decode("utf8", "ignore")).split("\r\n\r\n")
        rest = lines.pop(-1)
        for line in lines:
            Message.from_line(line.strip())


ROUNDS = 15


def in_turn(*works: Callable[[], float]) -> list[float]:
    """The median of what each gives, measured in turn: what else the machine does meanwhile falls on all alike."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, values in zip(works, found, strict=True):
            gc.collect()
            values.append(work())
    return [statistics.median(values) for values in found]


def timed(work: Callable[[list[bytes]], None], chunks: list[bytes], count: int) -> Callable[[], float]:
    """Microseconds for each of `count` events."""

    def once() -> float:
        began = time.process_time()
        work(chunks)
        return 1e6 * (time.process_time() - began) / count

    return once


def event_cost() -> dict[str, float]:
    """Microseconds an event: ours whole, stock parsing alone; read together as on a busy PBX, and one by one."""
    texts = [text.encode() for n in range(300) for text in (*call_events(n), *end_events(n))]
    stream, count = b"".join(texts), len(texts)
    chunks = [stream[i : i + CHUNK] for i in range(0, len(stream), CHUNK)]
    busy, stock_busy, idle, stock_idle = in_turn(
        timed(ours, chunks, count), timed(stock, chunks, count), timed(ours, texts, count), timed(stock, texts, count)
    )
    return {
        "events": count,
        "ours, socket to updated model (us)": busy,
        "stock panoramisk, parsing alone (us)": stock_busy,
        "ours beside stock": busy / stock_busy,
        "ours, each event in a read of its own (us)": idle,
        "stock panoramisk, so too (us)": stock_idle,
    }


def listener_cost() -> dict[str, float]:
    """Microseconds that one change costs each stream until it is written, what they share included."""
    people = [User(f"u{n}", f"u{n}", f"U{n}", Role.ADMINISTRATOR) for n in range(200)]
    texts = [text for n in range(100) for text in call_events(n)]
    events = [event for text in texts if (event := wire.translate(fields(text), START)) is not None]
    counts = (1, 10, 50, 200)
    costs = in_turn(*(partial(streams_cost, people, events, count) for count in counts))
    return {f"{count} streams: us for each change and stream": cost for count, cost in zip(counts, costs, strict=True)}


def streams_cost(people: list[User], events: list[Event], count: int) -> float:
    """One event at a time, as when nothing is busy; only what the streams take is measured."""
    board = Board(numbering(), Directory.of(people), PbxState(LinkState.CONNECTED, START), WORDS)
    audiences = Audiences(alone(board), lambda audience: None, lambda member: None, lambda member: None)
    members = [Member(user.id) for user in people[:count]]
    spent, changed = 0.0, 0
    for member in members:
        audiences.join(member)

    def heard(changes: Changes) -> None:
        nonlocal spent, changed
        began = time.process_time()
        audiences.hear(changes)
        spent += time.process_time() - began
        changed += 1
        for member in members:
            member.position = member.audience.end if member.audience else 0

    board.subscribe(heard)
    for event in events:
        board.apply([event])
    return 1e6 * spent / (changed * count)


def fields(text: str) -> dict[str, str]:
    """One message's headers."""
    return dict(line.split(": ", 1) for line in text.strip().split("\r\n"))


def memory() -> dict[str, float]:
    """Megabytes for each 1,000 calls that are up: of the model, and with what it keeps of the events' texts."""
    found = [_memory(texts=texts) for texts in (False, True)]
    return {
        "MB for 1,000 calls": found[0],
        "MB for 1,000 calls, with the names and numbers of their events": found[1],
    }


def _memory(*, texts: bool) -> float:
    gc.collect()
    if texts:
        tracemalloc.start()
    events = [
        event for n in range(1000) for t in call_events(n) if (event := wire.translate(fields(t), START)) is not None
    ]
    board = new_board()
    if not texts:
        tracemalloc.start()
    for first in range(0, len(events), 40):  # about what comes in one read
        board.apply(events[first : first + 40])
    assert len(board.calls()) == 1000
    del events
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / 1e6
