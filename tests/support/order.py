"""In which order tests are dealt to several workers: each begins with a part of the slow ones, file by file.

pytest-xdist's `worksteal` gives each worker a piece of the list, and who is done takes from the end of another's. So a
file's labs are mostly started once, the longest tests are not left to the end, and who waits for sound leaves the
processor to those who compute.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

SECONDS = dict.fromkeys(("faults", "topologies", "pbxes"), 8) | {"asterisk": 6, "browser": 5, "cluster": 1}
SECONDS |= {"load": 40, "fuzz": 5}
"""About how long a test takes, by its folder; all others are quick, but those with a deadline of their own."""
TOGETHER = ("pbxes",)
"""Folders whose files share what takes long to start."""


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same tests, so that each of so many equal pieces begins with its share of the slow ones."""
    files = [list(group) for _, group in groupby(items, _shares)]
    slow = sorted((file for file in files if cost(file)), key=cost, reverse=True)
    quick = [item for file in files if not cost(file) for item in file]
    pieces: list[list[list[pytest.Item]]] = [[] for _ in range(workers)]
    for file in slow:
        min(pieces, key=lambda piece: sum(map(cost, piece))).append(file)
    size, found = -(-len(items) // workers), list[pytest.Item]()
    for piece in pieces:
        found += [item for file in piece for item in file]
        room = max(0, size - sum(map(len, piece)))
        found += quick[:room]
        quick = quick[room:]
    return [*found, *quick]


def cost(file: Sequence[pytest.Item]) -> float:
    """About how many seconds a file takes beside what all others take; a test with a deadline of its own is long."""
    alone = SECONDS.get(file[0].path.parent.name, 0)
    marks = [item.get_closest_marker("timeout") for item in file]
    return alone * len(file) + sum(float(mark.args[0]) / 3 for mark in marks if mark is not None)


def _shares(item: pytest.Item) -> Path:
    """The file, or the folder, whose tests are dealt together."""
    return item.path.parent if item.path.parent.name in TOGETHER else item.path
