"""The use case: decide, look again, act, wait for Asterisk's word, record. Only what was confirmed is shown.

Requests that race have one outcome: a supervisor's place is reserved without an await, switches take turns.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from adapter import errors
from adapter.core import lifecycle
from adapter.core.audit import By, Subject, Via
from adapter.core.call import Call
from adapter.core.journal import abandoned, requested
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, Notice
from adapter.core.people import User
from adapter.core.permissions import may_administer
from adapter.core.views import Visibility, monitor_view
from adapter.monitoring.board import Board
from adapter.monitoring.bridges import BridgeChecks
from adapter.monitoring.commands import CommandRunner
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.devices import NEAR, Browsers, Devices, no_browsers
from adapter.monitoring.ending import Ending
from adapter.monitoring.follows import Follows
from adapter.monitoring.fresh import fresh, ringing
from adapter.monitoring.limits import Limits
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import MonitorLog, Pbx, StartRequest
from adapter.monitoring.reach import Reach
from adapter.monitoring.reservations import Reservations
from adapter.monitoring.stopall import StopAll
from adapter.monitoring.takeover import TakeOver
from adapter.tasks import BackgroundTasks, KeyedLocks

log = structlog.get_logger(__name__)


class Supervision:
    """Starting, switching and ending monitors at one PBX. `reservations`: supervisors' places, at all PBXes."""

    def __init__(
        self,
        board: Board,
        pbx: Pbx,
        record: MonitorLog,
        clock: Callable[[], datetime],
        limits: Limits,
        browsers: Browsers = no_browsers,
        reservations: Reservations | None = None,
        need_owner: Callable[[], None] = lambda: None,
        reach: Reach = NEAR,
    ) -> None:
        """`need_owner` raises PbxUnavailable where another process may act at this PBX: asked before what is heard."""
        self._devices, self._need_owner = Devices(pbx, browsers, reach), need_owner
        self._board, self._pbx, self._record, self._clock, self._limits = board, pbx, record, clock, limits
        self._confirmations = Confirmations(board)
        self._reservations = reservations or Reservations(board)
        self._locks = KeyedLocks()
        self._policy = Policy(board, limits.country)
        self._commands = CommandRunner(board, pbx, self._confirmations, clock, limits.confirm, limits.shielding)
        self._bridges = BridgeChecks(board, pbx, clock)
        self._takeover = TakeOver(board, pbx, self._confirmations, clock, limits.confirm)
        self._tasks = BackgroundTasks("monitoring")
        self.ending = Ending(board, self._confirmations, clock, limits, self._tasks)
        self.follows = Follows(
            *(board, pbx, record, clock, limits),
            policy=self._policy,
            devices=self._devices,
            reservations=self._reservations,
            confirmations=self._confirmations,
            ending=self.ending,
            need_owner=need_owner,
            watch=lambda: self.stop_all.watch(),  # noqa: PLW0108 - made below
        )
        self.stop_all = StopAll(board, self.ending, self.follows, record, clock, self._tasks)

    # --- reading

    async def find(self, user: User, monitor_id: str) -> Monitor:
        """One monitor, also an ended one. Raises NotFound when there is none that this person may see."""
        monitor = self._board.monitor(monitor_id) or await self._record.find(monitor_id)
        if monitor is None or self._board.visibility(user, monitor) is Visibility.NOTHING:
            raise errors.NotFound("There is no such monitor, or none that you may see.")
        return monitor

    # --- starting

    async def start(
        self, user: User, request: StartRequest, by: By | None = None, monitor_id: str | None = None
    ) -> Monitor:
        """Ring the supervisor's device and send it into the monitor dialplan. Returns it connecting.

        `by`: who asks, where it isn't the supervisor at the page; `monitor_id`: its id, where it was given before.
        Raises, in the contract's order: Forbidden, NotFound, Ambiguous, OwnCall, Forbidden, NotMonitorable,
        AlreadyMonitoring, CallNotActive, DeviceUnavailable, PbxUnavailable, PbxTimeout; RecordUnavailable when it can't
        be recorded; Conflict where all monitoring was stopped meanwhile.
        """
        call, device = self._policy.start(user, request)
        need_not_stopped = self.stop_all.watch()
        by, monitor_id = by or By(user.username, Via.SESSION), monitor_id or uuid.uuid4().hex
        if request.pauses_follow and (follow := self.follows.of(user.id)) is not None:
            monitor = await self.follows.leave_for(follow, user, request, by, monitor_id)
            return await self.switch(user, monitor.id, request.mode, by) if request.mode.talks else monitor
        with self._reservations.of(user):
            self._policy.need_answered(call)
            phone = await self._devices.need(device, user, request.page)
            await self._bridges.before(request.mode, call.uniqueid)
            new = fresh(self._board, monitor_id, user, call, device, request.mode, by, self._clock())
            monitor = replace(new, **phone._asdict())
            await self._put(user, monitor, need_not_stopped)
        await self._originate(monitor)
        self._tasks.start(self._give_up(monitor.id), f"connecting {monitor.id}")
        return monitor  # as it is on record: what has happened to it since is told by events

    async def attach(self, user: User, request: StartRequest, leg: str, by: By) -> Monitor:
        """Monitor with a channel of the supervisor's own that called us (a star code), under the same rules.

        Raises as `start` does, but for the device, which is there.
        """
        call, device = self._policy.start(user, request)
        need_not_stopped = self.stop_all.watch()
        with self._reservations.of(user):
            self._policy.need_answered(call)
            new = fresh(self._board, uuid.uuid4().hex, user, call, device, request.mode, by, self._clock())
            far = None if user.pbx == self._board.id else user.pbx
            monitor = replace(new, leg=leg, appeared=True, answered=True, phone_pbx=far)
            await self._bridges.before(request.mode, call.uniqueid)
            await self._put(user, monitor, need_not_stopped)
        try:
            await self._pbx.send_leg(leg, monitor.target, monitor.mode, keypad=monitor.keypad)
        except errors.AdapterError:
            self.ending.now(monitor.id, EndReason.ERROR)
            raise
        self._tasks.start(self._give_up(monitor.id), f"connecting {monitor.id}")
        return self._board.monitor(monitor.id) or monitor

    async def _put(self, user: User, monitor: Monitor, need_not_stopped: Callable[[], None]) -> None:
        """Record it, look again, and show it."""
        await self._record.begin(monitor, requested(monitor, user))
        try:
            self._policy.look_again(user, monitor)
            need_not_stopped()
            self._need_owner()
            self._board.put(monitor, self._clock())
        except errors.AdapterError as problem:
            self._record.note(abandoned(monitor, problem.code, self._clock()))
            raise

    def meant(self, request: StartRequest) -> tuple[Call, Subject] | None:
        """The call at this PBX that a request names, if it is exactly one, whoever asks: for a refusal's record."""
        return self._policy.meant(request)

    async def _originate(self, monitor: Monitor) -> None:
        leg = ringing(monitor, self._board.call(monitor.call_id), self._limits.ring_timeout)
        try:
            await self._pbx.start_leg(leg)
        except errors.AdapterError as problem:
            # Refused or unknown: it is over for us. Should the leg come up all the same, nobody knows it, and
            # the board has it hung up.
            ended = self.ending.now(monitor.id, EndReason.ERROR) or monitor
            if isinstance(problem, errors.PbxTimeout):
                raise self._unconfirmed("Asterisk did not say in time whether it rings your phone.", ended) from None
            raise

    async def _give_up(self, monitor_id: str) -> None:
        """A leg of which nothing is heard must not stay connecting."""
        await asyncio.sleep(self._limits.ring_timeout + 2 * self._limits.confirm)
        if (monitor := self._board.monitor(monitor_id)) is not None and not monitor.live:
            await self.ending.and_wait(monitor, EndReason.ERROR)
            self.ending.now(monitor_id, EndReason.ERROR)

    # --- switching

    async def switch(self, user: User, monitor_id: str, mode: Mode, by: By | None = None) -> Monitor:
        """Put a live monitor into another mode; returns once Asterisk has confirmed it.

        Confirmed and on record: what talks and can't be recorded is taken back to silence; silence needs no record.
        Raises Forbidden, NotFound, NotLive, CallEnded, PbxUnavailable, PbxRefused, PbxTimeout, RecordUnavailable.
        """
        monitor = await self._own(user, monitor_id)
        self._policy.need_mode(user, mode)
        self._need_unshielded(monitor)
        self._policy.need_live(monitor)
        async with self._locks.of(monitor_id):
            await self._bridges.before(mode, monitor.target)
            await self._commands.settled(monitor_id)
            switched = await self._switch_in_turn(user, monitor_id, mode, by or By(user.username, Via.SESSION))
            if mode.reaches_customer:
                await self._bridges.look(switched.target)
            try:
                await self._record.committed(monitor_id)
            except errors.RecordUnavailable:
                if mode.talks:
                    await self._take_back(monitor_id)
                    raise
            return switched

    async def _switch_in_turn(self, user: User, monitor_id: str, mode: Mode, by: By) -> Monitor:
        monitor = self._policy.need_live(self._board.monitor(monitor_id))
        self._policy.need_mode(user, mode)
        self._policy.need_pbx()
        self._need_unshielded(monitor)
        if monitor.mode is mode:
            return monitor
        if mode.talks:
            self._record.need()
            self._need_owner()
        self._board.step(lifecycle.asked(monitor, mode, by), self._clock())
        with self._confirmations.expect(monitor_id, lambda m: m.ended or (m.live and m.mode is mode)) as settled:
            try:
                how = {"keypad": monitor.keypad, "reattach": monitor.reattach}
                await self._pbx.switch_leg(monitor.leg, mode, **how, need=lambda: self._need_unshielded(monitor))
            except (errors.PbxRefused, errors.PbxTimeout) as problem:
                # Refused: the leg has just gone, and its end arrives as an event. Unanswered: it may yet be done.
                log.warning("a mode switch failed", monitor_id=monitor_id, mode=mode, why=str(problem))
            except (errors.PbxUnavailable, errors.Shielded):
                if (current := self._board.monitor(monitor_id)) is not None:
                    self._board.step(lifecycle.not_asked(current), self._clock())
                raise
            confirmed = await settled.within(self._limits.confirm)
        if confirmed is None:
            raise self._unconfirmed("Asterisk did not confirm the mode in time. Look before you speak.", monitor)
        return self._policy.need_live(confirmed)

    def _need_unshielded(self, monitor: Monitor) -> None:
        self._policy.need_unshielded(self._board.call(monitor.call_id))

    async def _take_back(self, monitor_id: str) -> None:
        """What talks can't be recorded: silent, as far as Asterisk confirms it; else the leg ends."""
        current = self._board.monitor(monitor_id)
        if current is not None and current.talks:
            self._board.step(lifecycle.made_silent(current, Notice.UNRECORDED), self._clock())
            await self._commands.settled(monitor_id)

    def _unconfirmed(self, detail: str, monitor: Monitor) -> errors.PbxTimeout:
        """The error that carries the monitor's true state."""
        view = monitor_view(self._board.monitor(monitor.id) or monitor, Visibility.EVERYTHING)
        return errors.PbxTimeout(detail, monitor=view)

    async def _own(self, user: User, monitor_id: str) -> Monitor:
        self._policy.need_right(user)
        monitor = await self.find(user, monitor_id)
        if monitor.supervisor.user_id != user.id:
            raise errors.Forbidden("Only the supervisor whose monitor it is can do this.")
        return monitor

    async def take_over(self, user: User, monitor_id: str, by: By | None = None) -> Monitor:
        """From barge: stay with the customer and release the agent. Returns the ended monitor.

        Raises Forbidden, NotFound, NotLive, CallEnded, Conflict, PbxUnavailable, PbxRefused, PbxTimeout,
        RecordUnavailable: where the call is theirs and it can't be recorded, that with the monitor's true state.
        """
        monitor = await self._own(user, monitor_id)
        self._policy.need_mode(user, Mode.BARGE)
        self._need_unshielded(monitor)
        self._policy.need_live(monitor)
        async with self._locks.of(monitor_id):
            await self._commands.settled(monitor_id)
            monitor = self._policy.need_live(self._board.monitor(monitor_id))
            self._policy.need_mode(user, Mode.BARGE)
            self._policy.need_pbx()
            self._record.need()
            await self._record.committed(monitor_id)
            self._need_owner()
            need, by = lambda: self._need_unshielded(monitor), by or By(user.username, Via.SESSION)
            taken = await self._takeover.join(monitor, by, need)
        if taken is None:
            raise self._unconfirmed("Asterisk did not confirm in time that the call is yours.", monitor)
        try:
            await self._record.committed(monitor_id)
        except errors.RecordUnavailable as problem:
            view = monitor_view(taken, Visibility.EVERYTHING)
            raise errors.RecordUnavailable(f"The call is yours. {problem}", monitor=view) from problem
        return taken

    # --- ending

    async def stop(self, user: User, monitor_id: str, by: By | None = None) -> None:
        """End a monitor; returns once its leg is gone. Ending an ended one is fine.

        Raises Forbidden, NotFound, PbxUnavailable, PbxTimeout.
        """
        self._policy.need_right(user)
        monitor = await self.find(user, monitor_id)
        by = by or By(user.username, Via.SESSION)
        if monitor.supervisor.user_id != user.id and not (may_administer(user) and by.administers):
            raise errors.Forbidden("Only the supervisor whose monitor it is, or an administrator, can end it.")
        if (current := self._board.monitor(monitor_id)) is not None:
            self._policy.need_pbx()
            if not await self.ending.and_wait(current, EndReason.STOPPED, by):
                raise self._unconfirmed("Asterisk has not hung up your phone in time. Hang up there.", current)
        with contextlib.suppress(errors.RecordUnavailable):  # ends need no record: it is written on its return
            await self._record.committed(monitor_id)

    async def close(self) -> None:
        """End what runs, as a clean stop should. What Asterisk doesn't confirm in time ends for us alone."""
        running = [] if self._limits.leave_on_stop else list(self._board.monitors())
        following = [] if self._limits.leave_on_stop else list(self._board.follows())
        await asyncio.gather(
            *(self.follows.end_and_wait(follow, EndReason.ADAPTER_STOPPED) for follow in following),
            *(self.ending.and_wait(m, EndReason.ADAPTER_STOPPED) for m in running if m.follow_id is None),
        )
        for monitor in running:
            self.ending.now(monitor.id, EndReason.ADAPTER_STOPPED)
        await self.abandon()

    async def abandon(self) -> None:
        """Do nothing more, and end nothing."""
        await self.follows.close()
        await self._commands.close()
        await self._bridges.close()
        await self._takeover.close()
        await self._tasks.close()
