"""Waiting until something is so, with a deadline that a busy machine does not miss."""

import asyncio
import time
from collections.abc import Callable


async def until(so: Callable[[], object], what: str = "", seconds: float = 30.0) -> None:
    """Return once it is so. Fails with `what` after so many seconds."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, what or "it never came to that"
        await asyncio.sleep(0.005)


class Lateness:
    """How far this machine is behind while a block runs: what a promise in seconds is judged by.

    `allows(1.0)` is a second where it is idle, and longer by what this process itself was kept waiting.
    """

    STEP = 0.02
    """Seconds of each sleep whose lateness is measured."""
    HOPS = 20
    """Waits, one behind the other, of which what is promised may consist: processes, sockets, the database."""

    def __init__(self) -> None:
        self._worst = self._sum = 0.0
        self._began = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Lateness":
        self._task = asyncio.ensure_future(self._measure())
        return self

    async def __aexit__(self, *problem: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _measure(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(self.STEP)
            late = time.monotonic() - began - self.STEP
            self._worst, self._sum = max(self._worst, late), self._sum + late

    def begin(self) -> None:
        """What is promised begins now."""
        self._began = time.monotonic()

    @property
    def took(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._began

    def allows(self, promised: float) -> float:
        """Seconds that may be taken on this machine, as it is now."""
        return promised + self._sum + self.HOPS * self._worst
