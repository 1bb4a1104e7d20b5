"""Which numbers are the same line, what a number in a dial string is, and which linkedids are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.linked import Linked, age
from adapter.core.parties import number_in, without_prefix
from adapter.monitoring.e164 import same_number


@pytest.mark.parametrize(
    ("one", "other", "country", "same"),
    [
        ("+12025550101", "2025550101", "US", True),
        ("+12025550101", "(202) 555-0101", "US", True),
        ("+12025550101", "tel:+1-202-555-0101", "US", True),
        ("+12025550101", "alice2025550101", "US", False),
        ("+12025550101", "2025550101x22", "US", False),
        ("+12025550101", "2025550101;ext=22", "US", False),
        ("+12025550101", "2025550101 ext. 22", "US", False),
        ("+12025550101", "202-555-01OI", "US", False),
        ("+18003569377", "1-800-FLOWERS", "US", False),
        ("alice", "alice", "US", True),
        ("+52 1 55 1234 5678", "+52 55 1234 5678", "US", True),
        ("+5215512345678", "55 1234 5678", "MX", True),
        ("+52 1 55 1234 5678", "+1 551 234 5678", "US", False),
        ("", "", "US", False),
    ],
)
def test_the_same_line(one: str, other: str, country: str, same: bool) -> None:
    assert same_number(one, other, country) is same
    assert same_number(other, one, country) is same


def test_numbers_behind_a_trunk_are_read_by_its_country() -> None:
    assert same_number("+52 55 1234 5678", "5512345678", "US", "MX")
    assert not same_number("+52 55 1234 5678", "5512345678", "US")
    assert same_number("2025550101", "+12025550101", "US", "MX")


@pytest.mark.parametrize(
    ("dial_string", "number"),
    [
        ("101", "101"),
        ("2025550101@trunk", "2025550101"),
        ("+12025550101@trunk", "+12025550101"),
        ("trunk/sip:2025550101@sbc.example:5060;transport=tcp", "2025550101"),
        ("trunk/sips:+1-202-555-0101@sbc.example", "+12025550101"),
        ("sip:2025550101@127.0.0.1", "2025550101"),
        ("trunk/2025550101", "2025550101"),
        ("g1/2025550101", "2025550101"),
        ("user:pass@host/2025550101", "2025550101"),
        ("Local/201@out/n", "201"),
        ("*43@trunk", "*43"),
        ("trunk/sip:201-0x55ee@127.0.0.1:4000", ""),
        ("trunk", ""),
        ("alice@trunk", ""),
        ("", ""),
    ],
)
def test_the_number_in_what_was_dialled(dial_string: str, number: str) -> None:
    assert number_in(dial_string) == number


@given(st.text(max_size=40))
def test_of_any_dial_string_only_a_number_is_taken(dial_string: str) -> None:
    assert set(number_in(dial_string)) <= set("+0123456789*#")


def test_the_longest_prefix_is_left_out_where_a_number_is_left() -> None:
    prefixes = ("9", "901", "*67")
    dialled = ("92025550101", "9012025550101", "*672025550101", "911", "9911", "2025550101", "9")
    assert [without_prefix(number, prefixes) for number in dialled] == [
        *("2025550101", "2025550101", "2025550101", "911", "911", "2025550101", "9")
    ]
    assert without_prefix("92025550101", ()) == "92025550101"


def test_the_age_of_a_linkedid_is_when_its_channel_began() -> None:
    assert age("1795651579.9") == (1795651579, 9)
    assert age("cm-east-1795651579.10") == (1795651579, 10)
    assert [age(one) for one in ("crm-7", "", "17", "x.y", "1.2.3")] == [None] * 5


def test_linkedids_that_became_one_stay_one_until_it_is_forgotten() -> None:
    linked = Linked()
    linked.join("3", "2")
    linked.join("2", "1")
    assert linked.now == {"2": "1", "3": "1"}
    linked.forget("1")
    assert not linked.now
