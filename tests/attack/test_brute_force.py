"""Attack: guessing. Passwords of one name and of all, from one address and from many, one by one and all at once; the
setup token, tokens; and what can be learnt from how long an answer takes."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable

import pytest
from argon2 import PasswordHasher

from adapter.core.people import Role
from adapter.errors import TooManyRequests
from adapter.store import passwords
from adapter.store.people import NewUser, UserChange
from adapter.web.proxy import ProxyPolicy, networks
from adapter.web.throttle import ANY_NAME_HERE, FREE, NAME_ANYWHERE, Throttle
from tests.support.client import Client
from tests.support.site import Site, is_problem

WRONG = "wrong"


async def guess(client: Client, name: str, password: str = WRONG, place: str | None = None) -> int:
    """One try, from a place of the trusted proxy's; its status."""
    headers = {"X-Forwarded-For": place} if place else {}
    body = {"username": name, "password": password}
    return (await client.ask("POST", "/session", body, headers=headers))[0]


def from_anywhere(site: Site) -> None:
    """Believe what the tests say of where they come from."""
    object.__setattr__(site.access, "proxies", ProxyPolicy(networks(["127.0.0.1"])))


async def test_a_thousand_guesses_at_once_are_as_many_as_one_by_one(site: Site) -> None:
    nobody = await site.client()
    found = Counter(await asyncio.gather(*(guess(nobody, "sam", f"guess-{number}") for number in range(300))))
    assert found == {401: FREE, 429: 300 - FREE}
    admin = await site.client("admin")
    _, audit = await admin.get("/audit?action=session.login")
    assert sum(row["result"] == "refused" for row in audit["entries"]) == FREE


async def test_one_password_for_every_name(site: Site) -> None:
    from_anywhere(site)
    client, place, most = await site.client(), "192.0.2.1", ANY_NAME_HERE.free
    assert await guess(client, "ana", "secret-ana", place) == 200
    tries = (guess(client, f"person-{number}", "Winter2026!", place) for number in range(most + 20))
    assert Counter(await asyncio.gather(*tries)) == {401: most, 429: 20}, "all at once, too"
    assert await guess(client, "sam", "secret-sam", place) == 429, "a name that never signed in from here has to wait"
    assert await guess(client, "ana", "secret-ana", place) == 200, "who did has not"
    assert await guess(client, "sam", "secret-sam", "192.0.2.2") == 200, "nor has anybody elsewhere"


async def test_behind_a_proxy_that_is_not_configured_nobody_locks_all_out(site: Site) -> None:
    """Everybody seems to come from this machine then: one name's guesser must not slow down the others."""
    client = await site.client()
    for number in range(ANY_NAME_HERE.free + 5):
        assert await guess(client, f"person-{number}") == 401
    assert await guess(client, "sam", "secret-sam") == 200


async def test_one_name_from_everywhere_and_its_owner_still_comes_in(site: Site) -> None:
    from_anywhere(site)
    client = await site.client()
    assert await guess(client, "sam", "secret-sam", "192.0.2.1") == 200
    found = [await guess(client, "SAM", place=f"198.51.100.{number}") for number in range(NAME_ANYWHERE.free + 30)]
    assert Counter(found) == {401: NAME_ANYWHERE.free, 429: 30}
    assert await guess(client, "sam", "secret-sam", "192.0.2.1") == 200
    assert await guess(client, "ana", "secret-ana", "198.51.100.1") == 200, "other names have nothing to do with it"
    unknown = [await guess(client, "nobody", place=f"203.0.113.{number}") for number in range(NAME_ANYWHERE.free + 5)]
    assert Counter(unknown) == {401: NAME_ANYWHERE.free, 429: 5}, "and unknown names are treated alike"


def test_pauses_grow_and_end() -> None:
    throttle, now = Throttle(), 0.0
    for _ in range(FREE):
        assert throttle.wait("sam", "a", now) == 0
        throttle.failed("sam", "a", now)
    pauses = []
    for _ in range(10):
        pauses.append(throttle.wait("sam", "a", now))
        now += pauses[-1]
        assert throttle.wait("sam", "a", now) == 0
        throttle.failed("sam", "a", now)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1.0, 60.0)
    assert throttle.wait("sam", "b", now) <= NAME_ANYWHERE.longest
    assert throttle.wait("sam", "a", now + 1000) == 0
    throttle.succeeded("sam", "a")
    assert throttle.wait("sam", "a", now) == 0


