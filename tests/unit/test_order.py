"""How tests are dealt: none is lost or doubled, and each worker begins with its share of the slow ones."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.order import cost, dealt


def file_of(path: str, count: int, timeout: float | None = None) -> list[Any]:
    """As pytest collects them."""
    mark = None if timeout is None else SimpleNamespace(args=(timeout,))
    return [SimpleNamespace(path=Path(path), name=str(n), get_closest_marker=lambda _: mark) for n in range(count)]


FILES = [
    *(file_of(f"tests/asterisk/test_{n}.py", 5) for n in range(4)),
    file_of("tests/asterisk/test_long.py", 1, 300),
    *(file_of(f"tests/asterisk/pbxes/test_{n}.py", 2) for n in range(3)),
    file_of("tests/unit/test_long.py", 2, 60),
    *(file_of(f"tests/browser/test_{n}.py", 3) for n in range(2)),
    *(file_of(f"tests/unit/test_{n}.py", 50) for n in range(6)),
]
ALL = [item for file in FILES for item in file]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7, 400])
def test_none_is_lost_or_doubled(workers: int) -> None:
    found = dealt(ALL, workers)
    assert len(found) == len(ALL)
    assert {id(item) for item in found} == {id(item) for item in ALL}


def test_each_begins_with_its_share_half_of_them_with_what_waits() -> None:
    found = dealt(ALL, 4)
    size = -(-len(ALL) // 4)
    pieces = [found[start : start + size] for start in range(0, len(found), size)]
    first = [[str(item.path.parent) for item in piece if cost([item])] for piece in pieces]
    assert all(cost([piece[0]]) for piece in pieces)
    assert all("asterisk" in folder for folders in first[:2] for folder in folders)
    assert not any("asterisk" in folder for folders in first[2:] for folder in folders)
    assert str(pieces[0][0].path) == "tests/asterisk/test_long.py"
    assert cost(FILES[-1]) == 0 < cost(FILES[8]) < cost(FILES[4])


def test_what_shares_a_lab_goes_to_one_worker() -> None:
    found = [str(item.path.parent) for item in dealt(ALL, 3)]
    places = [place for place, folder in enumerate(found) if folder == "tests/asterisk/pbxes"]
    assert places == list(range(places[0], places[0] + 6))
