"""Time that passes at once: where a test only waits, its event loop's clock leaps to the next timer.

For tests without threads, sockets and processes: to those the clock would leap ahead. Written here because the whole
is thirty lines, and because looptime's plugin leaves an event loop open beside ours, which our warnings make an error.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


class _Clock:
    """A loop's clock, put ahead. It is never put back: timers that were set stay where they are."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._real, self.ahead = loop.time, 0.0
        loop.time = self.time  # type: ignore[method-assign]

    def time(self) -> float:
        return self._real() + self.ahead

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Only what is waited for passes, not what computing takes; afterwards it goes on from there."""
        real, now = self._real, self._real()
        self._real = lambda: now
        try:
            yield
        finally:
            self._real = real
            self.ahead -= real() - now


@contextmanager
def virtual_time(loop: asyncio.AbstractEventLoop, *, exact: bool = False) -> Iterator[None]:
    """Let this loop wait for nothing but what is ready, for the length of a block.

    `exact`: no other time passes on this loop either, so that times can be compared.
    """
    known = getattr(loop.time, "__self__", None)
    clock = known if isinstance(known, _Clock) else _Clock(loop)
    selector: Any = loop._selector  # type: ignore[attr-defined]
    select = selector.select

    def leap(timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return select(timeout)
        found = select(0)
        if not found:
            clock.ahead += timeout
        return found

    selector.select = leap
    try:
        with clock.standing_still() if exact else nullcontext():
            yield
    finally:
        selector.select = select
