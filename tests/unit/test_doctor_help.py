"""What the doctor says of asking for help by phone."""

import pytest

from adapter.doctor import helpcode
from adapter.doctor.findings import Verdict


@pytest.mark.parametrize(
    ("code", "with_it", "without", "arrives", "verdicts", "says"),
    [
        ("", [], ["PJSIP/101"], True, [Verdict.OK], "on their page only"),
        ("", [], ["PJSIP/101"], False, [Verdict.WRONG, Verdict.OK], "nobody can be followed"),
        ("*4", ["PJSIP/101"], [], True, [Verdict.OK], "*4 in a call asks for help"),
        ("", ["PJSIP/101"], [], True, [Verdict.WARNING], "features_call_monitor.conf"),
        ("*4", [], ["PJSIP/101"], True, [Verdict.WARNING], "set_var = DYNAMIC_FEATURES=call-monitor-help"),
        ("*4", ["PJSIP/101"], [], False, [Verdict.WRONG], "read = call,dtmf,agent,user"),
        ("*4", ["PJSIP/101"], ["PJSIP/102"], False, [Verdict.WRONG, Verdict.WARNING], "PJSIP/102"),
    ],
)
def test_each_part_that_lacks_is_named(
    code: str, with_it: list[str], without: list[str], arrives: bool, verdicts: list[Verdict], says: str
) -> None:
    found = helpcode.check(code, with_it, without, "call-monitor", arrives=arrives)
    assert [one.verdict for one in found] == verdicts
    assert says in str(found)
