"""What must be true of the model and Asterisk at every moment, and what differs. Pure.

The modes are followed a second time here, from the raw events alone and apart from the model that they are to check.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from adapter.core import events as ev
from adapter.core.legs import SpyDialplan
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor


class Fault(StrEnum):
    """How the model and Asterisk can differ."""

    LEG_MISSING = "leg_missing"
    """A monitor is live, and Asterisk has no such leg."""
    LEG_ASTRAY = "leg_astray"
    """A monitor is live, and its leg is not where legs listen."""
    MODE_DIFFERS = "mode_differs"
    """A leg is in another mode than its monitor says."""
    ENDING_LATE = "ending_late"
    """A monitor's end was decided long ago, and Asterisk still has its leg."""
    STRANGER = "stranger"
    """A leg listens for which there is no monitor."""
    CHANNEL_UNKNOWN = "channel_unknown"
    """Asterisk has a channel that the model was not told of."""
    CHANNEL_GHOST = "channel_ghost"
    """The model has a channel that is gone."""


BLINDNESS = frozenset({Fault.CHANNEL_UNKNOWN, Fault.CHANNEL_GHOST})
"""Faults that mean that events are missing: everything is to be listed anew."""


class Difference(NamedTuple):
    """One thing that differs. Equal when seen again unchanged: only then is it more than two that look in turn."""

    fault: Fault
    uniqueid: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ObservedLeg:
    """What Asterisk itself last observed of a leg."""

    mode: Mode | None
    """None: it was there before we connected, and nothing was observed since."""
    keypad: bool
    """Whether its ChanSpy heeds digits."""


class LegObserver:
    """Hears the same events as the model, and keeps only each leg's mode."""

    def __init__(self, dialplan: SpyDialplan) -> None:
        self._dialplan = dialplan
        self.observed: dict[str, ObservedLeg] = {}

    def apply(self, events: Sequence[ev.Event]) -> None:
        """Take in a batch, in its order."""
        for event in events:
            match event:
                case ev.SpyStarted():
                    mode = self._dialplan.mode_at(event.context, event.extension)
                    self.observed[event.leg] = ObservedLeg(mode, self._dialplan.keypad_at(event.extension))
                case ev.DigitReceived():
                    self._digit(event.uniqueid, self._dialplan.mode_of_digit(event.digit))
                case ev.ChannelGone():
                    self.observed.pop(event.uniqueid, None)
                case ev.Snapshot():
                    self.observed = {
                        known.channel.uniqueid: ObservedLeg(None, self._dialplan.keypad_at(known.channel.extension))
                        for known in event.channels
                        if spies(known, self._dialplan)
                    }

    def _digit(self, leg: str, mode: Mode | None) -> None:
        observed = self.observed.get(leg)
        if observed is not None and observed.keypad and mode is not None:
            self.observed[leg] = replace(observed, mode=mode)


def spies(known: ev.KnownChannel, dialplan: SpyDialplan) -> bool:
    """Whether a channel is a supervisor's leg of ours; one in a bridge took a call over, and is a party of it.

    One that listens where our legs do and carries nobody's tag counts too: somebody sent it there, or it came by a
    star code. Another installation's does not.
    """
    channel = known.channel
    if known.bridge is not None or dialplan.legs.is_others(channel.uniqueid):
        return False
    return dialplan.legs.is_ours(channel.uniqueid) or dialplan.is_place(channel.context, channel.extension)


@dataclass(frozen=True, slots=True)
class Model:
    """What the adapter believes at the moment of a look."""

    monitors: Collection[Monitor]
    """Those that are connecting or live."""
    channels: Collection[str]
    """Uniqueids of all channels but supervisors' legs."""
    observed: Mapping[str, ObservedLeg]
    overdue: Collection[str] = ()
    """Legs whose end was decided longer ago than Asterisk has for it."""
    waiting: Collection[str] = ()
    """Legs of follows that no monitor has: they stand where they hear nothing."""


