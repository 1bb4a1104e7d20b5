"""Tells hooks what agents do, and when a queue goes over its limits or under them again.

Only of PBXes that this process looks after, and of what was seen to change: after a start, what is there is no news.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
        self._over: set[str] = set()
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
        if before in (None, agent.state):
            return None
        data = {**agent_view(agent), "previous_state": before.value if before is not None else None}
        return HookEvent(at, EventType.AGENT_STATE_CHANGED, agent_id, "", data)

    def _queues(self, queues: Iterable[QueueStatus], at: datetime) -> list[HookEvent]:
        found = []
        for queue in queues:
            limit = self._limits.get(queue_key(queue.name))
            if limit is None or limit.is_over(queue, at) is (queue.id in self._over):
                continue
            self._over ^= {queue.id}
            data = queue_view(queue)
            del data["callers"]
            data |= {
                "over": queue.id in self._over,
                "limit": {"waiting": limit.waiting, "longest_wait_seconds": limit.longest_wait},
            }
            found.append(HookEvent(at, EventType.QUEUE_THRESHOLD, queue.id, "", data))
        return found

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if events := self._queues(self._board.queues(), self._clock()):
                self._note(Record(events=events, pbxes={self._board.id}))
