"""Keeping the lab's parts alive, and ending them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from adapter.errors import LabError

LONGEST_PAUSE = 5.0
"""Seconds before a process that exits repeatedly is started again."""


class Process(Protocol):
    """A part of the lab that asyncio started."""

    process: asyncio.subprocess.Process | None

    async def start(self) -> None: ...


async def exited(part: Process) -> None:
    """Wait until its process runs no more."""
    if part.process is not None:
        await part.process.wait()


async def keep_alive(start: Callable[[], Awaitable[None]], gone: Callable[[], Awaitable[None]], name: str) -> None:
    """Restart a part whenever it is gone, as a service manager would."""
    pause = 0.2
    while True:
        began = asyncio.get_running_loop().time()
        await gone()
        if asyncio.get_running_loop().time() - began > 30:
            pause = 0.2
        say(f"{name} exited; restarting it.")
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
        try:
            await start()
        except LabError as problem:
            say(str(problem))


class Stoppable(Protocol):
    """What can be ended."""

    async def stop(self) -> None: ...


async def stop_all(parts: Sequence[Stoppable]) -> None:
    """End all of them at once, whatever becomes of each."""
    problems = await asyncio.gather(*(part.stop() for part in parts), return_exceptions=True)
    for problem in filter(None, problems):
        say(f"A part of the lab could not be stopped: {problem!r}")


def say(text: str) -> None:
    """To whoever runs the lab."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