def differences(
    model: Model, listed: Sequence[ev.KnownChannel], dialplan: SpyDialplan, is_spy: Callable[[ev.Channel], bool]
) -> frozenset[Difference]:
    """What differs between the model and the channels that Asterisk lists. `is_spy`: never part of a call.

    Events overtake a list, and a list overtakes events: what is seen once may be in flight.
    """
    there = {known.channel.uniqueid for known in listed}
    legs = {known.channel.uniqueid: known for known in listed if spies(known, dialplan)}
    calls = {k.channel.uniqueid for k in listed if k.channel.uniqueid not in legs and not is_spy(k.channel)}
    found = {Difference(Fault.CHANNEL_UNKNOWN, new) for new in calls.difference(model.channels)}
    found |= {Difference(Fault.CHANNEL_GHOST, gone) for gone in set(model.channels) - there}
    ours = {monitor.leg for monitor in model.monitors}
    found |= {
        Difference(Fault.STRANGER, uniqueid)
        for uniqueid, leg in legs.items()
        if uniqueid not in ours and uniqueid not in model.waiting and not _is_party(leg.channel, model, dialplan)
    }
    found |= {one for leg in model.waiting if (one := _of_waiting(leg, legs.get(leg), dialplan))}
    for monitor in model.monitors:
        if monitor.ending:
            found |= _of_ending(monitor, there, model.overdue)
        elif monitor.live and not monitor.taking:
            found |= _of_monitor(monitor, legs.get(monitor.leg), model.observed.get(monitor.leg), dialplan)
    return frozenset(found)


def _of_waiting(uniqueid: str, leg: ev.KnownChannel | None, dialplan: SpyDialplan) -> Difference | None:
    if leg is None:
        return Difference(Fault.LEG_MISSING, uniqueid)
    context, extension = leg.channel.context, leg.channel.extension
    waits = extension == dialplan.over or dialplan.waits_at(context, extension)
    return None if waits else Difference(Fault.LEG_ASTRAY, uniqueid)


def _is_party(channel: ev.Channel, model: Model, dialplan: SpyDialplan) -> bool:
    """Whether it took a call over and is on its way to somebody else: known as a party, and not where legs listen."""
    return channel.uniqueid in model.channels and not dialplan.is_place(channel.context, channel.extension)


def _of_ending(monitor: Monitor, there: Collection[str], overdue: Collection[str]) -> set[Difference]:
    """Whether its leg should be gone by now, or is and nobody said so; while it still connects, it may not be there."""
    if monitor.leg in there:
        return {Difference(Fault.ENDING_LATE, monitor.leg)} if monitor.leg in overdue else set()
    gone = (monitor.live or monitor.appeared) and monitor.leg in overdue
    return {Difference(Fault.LEG_MISSING, monitor.leg)} if gone else set()


def _of_monitor(
    monitor: Monitor, leg: ev.KnownChannel | None, observed: ObservedLeg | None, dialplan: SpyDialplan
) -> set[Difference]:
    if leg is None:
        return {Difference(Fault.LEG_MISSING, monitor.leg)}
    place = dialplan.mode_at(leg.channel.context, leg.channel.extension)
    if monitor.to_shield and dialplan.shielded_at(leg.channel.context, leg.channel.extension):
        return set()
    if place is None or monitor.shielded:  # on its way to its end it is gone at the second look
        return {Difference(Fault.LEG_ASTRAY, monitor.leg)}
    heard: set[Mode] = set()
    if observed is not None and observed.mode is not None:
        heard.add(observed.mode)
    if not dialplan.keypad_at(leg.channel.extension):  # no digit can have changed it: it is where it began
        heard.add(place)
    wrong = [mode.value for mode in heard if mode is not monitor.mode]
    return {Difference(Fault.MODE_DIFFERS, monitor.leg, f"{monitor.mode}, at Asterisk {told}") for told in wrong}
