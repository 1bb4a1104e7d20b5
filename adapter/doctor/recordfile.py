"""A recording on disk: readable by its owner only, never longer than it may be, and counted while it grows."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from adapter.asterisk.recording import Header, Writer
from adapter.asterisk.splitter import Message
from adapter.errors import ConfigError

MODE = 0o600
"""Permissions: whom it tells of is masked, how much is called when is not."""
FOR_THE_END = 1024
"""Bytes kept for the last lines, so that a full file still says that it is full."""


def check_place(path: Path, *, force: bool) -> None:
    """Raise ConfigError where no recording can be made, before anything is asked of the PBX."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise ConfigError(f"{path.parent} is no folder, so {path.name} can't be made there.") from None
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise ConfigError(f"Nothing may be made in {path.parent}; choose another folder.") from None
        return
    except OSError as problem:
        raise ConfigError(f"{path} can't be made: {problem.strerror}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{path} is no plain file; a recording is not written over it.")
    if not force:
        raise ConfigError(f"{path} is there already. Choose another name, or --force to replace it.")


class RecordFile:
    """The file of one recording, open. Its methods write to disk: call them where that may take its time."""

    def __init__(self, path: Path, writer: Writer, most: int, *, force: bool) -> None:
        """Begin it; it holds at most `most` bytes. Raises OSError, also FileExistsError."""
        self._writer, self._most = writer, most
        self.size = self.events = self.missed = 0
        self.full = False
        self._channels: set[str] = set()
        self._conversations: set[str] = set()
        if force:
            path.unlink(missing_ok=True)
        # A new file, never one that somebody put there meanwhile (O_EXCL), nor what a link points at.
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb")

    @property
    def channels(self) -> int:
        """How many channels were seen."""
        return len(self._channels)

    @property
    def conversations(self) -> int:
        """How many conversations they belong to (Asterisk's Linkedid)."""
        return len(self._conversations)

    def begin(self, header: Header, lists: Sequence[Sequence[Message]]) -> None:
        """Write what was there in the beginning."""
        self._put(self._writer.header(header))
        self._put(self._writer.snapshot(0.0, lists))
        for message in lists[0]:
            self._count(message)

    def add(self, told: Sequence[tuple[float, Sequence[Message] | int]]) -> None:
        """Write what was told and when: messages, or how many were missed. Raises OSError."""
        for t, what in told:
            if isinstance(what, int):
                self.missed += what
                self._put(self._writer.missed(t, what))
                continue
            for message in what:
                line = self._writer.event(t, message)
                if line is not None and self._put(line):
                    self.events += 1
                    self._count(message)
        self._file.flush()

    def close(self, t: float | None = None, why: str = "") -> None:
        """End it. Without `t` it breaks off. Raises OSError."""
        if t is not None:
            self._most += FOR_THE_END
            self.full = False
            self._put(self._writer.end(t, why))
        self._file.close()

    def _put(self, line: str) -> bool:
        data = line.encode("ascii")
        if self.full or self.size + len(data) > self._most - FOR_THE_END:
            self.full = True
            return False
        self._file.write(data)
        self.size += len(data)
        return True

    def _count(self, message: Message) -> None:
        for header, seen in (("Uniqueid", self._channels), ("DestUniqueid", self._channels)):
            if found := message.get(header):
                seen.add(found)
        if found := message.get("Linkedid"):
            self._conversations.add(found)
