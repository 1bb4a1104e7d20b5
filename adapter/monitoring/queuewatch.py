"""Asks Asterisk for its queues and devices again and again, since not all that changes in them has an event.

A reload changes queues and members without one, a reset sets figures back, and what was counted is told by QueueStatus
alone. What is heard while a list is on its way is applied behind it once more, so that a list never undoes an event.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from adapter.core import queueevents as qe
from adapter.core.events import Event
from adapter.errors import AdapterError, PbxRefused
from adapter.monitoring.board import Board
from adapter.monitoring.shortway import OF_AGENTS
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

LEAST = 1.0
"""Seconds between two lists of all queues, at least."""
LEAST_DEVICES = 10.0
"""The same of devices: each change has an event."""
SHARE = 0.01
"""Share of the time that lists of all queues may take, those of one queue, and those of devices: with thousands of
members they are asked for less often."""
COUNTED = 0.05
"""Seconds after which a call that was completed is counted (app_queue.c tells of it a moment before it counts)."""
MOST_HEARD = 10_000
"""Events that may arrive while a list is on its way; with more of them it is given up."""


TOLD_BY = timedelta(seconds=2)
"""By then whoever began to wait was told of by an event."""
DEAF = (
    "who waits in queues is found by asking alone, so it is shown late: Asterisk's events of queues don't arrive. "
    "Compare read (which needs agent) and eventfilter in manager.conf with manager_call_monitor.conf."
)


class Lists(Protocol):
    """What is asked (`adapter.asterisk.queuelist.QueueLists`). Raises PbxUnavailable, PbxRefused, PbxTimeout."""

    async def queues(self, only: str | None = None) -> qe.QueuesListed:
        """All queues now, or one."""

    async def devices(self) -> qe.DevicesListed:
        """The state of every device now."""


class QueueWatch:
    """Asks for one board."""

    def __init__(self, board: Board, lists: Lists) -> None:
        self._board, self._lists = board, lists
        self._asked: dict[str, None] = {}
        """Queues that are to be asked about, each once, in their order."""
        self._wake = asyncio.Event()
        self._heard: list[Event] | None = None
        self._next_all = self._next_devices = self._next_one = 0.0
        self._hears: datetime | None = None
        """Of the connection on which an event told last that somebody waits: since when it stands."""
        self._misses: datetime | None = None
        """The same of the one on which a list had somebody of whom no event told."""
        self._tasks = BackgroundTasks("queues")

    def start(self) -> None:
        """Ask from now on."""
        self._tasks.keep(self._watch, "queues")

    def heard(self, events: Sequence[Event]) -> None:
        """The board has taken these in."""
        found = [event for event in events if type(event) in OF_AGENTS]
        if qe.CallerJoined in map(type, found):
            self._hears = self._board.pbx_state.since
        if self._heard is not None:
            self._heard += found
        for event in found:
            if isinstance(event, qe.FiguresChanged | qe.CallerJoined):
                queue = event.queue
            elif isinstance(event, qe.MemberChanged):
                queue = event.member.queue
            else:
                continue
            if isinstance(event, qe.FiguresChanged) or not self._board.has_queue(queue):
                self._asked[queue] = None
                self._wake.set()

    async def close(self) -> None:
        """Ask nothing more."""
        await self._tasks.close()

    # --- asking

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        self._next_all, self._next_devices = clock() + LEAST, clock() + LEAST_DEVICES
        while True:
            next_one = self._next_one if self._asked else math.inf
            await self._until(min(self._next_all, self._next_devices, next_one) - clock())
            if not self._board.complete:
                self._next_all, self._next_devices = clock() + LEAST, clock() + LEAST_DEVICES
                continue
            if clock() >= self._next_all:
                self._asked.clear()
                self._next_all = clock() + await self._take(self._lists.queues, LEAST)
            elif self._asked and clock() >= self._next_one:
                queue = next(iter(self._asked))
                del self._asked[queue]
                self._next_one = clock() + await self._take(partial(self._lists.queues, queue), 0.0)
            if clock() >= self._next_devices:
                self._next_devices = clock() + await self._take(self._lists.devices, LEAST_DEVICES)

    @property
    def deaf(self) -> bool:
        """Whether, on this connection, a list had somebody of whom no event told."""
        since = self._board.pbx_state.since
        return self._misses == since and self._hears != since

    def remarks(self) -> list[str]:
        """What an administrator should know of though all is usable."""
        return [DEAF] if self.deaf else []

    def _compare(self, listed: qe.QueuesListed) -> None:
        """Whether somebody waits for a while of whom no event told, since the board was in sight already.

        Where one such event came, all do: what stays is a channel that took another's place in a queue.
        """
        if self._hears == self._board.pbx_state.since or self.deaf:
            return
        since = max(self._board.pbx_state.since, listed.at - timedelta(days=1))
        known = {caller.uniqueid for queue in self._board.queues() for caller in queue.callers}
        known |= {event.uniqueid for event in self._heard or () if isinstance(event, qe.CallerJoined)}
        found = any(
            since + TOLD_BY < caller.since < listed.at - TOLD_BY and caller.uniqueid not in known
            for queue in listed.queues
            if self._board.has_queue(queue.name)
            for caller in queue.callers
        )
        if found:
            self._misses = self._board.pbx_state.since
            log.warning("events of queues do not arrive", pbx=self._board.id, remedy=DEAF)

    async def _until(self, seconds: float) -> None:
        """Wait so long, or until something was counted."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._wake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(COUNTED)
        self._wake.clear()

    async def _take(self, ask: Callable[[], Awaitable[Event]], least: float) -> float:
        """Ask, and tell the board. Returns for how long not to ask again."""
        clock = asyncio.get_running_loop().time
        began, self._heard = clock(), []
        try:
            listed = await ask()
            if isinstance(listed, qe.QueuesListed):
                self._compare(listed)
            if len(self._heard) <= MOST_HEARD:
                self._board.apply([listed, *self._heard])
        except PbxRefused as refusal:
            log.debug("this Asterisk lists no queues", pbx=self._board.id, why=str(refusal))
            return LEAST_DEVICES
        except AdapterError as problem:
            log.info("queues could not be listed", pbx=self._board.id, why=str(problem))
        finally:
            self._heard = None
        return max(least, (clock() - began) / SHARE)
