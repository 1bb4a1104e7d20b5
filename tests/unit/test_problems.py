"""Errors: all are problem documents, each code is described, and what they say is in plain words."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapter.core.wording import wording
from adapter.errors import Invalid
from adapter.web import app, codes
from adapter.web.models import StartBody
from adapter.webhooks.guard import Guard
from tests.attack.raw import Raw
from tests.support.client import Client
from tests.support.site import Site, is_problem

ROOT = Path(__file__).parents[2]

# --- every code is described


def codes_in_the_source() -> Iterator[str]:
    """Codes as classes and calls of `problem` write them down."""
    for path in (ROOT / "adapter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                names = [getattr(name, "id", "") for name in getattr(node.targets[0], "elts", ())]
                if names[:2] == ["code", "status"]:
                    yield str(getattr(node.value.elts[0], "value", ""))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "problem":
                yield from (str(given.value) for given in node.args[1:2] if isinstance(given, ast.Constant))


async def test_every_code_that_can_be_sent_is_described(site: Site) -> None:
    found = codes.statuses()
    assert set(codes_in_the_source()) - codes.NOT_SENT <= found.keys()
    assert found.keys() == codes.MEANINGS.keys()
    lines = re.findall(r"^\| (\d+|other) \| `(\w+)` \|", (ROOT / "docs/errors.md").read_text(), re.M)
    assert {code: status for status, code in lines} == {code: str(s or "other") for code, s in found.items()}
    assert len(lines) == len(found)
    async with aiohttp.ClientSession() as http, http.get(site.base + "/openapi.json") as answer:
        document = await answer.json()
    told = document["info"]["description"]
    assert all(f"| {status or 'other'} | `{code}` |" in told for code, status in found.items())
    promised = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", " ".join(descriptions(document))))
    assert {"misdirected", "too_large", "store_unavailable", "invalid"} <= promised
    assert promised <= found.keys()


def descriptions(document: dict[str, Any]) -> Iterator[str]:
    """Of all errors of all operations, the part with the codes."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                if "application/problem+json" in response.get("content", {}):
                    yield response["description"].partition(": ")[2]


# --- what aiohttp refuses itself


async def raw(site: Site, *lines: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """One request, line by line; its answer."""
    one = await Raw.open(site)
    await one.send("\r\n".join([*lines, "", ""]).encode("latin-1"))
    try:
        return await one.answer()
    finally:
        one.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("line", "more", "status", "code"),
    [
        ("GET /api/v1/session", ("Expect: the unexpected",), 417, "expectation_failed"),
        ("POST /api/v1/session", ("Expect: 200-ok", "Content-Length: 5"), 417, "expectation_failed"),
        ("GET /nowhere", ("Expect: x",), 417, "expectation_failed"),
        ("GET /nowhere", (), 404, "not_found"),
        ("GET /static/none.js", (), 404, "not_found"),
        ("PUT /api/v1/session", (), 405, "method_not_allowed"),
        ("TRACE /api/v1/session", (), 405, "method_not_allowed"),
        ("GET /api/v1/session", ("A: " + "x" * 20_000,), 400, "malformed"),
        ("GET /" + "x" * 20_000, (), 400, "malformed"),
        ("GET /api/v1/session", ("Content-Length: x",), 400, "malformed"),
        ("G\0T /", (), 400, "malformed"),
    ],
)
async def test_what_the_server_refuses_itself(
    site: Site, line: str, more: tuple[str, ...], status: int, code: str
) -> None:
    answered, headers, body = await raw(site, f"{line} HTTP/1.1", "Host: 127.0.0.1", *more)
    is_problem((answered, body), status, code)
    assert headers["content-type"] == "application/problem+json; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["server"] == "call-monitor"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_body_that_was_announced_is_still_taken(site: Site) -> None:
    body = json.dumps({"username": "sam", "password": "secret-sam"})
    one = await Raw.open(site)
    head = "POST /api/v1/session HTTP/1.1", "Host: 127.0.0.1", "Expect: 100-continue", f"Content-Length: {len(body)}"
    await one.send("\r\n".join([*head, "", body]).encode())
    assert await one.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
    await one.reader.readline()
    assert (await one.answer())[0] == 200
    one.close()


# --- what they say

