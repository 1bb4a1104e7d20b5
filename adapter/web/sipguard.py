"""What may pass through a page's SIP socket: a pure state machine that sees every message of both directions.

A page may register its own endpoint, answer what Asterisk asked it on this socket, and act in dialogs that Asterisk
began here. What JsSIP does not send is refused, so that Asterisk has nothing to read in a way that we did not.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TypeVar

from adapter.web.sipmessage import Message, NotSip, digest

DOMAIN = "call-monitor.invalid"
"""The host of a page's own address, as the page has it (`page/src/phone/line.ts`)."""
KEEP_ALIVE = ("\r\n", "\r\n\r\n")
"""RFC 5626, section 3.5.1: a ping, and JsSIP's answer to Asterisk's."""
LARGEST_HEAD, LARGEST = 8 * 1024, 64 * 1024
"""Characters; JsSIP's heads have about 800, a browser's largest SDP about 6,000."""
FAILURES = 6
"""Refusals in a row by Asterisk until the socket ends. A registration takes one (the challenge), two with a stale
nonce."""
UNANSWERED = 8
"""Requests of a page that Asterisk has not answered; JsSIP has one REGISTER and one request a dialog."""
ASKED, DIALOGS = 64, 16
"""Requests and dialogs of Asterisk's that are remembered; the oldest is forgotten, and can be used no more."""
ANSWERS = 24
"""Answers to one request: JsSIP repeats its 200 to an INVITE for 32 s until the ACK, eleven times (RFC 3261,
section 13.3.1.4)."""

TOKEN = r"[A-Za-z0-9._~-]{1,128}"  # noqa: S105 - a word of RFC 3261's grammar
CONTACT = r"<sip:[a-z0-9]{1,32}@[a-z0-9]{1,32}\.invalid;transport=wss?(?:;ob)?>"
"""Where JsSIP is to be reached: a name that leads nowhere, so that Asterisk can only use this socket (RFC 7118,
section 5)."""
VIA = re.compile(rf"SIP/2\.0/WSS? [a-z0-9]{{1,32}}\.invalid;branch=(z9hG4bK{TOKEN})")
IN_DIALOG = re.compile(rf"<sips?:[!#-;=?-~]{{1,300}}>;tag={TOKEN}")
CSEQ = re.compile(r"(\d{1,10}) ([A-Z]{1,16})")
CALL_ID = re.compile(r"[!#-;=?-~]{1,200}")
REGISTERED = re.compile(
    CONTACT + r';\+sip\.ice;reg-id=\d;\+sip\.instance="<urn:uuid:[0-9a-f-]{36}>"(?:;expires=\d{1,5})?'
)
CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
DTMF = re.compile(r"Signal=[0-9A-D*#]\r\nDuration=\d{1,5}")
SDP, RELAY = "application/sdp", "application/dtmf-relay"

COMMON = {"Via", "Max-Forwards", "To", "From", "Call-ID", "CSeq", "Allow", "Supported", "User-Agent", "Content-Length"}
NAMES = {
    "REGISTER": COMMON | {"Authorization", "Expires", "Contact"},
    "ACK": COMMON,
    "BYE": COMMON | {"Reason"},
    "INVITE": COMMON | {"Contact", "Content-Type"},
    "INFO": COMMON | {"Content-Type"},
}
"""Methods that a page may use, and the headers that JsSIP gives them. Nothing that says who one is (RFC 3325), takes
over a call (Replaces), or leads elsewhere (Route, Refer-To, Diversion) is among them."""
ANSWER_NAMES = {
    "Via", "To", "From", "Call-ID", "CSeq", "Contact", "Supported", "Allow", "Accept", "Retry-After", "Content-Type",
    "Content-Length",
}  # fmt: skip


class Refused(Exception):
    """This may not pass; the socket ends. Its words hold nothing that the page sent."""


K = TypeVar("K")
V = TypeVar("V")
Key = tuple[str, str, str]
"""A dialog: Call-ID, the page's tag, Asterisk's tag (RFC 3261, section 12)."""


@dataclass(slots=True)
class _Asked:
    """A request of Asterisk's. The page's answers repeat its Via, From, Call-ID and CSeq (RFC 3261, section 8.2.6)."""

    request: Message
    method: str
    answers: int = 0
    final: int = 0
    tag: str = ""
    """The one that the page gave, where the request had none."""


@dataclass(slots=True)
class _Dialog:
    over: bool = False
    inviting: bool = False
    """An INVITE of the page's is not answered: there may be one at a time (RFC 3261, section 14.1)."""
    acks: dict[int, int] = field(default_factory=dict)
    """How many ACKs may come, by the number of the page's INVITE that Asterisk answered."""