async def test_who_has_an_account_guesses_no_more_than_others(site: Site) -> None:
    """A right password in between must not wipe out what was counted."""
    from_anywhere(site)
    nobody, place = await site.client(), "192.0.2.1"
    found: list[int] = []
    for number in range(ANY_NAME_HERE.free + 5):
        assert await guess(nobody, "ana", "secret-ana", place) == 200
        found.append(await guess(nobody, f"person-{number}", place=place))
    assert Counter(found) == {401: ANY_NAME_HERE.free, 429: 5}


async def test_a_stolen_session_is_no_way_to_guess_the_password(site: Site) -> None:
    sam = await site.client("sam")
    found = [
        (await sam.post("/session/password", {"current": f"guess-{number}", "new": "secret-new"}))[0]
        for number in range(FREE + 3)
    ]
    assert found == [401] * FREE + [429] * 3


async def test_the_setup_token(site: Site) -> None:
    nobody = await site.client()
    body = {"username": "evil", "name": "Evil", "password": "secret-evil"}
    found = [(await nobody.post("/setup", {**body, "token": f"{number}"}))[0] for number in range(FREE + 3)]
    assert found == [401] * FREE + [429] * 3


async def test_tokens_can_not_be_guessed_and_tell_nothing(site: Site) -> None:
    """256 random bits need no pause; whether one was ever right can't be told from the answer."""
    admin = await site.client("admin")
    secrets = []
    for number in range(20):
        _, made = await admin.post("/tokens", {"name": f"t{number}", "may_act_for": ["mona"]})
        secrets.append(made["token"])
    assert len(set(secrets)) == 20
    assert all(len(secret) >= len("cm_") + 43 for secret in secrets)
    revoked = await site.store.tokens.all()
    await admin.delete(f"/tokens/{revoked[0].id}")
    nobody = await site.client()
    nearly = secrets[1][:-1] + ("A" if secrets[1][-1] != "A" else "B")
    answers = [
        await nobody.ask("GET", "/calls", headers={"Authorization": f"Bearer {secret}"})
        for secret in (secrets[0], nearly, "cm_", "x" * 4000)
    ]
    assert [answer for answer in answers if answer != answers[0]] == []
    is_problem(answers[0], 401, "not_authenticated")


NOBODY = passwords._nobody
"""What an unknown name's password is compared with, before any fixture makes it cheap."""


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, cheap_passwords: PasswordHasher) -> PasswordHasher:
    """Argon2id with its whole effort."""
    monkeypatch.setattr(passwords, "_hasher", cheap_passwords)
    monkeypatch.setattr(passwords, "_nobody", NOBODY)
    return cheap_passwords


async def test_how_long_it_takes_does_not_tell_whether_a_name_is_known(site: Site, real: PasswordHasher) -> None:
    from_anywhere(site)
    new = {"role": Role.AGENT, "password": "secret-known"}
    await site.store.people.create(NewUser(username="known", name="Known", **new))  # type: ignore[arg-type]
    gone = await site.store.people.create(NewUser(username="gone", name="Gone", **new))  # type: ignore[arg-type]
    await site.store.people.change(gone.id, UserChange(active=False))
    client = await site.client()
    took: dict[str, list[float]] = {"known": [], "unknown": [], "gone": []}
    for number in range(6):
        for name, times in took.items():
            began = time.perf_counter()
            assert await guess(client, name, place=f"192.0.2.{number}") == 401
            times.append(time.perf_counter() - began)
    least = {name: min(times) for name, times in took.items()}  # what others on this machine do only adds
    assert max(least.values()) < 2 * min(least.values()), least


async def test_hashing_leaves_the_event_loop_alone(real: PasswordHasher) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.ensure_future(tick())
    await asyncio.gather(*(passwords.matches(None, "guess") for _ in range(4)))
    ticking.cancel()
    assert ticks > 4 * 3, "while it works, others are served again and again"


async def test_hashing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a flood from everywhere can occupy: two cores' worth, and a short queue. The rest is told at once."""
    free, at_work, most = threading.Event(), 0, 0

    class Slow:
        def verify(self, known: str, given: str) -> bool:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            free.wait(20)
            at_work -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Slow())
    tries = [asyncio.ensure_future(passwords.matches("hash", "x")) for _ in range(passwords.QUEUE + 30)]
    done, waiting = await asyncio.wait(tries, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0)
    refused = [one for one in tries if one.done()]
    assert done
    assert len(refused) == 30
    assert all(isinstance(one.exception(), TooManyRequests) for one in refused)
    free.set()
    assert all(await asyncio.gather(*finished(tries)))
    assert most <= 2
    assert waiting


def finished(tries: Iterable["asyncio.Future[bool]"]) -> list["asyncio.Future[bool]"]:
    """Those that were let in."""
    return [one for one in tries if not one.done()]
