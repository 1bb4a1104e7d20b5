"""The record: what the live picture shows is written behind it, in order, together with what follows from it.

A request to monitor is written before anything rings. What is answered as done is written before the answer; all else
a moment after it happened, and again until it is written. Until then the picture is true and the record late.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from adapter.core.audit import Entry
from adapter.core.changes import Changes
from adapter.core.follow import Follow
from adapter.core.journal import Journal, abandoned, unbegun
from adapter.core.monitor import Monitor
from adapter.core.record import OpenCall, Record, Sealed, seal
from adapter.errors import AlreadyMonitoring, PlaceTaken, RecordUnavailable, StoreRefused, StoreUnavailable
from adapter.monitoring.boards import Boards
from adapter.monitoring.recordports import Finder, Writer
from adapter.monitoring.telling import tell
from adapter.monitoring.waiters import Waiters, either
from adapter.monitoring.writing import Batches
from adapter.monitoring.writing import new_id as new_id
from adapter.tasks import BackgroundTasks, Listeners

log = structlog.get_logger(__name__)

SETTLE = 0.02
"""Seconds before a change of calls is written: what changes at once is written once."""
BUSY = 0.1
"""Share of the time that may go into writing: a transaction costs much the same for one fact as for fifty."""
LONGEST_SETTLE = 0.5
"""Seconds that a fact of calls waits at most for others to be written with. One of monitors waits for none."""
RETRY_PAUSE = 1.0
"""Seconds between tries while the database does not answer."""
PATIENCE = 5.0
"""Seconds in which what is to be answered as done must be written: the database's own deadline. A failure is told as
soon as it is known; only a delay, as on a full machine, is waited for so long."""
LATE = 1.0
"""Seconds within which another adapter has written the end of a monitor that is seen here."""
MOST = 100_000
"""Facts that may wait for a database that is away; of what happens beyond, only monitors' states are kept."""


