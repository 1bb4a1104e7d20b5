"""How long ago an event was written, counted in the adapter's own running time: a clock that nobody can set. Pure.

Every few hours a mark says how long the adapter has run in all its runs, what the wall clock said then, and the newest
event's number. Events up to the number of a mark that is a day old are at least a day old. Marks are kept, so that
restarts don't begin anew; time in which the adapter did not run doesn't count: a receiver could not answer then.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

APART = 4 * 60
"""Minutes between marks that are kept; the newest one moves with the time until then."""
KEPT = 24 * 60
"""Minutes for which marks are kept, and one more before those: eight in all."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Mark(NamedTuple):
    """One moment. `ran`: minutes that the adapter has run until then; `wall`: minutes since 1970; `seq`: an event's."""

    ran: int
    wall: int
    seq: int


class Ages:
    """The marks. `ran` is everywhere minutes of running time, over all runs."""

    def __init__(self, marks: Sequence[Mark] = ()) -> None:
        self._marks = list(marks)

    @classmethod
    def read(cls, text: str) -> "Ages":
        """Marks as `written` wrote them; what can't be read is left out, and everything counts as younger."""
        return cls(list(_read(text)))

    def written(self) -> str:
        """The marks as a short text of at most 200 characters."""
        return " ".join(f"{mark.ran:x},{mark.wall:x},{mark.seq:x}" for mark in self._marks)

    @property
    def ran(self) -> int:
        """How long the adapter had run at the last mark."""
        return self._marks[-1].ran if self._marks else 0

    def note(self, ran: int, at: datetime, seq: int) -> None:
        """A mark of now."""
        if len(self._marks) > 1 and ran - self._marks[-2].ran < APART:
            self._marks.pop()
        self._marks.append(Mark(ran, int((at - EPOCH).total_seconds()) // 60, seq))
        while len(self._marks) > 1 and ran - self._marks[1].ran >= KEPT:
            self._marks.pop(0)

    def written_before(self, age: int, ran: int) -> int:
        """The newest event that is surely at least so many minutes old; 0 where none is."""
        return max((mark.seq for mark in self._marks if ran - mark.ran >= age), default=0)

    def since(self, at: datetime, ran: int) -> int:
        """How many minutes ago the wall clock said this, at the least: both were written down by the same clock."""
        wall = (at - EPOCH).total_seconds() / 60
        return next((ran - mark.ran for mark in self._marks if mark.wall >= wall), 0)


def _read(text: str) -> Iterator[Mark]:
    for part in text.split():
        try:
            ran, wall, seq = (int(number, 16) for number in part.split(","))
        except ValueError:
            continue
        yield Mark(ran, wall, seq)
