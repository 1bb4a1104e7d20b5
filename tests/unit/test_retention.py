"""Letting go of what is old: only that, whatever clock says so, and never without a note."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from adapter.core.audit import Action, By, Entry, Via
from adapter.core.record import EventType
from adapter.errors import StoreUnavailable
from adapter.health.retention import Keep, Retention
from adapter.store import Store, cuts
from adapter.store.retention import Plan, held_against, noted_bound, refusal
from adapter.store.tables import AuditRow, EventRow
from tests.support.clock import JUMPS, START, FakeClock
from tests.support.records import event, execute, outcome, without_triggers, write

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = By("mona", Via.SESSION)
DAYS = 400
KEEP = Keep(365 * DAY, 0.2, 30 * DAY)


def entry(at: datetime, text: str = "x") -> Entry:
    """An entry like many."""
    return Entry(at=at, by=BY, action=Action.LOGIN, reason=text)


@pytest.fixture
async def long(store: Store) -> Store:
    """A store with an entry of each day of the last 400, the latest of yesterday."""
    await store.audit.add(*(entry(START - (DAYS - number) * DAY, f"day {number}") for number in range(DAYS)))
    return store


async def oldest(store: Store) -> datetime:
    """When the oldest entry that is left was written, by its own words."""
    async with store.database.read() as session:
        at = await session.scalar(select(AuditRow.at).order_by(AuditRow.seq).limit(1))
    assert at is not None
    return at


async def hours(store: Store, clock: FakeClock, retention: Retention, count: int) -> None:
    """Time passes, people sign in, the retention looks."""
    for _ in range(count):
        clock.passes(HOUR)
        await store.audit.add(entry(clock.now()))
        await retention.look()


async def test_a_lawful_retention_cuts_what_is_old_and_no_more(long: Store, clock: FakeClock) -> None:
    retention = Retention(long, KEEP)
    await hours(long, clock, retention, 1)
    assert await oldest(long) == START - 364 * DAY
    for _ in range(5):
        await hours(long, clock, retention, 24)
        assert clock.now() - 365 * DAY <= await oldest(long) < clock.now() - 363 * DAY
    verdict = await long.audit.verify()
    assert verdict.faults == []
    assert len(verdict.cuts) == 6
    assert verdict.cuts[0].startswith("entries 1 to 36 of 2024-11-27T")
    assert "; retention of 365 days; by system, adapter, " in verdict.cuts[0]


@pytest.mark.parametrize("when", ["before the start", "after a moment", "after two hours"])
@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_no_clock_cuts_what_is_not_old(
    long: Store, clock: FakeClock, database_url: str, jump: timedelta, when: str
) -> None:
    """Two days with a clock that is wrong. A day's error at the start may take a day too much, and no more."""
    if when == "before the start":
        clock.jumps(jump)
    store = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    retention, true = Retention(store, KEEP), START
    if when == "after a moment":
        clock.jumps(jump)
    await hours(store, clock, retention, 2)
    if when == "after two hours":
        clock.jumps(jump)
    await hours(store, clock, retention, 46)
    true += 48 * HOUR
    wrong = jump if when == "before the start" and timedelta(0) < jump <= DAY else timedelta(0)
    assert await oldest(store) < true - 365 * DAY + wrong + DAY
    clock.jumps(-jump)
    await hours(store, clock, retention, 2)
    assert await oldest(store) < true + 2 * HOUR - 365 * DAY + wrong + DAY
    assert (await store.audit.verify()).faults == []
    await store.close()


