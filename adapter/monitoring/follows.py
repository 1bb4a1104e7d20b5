"""Follows at one PBX: begun once, moved to each next call of the agent as soon as it is answered, and ended.

What is confirmed, Asterisk's events say (`core.follow`); each call is heard by a monitor that is recorded before the
leg is moved. What can't be moved, or doesn't confirm it in time, is hung up.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapter import errors
from adapter.core import follow as life
from adapter.core.audit import By, Via
from adapter.core.call import Agent
from adapter.core.follow import Follow, FollowState, FollowStep
from adapter.core.journal import unbegun
from adapter.core.legs import LegRequest
from adapter.core.monitor import EndReason, Monitor, Supervisor
from adapter.core.people import User
from adapter.core.permissions import may_administer, may_follow
from adapter.monitoring.board import Board
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.devices import Devices
from adapter.monitoring.ending import Ending
from adapter.monitoring.followed import CallByCall
from adapter.monitoring.followfacts import FollowFacts
from adapter.monitoring.limits import Limits
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import FollowRequest, MonitorLog, Pbx, StartRequest
from adapter.monitoring.reservations import Reservations


class Follows(FollowFacts):
    """Beginning and ending follows. `watch`: for a start that waits, as of `StopAll.watch`."""

    def __init__(
        self,
        board: Board,
        pbx: Pbx,
        record: MonitorLog,
        clock: Callable[[], datetime],
        limits: Limits,
        *,
        policy: Policy,
        devices: Devices,
        reservations: Reservations,
        confirmations: Confirmations,
        ending: Ending,
        need_owner: Callable[[], None],
        watch: Callable[[], Callable[[], None]],
    ) -> None:
        calls = CallByCall(board, pbx, record, clock, limits.confirm, policy, confirmations, ending, need_owner)
        super().__init__(board, clock, limits, calls)
        self._pbx, self._record = pbx, record
        self._policy, self._devices, self._reservations = policy, devices, reservations
        self._need_owner, self._watch = need_owner, watch
        ending.pages_left.subscribe(self._page_left)
        ending.looked.subscribe(self._look_at_rights)

    # --- beginning

    async def start(
        self, user: User, request: FollowRequest, by: By | None = None, follow_id: str | None = None
    ) -> Follow:
        """Ring the supervisor's device, which then waits. Returns the follow connecting.

        Raises, in the contract's order: Forbidden, NotFound, OwnCall, Forbidden, NotMonitorable, AlreadyMonitoring,
        DeviceUnavailable, PbxUnavailable, PbxTimeout; RecordUnavailable; Conflict where all was stopped meanwhile.
        """
        agent, device = self._decide(user, request)
        need_not_stopped = self._watch()
        with self._reservations.of(user):
            phone = await self._devices.need(device, user, request.page)
            new = self._fresh(user, agent, device, by, follow_id or uuid.uuid4().hex, request.calls)
            follow = replace(new, ring=phone.ring, phone_pbx=phone.phone_pbx)
            await self._put(user, agent, follow, need_not_stopped)
        await self._originate(follow)
        self._tasks.start(self._give_up(follow.id), f"connecting {follow.id}")
        return follow

    async def attach(self, user: User, request: FollowRequest, leg: str, by: By) -> Follow:
        """Follow with a channel of the supervisor's own that called us (a star code), under the same rules."""
        agent, device = self._decide(user, request)
        if agent.pbx not in (None, self._board.id):
            raise errors.NotFound("Their phone is at another PBX: follow them from the page.")
        need_not_stopped = self._watch()
        with self._reservations.of(user):
            new = self._fresh(user, agent, device, by, uuid.uuid4().hex, request.calls)
            far = None if user.pbx in (None, self._board.id) else user.pbx
            follow = replace(new, ring=device, leg=leg, appeared=True, answered=True, phone_pbx=far)
            await self._put(user, agent, follow, need_not_stopped)
        try:
            await self._pbx.send_waiting(leg, self._limits.follow_tone)
        except errors.AdapterError:
            self._step(life.leg_astray(follow, self._clock()))
            raise
        self._tasks.start(self._give_up(follow.id), f"connecting {follow.id}")
        return self._get(follow.id) or follow

    def _decide(self, user: User, request: FollowRequest) -> tuple[User, str]:
        agent, device = self._policy.follow(user, request)
        if self._board.is_exempt(agent.id):
            raise errors.NotMonitorable("Nobody may monitor this person: an administrator exempted them.")
        self._policy.need_pbx()
        return agent, device

    def _fresh(self, user: User, agent: User, device: str, by: By | None, follow_id: str, calls: int | None) -> Follow:
        by = by or By(user.username, Via.SESSION)
        return Follow(
            id=follow_id,
            pbx=self._board.id,
            agent=Agent(agent.id, agent.name, agent.extension or "", agent.device or ""),
            agent_username=agent.username,
            supervisor=Supervisor(user.id, user.name, user.username),
            device=device,
            leg=self._board.legs.leg_id(follow_id),
            started_at=self._clock(),
            calls=calls,
            by=by,
            token=by.token,
        )

    async def _put(self, user: User, agent: User, follow: Follow, need_not_stopped: Callable[[], None]) -> None:
        """Record it, look again, and show it."""
        await self._record.begin_follow(follow)
        try:
            self._policy.need_pbx()
            users = self._board.directory.users
            if not may_follow(users.get(user.id), users.get(agent.id)):
                raise errors.Forbidden("Your right to follow this person was taken away.")
            need_not_stopped()
            self._need_owner()
        except errors.AdapterError as problem:
            self._record.note(unbegun(follow, problem.code, self._clock()))
            raise
        self._board.put_follow(FollowStep(follow), self._clock())

    async def _originate(self, follow: Follow) -> None:
        leg = LegRequest(
            leg=follow.leg,
            device=follow.ring,
            target="",
            mode=None,
            keypad=False,
            shown_name=f"Follow: {follow.agent.name}",
            shown_number=follow.agent.extension,
            ring_timeout=self._limits.ring_timeout,
            tone=self._limits.follow_tone,
            far=follow.device if follow.phone_pbx else "",
        )
        try:
            await self._pbx.start_leg(leg)
        except errors.AdapterError as problem:
            # Refused or unknown: it is over for us. Should the leg come up all the same, it is hung up as a stranger.
            self._step(life.ended(self._get(follow.id) or follow, EndReason.ERROR, self._clock()))
            if isinstance(problem, errors.PbxTimeout):
                raise errors.PbxTimeout("Asterisk did not say in time whether it rings your phone.") from None
            raise

    async def _give_up(self, follow_id: str) -> None:
        """A leg of which nothing is heard must not stay connecting."""
        await asyncio.sleep(self._limits.ring_timeout + 2 * self._limits.confirm)
        if (follow := self._get(follow_id)) is not None and follow.state is FollowState.CONNECTING:
            await self.end_and_wait(follow, EndReason.ERROR)
            if (left := self._get(follow_id)) is not None:
                self._step(life.ended(left, EndReason.ERROR, self._clock()))

    async def leave_for(self, follow: Follow, user: User, request: StartRequest, by: By, monitor_id: str) -> Monitor:
        """Pause it for a call where help is needed, as `CallByCall.leave_for`."""
        return await self._calls.leave_for(follow, user, request, by, monitor_id)

    # --- ending

    async def stop(self, user: User, follow_id: str, by: By | None = None) -> None:
        """End a follow; returns once its leg is gone. Raises Forbidden, PbxUnavailable, PbxTimeout."""
        follow = self._get(follow_id)
        if follow is None:
            return
        by = by or By(user.username, Via.SESSION)
        if follow.supervisor.user_id != user.id and not (may_administer(user) and by.administers):
            raise errors.Forbidden("Only the supervisor whose follow it is, or an administrator, can end it.")
        self._policy.need_pbx()
        if not await self.end_and_wait(follow, EndReason.STOPPED, by):
            raise errors.PbxTimeout("Asterisk has not hung up your phone in time. Hang up there.")
        with contextlib.suppress(errors.RecordUnavailable):  # ends need no record: it is written on its return
            await self._record.committed("")
