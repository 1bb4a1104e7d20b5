"""Attack: other people's sessions. Fixed before, stolen after, kept alive beyond their end. (Their idle end, and what
a cookie looks like, stand in tests/unit/test_web.py; that strangers' cookies open nothing, in test_horizontal.py.)"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from adapter.web.ttl_cache import TtlCache
from tests.support.client import Client, Stream
from tests.support.site import Site, is_problem


def cookies(client: Client) -> dict[str, str]:
    """What this browser holds."""
    return {cookie.key: cookie.value for cookie in client.http.cookie_jar}


async def thief_of(site: Site, victim: Client) -> Client:
    """Somebody with a copy of the victim's cookie."""
    thief = await site.client()
    thief.http.cookie_jar.update_cookies(cookies(victim))
    assert (await thief.get("/session"))[1]["user"]["id"] == victim.user["id"]
    return thief


@pytest.mark.parametrize("planted", ["attacker-knows-this", "A" * 43, "", "cm_session=x"])
async def test_a_planted_cookie_is_not_adopted(site: Site, planted: str) -> None:
    victim = await site.client()
    victim.http.cookie_jar.update_cookies({"cm_session": planted})
    await victim.sign_in("sam", "secret-sam")
    assert cookies(victim)["cm_session"] != planted
    attacker = await site.client()
    attacker.http.cookie_jar.update_cookies({"cm_session": planted})
    is_problem(await attacker.get("/session"), 401, "not_authenticated")


async def test_signing_in_over_a_known_session_gives_a_new_one(site: Site) -> None:
    """The attacker plants a real session of their own; whoever signs in over it gets another, and it stays theirs."""
    attacker, victim = await site.client("ana"), await site.client()
    victim.http.cookie_jar.update_cookies(cookies(attacker))
    await victim.sign_in("admin", "secret-admin")
    assert cookies(victim) != cookies(attacker)
    assert (await attacker.get("/session"))[1]["user"]["username"] == "ana"
    assert (await victim.get("/session"))[1]["user"]["username"] == "admin"


End = Callable[[Site, Client], Awaitable[object]]


async def own_password(site: Site, victim: Client) -> object:
    """The victim changes it, in another session."""
    other = await site.client("mona")
    return await other.post("/session/password", {"current": "secret-mona", "new": "secret-new"})


async def reset(site: Site, victim: Client) -> object:
    """An administrator sets a new one."""
    return await (await site.client("admin")).patch(f"/users/{victim.user['id']}", {"password": "secret-new"})


async def sign_out(site: Site, victim: Client) -> object:
    """The victim signs out."""
    return await victim.delete("/session")


async def deactivate(site: Site, victim: Client) -> object:
    """An administrator closes the account."""
    return await (await site.client("admin")).patch(f"/users/{victim.user['id']}", {"active": False})


async def delete(site: Site, victim: Client) -> object:
    """An administrator removes the account."""
    return await (await site.client("admin")).delete(f"/users/{victim.user['id']}")


@pytest.mark.parametrize("end", [own_password, reset, sign_out, deactivate, delete])
async def test_a_stolen_session_ends_with_its_owners(site: Site, end: End) -> None:
    """Requests, the stream, and the page's phone, at once."""
    victim = await site.client("mona")
    thief = await thief_of(site, victim)
    stream: Stream = await thief.events()
    assert (await thief.post("/softphone", {}))[0] == 200
    await end(site, victim)
    is_problem(await thief.get("/session"), 401, "not_authenticated")
    is_problem(await thief.get("/calls"), 401, "not_authenticated")
    await stream.ended()
    assert site.phones is not None
    phones = site.phones.phones_at("lab")
    assert phones is not None
    for _ in range(100):
        if not phones._phones:
            break
        await asyncio.sleep(0.01)
    assert not phones._phones


async def test_a_session_has_the_rights_of_now(site: Site) -> None:
    """Demoted while signed in: the very next request is refused."""
    admin, mona = await site.client("admin"), await site.client("mona")
    path = f"/users/{mona.user['id']}"
    assert (await admin.patch(path, {"role": "administrator"}))[0] == 200
    assert (await mona.get("/users"))[0] == 200
    assert (await admin.patch(path, {"role": "agent"}))[0] == 200
    is_problem(await mona.get("/users"), 403, "forbidden")


async def test_sessions_are_many_each_its_own_and_unguessable(site: Site) -> None:
    clients = [await site.client("sam") for _ in range(5)]
    tokens = {cookies(client)["cm_session"] for client in clients}
    assert len(tokens) == 5
    assert all(len(token) >= 43 for token in tokens)
    assert (await clients[0].delete("/session"))[0] == 204
    is_problem(await clients[0].get("/session"), 401, "not_authenticated")
    for client in clients[1:]:
        assert (await client.get("/session"))[0] == 200
    nobody = await site.client()
    for path in (f"/session?cm_session={tokens.pop()}", f"/session;cm_session={tokens.pop()}"):
        assert (await nobody.get(path))[0] in (401, 404)


async def test_what_ends_while_it_is_looked_up_is_not_believed() -> None:
    """The race of a request with the end of its session: the answer of before must not be remembered after."""
    asked, may_answer = asyncio.Event(), asyncio.Event()
    known: dict[str, str] = {"secret": "session"}

    async def find(secret: str, now: datetime) -> str | None:
        found = known.get(secret)
        asked.set()
        await may_answer.wait()
        return found

    believed, now = TtlCache(find), datetime.now(UTC)
    request = asyncio.ensure_future(believed.find("secret", now))
    await asked.wait()
    known.clear()
    believed.forget()
    may_answer.set()
    assert await request == "session", "the request had begun before"
    assert await believed.find("secret", now) is None
