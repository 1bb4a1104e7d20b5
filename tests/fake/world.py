"""A call of Sam's and the use case over it, at a PBX that can be deaf, slow or gone."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from adapter import errors
from adapter.core.audit import Entry
from adapter.core.follow import Follow
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.people import Directory, User
from adapter.core.record import Record
from adapter.monitoring.limits import Limits
from adapter.monitoring.ports import StartRequest
from adapter.monitoring.supervise import Supervision
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import ADMIN, START

LIMITS = Limits(ring_timeout=0.2, confirm=0.1, lost_after=0.1)


class Memory:
    """The record, in memory; `broken` makes it fail, `away` is known beforehand."""

    def __init__(self) -> None:
        self.saved: dict[str, Monitor] = {}
        self.entries: list[Entry] = []
        self.away = self.broken = False

    def need(self) -> None:
        if self.away:
            raise errors.RecordUnavailable("known to be away")

    async def committed(self, monitor_id: str) -> None:
        if self.broken:
            raise errors.RecordUnavailable("disk full")

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        self.need()
        if self.broken:
            raise errors.RecordUnavailable("disk full")
        self.entries.append(entry)
        self.saved[monitor.id] = monitor

    async def begin_follow(self, follow: Follow) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise errors.RecordUnavailable("disk full")

    def note(self, record: Record) -> None:
        self.entries += record.entries
        self.saved |= record.monitors

    async def find(self, monitor_id: str) -> Monitor | None:
        return self.saved.get(monitor_id)


class World:
    """A call of Sam's, and monitoring over it."""

    def __init__(self) -> None:
        self.pbx, self.record = FakePbx(), Memory()
        self.board = self.pbx.board
        self.monitoring = Supervision(self.board, self.pbx, self.record, lambda: START, LIMITS)
        self.history: list[Monitor] = []
        self.board.subscribe(lambda changes: self.history.extend(c.after for c in changes.monitors))
        self.customer, self.agent = self.pbx.scene.answered_call()
        self.pbx.run()
        (self.call,) = self.board.calls()

    async def live(self, user: object = ADMIN, mode: Mode = Mode.SILENT) -> Monitor:
        """Start and wait until it is live."""
        monitor = await self.monitoring.start(user, StartRequest(call_id=self.call.id, mode=mode))  # type: ignore[arg-type]
        await settle()
        found = self.board.monitor(monitor.id)
        assert found is not None
        assert found.live
        return found

    def people_changed(self, users: Iterable[User]) -> None:
        """Accounts are other ones now."""
        self.board.set_directory(Directory.of(users), frozenset(), START)
        self.monitoring.ending.rights_changed()

    def last(self, monitor: Monitor) -> Monitor:
        """The monitor as it was last seen."""
        return next(m for m in reversed(self.history) if m.id == monitor.id)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Fresh for each test."""
    world = World()
    yield world
    await world.monitoring.close()