async def test_a_clock_400_days_ahead_cuts_nothing_and_says_so(
    long: Store, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.jumps(400 * DAY)
    ahead = Store(long.database, HOUR, type(long.clock)(clock.now, clock.passing))
    await hours(ahead, clock, Retention(ahead, KEEP), 3)
    assert await oldest(ahead) == START - DAYS * DAY
    told = capsys.readouterr().out
    assert told.count("old audit entries are not cut off") == 1
    assert "audit cut --force" in told


async def test_nothing_goes_within_an_hour_of_a_start(long: Store, clock: FakeClock) -> None:
    clock.passes(59 * timedelta(minutes=1))
    await Retention(long, KEEP).look()
    assert await oldest(long) == START - DAYS * DAY


async def test_one_wrong_time_takes_nothing_along(store: Store, clock: FakeClock) -> None:
    """An entry of the year 2000, written by a clock with a dead battery, is old; those before it are not."""
    await store.audit.add(*(entry(START - DAY, f"number {number}") for number in range(50)))
    await store.audit.add(entry(datetime(2000, 1, 1, tzinfo=START.tzinfo)))
    await store.audit.add(*(entry(START, f"number {number}") for number in range(50)))
    await hours(store, clock, Retention(store, KEEP), 2)
    assert (await store.audit.verify()).entries == 103
    plan = await store.audit.plan(365 * DAY)
    assert plan is not None
    assert (plan.count, plan.stopped_by) == (0, 1)


async def test_a_chain_that_is_not_whole_is_not_cut(
    long: Store, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cut would take the proof along."""
    await without_triggers(long, "UPDATE audit SET actor = 'nobody' WHERE seq = 7")
    await hours(long, clock, Retention(long, KEEP), 2)
    assert await oldest(long) == START - DAYS * DAY
    assert "entry 7 was changed" in capsys.readouterr().out
    plan = await long.audit.plan(365 * DAY)
    assert plan is not None
    await long.audit.cut(plan, BY, "by hand, forced")
    (told,) = (await long.audit.verify()).cuts
    assert "THE CHAIN WAS NOT WHOLE: entry 7 was changed" in told


async def test_a_cut_that_was_interrupted_is_ended_by_the_next(
    long: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuts, "CUT_AT_ONCE", 10)
    real, works = long.database.work, 0

    def work() -> object:
        nonlocal works
        works += 1
        if works == 5:
            raise StoreUnavailable("gone")
        return real()

    clock.passes(2 * HOUR)
    retention = Retention(long, KEEP)
    monkeypatch.setattr(long.database, "work", work)
    await retention.look()
    assert (await long.audit.verify()).faults == [], "the note came first"
    assert START - 390 * DAY < await oldest(long) < START - 370 * DAY
    assert await long.audit.finish_cut() == 14
    assert await oldest(long) == START - 366 * DAY
    clock.passes(DAY)
    await long.audit.add(entry(clock.now()))
    await retention.look()
    assert await oldest(long) == START - 363 * DAY
    assert (await long.audit.verify()).faults == []


async def test_two_cuts_at_once_are_one(long: Store, clock: FakeClock) -> None:
    plan = await long.audit.plan(365 * DAY)
    assert plan is not None
    counts = await asyncio.gather(*(long.audit.cut(plan, BY, f"number {number}") for number in range(4)))
    assert sum(counts) == plan.count > 0
    verdict = await long.audit.verify()
    assert (len(verdict.cuts), verdict.faults) == (1, [])


async def test_nothing_to_cut(store: Store, clock: FakeClock) -> None:
    assert await store.audit.plan(DAY) is None
    await hours(store, clock, Retention(store, replace(KEEP, audit=None)), 3)
    await hours(store, clock, Retention(store, replace(KEEP, audit=36500 * DAY)), 3)
    assert (await store.audit.verify()).entries == 6


# --- deliveries


async def test_a_wrong_clock_takes_little_of_the_deliveries(store: Store, clock: FakeClock, database_url: str) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    await write(store, *(event(number, f"c{number}") for number in range(1000)))
    due = await store.outbox.due(hook.id, START, 1000)
    await store.outbox.settle([outcome(one) for one in due[:990]])
    clock.jumps(400 * DAY)
    ahead = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    retention = Retention(ahead, KEEP)
    await retention.look()
    assert await _events(ahead) == 1000, "not within an hour of the start"
    clock.passes(HOUR)
    await retention.look()
    assert await _events(ahead) == 1000, "the newest event says that it is not so late"
    await write(ahead, replace(event(0, "new"), at=clock.now()))
    await retention.look()
    assert await _events(ahead) == 1001 - 101
    clock.jumps(-400 * DAY)
    for _ in range(30):
        await retention.look()
    assert await _events(ahead) == 1001 - 101
    clock.passes(31 * DAY)
    for _ in range(30):
        await retention.look()
    assert await _events(ahead) == 11, "in steps, all that is settled and old; what waits stays"
    await ahead.close()


async def _events(store: Store) -> int:
    async with store.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(EventRow)) or 0)


# --- the rules alone

PLAN = Plan(1, 10, 100, "h", START, START, START)


def test_refusals() -> None:
    assert refusal([PLAN], 0.1, settled=True) is None
    assert "hour" in (refusal([PLAN], 0.1, settled=False) or "")
    assert "10 of 100" in (refusal([PLAN], 0.09, settled=True) or "")


@given(st.lists(st.datetimes(timezones=st.just(START.tzinfo)), min_size=1), st.timedeltas(timedelta(0), 36500 * DAY))
def test_nothing_is_held_against_a_later_time_than_any_witness_gives(
    witnesses: list[datetime], keep: timedelta
) -> None:
    bound = held_against(keep, *witnesses)
    assert all(bound <= witness for witness in witnesses)


def test_a_note_says_what_it_was() -> None:
    assert noted_bound(f"{PLAN.note}; retention of 3 days") == START
    for other in (None, "", "retention", "entries x to y"):
        assert noted_bound(other) is None


async def test_the_databases_own_guard_holds(long: Store) -> None:
    """The triggers let nothing go that no note tells of."""
    with pytest.raises(Exception, match="add only"):
        await execute(long, "DELETE FROM audit WHERE seq <= 10")
