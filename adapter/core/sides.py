"""An agent's side and the far side of now make a call: which calls an agent's line has at this moment. Pure.

A line has one call, for as long as it lives, whoever comes and goes at its far end (transfers): its monitors stay.
Where others come to a line that was there before (a conference room, a login), each of them is a call of its own.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from adapter.core.lines import Lines, TrackedChannel
from adapter.core.parties import Parties


class Side(NamedTuple):
    """An agent's line, and who is at its other end."""

    call_id: str
    line: TrackedChannel
    far: Sequence[TrackedChannel]
    other: TrackedChannel | None
    """Of these the one whom the call is with."""
    began: datetime
    persistent: bool
    """Whether the line was there before the call, and stays after it."""


class Sides:
    """Finds the calls of lines."""

    def __init__(self, lines: Lines, parties: Parties, opaque: Callable[[str], str]) -> None:
        self._lines, self._parties, self._opaque = lines, parties, opaque

    def of(self, line: TrackedChannel, far: Sequence[TrackedChannel], known: Collection[str]) -> Iterator[Side]:
        """The calls of an agent's line. `far`: all at its other end; `known`: ids of calls that there were just now.

        An agent's side alone is none: whoever dials a code or a room, waits logged in, or is rung by a program talks to
        nobody. One whose far side has left goes on until the line is hung up.
        """
        if self._lines.is_persistent(line):
            yield from self._chosen(line, far, known)
            return
        line.call_id = line.call_id or self._opaque(line.channel.uniqueid)
        if far or line.bridge is not None or line.call_id in known:
            yield Side(line.call_id, line, far, self._parties.main(far), line.created_at, persistent=False)

    def _chosen(self, line: TrackedChannel, far: Sequence[TrackedChannel], known: Collection[str]) -> Iterator[Side]:
        """Everybody from outside; of colleagues one, while nobody is there from outside, or as long as it runs."""
        sides = [self._with(line, far, other) for other in far]
        outside = [side for side in sides if side.other and not self._parties.is_ours(side.other)]
        inside = [side for side in sides if side not in outside]
        yield from outside
        running = [side for side in inside if side.call_id in known]
        yield from running[:1] or ([] if outside else inside[:1])

    def _with(self, line: TrackedChannel, far: Sequence[TrackedChannel], other: TrackedChannel) -> Side:
        call_id = self._opaque(f"{line.channel.uniqueid} {other.channel.uniqueid}")
        first = [other, *(one for one in far if one is not other)]
        return Side(call_id, line, first, other, max(line.created_at, other.created_at), persistent=True)
