"""Trusted proxies, the server's host names, and the check that a request comes from our own page.

Forwarded addresses and schemes are used only if they come from a configured proxy. A browser must use one of the
server's own host names (otherwise another site could point its name here: DNS rebinding).
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from adapter.errors import AdapterError, Forbidden

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SECURE = web.RequestKey("secure", bool)
"""Whether the client's connection, to us or to the proxy before us, uses TLS."""
OWN_NAMES = ("localhost", ".localhost")
"""Names that are always this machine (RFC 6761, section 6.3)."""
SAME_SITE = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of requests from our own page and from the address bar (W3C Fetch Metadata)."""


class Misdirected(AdapterError):
    """A browser used a host name that is not ours."""

    code, status, title = "misdirected", HTTPStatus.MISDIRECTED_REQUEST, "Not a name of this server"


@dataclass(frozen=True, slots=True)
class ProxyPolicy:
    """The configured proxies and host names."""

    proxies: tuple[Network, ...] = ()
    """X-Forwarded-For and X-Forwarded-Proto are trusted from these addresses."""
    public_origin: str | None = None
    hosts: frozenset[str] = frozenset()
    """Other host names by which browsers reach us."""

    def is_proxy(self, address: str | None) -> bool:
        """Whether this is the address of a trusted proxy."""
        try:
            found = ipaddress.ip_address((address or "").partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self.proxies)

    def came_from(self, request: web.Request) -> web.Request:
        """The request with the client's address and scheme, from a trusted proxy's headers or from the connection.

        The last address in X-Forwarded-For that is not a trusted proxy counts: everything before it may be forged.
        """
        request[SECURE] = request.secure
        if not self.is_proxy(request.remote):
            return request
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        remote = request.remote or ""
        for hop in reversed([part.strip() for part in forwarded if part.strip()]):
            if not _is_address(hop):
                break
            remote = hop
            if not self.is_proxy(hop):
                break
        protocol = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        scheme = protocol if protocol in ("http", "https") else request.scheme
        request[SECURE] = scheme == "https"
        return request.clone(remote=remote, scheme=scheme)

    def check_host(self, request: web.Request) -> None:
        """Refuse a browser that uses a foreign host name (DNS rebinding). Raises Misdirected.

        IP addresses can't be rebound and are allowed. Programs with a token may use any name.
        """
        given = request.headers.get("Host")
        if given is None or ("Authorization" in request.headers and not is_browser(request)):
            return
        try:
            host = (urlsplit(f"//{given}").hostname or "").rstrip(".")
        except ValueError:
            host = ""
        own = {urlsplit(self.public_origin).hostname} if self.public_origin else set()
        if not (_is_address(host) or host == OWN_NAMES[0] or host.endswith(OWN_NAMES[1]) or host in self.hosts | own):
            raise Misdirected(
                "This server is not known by that host name. Its operator can add it: http.public_origin, http.hosts."
            )

    def is_own(self, request: web.Request, origin: str) -> bool:
        """Whether an Origin is our own page. With TLS, a page loaded without TLS is not."""
        if origin == self.public_origin:
            return True
        parts = urlsplit(origin)
        return parts.netloc == request.host and (parts.scheme == "https" or not request[SECURE])

    def check_origin(self, request: web.Request) -> None:
        """Refuse requests from another site's page, whether they use our cookie or try to get one. Raises Forbidden."""
        origin = request.headers.get("Origin")
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in SAME_SITE
        if origin is not None:
            foreign = not self.is_own(request, origin)
        if foreign:
            why = "This request came from another site's page and was refused."
            raise Forbidden(f"{why} {self._hint(request, origin)}" if self._is_likely_ours(request, origin) else why)

    @staticmethod
    def _is_likely_ours(request: web.Request, origin: str | None) -> bool:
        """Whether the browser says that its page is of the server that it asks, or can't say (no TLS)."""
        return origin not in (None, "null") and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"

    @staticmethod
    def _hint(request: web.Request, origin: str | None) -> str:
        """For whoever installs us behind a proxy that sends its own Host. Only the page's own site can read it."""
        return (
            f"If {origin} is this server's own address, its proxy did not pass that on (what came was {request.host}). "
            "Let the proxy send it (nginx: proxy_set_header Host $host; Apache: ProxyPreserveHost On), or write into "
            f'config.toml, section [http]: public_origin = "{origin}"'
        )


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR blocks, such as 127.0.0.1 and 10.0.0.0/8. Raises ValueError."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in written)


def is_browser(request: web.Request) -> bool:
    """Whether a page sent this request: browsers add these headers, and pages can't remove or change them."""
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
