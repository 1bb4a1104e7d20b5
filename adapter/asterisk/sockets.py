"""Sockets that forget: what Asterisk did not get in time, or before we gave it up, it never gets.

What was written to a peer out of reach lies in our kernel, and arrives when the cable is back, also after `close()`:
a microphone would open minutes late.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

UNHEARD = 1.5
"""Seconds after which the kernel gives a connection up whose peer does not acknowledge (tcp(7), TCP_USER_TIMEOUT)."""
_NO_TIME = struct.pack("ii", 1, 0)


def forgetful(connected: socket.socket) -> None:
    """Let the kernel drop what is not acknowledged in time. Before or after connecting."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNHEARD * 1000))


def made(address: tuple[Any, ...]) -> socket.socket:
    """Such a socket, for what `getaddrinfo` found (aiohttp's `socket_factory`)."""
    family, kind, protocol, _, _ = address
    fresh = socket.socket(family=family, type=kind, proto=protocol)
    forgetful(fresh)
    return fresh


def abort(transport: asyncio.Transport) -> None:
    """End a connection so that nothing of it is sent any more (socket(7), SO_LINGER without time: a reset)."""
    connected = transport.get_extra_info("socket")
    if connected is not None and not transport.is_closing():
        with suppress(OSError):  # the peer may have closed it a moment ago
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_TIME)
    transport.abort()
