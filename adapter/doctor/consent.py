"""Whether announcements and beeps can be played: the dialplan that plays them, and their sounds. Pure."""

from collections.abc import Mapping, Sequence

from adapter.asterisk import chanspy, wire
from adapter.asterisk.consent import CONTEXT, FAR, HEARD, MARK, PLAYS, SOUND
from adapter.doctor.dialplan import FILE, RELOAD, Rows
from adapter.doctor.findings import Area, Finding, Remedy

AREA = Area("dialplan")
NEEDED = "quESwW"
"""ChanSpy's options: as for legs; w, to be heard; W, to hear nothing of the call."""
NEVER = frozenset("BdorcgenDX")
LINES = (
    f"exten => {HEARD},1,Set({chanspy.NO_CDR})",
    f' same => n,GotoIf($["${{{chanspy.TARGET}}}" = ""]?over)',
    " same => n,Answer()",
    f" same => n,ChanSpy(${{{chanspy.TARGET}}},{NEEDED})",
    " same => n(over),Hangup()",
    f"exten => {PLAYS},1,Wait(0.3)",
    f" same => n,Playback(${{{SOUND}}},noanswer)",
    ' same => n,GotoIf($["${PLAYBACKSTATUS}${CM_MARK}" != "SUCCESSannounced"]?tell)',
    f" same => n,Set(EXPORT(${{{chanspy.TARGET}}},{MARK})=announced)",
    f" same => n,GotoIf($[${{LEN(${{{FAR}}})}} = 0]?tell)",
    f" same => n,Set(EXPORT(${{{FAR}}},{MARK})=announced)",
    f" same => n(tell),UserEvent({wire.PLAYED},Status: ${{PLAYBACKSTATUS}})",
    " same => n,Hangup()",
)
REMEDY = Remedy(f"{FILE}, [{CONTEXT}]", LINES, RELOAD)
WITHOUT = "rules of consent play nothing, and say so in the audit"


def check_dialplan(rows: Rows | None) -> Finding:
    """Check both extensions. `rows`: of ListDialplan; None: there is no such context."""
    steps: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(rows or (), key=_priority):
        data = row.get("AppData", "").replace(" ", "")
        steps.setdefault(row.get("Extension", ""), []).append((row.get("Application", "").lower(), data))
    faults = [*_heard(steps.get(HEARD, [])), *_plays(steps.get(PLAYS, []))]
    if faults:
        return AREA.warning(CONTEXT, f"{'; '.join(faults)}: {WITHOUT}.", REMEDY)
    return AREA.ok(CONTEXT, "announcements and beeps can be played, if the rules of consent want them.")


def _priority(row: Mapping[str, str]) -> int:
    found = row.get("Priority", "")
    return int(found) if found.isdigit() else 0


def _heard(steps: Sequence[tuple[str, str]]) -> list[str]:
    spies = [data for name, data in steps if name == "chanspy"]
    if not spies:
        return [f"{HEARD} does not run ChanSpy"]
    target, _, options = spies[0].partition(",")
    letters = set(options)
    if target != f"${{{chanspy.TARGET}}}" or not set(NEEDED) <= letters or letters & NEVER:
        return [f"{HEARD} must run ChanSpy(${{{chanspy.TARGET}}},{NEEDED})"]
    guarded = any(name == "gotoif" and chanspy.TARGET in data for name, data in steps)
    return [] if guarded else [f"{HEARD} does not check for an empty {chanspy.TARGET}: any call would hear the sound"]


def _plays(steps: Sequence[tuple[str, str]]) -> list[str]:
    names = [name for name, _ in steps]
    if "playback" not in names:
        return [f"{PLAYS} does not run Playback"]
    if not any(name == "userevent" and data.startswith(wire.PLAYED) for name, data in steps):
        return [f"{PLAYS} does not tell with UserEvent({wire.PLAYED}) what was played"]
    kept = f"EXPORT(${{{FAR}}},{MARK})="
    if not any(name == "set" and data.startswith(kept) for name, data in steps):
        return [f"{PLAYS} does not keep with {kept}announced that a customer behind a Local channel heard it"]
    return []


def check_sound(setting: str, sound: str, found: bool | None) -> Finding:
    """Check one. `found`: whether Asterisk lists it; None: it lists only those below its own folder of sounds."""
    if found is None:
        return AREA.ok(setting, f"{sound} is a path of its own: whether it is there could not be asked.")
    if found:
        return AREA.ok(setting, f"Asterisk has the sound {sound}.")
    what = f"Asterisk has no sound {sound}: {WITHOUT}."
    then = "put it into Asterisk's folder of sounds, in the language of your channels, and reload: module reload sounds"
    return AREA.warning(setting, what, Remedy("the configuration, [consent]", (then,)))
