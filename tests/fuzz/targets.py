"""What is fuzzed: every parser of what strangers send. Each target takes any bytes, and raises only when it found a
fault; hypothesis feeds them in the tests, and atheris for as long as one likes (`make fuzz`)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp.test_utils import make_mocked_request
from pydantic import BaseModel

from adapter.asterisk.splitter import NotAmi, Splitter
from adapter.asterisk.stasis import _call
from adapter.asterisk.wire import TRANSLATORS, channel, snapshot, translate
from adapter.cli import csv_import
from adapter.core.legs import HandedCall
from adapter.errors import AdapterError, Invalid, Malformed
from adapter.monitoring.e164 import canonical, same_number
from adapter.web.app import all_routes
from adapter.web.body import parse_object, validate
from adapter.web.proxy import SECURE, ProxyPolicy, networks
from adapter.web.sipguard import Refused
from adapter.webhooks.guard import Guard
from tests.fuzz.sip import assert_harmless, guard_before, nearly

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
BODIES = sorted({route.body for _, route in all_routes() if route.body}, key=lambda model: model.__name__)
REACHING = {"call_id", "agent_extension", "customer_number", "device", "supervisor", "extension", "username", "name"}
"""Fields whose words reach Asterisk: nothing in them may end a line."""


def fed(data: bytes, step: int) -> list[dict[str, str]] | None:
    """The messages of a stream that comes in pieces of this size; None when it is no AMI."""
    splitter, found = Splitter(TRANSLATORS), []
    try:
        for place in range(0, len(data), step):
            found += splitter.feed(data[place : place + step])
    except NotAmi:
        return None
    return found


def ami(data: bytes) -> None:
    """AMI's stream: the same messages however it is cut, and each an event of ours or nothing."""
    for stream in (data, GREETING + data):
        whole = fed(stream, len(stream) + 1)
        assert whole == fed(stream, 1 + len(data) % 7)
        for message in whole or ():
            translate(message, NOW)
            if (found := channel(message)) is not None:
                shown = (found.number, found.caller_name, found.connected_number, found.connected_name)
                assert all(text.isprintable() for text in shown)
        messages = whole or []
        snapshot(NOW, messages, messages, messages, restarted=False)


def stasis(data: bytes) -> None:
    """ARI's events: a call that was handed over, or nothing."""
    found = _call(data.decode(errors="replace"))
    assert found is None or isinstance(found, HandedCall)


def body(data: bytes) -> None:
    """Bodies of requests: an object, and one of our models without a control character; or a refusal."""
    try:
        value = parse_object(data)
    except Malformed:
        return
    for model in BODIES:
        with suppress(Invalid):
            for field, text in texts(validate(model, value)):
                assert field not in REACHING or not set(text) & CONTROL, (model, field, text)


CONTROL = set(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0xD800, 0xE000)]))


def texts(found: BaseModel) -> Iterator[tuple[str, str]]:
    """The strings of a body by field."""
    for field, value in found:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield field, item


def url(data: bytes) -> None:
    """A hook's URL: refused, or one that says plainly where it leads."""
    text = data.decode(errors="replace")
    for guard in (Guard(allow_private=True), Guard(allow_private=False)):
        with suppress(Invalid):
            parts = urlsplit(guard.check_url(text))
            assert parts.scheme in ("http", "https")
            assert parts.hostname
            assert "@" not in parts.netloc
            assert text.isprintable()


def number(data: bytes) -> None:
    """Phone numbers: some form, and every number is the same as itself, the empty one as nobody's."""
    text = data.decode(errors="replace")
    for country in ("US", "DE", "IL"):
        assert canonical(text, country) == canonical(f" {text} ", country)
        assert same_number(text, text, country) is bool(text.strip())


FRONT = ProxyPolicy(networks(["127.0.0.0/8", "10.0.0.0/8", "::1"]), "https://calls.example", frozenset({"pbx"}))


def head(data: bytes) -> None:
    """Headers that say where somebody comes from, and by which name: believed, or refused as ours."""
    text = "".join(c for c in data.decode("latin-1") if c not in "\r\n\0")
    first, _, second = text.partition("|")
    headers = {"X-Forwarded-For": first, "X-Forwarded-Proto": second, "Host": first, "Origin": second}
    request = make_mocked_request("POST", "/", headers=headers)
    found = FRONT.came_from(request.clone(remote="127.0.0.1"))
    assert found[SECURE] in (True, False)
    for check in (FRONT.check_host, FRONT.check_origin):
        with suppress(AdapterError):
            check(found)


def table(data: bytes) -> None:
    """The CSV of accounts: rows, or a refusal."""
    with suppress(AdapterError):
        csv_import.read(data.decode(errors="replace"))


def sip(data: bytes) -> None:
    """A page's SIP: refused, or harmless in the eyes of a reader that takes anything."""
    where, changed = nearly(data)
    for text in (data.decode(errors="replace"), changed):
        with suppress(Refused):
            guard_before(where).from_page(text)
            assert_harmless(text, where)
    guard_before(0).from_asterisk(data.decode(errors="replace"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (ami, stasis, body, url, number, head, table, sip)
}
