"""What leaves a PBX in a recording says nothing of people: as properties, over whatever numbers and names there are."""

import json
import re
from collections.abc import Sequence
from string import ascii_letters

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapter import config, wiring
from adapter.asterisk.masking import CONTEXT, LONG, Masking
from adapter.asterisk.recording import ALLOWED, FORMAT, PREFIXES, WANTED, Header, Writer
from adapter.asterisk.wire import channel
from adapter.doctor.record import header_of, masking_of
from adapter.monitoring.e164 import canonical, same_number
from tests.fake.scene import user
from tests.support.replay import directory_of, settings_of

ZONES = ("US", "DE", "GB", "FR", "IT", "IL", "BR", "AU", "RU", "JP")
CODES = ("*55", "*56", "*57")
digits = st.text("0123456789", min_size=1, max_size=16)


def masking(country: str = "US", codes: Sequence[str] = CODES) -> Masking:
    """Masks where PJSIP/1… are agents."""
    return Masking(CONTEXT, codes, country, lambda name: "agent" if name.startswith("PJSIP/1") else "line")


# --- numbers


@given(st.lists(st.text("+0123456789 -*#", min_size=1, max_size=18), unique=True), st.sampled_from(ZONES))
def test_different_numbers_stay_different_and_keep_their_shape(numbers: list[str], country: str) -> None:
    mask = masking(country)
    masked = [mask.number(number) for number in numbers]
    assert masked == [mask.number(number) for number in numbers], "the same again is the same"
    assert len(set(masked)) == len(numbers)
    for number, other in zip(numbers, masked, strict=True):
        if not other.removeprefix(number[:3]).startswith("user") and "user" not in other:
            assert re.sub(r"\d", "0", other) == re.sub(r"\d", "0", number)


@given(st.sampled_from(ZONES), st.text("0123456789", min_size=7, max_size=12), digits)
def test_spellings_of_one_number_stay_spellings_of_one_number(country: str, plain: str, another: str) -> None:
    mask, whole = masking(country), canonical(plain, country)
    assume(whole.startswith("+") and canonical(whole, country) == whole)
    parsed = phonenumbers.parse(whole)
    national = phonenumbers.national_significant_number(parsed)
    assume(len(national) >= LONG)
    usual = ["00" + whole[1:], "011" + whole[1:], "0" + national, national]
    masked = mask.number(whole)
    assert len(masked) == len(whole)
    assert masked.startswith(f"+{parsed.country_code}")
    assert canonical(masked, country) == masked
    for spelling in (*usual, plain, another):
        before = same_number(whole, spelling, country)
        after = same_number(masked, mask.number(spelling), country)
        assert after == before or (before and spelling not in usual), (whole, spelling)  # with a carrier's code in it


def test_what_a_number_keeps() -> None:
    mask = masking("DE")
    assert mask.number("+49 30 1234567") == "+49 50 0000001"
    assert mask.number("0049301234567") == "0049500000001"
    assert mask.number("030/1234567") == "050/0000001"
    assert mask.number("+12025550101") == "+15000000001"
    assert [mask.number(n) for n in ("101", "102", "101", "*55101", "*8101")] == [
        *("001", "002", "001", "*55001", "*0001")
    ]
    assert [mask.number(n) for n in ("alice", "sip:bob@host", "anonymous", "<unknown>", "")] == [
        *("user1", "user2", "anonymous", "<unknown>", "")
    ]
    assert [mask.name(n) for n in ("Anna", "101", "Жанна", "Anna")] == ["Name1", "001", "Name2", "Name1"]


@given(st.lists(st.text("0123456789", min_size=3, max_size=3), unique=True), st.sampled_from(("5", "12", "*5")))
def test_a_mask_never_looks_like_a_star_code_that_was_none(numbers: list[str], code: str) -> None:
    mask = masking(codes=(code,))
    masked = [mask.number(number) for number in numbers]
    assert [m.startswith(code) for m in masked] == [n.startswith(code) for n in numbers]
    assert len(set(masked)) == len(numbers)


# --- places


@pytest.mark.parametrize(
    ("dialled", "masked"),
    [
        ("101", "001"),
        ("2025550101@acme", "5000000001@line1"),
        ("acme/sip:+12025550101@sbc.acme.example:5060", "line1/sip:+15000000001"),
        ("acme/2025550101", "line1/5000000001"),
        ("acme", "line1"),
        ("Local/101@acme/n", "Local/001@context1"),
        ("acme/sip:anna@sbc.acme.example", "line1/sip:user1"),
    ],
)
def test_what_was_dialled(dialled: str, masked: str) -> None:
    assert masking().dialled(dialled) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("PJSIP/101-0000002a", "PJSIP/agent1-0000002a"),
        ("PJSIP/acme-trunk-0000002a", "PJSIP/line1-0000002a"),
        ("PJSIP/101-0000002a<ZOMBIE>", "PJSIP/agent1-0000002a<ZOMBIE>"),
        ("Local/500@acme-00000001;1", "Local/001@context1-00000001;1"),
        ("DAHDI/i1/4930123456-3", "DAHDI/line1-3"),
        ("Acme/secret-1", "Other/line1-1"),
        ("Message/ast_msg_queue", "Message/line1"),
        ("nothing", "Other/line1"),
        ("PJSIP/101-Anna", "PJSIP/agent1-end1"),
    ],
)
def test_channels(name: str, masked: str) -> None:
    assert masking().channel(name) == masked


