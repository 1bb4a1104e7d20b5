"""Time as the adapter uses it: the wall clock, which can be set, beside the time that only passes. Pure.

What is deleted for its age, held back or made void must not follow one look at a clock that somebody set, or that was
wrong when the machine started. So each such rule asks one of `earlier` (nothing is old before both say so) and `later`
(nothing lives longer than both say), or counts in `elapsed`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

SETTLING = 3600.0
"""Seconds after a start in which nothing is deleted for its age: a machine whose clock was wrong when it came up has
it corrected within minutes (NTP steps it once it hears its servers)."""


class Clock:
    """Both clocks of one run. `wall`: the time of day; `passing`: seconds of any clock that nobody can set."""

    def __init__(self, wall: Callable[[], datetime], passing: Callable[[], float]) -> None:
        self._wall, self._passing = wall, passing
        self._began, self._zero = wall(), passing()

    def now(self) -> datetime:
        """The wall clock: what is told to people and programs."""
        return self._wall()

    def elapsed(self) -> float:
        """Seconds since this run began, whatever became of the wall clock meanwhile."""
        return self._passing() - self._zero

    def steady(self) -> datetime:
        """What the wall clock would say had nobody set it since this run began."""
        return self._began + timedelta(seconds=self.elapsed())

    def earlier(self, now: datetime | None = None) -> datetime:
        """The earlier of both times: for what is deleted when it is old. `now`: the wall clock's time, if asked."""
        return min(self.now() if now is None else now, self.steady())

    def later(self, now: datetime | None = None) -> datetime:
        """The later of both times: for what becomes void at a time."""
        return max(self.now() if now is None else now, self.steady())

    @property
    def settled(self) -> bool:
        """Whether the start is long enough ago for its clock to be believed."""
        return self.elapsed() >= SETTLING
