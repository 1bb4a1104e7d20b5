"""Two stores on one database, at the same moment: what is decided by what was read is decided by one at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import pytest

from adapter.core.people import Role, User
from adapter.core.record import EventType
from adapter.errors import AdapterError, Conflict, NotAuthenticated, NotFound
from adapter.store import Store
from adapter.store.people import NewUser, UserChange
from adapter.store.tokens import NewToken
from tests.support.clock import real
from tests.unit.test_store import ADMIN, NOW, SAM

TRIES = 20
"""How often two meet: at the first try on PostgreSQL nobody was administrator any more in 20 of 20."""


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes' stores."""
    first = await Store.open(database_url, timedelta(hours=1), clock=real)
    second = await Store.open(database_url, timedelta(hours=1), clock=real)
    yield first, second
    await first.close()
    await second.close()


async def both(*acts: Awaitable[Any]) -> list[Any]:
    """What became of them: a result, or an error that is told; whatever else goes wrong is raised."""
    found = await asyncio.gather(*acts, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, AdapterError):
            raise one
    return found


async def administrators(store: Store) -> list[User]:
    """Who can administer."""
    return [user for user in await store.people.all() if user.role is Role.ADMINISTRATOR and user.active]


async def person(store: Store, name: str, role: Role = Role.AGENT) -> User:
    """Somebody new."""
    return await store.people.create(NewUser(username=name, name=name, role=role, password="long enough"))


@pytest.mark.parametrize("way", ["demoted", "deactivated", "deleted"])
async def test_the_last_two_administrators_can_not_both_go(two: tuple[Store, Store], way: str) -> None:
    first, second = two
    for number in range(TRIES):
        left = await administrators(first)
        ours = [*left, *[await person(first, f"a{number}-{n}", Role.ADMINISTRATOR) for n in range(2 - len(left))]]

        def go(store: Store, user: User) -> Awaitable[Any]:
            if way == "deleted":
                return store.people.delete(user.id)
            change = UserChange(role=Role.AGENT) if way == "demoted" else UserChange(active=False)
            return store.people.change(user.id, change)

        found = await both(go(first, ours[0]), go(second, ours[1]))
        assert [type(one) for one in found if isinstance(one, AdapterError)] == [Conflict]
        assert len(await administrators(second)) == 1


async def test_a_webhook_that_is_deleted_stays_so(two: tuple[Store, Store]) -> None:
    first, second = two
    for _ in range(TRIES):
        hook = await first.webhooks.create("http://127.0.0.1/", frozenset(EventType), "whsec_x")
        changed, deleted = await both(first.webhooks.change(hook.id, enabled=False), second.webhooks.delete(hook.id))
        assert deleted is None
        assert not isinstance(changed, AdapterError) or isinstance(changed, NotFound)
        assert await first.webhooks.all() == []


async def test_what_two_change_of_a_webhook_is_both_kept(two: tuple[Store, Store]) -> None:
    first, second = two
    for number in range(TRIES):
        hook = await first.webhooks.create("http://127.0.0.1/", frozenset(EventType), "whsec_x")
        url, ended = f"http://127.0.0.1/{number}", frozenset({EventType.CALL_ENDED})
        await both(first.webhooks.change(hook.id, url=url), second.webhooks.change(hook.id, events=ended))
        now = await first.webhooks.get(hook.id)
        assert (now.url, now.events) == (url, ended)


async def test_one_setup_token_makes_one_administrator(two: tuple[Store, Store]) -> None:
    first, second = two
    token = await first.installation.begin_setup()
    assert token is not None
    other = NewUser(username="other", name="Other", role=Role.ADMINISTRATOR, password="long enough")
    found = await both(first.installation.finish_setup(token, ADMIN), second.installation.finish_setup(token, other))
    assert [type(one) for one in found if isinstance(one, AdapterError)] == [NotAuthenticated]
    assert len(await first.people.all()) == 1


async def test_a_setup_token_outlasts_a_creation_that_failed(two: tuple[Store, Store]) -> None:
    first, _ = two
    token = await first.installation.begin_setup()
    assert token is not None
    by = ADMIN.by._replace(actor=None)  # type: ignore[arg-type]  # an entry that the audit can't keep
    bad = NewUser(username="admin", name="Admin", role=Role.ADMINISTRATOR, password="long enough", by=by)
    with pytest.raises(Exception, match="actor"):
        await first.installation.finish_setup(token, bad)
    assert await first.people.all() == []
    assert (await first.installation.finish_setup(token, ADMIN)).username == "admin"


async def test_who_is_deactivated_while_signing_in_gets_no_session(two: tuple[Store, Store]) -> None:
    first, second = two
    sam = await first.people.create(SAM)
    await first.people.create(ADMIN)
    for _ in range(TRIES):
        checked = await first.people.check_password("sam", "long enough")
        assert checked is not None
        signed_in, _ = await both(
            first.sessions.create(checked, NOW), second.people.change(sam.id, UserChange(active=False))
        )
        assert isinstance(signed_in, str | NotAuthenticated)
        assert await first.sessions.alive(NOW) == frozenset()
        await first.people.change(sam.id, UserChange(active=True))


async def test_an_old_password_signs_nobody_in_once_it_is_changed(two: tuple[Store, Store]) -> None:
    first, second = two
    await first.people.create(ADMIN)
    sam, now = await first.people.create(SAM), "long enough"
    for number in range(TRIES):
        checked, new = await first.people.check_password("sam", now), f"long enough {number}"
        assert checked is not None
        await both(first.sessions.create(checked, NOW), second.people.change(sam.id, UserChange(password=new)))
        assert await first.sessions.alive(NOW) == frozenset()
        with pytest.raises(NotAuthenticated):
            await second.people.set_password(checked, "stolen, and too late", "")
        now = new


async def test_a_token_for_somebody_who_is_removed(two: tuple[Store, Store]) -> None:
    first, second = two
    await first.people.create(ADMIN)
    for number in range(TRIES):
        user = await person(first, f"u{number}")
        made, deleted = await both(
            first.tokens.create(NewToken(name="crm", user_id=user.id)), second.people.delete(user.id)
        )
        assert deleted is None
        assert not isinstance(made, AdapterError) or isinstance(made, NotFound)
        assert await first.tokens.all() == []
