"""Splits AMI's byte stream into messages, incrementally and in linear time, and skips unwanted events. Pure.

It replaces panoramisk's own parser, which decodes chunk by chunk (characters split across two chunks are lost) and
scans large messages again with every chunk.
"""

from collections.abc import Collection

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes. Asterisk's longest messages are a few kilobytes; anything longer than this is not AMI."""

END = b"\r\n\r\n"
"""What ends a message (main/manager.c)."""

Message = dict[str, str]


KNOWN_LINES, LONG = 4096, 256
"""How many lines are kept split, and characters from which on one is not: at most two megabytes."""


class Lines(dict[str, list[str]]):
    """Lines as name and value. Most lines of an event stood in another event of the same call already: each is split
    once, and what the model compares and keeps is the same string again.
    """

    def __missing__(self, line: str) -> list[str]:
        pair = line.split(": ", 1)
        if len(line) < LONG:
            if len(self) >= KNOWN_LINES:
                self.clear()
            self[line] = pair
        return pair


ACTION_ID = b"\r\nActionID: "


class NotAmi(Exception):
    """The peer does not speak AMI."""


class Splitter:
    """Splits a stream into messages. `wanted`: names of the events to decode; others are skipped cheaply."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(b"Event: " + name.encode() for name in wanted)
        self._lines = Lines()
        self._buffer = bytearray()
        self._scanned = 0
        self.greeting: str | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are now complete, in order. Raises NotAmi if a message is too long."""
        buffer = self._buffer
        buffer += data
        if self.greeting is None and not self._greeted():
            return []
        messages: list[Message] = []
        if buffer.find(END, max(0, self._scanned - 3)) >= 0:
            *whole, rest = bytes(buffer).split(END)
            messages = [
                self._fields(message.decode("utf-8", "replace"))
                for message in whole
                if message.partition(b"\r\n")[0] in self._wanted or _answers_us(message)
            ]
            buffer[:] = rest
        self._scanned = len(buffer)
        if len(buffer) > MAX_MESSAGE:
            raise NotAmi(f"a message of more than {MAX_MESSAGE} bytes")
        return messages

    def _fields(self, text: str) -> Message:
        known, lines = self._lines, text.split("\r\n")
        try:
            return dict([known[line] for line in lines])
        except ValueError:  # a line without a value: rare, so the fast path does not check for it
            return {
                name: value.removeprefix(" ") for name, colon, value in (line.partition(":") for line in lines) if colon
            }

    def _greeted(self) -> bool:
        """Read the greeting: the first line is `Asterisk Call Manager/<version>`, not a message."""
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


def _answers_us(message: bytes) -> bool:
    """Whether it is a response, or an item of a list, which carries our ActionID: first, or of QueueStatus last."""
    if not message.startswith(b"Event: "):
        return bool(message)
    return message.find(ACTION_ID, 0, 200) >= 0 or message.find(ACTION_ID, max(0, len(message) - 100)) >= 0
