"""Every few seconds, and after each resync: does Asterisk do what we say it does? What differs is made safe.

Two looks must agree, so that nothing in flight is taken for a fault. Repairs go towards silence, are counted and
logged. What no look can find: a digit whose event Asterisk never sent, because ChanSpy tells nobody its mode.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from adapter import errors
from adapter.core import lifecycle
from adapter.core.changes import Changes
from adapter.core.events import Channel, Event
from adapter.core.follow import leg_astray
from adapter.core.invariant import BLINDNESS, Difference, Fault, LegObserver, Model, differences
from adapter.core.legs import SpyDialplan
from adapter.core.monitor import EndReason
from adapter.core.pbx import LinkState
from adapter.monitoring.board import Board
from adapter.monitoring.ending import Ending
from adapter.monitoring.ports import Pbx
from adapter.tasks import BackgroundTasks, guarded

log = structlog.get_logger(__name__)

AGAIN = 1.0
"""Seconds between the two looks; events are some 90 ms late at most on a PBX under load (p99, 200 calls)."""
PATIENCE = 60.0
"""Seconds of the longest pause between attempts to see again by connecting anew."""


class Watchdog:
    """Compares and repairs. `interval`: seconds between looks; `deadline`: seconds that an end may take.

    `on_poll` is told after each look what was found.
    """

    def __init__(
        self,
        board: Board,
        pbx: Pbx,
        ending: Ending,
        dialplan: SpyDialplan,
        is_spy: Callable[[Channel], bool],
        clock: Callable[[], datetime],
        interval: float,
        deadline: float,
        on_poll: Callable[[Sequence[Fault]], None],
    ) -> None:
        self._board, self._pbx, self._ending, self._dialplan = board, pbx, ending, dialplan
        self._is_spy, self._clock, self._interval = is_spy, clock, interval
        self._deadline = deadline
        self._ending_since: dict[str, float] = {}
        """When the end of a leg was decided, by the event loop's clock."""
        self._observer = LegObserver(dialplan)
        self._on_poll = on_poll
        self._tries = 0
        """How often we connected anew to see again, without a minute's calm since."""
        self._tried = -PATIENCE
        """When we last did, by the event loop's clock."""
        self._now = asyncio.Event()
        self._tasks = BackgroundTasks("watchdog")
        board.subscribe(self._heard)

    def start(self) -> None:
        """Compare every few seconds, and after each resync."""
        self._tasks.keep(self._watch, "watch")

    async def close(self) -> None:
        """Compare no more."""
        await self._tasks.close()

    def apply(self, events: Sequence[Event]) -> None:
        """The raw events, before the model takes them."""
        self._observer.apply(events)

    @property
    def blind(self) -> bool:
        """Whether Asterisk keeps events from us: what is shown may be out of date."""
        return self._tries > 1

    def _heard(self, changes: Changes) -> None:
        # A leg that changed hands may leave its place to somebody of whom no event tells.
        if changes.resynced or any(change.after.handed_on is not None for change in changes.monitors):
            self._now.set()
        for change in changes.monitors:
            if change.after.ended:
                self._ending_since.pop(change.after.leg, None)
            elif change.after.ending and change.after.leg not in self._ending_since:
                loop, leg = asyncio.get_running_loop(), change.after.leg
                self._ending_since[leg] = loop.time()
                loop.call_later(self._deadline, self._look_at_late, leg)

    def _look_at_late(self, leg: str) -> None:
        if leg in self._ending_since:
            self._now.set()

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), self._interval)
            self._now.clear()
            if self._board.pbx_state.state is not LinkState.CONNECTED:
                continue
            try:
                await self._poll_twice()
            except errors.AdapterError as problem:
                log.warning("the watchdog could not compare with Asterisk", why=str(problem))

    async def _poll_twice(self) -> None:
        lasting = await self._poll()
        if lasting:
            await asyncio.sleep(AGAIN)
            lasting &= await self._poll()
        guarded(self._on_poll, [difference.fault for difference in lasting])
        for difference in sorted(lasting):
            log.error("Asterisk and the model differ", **difference._asdict())
            try:
                await self._repair(difference)
            except errors.AdapterError as problem:  # the others are repaired all the same; this one at the next look
                log.warning("a difference could not be corrected", uniqueid=difference.uniqueid, why=str(problem))
        if any(difference.fault in BLINDNESS for difference in lasting):
            self._see_again()
        elif self._since_try() > PATIENCE:
            self._tries = 0

    async def _poll(self) -> frozenset[Difference]:
        listed = await self._pbx.list_channels()
        late = asyncio.get_running_loop().time() - self._deadline
        overdue = {leg for leg, since in self._ending_since.items() if since <= late}
        waiting = self._board.waiting_legs()
        model = Model(self._board.monitors(), self._board.channels(), self._observer.observed, overdue, waiting)
        return differences(model, listed, self._dialplan, self._is_spy)

    async def _repair(self, difference: Difference) -> None:
        monitor = next((m for m in self._board.monitors() if m.leg == difference.uniqueid), None)
        follow = self._board.held.of_leg(difference.uniqueid)
        if difference.fault is Fault.STRANGER and monitor is None:
            await self._pbx.end_leg(difference.uniqueid)
        elif monitor is None and follow is not None:
            self._board.put_follow(leg_astray(follow, self._clock()), self._clock())
        elif difference.fault is Fault.ENDING_LATE and monitor is not None:
            await self._pbx.end_leg(monitor.leg)
        elif difference.fault is Fault.LEG_MISSING and monitor is not None:
            self._ending.now(monitor.id, EndReason.ERROR)
        elif difference.fault is Fault.LEG_ASTRAY and monitor is not None:
            self._board.step(lifecycle.handed_on(monitor, ""), self._clock())
        elif difference.fault is Fault.MODE_DIFFERS and monitor is not None:
            self._board.step(lifecycle.made_silent(monitor), self._clock())

    def _see_again(self) -> None:
        """Connect anew and list everything; less and less often while that doesn't help."""
        if self._tries and self._since_try() < min(PATIENCE, self._interval * 2**self._tries):
            return
        self._tries += 1
        self._tried = asyncio.get_running_loop().time()
        if self.blind:
            log.error("Asterisk's events don't arrive: check read= and eventfilter in manager.conf, or run the doctor")
        self._pbx.reconnect("events are missing")

    def _since_try(self) -> float:
        return asyncio.get_running_loop().time() - self._tried