WRONG: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 10**300, [], ["x"], [1], {}, {"a": 1}, "", " ", "\u3000\u00a0", "\ud800", "\x00"),
    *("x" * 5000, "2026-13-45T99:99:99Z", "2026-01-01T00:00:00", "2026-01-01", "0000-00-00T00:00:00Z"),
    *("9999-12-31T23:59:59-23:00", "2026-01-01T00:00:00+99:99", "*55", "http://..", "password12", "tr\u00fce", "0x10"),
    [*["call.started"] * 40],
]
TYPES = set(re.findall(r"`(\w+)`", (ROOT / "docs/errors.md").read_text().partition("## Types")[2]))
"""Of errors in fields, that are documented."""
PYTHON = re.compile(
    r"Value ?Error|[Ii]nput should|String should|List should|should have|validation|datetime|codec|unicode|Python"
    r"|\bNone\b|\bTrue\b|\bFalse\b|Traceback|Exception|Error\b|errno|Errno|<class|0x|int_max|recursion|instance|\bdict\b"
    r"|\bstr\b|\bint\b|\bbool\b|constrained|literal\[|function-|cast|parse|surrogatepass|\(char"
)
"""What programmers say, and people who call an API with curl should not have to read."""


async def ask(client: Client, method: str, path: str, **more: Any) -> dict[str, Any]:
    """The problem that comes of it; nothing where it is none."""
    async with client.http.request(method, client.base + path, **more) as answer:
        if answer.status < 400:
            return {}
        assert answer.content_type == "application/problem+json", (method, path, more)
        found: dict[str, Any] = await answer.json()
        return found


def check(problem: dict[str, Any], about: object) -> None:
    """In plain words, and no empty list."""
    if not problem:
        return
    assert problem["status"] < 500, (about, problem)
    texts = [problem["detail"], *(error["message"] for error in problem.get("errors", []))]
    fields = [error["field"] for error in problem.get("errors", [])]
    kinds = {error["type"] for error in problem.get("errors", [])}
    assert kinds <= TYPES, (about, problem)
    for text in [*texts, *fields]:
        assert not PYTHON.search(text), (about, text)
        assert text.strip(), (about, problem)
    known = re.compile(r"\(body\)|[a-z_]+(\.(\d+|[a-z_]+))?|Idempotency-Key")
    assert all(map(known.fullmatch, fields)), (about, fields)
    if problem["status"] == 422:
        assert problem.get("errors", ["it is not there"]), (about, problem)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_detail_is_in_plain_words(site: Site) -> None:
    """Bad input of every kind, in every field of every body and query of the API."""
    site.talk()
    admin = await site.client("admin")
    asked = 0
    for path, route in app.all_routes():
        at = re.sub(r"{\w+}", "x", path.removeprefix(app.PREFIX))
        if route.body is not None and at != "/setup":
            for field in route.body.model_fields:
                for value in WRONG:
                    data = json.dumps({field: value}).encode()
                    check(await ask(admin, route.method, at, data=data), (route.method, at, field, value))
                    asked += 1
            check(await ask(admin, route.method, at, data=b'{"nonsense": 1, "__proto__": 2}'), at)
        for field in route.query.model_fields if route.query is not None else ():
            for value in [
                *(v for v in WRONG if isinstance(v, str | int | float) and v != "\ud800"),
                "1001",
                "1e3",
                "01",
            ]:
                params = {field: str(value)}
                check(await ask(admin, route.method, at, params=params), (at, field, value))
                asked += 1
    assert asked > 500
    bodies = (
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[1]",
        b"\xff",
        b'{"x":' + b"9" * 5000 + b"}",
        b"[" * 20000,
        b"nul",
    )
    for body in bodies:
        problem = await ask(admin, "POST", "/users", data=body)
        assert problem["code"] == "malformed"
        check(problem, body[:20])


async def test_errors_name_a_field_or_are_not_there(site: Site) -> None:
    site.talk()
    mona = await site.client("mona")
    call = await site.call_id(mona)
    for key in ("", "x" * 256, "\u00e9"):
        status, body = await mona.ask("POST", "/monitors", {"call_id": call}, headers={"Idempotency-Key": key})
        is_problem((status, body), 422, "invalid")
        assert [error["field"] for error in body["errors"]] == ["Idempotency-Key"]
    assert "errors" not in Invalid("as a whole").extra
    assert Invalid.at("x", "y").extra == {"errors": [{"field": "x", "message": "y", "type": "invalid"}]}


