"""Bytes to messages to events: whatever comes, nothing raises, nothing is invented, chunking changes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.asterisk import chanspy, wire
from adapter.asterisk.splitter import KNOWN_LINES, LONG, MAX_MESSAGE, NotAmi, Splitter
from adapter.core import events as ev
from adapter.core.modes import Mode

AT = datetime(2026, 1, 1, tzinfo=UTC)
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
NAMES = st.sampled_from([*wire.TRANSLATORS, "VarSet", "Unknown", "", "Newchannel "])
HEADERS = st.sampled_from(
    ["Uniqueid", "Linkedid", "Channel", "ChannelState", "DestUniqueid", "DestChannel", "BridgeUniqueid", "Cause",
     "SpyerUniqueid", "SpyeeUniqueid", "Direction", "Digit", "Reason", "Response", "Duration", "Жанна"]
)  # fmt: skip
VALUES = st.one_of(st.sampled_from(["1.1", "6", "", "Received", "<unknown>", "٣", "9" * 30]), st.text(max_size=12))
MESSAGES = st.lists(st.tuples(NAMES, st.dictionaries(HEADERS, VALUES, max_size=8)), max_size=6)


def stream(messages: list[tuple[str, dict[str, str]]]) -> bytes:
    """The messages as a peer would send them; line ends inside values are the peer's fault."""
    text = "".join(
        f"Event: {name}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n" for name, fields in messages
    )
    return GREETING + text.encode("utf-8", "surrogatepass")


def split(data: bytes, cuts: list[int]) -> list[dict[str, str]]:
    """What a splitter makes of the data when it arrives in these pieces."""
    splitter, found, place = Splitter(wire.TRANSLATORS), [], 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        found += splitter.feed(data[place:cut])
        place = cut
    return found


@given(MESSAGES, st.lists(st.integers(0, 800), max_size=12))
def test_chunking_changes_nothing(messages: list[tuple[str, dict[str, str]]], cuts: list[int]) -> None:
    data = stream(messages)
    assert split(data, cuts) == split(data, [])


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=6))
def test_any_bytes_are_taken(noise: bytes, cuts: list[int]) -> None:
    for message in split(GREETING + noise, cuts):
        wire.translate(message, AT)


@given(st.dictionaries(st.one_of(HEADERS, st.just("Event")), st.one_of(VALUES, NAMES), max_size=10))
def test_any_fields_are_translated_or_left_out(fields: dict[str, str]) -> None:
    event = wire.translate(fields, AT)
    snapshot = wire.snapshot(AT, [fields], [fields], [fields], restarted=False)
    named = set(fields.values())
    for known in snapshot.channels:
        assert known.channel.uniqueid in named
    for value in event or ():
        if isinstance(value, ev.Channel):
            assert value.uniqueid in named
            assert value.number.isprintable()


def test_what_nobody_wants_is_not_even_decoded() -> None:
    data = GREETING + b"Event: VarSet\r\nVariable: \xff\r\n\r\nEvent: Hangup\r\nUniqueid: 1\r\n\r\n"
    assert [message["Event"] for message in split(data, [])] == ["Hangup"]


def test_lines_that_are_kept_split_are_bounded_and_change_nothing() -> None:
    """Each message the same as from a splitter that has kept nothing, and no stranger's long line stays."""
    splitter = Splitter(wire.TRANSLATORS)
    splitter.feed(GREETING)
    for number in range(2 * KNOWN_LINES):
        value = f"{number}: {'x' * (LONG if number % 2 else 1)}"
        message = f"Event: Hangup\r\nUniqueid: {value}\r\n\r\n".encode()
        assert splitter.feed(message) == [{"Event": "Hangup", "Uniqueid": value}]
        assert len(splitter._lines) <= KNOWN_LINES
    assert max(map(len, splitter._lines)) < LONG
    first, second = splitter.feed(b"Event: Hangup\r\nUniqueid: 1\r\n\r\n" * 2)
    first["Uniqueid"] = "another"
    assert second["Uniqueid"] == "1"


@pytest.mark.parametrize("missing", wire.CHANNEL)
def test_a_header_of_a_channel_that_is_missing_is_empty(missing: str) -> None:
    fields = dict.fromkeys(wire.CHANNEL, "7") | {"Channel": "PJSIP/101-1"}
    whole, without = wire.channel(fields), wire.channel({k: v for k, v in fields.items() if k != missing})
    empty = wire.channel(fields | {missing: ""})
    assert without == empty != whole or missing in ("Linkedid", "ChannelState")
    assert (without is None) is (missing in ("Uniqueid", "Channel"))


def test_a_peer_that_is_no_ami_is_refused() -> None:
    with pytest.raises(NotAmi, match="not an Asterisk"):
        Splitter(()).feed(b"SSH-2.0-OpenSSH\r\n")
    with pytest.raises(NotAmi):
        Splitter(()).feed(b"x" * 2000)
    with pytest.raises(NotAmi, match="more than"):
        Splitter(()).feed(GREETING + b"x" * (MAX_MESSAGE + 1))


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_are_extensions_and_digits_and_back(mode: Mode) -> None:
    for keypad in (False, True):
        assert chanspy.mode_of(chanspy.extension(mode, keypad=keypad)) is mode
    assert chanspy.mode_of_digit(chanspy.DIGITS[mode]) is mode
    assert chanspy.mode_of("over") is None
    assert chanspy.mode_of_digit("7") is None


