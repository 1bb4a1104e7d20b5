"""The connection that is kept for what is asked every second: as the usual way, and well again after every fault."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapter.core.ownership import Member, Process
from adapter.core.people import Role
from adapter.errors import StoreUnavailable
from adapter.store import Store
from adapter.store.marks import CONSENT, EXEMPT, HELP, PEOPLE
from adapter.store.people import NewUser
from tests.support.clock import real
from tests.support.postgresql import PostgreSQL

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
THIS, OTHER = (
    Member(name, Process("host", number, "boot", "net", number), "1.0", AT, 0)
    for number, name in enumerate(("a" * 32, "b" * 32))
)


@pytest.fixture
async def store(postgresql: PostgreSQL) -> AsyncIterator[Store]:
    """An empty PostgreSQL database."""
    postgresql.ask("CREATE DATABASE standing TEMPLATE template0")
    opened = await Store.open(postgresql.url("standing"), clock=real)
    yield opened
    await opened.close()
    postgresql.ask("DROP DATABASE standing WITH (FORCE)")


async def backends(store: Store) -> list[int]:
    """The server's processes behind the kept connections."""
    found = [await store.database.ask("SELECT pg_backend_pid()", writes=writes) for writes in (False, True)]
    return [rows[0][0] for rows in found if rows]


async def test_members_and_owners_are_the_same_either_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.owners.join(THIS, AT)
    await store.owners.join(OTHER, AT)
    assert await store.owners.take(THIS, ["north", "south"], await store.owners.look(), AT)
    assert await store.owners.take(OTHER, ["west"], await store.owners.look(), AT)
    await store.owners.release(OTHER.id)
    await store.owners.renew(THIS.id, AT)
    kept = await store.owners.look()
    assert {*kept.owners} == {"north", "south", "west"}
    assert kept.members[THIS.id].beat == 1
    assert kept.owners["west"].member is None
    pooler = store.database._pooler
    assert pooler is not None
    monkeypatch.setattr(pooler, "between", True)  # as behind one, where nothing can be kept
    assert await store.database.ask("SELECT 1") is None
    assert await store.owners.look() == kept
    assert (await store.owners.renew(THIS.id, AT)).members[THIS.id].beat == 2


async def test_marks_are_read_at_once_and_change_with_what_they_stand_for(store: Store) -> None:
    before = await store.marks.read()
    assert set(before) == {PEOPLE, EXEMPT, HELP, CONSENT}
    await store.people.create(NewUser(username="p", name="P", role=Role.AGENT, password="a long enough one"))
    after = await store.marks.read()
    assert after[PEOPLE] == await store.people.version() != before[PEOPLE]
    assert after[EXEMPT] == before[EXEMPT]


async def test_the_same_marks_on_sqlite(tmp_path: object) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/adapter.sqlite", clock=real)
    try:
        await store.people.create(NewUser(username="p", name="P", role=Role.AGENT, password="a long enough one"))
        assert (await store.marks.read())[PEOPLE] == await store.people.version()
    finally:
        await store.close()


async def test_a_connection_that_was_cut_is_made_anew(store: Store, postgresql: PostgreSQL) -> None:
    before = await backends(store)
    for pid in before:
        postgresql.ask(f"SELECT pg_terminate_backend({pid})")
    for writes in (False, True):
        with pytest.raises(StoreUnavailable):
            await store.database.ask("SELECT 1", writes=writes)
    assert not {*before} & {*await backends(store)}


async def test_a_question_that_was_given_up_leaves_no_answer_for_the_next(store: Store) -> None:
    slow = asyncio.ensure_future(store.database.ask("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.2)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await store.database.ask("SELECT 7") == [(7,)]


async def test_whoever_is_frozen_in_a_transaction_is_not_waited_for(
    database_deadlines: None, store: Store, postgresql: PostgreSQL
) -> None:
    """And what can't be written can be read meanwhile."""
    await store.owners.join(THIS, AT)
    frozen = await store.database.engine.connect()
    await frozen.exec_driver_sql("UPDATE members SET pid = pid")
    renewal = asyncio.ensure_future(store.owners.renew(THIS.id, AT))
    await asyncio.sleep(0.1)
    assert (await store.owners.look()).members[THIS.id].beat == 0
    assert not renewal.done()
    with pytest.raises(StoreUnavailable):
        await asyncio.wait_for(renewal, 10)
    await frozen.rollback()
    await frozen.close()
    assert (await store.owners.renew(THIS.id, AT)).members[THIS.id].beat == 1


async def test_whoever_is_cancelled_while_it_connects_leaves_it_to_the_next(store: Store) -> None:
    first = asyncio.ensure_future(store.database.ask("SELECT 1"))
    await asyncio.sleep(0)
    standing = store.database._reading
    while standing._opening is None:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert await store.database.ask("SELECT 7") == [(7,)]
    assert standing._opening is None
