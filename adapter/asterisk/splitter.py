"""Bytes from AMI into messages: incremental, linear, and deaf to what nobody wants. Pure.

panoramisk's own parser decodes chunk by chunk (characters split over two chunks vanish) and scans large messages
again with every chunk; this one takes its place.
"""

from collections.abc import Collection

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes. Asterisk's longest messages are a few kilobytes; what is longer is no AMI."""

Message = dict[str, str]


class NotAmi(Exception):
    """The peer does not speak AMI."""


class Splitter:
    """Cuts a stream into messages. `wanted` are the event names to decode; others cost a glance only."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(name.encode() for name in wanted)
        self._buffer = bytearray()
        self._scanned = 0
        self.greeting: str | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now, in order. Raises NotAmi when the peer sends without an end."""
        buffer = self._buffer
        buffer += data
        if self.greeting is None and not self._greeted():
            return []
        messages: list[Message] = []
        start = 0
        while (end := buffer.find(b"\r\n\r\n", max(start, self._scanned - 3))) >= 0:
            self._scanned = 0
            if self._is_wanted(buffer, start, end):
                messages.append(_fields(buffer[start:end].decode("utf-8", "replace")))
            start = end + 4
        if start:
            del buffer[:start]
        self._scanned = len(buffer)
        if len(buffer) > MAX_MESSAGE:
            raise NotAmi(f"a message of more than {MAX_MESSAGE} bytes")
        return messages

    def _greeted(self) -> bool:
        """The first line is `Asterisk Call Manager/<version>` and no message."""
        head, end, _ = self._buffer.partition(b"\r\n")
        if not end:
            if len(head) > 1024:
                raise NotAmi("no greeting")
            return False
        self.greeting = head.decode("utf-8", "replace")
        if not self.greeting.startswith("Asterisk Call Manager"):
            raise NotAmi(f"not an Asterisk Manager Interface: {self.greeting[:60]!r}")
        del self._buffer[: len(head) + 2]
        return True

    def _is_wanted(self, buffer: bytearray, start: int, end: int) -> bool:
        """Responses, items of a list (they carry our ActionID), and events by name."""
        if not buffer.startswith(b"Event: ", start):
            return end > start
        line = buffer.find(b"\r\n", start, end)
        name = bytes(buffer[start + 7 : line if line >= 0 else end])
        return name in self._wanted or buffer.find(b"\r\nActionID: ", start, min(end, start + 200)) >= 0


def _fields(text: str) -> Message:
    lines = text.split("\r\n")
    try:
        return dict([line.split(": ", 1) for line in lines])
    except ValueError:  # a line without a value: rare, and not worth a look at every line
        return {
            name: value.removeprefix(" ") for name, colon, value in (line.partition(":") for line in lines) if colon
        }
