"""The store on a real SQLite and a real PostgreSQL: accounts, sessions, monitors, migrations, faults."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from argon2 import PasswordHasher
from sqlalchemy import Connection, select, text
from sqlalchemy.event import listen

from adapter.core.lifecycle import ended
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, MonitorState
from adapter.core.people import Role
from adapter.errors import ConfigError, Conflict, NotFound, StoreUnavailable
from adapter.monitoring.recorder import new_id
from adapter.store import Store, database
from adapter.store.people import NewUser, UserChange
from adapter.store.tables import Base, FactRow
from tests.support.clock import FakeClock, real
from tests.unit.test_views import monitor

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADMIN = NewUser(username="admin", name="Admin", role=Role.ADMINISTRATOR, password="long enough")
SAM = NewUser(username="Sam", name="Sam", role=Role.AGENT, password="long enough", extension="101", device="PJSIP/101")


async def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    def compare(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with store.database.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_a_database_of_a_newer_version(database_url: str) -> None:
    store = await Store.open(database_url, clock=real)
    async with store.database.work() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(StoreUnavailable, match="newer version"):
        await Store.open(database_url, clock=real)


async def test_two_that_start_at_once(empty_database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(empty_database_url, clock=real) for _ in range(3)))
    keys = [await store.installation.key() for store in stores]
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    for store in stores:
        await store.close()


async def test_accounts(store: Store) -> None:
    admin, sam = await store.people.create(ADMIN), await store.people.create(SAM)
    assert [user.username for user in await store.people.all()] == ["admin", "Sam"]
    assert await store.people.get(sam.id) == sam == await store.people.by_username("sAM")
    before = await store.people.version()
    changed = await store.people.change(sam.id, UserChange(can_monitor=True, modes=frozenset({Mode.BARGE})))
    granted = frozenset({Mode.SILENT, Mode.BARGE})
    assert changed == replace(sam, can_monitor=True, granted=granted, granted_by="system")
    assert await store.people.version() != before
    for wrong in (replace(SAM, username="SAM"), replace(SAM, username="x"), replace(SAM, username="x", extension=None)):
        with pytest.raises(Conflict):
            await store.people.create(wrong)
    for last in (UserChange(active=False), UserChange(role=Role.AGENT)):
        with pytest.raises(Conflict):
            await store.people.change(admin.id, last)
    with pytest.raises(Conflict):
        await store.people.delete(admin.id)
    await store.people.change(sam.id, UserChange(role=Role.ADMINISTRATOR, username="boss"))
    await store.people.delete(admin.id)
    with pytest.raises(NotFound):
        await store.people.delete(admin.id)
    assert await store.people.by_username("boss")


async def test_passwords(store: Store, cheap_passwords: PasswordHasher) -> None:
    sam = await store.people.create(SAM)
    checked = await store.people.check_password("SAM", "long enough")
    assert checked is not None
    assert checked.user == sam
    assert await store.people.check_password("sam", "Long enough") is None
    assert await store.people.check_password("nobody", "long enough") is None
    await store.people.create(ADMIN)
    await store.people.change(sam.id, UserChange(active=False))
    assert await store.people.check_password("sam", "long enough") is None
    assert cheap_passwords.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_sessions(store: Store, clock: FakeClock) -> None:
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    first, second = [await store.sessions.create(sam, clock.now()) for _ in range(2)]
    clock.passes(timedelta(minutes=50))
    found = await store.sessions.find(first, clock.now())
    assert found
    assert found.user_id == sam.id
    clock.passes(timedelta(minutes=50))
    assert await store.sessions.find(first, clock.now()), "its use kept it alive"
    assert await store.sessions.find(second, clock.now()) is None
    assert await store.sessions.find("wrong", clock.now()) is None
    checked = await store.people.check_password("sam", "long enough")
    assert checked is not None
    await store.people.set_password(checked, "another one", found.id)
    assert await store.sessions.alive(clock.now()) == {found.id}
    clock.passes(timedelta(minutes=61))
    assert await store.sessions.alive(clock.now()) == frozenset()
    third = await store.sessions.create(sam, clock.now())
    assert len(await store.sessions.alive(clock.now())) == 1
    again = await store.sessions.find(third, clock.now())
    assert again
    await store.sessions.end(again.id)
    assert await store.sessions.alive(clock.now()) == frozenset()
    await store.sessions.create(sam, clock.now())
    await store.people.change(sam.id, UserChange(active=False))
    assert await store.sessions.alive(clock.now()) == frozenset()
    await store.people.change(sam.id, UserChange(active=True))
    await store.sessions.create(sam, clock.now())
    await store.people.delete(sam.id)
    assert await store.sessions.alive(clock.now()) == frozenset()


async def test_using_a_session_writes_nothing_and_yet_is_remembered(
    store: Store, clock: FakeClock, database_url: str
) -> None:
    await store.people.create(ADMIN)
    sam = await store.people.create(SAM)
    token = await store.sessions.create(sam, clock.now())
    written: list[str] = []
    listen(store.database.engine.sync_engine, "before_cursor_execute", lambda *args: written.append(args[2]))
    clock.passes(timedelta(minutes=50))
    assert await store.sessions.find(token, clock.now())
    assert [text for text in written if not text.startswith("SELECT")] == []
    clock.passes(timedelta(minutes=50))
    assert len(await store.sessions.alive(clock.now())) == 1
    other = await Store.open(database_url, timedelta(hours=1), clock=clock.now, passing=clock.passing)
    assert await other.sessions.find(token, clock.now()), "it was written when all were looked at"
    await other.close()


async def test_many_who_write_at_once_all_get_their_turn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets writers try again and again; with a slow one among them, the unlucky would miss their deadline."""
    monkeypatch.setattr(database, "DEADLINE", 20.0)

    async def one(number: int) -> None:
        async with store.database.work() as session:
            await session.merge(FactRow(name=f"fact {number}", value="x"))
            await session.flush()
            await asyncio.sleep(0.15)

    await asyncio.gather(*(one(number) for number in range(40)))
    async with store.database.read() as session:
        names = await session.scalars(select(FactRow.name).where(FactRow.name.startswith("fact ")))
        assert len(list(names)) == 40


