"""Claims on ports: what one lab has chosen no other lab chooses, also while nobody listens there.

Between the moment in which a port is found free and the one in which Asterisk binds it, and while Asterisk is
restarted, it is free for everybody. So whoever chooses binds a name for it in the abstract namespace of unix sockets as
well (unix(7)): it exists once in each network namespace, as ports do, needs no file, and goes with its process.
"""

import contextlib
import errno
import os
import socket
import weakref
from collections.abc import Iterable

SLOT = 200
"""Media ports are claimed by so many: one name for each port would be a file for each."""


class Claim:
    """Held for as long as somebody refers to it, at most as long as this process lives."""

    __slots__ = ("__weakref__",)

    def __init__(self, files: list[int]) -> None:
        weakref.finalize(self, _close, files)


def claim_port(kind: int, port: int) -> Claim | None:
    """A TCP or UDP port of 127.0.0.1 (by its kind of socket); None if somebody else has claimed it."""
    return _claim([f"{'tcp' if kind == socket.SOCK_STREAM else 'udp'}-{port}"])


def claim_block(ports: range) -> Claim | None:
    """All media ports of a block; None if somebody else has claimed some of them."""
    return _claim(f"media-{slot}" for slot in range(ports.start // SLOT, (ports.stop - 1) // SLOT + 1))


def _claim(names: Iterable[str]) -> Claim | None:
    files: list[int] = []
    try:
        for name in names:
            holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # not inherited by what we start (PEP 446)
            try:
                holder.bind(f"\0call-monitor-lab-{name}")
            except BaseException:
                holder.close()
                raise
            files.append(holder.detach())
    except OSError as problem:
        _close(files)
        if problem.errno == errno.EADDRINUSE:
            return None
        raise
    return Claim(files)


def _close(files: list[int]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            os.close(file)
