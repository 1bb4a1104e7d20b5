"""Free ports, so that several labs can run at once."""

import random
import socket
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from adapter.errors import LabError
from adapter.lab.claims import SLOT, Claim, claim_block, claim_port

RTP_BLOCK = 400
"""Ports for media: two for each channel (RTP and RTCP, RFC 3550), so a hundred calls of two channels."""
BLOCKS = range(10000, 28000)
"""Where blocks of media ports are: outside the kernel's ephemeral range (ip(7): from 32768)."""
HELD = 120.0
"""Seconds for which a port that was chosen is claimed without anybody saying so: then it is bound, or forgotten."""
_recent: deque[tuple[float, Claim]] = deque()


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a lab on 127.0.0.1."""

    sip: int
    ami: int
    http: int
    rtp: int
    """First of `rtp_count` media ports."""
    rtp_count: int = RTP_BLOCK
    claims: tuple[Claim | None, ...] = field(default=(), compare=False, repr=False)
    """They are ours, also while Asterisk is restarted, for as long as this object is kept."""

    @classmethod
    def choose(cls, sip: int | None = None, rtp_count: int = RTP_BLOCK) -> "Ports":
        """Choose ports that are free now; `sip` is used as given, and claimed as far as nobody else has."""
        its_claim: Claim | None
        if sip is None:
            sip, its_claim = chosen(socket.SOCK_DGRAM)
        else:
            its_claim = claim_port(socket.SOCK_DGRAM, sip)
        ami, http, rtp = chosen(), chosen(), chosen_block(rtp_count)
        claims = (its_claim, ami[1], http[1], rtp[1])
        return cls(sip, ami[0], http[0], rtp[0], rtp_count, claims)


EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""From where the kernel takes ports for whoever connects (ip(7)): what is free there may be taken a moment later."""


def chosen(kind: int = socket.SOCK_STREAM) -> tuple[int, Claim]:
    """A port that nobody uses on 127.0.0.1 and no connection takes by chance; it is ours while the claim is kept.

    Raises LabError when there is none.
    """
    last = int(EPHEMERAL.read_text().split()[1]) if EPHEMERAL.exists() else 60999
    above = range(last + 1, 65536) if last < 65000 else range(BLOCKS.stop, 32000)
    chance = random.SystemRandom()
    for _ in range(200):
        port = chance.choice(above)
        if (claim := claim_port(kind, port)) is not None and _free(kind, port):
            return port, claim
    raise LabError("No free port was found on this machine. Stop other labs and try again.")


def chosen_block(count: int) -> tuple[int, Claim]:
    """The first port of a free block (even, as RTP requires), likewise. Raises LabError if there is none."""
    chance = random.SystemRandom()
    for _ in range(400):
        start = chance.randrange(BLOCKS.start, BLOCKS.stop - count, SLOT)
        block = range(start, start + count)
        if (claim := claim_block(block)) is not None and _all_free(block):
            return start, claim
    raise LabError("No free block of media ports was found on this machine. Stop other labs and try again.")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """As `chosen`, for whoever binds it within two minutes."""
    now = time.monotonic()
    while _recent and _recent[0][0] < now - HELD:
        _recent.popleft()
    port, claim = chosen(kind)
    _recent.append((now, claim))
    return port


def free_block(count: int) -> int:
    """As `chosen_block`, for whoever binds them at once."""
    start, _ = chosen_block(count)
    return start


def _free(kind: int, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _all_free(ports: range) -> bool:
    with ExitStack() as sockets:
        for port in ports:
            probe = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
