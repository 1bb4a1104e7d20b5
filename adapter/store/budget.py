"""How long the work of one request in the database may take altogether, however many transactions it is made of.

Each transaction has its own deadline; a request with several of them, or one that waits for its turn behind others that
fail, would take all of theirs together to say that nothing works.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

REQUEST = 2.0
"""Seconds. Longer than SQLite tries again for another process's lock (`durability.BUSY_TIMEOUT`), and short enough for
somebody who clicked."""


class Budget:
    """Seconds that are left. Only time in the database counts, not what is done in between."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._until: float | None = None
        self.over = False
        """Whether the request is answered: what it began, and goes on in the background, has no such limit."""

    @property
    def left(self) -> float:
        """Seconds; 0 when all are spent."""
        running = None if self._until is None else self._until - asyncio.get_running_loop().time()
        return max(0.0, self._left if running is None else running)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Time counts until this ends. What runs inside or beside another is not counted twice."""
        if self._until is not None:
            yield
            return
        self._until = asyncio.get_running_loop().time() + self._left
        try:
            yield
        finally:
            self._left, self._until = self.left, None


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


def left(most: float) -> float:
    """Seconds that something may take now, which may take so many where nobody waits for a request's answer."""
    mine = _mine()
    return most if mine is None else min(most, mine.left)


@contextmanager
def spending(most: float) -> Iterator[float]:
    """The same, for as long as which it counts."""
    mine = _mine()
    with mine.spending() if mine is not None else nullcontext():
        yield left(most)


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """What is done inside has this budget; None: none."""
    budget = None if seconds is None else Budget(seconds)
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)
        if budget is not None:
            budget.over = True


def _mine() -> Budget | None:
    budget = _current.get()
    return None if budget is None or budget.over else budget
