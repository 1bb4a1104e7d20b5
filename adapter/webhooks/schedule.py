"""When to try again, and when to give up: the rules of delivery, without a clock or a socket.

Ages are counted in time that only passes, and in tries: nothing is given up, and nothing waits longer, because somebody
set the wall clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
"""How long a delivery is tried (the contract)."""
LONGEST_AT_FIRST = 30.0
"""Seconds of the longest pause during the first ten minutes (the contract)."""
GROWTH = 20
"""After that a pause is this part of the time since the first try: 30 s at ten minutes, 72 min after a day."""
LONGEST = DAY / GROWTH
"""The longest lawful pause. So many tries can't have taken longer than as many of it."""
WINDOW = 16
"""Deliveries to one receiver that may be under way at once; each is another call's."""
DISTINCT = 3
"""So many different deliveries that fail one after the other mean that the receiver is down, not one event bad."""


def believed(tried_for: timedelta, tries: int) -> timedelta:
    """How long something has been tried, as far as the tries that were made bear it out.

    What an older version kept may span a clock that was set; a day has at least 20 tries.
    """
    return min(max(timedelta(), tried_for), tries * LONGEST)


def pause(tries: int, trying: timedelta, chance: float, wished: float = 0.0) -> timedelta:
    """How long to wait after `tries` tries over the time `trying`.

    `chance`: a random number from 0 to 1, so that many receivers aren't tried in step; `wished`: seconds of the
    receiver's Retry-After (RFC 9110, section 10.2.3), kept within the longest pause.
    """
    age = min(max(timedelta(), trying), DAY).total_seconds()
    longest = max(LONGEST_AT_FIRST, age / GROWTH)
    growing = min(2.0 ** min(tries - 1, 10), LONGEST_AT_FIRST)
    seconds = max(growing, age / GROWTH) * (0.5 + chance / 2)
    return timedelta(seconds=min(longest, max(seconds, wished)))


def again_at(tries: int, tried_for: timedelta, now: datetime, chance: float, wished: float = 0.0) -> datetime | None:
    """When a failed delivery is to be tried again; None when it was tried for a day."""
    trying = believed(tried_for, tries)
    return None if trying >= DAY else now + pause(tries, trying, chance, wished)


@dataclass(slots=True)
class Health:
    """Whether one receiver is well. A receiver that is down gets one try at a time, with pauses.

    `now` is everywhere in seconds of a clock that nobody can set.
    """

    failing_since: float | None = None
    """Since when no try has succeeded."""
    again_at: float | None = None
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

    def failed(self, lane: str, now: float, chance: float) -> bool:
        """A try of this lane's delivery failed. Returns whether it had been well."""
        was = self.failing_since is None
        if self.failing_since is None:
            self.failing_since = now
        if len(self._failed) < DISTINCT:
            self._failed.add(lane)
        if self.down and (self.again_at is None or now >= self.again_at):
            self._tries += 1
            trying = timedelta(seconds=now - self.failing_since)
            self.again_at = now + pause(self._tries, trying, chance).total_seconds()
        return was

    def room(self, now: float) -> int:
        """How many tries may be under way now."""
        if not self.down or self.again_at is None:
            return WINDOW
        return 1 if now >= self.again_at else 0

    def hopeless(self, now: float) -> bool:
        """Whether it has been failing for a whole day."""
        return self.failing_since is not None and now - self.failing_since >= DAY.total_seconds()
