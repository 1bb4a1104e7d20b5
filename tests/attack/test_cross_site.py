"""Attack: another site's page. Forms, scripts, streams and sockets that a browser sends with our cookie; names of
somebody else that lead here (DNS rebinding); frames."""

import json
from typing import Any

import aiohttp
import pytest

from adapter.web.proxy import ProxyPolicy
from tests.attack.people import World
from tests.attack.test_horizontal import BODIES, OPEN, PREFIX, ask, named, operations
from tests.support.client import Client
from tests.support.site import Site, is_problem

FOREIGN: dict[str, dict[str, str]] = {
    "another origin": {"Origin": "https://evil.example"},
    "no origin at all": {"Origin": "null"},
    "the same host, another port": {"Origin": "http://127.0.0.1:1"},
    "our name in proxies of theirs": {"Origin": "http://127.0.0.1.evil.example"},
    "cross-site, without an origin": {"Sec-Fetch-Site": "cross-site"},
    "same-site, without an origin": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("origin", FOREIGN)
async def test_every_operation_refuses_another_sites_page(site: Site, origin: str) -> None:
    world = await World(site).begin()
    admin = await site.client("admin")
    admin.http.headers.update(FOREIGN[origin])
    before = await world.seen()
    for method, path in operations():
        if named(method, path) not in OPEN:
            is_problem(await ask(world, admin, method, path), 403, "forbidden")
    for path, body in (("/session", SIGN_IN), ("/setup", SETUP), ("/embeds/session", LINK)):
        is_problem(await admin.post(path, body), 403, "forbidden")
    assert await world.seen() == before


SIGN_IN = {"username": "sam", "password": "secret-sam"}
LINK = {"link": "cml_guess", "origin": "https://crm.example"}
SETUP = {"token": "guess", "username": "evil", "name": "Evil", "password": "secret-evil"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_json_in_a_forms_clothes_is_not_taken_from_a_browser(site: Site, kind: str) -> None:
    """A form can send any text without asking first (CORS-safelisted types); no page of ours does."""
    admin = await site.client("admin")
    data = json.dumps(BODIES["POST /users"]).encode()
    for headers in ({"Origin": site.base}, {"Sec-Fetch-Site": "same-origin"}):
        sent = {**headers, "Content-Type": kind or "application/octet-stream"}
        is_problem(await admin.ask("POST", "/users", data=data, headers=sent), 400, "malformed")
    assert [user.username for user in await site.store.people.all() if user.username == "new"] == []


async def test_our_own_page_and_programs_are_let_in(site: Site) -> None:
    admin = await site.client("admin")
    for headers in ({"Origin": site.base}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        is_problem(await admin.ask("POST", "/users", {}, headers=headers), 422, "invalid")


async def test_nobody_may_read_across_origins(site: Site) -> None:
    """No CORS header anywhere: what another site's page asks for, its browser keeps from it."""
    admin = await site.client("admin")
    for method in ("GET", "OPTIONS"):
        for path in ("/", "/api/v1/calls", "/api/v1/session", "/openapi.json", "/nothing"):
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            async with admin.http.request(method, site.base + path, headers=headers) as answer:
                assert not [name for name in answer.headers if name.lower().startswith("access-control")]
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_a_stream_is_not_opened_for_another_sites_page(site: Site) -> None:
    admin = await site.client("admin")
    for headers in FOREIGN.values():
        is_problem(await admin.ask("GET", "/events", headers=headers), 403, "forbidden")
    assert site.streams.count == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", None])
async def test_a_websocket_is_not_opened_for_another_sites_page(site: Site, origin: str | None) -> None:
    admin = await site.client("admin")
    assert (await admin.post("/softphone", {}))[0] == 200
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await admin.http.ws_connect(admin.base + "/sip", protocols=("sip",), headers=headers)
    assert refused.value.status == 403


def told(host: str, **headers: str) -> dict[str, str]:
    """What a browser sends that was led here by this name."""
    return {"Host": host, **headers}


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "x@y", "[::"]
)
async def test_a_name_that_was_led_here_gets_nothing(site: Site, name: str) -> None:
    """DNS rebinding: the page's origin and the host are the same then, so only the name shows it."""
    client = await site.client()
    own = {"Origin": f"http://{name}"}
    for path in ("/", "/static/page.js", f"{PREFIX}/session", "/openapi.json"):
        async with client.http.get(site.base + path, headers=told(name, **own)) as answer:
            is_problem((answer.status, await answer.json()), 421, "misdirected")
    wish = {"username": "sam", "password": "secret-sam"}
    is_problem(await client.ask("POST", "/session", wish, headers=told(name, **own)), 421, "misdirected")
    bearer = {**own, "Authorization": "Bearer cm_x"}
    is_problem(await client.ask("POST", "/session", wish, headers=told(name, **bearer)), 421, "misdirected")


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "[::1]:8080", "localhost:9999", "page.localhost", "LOCALHOST", "10.1.2.3"]
)
async def test_addresses_and_this_machines_names_are_ours(site: Site, name: str) -> None:
    client = await site.client()
    is_problem(await client.ask("GET", "/session", headers=told(name)), 401, "not_authenticated")


async def test_configured_names_programs_and_service_managers_come_by_any_name(site: Site) -> None:
    client = await site.client()
    object.__setattr__(
        site.access, "proxies", ProxyPolicy(public_origin="https://calls.example", hosts=frozenset({"pbx.lan"}))
    )
    for name in ("calls.example", "Calls.Example:443", "pbx.lan:8080"):
        is_problem(await client.ask("GET", "/session", headers=told(name)), 401, "not_authenticated")
    is_problem(await client.ask("GET", "/session", headers=told("other.example")), 421, "misdirected")
    wrong = told("adapter.internal", Authorization="Bearer cm_wrong")
    is_problem(await client.ask("GET", "/calls", headers=wrong), 401, "not_authenticated")
    async with client.http.get(site.base + "/healthz", headers=told("adapter.internal")) as answer:
        assert answer.status == 200


EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def headers_of(client: Client, path: str, **more: Any) -> dict[str, str]:
    """What an answer carries; it need not end."""
    async with client.http.get(client.base.removesuffix(PREFIX) + path, **more) as answer:
        return dict(answer.headers)


async def test_every_answer_carries_the_headers_that_keep_it_safe(site: Site) -> None:
    admin = await site.client("admin")
    paths = ["/", "/api/docs", "/static/page.js", "/openapi.json", "/healthz", "/nothing", "/%"]
    paths += [PREFIX + path for path in ("/calls", "/events", "/audit.csv", "/users/none", "/session")]
    for path in paths:
        found = await headers_of(admin, path)
        assert found.items() >= EVERYWHERE.items(), path
        assert "frame-ancestors 'none'" in found["Content-Security-Policy"], path
        assert "default-src 'none'" in found["Content-Security-Policy"], path
        assert "microphone=(self), camera=()" in found["Permissions-Policy"], path
        assert "unsafe" not in found["Content-Security-Policy"], path
        assert "Strict-Transport-Security" not in found, path
        assert "aiohttp" not in found["Server"], path
