"""Sending the head of the audit out, so that nobody can take the end of one of its chains back unseen.

What goes out is the head of the installation's chain; just before, that chain says where the others end, which it does
each hour besides. So one head speaks for all of them.

At a steady pace, and at a stop, whatever happened or did not happen: heads come as often on a day without a single
monitor. Each goes to the log, to the webhooks that ask for `audit.head`, and to a file.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog

from adapter.core import heads
from adapter.core.heads import End
from adapter.core.record import EventType, HookEvent, Record, seal
from adapter.errors import StoreUnavailable
from adapter.store import Store
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

When = Literal["hourly", "daily", "stop"]
PACES: dict[When, float] = {"hourly": 3600.0, "daily": 86400.0}
"""Seconds between two heads."""
RETRY_PAUSE = 60.0
"""Seconds until the next try while the database does not answer."""
FILE_DEADLINE = 10.0
"""Seconds within which the file must have taken a head: it may lie on another machine."""
STOP_DEADLINE = 2.0
"""Seconds that a stop waits for receivers to take the last head; then they get it after the next start."""
TURN = 1.0
"""Seconds between looks whether it is our turn to send them."""
ANCHOR_PACE = 3600.0
"""Seconds between entries that say where the chains of PBXes end, whatever heads go out."""
LANE = "audit.head"
"""Begins the lane of each: a receiver that refuses one delays no other."""


class Heads:
    """Sends them. `wake`: there is something to deliver; `key`: the installation's."""

    def __init__(
        self,
        store: Store,
        key: bytes,
        when: Collection[When],
        file: Path | None,
        wake: Callable[[], None],
        clock: Callable[[], datetime],
        is_sender: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_sender`: of several adapters only one sends them."""
        self._is_sender = is_sender
        self._store, self._key, self._when, self._file = store, key, when, file
        self._wake, self._clock = wake, clock
        self._last: Sequence[End] = ()
        self._tasks, self._writes = BackgroundTasks("heads"), BackgroundTasks("heads file")
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send one now, where any pace is wanted, and go on at that pace."""
        paces = [PACES[name] for name in self._when if name in PACES]
        if paces:
            self._tasks.keep(lambda: self._run(self.send, min(paces)), "run")
        if not paces or min(paces) > ANCHOR_PACE:  # what is sent is anchored before
            self._tasks.keep(lambda: self._run(self._anchor, ANCHOR_PACE), "anchor")

    async def close(self) -> None:
        """Send the last one, after all that is written and before deliveries stop."""
        await self._tasks.close()
        if "stop" in self._when and self._is_sender():
            await self._send_last()
        await self._writes.close()

    async def _send_last(self) -> None:
        try:
            sent = await self.send()
            await self._taken(sent)
        except StoreUnavailable as problem:
            log.error("the audit's head could not be sent at the stop", why=str(problem))

    async def _taken(self, event_id: str) -> None:
        """Wait a little until the receivers have it: somebody may lay hands on the database while we don't run."""
        end = time.monotonic() + STOP_DEADLINE
        while time.monotonic() < end:
            if not await self._store.outbox.undelivered([event_id]):
                return
            await asyncio.sleep(0.05)

    async def _anchor(self) -> None:
        """Say in the installation's chain where the others end. Raises StoreUnavailable."""
        await self._store.audit.anchor(self._key)

    async def _run(self, work: Callable[[], Awaitable[object]], pace: float) -> None:
        while True:
            if not self._is_sender():
                await asyncio.sleep(TURN)
                continue
            try:
                await work()
            except StoreUnavailable as problem:
                log.warning("the audit's head could not be sent, or chains not bound; trying again", why=str(problem))
                await asyncio.sleep(RETRY_PAUSE)
            else:
                await asyncio.sleep(pace)

    async def send(self) -> str:
        """Send the head of now. Returns the event's id. Raises StoreUnavailable."""
        await self._anchor()
        ends, at = await self._store.audit.ends(), self._clock()
        if not all([await self._store.audit.holds(last) for last in self._last]):
            log.error("the audit was changed behind our back: what was its end is gone", way_out="audit verify --heads")
        self._last, end = ends, ends[0]
        head = heads.seal(self._key, end, secrets.token_bytes(heads.NONCE))
        log.info("audit head", chain=end.chain, head=head)
        if self._file is not None:
            await self._append(self._file, heads.line(end.chain, head, at))
        data: dict[str, object] = {"chain": end.chain, "head": head}
        lane = f"{LANE} {secrets.token_hex(16)}"
        sealed = seal(
            Record(events=[HookEvent(at, EventType.AUDIT_HEAD, lane, "", data)]), lambda: secrets.token_hex(16)
        )
        await self._store.records.write(sealed, at)
        self._wake()
        return sealed.event_ids[0]

    async def _append(self, file: Path, line: str) -> None:
        """A disk that does not answer holds one thread and no head's way elsewhere."""
        why: str | None = "the one before is not written yet"
        if self._writing is None or self._writing.done():
            self._writing = self._writes.start(asyncio.to_thread(append, file, line), "append")
            done, _ = await asyncio.wait([self._writing], timeout=FILE_DEADLINE)
            why = _why(self._writing.exception()) if done else f"no answer in {FILE_DEADLINE:g} s"
        if why is not None:
            log.error("the audit's head was not written to its file", file=str(file), why=why)


def _why(problem: BaseException | None) -> str | None:
    return None if problem is None else str(problem)


def append(file: Path, line: str) -> None:
    """Add a line, and return once it is on the disk. What a death left half is ended first. Raises OSError."""
    number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        size = os.fstat(number).st_size
        torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"
        data = (("\n" if torn else "") + line).encode()
        if os.write(number, data) != len(data):
            raise OSError("only a part was written")
        os.fsync(number)
    finally:
        os.close(number)
