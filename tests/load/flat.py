"""Whether a figure stays flat over a long run: judged by medians of its thirds, which a burst can't move. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

WARM_UP = 0.25
"""Share of the run that is not looked at: caches fill, the allocator takes its arenas, pools open connections."""
FEWEST = 9
"""Values that can be judged at all: three in each third."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a figure did after the warm-up."""

    name: str
    first: float
    """Median of the first third,"""
    middle: float
    """of the second,"""
    last: float
    """and of the last."""
    allowed: float
    """How much the last may exceed the middle."""

    @property
    def growth(self) -> float:
        """How much the last third is over the one before."""
        return self.last - self.middle

    @property
    def flat(self) -> bool:
        """Whether that is within what is allowed."""
        return self.growth <= self.allowed


def judge(name: str, values: Sequence[float], *, share: float = 0.0, least: float) -> Verdict:
    """Judge a figure's values in their order. Allowed is `share` of the middle third's median, but `least` at least.

    Raises ValueError when there are too few.
    """
    kept = values[int(len(values) * WARM_UP) :]
    if len(kept) < FEWEST:
        raise ValueError(f"{name}: {len(values)} values are too few to tell whether it stays flat")
    third = len(kept) // 3
    parts = kept[:third], kept[third : 2 * third], kept[2 * third :]
    first, middle, last = (statistics.median(part) for part in parts)
    return Verdict(name, first, middle, last, max(least, share * middle))
