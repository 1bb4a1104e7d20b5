"""Ending monitors: because somebody wants it, a right or a device is gone, or the PBX was lost for too long."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from adapter.core import lifecycle
from adapter.core.audit import SYSTEM, By, Via
from adapter.core.monitor import EndReason, Monitor
from adapter.core.pbx import LinkState
from adapter.core.permissions import monitor_survives
from adapter.monitoring.board import Board
from adapter.monitoring.confirm import Confirmations
from adapter.monitoring.limits import Limits
from adapter.tasks import BackgroundTasks, Listeners


class Ending:
    """All ways to an end that don't begin with a question whether one may."""

    def __init__(
        self,
        board: Board,
        confirmations: Confirmations,
        clock: Callable[[], datetime],
        limits: Limits,
        tasks: BackgroundTasks,
    ) -> None:
        self._board, self._confirmations, self._clock = board, confirmations, clock
        self._limits, self._tasks = limits, tasks
        self._lost_timer: asyncio.Task[None] | None = None
        self.pages_left: Listeners[[str]] = Listeners()
        """Who is told of a device that was a page and is gone."""
        self.looked: Listeners[[]] = Listeners()
        """Who looks at what else accounts allow, when these have changed."""

    async def and_wait(self, monitor: Monitor, reason: EndReason, by: By = SYSTEM, why: str = "") -> bool:
        """Hang the leg up. Returns whether Asterisk confirmed in time that it is gone.

        `why`: what somebody wrote as the reason, for the audit. What is given up as lost is confirmed by nobody.
        """
        with self._confirmations.expect(monitor.id, lambda m: m.ended and self._board.complete) as gone:
            current = self._board.monitor(monitor.id)
            if current is None:
                return True
            self._board.step(lifecycle.end_wanted(current, reason, by, why), self._clock())
            return await gone.within(self._limits.confirm) is not None

    def rights_changed(self) -> None:
        """Accounts changed: end what is no longer allowed."""
        for monitor in list(self._board.monitors()):
            user = self._board.directory.users.get(monitor.supervisor.user_id)
            if not monitor_survives(user, monitor):
                self._board.step(lifecycle.end_wanted(monitor, EndReason.PERMISSION_REVOKED), self._clock())
        self.looked.tell()

    def device_gone(self, device: str) -> None:
        """A page that was a phone is gone: what it listened to ends, and a call that it took over."""
        self.page_left(device)
        self._board.end_parties(device, self._clock())

    def page_left(self, device: str) -> None:
        """The adapter that served a page is gone: what the page listened to ends; not a call that it took over."""
        for monitor in [m for m in self._board.monitors() if m.ring == device]:
            by = By(monitor.supervisor.username, Via.BROWSER)
            self._board.step(lifecycle.end_wanted(monitor, EndReason.SUPERVISOR_HUNG_UP, by), self._clock())
        self.pages_left.tell(device)

    def pbx_changed(self) -> None:
        """The connection came or went. Without one for long, running monitors are lost."""
        if self._board.pbx_state.state is LinkState.CONNECTED:
            if self._lost_timer is not None:
                self._lost_timer.cancel()
                self._lost_timer = None
        elif self._lost_timer is None:
            self._lost_timer = self._tasks.start(self._lose_all(), "lost")

    async def _lose_all(self) -> None:
        await asyncio.sleep(self._limits.lost_after)
        for monitor in list(self._board.monitors()):
            self.now(monitor.id, EndReason.PBX_LOST)

    def now(self, monitor_id: str, reason: EndReason) -> Monitor | None:
        """It is over for us, whatever Asterisk says."""
        monitor = self._board.monitor(monitor_id)
        if monitor is None:
            return None
        step = lifecycle.ended(monitor, monitor.ending or reason, self._clock())
        self._board.step(step, self._clock())
        return step.monitor
