"""What the doctor says of what arrives over trunks, where several patterns match a phone's number."""

import pytest

from adapter.doctor.dialplan import Rows
from adapter.doctor.findings import Verdict
from adapter.doctor.trunks import TrunkContext, check_context

REACH = [
    {
        "Context": "inside",
        "Extension": "_3XX",
        "Priority": "1",
        "Application": "Gosub",
        "AppData": "call-monitor-reach,s,1(PJSIP/302)",
    }
]
RINGS = [
    {"Context": "phones", "Extension": "_X.", "Priority": "1", "Application": "NoOp", "AppData": ""},
    {"Context": "phones", "Extension": "_X.", "Priority": "2", "Application": "Dial", "AppData": "PJSIP/302"},
]
HINT = [{"Context": "inside", "Extension": "302", "Priority": "hint", "Application": "PJSIP/302", "AppData": ""}]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (REACH, Verdict.OK),
        (RINGS, Verdict.WARNING),
        (REACH + RINGS, Verdict.OK),
        (RINGS + REACH, Verdict.WARNING),
        (HINT + REACH + RINGS, Verdict.OK),
        ([], Verdict.WARNING),
    ],
)
def test_of_several_patterns_that_match_a_number_the_first_counts(rows: Rows, verdict: Verdict) -> None:
    found = check_context(TrunkContext("from-south", "1", "0", {"302": rows}))
    assert [one.verdict for one in found] == [verdict]


def test_of_phones_that_were_not_looked_at_nothing_is_said() -> None:
    """Nobody here is rung by the other PBXes: no `reach` leads here, or no supervisor has a phone here."""
    (found,) = check_context(TrunkContext("from-south", "1", "0", {}))
    assert found.verdict is Verdict.OK
    assert "as monitors need it" not in str(found)
    assert "no supervisor's phone is rung" in str(found)
