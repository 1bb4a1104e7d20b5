"""Attack: requests that are none, or too much of one. Paths, headers, bodies and JSON, byte by byte: each is answered
with a problem document, closes what can't be trusted any more, and changes nothing."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapter.web import listener, pagefiles
from adapter.web.body import MAX_BODY
from tests.attack.people import World
from tests.attack.raw import Raw, cookie
from tests.support.client import Client
from tests.support.site import Site, is_problem

NEW = {"username": "new", "name": "New", "role": "administrator", "password": "secret-new"}


async def raw(site: Site, head: str, body: bytes = b"") -> tuple[int, dict[str, str], dict[str, Any]]:
    """One request, byte by byte; its answer."""
    one = await Raw.open(site)
    await one.send(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
    try:
        return await one.answer()
    finally:
        one.close()


def head(client: Client, method: str = "POST", path: str = "/api/v1/users", *more: str) -> str:
    """A head that is in order, and more lines."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {cookie(client)}", *more]
    return "\n".join(lines)


# --- JSON

DEEP = 20_000
JSON = {
    "deep lists": b'{"username":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "unended": b'{"username":' + b"[" * DEEP,
    "duplicate keys": b'{"role":"agent","role":"administrator"}',
    "duplicate keys inside": b'{"modes":[{"a":1,"a":2}]}',
    "NaN": b'{"can_monitor":NaN}',
    "Infinity": b'{"can_monitor":-Infinity}',
    "an endless integer": b'{"username":' + b"9" * 10_000 + b"}",
    "invalid UTF-8": b'{"username":"\xff\xfe"}',
    "UTF-16": json.dumps(NEW).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two documents": json.dumps(NEW).encode() * 2,
    "a comment": b"/* */ {}",
    "single quotes": b"{'username':'x'}",
    "a control character in a string": b'{"username":"a\nb"}',
    "nothing": b"",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
}


async def test_json_that_is_none(site: Site) -> None:
    admin = await site.client("admin")
    before = await site.store.people.all()
    for data in JSON.values():
        for path in ("/users", "/monitors", "/session", "/tokens"):
            is_problem(await admin.ask("POST", path, data=data), 400, "malformed")
    assert await site.store.people.all() == before


WRONG: list[Any] = [None, True, 0, -1, 1.5, 1e308, 10**300, [], ["x"], {}, {"a": 1}, "", "\ud800", "\x00", "x" * 5000]
"""Values of every type, also those that JSON has and no field of ours."""


async def test_values_of_every_wrong_type(site: Site) -> None:
    world = await World(site).begin()
    admin = world.admin
    before = await world.seen()
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("/users", NEW),
        ("/monitors", {"call_id": world.things["calls"], "mode": "silent", "device": "PJSIP/301"}),
        ("/tokens", {"name": "t", "user": "admin", "scopes": ["monitor"]}),
        ("/webhooks", {"url": "http://127.0.0.1:1/", "events": ["call.started"], "enabled": True}),
    ]
    allowed_null = {"device", "user"}
    for path, good in wishes:
        for field in good:
            for value in WRONG:
                if (value is None and field in allowed_null) or (value is True and field == "enabled"):
                    continue
                data = json.dumps({**good, field: value}).encode()
                is_problem(await admin.ask("POST", path, data=data), 422, "invalid")
        surplus = json.dumps({**good, "__proto__": {"role": "administrator"}, "\ud800": 1}).encode()
        is_problem(await admin.ask("POST", path, data=surplus), 422, "invalid")
    for text in ("1e999", "-1e999", "1E400"):
        is_problem(await admin.ask("POST", "/users", data=f'{{"username":{text}}}'.encode()), 422, "invalid")
    assert await world.seen() == before


# --- bodies


async def test_a_body_that_is_too_large(site: Site) -> None:
    admin = await site.client("admin")
    big = b'{"username":"' + b"x" * (MAX_BODY * 3) + b'"}'
    is_problem(await admin.ask("POST", "/users", data=big), 413, "too_large")
    status, _, problem = await raw(
        site, head(admin, "POST", "/api/v1/users", f"Content-Length: {10**12}"), b"{" * 70_000
    )
    is_problem((status, problem), 413, "too_large")


