"""Asks an owner for a snapshot, again and again with growing pauses, until one is there."""

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from adapter.fleet.bus import Bus, NotSent, Subjects
from adapter.fleet.messages import Sealer, SnapshotWanted

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds until it is asked for again; doubled each time, and half of it by chance: all ask when a bus comes back."""


class SnapshotRequests:
    """What one follower has asked for. `run` is its loop."""

    def __init__(self, bus: Bus, sealer: Sealer, subjects: Subjects) -> None:
        self._bus, self._sealer, self._subjects = bus, sealer, subjects
        self._ids: deque[str] = deque(maxlen=8)
        self._want, self._anew = asyncio.Event(), asyncio.Event()

    def want(self) -> None:
        """One is needed."""
        self._want.set()

    def anew(self) -> None:
        """The bus was away, or is there again: ask at once where one is needed."""
        self._anew.set()

    def done(self) -> None:
        """One is there."""
        self._want.clear()
        self._anew.set()

    def are_answered(self, ids: Iterable[str]) -> bool:
        """Whether any of these requests is ours, and so what answers it is no older than that."""
        return any(one in self._ids for one in ids)

    async def run(self) -> None:
        """Ask whenever one is needed."""
        pause = FIRST_PAUSE
        while True:
            if not self._want.is_set():
                pause = FIRST_PAUSE
                await self._want.wait()
            self._anew.clear()
            self._ask()
            try:
                await asyncio.wait_for(self._anew.wait(), pause * random.uniform(0.5, 1.0))  # noqa: S311 - it spreads
                pause = FIRST_PAUSE
            except TimeoutError:
                pause = min(LONGEST_PAUSE, 2 * pause)

    def _ask(self) -> None:
        request = SnapshotWanted(pbx=self._subjects.pbx, id=uuid.uuid4().hex)
        subject = self._subjects.to_owner("wanted")
        self._ids.append(request.id)
        with suppress(NotSent):
            self._bus.publish(subject, self._sealer.write(subject, request))
