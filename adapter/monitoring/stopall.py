"""Ending every monitor of one PBX at once, for whoever wants all monitoring to stop.

All legs are hung up together, also while the record or the PBX is away: what is out of sight ends when it is back.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from adapter import errors
from adapter.core.audit import Action, By, Result
from adapter.core.journal import monitor_entry
from adapter.core.monitor import EndReason, Monitor
from adapter.core.record import Record
from adapter.monitoring.board import Board
from adapter.monitoring.ending import Ending
from adapter.monitoring.ports import MonitorLog
from adapter.tasks import BackgroundTasks


class Stopped(NamedTuple):
    """What became of monitors that were ended together."""

    gone: int
    """How many of them Asterisk confirmed in time."""
    left: Collection[str]
    """Ids of the others."""
    unreached: Collection[str] = ()
    """Ids of PBXes whose adapter could not be asked, or did not say what became of theirs."""


async def outcome(ends: Mapping[str, asyncio.Task[bool]], awaited: Collection[str]) -> Stopped:
    """What became of those that are `awaited` (by id), of all that `StopAll.begin` returned.

    Of the others nothing is waited for: what is answered must not hang on what the asker is not to know of.
    """
    mine = {one: end for one, end in ends.items() if one in awaited}
    if mine:
        await asyncio.wait(mine.values())
    left = [one for one, end in mine.items() if end.cancelled() or end.exception() or not end.result()]
    return Stopped(len(mine) - len(left), left)


class StopAll:
    """Every monitor's end, of one PBX."""

    def __init__(
        self, board: Board, ending: Ending, record: MonitorLog, clock: Callable[[], datetime], tasks: BackgroundTasks
    ) -> None:
        self._board, self._ending, self._record, self._clock, self._tasks = board, ending, record, clock, tasks
        self._times = 0

    def begin(self, by: By, why: str) -> Mapping[str, asyncio.Task[bool]]:
        """Have all of them hung up. By monitor: a task that returns whether Asterisk confirmed its end in time.

        Nobody has to wait for any of them: what is not confirmed is an entry of the audit all the same.
        """
        self._times += 1
        running = list(self._board.monitors())
        return {one.id: self._tasks.start(self._end(one, by, why), f"stop {one.id}") for one in running}

    def watch(self) -> Callable[[], None]:
        """For a start that waits for something: what it returns raises Conflict once all was stopped meanwhile."""
        before = self._times

        def need() -> None:
            if self._times != before:
                raise errors.Conflict("An administrator has just stopped all monitoring. Begin anew if you still may.")

        return need

    async def _end(self, monitor: Monitor, by: By, why: str) -> bool:
        gone = await self._ending.and_wait(monitor, EndReason.STOPPED, by, why)
        if not gone:
            last = self._board.monitor(monitor.id) or monitor
            late = monitor_entry(
                Action.ENDED, last, self._clock(), result=Result.FAILED, reason=errors.PbxTimeout.code, by=by
            )
            self._record.note(Record(entries=[late], pbxes={monitor.pbx}))
        return gone
