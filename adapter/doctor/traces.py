"""What Asterisk itself reveals about silent supervisors: in RTP, call detail records, CEL and lamps (BLF). Pure.

The adapter causes none of it. All of it is measured: docs/silence.md, tests/asterisk/test_traces.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from adapter.doctor import dialplan
from adapter.doctor.findings import Area, Finding, Remedy, Verdict, reload_of

AREA = Area("traces")
NATIVE = "bridge_native_rtp"
MODULES = "modules.conf, [modules]"
CDR_FUNCTION = "func_cdr"
CDR_BACKEND, CEL_BACKEND = "cdr_", "cel_"
"""Name prefixes of modules that write records (cdr/, cel/ in Asterisk's source)."""
LAMPS = "res_pjsip_exten_state"
"""Without it no phone can subscribe to a hint."""

OF_A_LEG = frozenset("CHAN_START CHAN_END ANSWER HANGUP LINKEDID_END DTMF STREAM_BEGIN STREAM_END".split())
"""CEL events that a leg causes merely by listening (main/cel.c). BRIDGE_ENTER comes only with a take-over."""
OF_AN_APPLICATION = frozenset({"APP_START", "APP_END"})
"""Events that are logged for the applications named in cel.conf."""
QUIET_APPS = ("dial", "park", "queue")
QUIET_EVENTS = (
    *("APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "PARK_START", "PARK_END"),
    *("BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD", "LOCAL_OPTIMIZE", "USER_DEFINED"),
)
"""The CEL events that can be logged without revealing a leg that listens."""
YES = frozenset({"yes", "true", "y", "t", "1", "on"})
"""What Asterisk takes for yes (main/utils.c, ast_true)."""
CEL_LINES = (f"apps = {','.join(QUIET_APPS)}", f"events = {','.join(QUIET_EVENTS)}")


@dataclass(frozen=True, slots=True)
class Cel:
    """Channel event logging as configured in cel.conf. None: could not be read."""

    enabled: str | None
    events: str = ""
    """Names, separated by commas, from all lines together."""
    apps: str = ""


def accept(finding: Finding, trace: str, accepted: Collection[str]) -> Finding:
    """Turn a finding about an accepted trace into a warning, so that the PBX is still fit."""
    if trace not in accepted or finding.verdict not in (Verdict.WRONG, Verdict.UNKNOWN):
        return finding
    what = f"{finding.what} Accepted by [[pbx]] accepted_traces."
    return AREA.warning(finding.name, what, finding.remedy)


def check_native(running: Collection[str]) -> Finding:
    """Whether calls can be bridged natively."""
    if NATIVE not in running:
        return AREA.ok(
            "RTP", f"{NATIVE} is not loaded: silent monitoring changes nothing in the RTP to the parties' phones."
        )
    what = (
        f"{NATIVE} is loaded: when silent monitoring begins, and again when it ends, agent and customer receive a new "
        "SSRC, a marker and a jump in the sequence numbers. Anybody who looks at a phone's RTP can see when somebody "
        "listens, and some phones stop playing audio."
    )
    then = f'restart Asterisk; or, while it bridges no call, asterisk -rx "module unload {NATIVE}.so"'
    return AREA.wrong("RTP", what, Remedy(MODULES, (f"noload = {NATIVE}.so",), then))


def check_cdr(
    running: Collection[str], enabled: str | None, codes: Mapping[str, str], rows: dialplan.Rows, context: str
) -> list[Finding]:
    """Whether call detail records list legs. `enabled`: CoreCDRenabled of CoreSettings, None if it is missing."""
    backends = sorted(name for name in running if name.startswith(CDR_BACKEND))
    if not backends or (enabled or "").lower() == "no":
        return [AREA.ok("CDR", "no call detail records are written.")]
    if enabled is None:
        command = 'asterisk -rx "cdr show status"'
        what = "Asterisk did not say whether call detail records are written (CoreSettings)."
        return [AREA.unknown("CDR", what, Remedy("a shell on the PBX", (command,)))]
    by = ", ".join(backends)
    if CDR_FUNCTION not in running:
        what = f"{CDR_FUNCTION} is missing, so {by} record every leg: who listened, when, and to which channel."
        remedy = Remedy(MODULES, (f"load = {CDR_FUNCTION}.so",), reload_of(f"module load {CDR_FUNCTION}.so"))
        return [AREA.wrong("CDR", what, remedy)]
    found = []
    for mode, code in dialplan.recorded_codes(codes, rows):
        what = f"{by} record calls of the star code {code}: who listened, when, and to which channel."
        lines = dialplan.code_lines(mode, code, context)
        remedy = Remedy(f"{dialplan.FILE}, [{dialplan.CODES}]", lines, dialplan.RELOAD)
        found.append(AREA.wrong(f"CDR, {code}", what, remedy))
    return found or [AREA.ok("CDR", f"{by} write records, but none of monitor legs.")]


def check_cel(running: Collection[str], cel: Cel) -> Finding:
    """Whether channel event logging records legs."""
    backends = sorted(name for name in running if name.startswith(CEL_BACKEND))
    if not backends or (cel.enabled is not None and cel.enabled.lower() not in YES):
        return AREA.ok("CEL", "no channel events are logged.")
    by = ", ".join(backends)
    remedy = Remedy("cel.conf, [general]", CEL_LINES, reload_of("module reload cel"))
    if cel.enabled is None:
        what = f"cel.conf could not be read without func_config, so whether {by} log legs is unknown. Check by hand."
        return AREA.unknown("CEL", what, Remedy("a shell on the PBX", ('asterisk -rx "cel show status"',)))
    logged = sorted(_logged(cel))
    if logged:
        what = f"{by} log every leg ({', '.join(logged)}): who listens, from when to when, and to which channel."
        return AREA.wrong("CEL", what, remedy)
    return AREA.ok("CEL", f"{by} log channel events, but none that a listening leg causes.")


def _logged(cel: Cel) -> set[str]:
    events = {name.strip().upper() for name in cel.events.split(",")}
    apps = {name.strip().lower() for name in cel.apps.split(",") if name.strip()}
    every = "ALL" in events
    logged = set(OF_A_LEG) if every else set(OF_A_LEG & events)
    if apps - set(QUIET_APPS):
        logged |= OF_AN_APPLICATION if every else OF_AN_APPLICATION & events
    return logged


def check_lamps(
    running: Collection[str], hints: Sequence[Mapping[str, str]], supervisors: Collection[str]
) -> list[Finding]:
    """Hints of supervisors' phones. Rows are AMI's ExtensionStatus: Exten, Context, Hint."""
    if LAMPS not in running:
        return [AREA.ok("lamps", f"{LAMPS} is not loaded: no phone can subscribe to another's state.")]
    watched: dict[str, list[str]] = {}
    for row in hints:
        for device in row.get("Hint", "").replace(",", "&").split("&"):
            if device in supervisors:
                watched.setdefault(device, []).append(f"{row.get('Exten')}@{row.get('Context')}")
    if not watched:
        return [AREA.ok("lamps", "no hint shows a supervisor's phone.")]
    return [_lamp(device, sorted(names)) for device, names in sorted(watched.items())]


def _lamp(device: str, names: Sequence[str]) -> Finding:
    what = (
        f"a phone that may subscribe to {', '.join(names)} (a lamp, BLF) shows {device} as busy while it listens, as "
        "in any call. With the page as the phone, or a separate phone for monitoring, no lamp lights up."
    )
    lines = tuple(f"leave out: exten => {name.partition('@')[0]},hint,{device}" for name in names)
    return AREA.warning(f"lamps, {device}", what, Remedy("extensions.conf", lines, dialplan.RELOAD))
