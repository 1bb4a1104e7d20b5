"""Frames as bytes on a connection: made once for all streams that have had the same, but for each one's own ids."""

from collections.abc import Sequence
from itertools import pairwise

from adapter.web.frames import Frame

STILL_HERE = b": still here\n\n"
"""A comment (WHATWG HTML, server-sent events): what shows a client that the server lives."""


def framed(data: bytes, chunked: bool) -> bytes:
    """As it goes over a connection: to HTTP/1.1 in chunks (RFC 9112, section 7.1), to HTTP/1.0 as it is."""
    return b"%x\r\n%b\r\n" % (len(data), data) if chunked else data


class Parcel:
    """Some frames, one after the other. Only ids, and so the chunk's length, are put in for each stream."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.count = len(frames)
        joints = [frame.tail + later.head for frame, later in pairwise(frames)]
        self._head, self._tail = frames[0].head, frames[-1].tail
        self._end = self._tail + b"\r\n"
        self._size = len(self._head) + len(self._tail) + sum(map(len, joints))
        self._pieces = [b"", b""]
        """The ids are put at the odd places."""
        for joint in joints:
            self._pieces += (joint, b"")
        self._pieces.append(b"")
        self._heads: dict[int, bytes] = {}
        """What precedes the first id, the chunk's length with it, by how many digits the ids have together."""

    def after(self, last_id: int, chunked: bool) -> bytes:
        """As it goes over a connection of which the last frame had this id."""
        if self.count == 1:
            number = b"%d" % (last_id + 1)
            if not chunked:
                return b"".join((self._head, number, self._tail))
            return b"".join((self._heads.get(len(number)) or self._beginning(len(number)), number, self._end))
        numbers = [b"%d" % number for number in range(last_id + 1, last_id + 1 + self.count)]
        digits, pieces = sum(map(len, numbers)), self._pieces
        pieces[1::2] = numbers
        pieces[0] = (self._heads.get(digits) or self._beginning(digits)) if chunked else self._head
        pieces[-1] = self._end if chunked else self._tail
        return b"".join(pieces)

    def _beginning(self, digits: int) -> bytes:
        made = self._heads[digits] = b"%x\r\n%b" % (self._size + digits, self._head)
        return made