class Recorder:
    """A MonitorLog that also writes every change of the live picture."""

    def __init__(
        self,
        boards: Boards,
        store: Finder,
        writer: Writer,
        clock: Callable[[], datetime],
        owns: Callable[[str], bool] = lambda pbx: True,
    ) -> None:
        """`owns`: whether this process looks after a PBX. What happens at others is written by theirs."""
        self._boards, self._store, self._writer, self._clock, self._owns = boards, store, writer, clock, owns
        self.journal = Journal(boards.call)
        self.written: Listeners[[]] = Listeners()
        """Who wants to be told of each transaction."""
        self.dropped = 0
        """Facts that were lost because the database was away for too long."""
        self.set_aside = 0
        """Changes that can't be written as records, and lie aside."""
        self._batches = Batches()
        self._untold: list[Record] = []
        self._away = False
        """Whether the last try failed; it goes on until one doesn't."""
        self._waiters = Waiters()
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[StoreUnavailable | None] | None = None
        """Waits for its turn to write what `write_now` was asked for."""
        self._latest: dict[str, Monitor] = {}
        self._work, self._urgent = asyncio.Event(), asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks = BackgroundTasks("recorder")
        boards.subscribe(self._heard)

    def start(self, open_calls: Mapping[str, OpenCall] | None) -> None:
        """Begin writing. `open_calls`: those whose end was not told of when the adapter last stopped; None where other
        adapters may look after PBXes that our configuration does not name."""
        if open_calls is not None:
            self.journal.open.update(open_calls)
            pbxes = [board.id for board in self._boards]
            self.note(self.journal.forget_others(pbxes, self._clock()))
            self.note(Record(barred=self._boards.bars.forget_others(pbxes)))
        self._tasks.keep(self._write_all, "write")

    def take_over(self, pbx: str, open_calls: Mapping[str, OpenCall]) -> None:
        """This process looks after a PBX from now on. `open_calls`: of whose end programs are still to be told."""
        self.journal.forget(pbx)
        self.journal.open.update(open_calls)

    def give_up(self, pbx: str) -> None:
        """Another adapter looks after a PBX now: what still waits of it is not written here."""
        self.journal.forget(pbx)
        self._keep_ours()

    async def drain(self, deadline: float = 5.0) -> None:
        """Write what waits, for at most `deadline` seconds."""
        self._urgent.set()
        try:
            await asyncio.wait_for(self._idle.wait(), deadline)
        except TimeoutError:
            log.error("events were not recorded before the stop", count=self.size)

    async def close(self, deadline: float = 5.0) -> None:
        """Write what waits, for at most `deadline` seconds, and stop."""
        await self.drain(deadline)
        await self._tasks.close()

    # --- asked

    @property
    def size(self) -> int:
        """How many facts wait to be written."""
        return self._batches.size

    def need(self) -> None:
        """Raise RecordUnavailable while nothing can be written, as far as is known."""
        if self._away or not self._boards.record_state.writable:
            raise RecordUnavailable("What happens can't be recorded at the moment, so nothing begins. Try again soon.")

    async def settled(self) -> None:
        """Wait until everything that happened is written."""
        await self._idle.wait()

    async def write_now(self, deadline: float = PATIENCE) -> None:
        """Write all that happened up to now. Raises StoreUnavailable, also after `deadline` seconds: what is under way
        then goes on, for nobody would know what became of it."""
        if self._next is None or self._next.done():
            self._next = self._tasks.start(self._write_in_turn(), "write now")
        writing = self._next
        await asyncio.wait({writing}, timeout=deadline)
        if not writing.done() or writing.cancelled():
            raise StoreUnavailable("What happened could not be recorded in time.")
        if (problem := writing.result()) is not None:
            raise StoreUnavailable(problem.detail) from problem

    async def _write_in_turn(self) -> StoreUnavailable | None:
        """All who ask before it begins wait for the same one. Returns why it failed."""
        async with self._turn:
            self._next = None
            try:
                await self._flush()
            except StoreUnavailable as problem:
                return problem
        return None

    async def committed(self, monitor_id: str) -> None:
        """Return once everything that has happened to this monitor so far is in the database.

        Raises RecordUnavailable as soon as that fails, or after `PATIENCE`: it may still be written, later.
        """
        if self._batches.empty:
            return
        if self._away:
            raise RecordUnavailable("What happens can't be recorded at the moment.")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._waiters.add(self._batches.last, monitor_id)
        except TimeoutError:
            raise RecordUnavailable("What happened could not be recorded in time.") from None

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        """Write a monitor that is about to start, after all that happened before.

        Raises RecordUnavailable; AlreadyMonitoring where another adapter has one of this supervisor's.
        """
        giving_up = partial(abandoned, monitor, RecordUnavailable.code, self._clock())
        await self._begin(Record(entries=[entry], monitors={monitor.id: monitor}, pbxes={monitor.pbx}), giving_up)

    async def begin_follow(self, follow: Follow) -> None:
        """The same of a follow: nothing is told of it before its leg waits."""
        giving_up = partial(unbegun, follow, RecordUnavailable.code, self._clock())
        await self._begin(Record(follows={follow.id: follow}, pbxes={follow.pbx}), giving_up)

    async def _begin(self, record: Record, given_up: Callable[[], Record]) -> None:
        self.need()
        end = asyncio.get_running_loop().time() + LATE
        while await self._is_refused(record, given_up):
            if asyncio.get_running_loop().time() > end:
                raise AlreadyMonitoring("You are already monitoring a call. Stop that first.")
            await asyncio.sleep(SETTLE)
        tell(record)

    async def _is_refused(self, record: Record, given_up: Callable[[], Record]) -> bool:
        """Whether what the supervisor did before has not ended yet, as far as it is written; else this is begun."""
        async with self._turn:
            try:
                await self._flush()
                await self._writer.write(seal(record, new_id), self._clock())
            except PlaceTaken:
                return True
            except StoreUnavailable as problem:
                if not isinstance(problem, StoreRefused):  # it may be there all the same: then it is over
                    self._wait(given_up())
                raise RecordUnavailable(f"It can't be recorded, so nothing begins. {problem}") from problem
        return False

    async def find(self, monitor_id: str) -> Monitor | None:
        """One monitor as it is now, also while its last state waits to be written."""
        return self._latest.get(monitor_id) or await self._store.find(monitor_id)

    # --- told

    def note(self, record: Record) -> None:
        """Write this soon."""
        if record.size:
            self._wait(record)

    def _wait(self, record: Record) -> None:
        if not record.pbxes:
            record.name_pbxes()
        self._untold.append(record)
        if self._batches.size + record.size > MOST:
            record = self._rest(record)
        self._batches.add(seal(record, new_id))
        self._latest |= record.monitors
        if record.monitors or record.follows:
            self._urgent.set()
        self._idle.clear()
        self._work.set()

    def _rest(self, record: Record) -> Record:
        """What is kept of a record though too much waits."""
        if not self.dropped:
            log.error("too many events wait for the database; the audit and webhooks lose some", waiting=self.size)
        self.dropped += len(record.entries) + len(record.events)
        return Record([], [], record.monitors, record.calls, record.shields, pbxes=record.pbxes, follows=record.follows)

    def _heard(self, changes: Changes) -> None:
        if changes.mirrored:
            return
        board = self._boards.board(changes.pbx) if changes.pbx else None
        record = self.journal.read(changes, connected=board is None or board.complete)
        if changes.pbx is not None:
            record.pbxes.add(changes.pbx)
        self.note(record)

    # --- writing

    async def _write_all(self) -> None:
        clock, next_at = asyncio.get_running_loop().time, 0.0
        while True:
            await self._work.wait()
            if not self._urgent.is_set():
                await either(self._urgent, max(SETTLE, next_at - clock()))
            self._work.clear()
            self._urgent.clear()
            began = clock()
            try:
                async with self._turn:
                    await self._flush()
                next_at = clock() + min(LONGEST_SETTLE, (clock() - began) * (1 / BUSY - 1))
            except StoreUnavailable as problem:
                log.error("events could not be recorded; retrying", facts=self.size, why=str(problem))
                await asyncio.sleep(RETRY_PAUSE)
                self._work.set()
                self._urgent.set()

    async def _flush(self) -> None:
        """Write all that waits now; what comes meanwhile is written together with what is still to come.

        Raises StoreUnavailable; what was not surely written goes first next time.
        """
        self._keep_ours()
        try:
            for batch in self._batches.until_now():
                try:
                    await self._writer.write(batch.whole, self._clock(), again=batch.again())
                except StoreRefused as problem:
                    if not self._batches.split():
                        await self._put_aside(batch.whole, str(problem))
                        self._done()
                else:
                    self._done()
            self._away = False
        except StoreUnavailable:
            self._away = True
            self._waiters.failed("What happened could not be recorded.")
            raise
        finally:
            asyncio.get_running_loop().call_soon(self._tell_untold)  # whoever waits is answered first
        if self._batches.empty:
            self._idle.set()

    def _keep_ours(self) -> None:
        waiting = {pbx for change in self._batches for pbx in change.record.pbxes}
        if all(map(self._owns, waiting)):
            return
        self._batches.keep_ours(self._owns)
        others = {one for one, monitor in self._latest.items() if not self._owns(monitor.pbx)}
        for one in others:
            del self._latest[one]
        self._waiters.refused(others, "Another adapter looks after this PBX now.")

    def _done(self) -> None:
        batch = self._batches.done()
        for monitor in batch.whole.record.monitors.values():
            if self._latest.get(monitor.id) is monitor:
                del self._latest[monitor.id]
        self._waiters.written(batch.last)
        self.written.tell()

    async def _put_aside(self, sealed: Sealed, why: str) -> None:
        """One change that the database refuses for ever must not keep everything else from being written."""
        await self._writer.set_aside(sealed, why, self._clock())
        self.set_aside += 1
        log.error("a change can't be recorded; it lies in the table set_aside, for a person to look at", why=why)
        self._waiters.refused(sealed.record.monitors, "What happened can't be recorded.")

    def _tell_untold(self) -> None:
        untold, self._untold = self._untold, []
        for record in untold:
            tell(record)
