"""What the RTP at both parties' phones tells of a silent supervisor when calls are bridged natively: the control.

That it tells nothing without bridge_native_rtp is looked at in every mode by test_matrix.py.
"""

import asyncio
import struct
from pathlib import Path

import pytest

from adapter.lab.provision import Toolchain
from tests.support.lab import Lab
from tests.support.rtp import Packet, Trace, parse, traced

PLAIN = "[lab-outside](+)\nexten => 101,1,Dial(PJSIP/101,60)\n"
NO_CODES = "[101](+)\nset_var = DYNAMIC_FEATURES=\n"
"""A call without feature codes: those would keep Asterisk from bridging it natively."""


async def test_with_native_bridging_the_beginning_and_the_end_of_silence_show(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    async with Lab(toolchain, tmp_path, {"extensions": PLAIN, "pjsip": NO_CODES}).running() as lab:
        await silence_shows(lab)


async def silence_shows(own: Lab) -> None:
    """The control: a supervisor's leg comes and goes at a call that is bridged natively."""
    assert "Loaded" in await own.pbx.cli("module load bridge_native_rtp.so"), "the lab is not to load it by itself"
    async with own.tapped("101", "201") as taps:
        await own.talk("201", "101")
        await own.phone("301")
        admin = await own.client("admin")
        await asyncio.sleep(1)
        assert " native_rtp " in await own.pbx.cli("bridge show all")
        first = [tap.trace() for tap in taps]
        assert [len(trace.ssrcs) for trace in first] == [1, 1]

        marks = [tap.mark() for tap in taps]
        monitor = await admin.monitor(await admin.call("101"))
        await asyncio.sleep(1)
        for tap, mark in zip(taps, marks, strict=True):
            trace = tap.trace(mark)
            betrayed(trace)

        marks = [tap.mark() for tap in taps]
        assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
        await asyncio.sleep(1)
        for tap, mark, before in zip(taps, marks, first, strict=True):
            trace = tap.trace(mark)
            betrayed(trace)
            assert trace.ssrcs[1] == before.ssrcs[0], "the other phone's own stream is passed on again"


def betrayed(trace: Trace) -> None:
    """Everything that a switch of the bridge shows is there, at least once. (The timestamp happens to fit at times.)"""
    assert len(trace.ssrcs) == 2, trace
    assert min(trace.markers, trace.sequence_jumps) > 0, trace
    assert not trace.seamless, trace


def packet(sequence: int, timestamp: int, *, ssrc: int = 7, marker: bool = False, payload: int = 0) -> bytes:
    """20 ms of G.711 (RFC 3551)."""
    return struct.pack("!BBHII", 0x80, payload | marker << 7, sequence, timestamp, ssrc) + bytes(160)


def test_a_stream_that_runs_on_shows_nothing_also_where_its_numbers_wrap() -> None:
    found = [parse(packet((65534 + n) % 2**16, (2**32 - 200 + 160 * n) % 2**32, marker=not n)) for n in range(5)]
    trace = traced([one for one in found if one])
    assert (trace.packets, trace.seamless) == (5, True), trace
    assert not traced([]).seamless, "nothing seen is not nothing shown"


@pytest.mark.parametrize(
    "second",
    [
        packet(2, 320, ssrc=8),
        packet(2, 320, marker=True),
        packet(2, 320, payload=8),
        packet(3, 320),
        packet(1, 320),
        packet(2, 321),
    ],
)
def test_each_thing_that_shows_is_seen(second: bytes) -> None:
    found = [parse(packet(1, 160)), parse(second)]
    assert not traced([one for one in found if isinstance(one, Packet)]).seamless


def test_what_is_no_rtp_is_not_taken_for_it() -> None:
    report = struct.pack("!BBHII", 0x80, 200, 6, 7, 0)  # RTCP's sender report
    for junk in (report, b"", b"\x80" * 11, b"\x00" * 40):
        assert parse(junk) is None
