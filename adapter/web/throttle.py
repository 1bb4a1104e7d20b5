"""Slowing down who guesses passwords: free tries, then growing pauses, for known and unknown names alike. Pure."""

from collections import OrderedDict
from dataclasses import dataclass

FREE = 5
"""Failures without a pause."""
LONGEST = 60.0
"""Seconds of the longest pause."""
FORGET = 900.0
"""Seconds after which failures are forgotten."""
REMEMBERED = 10_000
"""Names and addresses remembered at most; the oldest are forgotten first."""


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class Throttle:
    """Failures by key. Times are seconds of any one clock."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next try is allowed; 0 when it is."""
        failures = self._failures.get(key)
        if failures is None or now - failures.last > FORGET or failures.count < FREE:
            return 0.0
        pause = min(LONGEST, 2.0 ** (failures.count - FREE))
        return max(0.0, failures.last + pause - now)

    def failed(self, key: str, now: float) -> None:
        """A wrong password."""
        failures = self._failures.get(key)
        count = 0 if failures is None or now - failures.last > FORGET else failures.count
        self._failures[key] = _Failures(count + 1, now)
        self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """The right password: forgotten is what was."""
        self._failures.pop(key, None)
