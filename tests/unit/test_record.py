"""The record on a real SQLite and a real PostgreSQL: the outbox's order, tokens, answers."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen

from adapter.core.bars import BarChanges, Kind, Who
from adapter.core.modes import Mode
from adapter.core.monitor import Supervisor
from adapter.core.record import EventType, OpenCall, Record, seal
from adapter.errors import NotFound
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.audit import Filter
from adapter.store.people import UserChange
from adapter.store.prepared import Prepared
from adapter.store.tokens import NewToken, Scope
from tests.support.clock import FakeClock
from tests.support.records import BY, SILENT, entry, event, outcome, write
from tests.unit.test_store import ADMIN, NOW, SAM
from tests.unit.test_views import sams_call


async def test_a_change_and_its_entry_are_one(store: Store) -> None:
    admin, sam = await store.people.create(ADMIN), await store.people.create(SAM)
    changed = await store.people.change(sam.id, UserChange(can_monitor=True, by=BY))
    assert changed.granted_by == "admin"
    with pytest.raises(Exception, match="administrator"):
        await store.people.delete(admin.id)
    rows = await store.audit.page(Filter(), 10)
    assert [(row.actor, row.action, row.target) for row in rows] == [
        ("admin", "user.changed", "Sam"),
        ("system", "user.created", "Sam"),
        ("system", "user.created", "admin"),
    ]
    assert rows[0].reason == "can_monitor: false → true"


# --- outbox


async def test_the_order_within_a_call(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    deaf = await store.webhooks.create("http://y", frozenset({EventType.CALL_ENDED}), "whsec_x")
    off = await store.webhooks.create("http://z", frozenset(EventType), "whsec_x", enabled=False)
    ids = await write(store, event(1), event(2), event(3, "c2"), event(4))
    assert await store.outbox.due(deaf.id, NOW, 10) == []
    assert await store.outbox.due(off.id, NOW, 10) == []
    first, other = await store.outbox.due(hook.id, NOW, 10)
    assert [first.event_id, other.event_id] == [ids[0], ids[2]]
    await store.outbox.settle(
        [
            outcome(first, delivered=False, again=NOW + timedelta(seconds=5), tried_for=timedelta(seconds=7)),
            outcome(other),
        ]
    )
    assert await store.outbox.due(hook.id, NOW, 10) == []
    assert await store.outbox.next_at(hook.id) == NOW + timedelta(seconds=5)
    (again,) = await store.outbox.due(hook.id, NOW + timedelta(seconds=6), 10)
    assert (again.event_id, again.attempts, again.tried_for) == (ids[0], 1, timedelta(seconds=7))
    await store.outbox.settle([outcome(again)])
    (second,) = await store.outbox.due(hook.id, NOW, 10)
    assert second.event_id == ids[1]
    (depth,) = await store.outbox.depths()
    assert (depth.hook_id, depth.count) == (hook.id, 2)
    assert depth.oldest == NOW + timedelta(seconds=2)


async def test_what_is_written_twice_is_there_once(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    sealed = seal(Record(entries=[entry(1)], events=[event(1)], calls={"c1": OpenCall(sams_call(None), True)}), new_id)
    await store.records.write(sealed, NOW)
    await store.records.write(sealed, NOW, again=True)
    assert len(await store.outbox.due(hook.id, NOW, 10)) == 1
    assert (await store.audit.verify()).entries == 2
    assert await store.records.open_calls() == {"c1": OpenCall(sams_call(None), True)}
    await store.records.write(seal(Record(calls={"c1": None}), new_id), NOW)
    assert await store.records.open_calls() == {}


def statements_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are made from now on, in whichever way."""
    made: list[str] = []
    writer, directly = store.database._writer, Prepared._directly
    for engine in filter(None, (store.database.engine.sync_engine, writer and writer._engine)):
        listen(engine, "before_cursor_execute", lambda *args: made.append(args[2]))

    def counted(self: Prepared, *args: Any) -> Any:
        made.append(self._text)
        return directly(self, *args)

    monkeypatch.setattr(Prepared, "_directly", counted)
    return made


