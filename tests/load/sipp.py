"""SIPp without root: provisioned when a load run asks for it, and run as crowds of customers and phones."""

import array
import asyncio
import csv
import math
import re
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from adapter.asterisk.tones import RATE
from adapter.errors import LabError
from adapter.lab.ports import free_block, free_port
from adapter.lab.provision import Prefix, Recipe, prepare

SCENARIOS = Path(__file__).parent / "scenarios"
STOP_DEADLINE = 5.0
"""Seconds a crowd has to end; its calls are over before."""
VOICE_SECONDS = 4
"""Length of the sound that is played over and over."""


def _too_old(version: str) -> str | None:
    """Measured with 3.8.0; Debian 12's 3.6 was not tried, so there the newer archive is taken."""
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", version)
    fits = found is not None and (int(found[1]), int(found[2])) >= (3, 7)
    return None if fits else f"SIPp {version} is too old: 3.7 or later is needed."


SIPP = Recipe(
    "SIPp",
    "20 MB",
    ("sip-tester",),
    _too_old,
    tuple("debconf perl-base openssl-provider-legacy tzdata python3 libc-gconv-modules-extra".split()),
)
"""Not needed: Python, for a script beside SIPp that nobody runs here, and what other packages ask for."""


def sipp() -> Prefix:
    """SIPp, from the cache or newly downloaded. Raises LabError."""
    return prepare(SIPP)


def voice(path: Path) -> Path:
    """A tone as raw G.711 mu-law, which SIPp sends as it is."""
    samples = (round(6000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE * VOICE_SECONDS))
    path.write_bytes(array.array("B", (mu_law(sample) for sample in samples)).tobytes())
    return path


def mu_law(sample: int) -> int:
    """One 16-bit sample in G.711 mu-law (ITU-T G.711, table 2a: 13 segments, bits inverted)."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 0x84
    segment = magnitude.bit_length() - 8
    return ~(sign | segment << 4 | magnitude >> (segment + 3) & 0x0F) & 0xFF


@dataclass(frozen=True, slots=True)
class Tally:
    """How a crowd's calls went so far, as SIPp itself counts them."""

    made: int
    good: int
    failed: int
    now: int


class Crowd:
    """One SIPp process in a folder of its own."""

    def __init__(
        self,
        tool: Prefix,
        folder: Path,
        scenario: str,
        *,
        hold_ms: int,
        prefix: str = "",
        sound: Path | None = None,
        media: range = range(0),
    ) -> None:
        """`prefix`: of the numbers that customers show; `sound`: a file to play, from ports of `media`."""
        self.folder = folder
        folder.mkdir(parents=True)
        speak = f'<nop><action><exec rtp_stream="{sound},-1,0,PCMU/8000"/></action></nop>' if sound else ""
        port = "[rtpstream_audio_port]" if sound else "[media_port]"
        text = Template((SCENARIOS / f"{scenario}.xml").read_text())
        filled = text.substitute(speak=speak, media_port=port, prefix=prefix, hold_ms=hold_ms)
        (folder / "scenario.xml").write_text(filled)
        self.port = free_port(socket.SOCK_DGRAM)
        self.process: asyncio.subprocess.Process | None = None
        self._endless = False
        media = media or range(start := free_block(4), start + 4)
        self._argv = [
            *tool.argv("usr/bin/sipp"),
            *("-sf", str(folder / "scenario.xml"), "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1"),
            *("-min_rtp_port", str(media.start), "-max_rtp_port", str(media.stop - 1)),
            *("-nostdin", "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1"),
            *("-trace_err", "-error_file", str(folder / "errors"), "-skip_rlimit"),
        ]

    async def start(self, *more: str) -> None:
        """Begin. `more`: what SIPp is told beside (rate, limit, numbers to call)."""
        with (self.folder / "screen").open("wb") as screen:
            self.process = await asyncio.create_subprocess_exec(
                *self._argv,
                *more,
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )

    async def call(self, remote: int, numbers: Sequence[str], *, rate: float, most: int, total: int = 0) -> None:
        """Call these numbers in turn at 127.0.0.1:`remote`.

        `rate`: calls a second; `most`: at once; `total`: in all, 0 for no end.
        """
        (self.folder / "numbers.csv").write_text("SEQUENTIAL\n" + "".join(f"{number};\n" for number in numbers))
        limits = ["-r", str(round(rate * 10)), "-rp", "10000", "-l", str(most), *(["-m", str(total)] if total else [])]
        self._endless = not total
        await self.start(f"127.0.0.1:{remote}", "-inf", str(self.folder / "numbers.csv"), *limits)

    def tally(self) -> Tally:
        """What SIPp wrote last, a second ago at most."""
        try:
            rows = list(csv.DictReader((self.folder / "stat.csv").read_text().splitlines(), delimiter=";"))
        except OSError:
            rows = []
        if not rows:
            return Tally(0, 0, 0, 0)
        last = rows[-1]
        names = ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)", "CurrentCall")
        return Tally(*(int(last[name]) for name in names))

    def check(self) -> None:
        """Raise LabError when it died, or saw a call fail before it was done."""
        if self.process is not None and self.process.returncode:
            words = (self.folder / "screen").read_text(errors="replace")[-600:]
            raise LabError(f"SIPp in {self.folder} ended with {self.process.returncode}: {words}")

    async def no_more(self) -> None:
        """No new calls; those that stand end in their own time, and then it ends.

        SIPp that has made all it was to make needs no telling; being told twice, it would drop what stands.
        """
        if self._endless and self.process is not None and self.process.returncode is None:
            self._endless = False
            self.process.send_signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """End it."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_DEADLINE)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
