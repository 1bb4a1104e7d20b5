"""What the doctor says of the trunks between two real PBXes, and that its lines heal what is broken."""

import pytest

from adapter import config
from adapter.doctor.findings import Finding, Verdict
from adapter.doctor.run import examine
from tests.support.pbxes import Several


async def findings(pair: Several) -> dict[str, Finding]:
    settings = config.load(pair.conf)
    found = (await examine(settings, pair.conf, lambda text: None)).findings
    return {f"{one.pbx} {one.name}": one for one in found if one.name.startswith(("from trunks", "trunk"))}


async def test_trunks_that_are_as_they_should_be(pair: Several) -> None:
    found = await findings(pair)
    assert {name: one.verdict for name, one in found.items()} == {
        "pbx0 from trunks, lab-trunks": Verdict.OK,
        "pbx1 from trunks, lab-trunks": Verdict.OK,
    }


@pytest.mark.parametrize(
    ("breaking", "verdict", "said"),
    [
        ("dialplan remove include call-monitor-tickets from lab-trunks", Verdict.WARNING, "don't reach calls here"),
        ("dialplan add include call-monitor-codes into lab-trunks", Verdict.WRONG, "from a trunk"),
        ("dialplan remove extension _30[12]@lab-trunks 1", Verdict.WARNING, "ring as for any call"),
    ],
)
async def test_trunks_that_are_not(pair: Several, breaking: str, verdict: Verdict, said: str) -> None:
    first = pair.pbxes[0]
    await first.cli(breaking)
    try:
        found = await findings(pair)
        one = found["pbx0 from trunks, lab-trunks"]
        assert one.verdict is verdict
        assert said in one.what
        assert one.remedy is not None
        assert found["pbx1 from trunks, lab-trunks"].verdict is Verdict.OK
    finally:
        if "add include" in breaking:
            await first.cli("dialplan remove include call-monitor-codes from lab-trunks")
        await first.cli("dialplan reload")
    assert (await findings(pair))["pbx0 from trunks, lab-trunks"].verdict is Verdict.OK
