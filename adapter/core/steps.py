"""What follows from a fact for a monitor: how it is now, and what is to be done with its leg. Pure."""

from typing import NamedTuple

from adapter.core.modes import Mode
from adapter.core.monitor import Monitor


class SwitchLeg(NamedTuple):
    """Command: put the leg into this mode."""

    mode: Mode
    reattach: bool


class EndLeg(NamedTuple):
    """Command: hang the leg up."""


class ShieldLeg(NamedTuple):
    """Command: move the leg to where it hears nothing and nobody hears it."""


Command = SwitchLeg | EndLeg | ShieldLeg


class Step(NamedTuple):
    """What follows from a fact: the monitor as it is now, and what is to be done about it."""

    monitor: Monitor
    commands: tuple[Command, ...] = ()
