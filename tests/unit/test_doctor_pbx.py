"""What the doctor judges of a PBX's dialplan, rights, endpoints, clock and files, and the line that puts each right."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapter import shipped
from adapter.config.modes import advice, judge
from adapter.core.modes import Mode
from adapter.doctor import consent, dialplan, endpoints, rights
from adapter.doctor.checks import judge_clock, judge_version
from adapter.doctor.endpoints import Endpoint
from adapter.doctor.files import judge_mode
from adapter.doctor.findings import Finding, Verdict, exit_status
from tests.unit.test_doctor import one, verdicts

CONF = Path(__file__).parents[2] / "asterisk-conf"


# --- the dialplan


def rows(text: str, context: str) -> list[dict[str, str]]:
    """A context of a dialplan file as ShowDialPlan tells it."""
    found: list[dict[str, str]] = []
    here, extension, priority = "", "", 0
    for line in (line.partition(";")[0].strip() for line in text.splitlines()):
        if line.startswith("["):
            here = line.strip("[]")
        elif here == context and "=>" in line:
            kind, _, value = (part.strip() for part in line.partition("=>"))
            if kind == "exten":
                extension, number, step = value.split(",", 2)
                priority = int(number)
            else:
                step, priority = value.split(",", 1)[1], priority + 1
            application, _, data = step.partition("(")
            found.append(
                {
                    "Extension": extension,
                    "Priority": str(priority),
                    "Application": application,
                    "AppData": data.rpartition(")")[0],
                }
            )
    return found


DIALPLAN = (CONF / "extensions_call_monitor.conf").read_text()
CODES = {"silent": "*55", "whisper": "*56", "barge": "*57", "follow": "*58"}


def monitor(text: str = DIALPLAN) -> dict[str, Finding]:
    """What the doctor says of a dialplan, by extension."""
    found = dialplan.check_monitor("call-monitor", rows(text, "call-monitor"))
    return {finding.name.partition(", ")[2]: finding for finding in found}


def test_the_operators_own_file_is_fine_and_holds_the_lines_that_the_doctor_names() -> None:
    plain = "\n".join(" ".join(line.partition(";")[0].split()) for line in DIALPLAN.splitlines())
    for mode in Mode:
        for keypad in (False, True):
            assert "\n".join(line.strip() for line in dialplan.lines_of(mode, keypad=keypad)) in plain
    for word, code in CODES.items():
        assert "\n".join(line.strip() for line in dialplan.code_lines(word, code, "call-monitor")) in plain
    assert {finding.verdict for finding in monitor().values()} == {Verdict.OK}
    codes = dialplan.check_codes(CODES, rows(DIALPLAN, "call-monitor-codes"), "call-monitor")
    assert {finding.verdict for finding in codes} == {Verdict.OK}
    nowhere = dialplan.check_nowhere("call-monitor-nowhere", rows(DIALPLAN, "call-monitor-nowhere"))
    assert nowhere.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("mode", "keypad", "options", "word"),
    [
        (Mode.SILENT, False, "qESx(*)", "name prefix"),
        (Mode.SILENT, False, "quSx(*)", "keeps its mode"),
        (Mode.SILENT, False, "uESx(*)", "beep"),
        (Mode.SILENT, False, "quEx(*)", "gone"),
        (Mode.SILENT, False, "quES", "does not leave"),
        (Mode.SILENT, False, "quESx(#)", "does not leave"),
        (Mode.SILENT, False, "quESx(*)w", "the agent hears"),
        (Mode.SILENT, False, "quESx(*)B", "the customer hears"),
        (Mode.SILENT, False, "quESx(*)d", "without the right to it"),
        (Mode.SILENT, True, "quESx(*)", "although Asterisk confirms them"),
        (Mode.SILENT, True, "quESXx(*)d", "switch nothing"),
        (Mode.WHISPER, False, "quESx(*)", "does not hear the supervisor"),
        (Mode.WHISPER, False, "quESx(*)wB", "the customer hears"),
        (Mode.BARGE, True, "quESx(*)dw", "customer does not hear"),
        (Mode.SILENT, False, "quESWx(*)", "hears nothing"),
        (Mode.SILENT, False, "quESox(*)", "only one side"),
        (Mode.SILENT, False, "quESx(*)r(name)", "recorded"),
    ],
)
def test_every_trap_of_chanspys_options_is_named(mode: Mode, keypad: bool, options: str, word: str) -> None:
    faults = list(dialplan.faults_of(options, mode, keypad=keypad))
    assert len(faults) == 1, faults
    assert word in faults[0]


def test_a_letter_inside_an_options_argument_is_no_option() -> None:
    assert list(dialplan.faults_of("quESx(*)v(2)l", Mode.SILENT, keypad=False)) == []


def test_what_is_missing_around_chanspy() -> None:
    guard = 'exten => silent,1,GotoIf($["${CM_TARGET}" = ""]?over,1)'
    assert guard in DIALPLAN
    found = monitor(DIALPLAN.replace(guard, "exten => silent,1,NoOp()"))["silent"]
    assert "any call" in found.what
    assert found.remedy == dialplan.remedy_of("call-monitor", Mode.SILENT, keypad=False)
    assert "listens to" in monitor(DIALPLAN.replace("ChanSpy(${CM_TARGET},", "ChanSpy(PJSIP,", 1))["silent"].what
    assert (
        "looks as if the supervisor hung up" in monitor(DIALPLAN.replace("Goto(over,1)", "Hangup()", 1))["silent"].what
    )
    without = monitor(
        DIALPLAN.replace("exten => silent-keypad", "exten => other").replace("exten => over", "exten => o")
    )
    assert (without["silent-keypad"].verdict, without["over"].verdict) == (Verdict.WRONG, Verdict.WRONG)
    assert without["over"].remedy is not None
    assert without["over"].remedy.lines == ("exten => over,1,Hangup()",)


def test_star_codes_and_the_softphones_context() -> None:
    found = dialplan.check_codes({**CODES, "whisper": "*8"}, rows(DIALPLAN, "call-monitor-codes"), "call-monitor")
    assert verdicts(found)["call-monitor-codes, *8"] is Verdict.WRONG
    remedy = one(found, "call-monitor-codes, *8").remedy
    assert remedy is not None
    assert remedy.lines[0] == "exten => _*8X.,1,Set(CDR_PROP(disable)=1)"
    assert remedy.lines[4] == " same => n(own),Stasis(call-monitor,whisper,${EXTEN:2})"
    without_gate = [row for row in rows(DIALPLAN, "call-monitor-codes") if "not-own" not in row.get("AppData", "")]
    ungated = [{**row, "Application": "NoOp"} if row.get("Application") == "GotoIf" else row for row in without_gate]
    found = dialplan.check_codes(CODES, ungated, "call-monitor")
    assert {finding.verdict for finding in found} == {Verdict.WARNING}
    open_to_all: list[Mapping[str, str]] = [{"IncludeContext": "from-internal"}]
    assert dialplan.check_nowhere("call-monitor-nowhere", open_to_all).verdict is Verdict.WRONG


# --- rights


def commands(*classes: str) -> dict[str, str]:
    """ListCommands as Asterisk answers a user with these write classes."""
    known = {
        **{name: group for group, names in rights.ACTIONS.items() for name in names},
        "Command": "command",
        "Reload": "system,config",
        "BridgeList": "<none>",
    }
    given = {name: f"{name}.  (Priv: {group})" for name, group in known.items() if {*group.split(",")} & {*classes}}
    return {"Response": "Success", "BridgeList": "x  (Priv: <none>)", **given}


def test_write_classes_that_are_missing_or_too_many() -> None:
    exact = rights.check_write(commands("call", "originate", "reporting"), "u")
    assert {finding.verdict for finding in exact} == {Verdict.OK}
    poor = rights.check_write(commands("call", "reporting"), "u")
    missing = one(poor, "write, originate")
    assert missing.remedy is not None
    assert (missing.verdict, missing.remedy.lines) == (Verdict.WRONG, ("write = call,originate,reporting",))
    rich = rights.check_write(commands("call", "originate", "reporting", "command", "system"), "u")
    assert verdicts(rich)["write, no more"] is Verdict.WARNING
    assert exit_status(rich) == 0


def test_the_lines_named_for_the_ami_user_are_those_of_its_file() -> None:
    text = (CONF / "manager_call_monitor.conf").read_text()
    assert f"\n{rights.READ} " in text
    assert f"\n{rights.WRITE} " in text
    for name in (*rights.PROVOKED, *rights.PHONES_ONLY, *rights.QUEUES_ONLY, *rights.TALK_ONLY):
        assert f"eventfilter(action(include),name({name})) =" in text


def test_events_that_do_not_arrive() -> None:
    every = rights.PROVOKED
    assert {finding.verdict for finding in rights.check_read(every, "u")} == {Verdict.OK}
    found = one(rights.check_read(every - {"BridgeEnter"}, "u"), "read, BridgeEnter")
    assert found.remedy is not None
    assert found.remedy.lines == ("eventfilter(action(include),name(BridgeEnter)) =",)
    digits = one(rights.check_read(every - {"DTMFEnd"}, "u"), "read, DTMFEnd")
    assert digits.remedy is not None
    assert digits.remedy.lines[0] == "read = call,dtmf,agent,user"
    assert verdicts(rights.check_read({"DTMFEnd"}, "u"))["read, call"] is Verdict.WRONG
    assert verdicts(rights.check_read(set(), "u")) == {"read": Verdict.WRONG}
    assert verdicts(rights.check_read({*every, "DTMFBegin"}, "u"))["read, no more"] is Verdict.WARNING
    assert verdicts(rights.check_read({*every, "VarSet"}, "u"))["read, no more"] is Verdict.WARNING


def test_modules() -> None:
    names = [*rights.NEEDED, *rights.SOFTPHONE, *rights.OWN, *rights.AUDIO, "codec_opus"]
    listed = [{"name": f"{name}.so", "status": "Running"} for name in names]
    assert verdicts(rights.check_modules(listed, softphone=True, audio=True)) == {"modules": Verdict.OK}
    off = [{**module, "status": "Not Running"} if module["name"] == "app_chanspy.so" else module for module in listed]
    found = one(rights.check_modules(off, softphone=True, audio=True), "app_chanspy")
    assert found.remedy is not None
    assert (found.verdict, found.remedy.lines) == (Verdict.WRONG, ("load = app_chanspy.so",))
    less = [module for module in listed if module["name"] not in ("res_srtp.so", "res_stasis_snoop.so")]
    assert verdicts(rights.check_modules(less, softphone=False, audio=False)) == {"modules": Verdict.OK}
    assert verdicts(rights.check_modules(less, softphone=True, audio=True)) == {
        "res_srtp": Verdict.WRONG,
        "res_stasis_snoop": Verdict.WARNING,
    }


# --- endpoints, clocks, files, versions


def endpoint(**settings: str) -> Endpoint:
    """A supervisor's, as it should be but for these settings."""
    fine = {"direct_media": "false", "rtp_timeout": "60", "dtmf_mode": "auto", "context": "x", "aors": "301"}
    aor = {
        "max_contacts": settings.pop("max_contacts", "1"),
        "remove_existing": settings.pop("remove_existing", "true"),
    }
    return Endpoint("PJSIP/301", {**fine, **settings}, {"301": aor}, online=True)