async def test_monitors_are_kept_as_they_were(store: Store) -> None:
    live = monitor(MonitorState.LIVE, Mode.BARGE)
    kept = replace(live, talking_since=None, ring=live.device)
    await store.monitors.save(live)
    assert await store.monitors.find("m1") == kept
    assert await store.monitors.unfinished() == [kept]
    over = ended(kept, EndReason.CALL_ENDED, NOW).monitor
    await store.monitors.save(over)
    assert await store.monitors.find("m1") == over
    assert await store.monitors.unfinished() == []
    assert await store.monitors.find("none") is None


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    for url in ("mysql://x", "no url", "sqlite:///x"):
        with pytest.raises(ConfigError):
            await Store.open(url, clock=real)
    with pytest.raises(StoreUnavailable):
        await Store.open("postgresql+asyncpg://nobody@127.0.0.1:1/none", clock=real)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/file/x.sqlite", clock=real)


async def test_a_database_that_does_not_answer_in_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "DEADLINE", 0.05)
    with pytest.raises(StoreUnavailable, match="did not answer"):
        async with store.database.work():
            await asyncio.sleep(1)


async def test_a_database_that_breaks_while_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    store = await Store.open(f"sqlite+aiosqlite:///{path}", clock=real)
    await store.people.create(ADMIN)
    await store.database.engine.dispose()
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreUnavailable):
        await store.people.all()
    with pytest.raises(StoreUnavailable):
        await store.monitors.save(monitor(MonitorState.LIVE, Mode.BARGE))
    await store.close()


async def test_devices_belong_to_one_person_in_any_case(store: Store) -> None:
    sam = await store.people.create(replace(SAM, device=None, devices=("pjsip/101", "PJSIP/90101", "PJSIP/101")))
    assert sam.devices == ("PJSIP/101", "PJSIP/90101")
    for taken in ("PJSIP/90101", "pjsip/90101"):
        with pytest.raises(Conflict, match="device"):
            await store.people.create(replace(ADMIN, id=new_id(), device=taken))
    admin = await store.people.create(ADMIN)
    with pytest.raises(Conflict, match="device"):
        await store.people.change(admin.id, UserChange(devices=("PJSIP/301", "PJSIP/101")))
    assert (await store.people.change(sam.id, UserChange(device=None))).devices == ("PJSIP/90101",)
    assert (await store.people.change(sam.id, UserChange(device="sip/Sam"))).devices == ("SIP/Sam",)
    for found in (await store.people.get(sam.id), await store.people.by_username("sam"), (await store.people.all())[1]):
        assert found is not None
        assert (found.device, found.devices) == ("SIP/Sam", ("SIP/Sam",))
    await store.people.delete(sam.id)
    assert (await store.people.change(admin.id, UserChange(devices=("SIP/sam",)))).device == "SIP/sam"


async def test_devices_of_a_database_from_before_are_sorted_out(empty_database_url: str) -> None:
    """What two people had in two spellings stays with whoever had it as Asterisk writes it."""
    before = database.Database(empty_database_url)
    columns = "id, username, username_key, name, role, device, can_monitor, modes, active, password_hash"
    people = [("a", "ann", "pjsip/301"), ("b", "bob", "PJSIP/301"), ("c", "cyd", "sip/7"), ("d", "dan", None)]

    def old(connection: Connection) -> None:
        config = database._migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for user, name, device in people:
            values = f"'{user}', '{name}', '{name}', '{name}', 'agent', :device, :yes, 'silent', :yes, 'x'"
            statement = text(f"INSERT INTO users ({columns}) VALUES ({values})")  # noqa: S608 - our own words
            connection.execute(statement, {"device": device, "yes": True})

    async with before.engine.begin() as connection:
        await connection.run_sync(old)
    await before.close()
    store = await Store.open(empty_database_url, clock=real)
    assert {user.username: user.devices for user in await store.people.all()} == {
        "ann": (),
        "bob": ("PJSIP/301",),
        "cyd": ("SIP/7",),
        "dan": (),
    }
    await store.close()
