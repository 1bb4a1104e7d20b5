"""Attack: the way in. Reading and changing what crosses the network, pretending to come from elsewhere; TLS of one's
own, renewed while it runs, and proxies that are trusted or not."""

import asyncio
import json
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from structlog.testing import capture_logs

from adapter import wiring
from adapter.config.http import Http
from adapter.config.tls import Certificate
from adapter.errors import ConfigError
from adapter.lab.ports import free_port
from adapter.lab.run import Adapter
from adapter.store import Store
from adapter.web.proxy import ProxyPolicy, networks
from adapter.web.throttle import FREE
from tests.support.client import Client
from tests.support.clock import real
from tests.support.site import Site, is_problem
from tests.unit.test_config import SAMPLE

HSTS = "Strict-Transport-Security"


class Files:
    """A certificate for 127.0.0.1 in files, issued by an authority of this test."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.chain, self.key = folder / "chain.pem", folder / "key.pem"
        self.issue()

    def issue(self) -> bytes:
        """A new one in place of the old, as a renewal does; gives its DER."""
        found = self.ca.issue_cert("127.0.0.1", "localhost")
        self.chain.write_bytes(b"".join(part.bytes() for part in found.cert_chain_pems))
        self.key.write_bytes(found.private_key_pem.bytes())
        self.key.chmod(0o600)
        return ssl.PEM_cert_to_DER_cert(found.cert_chain_pems[0].bytes().decode())

    @property
    def trusting(self) -> ssl.SSLContext:
        """A client that believes this authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca.configure_trust(context)
        return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A certificate."""
    return Files(tmp_path)


@pytest.fixture
async def secure(tmp_path: Path, files: Files) -> AsyncIterator[Site]:
    """The site with TLS of its own."""
    site = Site(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/secure.sqlite", clock=real))
    site.tls = Certificate(files.chain, files.key).context
    runner = await site.start()
    yield site
    await site.close(runner)


async def post(site: Site, files: Files, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """A request by TLS: status, JSON, and the answer."""
    options: dict[str, Any] = {"json": body, "headers": headers, "ssl": files.trusting}
    async with aiohttp.ClientSession() as http, http.post(f"{site.base}/api/v1{path}", **options) as answer:
        return answer.status, await answer.json(), answer


LOGIN = {"username": "sam", "password": "secret-sam"}


async def test_with_tls_cookies_are_secure_and_plain_pages_are_foreign(secure: Site, files: Files) -> None:
    status, _, answer = await post(secure, files, "/session", LOGIN, Origin=secure.base)
    assert status == 200
    assert answer.cookies["cm_session"]["secure"]
    assert answer.headers[HSTS].startswith("max-age=")
    plain = secure.base.replace("https", "http")
    refused = await post(secure, files, "/session", LOGIN, Origin=plain)
    is_problem(refused[:2], 403, "forbidden")
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trustme.CA().configure_trust(other)
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await aiohttp.request("GET", secure.base + "/healthz", ssl=other).__aenter__()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_tls_is_refused(secure: Site, files: Files, version: ssl.TLSVersion) -> None:
    context = files.trusting
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", secure.listener.port, ssl=context, server_hostname="127.0.0.1")


async def test_plain_text_at_a_tls_port_gets_nothing(secure: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", secure.listener.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert b"alive" not in await asyncio.wait_for(reader.read(), 15)
    writer.close()


async def served(port: int, files: Files) -> bytes:
    """The certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=files.trusting, server_hostname="127.0.0.1")
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return bytes(found)


async def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(files: Files) -> None:
    first = ssl.PEM_cert_to_DER_cert(files.chain.read_text().partition("-----END CERTIFICATE-----")[0] + END)
    certificate = Certificate(files.chain, files.key)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate.context)
    port = server.sockets[0].getsockname()[1]
    assert await served(port, files) == first
    assert not certificate.refresh()
    key = files.key.read_bytes()
    second = files.issue()
    whole = files.key.read_bytes()
    files.key.write_bytes(key)  # half of a renewal: the new certificate with the old key
    with capture_logs() as logs:
        assert not certificate.refresh()
    assert "the old one stays in use" in logs[0]["event"]
    assert await served(port, files) == first
    files.key.write_bytes(whole)
    assert certificate.refresh()
    assert await served(port, files) == second
    server.close()


END = "-----END CERTIFICATE-----\n"


async def test_the_adapter_itself_by_tls(tmp_path: Path, files: Files) -> None:
    """The program as it is started, without a PBX: it serves by TLS, and on a hang-up signal it goes on."""
    port, conf = free_port(), tmp_path / "config.toml"
    text = SAMPLE.read_text().replace("port = 8080", f"port = {port}").replace("port = 5038", "port = 1")
    text = text.replace("[http]", f'[http]\ntls_certificate = "{files.chain}"\ntls_key = "{files.key}"')
    conf.write_text(text.replace('\nurl = ""', f'\nurl = "sqlite+aiosqlite:///{tmp_path}/own.sqlite"'))
    adapter = Adapter(conf, tmp_path / "adapter.log")
    await adapter.start()
    try:
        first = await until_served(port, files, adapter)
        second = files.issue()
        assert adapter.process is not None
        adapter.process.send_signal(signal.SIGHUP)
        assert await until_served(port, files, adapter, other_than=first) == second
    finally:
        await adapter.stop()
    assert adapter.process.returncode == 0
    assert "the renewed certificate is in use" in (tmp_path / "adapter.log").read_text()


async def until_served(port: int, files: Files, adapter: Adapter, other_than: bytes = b"") -> bytes:
    """Wait for the program to serve a certificate, another one than this."""
    while True:
        assert adapter.process is not None
        assert adapter.process.returncode is None
        with suppress(OSError):
            if (found := await served(port, files)) != other_than:
                return found
        await asyncio.sleep(0.1)


