"""The record of monitors: what the board shows is written behind it, in order, and read back through here.

Bounded by the number of monitors, because only the latest state of each waits to be written.
"""

import asyncio
from collections.abc import Sequence

import structlog

from adapter.board import Board, Changes
from adapter.core.monitors import Monitor
from adapter.errors import StoreUnavailable
from adapter.ports import MonitorLog
from adapter.tasks import TaskGroupOwner

log = structlog.get_logger(__name__)

SETTLE = 0.02
"""Seconds before a change is written: the person's answer goes first, and what changes at once is written once."""
RETRY_PAUSE = 1.0
"""Seconds between tries while the database does not answer. Writing a state twice is harmless."""


class Recorder:
    """A MonitorLog that also writes every change of the board."""

    def __init__(self, board: Board, store: MonitorLog) -> None:
        self._store = store
        self._waiting: dict[str, Monitor] = {}
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks = TaskGroupOwner("recorder")
        board.subscribe(self._heard)

    def start(self) -> None:
        """Begin writing."""
        self._tasks.start(self._write_all(), "write")

    async def close(self, deadline: float = 5.0) -> None:
        """Write what waits, for at most `deadline` seconds, and stop."""
        try:
            await asyncio.wait_for(self._idle.wait(), deadline)
        except TimeoutError:
            log.error("monitors were not recorded before the stop", count=len(self._waiting))
        await self._tasks.close()

    async def save(self, monitor: Monitor) -> None:
        """Write one monitor now. Raises StoreUnavailable when that fails."""
        await self._store.save(monitor)

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor as it is now, also while its last state waits to be written."""
        return self._waiting.get(monitor_id) or await self._store.find(monitor_id)

    async def unfinished(self) -> Sequence[Monitor]:
        """Monitors that were not ended when the adapter last stopped."""
        return await self._store.unfinished()

    def _heard(self, changes: Changes) -> None:
        for change in changes.monitors:
            self._waiting[change.after.id] = change.after
            self._idle.clear()
            self._work.set()

    async def _write_all(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(SETTLE)
            self._work.clear()
            for monitor in list(self._waiting.values()):
                await self._write(monitor)
            if not self._waiting:
                self._idle.set()

    async def _write(self, monitor: Monitor) -> None:
        try:
            await self._store.save(monitor)
        except StoreUnavailable as problem:
            log.error("a monitor could not be recorded; trying again", monitor_id=monitor.id, why=str(problem))
            await asyncio.sleep(RETRY_PAUSE)
            self._work.set()
            return
        if self._waiting.get(monitor.id) is monitor:
            del self._waiting[monitor.id]
        else:
            self._work.set()
