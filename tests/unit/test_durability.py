"""Real databases: what a commit outlasts, what they refuse for ever, and what a locked one makes of starts."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from adapter.core.audit import Action, By, Entry, Via, read_way
from adapter.core.journal import taken_up
from adapter.core.modes import Mode
from adapter.core.monitor import MonitorState
from adapter.core.record import EventType, HookEvent, OpenCall, Record, Sealed, seal
from adapter.errors import ConfigError, StoreRefused
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.audit import Filter
from adapter.store.durability import Survives
from adapter.store.fit import CUT, UNKNOWN
from adapter.store.outbox import Due, Outcome
from adapter.store.tables import SetAsideRow
from adapter.webhooks.settler import Settler
from tests.support.clock import real
from tests.unit.test_store import NOW
from tests.unit.test_views import monitor as a_monitor
from tests.unit.test_views import sams_call

LONG = "phone PJSIP/" + 200 * "9"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An opened, empty store."""
    store = await Store.open(database_url, clock=real)
    yield store
    await store.close()


def sealed(actor: str, reason: str = "") -> Sealed:
    """One entry of the audit."""
    entry = Entry(at=NOW, by=By(actor, Via.STAR_CODE), action=Action.REQUESTED, reason=reason or None)
    return seal(Record(entries=[entry]), new_id)


async def rows(store: Store) -> list[str]:
    """Who is in the audit, oldest first."""
    return [row.actor for row in reversed(await store.audit.page(Filter(), 100))]


async def test_what_is_too_long_or_no_text_is_kept_visibly_cut(store: Store) -> None:
    """An actor of more than 100 characters once stopped all recording for everybody."""
    await store.records.write(sealed(LONG), NOW)
    await store.records.write(sealed("nul\0and half\ud83d", "caf\u00e9 \U0001f600"), NOW)
    first, second = await rows(store)
    assert first == LONG[:99] + CUT
    assert second == f"nul{UNKNOWN}and half{UNKNOWN}"
    assert not (await store.audit.verify()).faults


async def test_what_can_not_be_written_is_told_from_what_can_not_be_written_now(store: Store) -> None:
    call = sams_call(None)
    bad = replace(call, customer=replace(call.customer, name="half\ud83d"))
    record = seal(Record(calls={bad.id: OpenCall(bad)}, entries=sealed("sam").record.entries), new_id)
    with pytest.raises(StoreRefused):
        await store.records.write(record, NOW)
    assert await rows(store) == [], "all of it or nothing"
    await store.records.set_aside(record, "no text: \ud83d", NOW)
    async with store.database.read() as session:
        (row,) = await session.scalars(select(SetAsideRow))
    kept = json.loads(row.record)
    assert kept["entry_ids"] == list(record.entry_ids)
    assert kept["record"]["entries"][0]["by"][0] == "sam"


async def test_a_receivers_answer_that_no_database_keeps_holds_up_no_other(store: Store) -> None:
    hook = await store.webhooks.create("http://127.0.0.1/", frozenset(EventType), "whsec_x")
    events = [HookEvent(NOW, EventType.CALL_STARTED, f"c{n}", "v", {}) for n in range(3)]
    await store.records.write(seal(Record(events=events), new_id), NOW)
    due = await store.outbox.due(hook.id, NOW + timedelta(seconds=1), 10)
    settler = Settler(store.outbox)
    running = asyncio.ensure_future(settler.run())  # what the dispatcher keeps
    answers = ["fine", "nul\0 half\ud83d", "fine"]
    await asyncio.wait_for(
        asyncio.gather(*(settler.settle(Outcome(d, NOW, True, 200, a)) for d, a in zip(due, answers, strict=True))),
        10,
    )
    running.cancel()
    assert await store.outbox.depths() == []