@pytest.mark.parametrize(
    ("uniqueid", "masked"),
    [
        ("1764103000.12", "1764103000.12"),
        ("acme-berlin-1764103000.12", "system1-1764103000.12"),
        ("cm-0123456789abcdef0123456789abcdef", "cm-0123456789abcdef0123456789abcdef"),
        (f"cmtone-01234567-{'0' * 32}-ear", f"cmtone-01234567-{'0' * 32}-ear"),
        ("cm-acme-1764103000.12", "cm-system1-1764103000.12"),
        ("crm-4930123456", "id1"),
        ("crm-4930123456;2", "id1;2"),
        ("2ae8f247-2302-43ee-89b0-4cc8e901ebaf", "2ae8f247-2302-43ee-89b0-4cc8e901ebaf"),
        ("room of anna", "id1"),
    ],
)
def test_ids(uniqueid: str, masked: str) -> None:
    assert masking().uniqueid(uniqueid) == masked


@given(
    st.lists(st.text("0123456789acx-/", max_size=8).map(lambda rest: f"PJSIP/{rest}"), max_size=12),
    st.lists(st.sampled_from(("PJSIP/1*", "PJSIP/10[1-4]", "*a*", "PJSIP/cm-web-*", "Local/*")), min_size=1),
    st.lists(st.sampled_from(("PJSIP/2*", "*x*")), max_size=2),
)
def test_who_is_agent_internal_or_a_leg_is_read_alike(names: list[str], agents: list[str], internal: list[str]) -> None:
    access = {"secret": "x"}
    chosen = config.Settings.model_validate(
        {
            "pbx": [{"context": "acme-monitor", "ami": access, "ari": access}],
            "endpoints": {"agents": agents, "internal": internal},
        }
    )
    people = [user(f"p{n}", f"2{n}", active=n % 2 == 0) for n in range(4)]
    mask = masking_of(chosen.pbx[0], chosen.numbering.country, wiring.numbering(chosen.pbx[0], b"k"))
    header = header_of(chosen.pbx[0], chosen.numbering.country, "22.10.1", people, mask, people_known=True)
    before, after = wiring.numbering(chosen.pbx[0], b"k"), wiring.numbering(settings_of(header).pbx[0], b"k")
    for name in [*names, "PJSIP/cm-web-0123456789abcdef", *(f"Local/{n}@x" for n in range(3))]:
        masked = mask.endpoint(name)
        assert before.is_agent(name) == after.is_agent(masked)
        assert before.is_agent(name) or before.is_internal(name) == after.is_internal(masked)
    assert len(directory_of(header).by_endpoint) == len(directory_of(header).extensions) == 2
    for exten in ("*55101", "*56", "101", "silent", "s", ""):
        for context in ("acme-monitor", CONTEXT, "other"):
            fields = {"Event": "Newchannel", "Uniqueid": "1764103000.1", "Channel": "PJSIP/1-1"}
            fields |= {"Exten": exten, "Context": context}
            one, other = channel(fields), channel(_written(Writer(mask), fields))
            assert one is not None
            assert other is not None
            assert before.is_spy(one) == after.is_spy(other), (one, other)


def _written(writer: Writer, fields: dict[str, str]) -> dict[str, str]:
    line = writer.event(0.0, fields)
    assert line is not None
    found: dict[str, str] = json.loads(line)["event"]
    return found


# --- the whole file

HEADER = Header(FORMAT, "0", "22", "US", CONTEXT, {"silent": "*55"}, ["*/agent*"], [])
SHAPES = st.sampled_from(("ext3", "ext4", "ext5", "+1", "+49", "name", "context", "trunk"))


def _value(shape: str, number: int) -> str:
    """Value `number` of a shape: the same number is another value for another seed."""
    if shape.startswith("ext"):
        return str(number % 9 + 1) + str(number).zfill(int(shape[3:]) - 1)
    if shape.startswith("+"):
        return f"{shape}{2 + number % 8}{number * 7919 % 10**9:09d}"
    return f"{shape}-{''.join(ascii_letters[int(d)] for d in str(number))}"