class SipGuard:
    """One page's phone's, over all of its sockets. Each method takes one WebSocket message; Refused says that it does
    not pass and the socket ends."""

    def __init__(self, endpoint: str) -> None:
        self._own = f"<sip:{endpoint}@{DOMAIN}>"
        self._endpoint = endpoint
        self._failures = 0
        self._asked: dict[tuple[str, ...], _Asked] = {}
        self._dialogs: dict[Key, _Dialog] = {}
        self._sent: dict[tuple[str, str], tuple[int, _Dialog | None]] = {}
        """By branch and method: the number, and the dialog that it is in."""

    def connected_anew(self) -> None:
        """What leads to Asterisk is new: what was asked on the former one is never answered. Dialogs live on."""
        self._sent.clear()
        for dialog in self._dialogs.values():
            dialog.inviting = False

    # --- from the page

    def from_page(self, text: str) -> None:
        """Look at what the page sends. Raises Refused."""
        if text in KEEP_ALIVE:
            return
        try:
            message = _strictly(text)
            if message.request is not None:
                self._request(message, *message.request)
            elif message.status is not None:
                self._answer(message, message.status)
            else:
                raise Refused("neither a request nor an answer")
        except NotSip as problem:
            raise Refused(str(problem)) from None

    def _request(self, message: Message, method: str, uri: str) -> None:
        names = NAMES.get(method)
        if names is None:
            raise Refused("a method that pages don't have")
        _only(message, names)
        via, cseq = VIA.fullmatch(message.one("via")), CSEQ.fullmatch(message.one("cseq"))
        if via is None or cseq is None or cseq[2] != method or not CALL_ID.fullmatch(message.one("call-id")):
            raise Refused("a transaction that is not JsSIP's")
        if not message.start.isascii() or not all(value.isascii() for _, value in message.headers):
            raise Refused("a request beyond ASCII")
        dialog = None
        if method == "REGISTER":
            self._register(message, uri)
        else:
            dialog = self._within(message, method, int(cseq[1]))
        if method == "ACK":
            return
        if len(self._sent) >= UNANSWERED or (via[1], method) in self._sent:
            raise Refused("too many requests that are not answered, or one of them twice")
        self._sent[via[1], method] = int(cseq[1]), dialog

    def _register(self, message: Message, uri: str) -> None:
        sender = message.one("from")
        if uri != f"sip:{DOMAIN}" or message.one("to") != self._own or not sender.startswith(self._own):
            raise Refused("registers another endpoint")
        if not re.fullmatch(f";tag={TOKEN}", sender.removeprefix(self._own)):
            raise Refused("registers in a dialog")
        if not REGISTERED.fullmatch(message.one("contact")) or message.body:
            raise Refused("registers a contact that is not JsSIP's")
        if not re.fullmatch(r"\d{1,5}", message.one("expires")):
            raise Refused("registers for no number of seconds")
        for credentials in message.all("authorization"):
            given = digest(credentials)
            if (given.get("username"), given.get("uri")) != (f'"{self._endpoint}"', f'"sip:{DOMAIN}"'):
                raise Refused("credentials of another endpoint")

    def _within(self, message: Message, method: str, number: int) -> _Dialog:
        if not IN_DIALOG.fullmatch(message.one("to")) or not IN_DIALOG.fullmatch(message.one("from")):
            raise Refused("a request outside a dialog")
        dialog = self._dialogs.get((message.one("call-id"), message.tag("from"), message.tag("to")))
        if dialog is None:
            raise Refused("a request in a dialog that Asterisk did not begin here")
        if method == "ACK":
            if dialog.acks.get(number, 0) < 1 or message.body:
                raise Refused("an ACK of nothing")
            dialog.acks[number] -= 1
            return dialog
        if dialog.over:
            raise Refused("a request in a dialog that is over")
        if method == "BYE":
            _bodiless(message)
            dialog.over = True
        elif method == "INFO":
            if message.one("content-type") != RELAY or not DTMF.fullmatch(message.body):
                raise Refused("an INFO that is no digit")
        else:
            if dialog.inviting or not re.fullmatch(CONTACT, message.one("contact")):
                raise Refused("an INVITE beside another, or with a contact that is not JsSIP's")
            if message.one("content-type") != SDP or not message.body:
                raise Refused("an INVITE without SDP")
            dialog.inviting = True
        return dialog

    def _answer(self, message: Message, status: int) -> None:
        _only(message, ANSWER_NAMES, repeated={"Via"})
        asked = self._asked.get(_transaction(message))
        if asked is None:
            raise Refused("an answer to nothing that Asterisk asked")
        request = asked.request
        if message.one("from") != request.one("from") or message.one("call-id") != request.one("call-id"):
            raise Refused("an answer to another than who asked")
        self._tagged(asked, message.one("to"), status)
        if 300 <= status < 400:
            raise Refused("an answer that sends Asterisk elsewhere")
        asked.answers += 1
        if asked.answers > ANSWERS or asked.final not in (0, status):
            raise Refused("too many answers")
        if any(not re.fullmatch(CONTACT, contact) for contact in message.all("contact")):
            raise Refused("a contact that is not JsSIP's")
        if message.body and (asked.method not in ("INVITE", "UPDATE") or message.one("content-type") != SDP):
            raise Refused("a body that is no SDP")
        if status >= 200:
            self._finished(asked, status)

    def _tagged(self, asked: _Asked, receiver: str, status: int) -> None:
        """To is what Asterisk wrote, with one tag of the page's where it had none."""
        wanted = asked.request.one("to")
        tag = re.fullmatch(f";tag=({TOKEN})", receiver.removeprefix(wanted)) if receiver.startswith(wanted) else None
        if asked.request.tag("to") or (status == 100 and tag is None):
            if receiver != wanted:
                raise Refused("an answer for another than who was asked")
        elif tag is None or asked.tag not in ("", tag[1]):
            raise Refused("an answer without its tag")
        else:
            asked.tag = tag[1]

    def _finished(self, asked: _Asked, status: int) -> None:
        first, asked.final = not asked.final, status
        call_id, theirs, ours = asked.request.one("call-id"), asked.request.tag("from"), asked.request.tag("to")
        if first and asked.method == "INVITE" and status < 300 and not ours and theirs:
            _remember(self._dialogs, (call_id, asked.tag, theirs), _Dialog(), DIALOGS)
        elif asked.method == "BYE" and (dialog := self._dialogs.get((call_id, ours, theirs))):
            dialog.over = True

    # --- from Asterisk

    def from_asterisk(self, text: str) -> None:
        """Learn from what Asterisk sends, which passes. Raises Refused when it has refused this page too often."""
        try:
            message = Message.read(text)
            if message.status is not None and message.status >= 200:
                self._answered(message, message.status)
            elif message.request is not None and message.request[0] != "ACK" and len(text) <= LARGEST:
                for name in ("to", "from"):
                    message.tag(name)
                asked = _Asked(replace(message, body=""), message.request[0])
                message.one("call-id")
                _remember(self._asked, _transaction(message), asked, ASKED)
        except NotSip:
            return  # nothing is learnt of it, so nothing may follow from it

    def _answered(self, message: Message, status: int) -> None:
        branches = re.findall(rf";branch=({TOKEN})", " ".join(message.all("via")))
        cseq = CSEQ.fullmatch(message.one("cseq"))
        if len(branches) != 1 or cseq is None or (branches[0], cseq[2]) not in self._sent:
            return
        number, dialog = self._sent.pop((branches[0], cseq[2]))
        if cseq[2] == "INVITE" and dialog is not None:
            dialog.inviting = False
            _remember(dialog.acks, number, UNANSWERED, UNANSWERED)
        if cseq[2] == "REGISTER":
            self._failures = 0 if status < 300 else self._failures + 1
            if self._failures > FAILURES:
                raise Refused("Asterisk refused to register it too often")


