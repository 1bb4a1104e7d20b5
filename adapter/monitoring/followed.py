"""A follow's leg, call by call: moved to the agent's next call when it is answered, one monitor after the other."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from adapter import errors
from adapter.core import lifecycle
from adapter.core.audit import By
from adapter.core.call import Call
from adapter.core.follow import Follow, FollowState, next_calls, paused
from adapter.core.journal import abandoned, requested
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor
from adapter.core.people import User
from adapter.monitoring.board import Board
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.ending import Ending
from adapter.monitoring.fresh import fresh
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import MonitorLog, Pbx, StartRequest
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

LOOK = 0.01
"""Seconds between looks whether a leg waits; Asterisk takes some milliseconds."""
AGAIN = 1.0
"""Seconds after which a call is tried again that could not be recorded, or asked of the PBX: nothing was done then."""


class CallByCall:
    """Begins the monitors of follows. `deadline`: seconds that Asterisk has to confirm that a leg listens."""

    def __init__(
        self,
        board: Board,
        pbx: Pbx,
        record: MonitorLog,
        clock: Callable[[], datetime],
        deadline: float,
        policy: Policy,
        confirmations: Confirmations,
        ending: Ending,
        need_owner: Callable[[], None],
    ) -> None:
        self._board, self._pbx, self._record, self._clock, self._deadline = board, pbx, record, clock, deadline
        self._policy, self._confirmations, self._ending = policy, confirmations, ending
        self._need_owner = need_owner
        self._moving: dict[str, asyncio.Task[None]] = {}
        self._leaving: set[str] = set()
        """Ids of follows that are about to go where help is needed."""
        self._tasks = BackgroundTasks("followed calls")

    def look(self, follow_id: str) -> None:
        """Something changed: have this follow's leg listen, if it waits and there is a call for it."""
        moving = self._moving.get(follow_id)
        if follow_id in self._leaving or (moving is not None and not moving.done()):
            return
        self._moving.pop(follow_id, None)
        follow, user = self._free(follow_id)
        call = self._next(follow, user) if follow and user else None
        if follow is None or user is None or call is None:
            return
        self._moving[follow_id] = self._tasks.start(self._listen(follow, user, call), f"listen {follow_id}")

    def _free(self, follow_id: str) -> tuple[Follow | None, User | None]:
        """The follow whose leg waits and may be moved, and its supervisor."""
        follow = self._board.held.follows.get(follow_id)
        waits = follow is not None and follow.state is FollowState.WAITING and follow.ending is None
        if follow is None or not waits or not self._board.complete:
            return None, None
        if any(monitor.leg == follow.leg for monitor in self._board.monitors()):
            return None, None
        return follow, self._board.directory.users.get(follow.supervisor.user_id)

    def _next(self, follow: Follow, user: User) -> Call | None:
        """The call that they may hear; others are none of theirs, and nobody is told of that."""
        for call in next_calls(follow, self._board.calls()):
            try:
                return self._policy.decide(user, StartRequest(call_id=call.id))
            except errors.AdapterError:
                continue
        return None

    async def _listen(self, follow: Follow, user: User, call: Call) -> None:
        try:
            monitor = await self._begin(follow, user, call, follow.by, uuid.uuid4().hex)
        except errors.AdapterError as problem:
            log.warning("a follow could not go to a call", follow_id=follow.id, why=str(problem))
            self._look_soon(follow.id)
            return
        if isinstance(await self._move(monitor), errors.PbxUnavailable):
            await asyncio.sleep(AGAIN)
        asyncio.get_running_loop().call_soon(self.look, follow.id)  # it may have ended before it began

    async def _begin(
        self, follow: Follow, user: User, call: Call, by: By, monitor_id: str, *, pauses: bool = False
    ) -> Monitor:
        """Record it, look again, and show it connecting."""
        new = fresh(self._board, monitor_id, user, call, follow.device, Mode.SILENT, by, self._clock())
        monitor = replace(
            new,
            leg=follow.leg,
            follow_id=follow.id,
            ring=follow.ring,
            phone_pbx=follow.phone_pbx,
            appeared=True,
            answered=True,
            token=new.token if pauses else follow.token,
            pauses_follow=pauses,
        )
        self._need_owner()
        await self._record.begin(monitor, requested(monitor, user))
        try:
            self._policy.look_again(user, monitor)
            self._need_owner()
            if self._free(follow.id)[0] is None:
                raise errors.CallEnded("The follow has ended.")
        except errors.AdapterError as problem:
            self._record.note(abandoned(monitor, problem.code, self._clock()))
            raise
        self._board.put(monitor, self._clock())
        return monitor

    async def leave_for(self, follow: Follow, user: User, request: StartRequest, by: By, monitor_id: str) -> Monitor:
        """Have the leg listen where help is needed, silently; the follow goes on when that is over.

        Raises as `Supervision.start`; PbxTimeout where Asterisk did not confirm it.
        """
        call, _ = self._policy.start(user, request)
        if follow.id in self._leaving:
            raise errors.AlreadyMonitoring("You are on your way to another call.")
        self._policy.need_answered(call)
        self._policy.need_pbx()
        self._leaving.add(follow.id)
        try:
            await self._free_leg(follow, by)
            monitor = await self._begin(follow, user, call, by, monitor_id, pauses=True)
            problem = await self._move(monitor)
        finally:
            self._leaving.discard(follow.id)
            asyncio.get_running_loop().call_soon(self.look, follow.id)
        current = self._board.monitor(monitor.id)
        if current is None or not current.live:
            raise problem or errors.PbxTimeout("Asterisk did not confirm in time that your phone listens there.")
        return current

    async def _free_leg(self, follow: Follow, by: By) -> None:
        """Have it wait, whatever it does. Raises AlreadyMonitoring where it does not come to that in time."""
        clock = asyncio.get_running_loop().time
        end = clock() + 2 * self._deadline
        if (moving := self._moving.get(follow.id)) is not None:
            await asyncio.wait([moving], timeout=self._deadline)
        monitor = next((one for one in self._board.monitors() if one.leg == follow.leg), None)
        if monitor is not None:
            await self._ending.and_wait(monitor, EndReason.STOPPED, by)
        while self._free(follow.id)[0] is None:
            if clock() > end or follow.id not in self._board.held.follows:
                raise errors.AlreadyMonitoring("Your phone does not leave the call that it follows. Stop following.")
            await asyncio.sleep(LOOK)
        if monitor is not None:
            self._board.put_follow(paused(self._board.held.follows[follow.id], monitor), self._clock())

    def _look_soon(self, follow_id: str) -> None:
        async def look() -> None:
            await asyncio.sleep(AGAIN)
            self.look(follow_id)

        self._tasks.start(look(), f"look {follow_id}")

    async def _move(self, monitor: Monitor) -> errors.AdapterError | None:
        """Returns why it does not listen, where that is known: else it was not confirmed, and is hung up."""

        def need() -> None:
            current = self._board.monitor(monitor.id)
            if current is None or current.ending:
                raise errors.CallEnded("It is over.")

        with self._confirmations.expect(monitor.id, lambda one: one.live or one.ended) as settled:
            try:
                await self._pbx.listen(monitor.leg, monitor.target, keypad=monitor.keypad, need=need)
                confirmed = await settled.within(self._deadline)
            except errors.CallEnded as problem:  # nothing was done, and what lets it wait is on its way
                return problem
            except errors.PbxUnavailable as problem:  # nothing was done: it waits where it is
                log.warning("a follow could not go to a call", monitor_id=monitor.id, why=str(problem))
                self._ending.now(monitor.id, EndReason.PBX_LOST)
                return problem
            except errors.AdapterError as problem:
                log.warning("a follow's leg may not have been moved; hanging it up", why=str(problem))
                confirmed = None
        current = self._board.monitor(monitor.id)
        if confirmed is None and current is not None:
            self._board.step(lifecycle.end_wanted(current, EndReason.ERROR), self._clock())
        is_over = confirmed is not None and confirmed.ended
        return errors.CallEnded("The call, or your monitor of it, has just ended.") if is_over else None

    async def close(self) -> None:
        """Begin nothing more."""
        await self._tasks.close()
