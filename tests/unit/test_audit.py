"""The audit on a real SQLite and a real PostgreSQL: its chain, and who would change it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from adapter.core.audit import Result
from adapter.errors import NotFound
from adapter.store import Store
from adapter.store.audit import Filter
from tests.support.clock import FakeClock
from tests.support.records import BY, NEW_HEAD, SILENT, entry, execute, without_triggers
from tests.unit.test_store import NOW


async def test_nobody_changes_the_audit(store: Store) -> None:
    await store.audit.add(entry(1), entry(2))
    for statement in (
        "UPDATE audit SET actor = 'x' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "UPDATE audit_cuts SET seq = 7",
    ):
        if "audit_cuts" in statement:
            await execute(store, "INSERT INTO audit_cuts (seq, hash) VALUES (0, 'x')")
        with pytest.raises(DBAPIError, match="add only"):
            await execute(store, statement)
    assert "entries were deleted, and no entry tells of that cut" in (await store.audit.verify()).faults


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (["UPDATE audit SET actor = 'mallory' WHERE seq = 5"], "entry 5 was changed"),
        (["UPDATE audit SET at = '2020-01-01 00:00:00' WHERE seq = 5"], "entry 5 was changed"),
        (["UPDATE audit SET mode = 'barge' WHERE seq = 5"], "entry 5 was changed"),
        (["DELETE FROM audit WHERE seq = 5"], "entries 5 to 5 are missing"),
        (["DELETE FROM audit WHERE seq >= 9"], "entries after 8 are missing"),
        (["DELETE FROM audit WHERE seq <= 2"], "entries 1 to 2 are missing"),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = 5",
                "UPDATE audit SET seq = 5 WHERE seq = 99",
            ],
            "entry 4 does not follow the one before it",
        ),
        (
            ["DELETE FROM audit WHERE seq <= 2", "INSERT INTO audit_cuts SELECT 2, previous FROM audit WHERE seq = 3"],
            "no entry tells of that cut",
        ),
    ],
)
async def test_tampering_is_found(store: Store, tampering: Sequence[str], found: str) -> None:
    for number in range(10):
        await store.audit.add(entry(number))
    assert (await store.audit.verify()).faults == []
    await without_triggers(store, *tampering)
    assert any(found in fault for fault in (await store.audit.verify()).faults)


async def test_a_noted_head_shows_a_whole_new_chain(store: Store) -> None:
    await store.audit.add(*(entry(number) for number in range(5)))
    head = (await store.audit.verify()).head
    await store.audit.add(entry(6))
    assert (await store.audit.verify(head)).faults == []
    await without_triggers(store, "DELETE FROM audit", NEW_HEAD)
    await store.audit.add(*(entry(number, result=Result.FAILED) for number in range(6)))
    assert (await store.audit.verify()).faults == []
    assert (await store.audit.verify(head)).faults == ["the noted head is not in this chain"]


async def test_the_retention_leaves_a_cut_that_can_be_verified(store: Store, clock: FakeClock) -> None:
    await store.audit.add(*(entry(number) for number in range(10)))
    clock.passes(timedelta(days=1))
    plan = await store.audit.plan(timedelta(minutes=3))
    assert plan is not None
    assert (plan.first, plan.last, plan.count, plan.stopped_by) == (1, 6, 6, None)
    assert await store.audit.cut(plan, BY, "a test") == 6
    assert await store.audit.cut(plan, BY, "a test") == 0, "it was cut already"
    verdict = await store.audit.verify()
    assert (verdict.entries, verdict.first, verdict.faults) == (5, 7, [])
    (told,) = verdict.cuts
    assert told.startswith("entries 1 to 6 of 2026-01-01T00:00:00.000Z to 2026-01-01T00:05:00.000Z (all older than ")
    assert told.endswith("; a test; by admin, session, 2026-01-02T00:00:00.000Z")
    plan = await store.audit.plan(timedelta(0), through=8)
    assert plan is not None
    assert await store.audit.cut(plan) == 2
    assert (await store.audit.verify()).faults == []
    with pytest.raises(DBAPIError, match="add only"):
        await execute(store, "DELETE FROM audit WHERE seq = 10")


async def test_entries_by_two_writers_make_one_chain(store: Store) -> None:
    async def write(name: str) -> None:
        for number in range(20):
            await store.audit.add(entry(number, target=name))

    await asyncio.gather(*(write(name) for name in "abcd"))
    verdict = await store.audit.verify()
    assert (verdict.entries, verdict.faults) == (80, [])


async def test_pages_and_filters(store: Store) -> None:
    for number in range(25):
        more = {"supervisor": "mona", "conversation_id": "c1"} if number % 5 == 0 else {}
        await store.audit.add(entry(number, **more))
    first = await store.audit.page(Filter(), 10)
    second = await store.audit.page(Filter(), 10, first[-1].id)
    assert [row.seq for row in first + second] == list(range(25, 5, -1))
    assert len(await store.audit.page(Filter(supervisor="MONA"), 100)) == 5
    assert len(await store.audit.page(Filter(hidden=["c1"]), 100)) == 20
    assert len(await store.audit.page(Filter(hidden=["c1"], seer="mona"), 100)) == 20, "a name proves nothing"
    window = Filter(since=NOW + timedelta(minutes=3), until=NOW + timedelta(minutes=5))
    assert [row.reason for row in await store.audit.page(window, 100)] == ["number 4 - ü", "number 3 - ü"]
    with pytest.raises(NotFound):
        await store.audit.page(Filter(), 10, "0" * 32)
    assert [len(rows) async for rows in store.audit.every(Filter(action="session.login"))] == [25]
    await store.monitors.save(SILENT)
    await store.audit.add(entry(26, monitor_id=SILENT.id, conversation_id="c1"))
    assert len(await store.audit.page(Filter(hidden=["c1"], seer="nobody"), 100)) == 20
    assert len(await store.audit.page(Filter(hidden=["c1"], seer=SILENT.supervisor.user_id), 100)) == 21
