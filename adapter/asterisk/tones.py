"""Sound for the lab and the doctor: tones, and a measure of which is heard how loud. Pure but for the files."""

import array
import math
import statistics
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

RATE = 8000
"""Samples a second: G.711's, which all of the lab's phones speak (ITU-T G.711)."""
FULL = 6000
"""Amplitude of the lab's tones, of 32767: loud, with room for two of them added."""
WINDOW = 800
"""Samples in one measurement, 100 ms."""


def tone(path: Path, hertz: int, seconds: float) -> Path:
    """Write a WAV with a sine of amplitude FULL. A phone that plays it hangs up when it is over.

    Choose primes: a tone whose period divides few samples puts its quantisation noise on few frequencies.
    """
    second = array.array("h", (round(FULL * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)))
    write(path, second * math.ceil(seconds))
    return path


def write(path: Path, samples: "array.array[int]") -> None:
    """Write 16-bit mono samples as a WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def read(path: Path) -> "array.array[int]":
    """The samples of a 16-bit mono WAV."""
    with wave.open(str(path), "rb") as file:
        return array.array("h", file.readframes(file.getnframes()))


HANN = [0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)]
"""Hann's window: without it a loud tone leaks into its neighbours' measurement (2 % at a distance of 136 Hz)."""


def goertzel(samples: Sequence[int], hertz: float) -> float:
    """Amplitude of one frequency in WINDOW samples (Goertzel, 1958; Hann-weighted), on the scale of FULL."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample, weight in zip(samples, HANN, strict=True):
        before, last = last, sample * weight + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 4 * math.sqrt(max(power, 0.0)) / WINDOW


def levels(pcm: bytes, tones: Iterable[int]) -> dict[int, float]:
    """The median amplitude of each tone over 100 ms windows of 16-bit PCM; 0 where there is no whole window.

    The median forgives a window that a switch cut in two.
    """
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    windows = [samples[i : i + WINDOW] for i in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return {hertz: statistics.median([goertzel(w, hertz) for w in windows] or [0.0]) for hertz in tones}


def loudest(pcm: bytes, hertz: int) -> float:
    """The largest amplitude of a tone in any 100 ms window: what must stay small is judged by this."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    starts = range(0, len(samples) - WINDOW + 1, WINDOW // 2)
    return max((goertzel(samples[i : i + WINDOW], hertz) for i in starts), default=0.0)