async def test_an_outcome_that_is_refused_for_ever_holds_up_no_other() -> None:
    class Refusing:
        """Keeps what it can."""

        def __init__(self) -> None:
            self.kept: list[tuple[int, str]] = []

        async def settle(self, outcomes: list[Outcome]) -> None:
            if any(outcome.answer == "bad" or outcome.due.seq == 9 for outcome in outcomes):
                raise StoreRefused("no")
            self.kept += [(outcome.due.seq, outcome.answer) for outcome in outcomes]

    def outcome(seq: int, answer: str) -> Outcome:
        return Outcome(Due("h", seq, "lane", f"e{seq}", "{}", 0, NOW), NOW, True, 200, answer)

    refusing = Refusing()
    settler = Settler(refusing)  # type: ignore[arg-type]
    await settler._note([outcome(1, "fine"), outcome(2, "bad"), outcome(9, ""), outcome(3, "fine")])
    assert refusing.kept == [(1, "fine"), (2, ""), (3, "fine")]


async def test_a_deleted_hook_at_the_moment_of_a_record(store: Store) -> None:
    """PostgreSQL refuses a delivery to a hook that goes at that moment: the next try does without it."""
    for number in range(20):
        hook = await store.webhooks.create("http://127.0.0.1/", frozenset(EventType), "whsec_x")
        record = seal(Record(events=[HookEvent(NOW, EventType.CALL_STARTED, f"c{number}", "v", {})]), new_id)

        async def write(record: Sealed = record) -> None:
            try:
                await store.records.write(record, NOW)
            except StoreRefused:
                await store.records.write(record, NOW, again=True)

        await asyncio.gather(write(), store.webhooks.delete(hook.id))


@pytest.mark.parametrize(("survives", "level"), [(Survives.PROCESS, 1), (Survives.POWER, 2)])
async def test_what_a_commit_outlasts_on_sqlite(tmp_path: object, survives: Survives, level: int) -> None:
    """sqlite.org/pragma.html: synchronous 1 is NORMAL, 2 is FULL."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite", survives=survives, clock=real)
    assert await store.database.run(lambda session: session.scalar(text("PRAGMA synchronous"))) == level
    async with store.database.work() as session:
        assert await session.scalar(text("PRAGMA synchronous")) == level
    await store.close()


async def test_a_postgresql_that_never_syncs_can_not_promise_it(database_url: str) -> None:
    """The tests' own server runs with fsync = off."""
    if "sqlite" in database_url:
        return
    with pytest.raises(ConfigError, match="fsync"):
        await Store.open(database_url, survives=Survives.POWER, clock=real)


async def test_a_batch_is_one_call_into_the_writers_thread(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite", clock=real)
    await store.webhooks.create("http://127.0.0.1/", frozenset(EventType), "whsec_x")
    loop, hops = asyncio.get_running_loop(), []
    run = loop.run_in_executor
    monkeypatch.setattr(loop, "run_in_executor", lambda *given: hops.append(given) or run(*given))  # type: ignore[func-returns-value]
    monitor = a_monitor(MonitorState.LIVE, Mode.SILENT)
    event = HookEvent(NOW, EventType.MONITOR_STARTED, "c", "v", {})
    record = Record(entries=[taken_up(monitor, NOW, NOW)], events=[event], monitors={monitor.id: monitor})
    await store.records.write(seal(record, new_id), NOW)
    assert len(hops) == 1
    await store.close()


async def test_readers_go_on_while_somebody_else_holds_the_lock(tmp_path: object) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite", clock=real)
    other = sqlite3.connect(f"{tmp_path}/x.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await store.audit.latest() is None
    other.rollback()
    other.close()
    await store.records.write(sealed("sam"), NOW)
    assert await store.audit.latest() == NOW
    await store.close()


def test_every_way_is_read_as_it_was_kept() -> None:
    for via in Via:
        for detail in ("", "crm", "command line"):
            assert read_way(By("sam", via, detail=detail).way) == (via, detail)


def test_the_clock_of_the_last_entry_is_told_of_what_is_taken_up() -> None:
    entry = taken_up(a_monitor(MonitorState.LIVE, Mode.BARGE), datetime(2026, 1, 1, tzinfo=UTC), NOW)
    assert (entry.action, entry.target, entry.mode) == (Action.TAKEN_UP, "2026-01-01T00:00:00.000Z", Mode.BARGE)