async def test_much_is_written_in_no_more_statements_than_little(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy process comes to each statement late, and the whole batch has one deadline."""
    counts = []
    statements = statements_of(store, monkeypatch)
    for size in (2, 60):
        new = {
            f"m{size}-{n}": replace(SILENT, id=f"m{size}-{n}", supervisor=Supervisor(f"u{size}-{n}", "Somebody"))
            for n in range(size)
        }
        calls = {f"c{size}-{n}": OpenCall(sams_call(None), True) for n in range(size)}
        for monitors in (new, {key: replace(monitor, mode=Mode.BARGE) for key, monitor in new.items()}):
            entries, events = [entry(n) for n in range(size)], [event(n) for n in range(size)]
            statements.clear()
            await store.records.write(seal(Record(entries, events, monitors, {**calls}), new_id), NOW)
            counts.append(len(statements))
        assert len(await store.records.open_calls()) == size
        for key, monitor in monitors.items():
            found = await store.monitors.find(key)
            assert found is not None
            assert (found.id, found.mode) == (key, monitor.mode)
        statements.clear()
        await store.records.write(seal(Record(calls=dict.fromkeys(calls)), new_id), NOW)
        assert await store.records.open_calls() == {}
        counts.append(len(statements))
    assert counts[:3] == counts[3:]
    assert all(counts), "they were not counted"


async def test_giving_up_and_trying_again_by_hand(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    ids = await write(store, *(event(number) for number in range(3)), event(4, "c2"))
    last = await store.outbox.newest() - 2
    assert await store.outbox.give_up(hook.id, last, NOW) == 2
    assert await store.outbox.give_up(hook.id, last, NOW) == 0
    assert {due.event_id for due in await store.outbox.due(hook.id, NOW, 10)} == {ids[2], ids[3]}
    failed = await store.outbox.page(hook.id, 10, None, [], failed_only=True)
    assert [row.id for _, row in failed] == [ids[1], ids[0]]
    await store.outbox.again(hook.id, ids[0], NOW, [])
    assert {due.event_id for due in await store.outbox.due(hook.id, NOW, 10)} == {ids[0], ids[2], ids[3]}
    with pytest.raises(NotFound):
        await store.outbox.again(hook.id, "none", NOW, [])
    later = NOW + timedelta(hours=1)
    assert await store.sweep.events(timedelta(0), 1.0, later) == 1
    for due in await store.outbox.due(hook.id, NOW, 10):
        await store.outbox.settle([outcome(due)])
    assert await store.sweep.events(timedelta(0), 1.0, later) == 2, "the newest is what the others' age is held against"
    assert len(await store.outbox.page(hook.id, 10, None, [])) == 1


async def test_deliveries_about_monitors_are_hidden_from_those_in_the_conversation(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    ids = await write(store, event(1), event(2, kind=EventType.MONITOR_STARTED), event(3, kind=EventType.CALL_ENDED))
    # The end of a call waits behind what is told of its monitor: how far it is would tell.
    assert [row.id for _, row in await store.outbox.page(hook.id, 10, None, ["conversation"])] == [ids[0]]
    with pytest.raises(NotFound):
        await store.outbox.again(hook.id, ids[1], NOW, ["conversation"])


async def test_a_barred_hook_hears_of_monitors_when_the_conversation_is_over(store: Store) -> None:
    """Also of what waited to be told it when it was barred; what it was told before is not told twice."""
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    other = await store.webhooks.create("http://y", frozenset(EventType), "whsec_y")
    started, changed = EventType.MONITOR_STARTED, EventType.MONITOR_MODE_CHANGED
    ids = await write(store, event(1), event(2, kind=started), event(3, kind=changed))
    for _ in range(2):
        await store.outbox.settle([outcome(due) for due in await store.outbox.due(hook.id, NOW, 10)])
    barred = BarChanges(hooks={(hook.id, "conversation")})
    more = Record(barred=barred, events=[event(4, kind=changed), event(5, kind=EventType.CALL_ENDED)])
    sealed = seal(more, new_id)
    await store.records.write(sealed, NOW)
    assert [due.event_id for due in await store.outbox.due(hook.id, NOW, 10)] == [sealed.event_ids[1]]
    assert [due.event_id for due in await store.outbox.due(other.id, NOW, 10)] == [ids[0]]
    await store.outbox.settle([outcome(due) for due in await store.outbox.due(hook.id, NOW, 10)])
    assert await store.outbox.due(hook.id, NOW, 10) == []
    assert (await store.records.bars()).made(Who("u"), Kind.HOOK, hook.id).size == 0
    await store.records.write(seal(Record(barred=BarChanges(released={"conversation"})), new_id), NOW)
    told = []
    while found := await store.outbox.due(hook.id, NOW, 10):
        told += [due.event_id for due in found]
        await store.outbox.settle([outcome(due) for due in found])
    assert told == [ids[2], sealed.event_ids[0]]


async def test_a_deleted_hook_takes_its_deliveries_along(store: Store) -> None:
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    await write(store, event(1))
    await store.webhooks.delete(hook.id)
    assert await store.outbox.depths() == []
    with pytest.raises(NotFound):
        await store.webhooks.delete(hook.id)
    with pytest.raises(NotFound):
        await store.webhooks.get(hook.id)


async def test_writers_and_settlers_at_once_leave_nothing_behind(store: Store) -> None:
    """A delivery that ends while its successor is written: the successor must become due in any order of the two."""
    hook = await store.webhooks.create("http://x", frozenset(EventType), "whsec_x")
    delivered: list[str] = []
    written: list[str] = []

    async def settle() -> None:
        idle = 0
        while idle < 20:
            found = await store.outbox.due(hook.id, NOW, 10)
            idle = 0 if found else idle + 1
            delivered.extend(due.event_id for due in found)
            if found:
                await store.outbox.settle([outcome(due) for due in found])
            else:
                await asyncio.sleep(0.01)

    async def produce() -> None:
        for number in range(60):
            written.extend(await write(store, event(number)))

    await asyncio.gather(produce(), settle())
    assert delivered == written


# --- tokens and answers


async def test_tokens(store: Store, clock: FakeClock) -> None:
    sam = await store.people.create(SAM)
    made, secret = await store.tokens.create(NewToken(name="crm", user_id=sam.id), BY)
    assert secret.startswith("cm_")
    found = await store.tokens.find(secret, NOW)
    assert found is not None
    assert (found.id, found.service, found.scopes, found.used_at) == (made.id, False, frozenset({Scope.MONITOR}), NOW)
    assert await store.tokens.find(secret + "x", NOW) is None
    brief = NewToken(name="brief", may_act_for=frozenset({sam.id}), expires_at=NOW + timedelta(hours=1))
    expiring, other = await store.tokens.create(brief, BY)
    assert expiring.service
    assert await store.tokens.find(other, NOW)
    assert await store.tokens.find(other, NOW + timedelta(hours=1)) is None
    assert await store.tokens.alive(NOW) == {made.id, expiring.id}
    assert await store.tokens.alive(NOW + timedelta(hours=2)) == {made.id}
    before = await store.people.version()
    await store.tokens.revoke(made.id, BY)
    assert await store.people.version() != before
    assert await store.tokens.find(secret, NOW) is None
    with pytest.raises(NotFound):
        await store.tokens.revoke(made.id)
    async with store.database.engine.connect() as connection:
        kept = str((await connection.execute(text("SELECT * FROM tokens"))).all())
    assert other not in kept
    await store.people.create(ADMIN)
    await store.tokens.create(NewToken(name="sams", user_id=sam.id), BY)
    await store.people.delete(sam.id)
    assert [token.name for token in await store.tokens.all()] == ["brief"]


async def test_answers_are_remembered_for_a_day(store: Store, clock: FakeClock) -> None:
    answers = store.answers
    assert await answers.begin("k", "body", "m1", NOW) is None
    pending = await answers.begin("k", "body", "m2", NOW)
    assert pending is not None
    assert (pending.monitor_id, pending.status) == ("m1", None)
    await answers.finish("k", 201, "{}")
    clock.passes(timedelta(hours=23))
    known = await answers.begin("k", "other", "m3", clock.now())
    assert known is not None
    assert (known.body_hash, known.status, known.answer) == ("body", 201, "{}")
    clock.passes(timedelta(hours=2))
    assert await answers.begin("k", "other", "m4", clock.now()) is None
    await answers.forget("k")
    assert await answers.begin("k", "other", "m5", clock.now()) is None
