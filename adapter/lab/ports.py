"""Free ports, so that several labs can run at once."""

import random
import socket
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from adapter.errors import LabError

SHARE = (0, 1)
"""Which of how many equal shares of all ports is ours: those who choose side by side, each from its own, never choose
the same before they listen there, nor one whose owner is just being restarted."""
RTP_BLOCK = 400
"""Ports for media: two for each channel (RTP and RTCP, RFC 3550), so a hundred calls of two channels."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a lab on 127.0.0.1."""

    sip: int
    ami: int
    http: int
    rtp: int
    """First of `rtp_count` media ports."""
    rtp_count: int = RTP_BLOCK

    @classmethod
    def choose(cls, sip: int | None = None, rtp_count: int = RTP_BLOCK, besides: Collection["Ports"] = ()) -> "Ports":
        """Choose ports that are free now; `sip` is used as given. `besides`: promised to others already."""
        return cls(
            sip=sip if sip is not None else free_port(socket.SOCK_DGRAM),
            ami=free_port(),
            http=free_port(),
            rtp=free_block(rtp_count, [range(other.rtp, other.rtp + other.rtp_count) for other in besides]),
            rtp_count=rtp_count,
        )


EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""From where the kernel takes ports for whoever connects (ip(7)): what is free there may be taken a moment later."""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port that nobody uses on 127.0.0.1 at this moment, and that no connection takes by chance.

    Raises LabError when there is none.
    """
    last = int(EPHEMERAL.read_text().split()[1]) if EPHEMERAL.exists() else 60999
    above = (range(last + 1, 65536) if last < 65000 else range(20000, 32000))[SHARE[0] :: SHARE[1]]
    chance = random.SystemRandom()
    for _ in range(200):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port := chance.choice(above)))
            except OSError:
                continue
            return port
    raise LabError("No free port was found on this machine. Stop other labs and try again.")


def free_block(count: int, besides: Collection[range] = ()) -> int:
    """The first port of a free block (even, as RTP requires), outside the kernel's ephemeral range.

    `besides`: blocks that are already reserved. Raises LabError if there is none.
    """
    chance = random.SystemRandom()
    ours = (32000 - 10000) // SHARE[1] // 200 * 200
    first = 10000 + SHARE[0] * ours
    for _ in range(200):
        start = chance.randrange(first, first + ours - count + 1, 200)
        block = range(start, start + count)
        promised = any(block.start < other.stop and other.start < block.stop for other in besides)
        if not promised and _all_free(block):
            return start
    raise LabError("No free block of media ports was found on this machine. Stop other labs and try again.")


def _all_free(ports: range) -> bool:
    with ExitStack() as sockets:
        for port in ports:
            probe = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
