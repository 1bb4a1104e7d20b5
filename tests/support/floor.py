"""Agents, queues and who waits in them, over a busy call centre (`tests.support.centre`)."""

from datetime import UTC, datetime, timedelta

from adapter.core import queueevents as qe
from tests.support.centre import CUSTOMERS, FIRST, Centre

QUEUES = (
    "Sales", "Support", "Billing", "Returns", "Orders", "Claims", "Key accounts", "Night line", "Deliveries",
    "New customers", "Complaints", "Spare parts", "Bookings", "Contracts",
)  # fmt: skip
REASONS = ("Lunch", "", "Meeting", "Paperwork")


def queue_name(number: int) -> str:
    """Queues' names, and then the same with a number."""
    name, again = QUEUES[number % len(QUEUES)], number // len(QUEUES)
    return f"{name} {again + 1}" if again else name


class Floor:
    """The agents of a centre, each in one queue or two."""

    def __init__(self, place: Centre, queues: int = 6) -> None:
        self.place, self.queues = place, queues
        self.joined: list[tuple[str, str]] = []
        """Who waits: queue and channel."""
        self._paused: set[int] = set()
        self._made = 0

    def begin(self, offline: int = 9) -> None:
        """All agents' phones are registered, but for every `offline`-th; all are members of queues."""
        now = datetime.now(UTC)
        devices = {
            f"PJSIP/{FIRST + agent}": "UNAVAILABLE" if agent % offline == offline - 1 else "NOT_INUSE"
            for agent in range(self.place.agents)
        }
        members: dict[str, list[qe.QueueMember]] = {queue_name(number): [] for number in range(self.queues)}
        for agent in range(self.place.agents):
            for queue in self.queues_of(agent):
                members[queue].append(self.member(agent, queue))
        figures = ((140, 3, 96.0), (88, 9, 71.5), (12, 0, 100.0), (0, 0, 0.0), (61, 2, 84.0))
        listed = tuple(
            qe.QueueListed(name, *figures[place % 5], tuple(of)) for place, (name, of) in enumerate(members.items())
        )
        self.tell(qe.DevicesListed(now, devices), qe.QueuesListed(now, listed))

    def queues_of(self, agent: int) -> list[str]:
        """Every fourth agent is in two."""
        two = {agent % self.queues, (agent + 1) % self.queues} if agent % 4 == 0 else {agent % self.queues}
        return [queue_name(number) for number in sorted(two)]

    def member(self, agent: int, queue: str) -> qe.QueueMember:
        """This agent's place there, as it is now."""
        device, paused = f"PJSIP/{FIRST + agent}", agent in self._paused
        reason = REASONS[agent % len(REASONS)] if paused else ""
        at = datetime.now(UTC) - timedelta(seconds=37 * (agent % 11)) if paused else None
        return qe.QueueMember(queue, device, device, self.place.name(agent), paused, reason, at, agent % 13, None)

    def pause(self, agent: int, *, paused: bool = True) -> None:
        """They take a break in all their queues, or come back."""
        (self._paused.add if paused else self._paused.discard)(agent)
        now = datetime.now(UTC)
        self.tell(*(qe.MemberChanged(now, self.member(agent, queue)) for queue in self.queues_of(agent)))

    def is_paused(self, agent: int) -> bool:
        """Whether they are."""
        return agent in self._paused

    def join(self, queue: int, *, ago: timedelta = timedelta(), number: str | None = None) -> None:
        """One more waits in this queue."""
        self._made += 1
        name, channel = queue_name(queue), f"w.{self._made}"
        position = 1 + sum(one == name for one, _ in self.joined)
        who = CUSTOMERS[self._made % len(CUSTOMERS)]
        dialled = f"+1202556{self._made:04}" if number is None else number
        self.joined.append((name, channel))
        self.tell(qe.CallerJoined(datetime.now(UTC) - ago, name, position, channel, channel, dialled, who))

    def leave(self, place: int = 0) -> None:
        """Whoever waits at this place of all gives up."""
        name, channel = self.joined.pop(place)
        self.tell(qe.CallerLeft(datetime.now(UTC), name, channel, channel))

    def tell(self, *events: qe.QueueEvent) -> None:
        """The adapter is told of these."""
        self.place.scene.events.extend(events)
        self.place.tell()


def busy(place: Centre, queues: int = 6, talking: int = 26) -> Floor:
    """A usual day: some talk, ring, hold, pause; one queue burns."""
    floor = Floor(place, queues)
    floor.begin()
    for number in range(talking):
        place.begin(ago=timedelta(seconds=11 + 37 * (talking - number)), ringing=number % 9 == 8)
    for held in range(3, talking, 7):
        place.hold(held)
    place.tell()
    for agent in range(1, place.agents, 8):
        floor.pause(agent)
    for seconds in (95, 71, 40, 22, 9, 4):
        floor.join(1, ago=timedelta(seconds=seconds))
    floor.join(4, ago=timedelta(seconds=12))
    return floor
