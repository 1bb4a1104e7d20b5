"""Heads that were sent prove the chain's end, whoever rewrote the database since; seen alone they tell nothing."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from adapter.cli.audit import read_heads
from adapter.core.audit import Action, By, Entry, Result, Via
from adapter.core.heads import CHAIN, NONCE, End, SentHead, read_line, seal, unseal
from adapter.core.record import EventType
from adapter.errors import StoreUnavailable
from adapter.health import heads as sending
from adapter.health.heads import Heads, append
from adapter.store import Store
from adapter.store.chain import START, Verdict
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import Sender, new_secret
from tests.support.clock import FakeClock, real
from tests.support.receiver import Receiver
from tests.support.records import execute
from tests.unit.test_store import NOW

DAY = timedelta(days=1)
KEY, OTHER = b"k" * 32, b"o" * 32
BY = By("admin", Via.SESSION)
ends = st.builds(End, st.just(CHAIN), st.integers(0, 2**63), st.binary(min_size=32, max_size=32).map(bytes.hex))
nonces = st.binary(min_size=NONCE, max_size=NONCE)


def entries(count: int, **more: Any) -> list[Entry]:
    """Entries like many."""
    return [Entry(at=NOW, by=BY, action=Action.STARTED, reason=f"number {n}", **more) for n in range(count)]


def sealed(end: End) -> SentHead:
    """A head, sent."""
    return SentHead(end.chain, seal(KEY, end, secrets.token_bytes(NONCE)), NOW, "a head")


# --- heads alone


@given(ends, nonces)
def test_a_head_is_of_its_entry_alone(end: End, nonce: bytes) -> None:
    claim = unseal(KEY, SentHead(end.chain, seal(KEY, end, nonce)))
    assert claim.seq == end.seq
    assert claim.holds(end.seq, end.hash)
    assert not claim.holds(end.seq + 1, end.hash)
    assert not claim.holds(end.seq, end.hash + "0")
    other = unseal(KEY, SentHead("another", seal(KEY, end, nonce)))
    assert not other.holds(end.seq, end.hash)
    stranger = unseal(OTHER, SentHead(end.chain, seal(KEY, end, nonce)))
    assert not stranger.holds(end.seq, end.hash)


@given(ends, ends, st.lists(nonces, min_size=2, max_size=9, unique=True))
def test_heads_tell_nothing(one: End, other: End, many: list[bytes]) -> None:
    """Of the same length whatever the number, another at each sending, and without the key no byte in common."""
    same = [seal(KEY, one, nonce) for nonce in many]
    assert len(set(same)) == len(many)
    assert len({len(head) for head in [*same, seal(KEY, other, many[0])]}) == 1
    plain = SentHead(CHAIN, same[0])
    assert unseal(OTHER, plain).seq != one.seq


@given(st.text())
def test_what_is_no_head(words: str) -> None:
    for head in (words, "h1." + words, seal(KEY, End(CHAIN, 1, START), b"n" * NONCE)[:-4]):
        with pytest.raises(ValueError, match=r".*"):
            unseal(KEY, SentHead(CHAIN, head))


def test_lines_of_every_kind(tmp_path: Path) -> None:
    head = sealed(End(CHAIN, 3, START)).head
    body = {"type": "audit.head", "timestamp": "2026-01-01T00:00:00.000Z", "data": {"chain": CHAIN, "head": head}}
    lines = [
        json.dumps(body),
        json.dumps({"event": "audit head", "chain": CHAIN, "head": head, "timestamp": "2026-01-01T00:00:00Z"}),
        json.dumps({"type": "call.started", "timestamp": "2026-01-01T00:00:00.000Z", "data": {"id": "x"}}),
        "",
        '{"at": "2026-01-0',
        "[1]",
        '{"head": 7}',
    ]
    file = tmp_path / "heads"
    file.write_text("\n".join(lines) + "\n")
    append(file, json.dumps({"at": None, "chain": CHAIN, "head": head}) + "\n")
    found = read_heads(file)
    assert [one.head for one in found.heads] == [head] * 3
    assert [one.at for one in found.heads] == [NOW, NOW, None]
    assert [what.split(":")[0].rpartition(" ")[2] for what in found.unread] == ["5", "6"]
    assert [what.split(":")[0].rpartition(" ")[2] for what in found.wrong] == ["7"]
    assert read_line("{}", "x") is None


def test_the_file_grows_by_whole_lines(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    append(file, "one\n")
    append(file, "two\n")
    file.write_text(file.read_text() + "torn by a power c")
    append(file, "three\n")
    assert file.read_text().splitlines() == ["one", "two", "torn by a power c", "three"]
    assert file.stat().st_mode & 0o007 == 0
    with pytest.raises(OSError, match="Is a directory"):
        append(tmp_path, "x\n")


# --- the chain


async def put_back(store: Store) -> tuple[Sequence[str], Sequence[str]]:
    """What takes the audit's triggers away, and what puts exactly the same ones back."""
    if store.database.engine.dialect.name == "sqlite":
        async with store.database.engine.connect() as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
            rows = (await connection.execute(text(query))).all()
        return [f"DROP TRIGGER {row.name}" for row in rows], [row.sql for row in rows]
    tables = ("audit", "audit_cuts", "audit_chains")
    away, back = ([f"ALTER TABLE {name} {word} TRIGGER ALL" for name in tables] for word in ("DISABLE", "ENABLE"))
    return away, back