@pytest.mark.parametrize(
    ("reason", "why"), [("0", "device_unavailable"), ("3", "no_answer"), ("5", "busy"), ("8", "device_unavailable")]
)
def test_why_an_originate_failed(reason: str, why: str) -> None:
    fields = {"Event": "OriginateResponse", "Response": "Failure", "Reason": reason, "Uniqueid": "cm-1"}
    event = wire.translate(fields, AT)
    assert isinstance(event, ev.OriginateFailed)
    assert event.why.value == why


def test_a_digit_that_was_sent_is_none_that_was_received() -> None:
    fields = {"Event": "DTMFEnd", "Uniqueid": "cm-1", "Digit": "6", "Direction": "Sent"}
    assert wire.translate(fields, AT) is None


def test_channels_of_the_doctors_test_calls_do_not_exist() -> None:
    mine = {
        "Uniqueid": "cmdoctor-20260101120000-0a1b2c-0-agent",
        "Channel": "Local/agent@stasis-x-0001;1",
        "ChannelState": "6",
    }
    real = {**mine, "Uniqueid": "17.1"}
    for name in ("Newchannel", "Newstate", "BridgeEnter", "BridgeLeave", "Hold"):
        more = {"Event": name, "BridgeUniqueid": "b"}
        assert wire.translate({**mine, **more}, AT) is None
        assert wire.translate({**real, **more}, AT) is not None
    spying = {"Event": "ChanSpyStart", "SpyerUniqueid": mine["Uniqueid"], "SpyeeUniqueid": "17.1"}
    assert wire.translate(spying, AT) is None
    assert wire.translate({**spying, "SpyerUniqueid": "17.2"}, AT) is not None
    answer = {"Event": "OriginateResponse", "Response": "Success", "Context": "call-monitor", "Exten": "barge"}
    assert wire.translate({**answer, "Uniqueid": mine["Uniqueid"]}, AT) is None
    called = {f"Dest{name}": value for name, value in mine.items()}
    assert wire.translate({"Event": "DialBegin", **called}, AT) is None
    snapshot = wire.snapshot(AT, [mine, real], [], [], restarted=False)
    assert [known.channel.uniqueid for known in snapshot.channels] == ["17.1"]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (r"Pat O\'Brien", "Pat O'Brien"),
        (r"\"Pat\" \\ Co\?", '"Pat" \\ Co?'),
        (r"two\nlines\ttab", "twolinestab"),
        ("\\", "\\"),
        ("Жанна \u05d0\u05d1", "Жанна \u05d0\u05d1"),
        ("x" * 300, "x" * 300),
        ("<unknown>", ""),
    ],
)
def test_names_are_as_people_write_them(told: str, name: str) -> None:
    found = wire.channel({"Uniqueid": "17.1", "Channel": "PJSIP/1-1", "CallerIDName": told, "ConnectedLineName": told})
    assert found is not None
    assert (found.caller_name, found.connected_name) == (name, name)


@pytest.mark.parametrize(
    ("kind", "creator", "technology", "read"),
    [
        ("basic", "", "simple_bridge", ev.BridgeKind.CALL),
        ("basic", "", "softmix", ev.BridgeKind.CALL),
        ("stasis", "Stasis", "softmix", ev.BridgeKind.CALL),
        ("base", "ConfBridge", "softmix", ev.BridgeKind.ROOM),
        ("agent_hold", "AgentPool", "holding_bridge", ev.BridgeKind.LOGIN),
        ("parking", "Parking", "holding_bridge", ev.BridgeKind.WAITING),
        ("base", "BridgeWait", "holding_bridge", ev.BridgeKind.WAITING),
        ("", "", "simple_bridge", ev.BridgeKind.CALL),
    ],
)
def test_what_a_bridge_is_for(kind: str, creator: str, technology: str, read: ev.BridgeKind) -> None:
    bridge = {"BridgeUniqueid": "b", "BridgeType": kind, "BridgeCreator": creator, "BridgeTechnology": technology}
    event = wire.translate({"Event": "BridgeEnter", "Uniqueid": "17.1", "Channel": "PJSIP/1-1", **bridge}, AT)
    assert isinstance(event, ev.BridgeEntered)
    assert event.kind is read
    assert wire.snapshot(AT, [], [bridge], [], restarted=False).kinds == {"b": read}


def test_how_a_channel_came_to_be_is_what_status_tells() -> None:
    listed = {"Uniqueid": "17.1", "Channel": "PJSIP/t-1", "Application": "AppDial"}
    told = {"Uniqueid": "17.1", "DNID": "", "Variable": "DIALEDPEERNUMBER=2025550101@t", "DialString": "sip:7@t"}
    (known,) = wire.snapshot(AT, [listed], [], [], [told], restarted=False).channels
    assert (known.was_dialled, known.dialled, known.dial_string) == (True, "", "2025550101@t")
    (known,) = wire.snapshot(AT, [{**listed, "Application": "Dial"}], [], [], [told], restarted=False).channels
    assert (known.was_dialled, known.dial_string) == (False, "sip:7@t"), "the variable tells whom it called itself"
    assert known.own_number is None
    for own, name, number in (
        (r'"Front \"desk\"" <700>', 'Front "desk"', "700"),
        ("<700>", "", "700"),
        ('"" <>', "", ""),
    ):
        (known,) = wire.snapshot(AT, [listed], [], [], [{**told, "OwnCallerid": own}], restarted=False).channels
        assert (known.own_name, known.own_number) == (name, number)
    (known,) = wire.snapshot(AT, [listed], [], [], restarted=False).channels
    assert (known.dialled, known.dial_string) == (None, "")
