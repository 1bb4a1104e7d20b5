"""Tells hooks what agents do, and when a queue goes over its limits or under them again.

Only of PBXes that this process looks after. Of agents what was seen to change: after a start, what is there is no news.
Of queues with a limit also what is there at first: an alarm that rang when a former process told of it would never end.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.core.agent import AgentState, QueueStatus
from adapter.core.changes import Changes
from adapter.core.floorviews import agent_view, queue_view
from adapter.core.record import EventType, HookEvent, Record
from adapter.core.teams import queue_key
from adapter.monitoring.picture import PbxPicture
from adapter.tasks import BackgroundTasks

TICK = 1.0
"""Seconds between looks whether somebody waits for too long: no event tells of that."""


@dataclass(frozen=True, slots=True)
class QueueLimit:
    """From when on a queue is over its limit. None: never by this."""

    waiting: int | None = None
    """So many callers who wait."""
    longest_wait: float | None = None
    """Seconds that one of them has waited."""

    def is_over(self, queue: QueueStatus, now: datetime) -> bool:
        """Whether it is."""
        if self.waiting is not None and len(queue.callers) >= self.waiting:
            return True
        since = queue.longest_wait_since
        return (
            self.longest_wait is not None and since is not None and (now - since).total_seconds() >= self.longest_wait
        )


class FloorNews:
    """Watches one board. `limits` by the queue's name."""

    def __init__(
        self,
        board: PbxPicture,
        note: Callable[[Record], None],
        clock: Callable[[], datetime],
        limits: Mapping[str, QueueLimit],
    ) -> None:
        self._board, self._note, self._clock = board, note, clock
        self._limits = {queue_key(name): limit for name, limit in limits.items()}
        self._states: dict[str, AgentState] = {}
        self._told: dict[str, QueueStatus | None] = {}
        """By id, each queue with a limit of which hooks know: as it was when it went over, None while it is not."""
        self._tasks = BackgroundTasks("floor news")
        board.subscribe(self._heard)

    def start(self) -> None:
        """Look at the clock, where a limit needs it."""
        if any(limit.longest_wait is not None for limit in self._limits.values()):
            self._tasks.keep(self._tick, "limits")

    async def close(self) -> None:
        """Look no more."""
        await self._tasks.close()

    def _heard(self, changes: Changes) -> None:
        events = [event for one in sorted(changes.agents) if (event := self._agent(one, changes.at))]
        if self._limits and changes.queues:
            events += self._queues(filter(None, map(self._board.queue, sorted(changes.queues))), changes.at)
            events += self._gone(sorted(changes.queues), changes.at)
        if events:
            self._note(Record(events=events, pbxes={self._board.id}))

    def _agent(self, agent_id: str, at: datetime) -> HookEvent | None:
        agent = self._board.agent(agent_id)
        if agent is None:
            if self._board.complete:
                self._states.pop(agent_id, None)
            return None
        before = self._states.get(agent_id)
        self._states[agent_id] = agent.state
        if before is None or before is agent.state:
            return None
        data = {**agent_view(agent), "previous_state": before.value}
        return HookEvent(at, EventType.AGENT_STATE_CHANGED, agent_id, "", data)

    def _queues(self, queues: Iterable[QueueStatus], at: datetime) -> list[HookEvent]:
        found = []
        for queue in queues:
            limit = self._limits.get(queue_key(queue.name))
            if limit is None:
                continue
            over = limit.is_over(queue, at)
            if queue.id not in self._told or over is not (self._told[queue.id] is not None):
                self._told[queue.id] = queue if over else None
                found.append(_threshold(queue, limit, at, over=over))
        return found

    def _gone(self, ids: Iterable[str], at: datetime) -> list[HookEvent]:
        """Queues that are no more are over no limit."""
        if not self._board.complete:
            return []
        gone = [self._told.pop(one) for one in ids if one in self._told and self._board.queue(one) is None]
        return [
            _threshold(replace(last, callers=()), self._limits[queue_key(last.name)], at, over=False)
            for last in gone
            if last is not None
        ]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if events := self._queues(self._board.queues(), self._clock()):
                self._note(Record(events=events, pbxes={self._board.id}))


def _threshold(queue: QueueStatus, limit: QueueLimit, at: datetime, *, over: bool) -> HookEvent:
    data = queue_view(queue)
    del data["callers"]
    data |= {"over": over, "limit": {"waiting": limit.waiting, "longest_wait_seconds": limit.longest_wait}}
    return HookEvent(at, EventType.QUEUE_THRESHOLD, queue.id, "", data)
