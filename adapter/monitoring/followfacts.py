"""What becomes of follows at one PBX: by Asterisk's events, by their monitors, by rights, and by a lost connection."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from adapter.core import events as ev
from adapter.core import follow as life
from adapter.core import lifecycle, userevents
from adapter.core.audit import SYSTEM, By, Via
from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.core.follow import Follow, FollowStep
from adapter.core.legs import BUSY_CAUSES
from adapter.core.monitor import EndReason, Monitor
from adapter.core.permissions import may_follow
from adapter.monitoring.board import Board
from adapter.monitoring.followed import CallByCall
from adapter.monitoring.limits import Limits
from adapter.tasks import BackgroundTasks

TELLING = frozenset(
    {
        *(userevents.LegWaits, ev.ChannelCreated, ev.OriginateAnswered, ev.OriginateFailed, ev.ChannelGone),
        *(ev.DigitReceived, ev.HandedOn, ev.BridgeEntered),
    }
)
"""Events that may be about a follow's leg."""


class FollowFacts:
    """Takes in what happens, and ends what must end."""

    def __init__(self, board: Board, clock: Callable[[], datetime], limits: Limits, calls: CallByCall) -> None:
        self._board, self._clock, self._limits, self._calls = board, clock, limits, calls
        self._tasks = BackgroundTasks("follows")
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        """By follow: who waits for its end."""
        self._heard: list[Changes] = []
        self._lost_timer: asyncio.Task[None] | None = None
        board.subscribe(self._hear)
        board.made.subscribe(self._look_at_rights_soon)

    def of(self, user_id: str) -> Follow | None:
        """The follow of this supervisor."""
        return next((one for one in self._board.follows() if one.supervisor.user_id == user_id), None)

    # --- ended

    async def end_and_wait(self, follow: Follow, reason: EndReason, by: By = SYSTEM, why: str = "") -> bool:
        """Hang the leg up. Returns whether Asterisk confirmed in time that it is gone."""
        current = self._get(follow.id)
        if current is None:
            return True
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(follow.id, []).append(gone)
        self.end(current, reason, by, why)
        done, _ = await asyncio.wait([gone], timeout=self._limits.confirm)
        return bool(done)

    def end(self, follow: Follow, reason: EndReason, by: By = SYSTEM, why: str = "") -> None:
        """Have the leg hung up, whatever it does."""
        monitor = self._monitor_of(follow)
        step = life.end_wanted(follow, reason, by, why)
        self._step(step._replace(hang_up=step.hang_up and monitor is None))
        if monitor is not None:
            self._board.step(lifecycle.end_wanted(monitor, reason, by, why, hangs_up=True), self._clock())

    def _monitor_of(self, follow: Follow) -> Monitor | None:
        return next((one for one in self._board.monitors() if one.leg == follow.leg), None)

    def _page_left(self, device: str) -> None:
        for follow in [one for one in self._board.follows() if one.ring == device]:
            self.end(follow, EndReason.SUPERVISOR_HUNG_UP, By(follow.supervisor.username, Via.BROWSER))

    def _look_at_rights_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._look_at_rights)

    def _look_at_rights(self) -> None:
        """End what is no longer allowed; also where whoever is followed has changed the supervisor's account."""
        users = self._board.directory.users
        for follow in list(self._board.follows()):
            supervisor = follow.supervisor.user_id
            in_hand = self._board.bars.barred(Who(supervisor), follow.short)
            if in_hand or not may_follow(users.get(supervisor), users.get(follow.agent_id)):
                self.end(follow, EndReason.PERMISSION_REVOKED)

    async def _lose_all(self) -> None:
        await asyncio.sleep(self._limits.lost_after)
        for follow in list(self._board.follows()):
            self._step(life.ended(follow, follow.ending or EndReason.PBX_LOST, self._clock()))

    # --- told

    def apply(self, events: Sequence[ev.Event]) -> None:
        """What Asterisk tells of legs, after the board has taken it in."""
        if not self._board.held.follows:
            return
        for event in events:
            kind = type(event)
            if kind is ev.Snapshot:
                self._listed(event)  # type: ignore[arg-type]
            elif kind in TELLING:
                for leg in _legs(event):
                    if (follow := self._board.held.of_leg(leg)) is not None:
                        self._told(follow, event)

    def _told(self, follow: Follow, event: ev.Event) -> None:
        match event:
            case userevents.LegWaits():
                self._step(life.waits(follow))
            case ev.ChannelCreated():
                self._step(life.appeared(follow))
            case ev.OriginateAnswered(at):
                self._step(life.answered(follow, at))
            case ev.OriginateFailed(at, _, why):
                self._step(life.originate_failed(follow, why, at))
            case ev.ChannelGone(at):
                self._step(life.leg_gone(follow, at, busy=event.cause in BUSY_CAUSES))
            case ev.DigitReceived() if event.digit == self._board.leave_digit and self._monitor_of(follow) is None:
                self.end(follow, EndReason.SUPERVISOR_HUNG_UP, By(follow.supervisor.username, Via.KEYPAD))
            case ev.HandedOn() | ev.BridgeEntered() if self._is_astray(follow, event):
                self._step(life.leg_astray(follow, event.at))
            case _:
                pass

    def _is_astray(self, follow: Follow, event: ev.HandedOn | ev.BridgeEntered) -> bool:
        """Not where a monitor had the leg until now: into a bridge it goes by taking over, which the monitor tells."""
        taken = isinstance(event, ev.BridgeEntered) and follow.leg in self._board.place.parties
        return not taken and self._monitor_of(follow) is None

    def _listed(self, snapshot: ev.Snapshot) -> None:
        there = {known.channel.uniqueid: known for known in snapshot.channels if known.bridge is None}
        for follow in list(self._board.follows()):
            known = there.get(follow.leg)
            waiting = known is not None and self._board.is_waiting(known.channel)
            monitor = self._monitor_of(follow)
            self._step(
                life.found_again(follow, snapshot.at, is_there=known is not None, waiting=waiting, monitor=monitor)
            )

    def _hear(self, changes: Changes) -> None:
        """Taken up a moment later: whoever listens to the board hears what was told in its order."""
        if not self._board.held.follows and not changes.link:
            return
        if not self._heard:
            asyncio.get_running_loop().call_soon(self._take_in)
        self._heard.append(changes)

    def _take_in(self) -> None:
        heard, self._heard = self._heard, []
        for changes in heard:
            self._of_monitors(changes)
            if changes.link:
                self._link_changed()
        for follow in list(self._board.follows()):
            self._calls.look(follow.id)

    def _of_monitors(self, changes: Changes) -> None:
        for before, monitor in ((change.before, change.after) for change in changes.monitors):
            follow = self._get(monitor.follow_id or "")
            if follow is None:
                continue
            if monitor.ended:
                if before is None or not before.ended:
                    going_on = {call.id for call in self._board.calls()} if self._board.complete else None
                    self._step(life.monitor_over(follow, monitor, changes.at, going_on))
            elif monitor.ending:
                self._step(life.monitor_ending(follow, monitor))
            elif monitor.live and follow.monitor_id != monitor.id and not follow.ending:
                self._step(life.listens(follow, monitor))

    def _link_changed(self) -> None:
        if self._board.complete:
            if self._lost_timer is not None:
                self._lost_timer.cancel()
                self._lost_timer = None
        elif self._lost_timer is None:
            self._lost_timer = self._tasks.start(self._lose_all(), "lost")

    def _step(self, step: FollowStep) -> None:
        self._board.put_follow(step, self._clock())
        if step.follow.ended:
            for gone in self._waiting.pop(step.follow.id, []):
                if not gone.done():
                    gone.set_result(None)

    def _get(self, follow_id: str) -> Follow | None:
        return self._board.held.follows.get(follow_id)

    async def close(self) -> None:
        """Do nothing more, and end nothing."""
        await self._calls.close()
        await self._tasks.close()


def _legs(event: ev.Event) -> tuple[str, ...]:
    """Uniqueids of the channels that one of these is about."""
    match event:
        case userevents.LegWaits() | ev.OriginateAnswered() | ev.OriginateFailed():
            return (event.leg,)
        case ev.ChannelCreated() | ev.BridgeEntered():
            return (event.channel.uniqueid,)
        case ev.ChannelGone() | ev.DigitReceived():
            return (event.uniqueid,)
        case ev.HandedOn():
            return event.channels
        case _:
            return ()
