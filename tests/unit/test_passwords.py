"""New passwords: what is refused, with what words, on every way in; old ones still sign in."""

import pytest

from adapter.cli import csv_import
from adapter.core.passwords import MIN_LENGTH, is_name, weakness
from adapter.errors import Invalid
from adapter.store.passwords import hash_password
from adapter.store.tables import UserRow
from adapter.web.fields import COMMON
from tests.support.site import Site, is_problem


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "at least 10"),
        ("nine nine", "at least 10"),
        ("1234567890", "commonest"),
        ("qwertyuiop", "commonest"),
        ("PlayStation", "commonest"),
        ("password123", "commonest"),
        ("Password2026!", "commonest"),
        ("!!Baseball99", "commonest"),
        ("aaaaaaaaaaaa", "repeats"),
        ("abcabcabcabc", "repeats"),
        ("Sam9Sam9Sam", "repeats"),
        ("10010010011", "repeats"),
        ("cdefghijklmn", "sequence"),
        ("ABCDEFGHIJKL", "sequence"),
        ("45678901234", "sequence"),
        ("lkjhgfdsalkj", "sequence"),
    ],
)
def test_what_is_refused_says_why(password: str, told: str) -> None:
    found = weakness(password, COMMON)
    assert found is not None
    assert told in found.told


@pytest.mark.parametrize(
    "password", ["long enough", "secret-sam", "correct horse", "ключ от дома", "x7#Lq!02pZ", "a" * 5 + "xyz wv"]
)
def test_what_is_good(password: str) -> None:
    assert weakness(password, COMMON) is None


def test_the_list_is_there_and_reaches_beyond_the_shortest() -> None:
    assert len(COMMON) > 2000
    assert len([word for word in COMMON if len(word) >= MIN_LENGTH]) > 1000
    assert not [word for word in COMMON if word != word.casefold()]


def test_usernames_are_known_to_others() -> None:
    assert is_name("Maximiliane", "maximiliane")
    assert is_name("maximiliane2026!", "Maximiliane")
    assert not is_name("maximiliane likes tea", "maximiliane")


async def test_every_way_to_a_new_password_refuses(site: Site) -> None:
    admin = await site.client("admin")
    new = {"username": "maximiliane", "name": "Max", "role": "agent"}
    for password, told in (("nine nine", "at least 10"), ("password123", "commonest"), ("Maximiliane1", "username")):
        problem = await admin.post("/users", {**new, "password": password})
        is_problem(problem, 422, "invalid")
        assert told in problem[1]["detail"]
        assert [error["field"] for error in problem[1]["errors"]] == ["password"]
    status, made = await admin.post("/users", {**new, "password": "several good words"})
    assert status == 201
    for password in ("nine nine", "1234567890", "maximiliane"):
        is_problem(await admin.patch(f"/users/{made['id']}", {"password": password}), 422, "invalid")
        client = await site.client()
        await client.sign_in("maximiliane", "several good words")
        change = {"current": "several good words", "new": password}
        body = is_problem(await client.post("/session/password", change), 422, "invalid")
        assert [error["field"] for error in body["errors"]] == ["new"]
        with pytest.raises(Invalid):
            csv_import.read(f"username,name,password\nmaximiliane,Max,{password}\n")


async def test_a_password_from_before_still_signs_in(site: Site) -> None:
    async with site.store.people._database.work() as session:
        sam = next(user for user in await site.store.people.all() if user.username == "sam")
        row = await session.get(UserRow, sam.id)
        assert row is not None
        row.password_hash = await hash_password("short")
    client = await site.client()
    await client.sign_in("sam", "short")
