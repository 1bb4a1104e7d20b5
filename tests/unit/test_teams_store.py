"""Teams in a real SQLite and a real PostgreSQL: what is kept, what an older version leaves, and two at once."""

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import Connection, text

from adapter.core.modes import Mode
from adapter.core.monitor import MonitorState
from adapter.core.people import Role
from adapter.core.scopes import is_scoped, reaches
from adapter.core.teams import NOTHING, MonitorScope, Supervised
from adapter.errors import Conflict, Invalid, NotFound
from adapter.store import Store, database
from adapter.store.people import NewUser, UserChange
from adapter.store.teams import NewTeam, TeamChange
from tests.support.clock import real
from tests.unit.test_views import monitor

BEFORE = "0006_phones_pbx"


async def people(store: Store, *names: str) -> dict[str, str]:
    """Accounts, and their ids."""
    return {
        name: (
            await store.people.create(
                NewUser(
                    username=name,
                    name=name,
                    role=Role.ADMINISTRATOR if name == "boss" else Role.AGENT,
                    password="long enough",
                    can_monitor=name == "mona",
                )
            )
        ).id
        for name in names
    }


async def supervised(store: Store, who: str) -> Supervised:
    """What somebody supervises, as everybody's rights are read."""
    return next(user.supervised for user in await store.people.all() if user.username == who)


async def test_what_a_team_has_is_what_its_supervisors_supervise(store: Store) -> None:
    ids = await people(store, "boss", "sam", "ana", "mona")
    before = await store.people.version()
    team = await store.teams.create(
        NewTeam(name="Sales", members=[ids["sam"]], queues=["Sales", "sales "], supervisors=[ids["mona"]])
    )
    assert await store.people.version() != before, "a running adapter notices"
    assert await supervised(store, "mona") == Supervised(
        frozenset({ids["sam"]}), frozenset({"sales"}), frozenset({team.id})
    )
    other = await store.teams.create(NewTeam(name="Help", members=[ids["ana"]], supervisors=[ids["mona"]]))
    assert (await supervised(store, "mona")).people == {ids["sam"], ids["ana"]}
    assert await supervised(store, "sam") == NOTHING
    assert [one.name for one in await store.teams.all()] == ["Help", "Sales"]
    assert await store.teams.by_name("sALES") == team == await store.teams.get(team.id)
    await store.people.delete(ids["ana"])
    assert (await supervised(store, "mona")).people == {ids["sam"]}, "who has no account is in no team"
    before = await store.people.version()
    await store.teams.delete(other.id)
    await store.teams.delete(team.id)
    assert await store.people.version() != before
    assert await supervised(store, "mona") == NOTHING
    with pytest.raises(NotFound):
        await store.teams.change(team.id, TeamChange(name="X"))


async def test_what_is_wrong_changes_nothing(store: Store) -> None:
    ids = await people(store, "boss", "sam")
    team = await store.teams.create(NewTeam(name="Sales", members=[ids["sam"]]))
    with pytest.raises(Conflict):
        await store.teams.create(NewTeam(name="SALES"))
    with pytest.raises(Invalid, match="members"):
        await store.teams.change(team.id, TeamChange(name="Other", members=["0" * 32]))
    with pytest.raises(Invalid, match="supervisors"):
        await store.teams.create(NewTeam(name="New", supervisors=["0" * 32]))
    assert await store.teams.all() == [team]


async def test_the_scope_of_an_account(store: Store) -> None:
    ids = await people(store, "boss", "mona")
    await store.teams.create(NewTeam(name="Sales", queues=["Sales"], supervisors=list(ids.values())))
    for name in ("boss", "mona"):
        await store.people.change(ids[name], UserChange(scope=MonitorScope.TEAMS))
    boss, mona = await store.people.all()
    assert not is_scoped(boss), "an administrator's is all, whatever was said"
    assert is_scoped(mona)
    assert reaches(mona, None, "SALES")
    assert not reaches(mona, ids["boss"], "sale")
    assert not reaches(mona, None, None)


async def test_a_monitor_keeps_where_it_was(store: Store) -> None:
    kept = replace(monitor(MonitorState.LIVE, Mode.SILENT), agent_id="a" * 32, queue="Sales")
    await store.monitors.save(kept)
    found = await store.monitors.find(kept.id)
    assert found is not None
    assert (found.agent_id, found.queue) == (kept.agent_id, kept.queue)


async def test_two_make_the_same_team_at_once(store: Store) -> None:
    made = await asyncio.gather(*(store.teams.create(NewTeam(name="Sales")) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in made) == 3
    assert len(await store.teams.all()) == 1


async def test_a_version_from_before_goes_on_over_the_new_tables(empty_database_url: str) -> None:
    """It writes accounts and monitors without the new columns; everybody keeps the scope that they had: all."""
    before = database.Database(empty_database_url)
    columns = "id, username, username_key, name, role, can_monitor, modes, active, password_hash, phone_message"

    def old(connection: Connection) -> None:
        config = database._migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        _insert(connection, "ann")

    def _insert(connection: Connection, name: str) -> None:
        values = f"'{name}', '{name}', '{name}', '{name}', 'agent', :yes, 'silent', :yes, 'x', :yes"
        statement = text(f"INSERT INTO users ({columns}) VALUES ({values})")  # noqa: S608 - our own words
        connection.execute(statement, {"yes": True})

    async with before.engine.begin() as connection:
        await connection.run_sync(old)
    await before.close()
    store = await Store.open(empty_database_url, clock=real)
    async with store.database.engine.begin() as connection:
        await connection.run_sync(_insert, "bob")
    assert [(user.username, user.scope) for user in await store.people.all()] == [
        ("ann", MonitorScope.ALL),
        ("bob", MonitorScope.ALL),
    ]
    await store.close()
