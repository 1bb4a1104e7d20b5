"""How fast facts are recorded and delivered, and how much memory a long audit takes."""

import asyncio
import resource
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from adapter.core.audit import Action, By, Entry, Subject, Via
from adapter.core.record import EventType, HookEvent, Record, seal
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender, new_secret
from tests.support.client import Client
from tests.support.clock import real
from tests.support.receiver import Receiver
from tests.support.site import Site

EVENTS, HOOKS, ROWS, WAITING = 2000, 50, 1_000_000, 1_000_000


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def entry(number: int) -> Entry:
    """An entry about a monitor."""
    return Entry(
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        by=By("mona", Via.SESSION),
        action=Action.STARTED,
        call_id=f"{number:024x}",
        conversation_id="c",
        monitor_id=f"{number:032x}",
        supervisor="mona",
        subject=Subject("sam", "Sam", "101", "+12025550101"),
    )


def event(number: int) -> HookEvent:
    """An event of one of many calls."""
    data: dict[str, object] = {"id": f"call{number // 3}", "agent": {"name": "Sam", "extension": "101"}}
    return HookEvent(now(), list(EventType)[number % 3], f"call{number // 3}", "c", data)


async def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Everything."""
    found: dict[str, dict[str, float]] = {}
    for hooks in (1, HOOKS):
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/hooks{hooks}.sqlite", clock=real)
        found[f"{EVENTS if hooks == 1 else EVENTS // 4} events to {hooks} hook(s)"] = await _deliver(store, hooks)
        await store.close()
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/audit.sqlite", clock=real)
    found["Audit"] = await _audit(store)
    site = Site(store)
    runner = await site.start()
    found[f"CSV of {ROWS:,} entries"] = await _table(await site.client("admin"))
    await site.close(runner)
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/waiting.sqlite", clock=real)
    found[f"{WAITING:,} events that wait for a dead receiver"] = await _waiting(store)
    await store.close()
    return found


async def _write(store: Store, count: int) -> None:
    for first in range(0, count, 500):
        events = [event(number) for number in range(first, min(count, first + 500))]
        await store.records.write(seal(Record(events=events), new_id), now())


async def _deliver(store: Store, hooks: int) -> dict[str, float]:
    count = EVENTS if hooks == 1 else EVENTS // 4
    receiver = Receiver()
    await receiver.start()
    for number in range(hooks):
        await store.webhooks.create(receiver.url(f"h{number}"), frozenset(EventType), new_secret())
    began = time.perf_counter()
    await _write(store, count)
    written = time.perf_counter() - began
    sender = Sender(Guard(allow_private=True), now, 10.0)
    dispatcher = Dispatcher(store.webhooks, store.outbox, sender, now)
    began = time.perf_counter()
    await dispatcher.start()
    await receiver.until_accepted(count * hooks)
    took = time.perf_counter() - began
    await dispatcher.close()
    await receiver.stop()
    return {"events written per second": count / written, "deliveries per second": count * hooks / took}


async def _audit(store: Store) -> dict[str, float]:
    began = time.perf_counter()
    for first in range(0, ROWS, 5000):
        await store.audit.add(*(entry(number) for number in range(first, first + 5000)))
    written = time.perf_counter() - began
    began = time.perf_counter()
    verdict = await store.audit.verify()
    assert not verdict.faults
    return {"rows per second": ROWS / written, "rows verified per second": ROWS / (time.perf_counter() - began)}


async def _table(admin: Client) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, size, lines = time.perf_counter(), 0, 0
    async with admin.http.get(admin.base + "/audit.csv", timeout=aiohttp.ClientTimeout(total=600)) as answer:
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            lines += chunk.count(b"\n")
    assert lines > ROWS
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"seconds": time.perf_counter() - began, "MB sent": size / 1e6, "MB more memory at the highest": grown}


async def _waiting(store: Store) -> dict[str, float]:
    await store.webhooks.create("http://127.0.0.1:9/", frozenset(EventType), new_secret())
    began = time.perf_counter()
    await _write(store, WAITING)
    written = time.perf_counter() - began
    dispatcher = Dispatcher(store.webhooks, store.outbox, Sender(Guard(allow_private=True), now, 5.0), now)
    tracemalloc.start()
    cpu = time.process_time()
    await dispatcher.start()
    await asyncio.sleep(10)
    used = time.process_time() - cpu
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.perf_counter()
    (depth,) = await store.outbox.depths()
    counted = time.perf_counter() - began
    assert depth.count == WAITING
    await dispatcher.close()
    return {
        "events written per second": WAITING / written,
        "MB of memory while they wait": most / 1e6,
        "% of a core while they wait": 100 * used / 10,
        "ms to count them": 1000 * counted,
    }
