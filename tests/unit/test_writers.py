"""Writers of the record on a real PostgreSQL: those of different PBXes don't wait for each other, and nothing tears."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from adapter.core.bars import BarChanges
from adapter.core.follow import Follow
from adapter.core.monitor import MonitorState, Supervisor
from adapter.core.record import EventType, HookEvent, Record, seal
from adapter.errors import PlaceTaken
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.audit import append
from adapter.store.locks import alone, take_places, together
from adapter.store.outbox import OUTBOX, Due, Outcome
from tests.support.clock import real
from tests.support.records import SILENT, entry
from tests.unit.test_follow import _connecting
from tests.unit.test_store import NOW

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
PBXES = ("east", "north", "south", "west")
MOMENT = 0.3
"""Seconds after which somebody who still waits does so for a lock."""


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[list[Store]]:
    """Connections of five adapters to one database."""
    made = [await Store.open(database_url, clock=real) for _ in range(len(PBXES) + 1)]
    yield made
    for one in made:
        await one.close()


def told(pbx: str, number: int, lane: str = "") -> HookEvent:
    return HookEvent(NOW, EventType.CALL_STARTED, lane or f"call at {pbx}", f"c {pbx}", {"number": number})


async def write(store: Store, number: int, *pbxes: str) -> None:
    """A record with an entry and an event."""
    record = Record(entries=[entry(number)], events=[told("".join(pbxes), number)], pbxes={*pbxes})
    await store.records.write(seal(record, new_id), NOW)


@asynccontextmanager
async def held(store: Store, pbx: str) -> AsyncIterator[None]:
    """Somebody is in the middle of writing an entry and an event of this PBX."""
    async with store.database.work() as session:
        await append(session, [entry(0)], pbx)
        await session.run_sync(together, OUTBOX, [f"call at {pbx}"])
        yield


async def test_who_writes_of_one_pbx_waits_for_nobody_who_writes_of_another(stores: list[Store]) -> None:
    await write(stores[0], 1, "north")
    async with held(stores[0], "north"):
        await write(stores[1], 2, "south")
        await stores[2].audit.add(entry(3))
        same = asyncio.ensure_future(write(stores[3], 4, "north"))
        await asyncio.wait({same}, timeout=MOMENT)
        assert not same.done(), "two write one chain at once"
    await same
    assert (await stores[0].audit.verify()).faults == []


async def test_what_changes_for_hooks_waits_until_nobody_adds_and_overtakes_those_who_come(stores: list[Store]) -> None:
    async with stores[3].database.work() as session:
        async with held(stores[0], "north"):
            alone_now = asyncio.ensure_future(session.run_sync(alone, OUTBOX))
            await asyncio.wait({alone_now}, timeout=MOMENT)
            assert not alone_now.done(), "it is held alone while somebody adds"
            later = asyncio.ensure_future(write(stores[1], 1, "south"))
            await asyncio.wait({later}, timeout=MOMENT)
            assert not later.done(), "who comes later goes first: whoever waits may wait for ever"
        await alone_now
        await asyncio.wait({later}, timeout=MOMENT)
        assert not later.done(), "somebody adds though it is held alone"
    await later


async def test_what_became_of_deliveries_is_noted_while_others_add_to_other_calls(stores: list[Store]) -> None:
    hook = await stores[0].webhooks.create("http://x", frozenset(EventType), "whsec_x")
    for pbx in ("north", "south"):
        await write(stores[0], 1, pbx)
    north, south = sorted(await stores[0].outbox.due(hook.id, NOW, 9), key=lambda due: due.lane)

    async def noted(due: Due) -> None:
        await stores[1].outbox.settle([Outcome(due, NOW, True, 200, "ok")])

    async with held(stores[0], "north"):
        await noted(south)
        same = asyncio.ensure_future(noted(north))
        await asyncio.wait({same}, timeout=MOMENT)
        assert not same.done(), "an event may be added behind it, that then nobody sends"
        await write(stores[2], 2, "south")
    await same
    (next_one,) = await stores[0].outbox.due(hook.id, NOW, 9)
    assert next_one.lane == "call at south"


async def test_an_adapter_of_the_version_before_and_we_keep_each_other_out(stores: list[Store]) -> None:
    """That one takes a turn at the rows of `facts`, and counts on being alone then."""
    old = text("UPDATE facts SET value = value WHERE name = 'outbox'")
    async with stores[0].database.work() as session:
        await session.execute(old)
        ours = asyncio.ensure_future(write(stores[1], 1, "north"))
        await asyncio.wait({ours}, timeout=MOMENT)
        assert not ours.done()
    await ours
    async with stores[0].database.work() as session:
        async with held(stores[1], "north"):
            theirs = asyncio.ensure_future(session.execute(old))
            await asyncio.wait({theirs}, timeout=MOMENT)
            assert not theirs.done()
        await theirs


async def test_many_writers_of_all_sorts_never_wait_in_a_circle(stores: list[Store]) -> None:
    """Records of one, several or no PBX, new ones too, settings, hooks that hear or don't, and anchors."""
    hook = await stores[0].webhooks.create("http://x", frozenset(EventType), "whsec_x")
    key = await stores[0].installation.key()

    async def writer(store: Store, seed: int) -> int:
        chance, entries = random.Random(seed), 0
        for number in range(25):
            pbxes = chance.sample([*PBXES, f"new{number % 5}"], chance.choice((0, 1, 1, 1, 2, 3)))
            what = chance.random()
            if what < 0.1:
                await store.audit.anchor(key)
            elif what < 0.2:
                await store.audit.add(entry(number))
            elif what < 0.35:
                conversation = f"c {chance.choice(PBXES)}"
                change = (
                    BarChanges(hooks={(hook.id, conversation)}) if number % 2 else BarChanges(released={conversation})
                )
                record = Record(entries=[entry(number)], events=[told("x", number)], barred=change, pbxes={*pbxes})
                await store.records.write(seal(record, new_id), NOW)
            else:
                await write(store, number, *pbxes)
            entries += what >= 0.1
        return entries

    counts = await asyncio.gather(*(writer(store, seed) for seed, store in enumerate(stores)))
    verdict = await stores[0].audit.verify()
    assert verdict.faults == []
    assert verdict.entries >= sum(counts)


