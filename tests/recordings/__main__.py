"""Makes the recordings of this folder anew, at a lab of its own: `python -m tests.recordings [NAME …]`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from adapter.lab.provision import provision
from tests.support.flows import FLOWS
from tests.support.lab import Lab
from tests.support.replay import FOLDER
from tests.support.scenarios import SCENARIOS, Stage, recording


async def main(names: list[str]) -> None:
    """Record these scenarios, or all."""
    known = SCENARIOS | FLOWS
    for name in names or known:
        with tempfile.TemporaryDirectory(prefix="call-monitor-") as folder:
            async with Lab(provision(), Path(folder)).running() as lab:
                stage = await Stage.of(lab)
                async with recording(lab.conf, FOLDER / f"{name}.jsonl", "--force") as command:
                    await known[name](stage)
        print(command.said)


asyncio.run(main(sys.argv[1:]))
