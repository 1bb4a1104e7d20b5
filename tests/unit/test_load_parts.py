"""Load's parts that need no Asterisk: what is flat, what quantiles are, how a page checks ids, mu-law."""

import math
import random

import pytest

from adapter.asterisk.tones import RATE
from tests.load.actors import UPDATED
from tests.load.flat import judge
from tests.load.pages import Page, Seen
from tests.load.sampling import quantile, spread
from tests.load.sipp import SIPP, mu_law


def noisy(count: int, slope: float) -> list[float]:
    """A figure around 100 that also jumps now and then, and grows by `slope` a value."""
    chance = random.Random(7)
    return [100 + n * slope + chance.uniform(-2, 2) + (30 if n % 17 == 0 else 0) for n in range(count)]


def test_noise_and_bursts_are_flat_and_growth_is_not() -> None:
    assert judge("rss", noisy(180, 0.0), share=0.03, least=2.0).flat
    assert not judge("rss", noisy(180, 0.1), share=0.03, least=2.0).flat
    start = [10.0 + n for n in range(40)] + [50.0] * 140
    assert judge("rss", start, least=0.0).flat, "a warm-up is no leak"
    stairs = [50.0 + n // 60 for n in range(180)]
    assert not judge("fds", stairs, least=0.0).flat
    assert judge("fds", stairs, least=1.0).flat
    with pytest.raises(ValueError, match="too few"):
        judge("rss", [1.0] * 10, least=0.0)


def test_quantiles() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.99)] == [1.0, 51.0, 100.0]
    assert quantile([], 0.5) == 0.0
    assert spread(values) == "51.0 / 96.0 / 100.0 / 100.0"
    assert spread([]) == "-"


async def test_a_page_sees_every_gap_however_the_bytes_are_cut() -> None:
    def frame(number: int) -> bytes:
        text = f"event: call.updated\nid: {number}\ndata: {{}}\n\n"
        return b"%x\r\n%b\r\n" % (len(text), text.encode())

    whole = b"HTTP/1.1 200 OK\r\n\r\n" + b"".join(frame(n) for n in range(1, 40))
    for size in (1, 7, 64, 10_000):
        seen = Seen()
        page = Page(1, "", seen)
        for start in range(0, len(whole), size):
            page.data_received(whole[start : start + size])
        assert (seen.frames, seen.gaps, seen.opened, seen.bytes) == (39, 0, 1, len(whole))
        page.data_received(frame(41))
        assert seen.gaps == 1
        page.connection_lost(None)
        assert seen.lost == 1


def test_a_switch_is_found_in_the_frames() -> None:
    frames = (
        b'event: call.updated\nid: 3\ndata: {"id":"c","monitors":[{"id":"m1","mode":"barge","state":"live"}]}\n\n'
        b'event: monitor.updated\nid: 4\ndata: {"id":"m1","call_id":"c","mode":"whisper","state":"live","x":1}\n\n'
        b'event: monitor.updated\nid: 5\ndata: {"id":"m2","call_id":"c","mode":"silent","state":"connecting"}\n\n'
    )
    assert UPDATED.findall(frames) == [(b"m1", b"whisper")]


@pytest.mark.parametrize(
    ("version", "fits"), [("1:3.8.0-1", True), ("3.7.1", True), ("1:3.6.1-1+b2", False), ("4.0", True), ("x", False)]
)
def test_which_sipp_will_do(version: str, fits: bool) -> None:
    assert (SIPP.check(version) is None) is fits


def test_mu_law_is_g_711s() -> None:
    assert [mu_law(sample) for sample in (0, 32635, -32635, 8, -8)] == [0xFF, 0x80, 0x00, 0xFE, 0x7E]
    tone = [round(6000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)]
    worst = max(abs(linear(mu_law(sample)) - sample) / (abs(sample) + 16) for sample in tone)
    assert worst < 0.07, "a segment's step is a sixteenth"


def linear(code: int) -> int:
    """The sample of a mu-law code (ITU-T G.711)."""
    code = ~code & 0xFF
    magnitude = ((code & 0x0F) << 3 | 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84
