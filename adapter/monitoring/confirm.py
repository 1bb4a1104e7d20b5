"""Waiting for Asterisk's word: a promise that a monitor will be seen in some state, kept by the board."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapter.core.changes import Changes
from adapter.core.monitor import Monitor
from adapter.monitoring.board import Board

Wanted = Callable[[Monitor], bool]


class Expectation:
    """One monitor that is expected to come into some state."""

    def __init__(self, monitor_id: str, wanted: Wanted) -> None:
        self.monitor_id = monitor_id
        self._wanted = wanted
        self._seen: asyncio.Future[Monitor] = asyncio.get_running_loop().create_future()

    def check(self, monitor: Monitor) -> None:
        """Take note of the monitor as it is now."""
        if not self._seen.done() and self._wanted(monitor):
            self._seen.set_result(monitor)

    async def within(self, deadline: float) -> Monitor | None:
        """The monitor as it was when it was first as wanted; None when `deadline` seconds pass before."""
        done, _ = await asyncio.wait([self._seen], timeout=deadline)
        return self._seen.result() if done else None


class Confirmations:
    """All expectations on one board."""

    def __init__(self, board: Board) -> None:
        self._expectations: set[Expectation] = set()
        board.subscribe(self._heard)

    @contextmanager
    def expect(self, monitor_id: str, wanted: Wanted) -> Iterator[Expectation]:
        """Watch from now on. Made before the action whose effect is awaited, so that no answer is missed."""
        expectation = Expectation(monitor_id, wanted)
        self._expectations.add(expectation)
        try:
            yield expectation
        finally:
            self._expectations.discard(expectation)

    def _heard(self, changes: Changes) -> None:
        if not self._expectations:
            return
        for change in changes.monitors:
            for expectation in self._expectations:
                if expectation.monitor_id == change.after.id:
                    expectation.check(change.after)
