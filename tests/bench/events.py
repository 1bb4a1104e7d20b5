"""What an event costs, what a change costs each listener, what a call weighs. No PBX: bytes in, model and bytes out."""

import gc
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

from panoramisk.message import Message

from adapter.asterisk import wire
from adapter.asterisk.splitter import Splitter
from adapter.core.changes import Changes
from adapter.core.events import Event
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, Role, User
from adapter.monitoring.board import Board
from adapter.web.frames import Frames, Viewer
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


def timed(work: Callable[[], object], rounds: int = 7) -> float:
    """Median seconds."""
    spent = []
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def event_cost() -> dict[str, float]:
    """Microseconds an event: ours whole, stock parsing alone."""
    texts = [text for n in range(300) for text in (*call_events(n), *end_events(n))]
    stream = "".join(texts).encode()
    chunks = [stream[i : i + CHUNK] for i in range(0, len(stream), CHUNK)]
    count = len(texts)
    return {
        "events": count,
        "ours, socket to updated model (us)": 1e6 * timed(lambda: ours(chunks)) / count,
        "stock panoramisk, parsing alone (us)": 1e6 * timed(lambda: stock(chunks)) / count,
    }


def listener_cost() -> dict[str, float]:
    """Microseconds that one change costs each stream."""
    people = [User(f"u{n}", f"u{n}", f"U{n}", Role.ADMINISTRATOR) for n in range(200)]
    found = {}
    for count in (1, 10, 50, 200):
        board = Board(numbering(), Directory.of(people), PbxState(LinkState.CONNECTED, START), WORDS)
        frames, viewers = Frames(alone(board)), [(Viewer(user.id), user) for user in people[:count]]
        for viewer, _ in viewers:
            frames.snapshot(viewer)

        def heard(changes: Changes, frames: Frames = frames, viewers: list[tuple[Viewer, User]] = viewers) -> None:
            batch = frames.batch(changes)
            for viewer, user in viewers:
                batch.frames(viewer, user)

        events = [
            event
            for n in range(100)
            for text in call_events(n)
            if (event := wire.translate(fields(text), START)) is not None
        ]
        without = timed(lambda: feed(new_board_of(people), events), 5)  # noqa: B023 - called at once
        board.subscribe(heard)
        began = time.perf_counter()
        changes = feed(board, events)
        spent = time.perf_counter() - began - without
        found[f"{count} streams: us for each change and stream"] = 1e6 * spent / (changes * count)
    return found


def new_board_of(people: list[User]) -> Board:
    """An empty board of these people."""
    return Board(numbering(), Directory.of(people), PbxState(LinkState.CONNECTED, START), WORDS)


def feed(board: Board, events: list[Event]) -> int:
    """One event at a time, as when nothing is busy; how many of them changed something."""
    count = 0

    def heard(changes: Changes) -> None:
        nonlocal count
        count += 1

    board.subscribe(heard)
    for event in events:
        board.apply([event])
    return max(count, 1)


def fields(text: str) -> dict[str, str]:
    """One message's headers."""
    return dict(line.split(": ", 1) for line in text.strip().split("\r\n"))


def memory() -> dict[str, float]:
    """Megabytes for each 1,000 calls that are up."""
    events = [
        event for n in range(1000) for t in call_events(n) if (event := wire.translate(fields(t), START)) is not None
    ]
    board = new_board()
    gc.collect()
    tracemalloc.start()
    board.apply(events)
    del events
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"calls": len(board.calls()), "MB for 1,000 calls": used / 1e6}


if __name__ == "__main__":
    print(json.dumps({**event_cost(), **listener_cost(), **memory()}, indent=2))
