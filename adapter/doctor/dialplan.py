"""The monitor dialplan as it must be, and what is wrong with the one that Asterisk has loaded. Pure.

Rows are AMI's ListDialplan events (main/pbx.c, manager_show_dialplan): Extension, Priority, Application, AppData.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from adapter.asterisk import chanspy, wire
from adapter.asterisk.stasis import APPLICATION
from adapter.core.legs import Refusal
from adapter.core.modes import Mode
from adapter.doctor.findings import Area, Finding, Remedy, reload_of

Rows = Sequence[Mapping[str, str]]
AREA = Area("dialplan")
FILE = "extensions_call_monitor.conf"
RELOAD = reload_of("dialplan reload")
CODES = "call-monitor-codes"

ALWAYS = {
    "q": "without q the supervisor hears the channel's name announced, and both sides may hear a beep",
    "u": "without u the target is a name prefix: the leg can listen to another call, and * moves to the next one",
    "E": "without E the leg moves to another call when the agent hangs up, and keeps its mode there",
    "S": "without S, when the agent's channel is gone, the leg waits and listens to any later match",
}
"""Options that every extension needs, and what happens without them (apps/app_chanspy.c)."""
NEVER = {
    "X": "with X the keypad's digits are taken for extensions and switch nothing, although Asterisk reports them",
    "W": "with W the supervisor hears nothing",
    "o": "with o only one side is heard, and whispering has known bugs (asterisk issues 173, 861, 876)",
    "r": "with r every monitored call is recorded to a file",
    "c": "with c a digit moves to another call",
    "g": "with g only calls of that group can be monitored",
    "e": "with e only the calls listed there can be monitored",
    "n": "with n the supervisor hears a name announced instead of the call",
    "D": "with D the two sides are on separate stereo channels, which phones don't support",
}
"""Options that break monitoring, and why."""
OPTION = re.compile(r"([A-Za-z])(?:\(([^)]*)\))?")
PLAYED = {
    Refusal.FORBIDDEN: "feature-not-avail-line",
    Refusal.NO_CALL: "pbx-invalid",
    Refusal.FAILED: "cannot-complete-as-dialed",
}


def options_of(mode: Mode, *, keypad: bool) -> str:
    """ChanSpy's options for a mode's extension."""
    talk = {Mode.SILENT: "", Mode.WHISPER: "w", Mode.BARGE: "B"}[mode]
    return f"quESx({chanspy.LEAVE_DIGIT}){'d' if keypad else ''}{talk}"


def lines_of(mode: Mode, *, keypad: bool) -> tuple[str, ...]:
    """The dialplan lines of one mode, as in asterisk-conf/extensions_call_monitor.conf."""
    return (
        f'exten => {chanspy.extension(mode, keypad=keypad)},1,GotoIf($["${{CM_TARGET}}" = ""]?{chanspy.OVER},1)',
        f" same => n,ChanSpy(${{CM_TARGET}},{options_of(mode, keypad=keypad)})",
        f" same => n,Goto({chanspy.OVER},1)",
    )


GATE = (
    '$["${CHANNEL(channeltype)} ${CHANNEL(state)} ${CHANNEL(linkedid)} ${LEN(${BLINDTRANSFER}${SIPTRANSFER}'
    "${ATTENDEDTRANSFER}${TRANSFERERNAME}${FORWARDERNAME}${DIALEDPEERNUMBER}${REDIRECTING(from-num)}"
    '${REDIRECTING(from-name)})}" = "PJSIP Ring ${UNIQUEID} 0"]'
)
"""True of a call that a phone made itself and directly, and of nothing else."""
NOT_OWN = "not-own"
"""What is handed over instead of a mode where it isn't (`adapter.phones.own_call`)."""


def code_lines(word: str, code: str, context: str) -> tuple[str, ...]:
    """The dialplan of one star code."""
    dialled = f"${{EXTEN:{len(code)}}}"
    return (
        f"exten => _{code}X.,1,Set({chanspy.NO_CDR})",
        f" same => n,GotoIf({GATE}?own)",
        f" same => n,Stasis({APPLICATION},{NOT_OWN},{word},{dialled})",
        f" same => n,Goto({context},{chanspy.said(Refusal.FORBIDDEN)},1)",
        f" same => n(own),Stasis({APPLICATION},{word},{dialled})",
        f" same => n,Goto({context},{chanspy.said(Refusal.FAILED)},1)",
    )


def remedy_of(context: str, mode: Mode, *, keypad: bool) -> Remedy:
    """The correct lines for an extension of the monitor context."""
    return Remedy(f"{FILE}, [{context}]", lines_of(mode, keypad=keypad), RELOAD)


def check_monitor(context: str, rows: Rows) -> list[Finding]:
    """Check the six modes, where legs end, and the announcements after a failed star code."""
    by_extension = _grouped(rows)
    found = [
        _mode(context, mode, keypad, by_extension.get(chanspy.extension(mode, keypad=keypad), []))
        for mode in Mode
        for keypad in (False, True)
    ]
    found += [_waiting(context, by_extension), _shielded(context, by_extension)]
    over = (f"exten => {chanspy.OVER},1,Hangup()",)
    found.append(_ends(context, chanspy.OVER, by_extension, over, "legs don't end correctly when the call is over"))
    for why in Refusal:
        name = chanspy.said(why)
        lines = (f"exten => {name},1,Playback({PLAYED[why]})", " same => n,Hangup()")
        found.append(
            _ends(context, name, by_extension, lines, "the caller hears no announcement when a star code fails")
        )
    return found


