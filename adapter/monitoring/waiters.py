"""Who waits for what has happened to be written, and hears whether it is."""

import asyncio
from collections import deque
from collections.abc import Collection

from adapter.errors import RecordUnavailable


class Waiters:
    """They wait for changes up to a number to be written; most of them for one monitor."""

    def __init__(self) -> None:
        self._all: deque[tuple[int, str, asyncio.Future[None]]] = deque()

    def add(self, last: int, monitor_id: str) -> asyncio.Future[None]:
        """Done when all up to this number is written; fails with RecordUnavailable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._all.append((last, monitor_id, done))
        return done

    def written(self, last: int) -> None:
        """All up to this number is."""
        while self._all and self._all[0][0] <= last:
            _resolve(self._all.popleft()[2])

    def failed(self, why: str) -> None:
        """Nothing of it could be."""
        while self._all:
            _resolve(self._all.popleft()[2], why)

    def refused(self, monitors: Collection[str], why: str) -> None:
        """What happened to these monitors is not written at all."""
        for _, monitor_id, done in self._all:
            if monitor_id in monitors:
                _resolve(done, why)


def _resolve(done: asyncio.Future[None], problem: str | None = None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(RecordUnavailable(problem))


async def either(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, or so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