def _strictly(text: str) -> Message:
    """One message and nothing else, spelled as JsSIP does. Raises NotSip, Refused."""
    if len(text) > LARGEST or text.find("\r\n\r\n") > LARGEST_HEAD:
        raise Refused("larger than any of JsSIP's")
    message = Message.read(text)
    if CONTROL.search(message.body):
        raise Refused("a body that is no text")
    lines = [f"{name}: {value}" for name, (_, value) in zip(message.spelled, message.headers, strict=True)]
    if "\r\n".join([message.start, *lines, "", message.body]) != text:
        raise Refused("headers that JsSIP writes otherwise")
    length = message.one("content-length")
    if length != str(len(message.body.encode(errors="replace"))):
        raise Refused("a length that is not its body's, or a second message behind the first")
    return message


def _only(message: Message, allowed: set[str], repeated: set[str] | None = None) -> None:
    """Headers that JsSIP sends, spelled as it does, each once."""
    names = message.spelled
    if not all(value for _, value in message.headers):
        raise Refused("an empty header")
    if not set(names) <= allowed or any(names.count(name) > 1 for name in set(names) - (repeated or set())):
        raise Refused("a header that JsSIP does not send, or twice")


def _bodiless(message: Message) -> None:
    if message.body:
        raise Refused("a body where none belongs")


def _transaction(message: Message) -> tuple[str, ...]:
    """What an answer must repeat of its request: all of Via, and CSeq (RFC 3261, section 17.1.3)."""
    return (message.one("cseq"), *message.all("via"))


def _remember(known: dict[K, V], key: K, value: V, most: int) -> None:
    """Keep it as the newest; the oldest goes where there are too many."""
    known.pop(key, None)
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]
