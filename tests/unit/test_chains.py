"""The audit's chains: what is in which, that all are proven together, and whatever somebody does to the tables."""

# ruff: noqa: S608 - what a forger does
import asyncio
import json
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from adapter.core.audit import CHAIN, Action, By, Entry, Via
from adapter.core.heads import NONCE, SentHead, seal
from adapter.core.record import EventType, HookEvent, Record
from adapter.core.record import seal as seal_record
from adapter.health.heads import Heads
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.audit import Filter
from adapter.store.chain import ANCHORED, START, ChainVerdict, row_hash
from adapter.store.chains import BITS, Chain
from adapter.store.outbox import Outcome
from adapter.store.tables import AuditRow
from tests.support.clock import FakeClock
from tests.support.records import BY, SILENT, entry, execute, without_triggers
from tests.unit.test_heads import put_back
from tests.unit.test_store import NOW

PBXES = ("north", "south")
DAY = timedelta(days=1)


async def write(store: Store, number: int, *pbxes: str) -> None:
    """A record of these PBXes with one entry."""
    await store.records.write(seal_record(Record(entries=[entry(number)], pbxes={*pbxes}), new_id), NOW)


async def filled(store: Store, count: int = 6) -> None:
    """All three chains have entries, and the installation's says where the others end."""
    key = await store.installation.key()
    for number in range(count):
        for pbx in PBXES:
            await write(store, number, pbx)
        await store.audit.add(entry(number))
        if number % 2:
            await store.audit.anchor(key)


async def chain_of(store: Store, name: str) -> Chain:
    async with store.database.read() as session:
        number = await session.scalar(text("SELECT id FROM audit_chains WHERE name = :name"), {"name": name})
    return Chain(int(number or 0), name)


async def numbers(store: Store) -> dict[str, list[int]]:
    """The numbers of all entries, by chain."""
    async with store.database.read() as session:
        seqs = list(await session.scalars(select(AuditRow.seq).order_by(AuditRow.seq)))
    names = {0: CHAIN} | {(await chain_of(store, pbx)).id: pbx for pbx in PBXES}
    found: dict[str, list[int]] = {}
    for seq in seqs:
        found.setdefault(names[seq >> BITS], []).append(seq & (2**BITS - 1))
    return found


async def test_what_is_of_one_pbx_is_in_its_chain_and_all_else_in_the_installations(store: Store) -> None:
    await write(store, 1, "north")
    await write(store, 2, "south")
    await write(store, 3, "north", "south")
    await write(store, 4)
    await write(store, 5, ":chores")
    about = entry(6, monitor_id=SILENT.id)
    both = Record(entries=[about, entry(7)], monitors={SILENT.id: SILENT}, pbxes={SILENT.pbx, "south"})
    await store.records.write(seal_record(both, new_id), NOW)
    await write(store, 8, "installation")
    verdict = await store.audit.verify()
    assert verdict.faults == []
    assert {chain.name: chain.entries for chain in verdict.chains} == {"north": 1, "south": 1, SILENT.pbx: 1}
    assert verdict.entries == 8
    assert [row.reason for row in await store.audit.page(Filter(), 20)] == [
        f"number {number} - ü" for number in range(8, 0, -1)
    ], "whoever reads sees one list"


