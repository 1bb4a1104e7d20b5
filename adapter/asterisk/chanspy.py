"""How ChanSpy is told a mode and how it tells one: the one place where our modes meet its digits and our dialplan.

Sources: apps/app_chanspy.c (option `d`: 4 spy, 5 whisper, 6 barge) and asterisk-conf/extensions_call_monitor.conf.
"""

from adapter.core.legs import Refusal
from adapter.core.modes import Mode

KEYPAD_SUFFIX = "-keypad"
"""Extensions with this ending run ChanSpy with option `d`."""
OVER = "over"
"""The extension that a leg goes to when ChanSpy returns."""
SHIELDED = "shielded"
"""The extension at which a leg hears nothing and nobody hears it, while its conversation is shielded."""
WAIT = "wait"
"""The extension where a follow's leg waits, and hears nothing."""
WAITS = "CallMonitorWaits"
"""The UserEvent with which that extension says that a leg is there."""
SKIP_DIGIT = "#"
"""Leaves the call that a follow listens to."""
TARGET = "CM_TARGET"
"""The variable with the uniqueid of the channel that is listened to."""
FOLLOWS = "CM_FOLLOW"
"""The variable that marks a follow's leg: after a call it waits."""
TONE = "CM_TONE_SECONDS"
TICKET = "ticket"
"""The extension from which a star code goes on to another PBX."""
LEAVE_DIGIT = "*"
"""ChanSpy's option x(*)."""
DIGITS = {Mode.SILENT: "4", Mode.WHISPER: "5", Mode.BARGE: "6"}
MODES = {digit: mode for mode, digit in DIGITS.items()}
NO_CDR = "CDR_PROP(disable)=1"
"""Keeps a leg out of the call detail records, which would tell who listened to what and when (funcs/func_cdr.c).

Set as the leg begins, and not where it listens: a phone that does not answer never comes there, and leaves a row too.
What it says in a bridge, after a take-over, is in the record of the customer's channel all the same.
"""
EXTENSIONS = {mode.value + suffix: (mode, bool(suffix)) for mode in Mode for suffix in ("", KEYPAD_SUFFIX)}


def extension(mode: Mode, *, keypad: bool) -> str:
    """The extension that starts ChanSpy in this mode."""
    return mode.value + (KEYPAD_SUFFIX if keypad else "")


def waiting(tone: int) -> dict[str, str]:
    """The variables of a follow's leg. `tone`: seconds between soft tones, 0 for none."""
    return {FOLLOWS: "1", TONE: str(tone)}


def said(why: Refusal) -> str:
    """The extension that says why a star code was in vain."""
    return f"said-{why.value}"


def mode_of(name: str) -> Mode | None:
    """The mode that an extension starts; None when it is none of ours."""
    found = EXTENSIONS.get(name)
    return found[0] if found else None


def has_keypad(name: str) -> bool:
    """Whether ChanSpy, started from this extension, heeds mode digits."""
    return name in EXTENSIONS and EXTENSIONS[name][1]


def mode_of_digit(digit: str) -> Mode | None:
    """The mode that a digit switches to on a leg with keypad."""
    return MODES.get(digit)
