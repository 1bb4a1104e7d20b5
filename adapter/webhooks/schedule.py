"""When to try again, and when to give up: the rules of delivery, without a clock or a socket."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
"""How long a delivery is tried (the contract)."""
LONGEST_AT_FIRST = 30.0
"""Seconds of the longest pause during the first ten minutes (the contract)."""
GROWTH = 20
"""After that a pause is this part of the time since the first try: 30 s at ten minutes, 72 min after a day."""
WINDOW = 16
"""Deliveries to one receiver that may be under way at once; each is another call's."""
DISTINCT = 3
"""So many different deliveries that fail one after the other mean that the receiver is down, not one event bad."""


def pause(tries: int, trying: timedelta, chance: float, wished: float = 0.0) -> timedelta:
    """How long to wait after `tries` tries over the time `trying`.

    `chance`: a random number from 0 to 1, so that many receivers aren't tried in step; `wished`: seconds of the
    receiver's Retry-After (RFC 9110, section 10.2.3), kept within the longest pause.
    """
    longest = max(LONGEST_AT_FIRST, trying.total_seconds() / GROWTH)
    growing = min(2.0 ** min(tries - 1, 10), LONGEST_AT_FIRST)
    seconds = max(growing, trying.total_seconds() / GROWTH) * (0.5 + chance / 2)
    return timedelta(seconds=min(longest, max(seconds, wished)))


def again_at(tries: int, first_try: datetime, now: datetime, chance: float, wished: float = 0.0) -> datetime | None:
    """When a failed delivery is to be tried again; None when it was tried for a day."""
    trying = now - first_try
    return None if trying >= DAY else now + pause(tries, trying, chance, wished)


@dataclass(slots=True)
class Health:
    """Whether one receiver is well. A receiver that is down gets one try at a time, with pauses."""

    failing_since: datetime | None = None
    """Since when no try has succeeded."""
    again_at: datetime | None = None
    """While it is down: when the next try may be made."""
    _tries: int = 0
    _failed: set[str] = field(default_factory=set)

    @property
    def down(self) -> bool:
        """Whether several different deliveries failed, and none has succeeded since."""
        return len(self._failed) >= DISTINCT

    def succeeded(self) -> bool:
        """A try succeeded. Returns whether it had been failing."""
        was = self.failing_since is not None
        self.failing_since, self.again_at, self._tries = None, None, 0
        self._failed.clear()
        return was

    def failed(self, lane: str, now: datetime, chance: float) -> bool:
        """A try of this lane's delivery failed. Returns whether it had been well."""
        was = self.failing_since is None
        self.failing_since = self.failing_since or now
        if len(self._failed) < DISTINCT:
            self._failed.add(lane)
        if self.down and (self.again_at is None or now >= self.again_at):
            self._tries += 1
            self.again_at = now + pause(self._tries, now - self.failing_since, chance)
        return was

    def room(self, now: datetime) -> int:
        """How many tries may be under way now."""
        if not self.down or self.again_at is None:
            return WINDOW
        return 1 if now >= self.again_at else 0

    def hopeless(self, now: datetime) -> bool:
        """Whether it has been failing for a whole day."""
        return self.failing_since is not None and now - self.failing_since >= DAY