@pytest.mark.parametrize(
    ("settings", "verdict", "line"),
    [
        ({"direct_media": "true"}, Verdict.WRONG, "direct_media = no"),
        ({"rtp_timeout": "0"}, Verdict.WARNING, "rtp_timeout = 60"),
        ({"dtmf_mode": "none"}, Verdict.WARNING, "dtmf_mode = auto"),
        ({"max_contacts": "5"}, Verdict.WARNING, "max_contacts = 1"),
        ({"remove_existing": "false"}, Verdict.WARNING, "remove_existing = yes"),
        ({"direct_media": ""}, Verdict.UNKNOWN, "load = func_pjsip_endpoint.so"),
        ({"max_contacts": ""}, Verdict.UNKNOWN, "load = func_pjsip_aor.so"),
    ],
)
def test_settings_of_endpoints(settings: dict[str, str], verdict: Verdict, line: str) -> None:
    found = one(endpoints.check([endpoint(**settings)], [endpoint(**settings)], {}), "PJSIP/301")
    assert found.verdict is verdict
    assert found.remedy is not None
    assert line in found.remedy.lines


def test_endpoints_that_are_fine_absent_or_nobodys() -> None:
    fine = endpoints.check([endpoint()], [endpoint()], {})
    assert {finding.verdict for finding in fine} == {Verdict.OK}
    found = endpoints.check([], [], {"PJSIP/999": "sam"})
    assert verdicts(found) == {"PJSIP/999": Verdict.WRONG, "agents": Verdict.WRONG}
    phones = [dataclasses.replace(endpoint(), online=online) for online in (True, False, None)]
    told = endpoints.check_phones(phones, {"PJSIP/301": "generic"})
    assert [finding.verdict for finding in told] == [Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN]
    reach = endpoints.check_reach({"a": "1", "b": "0", "c": ""}, "*55")
    assert [finding.verdict for finding in reach] == [Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("mode", "group", "verdict"),
    [
        (0o100600, "users", Verdict.OK),
        (0o100640, "call-monitor", Verdict.OK),
        (0o100660, "call-monitor", Verdict.WARNING),
        (0o100640, "users", Verdict.WARNING),
        (0o100644, "call-monitor", Verdict.WRONG),
        (0o100602, "call-monitor", Verdict.WRONG),
    ],
)
def test_the_advice_on_a_mode_is_what_the_doctor_calls_right(mode: int, group: str, verdict: Verdict) -> None:
    own = frozenset({"call-monitor"})
    found = judge_mode("AMI secret", Path("/x y"), judge(mode, group, own), mode & 0o777, "call-monitor")
    assert found.verdict is verdict
    if verdict is not Verdict.OK:
        assert found.remedy is not None
        assert found.remedy.lines == ("chgrp call-monitor '/x y' && chmod 640 '/x y'",)
        assert judge(0o100640, "call-monitor", own).fine, "and then it is right"
    assert advice(Path("/x"), None) == "chmod 600 /x"


