"""The side of a board that takes in what Asterisk tells of supervisors' legs."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

import structlog

from adapter.core import events as ev
from adapter.core import lifecycle, shielding
from adapter.core.bars import Bars
from adapter.core.calls import Numbering
from adapter.core.invariant import spies
from adapter.core.legs import SpyDialplan
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor
from adapter.core.pbx import PbxState
from adapter.core.people import Directory
from adapter.core.steps import Command, EndLeg, Step
from adapter.monitoring.placeguard import PlaceGuard, author
from adapter.monitoring.readable import Readable

log = structlog.get_logger(__name__)


class LegFacts(Readable):
    """What follows for monitors from what their legs do. What is to be done about legs is gathered here."""

    def __init__(
        self, numbering: Numbering, directory: Directory, pbx: PbxState, dialplan: SpyDialplan, bars: Bars
    ) -> None:
        super().__init__(numbering, directory, pbx, dialplan, bars)
        self.place = PlaceGuard(dialplan, numbering.pbx)
        self._by_leg: dict[str, str] = {}
        """Ids of monitors; empty for a follow's leg that no monitor has."""
        self._commanded: list[tuple[str, Sequence[Command]]] = []
        self._pressed: list[tuple[Monitor, Mode]] = []

    @abstractmethod
    def _step(self, step: Step) -> None:
        """A monitor is new, or another now."""

    def _handed_on(self, event: ev.HandedOn) -> None:
        """Another channel takes the place of others; of a leg's: both go."""
        self._agents.apply(event)
        for monitor in filter(None, map(self._of_leg, event.channels)):
            self._step(lifecycle.handed_on(monitor, ev.endpoint_of(event.to), author(event, self.phones)))
            if event.to_id:
                self._commanded.append((event.to_id, (EndLeg(),)))
        if event.to_id and any(leg in self.held and self._of_leg(leg) is None for leg in event.channels):
            self._commanded.append((event.to_id, (EndLeg(),)))

    def _spy_started(self, leg: str, target: str, mode: Mode | None, at: datetime) -> None:
        monitor = self._of_leg(leg)
        if monitor is None:
            if leg in self.held:
                self._commanded.append((leg, (EndLeg(),)))
            return
        if mode is None or target != monitor.target:
            log.error("a leg spies where it was not sent; hanging it up", monitor_id=monitor.id)
            self._step(lifecycle.end_wanted(monitor, EndReason.ERROR))
            return
        met_others = self._calls.met_others(monitor.target)
        started = lifecycle.spy_started(monitor, mode, at, self._peers(monitor), met_others=met_others)
        self._step(shielding.listens(started))

    def _digit(self, monitor: Monitor, digit: str, at: datetime) -> None:
        if digit == self._dialplan.leave_digit:
            by = lifecycle.keypad_of(monitor)
            self._step(lifecycle.end_wanted(monitor, EndReason.SUPERVISOR_HUNG_UP, by))
        elif digit == self._dialplan.skip_digit and monitor.follow_id:
            self._step(lifecycle.end_wanted(monitor, EndReason.STOPPED, lifecycle.keypad_of(monitor)))
        elif (mode := self._dialplan.mode_of_digit(digit)) and monitor.live and not monitor.keypad:
            self._pressed.append((monitor, mode))
        elif mode:
            self._step(lifecycle.digit(monitor, mode, at, self._peers(monitor)))

    def _leg_appeared(self, leg: str) -> None:
        if monitor := self._of_leg(leg):
            self._step(lifecycle.channel_appeared(monitor))
        elif leg not in self.held:
            self._commanded.append((leg, (EndLeg(),)))

    def _resume(self, snapshot: ev.Snapshot) -> None:
        legs = {known.channel.uniqueid: known.channel for known in snapshot.channels if spies(known, self._dialplan)}
        for monitor in list(self._monitors.values()):
            leg, taken_up = legs.get(monitor.leg), monitor.id in self._taken_up
            if monitor.follow_id and leg and self.is_waiting(leg):
                there = self._calls.peers(monitor.target) is not None
                why = EndReason.PBX_LOST if there and not monitor.live else EndReason.CALL_ENDED
                self._step(lifecycle.ended(monitor, monitor.ending or why, snapshot.at))
                continue
            mode = self._dialplan.mode_at(leg.context, leg.extension) if leg else None
            shielded = leg is not None and self._dialplan.shielded_at(leg.context, leg.extension)
            peers = self._calls.peers(monitor.target)
            for step in shielding.found_again(
                monitor, peers, mode, snapshot.at, is_there=leg is not None, taken_up=taken_up, shielded=shielded
            ):
                self._step(step)
        for stranger in legs.keys() - {one.leg for one in self._monitors.values()}:
            if stranger not in self.held or not self.is_waiting(legs[stranger]):
                self._commanded.append((stranger, (EndLeg(),)))

    def _of_leg(self, leg: str) -> Monitor | None:
        return self._monitors.get(self._by_leg.get(leg, ""))

    def _peers(self, monitor: Monitor) -> frozenset[str]:
        return self._calls.peers(monitor.target) or frozenset()