async def forge(store: Store, *statements: str) -> None:
    """Somebody who owns the database, and leaves no trace in it."""
    away, back = await put_back(store)
    await execute(store, *away, *statements, *back)
    await store.audit.add(*entries(1))
    with pytest.raises(Exception, match="add only"):
        await execute(store, "DELETE FROM audit")


LAST_TEN = (
    "DELETE FROM audit WHERE seq > 20",
    "UPDATE facts SET value = (SELECT '20:' || hash FROM audit WHERE seq = 20) WHERE name = 'audit_head'",
)


async def verified(store: Store, *heads: SentHead) -> Verdict:
    """What the proof says with these heads."""
    return await store.audit.verify(None, heads, KEY)


async def test_the_end_that_was_taken_away_is_missed(store: Store) -> None:
    """The attack as it was recorded: triggers dropped, the last ten rows deleted, the head set, triggers put back."""
    sent = []
    for _ in range(30):
        await store.audit.add(*entries(1))
        sent.append(sealed(await store.audit.head()))
    good = await verified(store, *sent)
    assert (good.faults, good.proven, good.beyond) == ([], 30, 0)
    await forge(store, *LAST_TEN)
    assert (await store.audit.verify()).faults == [], "the chain alone can't show it"
    found = await verified(store, *sent)
    assert found.proven == 20
    assert len(found.faults) == 10
    assert all("is gone" in fault for fault in found.faults)
    await store.audit.add(*entries(10, result=Result.FAILED))
    assert len((await verified(store, *sent)).faults) == 10, "others in their place don't help"
    assert (await verified(store, *sent[:20])).faults == []


async def test_a_chain_that_was_written_anew(store: Store) -> None:
    await store.audit.add(*entries(5))
    sent = [sealed(await store.audit.head()) for _ in range(3)]
    await forge(store, "DELETE FROM audit", f"UPDATE facts SET value = '0:{START}' WHERE name = 'audit_head'")  # noqa: S608
    await store.audit.add(*entries(5))
    assert (await store.audit.verify()).faults == []
    assert len((await verified(store, *sent)).faults) == 3
    with_another_key = await store.audit.verify(None, sent, OTHER)
    assert len(with_another_key.faults) == 3


async def test_the_head_of_an_empty_chain_is_one_too(store: Store) -> None:
    first = sealed(await store.audit.head())
    await store.audit.add(*entries(3))
    assert (await verified(store, first)).proven == 1
    other = SentHead("main", first.head, NOW, "line 7")
    assert (await verified(store, first, other)).faults == ["line 7 is of another chain, 'main'"]


async def test_heads_and_a_lawful_cut(store: Store, clock: FakeClock) -> None:
    """What is cut can't be proven any more; that it was old is held against the times of the heads."""
    sent = []
    for day in range(10):
        await store.audit.add(Entry(at=clock.now(), by=BY, action=Action.LOGIN, reason=f"day {day}"))
        head = sealed(await store.audit.head())
        sent.append(SentHead(CHAIN, head.head, clock.now(), f"head {day}"))
        clock.passes(DAY)
    plan = await store.audit.plan(4 * DAY)
    assert plan is not None
    assert plan.last == 5
    await store.audit.cut(plan)
    found = await verified(store, *sent)
    assert (found.faults, found.proven, found.beyond) == ([], 6, 4), "the last one that was cut stands in the note"
    plan = await store.audit.plan(timedelta(0), through=8)
    assert plan is not None
    await store.audit.cut(plan)
    assert (await verified(store, *sent)).faults == [], "it says of itself that it took what was not old"
    (fault,) = (await verified(store, *sent[:4])).faults
    assert "no head is borne out" in fault
    old = SentHead(CHAIN, sent[3].head, clock.now(), "head 3")
    (fault,) = (await verified(store, old)).faults
    assert "more was cut than was old" in fault


# --- sending