def test_clocks_and_versions() -> None:
    assert judge_clock("1000.5", 1000.0).verdict is Verdict.OK
    assert "3.0 s behind" in judge_clock("997.0", 1000.0).what
    assert judge_clock("1003.5", 1000.0).verdict is Verdict.WARNING
    assert judge_clock("", 1000.0).verdict is Verdict.UNKNOWN
    assert judge_version("22.10.1").verdict is Verdict.OK
    bad = judge_version("22.11.0")
    assert (bad.verdict, "2134" in bad.what) == (Verdict.WRONG, True)
    assert judge_version("18.9.0").verdict is Verdict.WRONG
    assert judge_version("GIT-master").verdict is Verdict.UNKNOWN


def test_what_the_doctor_wants_for_consent_is_what_is_shipped() -> None:
    """Whoever copies the remedy has all of it, also what keeps that an announcement was heard."""
    shipped_file = shipped.text("asterisk-conf/extensions_call_monitor.conf")
    lines = [line.partition(";")[0].strip() for line in shipped_file.splitlines()]
    assert [line.strip() for line in consent.LINES if line.strip() not in lines] == []


def test_a_dialplan_for_consent_of_before_is_found() -> None:
    """It plays, but behind a Local channel it does not keep that it was heard."""
    rows: list[dict[str, str]] = []
    extension = ""
    for line in consent.LINES:
        extension = line.split("=>")[1].split(",")[0].strip() if line.startswith("exten") else extension
        application, _, data = line.split(",", 1 if line.startswith(" same") else 2)[-1].partition("(")
        rows.append(
            {"Extension": extension, "Priority": str(len(rows)), "Application": application, "AppData": data[:-1]}
        )
    assert consent.check_dialplan(rows).verdict is Verdict.OK
    before = [row for row in rows if "CM_FAR" not in row["AppData"]]
    found = consent.check_dialplan(before)
    assert found.verdict is Verdict.WARNING
    assert "behind a Local channel" in found.what
