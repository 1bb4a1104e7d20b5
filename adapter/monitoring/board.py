"""The live picture of one PBX: its calls and monitors, fed by events, watched by listeners. In memory, no I/O.

Whatever happens arrives through `apply`; whatever people see is read here; nothing else holds state of calls.
What has changed is told first; then what follows from it is asked for: commands for legs, and modes by the keypad.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from adapter.core import events as ev
from adapter.core import following, lifecycle, shielding, userevents
from adapter.core.agents import NOTHING, Settled
from adapter.core.bars import BarChanges, Bars
from adapter.core.call import Call
from adapter.core.calls import Numbering
from adapter.core.changes import Changes, MonitorChange
from adapter.core.follow import FollowChange, FollowStep
from adapter.core.heldlegs import leg_waits
from adapter.core.legs import BUSY_CAUSES, SpyDialplan, is_leg
from adapter.core.messages import CoachMessage
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, with_call
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.core.permissions import monitor_survives
from adapter.core.steps import Command, EndLeg, Step
from adapter.monitoring.legfacts import LegFacts
from adapter.monitoring.shortway import OF_AGENTS, OF_CALLS_TOO, is_of_calls
from adapter.monitoring.trunknews import TrunkNews
from adapter.tasks import Listeners, guarded_each

log = structlog.get_logger(__name__)

Listener = Callable[[Changes], None]


class Board(LegFacts):
    """Calls and monitors of one PBX, and who wants to know of changes."""

    def __init__(
        self,
        numbering: Numbering,
        directory: Directory,
        pbx: PbxState,
        dialplan: SpyDialplan,
        bars: Bars | None = None,
    ) -> None:
        """`bars`: those of all PBXes, where there are several."""
        super().__init__(numbering, directory, pbx, dialplan, bars if bars is not None else Bars())
        self._opaque = numbering.opaque
        self._changes: Listeners[[Changes]] = Listeners()
        self.commands: Listeners[[str, Sequence[Command]]] = Listeners()
        """Who carries out commands: told a leg's uniqueid and what is to be done with it."""
        self.digits: Listeners[[Monitor, Mode]] = Listeners()
        """Who looks at a mode's digit on a leg whose keypad ChanSpy doesn't heed."""
        self.trunks = TrunkNews()
        self.made: Listeners[[]] = Listeners()
        """Who is told that somebody who is followed made or changed an account, a token or a hook."""
        self._touched: list[MonitorChange] = []
        self._followed: list[FollowChange] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""
        return self._changes.subscribe(listener)

    # --- facts in

    def apply(self, events: Sequence[ev.Event]) -> None:
        """Take in a batch of events in their order; then tell what has changed."""
        if not events:
            return
        guarded_each(self._one, events)
        self._publish(events[-1].at, resynced=ev.Snapshot in map(type, events))

    def _one(self, event: ev.Event) -> None:
        if is_of_calls(event, self._by_leg, self._dialplan):
            self._calls.apply(event)
            return
        if (kind := type(event)) in OF_AGENTS:
            self._agents.apply(event)
            if kind in OF_CALLS_TOO:
                self._calls.apply(event)
            return
        if (stray := self.place.look(event, self._by_leg, self.in_bridge)) is not None:
            self._commanded.append((stray, (EndLeg(),)))
        match event:
            case userevents.LegWaits(at, leg):
                if monitor := self._of_leg(leg):
                    self._step(leg_waits(monitor, at))
                elif leg not in self.held and not self.legs.is_others(leg):
                    self._commanded.append((leg, (EndLeg(),)))
            case ev.SpyStarted(at, leg, target, context, extension):
                self._spy_started(leg, target, self._dialplan.mode_at(context, extension), at)
            case ev.DigitReceived(at, uniqueid, digit):
                if monitor := self._of_leg(uniqueid):
                    self._digit(monitor, digit, at)
            case ev.OriginateAnswered(at, leg):
                if monitor := self._of_leg(leg):
                    self._step(lifecycle.originate_answered(monitor, at))
            case ev.OriginateFailed(at, leg, why):
                if monitor := self._of_leg(leg):
                    self._step(lifecycle.originate_failed(monitor, why, at))
            case userevents.LegShielded(_, leg):
                if monitor := self._of_leg(leg):
                    self._step(shielding.arrived(monitor))
            case ev.SpyStopped():
                pass  # a moved leg starts again; one that is over hangs up; one that went astray the watchdog finds
            case ev.Snapshot():
                self._calls.apply(event)
                self._agents.apply(event)
                self._resume(event)
            case ev.ChannelGone() if event.uniqueid in self._by_leg or is_leg(event.uniqueid):
                self._calls.apply(event)
                if monitor := self._of_leg(event.uniqueid):
                    over = event.extension == self._dialplan.over or self._calls.peers(monitor.target) is None
                    busy = event.cause in BUSY_CAUSES
                    astray = not self.place.is_place(event.context, event.extension)
                    self._step(lifecycle.leg_gone(monitor, event.at, call_over=over, busy=busy, astray=astray))
            case ev.ChannelGone():
                self._calls.apply(event)
                for monitor in [m for m in self._monitors.values() if m.target == event.uniqueid]:
                    self._step(lifecycle.target_gone(monitor))
            case ev.BridgeEntered(at, _, _, channel) if (monitor := self._of_leg(channel.uniqueid)) is not None:
                self.place.took_over(channel.uniqueid)
                self._step(lifecycle.bridged(monitor, at))
                self._calls.adopt(channel, at)
                self._calls.apply(event)
            case ev.ChannelCreated() if self.legs.is_ours(event.channel.uniqueid):
                self._leg_appeared(event.channel.uniqueid)
            case ev.HandedOn():
                self._calls.apply(event)
                self._handed_on(event)
            case ev.ChannelChanged(_, channel) if channel.uniqueid in self._by_leg:
                if (found := self._of_leg(channel.uniqueid)) and found.live and self.place.left(channel):
                    self._step(lifecycle.handed_on(found, ""))
            case _:
                self._calls.apply(event)

    # --- decisions in

    def put(self, monitor: Monitor, at: datetime) -> None:
        """A new monitor, decided and recorded."""
        self._step(Step(monitor))
        self._publish(at)

    def put_follow(self, step: FollowStep, at: datetime) -> None:
        """A follow is new, or another now; the leg of one that is over is a stranger."""
        before, follow = self.held.follows.get(step.follow.id), step.follow
        self.held.put(follow)
        if follow.ended and not self._by_leg.get(follow.leg):
            self._by_leg.pop(follow.leg, None)
        elif not follow.ended:
            self._by_leg.setdefault(follow.leg, "")
        if before != follow:
            self._followed.append(FollowChange(before, follow))
        if step.hang_up:
            self._commanded.append((follow.leg, (EndLeg(),)))
        self._publish(at)

    def put_message(self, message: CoachMessage) -> None:
        """A message between a supervisor and an agent, decided."""
        self.messages.add(message)
        self._changes.tell(Changes(message.at, self.id, messages=(message,)))

    def take_up(self, monitors: Iterable[Monitor]) -> None:
        """Monitors of a former run: the next snapshot tells whether their legs live on."""
        for left in monitors:
            monitor = lifecycle.with_talk(None, left, self._opaque)
            self._monitors[monitor.id] = monitor
            self._by_leg[monitor.leg] = monitor.id
            self._taken_up.add(monitor.id)

    def step(self, step: Step, at: datetime) -> None:
        """Take the outcome of a decision about a monitor, and carry out its commands."""
        self._step(step)
        self._publish(at)

    def end_parties(self, device: str, at: datetime) -> None:
        """Hang up calls that were taken over at this device: nobody is there any more."""
        here = (leg for leg in self.place.parties if self._calls.endpoint_of(leg) == device)
        self._commanded.extend((leg, (EndLeg(),)) for leg in here)
        self._publish(at)

    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        """Accounts changed; `changed` are the users to whom everything must be shown afresh."""
        self.directory = directory
        self._calls.rename(directory)
        self._agents.rename(directory)
        self._publish(at, people=changed)

    def set_pbx(self, state: PbxState) -> None:
        """The connection changed. Without one no call is known; monitors wait to be found again."""
        self.pbx_state = state
        if lost := state.state is not LinkState.CONNECTED:
            self._calls.suspend()
            self.bars.out_of_sight(self.id)
        self._publish(state.since, link=True, hidden=self._agents.suspend() if lost else NOTHING)

    def release(self, leg: str, at: datetime) -> None:
        """A leg of another PBX took a call over: what was its far half here is a party's line now."""
        self._calls.release(leg)
        self._publish(at)

    def look_again(self, conversations: Iterable[str], at: datetime) -> None:
        """What decides about these conversations, and is no event of this PBX, is another now."""
        self._calls.look_again(conversations)
        self._publish(at)

    # --- changes out

    def _step(self, step: Step) -> None:
        before = self._monitors.get(step.monitor.id)
        monitor = lifecycle.with_talk(before, step.monitor, self._opaque)
        monitor = with_call(monitor, self._calls.get(monitor.call_id))
        if monitor.ended:
            self._monitors.pop(monitor.id, None)
            self.messages.forget(monitor.id)
            self._by_leg.pop(monitor.leg, None)
            if monitor.leg in self.held:
                self._by_leg[monitor.leg] = ""
        else:
            self._monitors[monitor.id] = monitor
            self._by_leg[monitor.leg] = monitor.id
        if monitor.ended or (before is not None and monitor.confirmed > before.confirmed):
            self._taken_up.discard(monitor.id)
        # What was asked of Asterisk is nobody's business until Asterisk confirms it.
        if before is None or replace(before, asked=monitor.asked) != monitor:
            self._touched.append(MonitorChange(before, monitor))
        if step.commands:
            self._commanded.append((monitor.leg, step.commands))

    def _publish(
        self,
        at: datetime,
        *,
        link: bool = False,
        people: frozenset[str] = frozenset(),
        resynced: bool = False,
        hidden: Settled = NOTHING,
    ) -> None:
        changed = self._calls.settle(at)
        agents, queues = map(frozenset.union, self._agents.settle(at, changed), hidden)
        sightings, self._calls.sightings = self._calls.sightings, []
        sees = self.complete and (sightings or self.held.news or resynced)  # out of sight, nothing is known of any end
        seen = (self.id, [*sightings, *self.held.taken()] if sees else [], self.held.lives)
        barred = self.bars.see(*seen, resynced=resynced) if sees else BarChanges()
        for before, after in changed:
            if after is None and before is not None:
                self._over(before)
            else:
                self._follow(before, after)
        monitors, self._touched = tuple(self._touched), []
        commanded, self._commanded = self._commanded, []
        pressed, self._pressed = self._pressed, []
        ids = {call.id for change in changed for call in change if call}
        ids.update(change.after.call_id for change in monitors)
        for conversation in barred.touched:
            ids.update(self._calls.of_conversation(conversation))
        follows, self._followed = tuple(self._followed), []
        things = ids or monitors or agents or queues or follows
        if things or link or people or resynced or barred.size or barred.touched:
            rest = (link, False, people, resynced, barred)
            told = Changes(at, self.id, frozenset(ids), monitors, *rest, agents=agents, queues=queues, follows=follows)
            self._changes.tell(told)
        for leg, commands in commanded:
            self.commands.tell(leg, commands)
        for monitor, mode in pressed:
            self.digits.tell(monitor, mode)
        if self._calls.trunks is not None:
            self.trunks.tell(self._calls)

    def _over(self, call: Call) -> None:
        """A call ended, or is out of sight: then nobody is known to hear anything.

        Where the agent's line stays (a conference room, a login), nothing else ends its monitors.
        """
        for monitor in self.monitors_on(call.id):
            there = self._calls.peers(monitor.target) is not None
            self._step(lifecycle.target_gone(monitor, stays=True) if there else Step(monitor))

    def _follow(self, before: Call | None, call: Call | None) -> None:
        """Hold the monitors of a call to what it is now; end those whose supervisors may monitor it no more."""
        for monitor in self.monitors_on(call.id) if call else ():
            peers = self._calls.peers(monitor.target)
            for step in following.steps(monitor, before, call, peers, self._survives) if call else ():
                self._step(step(self._monitors[monitor.id]))

    def _survives(self, monitor: Monitor) -> bool:
        return monitor_survives(self.directory.users.get(monitor.supervisor.user_id), monitor)
