"""How fresh an owner's picture is, told by its beats alone: two clocks that nobody sets, and no clock that people set.

The two differ by what the fastest beat took at least; a beat that took longer is late by the rest. So what comes out of
a cable in which it was held, or is read by a process that was stopped, is known to be old.
"""

import asyncio
from collections.abc import Callable

from adapter.core.ownership import Term

SIGHT = 1.0
"""Seconds after the owner's latest beat for which its picture is shown."""
DRIFT = 0.001
"""By how much the difference of two clocks may grow, as a part of the time that passed: crystals differ by 0.0001."""
NEVER = float("-inf")


class Freshness:
    """Until when an owner's picture may be shown. `boot`: this machine's boot-time clock."""

    def __init__(self, boot: Callable[[], float]) -> None:
        self._boot = boot
        self.stamp = NEVER
        """That of the owner's latest beat, by the owner's clock."""
        self._apart: tuple[float, float] | None = None
        """By how much our clock is ahead of the owner's, and when that was found."""
        self.until = boot() + SIGHT

    def is_over(self) -> bool:
        """Whether the latest beat is too old at this moment."""
        return self._boot() >= self.until

    @property
    def left(self) -> float:
        """Seconds until it is, not less than none."""
        return max(0.0, self.until - self._boot())

    @property
    def age(self) -> float:
        """Seconds since the owner's latest beat, as far as the clocks tell; infinite without any."""
        return self._boot() - (self.until - SIGHT)

    def heard(self, stamp: float) -> None:
        """The owner lived and was as we know it, at this time of its clock."""
        now = self._boot()
        apart = now - stamp
        if self._apart is not None:
            known, found = self._apart
            apart = min(apart, known + DRIFT * (now - found))
        self.stamp, self._apart = stamp, (apart, now)
        self.until = max(self.until, stamp + apart + SIGHT)

    def lost(self) -> None:
        """Nothing may be shown until the next beat."""
        self.until = NEVER

    def begin(self) -> None:
        """Another owner, whose clock is another."""
        self.stamp, self._apart, self.until = NEVER, None, NEVER


class Milestones:
    """Who waits for a change of an owner to be taken in."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Term, int, asyncio.Future[bool]]] = []

    async def reached(self, term: Term, number: int, deadline: float) -> bool:
        """False after `deadline` seconds, or when the term is over."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        entry = (term, number, done)
        self._waiting.append(entry)
        try:
            await asyncio.wait([done], timeout=deadline)
            return done.done() and done.result()
        finally:
            self._waiting.remove(entry)

    def reach(self, now: Term | None, number: int) -> None:
        """All up to this change of this term is taken in; other terms are over."""
        for term, wanted, done in self._waiting:
            if not done.done() and (term != now or wanted <= number):
                done.set_result(term == now)
