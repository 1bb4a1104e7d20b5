"""RTP headers as somebody with a packet capture at a phone sees them, and what a run of them shows. Pure."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

RTCP_TYPES = range(72, 77)
"""Payload types that are RTCP's 200 to 204 without their first bit (RFC 5761, section 4)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The fixed header of one RTP packet (RFC 3550, section 5.1)."""

    ssrc: int
    sequence: int
    timestamp: int
    marker: bool
    payload: int
    size: int
    """Bytes of sound; with G.711 as many samples."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run of packets shows."""

    packets: int
    ssrcs: tuple[int, ...]
    """In the order in which they came."""
    payloads: tuple[int, ...]
    markers: int
    sequence_jumps: int
    """Places where the number is not the one before plus one (mod 65536)."""
    timestamp_jumps: int
    """Places where the timestamp is not the one before plus that packet's samples (mod 2^32)."""

    @property
    def seamless(self) -> bool:
        """Nothing in the headers shows that anything happened."""
        one = len(self.ssrcs) == 1 and len(self.payloads) == 1
        return one and not (self.markers or self.sequence_jumps or self.timestamp_jumps)


def parse(data: bytes) -> Packet | None:
    """A packet's header; None for what is no RTP: RTCP, junk."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
    if second & 0x7F in RTCP_TYPES:
        return None
    return Packet(ssrc, sequence, timestamp, bool(second & 0x80), second & 0x7F, len(data) - 12 - 4 * (first & 15))


def traced(packets: Sequence[Packet]) -> Trace:
    """Look at a run of packets. The first one is what the second is compared with; its own marker is not counted."""
    pairs = list(pairwise(packets))
    return Trace(
        packets=len(packets),
        ssrcs=tuple(dict.fromkeys(packet.ssrc for packet in packets)),
        payloads=tuple(dict.fromkeys(packet.payload for packet in packets)),
        markers=sum(after.marker for _, after in pairs),
        sequence_jumps=sum((after.sequence - before.sequence) % 2**16 != 1 for before, after in pairs),
        timestamp_jumps=sum((after.timestamp - before.timestamp) % 2**32 != before.size for before, after in pairs),
    )