async def test_pages_over_all_chains_have_no_gap_and_nothing_twice(store: Store) -> None:
    """Also where many entries have the same time, as those of one moment at several PBXes."""
    for number in range(30):
        await write(store, number // 6, *([PBXES[number % 2]] if number % 3 else []))
    await store.audit.anchor(b"k" * 32)
    for limit in (1, 4, 7):
        seen: list[str] = []
        after = None
        while rows := await store.audit.page(Filter(), limit, after):
            seen += [row.id for row in rows]
            after = rows[-1].id
        assert len(seen) == len(set(seen)) == 30, limit
    assert sum([len(rows) async for rows in store.audit.every(Filter())]) == 30


async def test_what_binds_the_chains_is_never_shown_and_tells_nothing(store: Store) -> None:
    await filled(store)
    latest = await store.audit.latest()
    before = await store.audit.page(Filter(), 100)
    key = await store.installation.key()
    await store.audit.anchor(key)
    await store.audit.anchor(key)
    assert await store.audit.latest() == latest
    assert [row.id for row in await store.audit.page(Filter(), 100)] == [row.id for row in before]
    assert await store.audit.page(Filter(action=ANCHORED), 100) == []
    async with store.database.read() as session:
        said = list(await session.scalars(select(AuditRow.target).where(AuditRow.action == ANCHORED)))
    assert len(set(said)) == len(said) == 5, "two of one and the same end differ"
    assert len({len(one or "") for one in said}) == 1
    verdict = await store.audit.verify()
    heads = [chain.head.split(":")[1] for chain in verdict.chains]
    assert not any(head in (one or "") for head in heads for one in said)


async def test_one_chain_alone_is_as_it_was(store: Store) -> None:
    await store.audit.add(entry(1))
    await store.audit.anchor(b"k" * 32)
    verdict = await store.audit.verify()
    assert (verdict.entries, verdict.chains, verdict.faults) == (1, [], [])


# --- proven together


async def test_noted_heads_of_all_chains(store: Store) -> None:
    await filled(store)
    verdict = await store.audit.verify()
    noted = [verdict.head, *(f"{chain.name}:{chain.head}" for chain in verdict.chains)]
    await write(store, 9, "north")
    assert (await store.audit.verify(noted)).faults == []
    wrong = f"north:3:{'0' * 64}"
    assert (await store.audit.verify([*noted, wrong])).faults == ["north: the noted head is not in this chain"]
    assert (await store.audit.verify(f"east:3:{'0' * 64}")).faults == ["the chain of east is missing: there was one"]


async def test_a_head_that_was_sent_speaks_for_all_chains(store: Store) -> None:
    """The head of the installation's chain, which goes out; nothing of a PBX can be taken away behind it."""
    await filled(store)
    key = await store.installation.key()
    await store.audit.anchor(key)
    end = await store.audit.head()
    sent = SentHead(CHAIN, seal(key, end, secrets.token_bytes(NONCE)), NOW, "a head")
    assert (await store.audit.verify(None, [sent], key)).proven == 1
    north = await chain_of(store, "north")
    await without_triggers(
        store,
        f"DELETE FROM audit WHERE seq > {north.seq(3)} AND seq < {north.end}",
        f"UPDATE audit_chains SET head = (SELECT '3:' || hash FROM audit WHERE seq = {north.seq(3)}) "
        f"WHERE id = {north.id}",
        f"DELETE FROM audit WHERE action = '{ANCHORED}' AND seq > 5",
    )
    assert (await store.audit.verify(None, [sent], key)).faults != []


async def restored(store: Store, *statements: str) -> Sequence[str]:
    """What the proof says after this was done to the tables; then all is as before."""
    away, back = await put_back(store)
    rows = ("audit", "audit_chains", "facts")
    await execute(store, *away, *(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}" for name in rows), *statements)
    found = (await store.audit.verify()).faults
    undo = [part for name in rows for part in (f"DELETE FROM {name}", f"INSERT INTO {name} SELECT * FROM kept_{name}")]
    await execute(store, *undo, *(f"DROP TABLE kept_{name}" for name in rows), *back)
    return found


FIELDS = ("actor", "via", "action", "result", "reason", "target", "call_id", "supervisor", "agent", "mode", "id")


def _a_field(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    seq = chance.choice((Chain(0, CHAIN), one)).seq(chance.randint(1, last))
    return [f"UPDATE audit SET {chance.choice(FIELDS)} = 'x' WHERE seq = {seq}"]


def _a_row(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    return [f"DELETE FROM audit WHERE seq = {one.seq(chance.randint(1, last))}"]


def _shortened(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    """With a head that agrees: only what the installation's chain says can show it."""
    kept = chance.randint(0, last - 1)
    head = f"(SELECT '{kept}:' || hash FROM audit WHERE seq = {one.seq(kept)})" if kept else f"'0:{START}'"
    return [
        f"DELETE FROM audit WHERE seq > {one.seq(kept)} AND seq < {one.end}",
        f"UPDATE audit_chains SET head = {head} WHERE id = {one.id}",
    ]


def _dropped(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    gone = [f"DELETE FROM audit WHERE seq > {one.seq(0)} AND seq < {one.end}"]
    return [*gone, f"DELETE FROM audit_chains WHERE id = {one.id}"] if chance.random() < 0.5 else gone


def _forgotten(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    return [f"DELETE FROM audit_chains WHERE id = {one.id}"]


def _swapped_names(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    name = "UPDATE audit_chains SET name = '{}' WHERE id = {}"
    return [name.format("x", one.id), name.format(one.name, other.id), name.format(other.name, one.id)]


def _swapped_rows(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    """Whole chains change places, heads and all."""
    away, span = 10**18, 1 << BITS
    return [
        f"UPDATE audit SET seq = seq + {away} WHERE seq > {one.seq(0)} AND seq < {one.end}",
        f"UPDATE audit SET seq = seq - {other.seq(0)} + {one.seq(0)} WHERE seq > {other.seq(0)} AND seq < {other.end}",
        f"UPDATE audit SET seq = seq - {away} - {one.seq(0)} + {other.seq(0)} WHERE seq > {away}",
        f"UPDATE audit_chains SET head = (SELECT head FROM kept_audit_chains k WHERE k.id = {one.id + other.id} "
        "- audit_chains.id)",
        f"DELETE FROM audit WHERE seq > {span * 1000}",
    ]


def _moved(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    """The end of one chain becomes the end of another, both heads agree."""
    old, new = one.seq(last), other.seq(last + 1)
    return [
        f"UPDATE audit SET seq = {new}, previous = (SELECT hash FROM kept_audit WHERE seq = {other.seq(last)}) "
        f"WHERE seq = {old}",
        f"UPDATE audit_chains SET head = (SELECT '{last + 1}:' || hash FROM audit WHERE seq = {new}) "
        f"WHERE id = {other.id}",
        f"UPDATE audit_chains SET head = (SELECT '{last - 1}:' || hash FROM audit WHERE seq = {one.seq(last - 1)}) "
        f"WHERE id = {one.id}",
    ]


def _stray(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    where = chance.choice((other.end + (5 << BITS) + 3, one.seq(0)))
    return [f"UPDATE audit SET seq = {where} WHERE seq = {one.seq(chance.randint(1, last))}"]


def _unsaid(chance: random.Random, one: Chain, other: Chain, last: int) -> list[str]:
    return [f"DELETE FROM audit WHERE seq = (SELECT max(seq) FROM kept_audit WHERE action = '{ANCHORED}')"]


TAMPERINGS: Sequence[Callable[[random.Random, Chain, Chain, int], list[str]]] = (
    *(_a_field, _a_row, _shortened, _dropped, _forgotten, _swapped_names, _swapped_rows, _moved, _stray, _unsaid),
)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.__name__.strip("_"))
async def test_whatever_is_done_to_one_of_several_chains_is_found(
    store: Store, tampering: Callable[[random.Random, Chain, Chain, int], list[str]]
) -> None:
    await filled(store)
    assert await restored(store) == []
    chains = [await chain_of(store, pbx) for pbx in PBXES]
    for seed in range(6):
        chance = random.Random(seed)
        one, other = chance.sample(chains, 2)
        statements = tampering(chance, one, other, 6)
        assert await restored(store, *statements) != [], (seed, statements)
    assert (await store.audit.verify()).faults == [], "it was not put back"


async def test_a_cut_of_what_is_not_as_old_as_its_note_says_is_found(store: Store) -> None:
    for through, days, is_found in ((3, 300, False), (6, -300, True)):
        await filled(store)
        plan = await store.audit.plan(timedelta(0), through, "north")
        assert plan is not None
        assert await store.audit.cut(replace(plan, before=plan.until + timedelta(days=days))) == 3
        faults = (await store.audit.verify()).faults
        assert any("more was cut than was old" in fault for fault in faults) is is_found, faults


async def test_a_chain_that_begins_while_all_are_gone_through_is_no_stray(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(store)
    looks = store.audit._strays

    async def later(known: Sequence[Chain]) -> Sequence[str]:
        await write(store, 1, "new")
        return await looks(known)

    monkeypatch.setattr(store.audit, "_strays", later)
    assert (await store.audit.verify()).faults == []


async def test_a_chain_that_was_written_anew_whole_is_found(store: Store) -> None:
    """By somebody who can make every hash of it, since hashes have no secret: what was said of it before has one."""
    await filled(store)
    north = await chain_of(store, "north")
    async with store.database.read() as session:
        query = select(AuditRow).where(AuditRow.seq > north.seq(0), AuditRow.seq < north.end).order_by(AuditRow.seq)
        rows = list(await session.scalars(query))
    for first in (0, 3, 5):
        previous, made = rows[first].previous, []
        for row in rows[first:]:
            fields = {column.name: getattr(row, column.name) for column in AuditRow.__table__.columns}
            fields.update(actor="nobody", previous=previous)
            made.append((row.seq, previous, row_hash(fields, "north")))
            previous = made[-1][2]
        forged = [
            f"UPDATE audit SET actor = 'nobody', previous = '{before}', hash = '{own}' WHERE seq = {seq}"
            for seq, before, own in made
        ]
        head = f"UPDATE audit_chains SET head = '{len(rows)}:{previous}' WHERE id = {north.id}"
        found = await restored(store, *forged, head)
        assert found != []
        assert all("installation's chain says" in fault for fault in found), "each hash is right by itself"


async def test_the_databases_own_guard_holds_for_each_chain(store: Store) -> None:
    """What a cut of one chain allows is no leave for another's entries."""
    await filled(store)
    south = await chain_of(store, "south")
    plan = await store.audit.plan(timedelta(0), through=2, chain="south")
    assert plan is not None
    await store.audit.cut(plan, BY, "a test")
    north = await chain_of(store, "north")
    for statement in (
        f"DELETE FROM audit WHERE seq = {north.seq(1)}",
        f"DELETE FROM audit WHERE seq = {south.seq(3)}",
        "DELETE FROM audit WHERE seq = 1",
        f"DELETE FROM audit_chains WHERE id = {north.id}",
        f"UPDATE audit_chains SET name = 'x' WHERE id = {north.id}",
    ):
        with pytest.raises(DBAPIError, match="add only"):
            await execute(store, statement)
    assert (await store.audit.verify()).faults == []


async def test_the_chains_are_bound_at_a_steady_pace_and_before_each_head(store: Store, clock: FakeClock) -> None:
    key = await store.installation.key()
    for number in range(3):
        await write(store, number, "north")
    never = Heads(store, key, (), None, lambda: None, clock.now)
    never.start()
    async with asyncio.timeout(20):
        while (await store.audit.head()).seq == 0:  # noqa: ASYNC110 - what is written wakes nobody here
            await asyncio.sleep(0.01)
    await never.close()
    await write(store, 4, "north")
    before = (await store.audit.head()).seq
    await Heads(store, key, ["stop"], None, lambda: None, clock.now).send()
    assert (await store.audit.head()).seq == before + 1
    north = await chain_of(store, "north")
    last = f"(SELECT '3:' || hash FROM audit WHERE seq = {north.seq(3)})"
    shorter = f"DELETE FROM audit WHERE seq = {north.seq(4)}"
    assert await restored(store, shorter, f"UPDATE audit_chains SET head = {last}") != []


async def test_a_pbxs_chain_that_is_changed_while_we_run_is_told_of(
    store: Store, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(store)
    heads = Heads(store, await store.installation.key(), ["stop"], None, lambda: None, clock.now)
    await heads.send()
    await heads.send()
    assert "behind our back" not in capsys.readouterr().out
    north = await chain_of(store, "north")
    last = f"(SELECT '3:' || hash FROM audit WHERE seq = {north.seq(3)})"
    gone = f"DELETE FROM audit WHERE seq > {north.seq(3)} AND seq < {north.end}"
    await without_triggers(store, gone, f"UPDATE audit_chains SET head = {last} WHERE id = {north.id}")
    await heads.send()
    assert "behind our back" in capsys.readouterr().out


# --- cuts


async def test_each_chain_is_cut_by_itself_and_all_stay_proven(store: Store, clock: FakeClock) -> None:
    """Also that of a PBX that is no more: its last entries are as old as any."""
    key = await store.installation.key()
    for day in range(10):
        at = clock.now()
        for pbx in ("north", "south") if day < 3 else ("north",):
            told = Entry(at=at, by=By("mona", Via.SESSION), action=Action.LOGIN, reason=f"{pbx} {day}")
            await store.records.write(seal_record(Record(entries=[told], pbxes={pbx}), new_id), at)
        await store.audit.add(Entry(at=at, by=BY, action=Action.LOGIN, reason=f"day {day}"))
        await store.audit.anchor(key)
        clock.passes(DAY)
    plans = {plan.chain: plan for plan in await store.audit.plans(4 * DAY)}
    assert {name: plan.count for name, plan in plans.items()} == {CHAIN: 10, "north": 5, "south": 3}
    for plan in plans.values():
        await store.audit.cut(plan, BY, "a test")
        assert (await store.audit.verify()).faults == []
        assert await store.audit.cut(plan, BY, "a test") == 0, "it was cut already"
    verdict = await store.audit.verify()
    assert len(verdict.cuts) == 3
    left = {name: found for name, found in (await numbers(store)).items() if name != CHAIN}
    assert left == {"north": [6, 7, 8, 9, 10, 11], "south": [4]}, "and the note of each"
    assert verdict.chains[1] == ChainVerdict("south", 1, 4, verdict.chains[1].head)
    await without_triggers(store, f"DELETE FROM audit WHERE action = '{ANCHORED}'")
    assert (await store.audit.verify()).faults != [], "what says where they end is in the chain too"


async def test_a_cut_of_the_installations_chain_says_anew_where_the_others_end(store: Store) -> None:
    await filled(store)
    newest = (await store.audit.head()).seq
    plan = await store.audit.plan(timedelta(0), through=newest)
    assert plan is not None
    await store.audit.cut(plan, BY, "a test")
    assert (await store.audit.verify()).faults == []
    south = await chain_of(store, "south")
    await without_triggers(
        store,
        f"DELETE FROM audit WHERE seq > {south.seq(0)} AND seq < {south.end}",
        *(("DROP TRIGGER audit_chains_no_delete",) if store.database.engine.dialect.name == "sqlite" else ()),
        *(("ALTER TABLE audit_chains DISABLE TRIGGER ALL",) if store.database.engine.dialect.name != "sqlite" else ()),
        f"DELETE FROM audit_chains WHERE id = {south.id}",
    )
    assert (await store.audit.verify()).faults == ["the chain of south is missing: there was one"]


# --- beside the version before


async def test_what_the_version_before_writes_beside_us_is_in_the_installations_chain(store: Store) -> None:
    await filled(store, 2)
    end = await store.audit.head()
    async with store.database.read() as session:
        row = await session.get(AuditRow, end.seq)
        assert row is not None
        fields = {column.name: getattr(row, column.name) for column in AuditRow.__table__.columns}
    fields.update(seq=end.seq + 1, id="f" * 32, actor="old", action="session.login", target=None, previous=end.hash)
    fields["hash"] = row_hash(fields)
    names = ", ".join(fields)
    async with store.database.work() as session:
        table = AuditRow.__table__
        await session.execute(table.insert().values(fields))  # type: ignore[attr-defined]
        head = {"head": f"{fields['seq']}:{fields['hash']}"}
        await session.execute(text("UPDATE facts SET value = :head WHERE name = 'audit_head'"), head)
    await filled(store, 2)
    verdict = await store.audit.verify()
    assert verdict.faults == [], names
    assert "old" in [one.actor for one in await store.audit.page(Filter(), 100)]


# --- what hooks are told


async def test_a_lane_keeps_its_order_whoever_writes_beside(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    for number in range(3):
        for pbx in PBXES:
            told = HookEvent(NOW, EventType.CALL_STARTED, f"call at {pbx}", "c", {"number": number})
            await store.records.write(seal_record(Record(events=[told], pbxes={pbx}), new_id), NOW)
    sent: dict[str, list[int]] = {}
    while due := await store.outbox.due(hook.id, NOW, 10):
        assert len(due) == 2, "the first of each call that is left"
        for one in due:
            sent.setdefault(one.lane, []).append(json.loads(one.body)["data"]["number"])
        await store.outbox.settle([Outcome(one, NOW, True, 200, "ok") for one in due])
    assert sent == {"call at north": [0, 1, 2], "call at south": [0, 1, 2]}