def _file(script: list[tuple[str, int, str, int]], shift: int) -> str:
    """The recording of a script of (event, header's place, shape, who), whose people are others for each shift."""
    mask = Masking(CONTEXT, CODES, "US", lambda name: "agent" if name.startswith("PJSIP/ext") else "line")
    writer, fields = Writer(mask), sorted(PREFIXES)
    lines = [writer.header(HEADER)]
    for event, place, shape, who in script:
        value, prefix = _value(shape, who + shift), fields[place % len(fields)]
        message = {"Event": event, "Uniqueid": "1000000000.1", "AccountCode": value, "ChanVariable": value}
        message |= {f"{prefix}CallerIDNum": value, f"{prefix}CallerIDName": value, f"{prefix}Exten": value}
        message |= {f"{prefix}Channel": f"PJSIP/{shape}{value}-0000000a", f"{prefix}Context": value}
        message |= {
            "DialString": f"{value}@{value}",
            "DNID": value,
            "Variable": f"DIALEDPEERNUMBER={value}/sip:{value}",
        }
        message |= {
            "Application": "Dial",
            "ApplicationData": f"PJSIP/{value}@{value}&Local/{value}@{value}/n,20,{value}",
        }
        message |= {"Digit": value[-1], "AppData": value, f"{prefix}Linkedid": f"x{value}-1000000000.2"}
        lines.append(writer.event(0.0, message) or "")
    return "".join(lines)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(WANTED)), st.integers(0, 50), SHAPES, st.integers(0, 40)), max_size=30),
    st.integers(41, 59),
)
def test_the_file_is_the_same_whoever_calls(script: list[tuple[str, int, str, int]], shift: int) -> None:
    assert _file(script, 0) == _file(script, shift)


SECRET = st.builds(lambda n, w: (n, w), st.text("23456789", min_size=4, max_size=15), st.text("QXZĞЖ'", min_size=3))


@settings(max_examples=40)
@given(st.lists(SECRET, min_size=1, max_size=4), st.lists(st.sampled_from(sorted(WANTED)), min_size=1, max_size=2))
def test_no_four_digits_of_a_number_and_no_name_get_into_the_file(
    secrets: list[tuple[str, str]], events: list[str]
) -> None:
    """In every header that is recorded, and in some that are not. Masks have zeros where these numbers have none."""
    writer = Writer(masking())
    text = ""
    for event in [*events, "VarSet", "UserEvent", "Newexten"]:
        for number, name in secrets:
            for value in (
                number,
                f"+49{number}",
                name,
                f"{name} {number}",
                f"PJSIP/{name}-{number}-0000000a",
                f"10.{number}",
            ):
                message = {prefix + header: value for prefix in ("", "Dest", "Bridge") for header in ALLOWED}
                message |= {"AccountCode": value, "Variable": value, "AppData": value, f"X-{name}": value, name: value}
                text += writer.event(0.0, {**message, "Event": event}) or ""
                text += writer.snapshot(0.0, [[message], [message], [message]])
    for number, name in secrets:
        assert not [run for run in (number[n : n + 4] for n in range(len(number) - 3)) if run in text]
        assert name not in text
        assert json.dumps(name)[1:-1] not in text


@settings(max_examples=40)
@given(SECRET)
def test_nor_with_what_was_dialled(secret: tuple[str, str]) -> None:
    """In DialBegin, and of a list's Status and CoreShowChannels."""
    number, name = secret
    writer, text = Writer(masking()), ""
    for value in (number, f"+49{number}", name, f"{name} {number}", f"{name}-{number}"):
        for dialled in (
            value,
            f"{value}@{value}",
            f"{value}/sip:{value}@{value}",
            f"Local/{value}@{value}/n",
            f"x{value}/",
        ):
            text += writer.event(0.0, {"Event": "DialBegin", "DestChannel": "PJSIP/1-1", "DialString": dialled}) or ""
            dial = {"Application": "Dial", "ApplicationData": f"PJSIP/{dialled}&Local/{value}&{value},20,{value}"}
            other = {"Application": "Queue", "ApplicationData": value, "DNID": value, "Variable": f"X={value}"}
            how = {"DNID": value, "Variable": f"DIALEDPEERNUMBER={dialled}"}
            text += writer.snapshot(0.0, [[dial, other], [], [], [how, other]])
    assert not [run for run in (number[n : n + 4] for n in range(len(number) - 3)) if run in text]
    assert name not in text
    assert json.dumps(name)[1:-1] not in text


def test_a_keypad_tells_modes_on_legs_only() -> None:
    writer = Writer(masking())
    leg = {"Event": "DTMFEnd", "Uniqueid": "cm-0123456789abcdef0123456789abcdef"}
    told = [_written(writer, {**leg, "Digit": digit})["Digit"] for digit in "456*1#"]
    assert told == [*"456*xx"]
    told = [_written(writer, {**leg, "Uniqueid": "1764103000.1", "Digit": digit})["Digit"] for digit in "49*#"]
    assert told == [*"xx*#"]
