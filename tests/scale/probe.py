"""How long it takes until a page shows what a PBX told: one page at each adapter, read in a process of its own.

`python -m tests.scale.probe` reads one line of JSON (`{"ports", "cookies", "owner"}`, the last by PBX: the adapter's
place), says `ready`, and answers each further line with the times since the one before.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.load.pages import ROOT, Page, Seen, open_page

BEGAN = re.compile(rb'"pbx":"([a-z0-9]+)".*?"customer":\{"number":"[^"]*","name":"(\d+\.\d{6})"')
"""A call, with when it began by the machine's monotonic clock (`tests.scale.calls`)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Milliseconds from when a PBX told of a call until pages showed it."""

    own: Sequence[float]
    """Pages of the PBX's owner."""
    other: Sequence[float]
    """Pages of other adapters."""


class Probe:
    """The process."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, ports: Sequence[int], cookies: Sequence[str], owner: Mapping[str, int]) -> None:
        """Open the pages; they are read from now on."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.scale.probe"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1 << 24,
        )
        assert await self._ask({"ports": [*ports], "cookies": [*cookies], "owner": {**owner}}) == "ready"

    async def _ask(self, line: dict[str, Any]) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        return json.loads(await asyncio.wait_for(self._process.stdout.readline(), 60))

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    async def since(self) -> Shown:
        """What was seen since this was asked last."""
        return Shown(*await self._ask({}))

    async def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def _heard(place: int, owner: Mapping[str, int], found: list[list[float]], seen: set[bytes], frames: bytes) -> None:
    now = time.monotonic()
    for frame in frames.split(b"\n\n"):
        for match in BEGAN.finditer(frame):
            if match[2] in seen:
                continue
            seen.add(match[2])
            if frame.startswith(b"event: call.updated"):  # what the first snapshot has began before
                found[owner[match[1].decode()] != place].append(round(1000 * (now - float(match[2])), 1))


async def main() -> None:
    """What the process does."""
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    order, found, pages = json.loads(await reader.readline()), list[list[float]](), list[Page]()
    found += [[], []]
    for place, (port, cookie) in enumerate(zip(order["ports"], order["cookies"], strict=True)):
        heard = partial(_heard, place, order["owner"], found, set())
        pages.append(await open_page(port, cookie, Seen(), heard))
    print('"ready"', flush=True)
    while await reader.readline():
        print(json.dumps(found), flush=True)
        found[0], found[1] = [], []
    for page in pages:
        page.close()


if __name__ == "__main__":
    asyncio.run(main())