def test_what_is_no_certificate_is_said(tmp_path: Path, files: Files) -> None:
    nothing, text = tmp_path / "none.pem", tmp_path / "text.pem"
    text.write_text("no certificate")
    for chain, key in ((nothing, files.key), (files.chain, nothing), (text, files.key), (files.chain, text)):
        with pytest.raises(ConfigError, match=r"pem"):
            Certificate(chain, key)
    with pytest.raises(ValueError, match="give both"):
        Http(tls_certificate=files.chain)
    files.key.chmod(0o644)
    with capture_logs() as logs:
        wiring.certificate(Http(tls_certificate=files.chain, tls_key=files.key))
    assert "everybody" in logs[0]["event"]


@pytest.mark.parametrize(
    ("http", "warned"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "localhost"}, False),
        ({"host": "0.0.0.0"}, True),  # noqa: S104 - that is the point
        ({"host": "::"}, True),
        ({"host": "192.0.2.1"}, True),
        ({"host": "192.0.2.1", "trusted_proxies": ["192.0.2.2"]}, False),
        ({"host": "192.0.2.1", "tls_certificate": "c", "tls_key": "k"}, False),
    ],
)
def test_plain_text_to_the_network_is_known(http: dict[str, Any], warned: bool) -> None:
    assert Http(**http).plain_and_open is warned


# --- proxies


def believe(site: Site, *proxies: str) -> None:
    """These proxies are trusted."""
    object.__setattr__(site.access, "proxies", ProxyPolicy(networks(proxies)))


async def addresses(site: Site) -> list[str]:
    """The addresses of refused sign-ins, newest first."""
    admin = await site.client("admin")
    _, body = await admin.get("/audit?action=session.login")
    return [row["via_detail"] for row in body["entries"] if row["result"] == "refused"]


async def guess(client: Client, forwarded: str, name: str = "sam") -> tuple[int, dict[str, Any]]:
    """A wrong password, with this X-Forwarded-For."""
    wrong = {"username": name, "password": "wrong"}
    return await client.ask("POST", "/session", wrong, headers={"X-Forwarded-For": forwarded})


async def test_a_stranger_is_not_believed_about_where_they_come_from(site: Site) -> None:
    nobody = await site.client()
    for number in range(FREE):
        is_problem(await guess(nobody, f"192.0.2.{number}"), 401, "not_authenticated")
    is_problem(await guess(nobody, "198.51.100.7"), 429, "too_many_requests")
    assert set(await addresses(site)) == {"127.0.0.1"}
    told = {"X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.1;proto=https", "X-Real-IP": "192.0.2.1"}
    async with nobody.http.post(nobody.base + "/session", json=ANA, headers=told) as answer:
        assert not answer.cookies["cm_session"]["secure"]
        assert HSTS not in answer.headers


ANA = {"username": "ana", "password": "secret-ana"}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "believed"),
    [
        (("127.0.0.1",), "192.0.2.1", "192.0.2.1"),
        (("127.0.0.0/8",), "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (("127.0.0.1", "10.0.0.0/8"), "6.6.6.6, 192.0.2.1, 10.1.1.1", "192.0.2.1"),
        (("127.0.0.1", "10.0.0.0/8"), "10.2.2.2, 10.1.1.1", "10.2.2.2"),
        (("127.0.0.1",), "6.6.6.6, nonsense", "127.0.0.1"),
        (("127.0.0.1",), "", "127.0.0.1"),
        (("127.0.0.1",), "2001:db8::1", "2001:db8::1"),
        (("10.0.0.0/8",), "192.0.2.1", "127.0.0.1"),
        ((), "192.0.2.1", "127.0.0.1"),
    ],
)
async def test_whom_a_proxy_brings(site: Site, proxies: tuple[str, ...], forwarded: str, believed: str) -> None:
    believe(site, *proxies)
    is_problem(await guess(await site.client(), forwarded), 401, "not_authenticated")
    assert await addresses(site) == [believed]


async def test_behind_a_trusted_proxy_people_are_told_apart(site: Site) -> None:
    believe(site, "127.0.0.1")
    nobody = await site.client()
    for _ in range(FREE):
        is_problem(await guess(nobody, "192.0.2.66"), 401, "not_authenticated")
    is_problem(await guess(nobody, "192.0.2.66"), 429, "too_many_requests")
    is_problem(await guess(nobody, "192.0.2.1"), 401, "not_authenticated")
    https = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "Origin": site.base.replace("http", "https")}
    async with nobody.http.post(nobody.base + "/session", json=ANA, headers=https) as answer:
        assert (answer.status, answer.cookies["cm_session"]["secure"]) == (200, True)
        assert HSTS in answer.headers
    plain = {**https, "Origin": site.base}
    is_problem(await nobody.ask("POST", "/session", ANA, headers=plain), 403, "forbidden")


async def test_streams_go_through_a_proxy_too(site: Site) -> None:
    believe(site, "127.0.0.1")
    mona = await site.client("mona")
    mona.http.headers.update({"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})
    cookies = {cookie.key: cookie.value for cookie in mona.http.cookie_jar}
    mona.http.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    stream = await mona.events()
    site.talk()
    found = await stream.until(lambda kind, data: kind == "call.updated" and data["state"] == "active")
    assert json.dumps(found)
    status, phone = await mona.post("/softphone", {})
    assert (status, phone["sip_url"][:6]) == (200, "wss://")


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.0/40", "*", ""])
def test_what_is_no_network_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Http(trusted_proxies=[wrong])
