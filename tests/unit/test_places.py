"""A supervisor has one place, also where two adapters start a monitor at once: the database refuses the second."""

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import Connection, text

from adapter.core.journal import requested
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState
from adapter.core.people import Directory
from adapter.core.record import Record, seal
from adapter.errors import AlreadyMonitoring, PlaceTaken
from adapter.monitoring.boards import Boards
from adapter.monitoring.recorder import Recorder
from adapter.store import Store, database
from tests.fake.pbx import FakePbx
from tests.fake.scene import ADMIN, PEOPLE, START
from tests.support.clock import real
from tests.unit.test_views import monitor


def one(number: int, **fields: object) -> Monitor:
    made = monitor(MonitorState.ENDED if "ended_reason" in fields else MonitorState.CONNECTING, Mode.SILENT)
    return replace(made, id=f"{number:032x}", leg=f"leg-{number}", **fields)  # type: ignore[arg-type]


async def write(store: Store, *monitors: Monitor) -> None:
    for each in monitors:
        await store.records.write(seal(Record(monitors={each.id: each}), lambda: "unused"), START)


async def test_a_second_monitor_of_a_supervisor_is_refused_until_the_first_has_ended(store: Store) -> None:
    await write(store, one(1))
    with pytest.raises(PlaceTaken):
        await write(store, one(2))
    assert await store.monitors.find(one(2).id) is None
    ended = one(1, ended_reason=EndReason.STOPPED, ended_at=START)
    await write(store, ended, one(2), ended)
    assert [each.id for each in await store.monitors.unfinished()] == [one(2).id]


async def test_a_start_waits_a_moment_for_the_end_that_another_adapter_writes(store: Store) -> None:
    boards = Boards([FakePbx().board], Directory.of(PEOPLE), START)
    recorder = Recorder(boards, store.monitors, store.records, lambda: START)
    await write(store, one(1))
    begun = asyncio.ensure_future(recorder.begin(one(2), requested(one(2), ADMIN)))
    await asyncio.sleep(0.1)
    assert not begun.done()
    await write(store, one(1, ended_reason=EndReason.STOPPED, ended_at=START))
    await begun
    with pytest.raises(AlreadyMonitoring):
        await recorder.begin(one(3), requested(one(3), ADMIN))
    assert await store.monitors.find(one(3).id) is None
    await recorder.close(1)


async def test_what_a_fault_left_twice_is_ended_but_for_the_newest(empty_database_url: str) -> None:
    before = database.Database(empty_database_url)

    def old(connection: Connection) -> None:
        config = database._migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0006_phones_pbx")
        names = "id, pbx, call_id, conversation_id, target, leg, supervisor_id, supervisor_name, device, keypad, mode"
        for key, supervisor, at in (("a", "1", "08:00"), ("b", "1", "09:00"), ("c", "1", "08:30"), ("d", "2", "07:00")):
            values = f"'{key}', 'lab', 'c', 'c', 't', '{key}', '{supervisor}', 'M', 'PJSIP/1', :no, 'silent'"
            row = f"INSERT INTO monitors ({names}, state, started_at) VALUES ({values}, 'live', '2026-01-01 {at}:00')"  # noqa: S608 - our own words
            connection.execute(text(row), {"no": False})

    async with before.engine.begin() as connection:
        await connection.run_sync(old)
    await before.close()
    store = await Store.open(empty_database_url, clock=real)
    assert sorted(each.id for each in await store.monitors.unfinished()) == ["b", "d"]
    over = await store.monitors.find("a")
    assert over is not None
    assert (over.ended_reason, over.ended_at) == (EndReason.ERROR, over.started_at)
    await store.close()