WAITING = (
    f"exten => {chanspy.WAIT},1,Playtones(0)",
    f" same => n,UserEvent({chanspy.WAITS})",
    " same => n(silence),Wait(3600)",
    " same => n,Goto(silence)",
)
"""The least that a follow's leg needs where it waits."""


def _waiting(context: str, steps: Mapping[str, list[tuple[str, str]]]) -> Finding:
    """Where follows' legs wait: it must say that they are there, and call legs back after each call."""
    where, remedy = f"{context}, {chanspy.WAIT}", Remedy(f"{FILE}, [{context}]", WAITING, RELOAD)
    here = [(name.lower(), data.replace(" ", "")) for name, data in steps.get(chanspy.WAIT, [])]
    if not here:
        return AREA.warning(where, "this extension is missing: agents can't be followed.", remedy)
    if ("userevent", chanspy.WAITS) not in here or not any(name == "wait" for name, _ in here):
        what = f"it does not wait, or does not say so with UserEvent({chanspy.WAITS}): agents can't be followed."
        return AREA.warning(where, what, remedy)
    back = [data for name, data in steps.get(chanspy.OVER, []) if name.lower() == "gotoif"]
    if not any(chanspy.FOLLOWS in data and chanspy.WAIT in data for data in back):
        what = f"{chanspy.OVER} does not send follows' legs here: a follow ends with its first call."
        line = f'exten => {chanspy.OVER},1,GotoIf($["${{{chanspy.FOLLOWS}}}" = "1"]?{chanspy.WAIT},1)'
        return AREA.warning(where, what, Remedy(f"{FILE}, [{context}]", (line,), RELOAD))
    return AREA.ok(where, "follows wait here, and hear nothing.")


SHIELDED = (
    f"exten => {chanspy.SHIELDED},1,UserEvent({wire.SHIELDED})",
    " same => n,Answer()",
    " same => n,Playtones(0/1000)",
    " same => n(still),Wait(3600)",
    " same => n,Goto(still)",
)
"""Where legs are while monitoring is paused."""


def _shielded(context: str, steps: Mapping[str, list[tuple[str, str]]]) -> Finding:
    """Where legs wait while monitoring is paused: without it they are hung up instead."""
    where = f"{context}, {chanspy.SHIELDED}"
    here = [(name.lower(), data.replace(" ", "")) for name, data in steps.get(chanspy.SHIELDED, [])]
    spies = any(name == "chanspy" for name, _ in here)
    if ("userevent", wire.SHIELDED) in here and any(name == "wait" for name, _ in here) and not spies:
        return AREA.ok(where, "legs hear nothing here while monitoring is paused.")
    what = "listens" if spies else "does not wait, or does not say so" if here else "is missing"
    ends = "a pause of monitoring hangs supervisors' legs up instead of moving them"
    remedy = Remedy(f"{FILE}, [{context}]", SHIELDED, RELOAD)
    return AREA.warning(where, f"this extension {what}: {ends}.", remedy)


def absent(context: str, why: str) -> Finding:
    """The finding that the whole context is missing. `why`: what doesn't work without it."""
    lines = ('#include "/path/to/extensions_call_monitor.conf"',)
    return AREA.wrong(context, f"this context is missing: {why}.", Remedy("extensions.conf", lines, RELOAD))


def _grouped(rows: Rows) -> dict[str, list[tuple[str, str]]]:
    """Application and data by extension, in the order of priorities."""
    steps = [row for row in rows if row.get("Extension") and row.get("Priority", "").isdigit()]
    found: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(steps, key=lambda row: int(row["Priority"])):
        data = row.get("AppData", "")
        found.setdefault(row["Extension"], []).append((row.get("Application", ""), data))
    return found


def _mode(context: str, mode: Mode, keypad: bool, steps: list[tuple[str, str]]) -> Finding:
    extension = chanspy.extension(mode, keypad=keypad)
    remedy = remedy_of(context, mode, keypad=keypad)
    if not steps:
        return AREA.wrong(f"{context}, {extension}", "this extension is missing.", remedy)
    if faults := list(_faults(mode, keypad, steps)):
        return AREA.wrong(f"{context}, {extension}", "; ".join(faults) + ".", remedy)
    return AREA.ok(f"{context}, {extension}", f"ChanSpy({options_of(mode, keypad=keypad)}), in {mode.value} mode.")