class Log:
    """Lines that were logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, what: str, **more: Any) -> None:
        self.lines.append((what, more))

    error = warning = info

    async def until(self, what: str, count: int) -> None:
        """Wait until this was logged so often."""
        async with asyncio.timeout(20):
            while self.count(what) < count:  # noqa: ASYNC110 - a log wakes nobody
                await asyncio.sleep(0.01)

    def count(self, what: str) -> int:
        """How often this was logged."""
        return [line for line, _ in self.lines].count(what)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """What the sending of heads logs."""
    log = Log()
    monkeypatch.setattr(sending, "log", log)
    return log


def sender_of(store: Store, file: Path | None, clock: FakeClock, wake: Any = lambda: None, *when: Any) -> Heads:
    """Heads that are sent hourly and at the stop."""
    return Heads(store, KEY, when or ("hourly", "stop"), file, wake, clock.now)


async def test_heads_go_three_ways_and_are_borne_out(
    store: Store, clock: FakeClock, receiver: Receiver, tmp_path: Path, log: Log
) -> None:
    clock.jumps(real() - clock.now())  # receivers check that what they get was sent just now
    secret = new_secret()
    receiver.secrets["hook"] = secret
    await store.webhooks.create(receiver.url(), frozenset({EventType.AUDIT_HEAD}), secret)
    other = await store.webhooks.create(receiver.url("deaf"), frozenset({EventType.CALL_ENDED}), secret)
    sender = Sender(Guard(allow_private=True), clock.now, 5.0)
    dispatcher = Dispatcher(store.webhooks, store.outbox, sender, clock.now)
    await dispatcher.start()
    heads = sender_of(store, tmp_path / "heads", clock, dispatcher.wake)
    heads.start()
    await receiver.until(1)
    await store.audit.add(*entries(3))
    await heads.close()
    assert len(receiver.accepted) == 2, "the last one was waited for"
    await dispatcher.close()
    assert receiver.problems == []
    assert await store.outbox.page(other.id, 10, None, []) == []
    bodies = tmp_path / "bodies"
    bodies.write_text("".join(json.dumps(body) + "\n" for _, body in receiver.accepted))
    by_hook, by_file = read_heads(bodies).heads, read_heads(tmp_path / "heads").heads
    by_log = [more["head"] for what, more in log.lines if what == "audit head"]
    assert [one.head for one in by_hook] == [one.head for one in by_file] == by_log
    assert len(set(by_log)) == 2
    verdict = await verified(store, *by_hook, *by_file)
    assert (verdict.proven, verdict.faults) == (4, [])
    assert set(receiver.accepted[0][1]["data"]) == {"chain", "head"}


async def test_heads_come_at_their_pace_whether_or_not_something_happens(
    store: Store, clock: FakeClock, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sending.PACES, "hourly", 0.05)
    heads = sender_of(store, None, clock)
    heads.start()
    await log.until("audit head", 5)
    await heads.close()
    assert {what for what, _ in log.lines} == {"audit head"}
    assert {tuple(more) for _, more in log.lines} == {("chain", "head")}
    quiet = sender_of(store, None, clock, lambda: None, "daily")
    await quiet.close()
    before = len(log.lines)
    never = Heads(store, KEY, (), None, lambda: None, clock.now)
    never.start()
    await never.close()
    assert len(log.lines) == before


async def test_a_change_behind_our_back_is_told_of_while_we_run(store: Store, clock: FakeClock, log: Log) -> None:
    heads = sender_of(store, None, clock)
    await store.audit.add(*entries(30))
    await heads.send()
    await heads.send()
    await forge(store, *LAST_TEN)
    await heads.send()
    assert [what for what, _ in log.lines if "behind our back" in what]
    await heads.send()
    assert len([what for what, _ in log.lines if "behind our back" in what]) == 1
    await heads.close()


async def test_a_file_or_a_database_that_fails_stops_no_head_elsewhere(
    store: Store, clock: FakeClock, tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "RETRY_PAUSE", 0.01)
    monkeypatch.setattr(sending, "STOP_DEADLINE", 0.1)
    answers, fails = store.audit.ends, 2

    async def ends() -> Sequence[End]:
        nonlocal fails
        fails -= 1
        if fails >= 0:
            raise StoreUnavailable("gone")
        return await answers()

    monkeypatch.setattr(store.audit, "ends", ends)
    await store.webhooks.create("http://127.0.0.1:9/", frozenset({EventType.AUDIT_HEAD}), new_secret())
    heads = sender_of(store, tmp_path / "none" / "heads", clock)
    heads.start()
    await log.until("the audit's head was not written to its file", 1)
    assert log.count("audit head") == 1
    await heads.close()
    assert log.count("audit head") == 2
