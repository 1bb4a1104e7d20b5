"""What arrives over trunks from the installation's other PBXes, and what it finds in the dialplan. Pure.

Rows are AMI's ListDialplan events for one extension, with those of included contexts (main/pbx.c,
manager_show_dialplan).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from adapter.doctor.dialplan import Rows
from adapter.doctor.endpoints import RELOAD, Endpoint
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

AREA = Area("endpoints")
REACH = "call-monitor-reach"
TICKETS = "call-monitor-tickets"
DIALPLAN = reload_of("dialplan reload")
RING = frozenset({"dial", "queue", "followme", "macro", "goto"})
"""Applications that ring a phone, or may; what comes after them is too late."""


@dataclass(frozen=True, slots=True)
class TrunkContext:
    """Where calls from the other PBXes arrive."""

    name: str
    tickets: str
    """DIALPLAN_EXISTS's answer for a ticket; likewise `codes` for a star code."""
    codes: str
    phones: Mapping[str, Rows] = field(default_factory=dict)
    """By a supervisor's number, as the other PBXes dial it: what it finds here."""


def check_patterns(patterns: Sequence[str], names: Collection[str]) -> list[Finding]:
    """Check that each trunk that the configuration names is an endpoint."""
    lost = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    return [
        AREA.wrong(
            f"trunk {pattern}",
            "Asterisk has no such endpoint: no phone of the other PBX can be rung over it, and of calls over it nobody "
            "knows that they are one conversation.",
            Remedy("pjsip.conf, or reach and trunks in the adapter's configuration", (), RELOAD),
        )
        for pattern in lost
    ]


def check_trunks(trunks: Sequence[Endpoint]) -> list[Finding]:
    """Check the trunks' endpoints."""
    found: list[Finding] = []
    for trunk in trunks:
        where = f"pjsip.conf, [{trunk.section}] (type = endpoint)"
        if trunk.settings.get("rtp_timeout", "").isdigit() and not int(trunk.settings["rtp_timeout"]):
            what = "rtp_timeout is off: a monitor whose phone's PBX is gone without a word goes on."
            lines = ("rtp_timeout = 60", "rtp_timeout_hold = 300")
            found.append(AREA.warning(trunk.name, what, Remedy(where, lines, RELOAD)))
        if trunk.settings.get("dtmf_mode", "") not in ("", "auto", "rfc4733", "auto_info"):
            what = "dtmf_mode lets digits be lost over this trunk: the keypad and * of a supervisor's phone don't work."
            found.append(AREA.warning(trunk.name, what, Remedy(where, ("dtmf_mode = rfc4733",), RELOAD)))
    return found


def check_context(context: TrunkContext) -> list[Finding]:
    """Check what arrives in one context."""
    name = f"from trunks, {context.name}"
    where = f"extensions.conf, [{context.name}]"
    if not {context.tickets, context.codes} <= {"0", "1"}:
        remedy = Remedy("modules.conf, [modules]", ("load = func_dialplan.so",))
        return [AREA.unknown(name, "it is unknown what can be dialled there.", remedy)]
    found = []
    if context.codes == "1":
        what = "star codes can be dialled from a trunk. The adapter refuses them; nobody says who is at its other end."
        lines = ("; without: include => call-monitor-codes",)
        found.append(AREA.wrong(name, what, Remedy(where, lines, DIALPLAN)))
    if context.tickets == "0":
        what = "star codes of the other PBXes' phones don't reach calls here."
        found.append(AREA.warning(name, what, Remedy(where, (f"include => {TICKETS}",), DIALPLAN)))
    bare = [number for number, rows in context.phones.items() if not _by_reach(rows)]
    if bare:
        what = (
            f"the phones {', '.join(bare)} ring as for any call when they are to monitor at another PBX: they are not "
            "asked to answer, and call detail records name the legs."
        )
        lines = (f"exten => {bare[0]},1,Gosub({REACH},s,1(PJSIP/${{EXTEN}}))   ; before what rings it otherwise",)
        found.append(AREA.warning(name, what, Remedy(where, lines, DIALPLAN)))
    rung = (
        "supervisors' phones are rung as monitors need it." if context.phones else "no supervisor's phone is rung here."
    )
    return found or [AREA.ok(name, f"tickets arrive, star codes don't; {rung}")]


def _by_reach(rows: Rows) -> bool:
    """Whether a call to this number meets `call-monitor-reach` before anything rings.

    Of several patterns that match it, a call finds the first: they are listed in the order in which they are tried,
    those of included contexts last (main/pbx.c, manager_show_dialplan_helper).
    """
    steps = [row for row in rows if row.get("Priority", "").isdigit()]
    first = [row for row in steps if _pattern(row) == _pattern(steps[0])]
    for row in sorted(first, key=lambda row: int(row["Priority"])):
        application = row.get("Application", "").lower()
        if application.startswith("gosub") and REACH in row.get("AppData", ""):
            return True
        if application in RING:
            return False
    return False


def _pattern(row: Mapping[str, str]) -> tuple[str, str]:
    return row.get("Context", ""), row.get("Extension", "")
