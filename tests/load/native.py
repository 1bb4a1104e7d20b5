"""What native bridging saves: Asterisk's CPU with and without bridge_native_rtp, calls with sound, by turns.

`python -m tests.load.native`: without the adapter and without monitors, for those have no part in it.
"""

import argparse
import asyncio
import socket
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from adapter.errors import LabError
from adapter.lab.claims import Claim
from adapter.lab.pbx import Pbx
from adapter.lab.ports import Ports, chosen_block, free_port
from adapter.lab.provision import provision
from tests.load.options import count, seconds
from tests.load.sipp import Crowd, sipp, voice
from tests.load.stage import AGENTS, DIALPLAN, FOR_EVER, PORTS_OF_A_PARTY, numbers

MODULE = "bridge_native_rtp.so"
TECHNOLOGY = {True: "native_rtp", False: "simple_bridge"}
"""What `bridge show all` names, with the module and without."""
RATE = 20.0
"""Calls a second while they come up."""
SETTLE = 3.0
"""Seconds between the last call and the first look."""
DEADLINE = 60.0
"""Seconds until all calls must stand, or be gone, beyond SIPp's pace."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round's figures."""

    native: bool
    cpu: float
    """Asterisk's % of one core."""
    machine: float
    """The whole machine's, likewise, with whatever else runs on it."""


class Comparison:
    """One Asterisk and its phones, for rounds with and without the module."""

    def __init__(self, folder: Path, calls: int) -> None:
        self.folder, self.calls = folder, calls
        self._tool, self._sound = sipp(), voice(folder / "voice.ulaw")
        self._media: list[range] = []
        self._claims: list[Claim] = []
        for size in (PORTS_OF_A_PARTY * calls + 40, PORTS_OF_A_PARTY * calls + 40, 2 * PORTS_OF_A_PARTY * calls + 40):
            start, claim = chosen_block(size)
            self._claims.append(claim)
            self._media.append(range(start, start + size))
        self._agents = self._crowd("agents", "phone", 0)
        block = self._media[2]
        ports = Ports(free_port(socket.SOCK_DGRAM), free_port(), free_port(), block.start, len(block))
        self.pbx = Pbx(provision(), folder / "asterisk", ports, {"pjsip": self._phones(), "extensions": DIALPLAN})

    def _crowd(self, name: str, scenario: str, media: int) -> Crowd:
        hold, sound, block = round(FOR_EVER * 1000), self._sound, self._media[media]
        return Crowd(self._tool, self.folder / name, scenario, hold_ms=hold, prefix="+12025", sound=sound, media=block)

    def _phones(self) -> str:
        customer = "[load-customer](lab-phone)\ncontext = load\ntrust_id_inbound = yes\n"
        return customer + "".join(
            f"[{number}](lab-phone)\ncontext = load\naors = {number}\n"
            f"[{number}]\ntype = aor\ncontact = sip:{number}@127.0.0.1:{self._agents.port}\n"
            for number in numbers(AGENTS, self.calls)
        )

    async def start(self) -> None:
        """Asterisk and the agents' phones."""
        await self.pbx.start()
        await self._agents.start()

    async def stop(self) -> None:
        """End both."""
        await self._agents.stop()
        await self.pbx.stop()

    async def round(self, number: int, *, native: bool, seconds: float) -> Round:
        """All calls come up, are looked at for a while, and end. Raises LabError when they are bridged otherwise."""
        await self.pbx.cli(f"module {'load' if native else 'unload'} {MODULE}")
        customers = self._crowd(f"customers-{number}", "customer", 1)
        called = numbers(AGENTS, self.calls)
        await customers.call(self.pbx.ports.sip, called, rate=RATE, most=self.calls, total=self.calls)
        try:
            await self._bridged(TECHNOLOGY[native], self.calls / RATE + DEADLINE)
            await asyncio.sleep(SETTLE)
            found = await self._look(seconds, native=native)
            await self._bridged(TECHNOLOGY[native], 0)
        finally:
            await self.pbx.cli("channel request hangup all")
            await self._bridged("", DEADLINE)
            await customers.stop()
        return found

    async def _bridged(self, technology: str, deadline: float) -> None:
        """Wait until all calls are bridged so, and none otherwise; without a technology: until there is none."""
        end = time.monotonic() + deadline
        wanted = [technology] * self.calls if technology else []
        while (found := [row.split()[-2] for row in await self._bridges()]) != wanted:
            if time.monotonic() > end:
                raise LabError(
                    f"{len(found)} calls are bridged by {sorted(set(found))}, not {self.calls} by {technology!r}."
                )
            await asyncio.sleep(0.5)

    async def _bridges(self) -> list[str]:
        rows = (await self.pbx.cli("bridge show all")).splitlines()
        return [row for row in rows if " basic " in row]

    async def _look(self, seconds: float, *, native: bool) -> Round:
        if self.pbx.process is None:
            raise LabError("Asterisk is gone.")
        process = psutil.Process(self.pbx.process.pid)
        process.cpu_percent()
        psutil.cpu_percent()
        await asyncio.sleep(seconds)
        return Round(native, process.cpu_percent(), psutil.cpu_percent() * (psutil.cpu_count() or 1))


async def compare(folder: Path, calls: int, seconds: float, pairs: int) -> list[Round]:
    """Rounds by turns, so that what else the machine does falls on both."""
    comparison = Comparison(folder, calls)
    try:
        await comparison.start()
        return [await comparison.round(number, native=bool(number % 2), seconds=seconds) for number in range(2 * pairs)]
    finally:
        await comparison.stop()


def text(rounds: list[Round], calls: int) -> str:
    """A table, and what a call costs more."""
    lines = [f"{calls} calls with sound (G.711)   Asterisk, % of a core   the machine, % of a core"]
    lines += [
        f"{'with' if found.native else 'without'} native bridging".ljust(31)
        + f"{found.cpu:21.1f}   {found.machine:24.1f}"
        for found in rounds
    ]
    cost = {native: statistics.fmean(r.cpu for r in rounds if r.native is native) for native in (True, False)}
    more = cost[False] - cost[True]
    return "\n".join([*lines, f"Without it {more:.1f} % of a core more: {more / calls:.3f} % for each call."])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=count, default=100)
    parser.add_argument("--seconds", type=seconds(), default=60.0, help="of each round")
    parser.add_argument("--pairs", type=count, default=2, help="of rounds without and with")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="call-monitor-native-"))
    print(text(asyncio.run(compare(folder, chosen.calls, chosen.seconds, chosen.pairs)), chosen.calls))


if __name__ == "__main__":
    main()
