"""Calls that are worth a recording, held by real phones at a lab; and the recording of them by the real command."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support import forkserver
from tests.support.client import Client, Stream
from tests.support.lab import Lab
from tests.support.replay import Life, Seen

PAUSE = 0.3
"""Seconds after each step: what follows comes to every listener in another read."""


class Stage:
    """A lab with somebody who watches the calls there; each state is waited for, so that none is missed."""

    def __init__(self, lab: Lab, admin: Client, stream: Stream) -> None:
        self.lab, self.admin, self.stream = lab, admin, stream
        self._since = len(stream.events)

    @classmethod
    async def of(cls, lab: Lab) -> "Stage":
        """Begin to watch."""
        admin = await lab.client("admin")
        return cls(lab, admin, await admin.events())

    async def until(self, agent: str, state: str) -> None:
        """Wait until the agent's call is shown in this state, from the last such wait on."""

        def is_so(kind: str, data: dict[str, Any]) -> bool:
            return kind == "call.updated" and (data["agent"]["extension"], data["state"]) == (agent, state)

        await self.stream.until(is_so, self._since)
        self._since = len(self.stream.events)
        await asyncio.sleep(PAUSE)

    async def over(self) -> None:
        """Wait until no call is left."""
        for call_id in self._ids():
            await self.stream.until(lambda kind, data, call=call_id: kind == "call.removed" and data["id"] == call)  # type: ignore[misc]
        await asyncio.sleep(PAUSE)

    def _ids(self) -> list[str]:
        updates = [data["id"] for _, kind, data in self.stream.events if kind == "call.updated"]
        return list(dict.fromkeys(updates))

    def lives(self) -> list[Life]:
        """What was shown of each call."""
        lives: dict[str, Life] = {}
        for _, kind, data in self.stream.events:
            if kind == "call.updated":
                lives.setdefault(data["id"], Life([])).see(_seen(data))
            elif kind == "call.removed" and data["id"] in lives:
                lives[data["id"]].ended = True
        return list(lives.values())


def _seen(call: dict[str, Any]) -> Seen:
    agent, customer = call["agent"], call["customer"]
    parties = agent["extension"], agent["name"], customer["number"], customer["name"]
    return Seen(call["state"], call["direction"], *parties, call["barge_reaches_customer"])


async def answered(stage: Stage) -> None:
    """A customer calls an agent, who lets it ring, answers, and is hung up on."""
    customer, agent = await stage.lab.phone("201"), await stage.lab.phone("101", "manual")
    await customer.dial("101")
    await stage.until("101", "ringing")
    await agent.answer()
    await stage.until("101", "active")
    await customer.hangup()
    await stage.over()


async def queue(stage: Stage) -> None:
    """A customer in the queue: two agents ring, one answers."""
    customer, agent = await stage.lab.phone("201"), await stage.lab.phone("101", "manual")
    await stage.lab.phone("102", "manual")
    await customer.dial("500")
    await asyncio.gather(
        stage.until("101", "ringing"),
        stage.until("102", "ringing"),
    )
    await agent.answer()
    await stage.until("101", "active")
    await customer.hangup()
    await stage.over()


async def transfer(stage: Stage) -> None:
    """An agent hands a customer on, blindly, to another agent."""
    customer, agent = await stage.lab.phone("201"), await stage.lab.phone("101", "manual")
    other = await stage.lab.phone("102", "manual")
    await customer.dial("101")
    await stage.until("101", "ringing")
    await agent.answer()
    await stage.until("101", "active")
    await agent.transfer("102")
    await stage.until("102", "ringing")
    await other.answer()
    await stage.until("102", "active")
    await customer.hangup()
    await stage.over()


async def hold(stage: Stage) -> None:
    """An agent calls out, holds the customer and comes back."""
    agent, customer = await stage.lab.phone("101", "manual"), await stage.lab.phone("201", "manual")
    await agent.dial("201")
    await stage.until("101", "ringing")
    await customer.answer()
    await stage.until("101", "active")
    await agent.hold()
    await stage.until("101", "held")
    await agent.resume()
    await stage.until("101", "active")
    await agent.hangup()
    await stage.over()


async def monitored(stage: Stage) -> None:
    """A supervisor listens, whispers by a digit in place, and leaves; the customer presses keys meanwhile."""
    await stage.lab.phone("301")
    customer, agent = await stage.lab.phone("201"), await stage.lab.phone("101", "manual")
    await customer.dial("101")
    await stage.until("101", "ringing")
    await agent.answer()
    await stage.until("101", "active")
    monitor = await stage.admin.monitor(await stage.admin.call("101"))
    await stage.admin.switch(monitor, "whisper")
    for digit in "4929":
        await customer.dtmf(digit)
        await asyncio.sleep(PAUSE)
    assert (await stage.admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await stage.admin.until_ended(monitor)
    await customer.hangup()
    await stage.over()


SCENARIOS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "answered": answered,
    "queue": queue,
    "transfer": transfer,
    "hold": hold,
    "monitored": monitored,
}
"""By the names of their files in tests/recordings."""


class Command:
    """`call-monitor doctor --record`, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.status: int | None = None
        self.said = ""

    async def stop(self) -> None:
        """Tell it to stop, as a service manager does, and hear what it says."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(self.process.communicate(), 30)
        self.said, self.status = output.decode(), self.process.returncode


def _began(path: Path) -> bool:
    return path.exists() and '"snapshot"' in path.read_text()


@asynccontextmanager
async def recording(conf: Path, path: Path, *options: str) -> AsyncIterator[Command]:
    """Record into `path` for the length of a block, from the snapshot on."""
    process = await forkserver.piped("doctor", "--record", str(path), "--config", str(conf), *options, together=True)
    running = Command(process)
    try:
        async with asyncio.timeout(60):
            while not _began(path):
                assert process.returncode is None, (await process.communicate())[0].decode()
                await asyncio.sleep(0.05)
        yield running
    finally:
        await running.stop()
