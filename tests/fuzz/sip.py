"""A page's SIP as it was recorded (JsSIP 3.13.8 in Chromium, Asterisk 22.10.1), what is nearly that, and a second
reader, as lenient as any, that says whether something harmful passed."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

from adapter.web.sipguard import KEEP_ALIVE, SipGuard

RECORDED: list[tuple[str, str]] = [
    (who, text) for who, text in json.loads((Path(__file__).parents[1] / "unit/recorded/jssip.json").read_text())
]
"""Who sent it, `page` or `asterisk`, and the message: registering, a call that Asterisk began, hold, unhold, a digit,
hanging up, no longer being registered."""
SENT = [place for place, (who, _) in enumerate(RECORDED) if who == "page"]
ENDPOINT = "cm-web-cf1ad96a1bec89ce"
PIECES = [
    *("\r\n", "\n", "\r", "\x00", " ", "\t", ",", ";", ":", "<", ">", '"', "\\", "%31", "@", "(", ")", "\u2028", "é"),
    *("INVITE", "REGISTER", "REFER", "BYE", "ACK", "CANCEL", "SUBSCRIBE", "invite", "SIP/2.0", "SIP/2.0 302 Moved"),
    *("<sip:101@call-monitor.invalid>", "sip:101@call-monitor.invalid", ";tag=x", "t: ", "f: ", "i: ", "v: ", "l: 0"),
    *("\r\nTo: <sip:101@x>", "\r\nFrom: <sip:101@x>;tag=x", "\r\nReplaces: x", "\r\nRefer-To: <sip:500@x>", "\r\n\r\n"),
    *('username="101"', "\r\nCall-ID: x", "\r\n m: <sip:101@x>", "0", "\r\nRoute: <sip:x;lr>", "\r\n ;tag=x"),
]
COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
}
HARMFUL = {"route", "record-route", "replaces", "join", "refer-to", "referred-by", "event", "diversion", "require"}
HARMFUL |= {"p-asserted-identity", "p-preferred-identity", "remote-party-id", "proxy-authorization", "r", "record"}


def guard_before(place: int) -> SipGuard:
    """A guard that saw what was recorded up to a place."""
    guard = SipGuard(ENDPOINT)
    for who, text in RECORDED[:place]:
        (guard.from_page if who == "page" else guard.from_asterisk)(text)
    return guard


def nearly(data: bytes) -> tuple[int, str]:
    """A recorded message of the page's, changed as the bytes say, and its place."""
    place = SENT[data[0] % len(SENT)] if data else SENT[0]
    text = RECORDED[place][1]
    for step in range(1, len(data) - 3, 4):
        where = int.from_bytes(data[step : step + 2], "big") % (len(text) + 1)
        piece, cut = PIECES[data[step + 2] % len(PIECES)], data[step + 3] % 40
        text = text[:where] + piece + text[where + cut :]
    return place, text


def dialogs(place: int) -> set[tuple[str, str]]:
    """Call-ID and tag of what Asterisk began before a place."""
    begun = [text for who, text in RECORDED[:place] if who == "asterisk" and text.startswith("INVITE ")]
    heads = [lenient(text)[1] for text in begun]
    return {(head["call-id"][0], head["from"][0].partition(";tag=")[2]) for head in heads}


def lenient(text: str) -> tuple[str, dict[str, list[str]], str]:
    """The first line, the headers and what follows them, for somebody who takes any line ending, case and folding."""
    head, *rest = re.split(r"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n", text.lstrip("\r\n"), maxsplit=1)
    start, *lines = re.split(r"\r\n|\n|\r", re.sub(r"(?:\r\n|\n|\r)[ \t]+", " ", head))
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.setdefault(COMPACT.get(name, name), []).append(value.strip())
    return start, headers, rest[0] if rest else ""


def assert_harmless(text: str, place: int) -> None:
    """This passed: it is one message that registers the page's own endpoint, answers, or stays in its dialog."""
    if text in KEEP_ALIVE:
        return
    start, headers, body = lenient(text)
    assert "\x00" not in text
    assert headers["content-length"] == [str(len(body.encode()))], "a second message behind the first"
    for name in ("to", "from", "call-id", "cseq"):
        assert len(headers[name]) == 1, name
    assert not headers.keys() & HARMFUL
    contacts = " ".join(headers.get("contact", []))
    assert all(host.endswith(".invalid") for host in re.findall(r"@([^;>:]*)", contacts)), contacts
    if start.upper().startswith("SIP/"):
        assert not start.split()[1].startswith("3")
        return
    method, uri = start.split(" ")[:2]
    if method.upper() == "REGISTER":
        credentials = re.sub(r'(?:nonce|realm|response|opaque)="[^"]*"', "", "".join(headers.get("authorization", [])))
        people = unquote(headers["to"][0] + headers["from"][0] + credentials)
        users = re.findall(r"sip:([^@>]*)@", people) + re.findall(r"username\s*=\s*\"?([^\",]*)", people, re.I)
        assert set(users) == {ENDPOINT}
        assert uri == "sip:call-monitor.invalid"
    else:
        assert method in ("ACK", "BYE", "INVITE", "INFO")
        known = headers["call-id"][0], headers["to"][0].partition(";tag=")[2]
        assert known in dialogs(place), "a request outside the dialogs that Asterisk began"
