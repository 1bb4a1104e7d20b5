"""The supervisor's leg: the words between monitoring and `adapter.asterisk`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from adapter.core.modes import Mode

LEG_PREFIX = "cm-"
"""Spy legs carry `cm-<monitor id>` as their uniqueid (Originate's ChannelId), so they are known in advance."""


TEST_PREFIX = "cmdoctor-"
"""Channels of `call-monitor doctor`'s own test calls; to a running adapter they do not exist."""


def leg_id(monitor_id: str) -> str:
    """The uniqueid of the channel that will serve this monitor."""
    return LEG_PREFIX + monitor_id


def is_leg(uniqueid: str) -> bool:
    """Whether a channel is a supervisor's leg of ours; such a channel is never a call."""
    return uniqueid.startswith(LEG_PREFIX)


def is_test(uniqueid: str) -> bool:
    """Whether a channel belongs to a test call of the doctor: it is neither call nor leg, and is left alone."""
    return uniqueid.startswith(TEST_PREFIX)


@dataclass(frozen=True, slots=True)
class LegRequest:
    """One supervisor's device to be rung and put into the monitor dialplan."""

    leg: str
    device: str
    target: str
    """The uniqueid of the agent's channel, exact: ChanSpy gets it with option `u`."""
    mode: Mode
    keypad: bool
    shown_name: str
    """Caller id name on the supervisor's phone."""
    shown_number: str
    ring_timeout: float
    """Seconds the device may ring."""


@dataclass(frozen=True, slots=True)
class HandedCall:
    """A call that came in from the dialplan."""

    uniqueid: str
    endpoint: str
    """The Asterisk endpoint that called, from the channel's name: nobody can forge it, unlike a caller id."""
    arguments: tuple[str, ...]


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
