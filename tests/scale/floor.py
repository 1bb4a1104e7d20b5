"""The queues of a simulated PBX: members who pause and go on, callers who begin to wait and leave."""

from collections.abc import Iterator, Sequence
from itertools import count

from tests.scale.calls import AGENTS, event
from tests.support import queues as words


class SimulatedFloor:
    """All queues of one PBX. Every third thing that happens is a caller's."""

    def __init__(self, queues: int, members: int, waiting: int) -> None:
        self._queues, self._members = queues, members
        self._paused = [False] * members
        self._waiting = [f"1795530000.{number}" for number in range(waiting)]
        """By place: who waits there, by uniqueid."""
        self._turn, self._serial = count(), count(waiting)

    def one(self) -> str:
        """The next thing that happens: one event, or two where a caller follows another."""
        turn = next(self._turn)
        if self._waiting and turn % 3 == 2:
            return self._followed(turn // 3 % len(self._waiting))
        number = turn % self._members
        self._paused[number] = not self._paused[number]
        return event("QueueMemberPause", self._member(number))

    def _member(self, number: int, *, listed: bool = False) -> str:
        device = f"PJSIP/{AGENTS + number}"
        return words.member(number, self._queues, device, paused=self._paused[number], listed=listed)

    def _followed(self, place: int) -> str:
        left = words.waiting(place, self._queues, self._waiting[place])
        self._waiting[place] = f"1795530000.{next(self._serial)}"
        joined = words.waiting(place, self._queues, self._waiting[place])
        return event("QueueCallerLeave", left) + event("QueueCallerJoin", joined)

    def listed(self, only: Sequence[str] | None) -> Iterator[str]:
        """As QueueStatus lists it: of all queues, or of one."""
        wanted = [n for n in range(self._queues) if not only or f"queue-{n}" in only]
        for number in wanted:
            yield f"Event: QueueParams\r\n{words.params(number)}"
        for number in range(self._members):
            if number % self._queues in wanted:
                yield f"Event: QueueMember\r\n{self._member(number, listed=True)}"
        for place, uniqueid in enumerate(self._waiting):
            if place % self._queues in wanted:
                entry = words.entry(place, self._queues)
                yield f"Event: QueueEntry\r\n{entry.replace(f'1795522786.{place}', uniqueid)}"
