"""Where the adapter listens and is reached: all addresses of a machine, and proxies that forget the Host header."""

import socket

import aiohttp
import pytest
from aiohttp import web

from adapter.lab.ports import free_port
from adapter.web.listener import Listener, in_url
from tests.support.site import Site, is_problem


async def _who(request: web.Request) -> web.Response:
    return web.Response(text=request.remote or "")


async def test_all_addresses_are_those_of_ipv4_too() -> None:
    app = web.Application()
    app.router.add_get("/", _who)
    listener, port = Listener(app), free_port()
    await listener.start("::", port)
    reached = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
    try:
        async with aiohttp.ClientSession() as session:
            for host in _of_this_machine(reached):
                async with session.get(f"http://{in_url(host)}:{port}/") as answer:
                    assert await answer.text() == host, "as it is, not within the other family"
    finally:
        await listener.cleanup()


def _of_this_machine(reached: dict[str, socket.AddressFamily]) -> list[str]:
    """The loopback addresses that this machine has; 127.0.0.1 at least."""
    found = []
    for host, family in reached.items():
        with socket.socket(family) as probe:
            try:
                probe.bind((host, 0))
            except OSError:
                continue
            found.append(host)
    assert "127.0.0.1" in found
    return found


def test_an_address_in_a_url() -> None:
    assert (in_url("::"), in_url("fe80::1"), in_url("127.0.0.1"), in_url("pbx.lan")) == (
        *("[::]", "[fe80::1]"),
        *("127.0.0.1", "pbx.lan"),
    )


WISH = {"username": "admin", "password": "secret-admin"}


@pytest.mark.parametrize("fetch", [None, "same-origin"])
async def test_behind_a_proxy_that_forgets_the_host_the_refusal_says_what_to_add(site: Site, fetch: str | None) -> None:
    client = await site.client()
    headers = {"Origin": "https://calls.lan", **({"Sec-Fetch-Site": fetch} if fetch else {})}
    answer = await client.ask("POST", "/session", WISH, headers=headers)
    is_problem(answer, 403, "forbidden")
    for told in ('public_origin = "https://calls.lan"', "proxy_set_header Host $host", "127.0.0.1"):
        assert told in answer[1]["detail"]


@pytest.mark.parametrize("fetch", ["cross-site", "same-site"])
async def test_another_sites_page_is_told_nothing(site: Site, fetch: str) -> None:
    client = await site.client()
    answer = await client.ask("POST", "/session", WISH, headers={"Origin": "https://x.lan", "Sec-Fetch-Site": fetch})
    is_problem(answer, 403, "forbidden")
    assert "public_origin" not in answer[1]["detail"]
