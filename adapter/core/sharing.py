"""Who takes which PBX that nobody looks after: a rule by which all adapters come to the same answer alone. Pure."""

from collections.abc import Iterable, Mapping

LATECOMER = "~"
"""Stands for one that is just starting, too, and is not to be seen yet. It comes after every id."""


def shared_out(free: Iterable[str], owned: Mapping[str, int]) -> Mapping[str, str]:
    """By PBX that is free: which adapter takes it. `owned`: by adapter that lives, how many PBXes it has.

    Each in turn goes to whoever has the fewest, the first by id of those that have as few.
    """
    counts, taken = dict(owned), {}
    for pbx in sorted(free):
        if counts:
            taken[pbx] = first = min(counts, key=lambda one: (counts[one], one))
            counts[first] += 1
    return taken
