"""Clocks for tests: the real one, and one that a test lets pass, or sets."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
JUMPS = [sign * span for span in (timedelta(hours=1), timedelta(days=1), timedelta(days=400)) for sign in (1, -1)]
"""What happens to clocks: summer time done wrong, a wrong date, a dead battery."""
ON_EACH = [*(("sqlite", jump) for jump in JUMPS), *(("postgresql", jump) for jump in JUMPS[-2:])]
"""The same on a database of each kind, for what asks it for times only in passing."""


def real() -> datetime:
    """The machine's time of day."""
    return datetime.now(UTC)


class FakeClock:
    """A wall clock that can be set, and one that only passes."""

    def __init__(self, start: datetime = START) -> None:
        self._wall, self._passed = start, 0.0

    def now(self) -> datetime:
        """The time of day."""
        return self._wall

    def passing(self) -> float:
        """Seconds that passed."""
        return self._passed

    def passes(self, span: timedelta) -> None:
        """Time passes, for both."""
        self._wall += span
        self._passed += span.total_seconds()

    def jumps(self, span: timedelta) -> None:
        """Somebody sets the wall clock."""
        self._wall += span
