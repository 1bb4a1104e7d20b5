"""What waits to be written, in its order and in pieces; a piece that is refused is halved until the culprit is alone.

No I/O here. Each piece remembers whether it may be in the database already, so that no fact is written twice or lost.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from adapter.core.record import Sealed, joined, without

AT_ONCE = 500
"""Facts in one transaction, so that a long queue is written in steps that keep the database's deadline."""
TRIES = 2
"""How often one change is refused before it is put aside: a hook that was deleted at the same moment passes."""


@dataclass(slots=True)
class Piece:
    """Changes that are written together."""

    changes: list[Sealed]
    last: int
    """The number of the last change in it."""
    whole: Sealed = field(init=False)
    tried: bool = False
    refused: int = 0

    def __post_init__(self) -> None:
        self.whole = joined(self.changes) if len(self.changes) > 1 else self.changes[0]

    def again(self) -> bool:
        """Whether a former try may have succeeded unheard; from now on one may have."""
        before, self.tried = self.tried, True
        return before


class Batches:
    """A queue of changes, numbered from 1."""

    def __init__(self) -> None:
        self.size = 0
        """Facts that wait."""
        self.last = 0
        """The number of the last change that came."""
        self._waiting: deque[Sealed] = deque()
        self._pieces: deque[Piece] = deque()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting and not self._pieces

    def add(self, change: Sealed) -> None:
        """One more."""
        self.last += 1
        self.size += change.record.size
        self._waiting.append(change)

    def until_now(self) -> Iterator[Piece]:
        """The first piece again and again, until all that waits now is done; each may take along what came later."""
        goal = self.last
        while self._pieces or self.last - len(self._waiting) < goal:
            if not self._pieces:
                self._pieces.append(self._take())
            yield self._pieces[0]

    def __iter__(self) -> Iterator[Sealed]:
        """All changes that wait."""
        return chain(chain.from_iterable(piece.changes for piece in self._pieces), self._waiting)

    def keep_ours(self, is_ours: Callable[[str], bool]) -> None:
        """What is of a PBX that is another adapter's now is written by nobody here. Numbers stay as they are."""
        for piece in self._pieces:
            piece.changes = [without(change, is_ours) for change in piece.changes]
            piece.whole = joined(piece.changes)
        self._waiting = deque(without(change, is_ours) for change in self._waiting)
        self.size = sum(change.record.size for change in self)

    def _take(self) -> Piece:
        taken, size = [], 0
        while self._waiting and size < AT_ONCE:
            taken.append(self._waiting.popleft())
            size += taken[-1].record.size
        return Piece(taken, self.last - len(self._waiting))

    def done(self) -> Piece:
        """The first piece is dealt with."""
        piece = self._pieces.popleft()
        self.size -= sum(change.record.size for change in piece.changes)
        return piece

    def split(self) -> bool:
        """The first piece was refused, so nothing of it is written: halve it, or try it once more.

        False where it is a single change that was refused often enough.
        """
        piece = self._pieces[0]
        piece.refused, piece.tried = piece.refused + 1, False
        if len(piece.changes) == 1:
            return piece.refused < TRIES
        self._pieces.popleft()
        half = len(piece.changes) // 2
        self._pieces.appendleft(Piece(piece.changes[half:], piece.last))
        self._pieces.appendleft(Piece(piece.changes[:half], piece.last - len(piece.changes) + half))
        return True


def new_id() -> str:
    """An id that nobody else gives (RFC 9562, version 4)."""
    return uuid.uuid4().hex
