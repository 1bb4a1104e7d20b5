"""What it costs to tell other adapters: a change, a snapshot, a forwarded click, beside a plain pair of sockets."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.fleet.bus import LocalBus
from adapter.fleet.messages import Change, Sealer
from adapter.fleet.natsbus import NatsBus
from adapter.fleet.remote import MirroredBoard
from adapter.monitoring.ports import StartRequest
from tests.fake.scene import ADMIN, START
from tests.support.cluster import KEY, SUBJECTS, Accounts, Other, Owner, term
from tests.support.nats import NatsServer
from tests.support.waiting import until

ROUNDS, CLICKS, PACE, CALLS = 2000, 100, 0.05, 1000
SUBJECT = SUBJECTS.by_owner("change")


def each(work: Callable[[], object], times: int = ROUNDS) -> float:
    """Microseconds of processor time for each."""
    for _ in range(times // 10):
        work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


async def monitored(owner: Owner) -> tuple[Call, Monitor]:
    """A call at this owner, and its monitor."""
    owner.pbx.scene.answered_call()
    owner.pbx.run()
    (call,) = owner.board.calls()
    monitor = await owner.supervision.start(ADMIN, StartRequest(call_id=call.id))
    await until(lambda: (found := owner.board.monitor(monitor.id)) is not None and found.live)
    return call, next(iter(owner.board.monitors()))


async def of_a_change() -> dict[str, float]:
    """One call, or one monitor, that is another now."""
    accounts, bus, figures = Accounts(), LocalBus(), dict[str, float]()
    owner = Owner(bus, accounts)
    call, monitor = await monitored(owner)
    owner.publisher.begin(term(1))
    sealer = Sealer(KEY)
    plain = Change(pbx="lab", term=term(1), number=2**40, people="1", at=START, state=owner.board.pbx_state)
    for name, change in (
        ("a call", replace(plain, calls=(call,))),
        ("a monitor", replace(plain, monitors=(monitor,))),
    ):
        data = sealer.write(SUBJECT, change)
        read: Change = sealer.read(SUBJECT, data)
        mirror = MirroredBoard("lab", owner.board.directory, Other(LocalBus(), accounts).bars, START)
        mirror.shown = True
        figures[f"{name}: bytes"] = len(data)
        figures[f"{name}: encoded and sealed, us"] = each(lambda change=change: sealer.write(SUBJECT, change))  # type: ignore[misc]
        figures[f"{name}: checked and decoded, us"] = each(lambda data=data: sealer.read(SUBJECT, data))  # type: ignore[misc]
        figures[f"{name}: taken in and told, us"] = each(lambda read=read, to=mirror: to.apply(read))  # type: ignore[misc]
    changes = Changes(START, "lab", frozenset({call.id}))

    def told() -> None:
        owner.publisher._calls.clear()
        owner.publisher._changed(changes)

    figures["a call: all of the owner's share, us"] = each(told)
    await owner.close()
    return figures


async def of_a_snapshot() -> dict[str, float]:
    """All calls of a large PBX."""
    accounts, bus = Accounts(), LocalBus()
    owner = Owner(bus, accounts)
    for number in range(CALLS):
        owner.pbx.scene.answered_call(f"20255{number:05}", f"10{number % 4 + 1}", f"b{number}")
    owner.pbx.run()
    sent: list[bytes] = []
    bus.subscribe(SUBJECTS.by_owner("snapshot"), lambda subject, data: sent.append(data))
    began = time.process_time()
    owner.publisher.begin(term(1))
    told = time.process_time() - began
    other = Other(bus, accounts)
    await until(lambda: other.shows(owner))
    replayed = [other.sealer.read(SUBJECTS.by_owner("snapshot"), data) for data in sent]
    began = time.process_time()
    for data in sent[: len(replayed) // 2]:
        other.sealer.read(SUBJECTS.by_owner("snapshot"), data)
    decoded = time.process_time() - began
    figures = {
        "bytes": float(sum(map(len, sent)) // 2),
        "parts": float(len(sent) // 2),
        "cut, encoded and sealed, ms": told * 1e3,
        "checked and decoded, ms": decoded * 1e3,
    }
    await other.close()
    await owner.close()
    return figures


async def paced(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Milliseconds of the middle one and of the slowest twentieth, with pauses between as people make them."""
    taken = []
    for _ in range(CLICKS):
        await asyncio.sleep(PACE)
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1e3)
    taken.sort()
    return statistics.median(taken), taken[len(taken) * 95 // 100]


async def of_a_click(folder: Path) -> dict[str, float]:
    """From another adapter to the owner and back, over a real server, at a PBX that confirms at once."""
    figures: dict[str, float] = {}

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])

    async def over_tcp() -> None:
        writer.write(b"x" * 400)
        await reader.readexactly(400)

    with NatsServer.running(folder) as nats:
        buses = NatsBus(nats.access(), "owner"), NatsBus(nats.access(), "other")
        for bus in buses:
            bus.start()
        accounts = Accounts()
        owner, other = Owner(buses[0], accounts), Other(buses[1], accounts)
        await until(lambda: all(bus.connected for bus in buses))
        arrived = asyncio.Event()
        buses[0].subscribe("cm.x.y.ask.z", lambda subject, data: buses[0].publish("cm.x.y.owner.z", data))
        buses[1].subscribe("cm.x.y.owner.z", lambda subject, data: arrived.set())

        async def over_nats() -> None:
            arrived.clear()
            buses[1].publish("cm.x.y.ask.z", b"x" * 400)
            await arrived.wait()

        owner.publisher.begin(term(1))
        _, monitor = await monitored(owner)
        await until(lambda: other.shows(owner))
        modes = (Mode.WHISPER, Mode.SILENT)
        turn = 0

        async def at_the_owner() -> None:
            nonlocal turn
            turn += 1
            await owner.supervision.switch(ADMIN, monitor.id, modes[turn % 2])

        async def elsewhere() -> None:
            nonlocal turn
            turn += 1
            await other.remote.switch(ADMIN, monitor.id, modes[turn % 2])

        seen: list[float] = []
        both = asyncio.Event()

        def saw(changes: Changes) -> None:
            seen.append(time.perf_counter())
            if len(seen) == 2:
                both.set()

        owner.board.subscribe(saw)
        other.boards.subscribe(saw)

        async def shown() -> None:
            seen.clear()
            both.clear()
            await at_the_owner()
            await both.wait()

        for name, work in (
            ("a pair of sockets", over_tcp),
            ("the bus alone, there and back", over_nats),
            ("a switch at the owner", at_the_owner),
            ("a switch at another adapter", elsewhere),
        ):
            figures[f"{name}: middle, ms"], figures[f"{name}: p95, ms"] = await paced(work)
        later = []
        for _ in range(CLICKS):
            await asyncio.sleep(PACE)
            await shown()
            later.append((seen[1] - seen[0]) * 1e3)
        figures["a change is shown at another adapter after: middle, ms"] = statistics.median(later)
        await other.close()
        await owner.close()
        for bus in buses:
            await bus.close()
    writer.close()
    await writer.wait_closed()
    server.close()
    await asyncio.sleep(0.05)
    return figures


async def measure() -> dict[str, dict[str, float]]:
    """All of it."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "A change, told to other adapters": await of_a_change(),
            f"A snapshot of {CALLS} calls": await of_a_snapshot(),
            "A click every 50 ms (aim: another adapter within twice the owner)": await of_a_click(Path(folder)),
        }
