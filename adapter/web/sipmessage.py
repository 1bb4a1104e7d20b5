"""One SIP message (RFC 3261), read so that there is only one way to read it: what could be read in two is refused."""

import re
from dataclasses import dataclass
from typing import Self

COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
}
"""RFC 3261, section 7.3.3. Asterisk writes these with `compact_headers = yes` (pjsip.conf, system)."""
REQUEST = re.compile(r"([A-Z]{1,16}) (sips?:[!#-;=?-~]{1,500}) SIP/2\.0")
RESPONSE = re.compile(r"SIP/2\.0 ([1-6]\d\d) [ -~]{0,100}")
LINE = re.compile(r"([A-Za-z][A-Za-z-]{0,40}):[ ]*(.*)")
NOT_TEXT = re.compile(r"[\x00-\x1f\x7f]")
NAME_ADDR = re.compile(r'(?:"(?:[^"\\]|\\.)*"[ ]*|[^"<>]*)<[^<>"]*>((?:;[^;"<>]*)*)')
TAG = re.compile(r";tag=([A-Za-z0-9._~!*+%'`-]{1,128})(?=;|$)")
MOST_HEADERS = 128
PARAMETER = re.compile(r'([a-z]{1,16})=("[ !#-\[\]-~]{0,300}"|[A-Za-z0-9]{1,32})')
DIGEST = {"algorithm", "username", "realm", "nonce", "uri", "response", "opaque", "qop", "cnonce", "nc"}
"""Parameters of RFC 2617, section 3.2.2."""


class NotSip(ValueError):
    """This is no SIP message, or one that another reader might read otherwise."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response. Names of headers are in lower case, compact ones written out; values as they stood."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str
    spelled: tuple[str, ...]
    """The names of its headers as they stood."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read one. Raises NotSip."""
        head, blank, body = text.partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if not blank or len(lines) > MOST_HEADERS or any(NOT_TEXT.search(line) for line in (start, *lines)):
            raise NotSip("no head, or bytes in it that end lines for some")
        found = [LINE.fullmatch(line) for line in lines]
        headers = [(match[1], match[2]) for match in found if match]
        if len(headers) < len(lines):
            raise NotSip("a header that is folded, or none")
        named = tuple((COMPACT.get(name.lower(), name.lower()), value.rstrip(" ")) for name, value in headers)
        return cls(start, named, body, tuple(name for name, _ in headers))

    def all(self, name: str) -> list[str]:
        """The values of a header, by its name in lower case."""
        return [value for known, value in self.headers if known == name]

    def one(self, name: str) -> str:
        """The value of a header that stands there exactly once. Raises NotSip."""
        values = self.all(name)
        if len(values) != 1:
            raise NotSip(f"{name} stands there {len(values)} times")
        return values[0]

    @property
    def request(self) -> tuple[str, str] | None:
        """Its method and URI; None when it is a response."""
        match = REQUEST.fullmatch(self.start)
        return (match[1], match[2]) if match else None

    @property
    def status(self) -> int | None:
        """Its status; None when it is a request."""
        match = RESPONSE.fullmatch(self.start)
        return int(match[1]) if match else None

    def tag(self, name: str) -> str:
        """The tag of `to` or `from`; empty when there is none. Raises NotSip."""
        match = NAME_ADDR.fullmatch(self.one(name))
        tags = TAG.findall(match[1]) if match else []
        if match is None or len(tags) > 1:
            raise NotSip(f"{name} is no address")
        return tags[0] if tags else ""


def digest(credentials: str) -> dict[str, str]:
    """The parameters of an Authorization header, quotes and all. Raises NotSip where one stands twice."""
    scheme, _, listed = credentials.partition(" ")
    found = [PARAMETER.fullmatch(part) for part in listed.split(", ")]
    given = {match[1]: match[2] for match in found if match}
    if scheme != "Digest" or len(given) < len(found) or not given.keys() <= DIGEST:
        raise NotSip("credentials that are not JsSIP's")
    return given
