"""Time that passes at once: where a test only waits, its event loop's clock leaps to the next timer.

For tests without threads, sockets and processes: to those the clock would leap ahead. Written here because the whole
is thirty lines, and because looptime's plugin leaves an event loop open beside ours, which our warnings make an error.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Clock:
    """A loop's clock, put ahead. It is never put back: timers that were set stay where they are."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._real, self.ahead = loop.time, 0.0
        self._still: float | None = None
        loop.time = self.time  # type: ignore[method-assign]

    def time(self) -> float:
        return (self._real() if self._still is None else self._still) + self.ahead

    def stand_still(self) -> None:
        """Only what is waited for passes from now on, not what computing takes."""
        self._still = self._real()

    def go_on(self) -> None:
        """Time passes again, from where it is."""
        if self._still is not None:
            self.ahead += self._still - self._real()
            self._still = None


@contextmanager
def virtual_time(loop: asyncio.AbstractEventLoop, *, exact: bool = False) -> Iterator[None]:
    """Let this loop wait for nothing but what is ready, for the length of a block.

    `exact`: meanwhile no other time passes on this loop either, so that times can be compared.
    """
    known = getattr(loop.time, "__self__", None)
    clock = known if isinstance(known, _Clock) else _Clock(loop)
    if exact:
        clock.stand_still()
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
        yield
    finally:
        selector.select = select
        clock.go_on()
