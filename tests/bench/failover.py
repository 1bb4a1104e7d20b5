"""How soon another adapter has a monitor whose owner is dead, and whether the supervisor hears a gap meanwhile.

Two adapters, real PostgreSQL, NATS, Asterisks and phones. Killed on the same machine, where the database sees at once
that the owner is gone; and stopped (SIGSTOP), which is what a dead machine or a cut cable looks like from the others.
"""

import asyncio
import signal
import time
from pathlib import Path
from statistics import median

from adapter.asterisk import tones
from adapter.lab.provision import Toolchain
from tests.support.adapters import Adapters, live_again, longest_gap
from tests.support.pbxes import VOICES

ROUNDS = 20
"""Deaths of each kind: the slowest but one is the 95th percentile."""
DEADLINE = 60.0
"""Seconds that are waited for each; what takes longer ends the measurement."""


async def measure(toolchain: Toolchain, folder: Path) -> dict[str, dict[str, float]]:
    """Seconds from the death until the monitor is live at the other adapter."""
    found: dict[str, dict[str, float]] = {}
    async with Adapters(toolchain, folder).running() as both:
        for name, death in (("kill -9", signal.SIGKILL), ("stopped, as a dead machine", signal.SIGSTOP)):
            rounds = [await _once(both, death) for _ in range(ROUNDS)]
            took = sorted(seconds for seconds, _ in rounds)
            found[f"The owner's death: {name} (aim: p95 under 6 s, sound without a gap)"] = {
                "s until live at another, p50": median(took),
                "s until live at another, p95": took[-2],
                "s until live at another, longest": took[-1],
                "s without a voice at the supervisor's phone, longest": max(gap for _, gap in rounds),
            }
    return found


async def _once(both: Adapters, death: signal.Signals) -> tuple[float, float]:
    owner, other = await both.apart("pbx1")
    await both.talk("221", "121")
    phone = await both.phone("321")
    boss = await both.at(other, "max1")
    page = await (await both.at(other, "mona")).events()
    monitor = await boss.monitor(await boss.call("121"))
    await asyncio.sleep(1)
    ear, seen = phone.ear(), len(page.events)
    began = both.kill(owner, death)
    took = await live_again(boss, page, seen, monitor, began, DEADLINE)
    await asyncio.sleep(0.5)
    sound, lasted = phone.heard(ear), time.monotonic() - began
    gaps = [longest_gap(sound, VOICES[number]) for number in ("221", "121")]
    if death is signal.SIGSTOP:
        both.kill(owner)
    await both.gone(owner)
    await both.tidy()
    await both.mend()
    missing = max(0.0, lasted - len(sound) / 2 / tones.RATE - 0.5)  # the recording is buffered for a moment
    return took, max(*gaps, missing)