async def test_events_of_many_writers_are_delivered_once_each_and_in_order_for_each_call(stores: list[Store]) -> None:
    hook = await stores[0].webhooks.create("http://x", frozenset(EventType), "whsec_x")
    each, writing = 30, True
    order: dict[str, list[str]] = defaultdict(list)
    wanted: dict[str, list[str]] = defaultdict(list)

    async def writer(store: Store, pbx: str) -> None:
        for number in range(each):
            lane = f"{pbx} {number % 3}"
            sealed = seal(Record(events=[told(pbx, number, lane)], pbxes={pbx}), new_id)
            wanted[lane].extend(sealed.event_ids)
            await store.records.write(sealed, NOW)

    async def sender(store: Store) -> None:
        while True:
            last = not writing
            found = await store.outbox.due(hook.id, NOW, 50)
            if not found and last:
                return
            for due in found:
                order[due.lane].append(due.event_id)
            if found:
                await store.outbox.settle([Outcome(due, NOW, True, 200, "ok") for due in found])
            else:
                await asyncio.sleep(0)

    async with asyncio.timeout(60):
        sending = asyncio.ensure_future(sender(stores[-1]))
        await asyncio.gather(*(writer(store, pbx) for store, pbx in zip(stores, PBXES, strict=False)))
        writing = False
        await sending
    assert order == wanted
    assert await stores[0].outbox.depths() == []


def begun(number: int, pbx: str, supervisor: Supervisor) -> tuple[Record, Record]:
    """Somebody begins to follow, and to monitor."""
    following: Follow = replace(_connecting(), id=f"f{number}-{pbx}", pbx=pbx, supervisor=supervisor)
    monitor = replace(SILENT, id=f"m{number}-{pbx}", pbx=pbx, supervisor=supervisor, state=MonitorState.CONNECTING)
    return Record(follows={following.id: following}, pbxes={pbx}), Record(monitors={monitor.id: monitor}, pbxes={pbx})


async def test_who_begins_to_follow_and_to_monitor_at_two_adapters_at_once_does_one_of_them(
    stores: list[Store],
) -> None:
    for number in range(30):
        supervisor = Supervisor(f"u{number}", "Somebody", "somebody")
        follow, _ = begun(number, "north", supervisor)
        _, monitor = begun(number, "south", supervisor)
        done = await asyncio.gather(
            stores[number % 2].records.write(seal(follow, new_id), NOW),
            stores[1 - number % 2].records.write(seal(monitor, new_id), NOW),
            return_exceptions=True,
        )
        assert [type(one) for one in done if one is not None] == [PlaceTaken], done


async def test_places_of_different_people_have_nothing_to_do_with_each_other(stores: list[Store]) -> None:
    follow, _ = begun(1, "north", Supervisor("u1", "One", "one"))
    _, monitor = begun(2, "south", Supervisor("u2", "Two", "two"))
    async with stores[0].database.work() as session:
        await session.run_sync(take_places, ["u1"])
        await stores[1].records.write(seal(monitor, new_id), NOW)
        same = asyncio.ensure_future(stores[2].records.write(seal(follow, new_id), NOW))
        await asyncio.wait({same}, timeout=MOMENT)
        assert not same.done()
    await same
