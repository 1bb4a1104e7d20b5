"""Attack: a hook's URL that leads inside. How the inside can be spelled (more spellings: tests/unit/test_crm.py), names
that change their mind, redirects, and answers that are bombs."""

import gzip
import ipaddress
import socket
from datetime import UTC, datetime

import pytest
from aiohttp import web

from adapter.webhooks.guard import AddrInfo, Guard
from adapter.webhooks.sender import READ, Answer, Sender, new_secret
from tests.support.receiver import Receiver
from tests.support.site import Site, is_problem

INSIDE = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0x7f.1", "127.0.0.1.", "0"),
    *("localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]"),
    *("[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2001:0:1::80ff:fffe]"),
    *("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192", "[fe80::1%25lo]"),
    *("10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "240.0.0.1", "255.255.255.255"),
    *("224.0.0.1", "[ff02::1]", "[fc00::1]", "[fec0::1]", "[100::1]", "[2001:db8::1]", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "127。0。0。1"),
]
"""Loopback, private, link-local, metadata, shared and reserved addresses, as RFC 6890 lists them, in every spelling
that a resolver takes."""


class Door(Guard):
    """The guard, and behind it nothing: whoever gets past it is noted, and connects to nobody."""

    def __init__(self) -> None:
        super().__init__(allow_private=False)
        self.passed: list[object] = []

    def socket_for(self, address: AddrInfo) -> socket.socket:
        """A socket for whoever may, which is none."""
        super().socket_for(address).close()
        self.passed.append(address)
        raise OSError("passed")


async def test_no_spelling_of_the_inside_is_reached() -> None:
    """Refused when it is entered, or at the latest when it is connected to."""
    door = Door()
    sender = Sender(door, lambda: datetime.now(UTC), 3.0)
    for host in INSIDE:
        answer = await sender.send(f"http://{host}:9/", new_secret(), "id", "{}")
        assert (answer.delivered, answer.status, door.passed) == (False, None, []), host
    answer = await sender.send("http://93.184.216.34:9/", new_secret(), "id", "{}")
    assert (answer.text, len(door.passed)) == ("passed", 1), "else this could not fail"
    await sender.close()


def test_addresses_that_carry_an_address_inside_are_read() -> None:
    """Whatever range is not on the open Internet is refused; of those that carry IPv4, the inner one counts."""
    guard = Guard(allow_private=False)
    networks = ("0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 "
                "198.18.0.0/15 224.0.0.0/4 240.0.0.0/4").split()  # fmt: skip
    for text in networks:
        network = ipaddress.ip_network(text)
        for inner in (network[0], network[1], network[-1]):
            for wrapped in (inner, *carried(int(inner))):
                family = socket.AF_INET if wrapped.version == 4 else socket.AF_INET6
                with pytest.raises(OSError, match="private"):
                    guard.socket_for((family, 1, 6, "", (str(wrapped), 80)))


def carried(inner: int) -> list[ipaddress.IPv6Address]:
    """IPv6 addresses that lead to an IPv4 address: mapped, compatible, NAT64 (both prefixes), 6to4, Teredo."""
    made = [
        (0xFFFF << 32) | inner,
        inner,
        (0x0064FF9B << 96) | inner,
        (0x0064FF9B0001 << 80) | inner,
        (0x2002 << 112) | (inner << 80),
        (0x20010000 << 96) | (inner ^ 0xFFFFFFFF),
    ]
    return [ipaddress.IPv6Address(number) for number in made]


async def test_the_contract_refuses_it(site: Site) -> None:
    object.__setattr__(site.groups.webhooks, "guard", Guard(allow_private=False))
    admin = await site.client("admin")
    status, hook = await admin.post("/webhooks", {"url": "https://crm.example/", "events": ["call.started"]})
    assert status == 201
    for host in (
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "localhost",
        "10.0.0.1",
        "user:pass@crm.example",
        "x@10.0.0.1",
    ):
        wish = {"url": f"https://{host}/", "events": ["call.started"]}
        is_problem(await admin.post("/webhooks", wish), 422, "invalid")
        is_problem(await admin.patch(f"/webhooks/{hook['id']}", {"url": wish["url"]}), 422, "invalid")


async def test_a_name_is_looked_at_again_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS that answers with the outside first and with the inside later gains nothing."""
    receiver = Receiver()
    await receiver.start()
    guard = Guard(allow_private=False)
    assert guard.check_url(f"http://rebound.example:{receiver.port}/hook")

    class Rebound:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
            found = {"hostname": host, "host": "127.0.0.1", "port": port}
            return [{**found, "family": socket.AF_INET, "proto": 0, "flags": 0}]

        async def close(self) -> None:
            """Nothing is held."""

    monkeypatch.setattr("aiohttp.connector.DefaultResolver", lambda **options: Rebound())
    for allow, tries in ((False, 0), (True, 1)):
        sender = Sender(Guard(allow_private=allow), lambda: datetime.now(UTC), 3.0)
        await sender.send(f"http://rebound.example:{receiver.port}/hook", new_secret(), "id", "{}")
        await sender.close()
        assert receiver.tries == tries
    await receiver.stop()


async def answered(response: web.Response) -> tuple[Answer, list[str]]:
    """What a receiver's answer becomes, and the paths that it was asked for."""
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return response

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sender = Sender(Guard(allow_private=True), lambda: datetime.now(UTC), 5.0)
    found = await sender.send(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", new_secret(), "id", "{}")
    await sender.close()
    await runner.cleanup()
    return found, asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    headers = {"Location": "/elsewhere", "Refresh": "0; url=/elsewhere"}
    answer, asked = await answered(web.Response(status=status, headers=headers))
    assert (answer.delivered, asked) == (False, ["/hook"])


async def test_an_answer_that_is_a_bomb_or_has_no_end_is_not_kept() -> None:
    bomb = web.Response(body=gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    for response in (bomb, web.Response(body=b"x" * 10_000_000)):
        answer, _ = await answered(response)
        assert answer.delivered
        assert len(answer.text) <= READ
