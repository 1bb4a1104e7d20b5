"""One clock, and what it is asked for: nothing lives longer, ends earlier or waits because somebody set it."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.clock import SETTLING, Clock
from adapter.core.modes import Mode
from adapter.store import Store
from adapter.store.tokens import NewToken
from adapter.webhooks.ages import APART, KEPT, Ages
from tests.fake.pbx import settle
from tests.support.clock import JUMPS, ON_EACH, START, FakeClock
from tests.support.site import Site
from tests.unit.test_store import ADMIN, SAM

ADAPTER = Path(__file__).parents[2] / "adapter"
OWN_TIMES = ("lab/", "doctor/", "cli/setup")
"""Programs that are no part of a running adapter: the lab's log, the doctor's names of test calls, and the setup, which
compares Asterisk's start with the times of files."""
READS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
IN_SQL = ("func.now(", "func.current_timestamp(", "CURRENT_TIMESTAMP", "server_default=func", "now() at time zone")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
spans = st.integers(-400 * 86400, 400 * 86400).map(lambda seconds: timedelta(seconds=seconds))


def test_the_adapter_has_one_clock() -> None:
    found = []
    for path in sorted(ADAPTER.rglob("*.py")):
        where, text = path.relative_to(ADAPTER), path.read_text()
        if where.as_posix().startswith(OWN_TIMES):
            continue
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        named = {ast.unparse(call) for call in calls}
        found += [f"{where}: {name}" for name in named if ".".join(name.split(".")[-2:]) in READS]
        found += [f"{where}: {word}" for word in IN_SQL if word in text]
    assert found == ["service.py: datetime.now"]


@given(st.lists(st.tuples(spans, st.integers(0, 100_000))))
def test_what_only_passes_is_never_set(history: list[tuple[timedelta, int]]) -> None:
    fake = FakeClock()
    clock, passed = Clock(fake.now, fake.passing), 0
    for jump, seconds in history:
        fake.jumps(jump)
        fake.passes(timedelta(seconds=seconds))
        passed += seconds
        assert clock.steady() == START + timedelta(seconds=passed)
        assert clock.earlier() <= clock.steady() <= clock.later()
        assert clock.earlier() <= clock.now() <= clock.later()
        assert clock.settled is (passed >= SETTLING)


@given(st.lists(st.tuples(st.integers(0, 600), spans, st.integers(0, 50), st.booleans()), max_size=60))
def test_events_count_as_a_day_old_only_after_a_day_of_running(
    history: list[tuple[int, timedelta, int, bool]],
) -> None:
    """Whatever the wall clock does, and however often we are restarted."""
    ages, fake, ran, seq, written = Ages(), FakeClock(), 0, 0, {}
    for minutes, jump, more, restart in history:
        ran += minutes
        fake.jumps(jump)
        for number in range(seq, seq + more):
            written[number + 1] = ran
        seq += more
        if restart:
            ages = Ages.read(ages.written())
            ran = ages.ran  # what passed since the last mark is forgotten: everything counts as younger
            written = {number: min(at, ran) for number, at in written.items()}
        ages.note(ran, fake.now(), seq)
        old = ages.written_before(KEPT, ran)
        assert all(ran - at >= KEPT for number, at in written.items() if number <= old)
        assert all(number <= old for number, at in written.items() if ran - at >= KEPT + APART + 600)
        assert len(ages.written()) <= 200


def test_marks_that_cant_be_read_make_nothing_old() -> None:
    assert Ages.read("x 1,2 1,2,3,4 ,, 1,2,g").written() == ""
    assert Ages.read("").written_before(KEPT, 10**6) == 0


def test_how_long_a_receiver_fails_is_read_off_the_same_clock() -> None:
    ages, fake = Ages(), FakeClock()
    for hour in range(10):
        ages.note(hour * 60, fake.now(), hour)
        fake.passes(HOUR)
    since = START + 4 * HOUR
    assert 0 < ages.since(since, 600) <= 360
    assert ages.since(START + 400 * DAY, 600) == 0