async def test_chunks_without_an_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LINGER", 0.2)
    admin = await site.client("admin")
    one = await Raw.open(site)
    await one.send(head(admin, "POST", "/api/v1/users", "Transfer-Encoding: chunked").replace("\n", "\r\n").encode())
    await one.send(b"\r\n\r\n")
    for _ in range(40):
        await one.send(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
    status, _, problem = await one.answer()
    is_problem((status, problem), 413, "too_large")
    assert await one.all() == b""
    one.close()


async def test_bodies_are_not_unpacked(site: Site) -> None:
    """A bomb stays as small as it came: 100 kB of zeroes' gzip would be 100 MB."""
    admin = await site.client("admin")
    small = json.dumps(NEW).encode()
    for kind, data in (
        ("gzip", gzip.compress(b"0" * 10_000_000)),
        ("deflate", zlib.compress(small)),
        ("br", small),
        ("zstd", small),
        ("gzip, gzip", gzip.compress(gzip.compress(small))),
        ("GZIP", gzip.compress(small)),
    ):
        headers = {"Content-Encoding": kind, "Content-Type": "application/json"}
        is_problem(await admin.ask("POST", "/users", data=data, headers=headers), 400, "malformed")


# --- framing

SMUGGLED = b"GET /api/v1/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FRAMES = {
    "both": ("Content-Length: 6", "Transfer-Encoding: chunked"),
    "both, the other way round": ("Transfer-Encoding: chunked", "Content-Length: 6"),
    "two lengths": ("Content-Length: 0", "Content-Length: 50"),
    "a list of lengths": ("Content-Length: 0, 50",),
    "a signed length": ("Content-Length: +50",),
    "a negative length": ("Content-Length: -1",),
    "a length in hex": ("Content-Length: 0x10",),
    "a length of other digits": ("Content-Length: \xb2",),
    "a space before the colon": ("Content-Length : 50",),
    "chunked in disguise": ("Transfer-Encoding: xchunked",),
    "chunked, and not last": ("Transfer-Encoding: chunked, identity",),
    "chunked twice": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "a folded header": ("X-Y: a\n b",),
    "a nameless header": (": x",),
    "a line feed alone": ("X-Y: a\rX-Z: b",),
    "a NUL": ("X-Y: a\0b",),
    "two hosts": ("Host: evil.example",),
}


async def test_nothing_is_smuggled(site: Site) -> None:
    """What two servers could read in two ways is refused, and the connection with it; at most one answer comes."""
    admin = await site.client("admin")
    before = await site.store.people.all()
    for kind, lines in FRAMES.items():
        one = await Raw.open(site)
        request = head(admin, "POST", "/api/v1/users", *lines).replace("\n", "\r\n").encode("latin-1")
        with capture_logs() as logs:
            await one.send(request + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
            status, headers, problem = await one.answer()
            rest = await one.all()
        one.close()
        assert (status, problem["code"]) == (400, "malformed"), kind
        assert headers["content-type"].startswith("application/problem+json"), kind
        assert headers["x-content-type-options"] == "nosniff", kind
        assert rest == b"", kind
        assert not [entry for entry in logs if entry["log_level"] == "error"], "strangers write no tracebacks"
    assert await site.store.people.all() == before


NONE = [
    "GET / HTTP/9.9",
    "G\0T / HTTP/1.1",
    "\x16\x03\x01\x02",
    "GET http://[::1 HTTP/1.1",
    "GET / HTTP/1.1 x",
    "PRI * HTTP/2.0",
    "GET /" + "x" * 20_000 + " HTTP/1.1",
]


async def test_what_is_no_http(site: Site) -> None:
    for first in NONE:
        with capture_logs() as logs:
            status, headers, problem = await raw(site, f"{first}\nHost: 127.0.0.1")
        is_problem((status, problem), 400, "malformed")
        assert "default-src 'none'" in headers["content-security-policy"]
        assert not [entry for entry in logs if entry["log_level"] == "error"]


async def test_floods_of_headers(site: Site) -> None:
    admin = await site.client("admin")
    for lines in ([f"X-{number}: y" for number in range(5_000)], ["X-Long: " + "y" * 100_000]):
        status, _, problem = await raw(site, head(admin, "GET", "/api/v1/calls", *lines))
        is_problem((status, problem), 400, "malformed")


# --- paths

TRAVERSALS = [
    "/static/../pagefiles.py",
    "/static/..%2f..%2ferrors.py",
    "/static/%2e%2e/%2e%2e/errors.py",
    "/static/....//pagefiles.py",
    "/static/..%5c..%5cerrors.py",
    "/static/%00page.js",
    "/static/page.js%00.html",
    "/static//etc/passwd",
    "/static/%252e%252e%252fpagefiles.py",
    "/static/",
    "/static/index.html",
    "/../../etc/passwd",
    "//etc/passwd",
    "/.git/config",
    "/api/v1/../../static/../pagefiles.py",
    "/api/v1/users/..%2f..%2fhealthz",
    "/api/v1//users",
    "/API/V1/USERS",
    "/api/v1/users/",
    "/api/v1/users;x=y",
    "/api/v1/users/%0d%0aX-Injected:%20yes",
    "/api/v1/users/" + "x" * 7_000,
]


async def test_no_path_leads_elsewhere(site: Site) -> None:
    static = Path(pagefiles.__file__).parent / "static"
    assert (static / "../pagefiles.py").is_file(), "what the paths name is there to be had"
    assert (static / "../../errors.py").is_file()
    admin = await site.client("admin")
    for path in TRAVERSALS:
        status, headers, problem = await raw(site, head(admin, "GET", path))
        is_problem((status, problem), 404, "not_found")
        assert "x-injected" not in headers, path


async def test_methods_that_nothing_has(site: Site) -> None:
    admin = await site.client("admin")
    for method in ("TRACE", "CONNECT", "PUT", "OPTIONS", "PROPFIND", "HEAD", "X" * 50):
        one = await Raw.open(site)
        lines = head(admin, method, "/api/v1/users", "Connection: close").replace("\n", "\r\n")
        await one.send(lines.encode() + b"\r\n\r\n")
        answer = await one.all()
        assert answer.split()[1] in (b"400", b"404", b"405"), (method, answer)
        assert b"secret" not in answer
        one.close()
