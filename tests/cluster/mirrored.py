"""An owner, another adapter that mirrors its PBX, and what is between: what the tests of mirrors share."""

import time
from collections.abc import AsyncIterator, Callable

import pytest

from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.fleet.bus import LocalBus, NotSent
from adapter.monitoring.ports import StartRequest
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN
from tests.support.cluster import Accounts, Other, Owner, term
from tests.support.waiting import until


class Wire(LocalBus):
    """A bus whose messages can be kept, lost, and changed by a test."""

    def __init__(self) -> None:
        super().__init__()
        self.loses: Callable[[str], bool] = lambda subject: False
        self.sent: list[tuple[str, bytes]] = []
        self.away = False

    def publish(self, subject: str, data: bytes) -> None:
        if self.away:
            raise NotSent("away")
        self.sent.append((subject, data))
        if not self.loses(subject):
            super().publish(subject, data)

    def again(self, subject: str, data: bytes) -> None:
        """It comes once more."""
        super().publish(subject, data)


class World:
    """An owner and another adapter, and what is between."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.wire, self.accounts = Wire(), Accounts()
        self.owner = Owner(self.wire, self.accounts, self.boot)
        self.other = Other(self.wire, self.accounts, self.boot)

    def boot(self) -> float:
        """One machine's boot-time clock, which can leap: a suspended machine, or a process that was stopped."""
        return time.monotonic() + self.ahead

    async def settled(self) -> None:
        await until(lambda: self.other.shows(self.owner), "the mirror is not as the owner's board")

    async def monitored(self, mode: Mode = Mode.SILENT) -> Monitor:
        """A call of Sam's that the administrator monitors."""
        self.owner.pbx.scene.answered_call()
        self.owner.pbx.run()
        (call,) = self.owner.board.calls()
        monitor = await self.owner.supervision.start(ADMIN, StartRequest(call_id=call.id, mode=mode))
        await settle()
        await self.settled()
        return monitor

    async def close(self) -> None:
        await self.other.close()
        await self.owner.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.owner.publisher.begin(term(1))
    yield world
    await world.close()
