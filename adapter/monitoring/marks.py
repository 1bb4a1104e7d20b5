"""Notices what another process changed in the database: one look at all marks, however many things are followed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from adapter.errors import AdapterError
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

POLL = 0.5
"""Seconds between looks for changes that another process made: the command line, or another adapter."""

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Followed:
    """One thing that others change. `known`: its mark, as of the last time that it was read."""

    mark: str
    read: Work
    failing: str
    known: str | None = None


class MarkWatch:
    """`read`: all marks as they are, each another after every change of its thing; it raises StoreUnavailable."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        self._read = read
        self._followed: list[_Followed] = []
        self._each: list[tuple[Work, str]] = []
        self._tasks = BackgroundTasks("marks")

    def on(self, mark: str, read: Work, failing: str) -> None:
        """Read a thing again whenever its mark is another, until that was possible. `failing`: what is told of it."""
        self._followed.append(_Followed(mark, read, failing))

    def each(self, work: Work, failing: str) -> None:
        """Do this after each look, whatever came of it."""
        self._each.append((work, failing))

    def start(self) -> None:
        """Look from now on."""
        self._tasks.keep(self._run, "watch")

    async def close(self) -> None:
        """Look no more."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(POLL)

    async def look(self) -> None:
        """Look now, and read what is another."""
        try:
            marks = await self._read()
        except AdapterError as problem:
            log.warning("what others changed can't be read; what was known applies", why=str(problem))
        else:
            changed = [one for one in self._followed if marks[one.mark] != one.known]
            await asyncio.gather(*(self._read_again(one, marks[one.mark]) for one in changed))
        for work, failing in self._each:
            await _done(work, failing)

    async def _read_again(self, one: _Followed, mark: str) -> None:
        if await _done(one.read, one.failing):
            one.known = mark


async def _done(work: Work, failing: str) -> bool:
    try:
        await work()
    except AdapterError as problem:
        log.warning(failing, why=str(problem))
        return False
    return True
