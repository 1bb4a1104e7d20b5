"""A database that somebody holds: what requests of accounts, tokens, hooks and passwords make of it, and how soon."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapter.errors import StoreUnavailable
from adapter.store import Store, budget
from adapter.store.database import put_fact
from adapter.store.durability import BUSY_TIMEOUT
from tests.support.client import Client
from tests.support.site import Site

pytestmark = pytest.mark.usefixtures("database_deadlines")

SLACK = 1.5
"""Seconds that a busy machine may add. Two transactions that wait alone, one after the other, always take more."""
TRIES = 4
"""How often it may take longer all the same."""


@asynccontextmanager
async def held(url: str) -> AsyncIterator[None]:
    """Another process holds what every write of accounts needs."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
        other.close()
        return
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(text("LOCK TABLE facts, sessions, tokens, webhooks, users, audit IN SHARE MODE"))
        yield
        await connection.rollback()
    await engine.dispose()


Ask = tuple[str, str, Any]


async def asks_of(site: Site, admin: Client) -> list[Ask]:
    """Every kind of change that a person makes of what is kept."""
    _, hook = await admin.post("/webhooks", {"url": "http://127.0.0.1:1/", "events": ["call.started"]})
    _, token = await admin.post("/tokens", {"name": "t", "user": "sam"})
    ana = f"/users/{next(u['id'] for u in (await admin.get('/users'))[1]['users'] if u['username'] == 'ana')}"
    return [
        ("POST", "/users", {"username": "new", "name": "New", "role": "agent", "password": "long enough"}),
        ("PATCH", ana, {"name": "X"}),
        ("PATCH", ana, {"password": "long enough", "device": "PJSIP/999"}),
        ("DELETE", ana, None),
        ("POST", "/tokens", {"name": "t", "user": "sam"}),
        ("DELETE", f"/tokens/{token['id']}", None),
        ("POST", "/webhooks", {"url": "http://127.0.0.1:1/", "events": ["call.started"]}),
        ("PATCH", f"/webhooks/{hook['id']}", {"enabled": False}),
        ("DELETE", f"/webhooks/{hook['id']}", None),
        ("POST", "/session/password", {"current": "secret-admin", "new": "long enough"}),
        ("POST", "/session", {"username": "sam", "password": "secret-sam"}),
        ("DELETE", "/session", None),
    ]


async def refused(admin: Client, ask: Ask) -> None:
    """503, soon, and with what to do."""
    method, path, body = ask
    options = {"json": body} if body is not None else {}
    for _ in range(TRIES):
        began = time.monotonic()
        async with admin.http.request(method, admin.base + path, **options) as answer:
            said = await answer.json()
            assert (answer.status, said["code"]) == (503, "store_unavailable"), (ask, said)
            assert int(answer.headers["Retry-After"]) >= 1
        if time.monotonic() - began < budget.REQUEST + SLACK:
            return
    raise AssertionError(f"it takes too long: {ask}")


@pytest.mark.timeout(180)
async def test_whoever_changes_something_hears_soon_that_it_can_not_be(site: Site, database_url: str) -> None:
    admin = await site.client("admin")
    asks = await asks_of(site, admin)
    before = [await admin.get(path) for path in ("/users", "/tokens", "/webhooks")]
    async with held(database_url):
        for ask in asks[::4]:
            await refused(admin, ask)
        await asyncio.gather(*(refused(admin, ask) for ask in asks))
        assert (await admin.get("/users"))[0] == 200, "reading waits for nobody"
    assert [await admin.get(path) for path in ("/users", "/tokens", "/webhooks")] == before, "nothing was changed"
    for ask in asks:
        status, _ = await admin.ask(*ask)
        assert status in (200, 201, 204), (ask, status)


async def test_a_change_that_is_made_is_answered_so_though_the_database_goes_then(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 would say that nothing was changed. What follows from it comes later."""
    admin, ana = await site.client("admin"), await site.client("ana")
    stream = await ana.events()
    people, sessions, hooks = site.store.people, site.store.sessions, site.store.webhooks
    away = True

    def failing(part: Any, name: str) -> None:
        real = getattr(part, name)

        async def call(*given: Any) -> Any:
            if away:
                raise StoreUnavailable("away")
            return await real(*given)

        monkeypatch.setattr(part, name, call)

    for part, name in ((people, "all"), (people, "version"), (sessions, "alive"), (hooks, "all")):
        failing(part, name)
    assert (await admin.patch(f"/users/{ana.user['id']}", {"active": False}))[0] == 200
    wish = {"url": "http://127.0.0.1:1/", "events": ["call.started"]}
    status, hook = await admin.post("/webhooks", wish)
    assert status == 201
    assert hook["id"] not in site.service.dispatcher._workers
    away = False
    await stream.ended(10)
    for _ in range(200):
        if hook["id"] in site.service.dispatcher._workers:
            return
        await asyncio.sleep(0.05)
    pytest.fail("nobody delivers to the new receiver")


async def test_only_time_in_the_database_is_counted() -> None:
    with budget.limited(0.3):
        with budget.spending(5) as seconds:
            assert 0.2 < seconds <= 0.3
            await asyncio.sleep(0.1)
            with budget.spending(5) as inner:
                assert inner <= 0.2
        before = budget.left(5)
        await asyncio.sleep(0.2)
        assert budget.left(5) == before <= 0.2
        with budget.limited(None):
            assert budget.left(5) == 5
    assert budget.left(5) == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sqlite_tries_again_for_no_longer_than_there_is_time(site: Site) -> None:
    async def patience() -> int:
        async with site.store.database.work() as session:
            return int(await session.scalar(text("PRAGMA busy_timeout")) or 0)

    assert await patience() == BUSY_TIMEOUT
    with budget.limited(0.5):
        assert await patience() <= 500
    assert await patience() == BUSY_TIMEOUT


async def test_what_a_request_began_is_not_held_to_its_time_once_it_is_answered() -> None:
    with budget.limited(0.0):
        assert budget.left(5) == 0
        later = asyncio.get_running_loop().create_task(_left_a_moment_later())
    assert await later == 5


async def _left_a_moment_later() -> float:
    await asyncio.sleep(0)
    return budget.left(5)


async def test_two_who_keep_the_same_new_fact_at_once_both_succeed(store: Store) -> None:
    """Seen on PostgreSQL: who looked first and then inserted found that somebody else had."""

    async def keep(value: str) -> None:
        async with store.database.work() as session:
            await session.run_sync(put_fact, "new", value)

    await asyncio.gather(*(keep(str(number)) for number in range(10)))
