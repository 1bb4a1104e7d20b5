"""Clients of the live stream without sockets: transports that keep what is written, take no more, or fail."""

import asyncio
import re

from adapter.web.client import Stream
from adapter.web.stream import Streams


class Wire(asyncio.WriteTransport):
    """One client's connection."""

    def __init__(self, streams: Streams, user_id: str, *, chunked: bool = True, take_within: float = 15.0) -> None:
        super().__init__()
        self.written: list[tuple[float, bytes]] = []
        """What was written and when, by the loop's clock."""
        self.room: int | None = None
        """Writes that it takes until it is full; None: any number."""
        self.error: Exception | None = None
        self.aborted = False
        self.stream: Stream = streams.join(user_id, f"session of {user_id}")
        self.first, self._chunked = self.stream.snapshot, chunked
        self._take_within = take_within

    def begin(self) -> "Wire":
        """The snapshot was written."""
        self.stream.begin(self, chunked=self._chunked, take_within=self._take_within)
        return self

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.error is not None:
            raise self.error
        assert self.room != 0, "it was written to though it is full"
        self.written.append((asyncio.get_running_loop().time(), bytes(data)))
        if self.room is not None:
            self.room -= 1
            if not self.room:
                self.stream.paused()

    def drained(self, room: int | None = None) -> None:
        """It takes more again."""
        self.room = room
        self.stream.resumed()

    def abort(self) -> None:
        self.aborted = True

    @property
    def body(self) -> bytes:
        """What the client reads after its snapshot."""
        data = b"".join(data for _, data in self.written)
        return unchunked(data) if self._chunked else data

    @property
    def ids(self) -> list[int]:
        """The ids of its events, the snapshot's too."""
        return [int(found) for found in re.findall(rb"\nid: (\d+)\n", self.first + self.body)]


def unchunked(data: bytes) -> bytes:
    """The body in these chunks (RFC 9112, section 7.1), each of which must be whole."""
    found = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        assert data[length : length + 2] == b"\r\n", (size, data[:80])
        found, data = found + data[:length], data[length + 2 :]
    return found
