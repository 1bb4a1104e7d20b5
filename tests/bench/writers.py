"""How much the record takes from several adapters at once on PostgreSQL, each of which writes of a PBX of its own."""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from statistics import quantiles

from adapter.core.record import Record, Sealed, seal
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from tests.bench.records import entry, event, now
from tests.support.clock import real
from tests.support.postgresql import PostgreSQL

SECONDS = 6.0
"""Of each measurement."""
WRITERS = (1, 2, 4)
DATABASE = "record"


def click(number: int, pbx: str) -> Sealed:
    """What a confirmed click writes: an entry, and an event of the same call."""
    return seal(Record(entries=[entry(number)], events=[event(number)], pbxes={pbx}), new_id)


async def measure() -> dict[str, dict[str, float]]:
    """Writers of different PBXes, each a process, beside as many who write of one, and so take turns: as all did before
    each PBX had a chain of its own."""
    found: dict[str, dict[str, float]] = {}
    with PostgreSQL.running() as server:
        server.ask(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        url = str(server.url(DATABASE))
        store = await Store.open(url, clock=real)
        for count in WRITERS:
            found[f"{count} writer(s), a PBX each"] = await together(url, [f"pbx{number}" for number in range(count)])
            if count > 1:
                found[f"{count} writers, all of one PBX"] = await together(url, ["one"] * count)
        assert not (await store.audit.verify()).faults
        await store.close()
    return found


async def together(url: str, pbxes: list[str]) -> dict[str, float]:
    """A process for each of these, all at the same time."""
    args = [[sys.executable, "-m", __name__, url, pbx] for pbx in pbxes]
    processes = [await asyncio.create_subprocess_exec(*one, stdin=PIPE, stdout=PIPE) for one in args]
    for one in processes:
        assert one.stdout is not None
        await one.stdout.readline()  # it is ready
    for one in processes:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
    told = [await one.communicate() for one in processes]
    took = [seconds for out, _ in told for seconds in json.loads(out)]
    shares = quantiles(took, n=100)
    return {
        "records per second": len(took) / SECONDS,
        "ms for one, p50": 1000 * shares[49],
        "ms for one, p95": 1000 * shares[94],
        "load average": os.getloadavg()[0],
    }


async def _write(url: str, pbx: str) -> list[float]:
    """Seconds that each took."""
    store = await Store.open(url, clock=real)
    await store.records.write(click(0, pbx), now())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    took: list[float] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        sealed, began = click(len(took), pbx), time.perf_counter()
        await store.records.write(sealed, now())
        took.append(time.perf_counter() - began)
    await store.close()
    return took


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_write(*sys.argv[1:]))))