async def test_what_is_taken_is_said_at_its_field(site: Site) -> None:
    admin = await site.client("admin")
    sam = await site.store.people.by_username("sam")
    assert sam is not None
    for change, field in (
        ({"username": "ANA"}, "username"),
        ({"extension": "102"}, "extension"),
        ({"devices": ["PJSIP/101", "pjsip/102"]}, "devices"),
    ):
        body = is_problem(await admin.patch(f"/users/{sam.id}", change), 409, "conflict")
        assert [(error["field"], error["type"]) for error in body["errors"]] == [(field, "taken")]
    boss = await site.store.people.by_username("admin")
    assert boss is not None
    body = is_problem(await admin.patch(f"/users/{boss.id}", {"active": False}), 409, "conflict")
    assert [(error["field"], error["type"]) for error in body["errors"]] == [("(body)", "last_administrator")]


async def test_a_wrong_current_password_is_told_from_a_lost_session(site: Site) -> None:
    change = {"current": "wrong", "new": "several good words"}
    body = is_problem(await (await site.client("sam")).post("/session/password", change), 401, "not_authenticated")
    assert [(error["field"], error["type"]) for error in body["errors"]] == [("current", "wrong_password")]
    body = is_problem(await (await site.client()).post("/session/password", change), 401, "not_authenticated")
    assert "errors" not in body


def test_the_page_itself_may_be_asked_to_ring() -> None:
    for device in ("browser", "PJSIP/101"):
        assert StartBody.model_validate({"call_id": "x", "device": device}).device == device


def test_a_kind_of_error_that_has_no_words_yet_keeps_its_own() -> None:
    assert wording({"type": "new", "msg": "Value error, a text"}) == "a text"


# --- values that were taken


async def test_what_can_not_be_meant_is_refused(site: Site) -> None:
    admin = await site.client("admin")
    new = {"username": "new", "name": "New", "role": "agent", "password": "long enough"}
    sam = f"/users/{(await site.client('sam')).user['id']}"
    for name in (" ", "\u00a0\u3000", "\u2800", "\u3164\u115f", ""):
        is_problem(await admin.post("/users", {**new, "name": name}), 422, "invalid")
        is_problem(await admin.patch(sam, {"name": name}), 422, "invalid")
        is_problem(await admin.post("/tokens", {"name": name, "user": "sam"}), 422, "invalid")
    for extension in ("*55", "*56", "*57101", "*551"):
        found = is_problem(await admin.post("/users", {**new, "extension": extension}), 422, "invalid")
        assert found["errors"][0]["field"] == "extension"
        is_problem(await admin.patch(sam, {"extension": extension}), 422, "invalid")
    assert (await admin.patch(sam, {"extension": "*5"}))[0] == 200
    assert (await admin.patch(sam, {"name": " S "}))[0] == 200
    for seconds in (-86400, -1, 0):
        at = site.now.timestamp() + seconds
        moment = f"{type(site.now).fromtimestamp(at, site.now.tzinfo).isoformat()}"
        found = is_problem(
            await admin.post("/tokens", {"name": "t", "user": "sam", "expires_at": moment}), 422, "invalid"
        )
        assert found["errors"][0]["field"] == "expires_at"
    assert (await admin.get("/tokens"))[1]["tokens"] == []


BAD_HOSTS = [
    *("..", ".", "a..b", ".a", "-a", "a-", "%zz", "%20", "1.2.3", "127.1", "0x7f.1", "2130706433", "1.2.3.4.", "x:0"),
    *("x:99999", "x:-1", "x:+5", "x:\u0663", "a" * 64, "[v1.x]", "[a]", "[::1", "xn--\u2603", "a,b", "a'b", "a\\b"),
    *(".".join(["a" * 60] * 5), "\u00e9" + "a" * 70, "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1", "a\u3000"),
    *("", ":80", "user@a", "a@b@c", "a#b", "a;b"),
]
GOOD_HOSTS = [
    *("crm.example", "CRM.Example.", "receiver", "receiver_1", "127.0.0.1:1", "[::1]:8080", "a-1"),
    *("m\u00fcnchen.example", "xn--mnchen-3ya.example"),
]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_is_none(host: str) -> None:
    for url in (f"http://{host}/", f"https://{host}", f"http://{host}?q"):
        with pytest.raises(Invalid) as caught:
            Guard(allow_private=True).check_url(url)
        assert not PYTHON.search(caught.value.detail.replace(host, ""))


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_a_host_that_is_one(host: str) -> None:
    assert Guard(allow_private=True).check_url(f"https://{host}/x?y=1") == f"https://{host}/x?y=1"
