"""One event of a live stream, as it is written."""

import json
from typing import NamedTuple


def encode(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Frame(NamedTuple):
    """One event of the stream (WHATWG HTML, server-sent events), but for its id, which is each stream's own."""

    head: bytes
    """All before the id."""
    tail: bytes
    """All after it."""

    @classmethod
    def of(cls, kind: str, data: bytes) -> "Frame":
        """An event and its data."""
        return cls(b"event: %b\nid: " % kind.encode(), b"\ndata: %b\n\n" % data)

    def numbered(self, number: int) -> bytes:
        """With its id."""
        return b"%b%d%b" % (self.head, number, self.tail)
