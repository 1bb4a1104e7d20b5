"""What the doctor says of the codes for a call on agents' phones."""

import pytest

from adapter.doctor import helpcode
from adapter.doctor.findings import Verdict
from adapter.doctor.helpcode import Endpoint, features_of

BOTH = ("call-monitor-help", "call-monitor-shield")
KEYS = dict(zip(BOTH, ("*4", "*3"), strict=True))
NONE = dict.fromkeys(BOTH, "")
OK, WARNING, WRONG = Verdict.OK, Verdict.WARNING, Verdict.WRONG


@pytest.mark.parametrize(
    ("codes", "features", "arrives", "verdicts", "says"),
    [
        (NONE, {"PJSIP/101": ()}, True, [OK], "on their page only"),
        (NONE, {"PJSIP/101": ()}, False, [WRONG, OK], "nobody can be followed"),
        (KEYS, {"PJSIP/101": BOTH}, True, [OK, OK], "*4 in a call asks for help, at all 1 agents' endpoints"),
        (KEYS, {"PJSIP/101": BOTH}, True, [OK, OK], "*3 in a call pauses monitoring"),
        (NONE, {"PJSIP/101": BOTH[:1]}, True, [WARNING], "features_call_monitor.conf"),
        (KEYS | {BOTH[1]: ""}, {"PJSIP/101": BOTH}, True, [OK, WARNING], "name the feature call-monitor-shield"),
        (KEYS, {"PJSIP/101": ()}, True, [WARNING, WARNING], "DYNAMIC_FEATURES=call-monitor-help#call-monitor-shield"),
        (KEYS, {"PJSIP/101": BOTH[:1]}, True, [OK, WARNING], "*3 does nothing at PJSIP/101"),
        (KEYS, {"PJSIP/101": ("automon",)}, True, [WARNING, WARNING], "=automon#call-monitor-help#call-monitor-shield"),
        (KEYS, {"PJSIP/101": BOTH}, False, [WRONG, OK, OK], "read = call,dtmf,agent,user"),
        (KEYS, {"PJSIP/101": BOTH, "PJSIP/102": ()}, False, [WRONG, WARNING, WARNING], "PJSIP/102"),
        (KEYS, {}, True, [], ""),
    ],
)
def test_each_part_that_lacks_is_named(
    codes: dict[str, str], features: dict[str, tuple[str, ...]], arrives: bool, verdicts: list[Verdict], says: str
) -> None:
    endpoints = [Endpoint(name, named) for name, named in features.items()]
    found = helpcode.check(codes, endpoints, "call-monitor", arrives=arrives)
    assert [one.verdict for one in found] == verdicts
    assert says in str(found)


def test_features_are_read_from_what_asterisk_tells() -> None:
    assert features_of("A=1,DYNAMIC_FEATURES=automon#call-monitor-help,B=2") == ("automon", "call-monitor-help")
    assert features_of("__DYNAMIC_FEATURES=call-monitor-help") == ("call-monitor-help",)
    assert features_of("OTHER=call-monitor-help") == features_of("") == ()
