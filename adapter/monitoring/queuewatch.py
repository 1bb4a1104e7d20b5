"""Asks Asterisk for its queues and devices again and again, since not all that changes in them has an event.

A reload changes queues and members without one, a reset sets figures back, and what was counted is told by QueueStatus
alone. What is heard while a list is on its way is applied behind it once more, so that a list never undoes an event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
"""Share of the time that lists may take: with thousands of members they are asked for less often."""
COUNTED = 0.05
"""Seconds after which a call that was completed is counted (app_queue.c tells of it a moment before it counts)."""
MANY = 5
"""Queues of which so many changed are all asked about at once."""
MOST_HEARD = 10_000
"""Events that may arrive while a list is on its way; with more of them it is given up."""


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
        self._asked: set[str] = set()
        self._wake = asyncio.Event()
        self._heard: list[Event] | None = None
        self._next_all = self._next_devices = 0.0
        self._tasks = BackgroundTasks("queues")

    def start(self) -> None:
        """Ask from now on."""
        self._tasks.keep(self._watch, "queues")

    def heard(self, events: Sequence[Event]) -> None:
        """The board has taken these in."""
        found = [event for event in events if type(event) in OF_AGENTS]
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
                self._asked.add(queue)
                self._wake.set()

    async def close(self) -> None:
        """Ask nothing more."""
        await self._tasks.close()

    # --- asking

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        self._next_all, self._next_devices = clock() + LEAST, clock() + LEAST_DEVICES
        while True:
            await self._until(min(self._next_all, self._next_devices) - clock())
            if not self._board.complete:
                self._next_all, self._next_devices = clock() + LEAST, clock() + LEAST_DEVICES
                continue
            asked, self._asked = self._asked, set()
            if clock() >= self._next_all or len(asked) > MANY:
                self._next_all = clock() + await self._take(self._lists.queues, LEAST)
                asked = set()
            for queue in sorted(asked):
                await self._take(partial(self._lists.queues, queue), LEAST)
            if clock() >= self._next_devices:
                self._next_devices = clock() + await self._take(self._lists.devices, LEAST_DEVICES)

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
