"""What adapters take while nothing happens: one alone, an owner of several, and one that owns nothing (aim: under 1 %).

Real processes, PostgreSQL and NATS; simulated PBXes, whose calls stand still.
"""

import asyncio
import tempfile
from pathlib import Path

from adapter.lab.shared import Shared
from tests.scale.stage import Plan, Stage, Usage, crowded

PBXES = 2

SECONDS = 30.0
"""Of each measurement: a process's CPU is counted in hundredths of a second."""
SETTLE = 5.0
"""Seconds for what a start leaves to be done."""


async def measure() -> dict[str, dict[str, float]]:
    """All at the same time, so that they can be compared."""
    with tempfile.TemporaryDirectory(prefix="call-monitor-idle-") as name:
        folder, figures = Path(name), dict[str, float]()
        shared = Shared(folder)
        plan = Plan(pbxes=PBXES, calls=2, pages=0, monitors=1)
        (folder / "alone").mkdir()
        (folder / "several").mkdir()
        alone = Stage(folder / "alone", plan)
        several = Stage(folder / "several", plan.of(adapters=2), shared)
        try:
            await shared.start()
            await alone.start()
            await several.prepare()
            await several.serve(0)
            await several.owners({0})
            await several.serve(1)
            await several.look()
            await asyncio.sleep(SETTLE)
            names = ("alone, on SQLite", f"owner of all {PBXES} PBXes", "another, which owns none")
            usage = Usage([*alone.pids, *several.pids])
            await asyncio.sleep(SECONDS)
            figures |= {f"{name}: % of a core": share for name, share in zip(names, usage.percent(), strict=True)}
            figures["load average of the machine"] = crowded()
        finally:
            await several.stop()
            await alone.stop()
            await shared.stop()
        return {"An adapter while nothing happens (aim: under 1 % for one that owns nothing)": figures}
