"""Whether the adapter can be used: looked at by itself, at a steady pace, so that whoever asks reads a variable.

What is told to everybody is `ok` or `failing` of parts that are always the same, whether monitors exist or not; what
exactly is wrong is in the log, and for administrators who are in no conversation.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from adapter.tasks import FAILURES, BackgroundTasks

log = structlog.get_logger(__name__)

PACE = 0.25
"""Seconds between looks. Each only reads what the parts know of themselves."""
ADAPTER = "adapter"


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it is. `problem`: what is wrong, in words; None while it is usable."""

    name: str
    problem: str | None
    since: datetime
    needed: bool
    """Whether the adapter is not ready without it."""
    public: bool
    """Whether everybody may know of it."""


@dataclass(frozen=True, slots=True)
class State:
    """All parts, as of one look."""

    ready: bool
    parts: Mapping[str, Part]

    @property
    def brief(self) -> dict[str, str]:
        """What everybody may know."""
        return {part.name: "failing" if part.problem else "ok" for part in self.parts.values() if part.public}


class Readiness:
    """`parts`: names that are told to everybody, and whether each is needed; `look`: what is wrong, as `name: text`."""

    def __init__(
        self, parts: Mapping[str, bool], look: Callable[[], Iterable[str]], clock: Callable[[], datetime]
    ) -> None:
        self._needed, self._look, self._clock = {ADAPTER: True, **parts}, look, clock
        at = clock()
        self.state = State(
            False,
            {name: Part(name, "it was not looked at yet", at, needed, True) for name, needed in self._needed.items()},
        )
        """As of the last look."""
        self._tasks = BackgroundTasks("readiness")

    def start(self) -> None:
        """Look again and again."""
        self._tasks.keep(self._watch, "watch")

    async def close(self) -> None:
        """Look no more."""
        await self._tasks.close()

    @property
    def ready(self) -> bool:
        """Whether all that is needed was usable at the last look, and no loop of ours has failed since."""
        return self.state.ready and not FAILURES.down

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(PACE)

    def look(self) -> None:
        """Look now."""
        found: dict[str, list[str]] = {}
        loops = [f"{ADAPTER}: {loop} failed and is begun again ({why})" for loop, why in FAILURES.down.items()]
        for problem in (*loops, *self._look()):
            name, _, text = problem.partition(": ")
            found.setdefault(name, []).append(text or name)
        names = [*self._needed, *(name for name in found if name not in self._needed)]
        parts = {name: self._part(name, found.get(name, ())) for name in names}
        self.state = State(not any(part.needed and part.problem for part in parts.values()), parts)

    def _part(self, name: str, problems: Sequence[str]) -> Part:
        problem, before = "; ".join(problems) or None, self.state.parts.get(name)
        if before is not None and before.problem == problem:
            return before
        if problem is not None:
            log.warning("not usable", part=name, why=problem)
        elif before is not None:
            log.info("usable", part=name)
        known = name in self._needed
        return Part(name, problem, self._clock(), self._needed.get(name, False), known)
