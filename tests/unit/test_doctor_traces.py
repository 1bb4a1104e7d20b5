"""The doctor's judgement of what Asterisk itself tells of silent supervisors."""

from collections.abc import Mapping

import pytest

from adapter.core.modes import Mode
from adapter.doctor import traces
from adapter.doctor.dialplan import Rows
from adapter.doctor.findings import Finding, Verdict, exit_status
from adapter.doctor.traces import CEL_LINES, Cel
from tests.unit.test_doctor import one
from tests.unit.test_doctor_pbx import CODES, CONF, DIALPLAN, rows

ALL = {"func_cdr", "cdr_csv", "cel_custom", "func_config", "res_pjsip_exten_state"}
WELL: Rows = rows(DIALPLAN, "call-monitor-codes")


def test_native_bridging_is_wrong_unless_it_is_wanted() -> None:
    found = traces.check_native({*ALL, "bridge_native_rtp"})
    assert (found.verdict, found.remedy is not None) == (Verdict.WRONG, True)
    assert found.remedy is not None
    assert found.remedy.lines == ("noload = bridge_native_rtp.so",)
    for name in ("modules_call_monitor.conf", "lab/modules.conf"):
        assert f"\n{found.remedy.lines[0]}" in (CONF / name).read_text()
    wanted = traces.accept(found, "rtp", ["rtp"])
    assert (wanted.verdict, exit_status([wanted])) == (Verdict.WARNING, 0)
    assert found.what in wanted.what, "what it tells is said all the same"
    assert traces.accept(found, "rtp", ["cdr", "cel"]) == found
    assert traces.check_native(ALL).verdict is Verdict.OK


def cdr(running: set[str], enabled: str | None = "Yes", codes: Rows = WELL) -> list[Finding]:
    """What is said of call detail records."""
    return traces.check_cdr(running, enabled, CODES, codes, "call-monitor")


def test_call_detail_records() -> None:
    assert [finding.verdict for finding in cdr(ALL)] == [Verdict.OK]
    assert [finding.verdict for finding in cdr({"func_cdr"}, None)] == [Verdict.OK], "nothing writes them"
    assert [finding.verdict for finding in cdr({"cdr_csv"}, "No")] == [Verdict.OK]
    assert [finding.verdict for finding in cdr(ALL, None)] == [Verdict.UNKNOWN]
    (missing,) = cdr({"cdr_pgsql"})
    assert missing.remedy is not None
    assert (missing.verdict, missing.remedy.lines) == (Verdict.WRONG, ("load = func_cdr.so",))


@pytest.mark.parametrize(
    "other",
    ["NoOp()", "Set(CDR_PROP(disable)=0)", "Set(CDR(disable)=1)", "Stasis(call-monitor,silent,${EXTEN:3})"],
)
def test_a_star_code_that_is_recorded(other: str) -> None:
    text = DIALPLAN.replace("exten => _*55X.,1,Set(CDR_PROP(disable)=1)", f"exten => _*55X.,1,{other}")
    assert text != DIALPLAN
    found = cdr(ALL, codes=rows(text, "call-monitor-codes"))
    assert [finding.name for finding in found] == ["CDR, *55"]
    remedy = one(found, "CDR, *55").remedy
    assert remedy is not None
    assert "\n".join(remedy.lines) in DIALPLAN


def test_codes_that_are_not_there_are_another_checks_to_tell() -> None:
    assert traces.check_cdr(ALL, "Yes", {Mode.SILENT: "*8"}, WELL, "call-monitor")[0].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("cel", "verdict"),
    [
        (Cel("no", "ALL", "all"), Verdict.OK),
        (Cel("", "ALL"), Verdict.OK),
        (Cel(None), Verdict.UNKNOWN),
        (Cel("yes"), Verdict.OK),
        (Cel("yes", "ALL", "dial"), Verdict.WRONG),
        (Cel("yes", "CHAN_START"), Verdict.WRONG),
        (Cel("true", "bridge_enter, hangup"), Verdict.WRONG),
        (Cel("yes", "APP_START", "dial,chanspy"), Verdict.WRONG),
        (Cel("yes", "APP_START,BRIDGE_ENTER", "Dial , park"), Verdict.OK),
        (Cel("yes", "BRIDGE_ENTER", "all"), Verdict.OK),
    ],
)
def test_channel_event_logging(cel: Cel, verdict: Verdict) -> None:
    found = traces.check_cel(ALL, cel)
    assert found.verdict is verdict
    assert (found.remedy is None) is (verdict is Verdict.OK)
    assert traces.check_cel({"func_config"}, cel).verdict is Verdict.OK, "nobody writes them down"


def test_the_lines_named_for_cel_are_quiet() -> None:
    settings = dict(line.split(" = ") for line in CEL_LINES)
    assert traces.check_cel(ALL, Cel("yes", settings["events"], settings["apps"])).verdict is Verdict.OK


def test_lamps_of_supervisors() -> None:
    hints: list[Mapping[str, str]] = [
        {"Exten": "301", "Context": "ext-local", "Hint": "PJSIP/301&Custom:DND301,CustomPresence:301"},
        {"Exten": "3010", "Context": "ext-local", "Hint": "PJSIP/3010"},
        {"Exten": "9", "Context": "floor", "Hint": "PJSIP/101&PJSIP/301"},
        {"Exten": "101", "Context": "ext-local", "Hint": "PJSIP/101"},
    ]
    (found,) = traces.check_lamps(ALL, hints, {"PJSIP/301", "PJSIP/302"})
    assert found.verdict is Verdict.WARNING, "it tells no more than any call of that phone does"
    assert "301@ext-local, 9@floor" in found.what
    assert [finding.verdict for finding in traces.check_lamps(ALL, hints, {"PJSIP/302"})] == [Verdict.OK]
    assert [finding.verdict for finding in traces.check_lamps(set(), hints, {"PJSIP/301"})] == [Verdict.OK]