def _faults(mode: Mode, keypad: bool, steps: list[tuple[str, str]]) -> Iterable[str]:
    applications = [name.lower() for name, _ in steps]
    if "chanspy" not in applications:
        yield "it does not run ChanSpy"
        return
    place = applications.index("chanspy")
    guards = [data for name, data in steps[:place] if name.lower() == "gotoif"]
    if not any("${CM_TARGET}" in data and chanspy.OVER in data for data in guards):
        yield "it does not check for an empty CM_TARGET, and ChanSpy without a target listens to any call"
    target, _, options = steps[place][1].partition(",")
    if target.strip() != "${CM_TARGET}":
        yield f"it listens to {target!r} instead of ${{CM_TARGET}}"
    yield from faults_of(options, mode, keypad=keypad)
    if not any(name.lower() == "goto" and f"{chanspy.OVER},1" in data for name, data in steps[place + 1 :]):
        yield f"it does not go to {chanspy.OVER} after ChanSpy, so the end of a call looks as if the supervisor hung up"


def faults_of(text: str, mode: Mode, *, keypad: bool) -> Iterable[str]:
    """What is wrong with ChanSpy's options for this mode, in words."""
    options = {found[1]: found[2] for found in OPTION.finditer(text.partition(",")[0])}
    yield from (reason for letter, reason in ALWAYS.items() if letter not in options)
    yield from (reason for letter, reason in NEVER.items() if letter in options)
    if options.get("x") != chanspy.LEAVE_DIGIT:
        yield f"without x({chanspy.LEAVE_DIGIT}) the digit {chanspy.LEAVE_DIGIT} does not leave"
    if "d" in options and not keypad:
        yield "with d the keypad reaches every mode, also without the right to it"
    if "d" not in options and keypad:
        yield "without d digits don't switch the mode, although Asterisk confirms them"
    if "B" in options and mode is not Mode.BARGE:
        yield f"with B the customer hears a supervisor who is meant to {SHORT[mode]}"
    if "w" in options and mode is Mode.SILENT:
        yield "with w the agent hears a supervisor who is meant to listen only"
    if mode is Mode.WHISPER and "w" not in options:
        yield "without w the agent does not hear the supervisor"
    if mode is Mode.BARGE and "B" not in options:
        yield "without B the customer does not hear the supervisor"


SHORT = {"silent": "listen only", "whisper": "whisper", "barge": "join", "follow": "follow the agent"}
"""What star codes do, by the word with which the dialplan passes them on: a mode, or `follow`."""


def _ends(
    context: str, name: str, steps: Mapping[str, list[tuple[str, str]]], lines: tuple[str, ...], without: str
) -> Finding:
    applications = {application.lower() for application, _ in steps.get(name, [])}
    if "hangup" in applications:
        return AREA.ok(f"{context}, {name}", "ends the leg.")
    what = f"this extension is missing or does not hang up: {without}."
    return AREA.wrong(f"{context}, {name}", what, Remedy(f"{FILE}, [{context}]", lines, RELOAD))


def check_codes(codes: Mapping[str, str], rows: Rows, context: str) -> list[Finding]:
    """Check that the dialplan has every configured star code."""
    by_extension = _grouped(rows)
    found = []
    for word, code in codes.items():
        lines = code_lines(word, code, context)
        steps = by_extension.get(f"_{code}X.", [])
        wanted = f"{APPLICATION},{word},${{EXTEN:{len(code)}}}"
        if any(name.lower() == "stasis" and data.replace(" ", "") == wanted for name, data in steps):
            first, data = steps[1] if len(steps) > 1 else ("", "")
            if first.lower() != "gotoif" or not data.startswith(GATE):
                what = "it passes on any call, whoever made it: only the adapter then refuses a transfer."
                found.append(AREA.warning(f"{CODES}, {code}", what, Remedy(f"{FILE}, [{CODES}]", lines, RELOAD)))
                continue
            found.append(AREA.ok(f"{CODES}, {code}", f"passes the call to the adapter, to {SHORT[word]}."))
            continue
        what = f"[star_codes] {word} = {code!r} has no extension in the dialplan: the code does not work."
        found.append(AREA.wrong(f"{CODES}, {code}", what, Remedy(f"{FILE}, [{CODES}]", lines, RELOAD)))
    return found


def recorded_codes(codes: Mapping[str, str], rows: Rows) -> list[tuple[str, str]]:
    """The star codes whose first step does not keep the call out of the call detail records."""
    steps = _grouped(rows)
    first = {word: steps[f"_{code}X."][0] for word, code in codes.items() if f"_{code}X." in steps}
    return [
        (word, codes[word])
        for word, (name, data) in first.items()
        if name.lower() != "set" or data.replace(" ", "") != chanspy.NO_CDR
    ]


def check_nowhere(context: str, rows: Rows) -> Finding:
    """Check that nothing can be dialled in the context of softphones."""
    others = sorted({name for steps in _grouped(rows).values() for name, _ in steps if name.lower() != "hangup"})
    included = sorted({row["IncludeContext"] for row in rows if row.get("IncludeContext")})
    remedy = Remedy(f"{FILE}, [{context}]", ("exten => _X!,1,Hangup()",), RELOAD)
    if others or included:
        what = f"a softphone could reach {', '.join(included + others)} here: it may contain nothing but Hangup."
        return AREA.wrong(context, what, remedy)
    return AREA.ok(context, "softphones can dial nothing.")
