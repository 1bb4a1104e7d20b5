"""Whether what happens can be written: tried at a steady pace, whatever people do. Only a failure counts, no delay.

The pace is what keeps silence: were it told when the writing of a monitor failed, it would tell of that monitor; and
were it judged by others' writes alone, a quiet house would never notice, so that noticing would tell of a monitor.
Whoever asks for something that could not be recorded is refused before that (`adapter.monitoring.recorder`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from adapter.core.record import RecordState
from adapter.errors import StoreUnavailable
from adapter.monitoring.boards import Boards
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

PACE = 1.0
"""Seconds between tries."""


class DatabaseHealth:
    """Keeps `record_state` of the live picture. `beat` writes something small; it raises StoreUnavailable."""

    def __init__(
        self, boards: Boards, beat: Callable[[datetime], Awaitable[None]], clock: Callable[[], datetime]
    ) -> None:
        self._boards, self._beat, self._clock = boards, beat, clock
        self._tasks = BackgroundTasks("database")

    def start(self) -> None:
        """Try again and again."""
        self._tasks.keep(self._watch, "watch")

    async def close(self) -> None:
        """Try no more."""
        await self._tasks.close()

    async def _watch(self) -> None:
        while True:
            why = await self._try()
            self._tell(why is None, why)
            await asyncio.sleep(PACE)

    async def _try(self) -> str | None:
        """Why it failed; None when it is written."""
        try:
            await self._beat(self._clock())
        except StoreUnavailable as problem:
            return str(problem)
        return None

    def _tell(self, writable: bool, why: str | None) -> None:
        if writable is self._boards.record_state.writable:
            return
        if writable:
            log.info("the database can be written again")
        else:
            log.error("the database can't be written: no monitor starts until it can", why=why)
        self._boards.set_record(RecordState(writable, self._clock()))
