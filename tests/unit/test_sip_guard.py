"""What passes through a page's SIP socket, and what ends it, by what was recorded at a real Asterisk."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.web import sipguard
from adapter.web.sipguard import DOMAIN, Refused, SipGuard
from adapter.web.sipmessage import Message, NotSip, digest
from tests.fuzz.sip import ENDPOINT, RECORDED, SENT, assert_harmless, guard_before, nearly


def place(start: str, after: int = 0) -> int:
    """Where a recorded message that begins so stands."""
    return next(n for n, (_, text) in enumerate(RECORDED) if n >= after and text.startswith(start))


REGISTER, RING, ANSWER = place("REGISTER"), place("SIP/2.0 180"), place("SIP/2.0 200", place("SIP/2.0 180"))
SIGNED = place("REGISTER", REGISTER + 1)
CALL, HOLD, DIGIT, BYE = place("INVITE"), place("INVITE", ANSWER), place("INFO"), place("BYE")
ACK = place("ACK", HOLD)


def test_all_that_was_recorded_passes() -> None:
    guard_before(len(RECORDED))
    assert {text.split(" ", 1)[0] for who, text in RECORDED if who == "page"} == {
        *("REGISTER", "SIP/2.0", "INVITE", "ACK", "INFO", "BYE")
    }


def test_keep_alives_pass_in_both_directions() -> None:
    guard = SipGuard(ENDPOINT)
    for text in ("\r\n", "\r\n\r\n"):
        guard.from_page(text)
        guard.from_asterisk(text)


def test_the_page_says_the_name_that_is_expected() -> None:
    page = Path(sipguard.__file__).parent / "page/src/phone/line.ts"
    assert f"@{DOMAIN}`" in page.read_text()


def other(text: str) -> str:
    """The same of endpoint 101."""
    return text.replace(ENDPOINT, "101")


def instead(old: str, new: str, count: int = 1) -> tuple[str, str, int]:
    """Read as: this, replaced by that, so many times (-1: everywhere)."""
    return old, new, count


HEAD_END = "\r\n\r\n"
CHANGES: list[tuple[str, int, tuple[str, str, int]]] = [
    ("another endpoint", REGISTER, instead(ENDPOINT, "101", -1)),
    ("another's AOR", REGISTER, instead(f"To: <sip:{ENDPOINT}", "To: <sip:101")),
    ("another's name", REGISTER, instead(f"From: <sip:{ENDPOINT}", "From: <sip:101")),
    ("another's credentials", SIGNED, instead(f'username="{ENDPOINT}"', 'username="101"')),
    ("two usernames", SIGNED, instead('realm="', 'username="101", realm="')),
    ("a username without quotes", SIGNED, instead(f'username="{ENDPOINT}"', "username=101")),
    ("two sets of credentials", SIGNED, instead("Expires:", 'Authorization: Digest username="101"\r\nExpires:')),
    ("credentials for a proxy", SIGNED, instead("Authorization:", "Proxy-Authorization:")),
    ("another server", REGISTER, instead("REGISTER sip:call-monitor.invalid", "REGISTER sip:127.0.0.1")),
    ("another domain", REGISTER, instead("@call-monitor.invalid", "@127.0.0.1", -1)),
    ("an escaped user", REGISTER, instead(f"To: <sip:{ENDPOINT}", "To: <sip:%31%30%31")),
    ("a display name", REGISTER, instead("To: <", 'To: "101" <')),
    ("a comment", REGISTER, instead("To: <", "To: (x) <")),
    ("an address without brackets", REGISTER, instead(f"To: <sip:{ENDPOINT}@call-monitor.invalid>", "To: sip:101@x")),
    ("two addresses in one line", REGISTER, instead(".invalid>\r\n", ".invalid>, <sip:101@x>\r\n")),
    ("To twice", REGISTER, instead("Call-ID:", "To: <sip:101@call-monitor.invalid>\r\nCall-ID:")),
    ("To in short", REGISTER, instead("Call-ID:", "t: <sip:101@call-monitor.invalid>\r\nCall-ID:")),
    ("From in short", REGISTER, instead("From:", "f:")),
    ("To in capitals", REGISTER, instead("To:", "TO:")),
    ("a folded header", REGISTER, instead("\r\nFrom:", "\r\n x\r\nFrom:")),
    ("a tab", REGISTER, instead("To: ", "To:\t")),
    ("a space before the colon", REGISTER, instead("To: ", "To : ")),
    ("a bare line feed", REGISTER, instead("\r\nMax-Forwards", "\nMax-Forwards")),
    ("a hidden line", REGISTER, instead("JsSIP 3", "x\nTo: <sip:101@x>\nx: 3")),
    ("a NUL", REGISTER, instead("JsSIP", "Js\x00SIP")),
    ("an empty header", REGISTER, instead("Allow: ", "Allow:  \r\nSupported: ")),
    ("line ends before it", REGISTER, instead("REGISTER sip", "\r\n\r\nREGISTER sip")),
    ("the method in small", REGISTER, instead("REGISTER sip", "register sip")),
    ("another method in CSeq", REGISTER, instead("REGISTER\r\n", "INVITE\r\n")),
    ("beyond ASCII", REGISTER, instead("JsSIP", "JsSÍP")),
    ("two Via", REGISTER, instead("\r\nMax", ", SIP/2.0/WS x.invalid;branch=z9hG4bKx\r\nMax")),
    ("a true host in Via", REGISTER, instead(".invalid;branch", ".example;branch")),
    ("a contact elsewhere", REGISTER, instead(".invalid;transport=ws", ".example;transport=udp")),
    ("all contacts", REGISTER, (RECORDED[REGISTER][1].split("Contact: ")[1].split("\r\n")[0], "*", 1)),
    ("two contacts", REGISTER, instead(";expires=120\r\n", ";expires=120, <sip:101@127.0.0.1>\r\n")),
    ("a tag in To", REGISTER, instead("call-monitor.invalid>\r\n", "call-monitor.invalid>;tag=x\r\n")),
    ("a route", REGISTER, instead("Expires:", "Route: <sip:10.0.0.1;lr>\r\nExpires:")),
    ("a body", REGISTER, instead(f"0{HEAD_END}", f"1{HEAD_END}x")),
    ("a second message", REGISTER, instead(HEAD_END, HEAD_END + other(RECORDED[REGISTER][1]))),
    ("a second message in the body", HOLD, instead("v=0", "INVITE sip:500@x SIP/2.0\r\n\r\nv=0")),
    ("no length", REGISTER, instead("Content-Length: 0\r\n", "")),
    ("a length of its own kind", REGISTER, instead("Content-Length: 0", "Content-Length: 00")),
    ("two lengths", REGISTER, instead("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 0")),
    ("much too large", REGISTER, instead("JsSIP", "J" * 9000)),
    ("an INVITE of its own", HOLD, (re.search(r"To: .*(;tag=\S+)", RECORDED[HOLD][1])[1], "", 1)),  # type: ignore[index]
    ("an INVITE in another dialog", HOLD, instead("Call-ID: ", "Call-ID: x")),
    ("an INVITE with another tag of ours", HOLD, instead(";tag=", ";tag=x", -1)),
    ("an INVITE that takes over", HOLD, instead("Content-Type:", "Replaces: x\r\nContent-Type:")),
    ("an INVITE by somebody else", HOLD, instead("Content-Type:", "P-Asserted-Identity: <sip:1@x>\r\nContent-Type:")),
    ("an INVITE in parts", HOLD, instead("application/sdp", "multipart/mixed")),
    ("an ACK of nothing", ACK, (re.search(r"CSeq: (\d+)", RECORDED[ACK][1])[1], "7", 1)),  # type: ignore[index]
    ("a NUL in SDP", HOLD, instead("s=-", "s=\x00")),
    ("recording by INFO", DIGIT, instead("Content-Type:", "Record: on\r\nContent-Type:")),
    ("another package of INFO", DIGIT, instead("application/dtmf-relay", "application/media_control+xml")),
    ("more than a digit", DIGIT, instead("Signal=0", "Signal=A1")),
    ("an answer that forwards", ANSWER, instead("200 OK", "302 Moved Temporarily")),
    ("an answer to another transaction", ANSWER, instead("branch=z9hG4bK", "branch=z9hG4bKx")),
    ("an answer in two Via", ANSWER, instead("\r\nTo:", "\r\nVia: SIP/2.0/WS x;branch=z9hG4bKx\r\nTo:")),
    ("an answer to another method", ANSWER, instead(" INVITE\r\n", " BYE\r\n")),
    ("an answer as somebody else", ANSWER, instead("To: <sip:", "To: <sip:1")),
    ("an answer with two tags", ANSWER, instead("\r\nFrom:", ";tag=x\r\nFrom:")),
    ("an answer with another tag than before", ANSWER, instead(">;tag=", ">;tag=x")),
    ("an answer to another caller", ANSWER, instead('From: "', 'From: "x')),
    ("an answer that names somebody", ANSWER, instead("Supported:", "P-Asserted-Identity: <sip:1@x>\r\nSupported:")),
    ("an answer with a route", ANSWER, instead("Supported:", "Record-Route: <sip:10.0.0.1;lr>\r\nSupported:")),
    ("an answer with a contact elsewhere", ANSWER, instead(".invalid;transport=ws", ".example")),
    ("an answer with another body", ANSWER, instead("application/sdp", "application/x")),
    ("a body with hanging up", BYE, instead(f"0{HEAD_END}", f"1{HEAD_END}x")),
]  # fmt: skip
METHODS = "CANCEL SUBSCRIBE MESSAGE OPTIONS PUBLISH REFER NOTIFY UPDATE PRACK FOO".split()
CHANGES += [(f"{method} of its own", REGISTER, instead("REGISTER", method, 2)) for method in METHODS]
CHANGES += [(f"{method} in the dialog", BYE, instead("BYE", method, 2)) for method in METHODS]


@pytest.mark.parametrize(("name", "where", "change"), CHANGES, ids=[change[0] for change in CHANGES])
def test_what_is_changed_does_not_pass(name: str, where: int, change: tuple[str, str, int]) -> None:
    old, new, count = change
    text = RECORDED[where][1]
    guard_before(where).from_page(text)
    assert old in text
    with pytest.raises(Refused):
        guard_before(where).from_page(text.replace(old, new, count))


@pytest.mark.parametrize("where", SENT)
def test_what_belongs_to_a_dialog_or_a_question_passes_in_no_other_socket(where: int) -> None:
    text = RECORDED[where][1]
    if text.startswith("REGISTER"):
        with pytest.raises(Refused):
            SipGuard("cm-web-0000000000000000").from_page(text)
    else:
        with pytest.raises(Refused):
            SipGuard(ENDPOINT).from_page(text)


@pytest.mark.parametrize("where", [HOLD, DIGIT, BYE])
def test_a_dialog_is_over_after_either_hangs_up(where: int) -> None:
    guard = guard_before(BYE + 1)
    with pytest.raises(Refused):
        guard.from_page(RECORDED[where][1].replace("branch=z9hG4bK", "branch=z9hG4bK1"))
    guard = guard_before(BYE)
    answer = RECORDED[ANSWER][1]
    call_id, to = re.search(r"Call-ID: (\S+)", answer)[1], re.search(r"To: (.*)\r", answer)[1]  # type: ignore[index]
    sender = re.search(r"From: (.*)\r", answer)[1]  # type: ignore[index]
    head = f"Via: SIP/2.0/WS 127.0.0.1;branch=z9hG4bKbye\r\nTo: {to}\r\nFrom: {sender}\r\nCall-ID: {call_id}\r\n"
    head += "CSeq: 9 BYE"
    guard.from_asterisk(f"BYE sip:x@127.0.0.1 SIP/2.0\r\n{head}\r\nContent-Length:  0\r\n\r\n")
    guard.from_page(f"SIP/2.0 200 OK\r\n{head}\r\nSupported: outbound\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Refused):
        guard.from_page(RECORDED[where][1])


def test_a_name_that_looks_like_a_tag_is_none() -> None:
    """Who calls may choose the name that Asterisk shows."""
    name = '"x;tag=evil \\" <sip:a>;tag=worse"'
    message = Message.read(f"BYE sip:x SIP/2.0\r\nf:  {name} <sip:101@vm>;tag=true\r\nt: <sip:x>\r\n\r\n")
    assert (message.tag("from"), message.tag("to")) == ("true", "")
    for address in ("<sip:a>;tag=x;tag=y", "sip:a;tag=x", '"x <sip:a>;tag=x', "<sip:a> <sip:b>"):
        with pytest.raises(NotSip):
            Message.read(f"BYE sip:x SIP/2.0\r\nTo: {address}\r\n\r\n").tag("to")


def test_compact_headers_of_asterisk_are_understood() -> None:
    """pjsip.conf, system: compact_headers = yes."""
    short = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Length": "l"}
    guard = SipGuard(ENDPOINT)
    text = RECORDED[CALL][1]
    for name, letter in short.items():
        text = text.replace(f"\r\n{name}:", f"\r\n{letter}:")
    guard.from_asterisk(text)
    for where in (CALL + 1, RING, ANSWER, HOLD):
        guard.from_page(RECORDED[where][1])


def again(guard: SipGuard, times: int, *places: int) -> None:
    """What was recorded there, so many times, each time in a new transaction."""
    for number in range(times):
        for where in places:
            who, text = RECORDED[where]
            text = text.replace("branch=z9hG4bK", f"branch=z9hG4bK{number}") if where != ANSWER else text
            (guard.from_page if who == "page" else guard.from_asterisk)(text)


def test_registrations_that_fail_end_the_socket() -> None:
    with pytest.raises(Refused, match="too often"):
        again(SipGuard(ENDPOINT), sipguard.FAILURES + 1, REGISTER, REGISTER + 1)
    again(SipGuard(ENDPOINT), sipguard.FAILURES, REGISTER, REGISTER + 1)
    again(SipGuard(ENDPOINT), 50, REGISTER, REGISTER + 1, SIGNED, SIGNED + 1)  # challenged and right, for days


def test_a_page_can_neither_ask_nor_answer_without_end() -> None:
    with pytest.raises(Refused, match="not answered"):
        again(SipGuard(ENDPOINT), sipguard.UNANSWERED + 1, REGISTER)
    with pytest.raises(Refused, match="too many answers"):
        again(guard_before(ANSWER), sipguard.ANSWERS + 1, ANSWER)
    guard = guard_before(ANSWER + 1)
    with pytest.raises(Refused, match="too many answers"):
        guard.from_page(RECORDED[ANSWER][1].replace("200 OK", "480 Temporarily Unavailable"))
    with pytest.raises(Refused, match="beside another"):
        again(guard_before(HOLD), 2, HOLD)
    with pytest.raises(Refused, match="ACK of nothing"):
        again(guard_before(ACK), sipguard.UNANSWERED + 1, ACK)


def test_what_is_remembered_is_bounded() -> None:
    guard = guard_before(CALL)
    for number in range(3 * sipguard.ASKED):
        for where in (CALL, ANSWER):
            text = RECORDED[where][1].replace("branch=z9hG4bK", f"branch=z9hG4bK{number}")
            text = re.sub(r"Call-ID: ", f"Call-ID: {number}", text)
            (guard.from_page if where == ANSWER else guard.from_asterisk)(text)
    assert len(guard._asked) == sipguard.ASKED
    assert len(guard._dialogs) == sipguard.DIALOGS


def test_what_asterisk_says_passes_however_it_looks() -> None:
    guard = SipGuard(ENDPOINT)
    for text in ("", "x", "INVITE", RECORDED[CALL][1].replace("From:", "From"), "SIP/2.0 200 OK\r\nVia: x\r\n\r\n"):
        guard.from_asterisk(text)


def test_credentials_are_read_in_one_way_only() -> None:
    assert digest('Digest username="a", qop=auth') == {"username": '"a"', "qop": "auth"}
    for text in (
        'Digest username="a",username="b"',
        'Digest username="a", username="b"',
        'digest username="a"',
        "Basic a",
    ):
        with pytest.raises(NotSip):
            digest(text)
    for text in ('Digest username="a\\"b"', 'Digest username = "a"', 'Digest Username="a"', ""):
        with pytest.raises(NotSip):
            digest(text)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=5, max_size=29))
def test_no_change_lets_a_call_of_the_pages_own_through(data: bytes) -> None:
    where, text = nearly(data)
    try:
        guard_before(where).from_page(text)
    except Refused:
        return
    assert_harmless(text, where)


def test_the_second_reader_sees_what_is_harmful() -> None:
    for name, where, (old, new, count) in CHANGES:
        if name in ("another endpoint", "an INVITE of its own", "a second message", "a route", "To in short"):
            with pytest.raises(AssertionError):
                assert_harmless(RECORDED[where][1].replace(old, new, count), where)
    for where in SENT:
        assert_harmless(RECORDED[where][1], where)
