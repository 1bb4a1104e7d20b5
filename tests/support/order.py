"""In which order tests are dealt to several workers: each begins with a part of the slow ones, file by file.

pytest-xdist's `worksteal` gives each worker a piece of the list, and who is done takes from the end of another's. So a
file's labs are mostly started once, and the longest tests are not left to the end. Half of the workers begin with tests
that wait for sound, and so leave the processor to the others, which begin with browsers.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

SECONDS = {"faults": 8, "topologies": 8, "pbxes": 8, "asterisk": 6, "browser": 5, "cluster": 1, "load": 40, "fuzz": 5}
"""About how long a test takes, by the innermost of its folders that is here; all others are quick, but those with a
deadline of their own."""
WAITING = frozenset({"asterisk", "cluster", "load"})
"""Folders whose tests wait more than they compute."""
TOGETHER = ("pbxes",)
"""Folders whose files share what takes long to start."""


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same tests, so that each of so many equal pieces begins with its share of the slow ones."""
    files = [list(group) for _, group in groupby(items, _shares)]
    slow = sorted((file for file in files if cost(file)), key=cost, reverse=True)
    quick = [item for file in files if not cost(file) for item in file]
    pieces: list[list[list[pytest.Item]]] = [[] for _ in range(workers)]
    half = -(-workers // 2)
    for file in slow:
        waits = not WAITING.isdisjoint(_folders(file))
        theirs = pieces[:half] if waits else pieces[half:] or pieces
        min(theirs, key=lambda piece: sum(map(cost, piece))).append(file)
    size, found = -(-len(items) // workers), list[pytest.Item]()
    for piece in pieces:
        found += [item for file in piece for item in file]
        room = max(0, size - sum(map(len, piece)))
        found += quick[:room]
        quick = quick[room:]
    return [*found, *quick]


def cost(file: Sequence[pytest.Item]) -> float:
    """About how many seconds a file takes beside what all others take; a test with a deadline of its own is long."""
    alone = next((SECONDS[folder] for folder in _folders(file) if folder in SECONDS), 0)
    marks = [item.get_closest_marker("timeout") for item in file]
    return alone * len(file) + sum(float(mark.args[0]) / 3 for mark in marks if mark is not None)


def _folders(file: Sequence[pytest.Item]) -> list[str]:
    """Those below `tests`, the innermost first."""
    inner = list(reversed(file[0].path.parent.parts))
    return inner[: inner.index("tests")]


def _shares(item: pytest.Item) -> Path:
    """The file, or the folder, whose tests are dealt together."""
    return item.path.parent if item.path.parent.name in TOGETHER else item.path
