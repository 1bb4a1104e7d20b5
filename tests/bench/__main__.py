"""`make bench`: all figures in one run, or parts of it by name, each beside what it is to be compared with."""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from adapter import log
from adapter.lab.provision import provision
from tests.bench import (
    bus,
    coaching,
    events,
    failover,
    floor,
    idle,
    page,
    pages,
    paint,
    records,
    softphone,
    switching,
    talk,
    writers,
)
from tests.support.pbxes import Several

Tables = dict[str, dict[str, float]]


def _model() -> Tables:
    """what an event costs, from the socket to the updated model, beside stock parsing"""
    return {"An event (aim: cheaper than stock parsing alone)": events.event_cost()}


def _streams() -> Tables:
    """what a change costs for each live stream, and down to the socket (two minutes)"""
    return {
        "A change, for each stream, until it is written": events.listener_cost(),
        "A change, for each page, over sockets (aim: under 1.5 us beside the kernel's write)": asyncio.run(
            pages.measure()
        ),
    }


def _memory() -> Tables:
    """what 1,000 calls weigh"""
    return {"Memory (aim: under 10 MB)": events.memory()}


def _records() -> Tables:
    """the record, webhooks, a long audit (minutes)"""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(records.measure(Path(folder)))


def _writers() -> Tables:
    """several writers of the record at once on PostgreSQL (half a minute)"""
    return asyncio.run(writers.measure())


def _switching() -> Tables:
    """clicks and first sound, beside the raw actions on the same Asterisk"""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(switching.measure(provision(), Path(folder)))


def _coaching() -> Tables:
    """how soon a follower hears a call, and whether a pause of monitoring tells who listened"""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(coaching.measure(provision(), Path(folder)))


def _pbxes() -> Tables:
    """how fast the first sound is in a browser that is registered at another PBX than the call's"""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_several(Path(folder)))


async def _several(folder: Path) -> dict[str, dict[str, float]]:
    async with Several(provision(), folder).running() as pair:
        return await softphone.moving(pair)


def _page() -> Tables:
    """what the page costs the browser (60 calls, 1,000, a floor of 500 agents), and how soon it is painted"""
    with tempfile.TemporaryDirectory() as folder:
        return {**asyncio.run(paint.measure()), **asyncio.run(page.measure(Path(folder)))}


def _bus() -> Tables:
    """what it costs to tell other adapters, and a click at one that does not own the PBX"""
    return asyncio.run(bus.measure())


def _idle() -> Tables:
    """what adapters take while nothing happens (a minute)"""
    return asyncio.run(idle.measure())


def _failover() -> Tables:
    """how soon another adapter has a monitor whose owner died, and whether that is heard (ten minutes)"""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(failover.measure(provision(), Path(folder)))


def _floor() -> Tables:
    """30 queues with 500 members and 100 waiting callers: events, lists, memory"""
    return floor.measure()


def _talk() -> Tables:
    """who talks in 200 calls: events, and what shows of them"""
    return asyncio.run(talk.measure())


PARTS: dict[str, Callable[[], Tables]] = {
    "model": _model,
    "streams": _streams,
    "memory": _memory,
    "records": _records,
    "record": _writers,
    "switching": _switching,
    "pbxes": _pbxes,
    "coaching": _coaching,
    "page": _page,
    "bus": _bus,
    "idle": _idle,
    "failover": _failover,
    "floor": _floor,
    "talk": _talk,
}


def show(title: str, figures: dict[str, float]) -> None:
    """One table."""
    print(f"\n{title}")
    for name, value in figures.items():
        print(f"  {name:<62} {value:>12.2f}" if isinstance(value, float) else f"  {name:<62} {value:>12}")


def main() -> None:
    """Run the parts that are asked for, or everything."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog="parts:\n" + "\n".join(f"  {name:<10} {part.__doc__}" for name, part in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="part", help="only these, in this order")
    wanted: list[str] = parser.parse_args().parts or [*PARTS]
    for name in wanted:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    log.setup("error", "console", mask_numbers=False)
    for name in wanted:
        for title, figures in PARTS[name]().items():
            show(title, figures)


if __name__ == "__main__":
    main()
