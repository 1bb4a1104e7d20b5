"""Sockets that forget: what Asterisk did not get in time, or before we gave it up, it never gets.

What was written to a peer out of reach lies in our kernel, and arrives when the cable is back, also after `close()`:
a microphone would open minutes late.
"""

import asyncio
import os
import socket
import struct
from contextlib import suppress
from typing import Any

UNHEARD = 1.5
"""Seconds after which the kernel gives a connection up whose peer does not acknowledge (tcp(7), TCP_USER_TIMEOUT)."""
_NO_TIME = struct.pack("ii", 1, 0)


def forgetful(transport: asyncio.Transport) -> None:
    """Let the kernel drop what a connection's other end does not acknowledge in time."""
    _set(transport, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNHEARD * 1000))


def made(address: tuple[Any, ...]) -> socket.socket:
    """A socket like that, for what `getaddrinfo` found (aiohttp's `socket_factory`)."""
    family, kind, protocol, _, _ = address
    fresh = socket.socket(family=family, type=kind, proto=protocol)
    fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNHEARD * 1000))
    return fresh


def abort(transport: asyncio.Transport) -> None:
    """End a connection so that nothing of it is sent any more (socket(7), SO_LINGER without time: a reset)."""
    if not transport.is_closing():
        _set(transport, socket.SOL_SOCKET, socket.SO_LINGER, _NO_TIME)
    transport.abort()


def _set(transport: asyncio.Transport, level: int, option: int, value: int | bytes) -> None:
    """Options are the connection's, whatever refers to it; a loop may show a socket that has no `setsockopt`."""
    try:
        descriptor = os.dup(transport.get_extra_info("socket").fileno())
    except OSError:  # it is gone already
        return
    with socket.socket(fileno=descriptor) as same, suppress(OSError):  # reset by the peer a moment ago
        same.setsockopt(level, option, value)
