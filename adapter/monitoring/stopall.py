"""Ending every monitor of one PBX at once, for whoever wants all monitoring to stop.

All legs are hung up together, also while the record or the PBX is away: what is out of sight ends when it is back.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from adapter import errors
from adapter.core.audit import Action, By, Result
from adapter.core.follow import Follow
from adapter.core.follow_views import follow_entry
from adapter.core.journal import monitor_entry
from adapter.core.monitor import EndReason, Monitor
from adapter.core.record import Record
from adapter.monitoring.board import Board
from adapter.monitoring.ending import Ending
from adapter.monitoring.follows import Follows
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
    """Every monitor's and follow's end, of one PBX."""

    def __init__(
        self,
        board: Board,
        ending: Ending,
        follows: Follows,
        record: MonitorLog,
        clock: Callable[[], datetime],
        tasks: BackgroundTasks,
    ) -> None:
        self._board, self._ending, self._record, self._clock, self._tasks = board, ending, record, clock, tasks
        self._follows = follows
        self._times = 0

    def begin(self, by: By, why: str) -> Mapping[str, asyncio.Task[bool]]:
        """Have all of them hung up. By monitor: a task that returns whether Asterisk confirmed its end in time.

        A follow is one of them, together with the monitor that has its leg.

        Nobody has to wait for any of them: what is not confirmed is an entry of the audit all the same.
        """
        self._times += 1
        ends = {one.id: self._end(one, by, why) for one in self._board.monitors() if one.follow_id is None}
        ends |= {one.id: self._end_follow(one, by, why) for one in self._board.follows()}
        return {one: self._tasks.start(end, f"stop {one}") for one, end in ends.items()}

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

    async def _end_follow(self, follow: Follow, by: By, why: str) -> bool:
        gone = await self._follows.end_and_wait(follow, EndReason.STOPPED, by, why)
        if not gone:
            entry = follow_entry(Action.FOLLOW_ENDED, replace(follow, by=by), self._clock())
            late = replace(entry, result=Result.FAILED, reason=errors.PbxTimeout.code)
            self._record.note(Record(entries=[late], pbxes={follow.pbx}))
        return gone
