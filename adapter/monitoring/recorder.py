"""The record: what the live picture shows is written behind it, in order, together with what follows from it.

A request to monitor is written before anything rings; all else a moment after it happened, and again until it is
written. Until then the picture is true and the record late.
"""

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from adapter.core.audit import Entry
from adapter.core.changes import Changes
from adapter.core.journal import Journal
from adapter.core.monitor import Monitor
from adapter.core.record import OpenCall, Record, Sealed, seal
from adapter.errors import StoreUnavailable
from adapter.monitoring.boards import Boards
from adapter.tasks import BackgroundTasks, Listeners

log = structlog.get_logger(__name__)

SETTLE = 0.02
"""Seconds before a change is written: the person's answer goes first, and what changes at once is written once."""
BUSY = 0.1
"""Share of the time that may go into writing: a transaction costs much the same for one fact as for fifty."""
LONGEST_SETTLE = 0.5
"""Seconds that a fact of calls waits at most for others to be written with. One of monitors waits for none: after a
death a leg is held to what is written of it, so a microphone that was closed must be known to be closed."""
RETRY_PAUSE = 1.0
"""Seconds between tries while the database does not answer."""
AT_ONCE = 500
"""Facts in one transaction, so that a long queue is written in steps that keep the database's deadline."""
MOST = 100_000
"""Facts that may wait for a database that is away; of what happens beyond, only monitors' states are kept."""


class Writer(Protocol):
    """Where records go (`adapter.store.record.Records`)."""

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        """All or nothing. Raises StoreUnavailable."""


class Finder(Protocol):
    """Where monitors are read back (`adapter.store.monitors.Monitors`)."""

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor. Raises StoreUnavailable."""


class Recorder:
    """A MonitorLog that also writes every change of the live picture."""

    def __init__(self, boards: Boards, store: Finder, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._boards, self._store, self._writer, self._clock = boards, store, writer, clock
        self.journal = Journal(boards.call)
        self.written: Listeners[[]] = Listeners()
        """Who wants to be told of each transaction."""
        self.dropped = 0
        """Facts that were lost because the database was away for too long."""
        self._waiting: deque[Record] = deque()
        self._untold: list[Record] = []
        self._size = 0
        self._unsure: Sealed | None = None
        """A batch whose writing failed, or was not heard of: it may be there."""
        self._turn = asyncio.Lock()
        self._latest: dict[str, Monitor] = {}
        self._work, self._urgent = asyncio.Event(), asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks = BackgroundTasks("recorder")
        boards.subscribe(self._heard)

    def start(self, open_calls: Mapping[str, OpenCall] | None = None) -> None:
        """Begin writing. `open_calls`: those whose end was not told of when the adapter last stopped."""
        self.journal.open.update(open_calls or {})
        pbxes = [board.id for board in self._boards]
        self.note(self.journal.forget_others(pbxes, self._clock()))
        self.note(Record(barred=self._boards.bars.forget_others(pbxes)))
        self._tasks.keep(self._write_all, "write")

    async def close(self, deadline: float = 5.0) -> None:
        """Write what waits, for at most `deadline` seconds, and stop."""
        try:
            await asyncio.wait_for(self._idle.wait(), deadline)
        except TimeoutError:
            log.error("events were not recorded before the stop", count=self._size)
        await self._tasks.close()

    @property
    def size(self) -> int:
        """How many facts wait to be written."""
        return self._size

    async def settled(self) -> None:
        """Wait until everything that happened is written."""
        await self._idle.wait()

    async def write_now(self) -> None:
        """Write all that happened up to now. Raises StoreUnavailable."""
        async with self._turn:
            await self._flush()

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        """Write a monitor that is about to start, after all that happened before. Raises StoreUnavailable."""
        record = Record(entries=[entry], monitors={monitor.id: monitor})
        async with self._turn:
            await self._flush()
            await self._writer.write(seal(record, new_id), self._clock())
        _tell(record)

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor as it is now, also while its last state waits to be written."""
        return self._latest.get(monitor_id) or await self._store.find(monitor_id)

    def note(self, record: Record) -> None:
        """Write this soon."""
        if record.size:
            _tell(record)
            self._wait(record)

    def _wait(self, record: Record) -> None:
        if self._size + record.size > MOST:
            self._drop(record)
        self._waiting.append(record)
        self._size += record.size
        self._latest |= record.monitors
        if record.monitors:
            self._urgent.set()
        self._idle.clear()
        self._work.set()

    def _drop(self, record: Record) -> None:
        if not self.dropped:
            log.error("too many events wait for the database; the audit and webhooks lose some", waiting=self._size)
        self.dropped += len(record.entries) + len(record.events)
        record.entries.clear()
        record.events.clear()

    def _heard(self, changes: Changes) -> None:
        board = self._boards.board(changes.pbx) if changes.pbx else None
        record = self.journal.read(changes, connected=board is None or board.complete)
        if record.size:
            self._untold.append(record)  # the log is told when it is written: the person's answer goes first
            self._wait(record)

    async def _write_all(self) -> None:
        clock, next_at = asyncio.get_running_loop().time, 0.0
        while True:
            await self._work.wait()
            await asyncio.sleep(SETTLE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), max(0.0, next_at - clock()))
            self._work.clear()
            self._urgent.clear()
            began = clock()
            try:
                async with self._turn:
                    await self._flush()
                next_at = clock() + min(LONGEST_SETTLE, (clock() - began) * (1 / BUSY - 1))
            except StoreUnavailable as problem:
                log.error("events could not be recorded; retrying", facts=self._size, why=str(problem))
                await asyncio.sleep(RETRY_PAUSE)
                self._work.set()

    async def _flush(self) -> None:
        """Write all that waits now; what comes meanwhile is written together with what is still to come.

        Raises StoreUnavailable; what was not surely written goes first next time.
        """
        left = len(self._waiting)
        while self._unsure or left > 0:
            again, before = self._unsure is not None, len(self._waiting)
            sealed = self._unsure = self._unsure or seal(self._take(), new_id)
            left -= before - len(self._waiting)
            await self._writer.write(sealed, self._clock(), again=again)
            self._unsure = None
            self._size = sum(waiting.size for waiting in self._waiting)
            for monitor in sealed.record.monitors.values():
                if self._latest.get(monitor.id) is monitor:
                    del self._latest[monitor.id]
            self.written.tell()
        if not self._waiting:
            self._idle.set()

    def _take(self) -> Record:
        for untold in self._untold:
            _tell(untold)
        self._untold.clear()
        record = Record()
        while self._waiting and record.size < AT_ONCE:
            record.add(self._waiting.popleft())
        return record


def new_id() -> str:
    """An id that nobody else gives (RFC 9562, version 4)."""
    return uuid.uuid4().hex


def _tell(record: Record) -> None:
    """One line of the log for each fact."""
    for entry in record.entries:
        log.info(entry.action.value, **entry.told())
    for event in record.events:
        if event.type.value.startswith("call."):
            log.info(event.type.value, call_id=event.call_id)
