"""The supervisor's leg: the words between monitoring and `adapter.asterisk`."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from adapter.core.modes import Mode

LEG = re.compile(r"cm-(?:([0-9a-f]{8})-)?[0-9a-f]{32}")
"""Spy legs carry `cm-<installation's tag>-<monitor id>` as their uniqueid (Originate's ChannelId, which Asterisk takes
as it is), so they are known in advance. Without a tag: a leg of a version that gave none.

A prefix alone tells nothing: `systemname` of asterisk.conf is put before every uniqueid that Asterisk makes itself.
"""

TEST_PREFIX = "cmdoctor-"
"""Channels of `call-monitor doctor`'s own test calls; to a running adapter they do not exist."""
TEST = re.compile(rf"{TEST_PREFIX}\d{{14}}-[0-9a-f]{{6}}(-.*)?")
"""Their names, whole: when its run began, a random part, and what the channel is for (`doctor.pbx.name_of_run`)."""

BUSY_CAUSES = frozenset({17, 21})
"""Q.850 causes with which a phone that is busy, or declines, ends a leg (include/asterisk/causes.h)."""


TONE = re.compile(r"cmtone-[0-9a-f]{8}-([0-9a-f]{32})(-ear)?")
"""Both halves of a channel by which a call hears its beep or announcement: the one that plays, and the one that is
heard (`-ear`). They are no calls, no legs and nobody's."""

_match_leg, _match_test = LEG.fullmatch, TEST.fullmatch  # bound once: each event asks for them
_match_tone = TONE.fullmatch


@dataclass(frozen=True, slots=True)
class LegNames:
    """How this installation names its legs: another one's, at the same PBX, are left alone."""

    tag: str
    """Eight hexadecimal digits."""

    @classmethod
    def of(cls, key: bytes) -> "LegNames":
        """From the installation's key (at most 64 bytes are used, RFC 7693)."""
        return cls(hashlib.blake2s(b"leg", key=key[:32], digest_size=4).hexdigest())

    def leg_id(self, monitor_id: str) -> str:
        """The uniqueid of the channel that will serve this monitor; the id is 32 hexadecimal digits."""
        return f"cm-{self.tag}-{monitor_id}"

    def tone_id(self, tone: str) -> str:
        """The uniqueid of the channel that plays a sound; `tone` is 32 hexadecimal digits."""
        return f"cmtone-{self.tag}-{tone}"

    def is_ours(self, uniqueid: str) -> bool:
        """Whether it is a leg of this installation."""
        return tag_of(uniqueid) == self.tag

    def is_others(self, uniqueid: str) -> bool:
        """Whether it is a leg of another installation. One without a tag belongs to whoever's monitor names it."""
        return tag_of(uniqueid) not in (None, "", self.tag)


def tag_of(uniqueid: str) -> str | None:
    """The tag of whose leg it is; empty for a leg without one, None where it is no leg."""
    found = _match_leg(uniqueid)
    return (found[1] or "") if found else None


def is_leg(uniqueid: str) -> bool:
    """Whether a channel is a supervisor's leg, whosever; such a channel is never a call."""
    return _match_leg(uniqueid) is not None


def is_test(uniqueid: str) -> bool:
    """Whether a channel belongs to a test call of the doctor: it is neither call nor leg, and is left alone."""
    return _match_test(uniqueid) is not None


def ear_of(tone: str) -> str:
    """The uniqueid of the other half of the channel that plays a sound: by it the sound is heard."""
    return f"{tone}-ear"


def tone_of(uniqueid: str) -> str | None:
    """The channel that plays a sound, by either of its halves; None where it is neither."""
    return uniqueid.removesuffix("-ear") if _match_tone(uniqueid) is not None else None


def is_aside(uniqueid: str) -> bool:
    """Whether the model knows nothing of a channel: a test call's, or one that plays a sound of consent."""
    return uniqueid.startswith("cm") and (is_test(uniqueid) or _match_tone(uniqueid) is not None)


@dataclass(frozen=True, slots=True)
class LegRequest:
    """One supervisor's device to be rung and put into the monitor dialplan."""

    leg: str
    device: str
    target: str
    """The uniqueid of the agent's channel, exact: ChanSpy gets it with option `u`."""
    mode: Mode | None
    """None: it waits, and hears nothing; `target` is empty then."""
    keypad: bool
    shown_name: str
    """Caller id name on the supervisor's phone."""
    shown_number: str
    ring_timeout: float
    """Seconds the device may ring."""
    tone: int = 0
    """Seconds between the soft tones that a leg hears which waits; 0: none."""
    far: str = ""
    """The phone's own endpoint at another PBX, where `device` is the way there over a trunk."""


@dataclass(frozen=True, slots=True)
class HandedCall:
    """A call that came in from the dialplan."""

    uniqueid: str
    endpoint: str
    """The Asterisk endpoint that called, from the channel's name: nobody can forge it, unlike a caller id. But who
    dialled may have been somebody else: see `adapter.phones.own_call`."""
    arguments: tuple[str, ...]
    extension: str = ""
    """Where in the dialplan it is: for a call that went straight to a code, what was dialled."""
    replaced: str = ""
    """The channel whose place it took (a transfer into the application), by name."""


class Refusal(StrEnum):
    """What somebody hears who dialled a star code in vain."""

    FORBIDDEN = "forbidden"
    NO_CALL = "no-call"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SpyDialplan:
    """How the PBX's words about spying are read (`adapter.asterisk.chanspy` knows them)."""

    mode_at: Callable[[str, str], Mode | None]
    """The mode that a dialplan context and extension start ChanSpy in."""
    keypad_at: Callable[[str], bool]
    """Whether ChanSpy, started from this extension, heeds mode digits."""
    mode_of_digit: Callable[[str], Mode | None]
    """The mode that a keypad digit switches to."""
    leave_digit: str
    """The keypad digit that leaves."""
    over: str
    """The extension where a leg ends whose call ended."""
    legs: LegNames
    """Which legs are this installation's."""
    shielded_at: Callable[[str, str], bool] = lambda context, extension: False
    """Whether a leg at this context and extension hears nothing, and nobody hears it."""
    waits_at: Callable[[str, str], bool] = lambda context, extension: False
    """Whether a follow's leg that stands in this context and extension hears nothing."""
    skip_digit: str = ""
    """The keypad digit with which a follow leaves a call and waits for the next."""

    def is_place(self, context: str, extension: str) -> bool:
        """Whether only legs are here: they listen, or are where they hear nothing."""
        places = self.shielded_at, self.waits_at
        return self.mode_at(context, extension) is not None or any(at(context, extension) for at in places)
