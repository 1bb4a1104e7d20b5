"""What follows from a fact for a monitor: how it is now, and what is to be done with its leg. Pure."""

from typing import NamedTuple

from adapter.core.modes import Mode
from adapter.core.monitor import RELEASED, EndReason, Monitor


class SwitchLeg(NamedTuple):
    """Command: put the leg into this mode."""

    mode: Mode
    reattach: bool


class EndLeg(NamedTuple):
    """Command: hang the leg up."""


class ShieldLeg(NamedTuple):
    """Command: move the leg to where it hears nothing and nobody hears it."""


class ReleaseLeg(NamedTuple):
    """Command: have a follow's leg wait again, where it hears nothing."""

    at_once: bool
    """False: the agent's channel is gone, so ChanSpy returns by itself; a Redirect at that moment could meet the
    dialplan's own Goto, and end the leg (main/pbx.c, ast_async_goto while an application sets the extension)."""


Command = SwitchLeg | EndLeg | ShieldLeg | ReleaseLeg


def end_of(follow_id: str | None, reason: EndReason, *, hangs_up: bool) -> Command:
    """What ends a monitor: of a follow (its id), whose leg waits for the next call, not the leg itself."""
    released = follow_id is not None and reason in RELEASED and not hangs_up
    return ReleaseLeg(reason is not EndReason.CALL_ENDED) if released else EndLeg()


class Step(NamedTuple):
    """What follows from a fact: the monitor as it is now, and what is to be done about it."""

    monitor: Monitor
    commands: tuple[Command, ...] = ()
