"""Audio for the lab and the doctor: generates tones and measures their levels. Pure except for the files."""

import array
import math
import statistics
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

RATE = 8000
"""Samples per second of G.711, which all of the lab's phones use (ITU-T G.711)."""
FULL = 6000
"""Amplitude of the lab's tones, of 32767: loud, but two of them can be added without clipping."""
WINDOW = 800
"""Samples in one measurement, 100 ms."""


def tone(path: Path, hertz: int, seconds: float) -> Path:
    """Write a WAV file with a sine of amplitude FULL. A phone that plays it hangs up at its end.

    Use primes: a tone with a short period in samples concentrates its quantisation noise on few frequencies.
    """
    second = array.array("h", (round(FULL * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)))
    write(path, second * math.ceil(seconds))
    return path


def write(path: Path, samples: "array.array[int]") -> None:
    """Write 16-bit mono samples as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def read(path: Path) -> "array.array[int]":
    """The samples of a 16-bit mono WAV file."""
    with wave.open(str(path), "rb") as file:
        return array.array("h", file.readframes(file.getnframes()))


HANN = [0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)]
"""Hann window: without it a loud tone leaks into the measurement of others (2 % at a distance of 136 Hz)."""


def goertzel(samples: Sequence[int], hertz: float) -> float:
    """Amplitude of one frequency in WINDOW samples (Goertzel, 1958; Hann-weighted), on the scale of FULL."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample, weight in zip(samples, HANN, strict=True):
        before, last = last, sample * weight + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 4 * math.sqrt(max(power, 0.0)) / WINDOW


def levels(pcm: bytes, tones: Iterable[int]) -> dict[int, float]:
    """The median amplitude of each tone over 100 ms windows of 16-bit PCM; 0 if there is no whole window.

    The median ignores a single window in which the mode was switched.
    """
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    windows = [samples[i : i + WINDOW] for i in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return {hertz: statistics.median([goertzel(w, hertz) for w in windows] or [0.0]) for hertz in tones}


def loudest(pcm: bytes, hertz: int) -> float:
    """The largest amplitude of a tone in any 100 ms window, for tones that must not be heard."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    starts = range(0, len(samples) - WINDOW + 1, WINDOW // 2)
    return max((goertzel(samples[i : i + WINDOW], hertz) for i in starts), default=0.0)
