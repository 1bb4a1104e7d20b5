"""Where hooks may go: not into the private network, unless the configuration says so.

Looked at twice: when a URL is entered, and when the connection is made, because names can change their address.
"""

import ipaddress
import re
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from adapter.errors import Invalid

LONGEST_URL = 2000
"""Characters."""

LONGEST_NAME = 253
"""Characters of a whole name (RFC 1035, section 2.3.4)."""
LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""One part of a name; _ is no host's by the letter, but container networks have it."""
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class Guard:
    """The rule. `allow_private`: loopback, private and link-local addresses too."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    def check_url(self, url: str) -> str:
        """The URL as it was entered. Raises Invalid, naming what is wrong with it."""
        if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
            raise _invalid("url_form", "This is no URL.")
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            raise _invalid("url_host", "What stands in brackets is no IPv6 address.") from None
        if parts.scheme not in ("http", "https") or not host:
            raise _invalid("url_scheme", "A hook's URL begins with https:// or http:// and a host.")
        if parts.username is not None or parts.password is not None:
            raise _invalid("url_password", "No user or password in the URL: the signature shows who sends.")
        if parts.fragment:
            raise _invalid("url_fragment", "A hook's URL has no #fragment.")
        if not _has_port(parts):
            raise _invalid("url_port", "A port is a number from 1 to 65535.")
        if not is_host(host) or ("[" in parts.netloc and ":" not in host):
            what = f"{host} is no host: write a name such as crm.example, or an address such as 203.0.113.5."
            raise _invalid("url_host", what)
        if not self._allow_private and (host.rstrip(".") == "localhost" or not _is_public(host, unknown=True)):
            what = "This address is private. The setting webhooks.allow_private permits such receivers."
            raise _invalid("url_private", what)
        return url

    def socket_for(self, address: AddrInfo) -> socket.socket:
        """A socket for this resolved address (aiohttp's SocketFactoryType). Raises OSError for a private one."""
        family, kind, protocol, _, where = address
        if not self._allow_private and not _is_public(str(where[0]), unknown=False):
            raise OSError(f"{where[0]} is a private address, which webhooks.allow_private does not permit")
        return socket.socket(family, kind, protocol)


def _has_port(parts: SplitResult) -> bool:
    """Whether the port, if there is one, is one that can be connected to."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def is_host(host: str) -> bool:
    """Whether this is an address, or can be a name (RFC 1123, section 2.1; IDNA for other scripts).

    Of names that end in a number only whole addresses are any: resolvers take 127.1 for 127.0.0.1 (WHATWG URL, "ends in
    a number").
    """
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    try:
        name = (host if host.isascii() else host.encode("idna").decode()).removesuffix(".")
    except UnicodeError:
        return False
    labels = name.split(".")
    return len(name) <= LONGEST_NAME and all(map(LABEL.fullmatch, labels)) and not NUMBER.fullmatch(labels[-1])


def _is_public(host: str, *, unknown: bool) -> bool:
    """Whether an address is one of the open Internet; `unknown` is the answer for what is no address but a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return unknown
    inner = _carried(address) if isinstance(address, ipaddress.IPv6Address) else None
    return _is_open(address if inner is None else inner)


def _is_open(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in _INSIDE)


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if any(address in network for network in _LOW):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


_LOW = [ipaddress.ip_network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96")]
"""Carrying an IPv4 address in their last four bytes: mapped, compatible (RFC 4291), behind a translator (RFC 6052)."""
_INSIDE = [
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20", "fec0::/10")
]
"""Ranges of special use (RFC 6890 and IANA's registries; RFC 3879 for the last) that not every Python knows: protocol
assignments, with clouds' metadata among them; 6to4 relays; local translators; discard; documentation; site-local."""


def _invalid(kind: str, message: str) -> Invalid:
    return Invalid(f"url: {message}", [{"field": "url", "message": message, "type": kind}])