# --- sessions


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_session_lives_as_long_as_it_is_used(store: Store, clock: FakeClock, jump: timedelta) -> None:
    """Its idle time is an hour. The clock is set at every moment of its life, and never set right."""
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    sessions = store.sessions
    token = await sessions.create(sam, clock.now())
    mine = await sessions.alive(clock.now())
    for _ in range(4):
        clock.jumps(jump)
        clock.passes(50 * MINUTE)
        assert mine <= await sessions.alive(clock.now())
        clock.jumps(jump)
        assert await sessions.find(token, clock.now()), "it was used 50 minutes ago"
        await sessions.create(sam, clock.now())
        assert await sessions.find(token, clock.now()), "nobody swept it out"
    clock.passes(59 * MINUTE)
    clock.jumps(-jump)
    clock.passes(2 * MINUTE)
    assert await sessions.find(token, clock.now()) is None
    assert await sessions.alive(clock.now()) == frozenset()


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_session_through_a_restart_with_another_clock(
    store: Store, clock: FakeClock, database_url: str, jump: timedelta
) -> None:
    """A clock that is wrong at the start, and set right later, signs nobody out, and prolongs by an hour at most."""
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    token = await store.sessions.create(sam, clock.now())
    clock.passes(30 * MINUTE)
    clock.jumps(jump)
    later = await Store.open(database_url, HOUR, clock=clock.now, passing=clock.passing)
    if jump < timedelta(0):
        assert await later.sessions.find(token, clock.now())
        clock.passes(61 * MINUTE)
        assert await later.sessions.find(token, clock.now()) is None
    else:
        assert await later.sessions.find(token, clock.now()) is None
        await later.sessions.create(sam, clock.now())
        clock.passes(5 * MINUTE)
        clock.jumps(-jump)
        assert await later.sessions.find(token, clock.now()), "it was not used for 35 minutes"
        assert len(await later.sessions.alive(clock.now())) == 2
    await later.close()


async def test_a_session_that_is_used_elsewhere_is_used(store: Store, clock: FakeClock, database_url: str) -> None:
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    other = await Store.open(database_url, HOUR, clock=clock.now, passing=clock.passing)
    token = await other.sessions.create(sam, clock.now())
    for _ in range(3):
        clock.passes(40 * MINUTE)
        assert len(await store.sessions.alive(clock.now())) == 1
        assert await other.sessions.find(token, clock.now())
        await other.sessions.alive(clock.now())
    assert len(await store.sessions.alive(clock.now())) == 1
    await other.close()


# --- tokens and answers


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_no_clock_makes_an_expired_token_valid_again(store: Store, clock: FakeClock, jump: timedelta) -> None:
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    until = clock.now() + HOUR / 2
    _, secret = await store.tokens.create(NewToken(name="brief", user_id=sam.id, expires_at=until))
    clock.jumps(jump)
    ahead = jump > timedelta(0)
    assert (await store.tokens.find(secret, clock.now()) is None) is ahead
    assert len(await store.tokens.alive(clock.now())) == (0 if ahead else 1)
    clock.jumps(-jump)
    assert await store.tokens.find(secret, clock.now()), "the clock is right again"
    clock.passes(31 * MINUTE)
    clock.jumps(-abs(jump))
    assert await store.tokens.find(secret, clock.now()) is None
    assert await store.tokens.alive(clock.now()) == frozenset()


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_what_was_answered_is_remembered_for_a_day(
    store: Store, clock: FakeClock, database_url: str, jump: timedelta
) -> None:
    """A key that is forgotten too early starts a monitor twice."""
    assert await store.answers.begin("k", "body", "m1", clock.now()) is None
    for _ in range(2):
        clock.jumps(jump)
        clock.passes(5 * HOUR)
        assert await store.answers.begin("k", "body", "m2", clock.now()), "ten hours are no day"
    clock.jumps(jump)
    later = await Store.open(database_url, clock=clock.now, passing=clock.passing)
    clock.passes(59 * MINUTE)
    assert await later.answers.begin("k", "body", "m3", clock.now()), "who tries again does so within the hour"
    await later.close()


# --- monitors

MOMENTS = ("before", "ringing", "live", "whispering", "ending")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("database_url", "jump"), ON_EACH, ids=str, indirect=["database_url"])
async def test_a_monitor_lives_its_life_whatever_the_clock_does(site: Site, jump: timedelta, moment: str) -> None:
    def now(which: str) -> None:
        if which == moment:
            site.time.jumps(jump)

    site.talk()
    mona = await site.client("mona")
    call = await site.call_id(mona)
    now("before")
    site.pbx.answers = False
    status, monitor = await mona.post("/monitors", {"call_id": call})
    assert (status, monitor["state"]) == (201, "connecting")
    now("ringing")
    (leg,) = site.pbx.legs
    site.pbx.answer(leg)
    await settle()
    path = f"/monitors/{monitor['id']}"
    assert (await mona.get(path))[1]["state"] == "live"
    now("live")
    assert (await mona.patch(path, {"mode": "whisper"}))[1]["mode"] == Mode.WHISPER.value
    now("whispering")
    assert (await mona.patch(path, {"mode": "silent"}))[1]["mode"] == Mode.SILENT.value
    now("ending")
    assert (await mona.delete(path))[0] in (200, 204)
    await settle()
    assert (await mona.get(path))[1]["state"] == "ended"
    await site.recorder.settled()
    verdict = await site.store.audit.verify()
    assert verdict.faults == []
    assert (await mona.get("/session"))[0] == 200, "nobody was signed out"
