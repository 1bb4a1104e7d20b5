"""What people are told of a change of agents and queues: like `adapter.web.frames`, of which it is a part."""

from collections.abc import Callable
from typing import TypeVar

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.changes import Changes
from adapter.core.floorviews import agent_view, agent_visible, queue_view, queue_visible
from adapter.core.people import User
from adapter.core.scopes import is_scoped
from adapter.core.views import Json
from adapter.monitoring.boards import Boards
from adapter.web.frame import Frame, encode

Thing = TypeVar("Thing", AgentStatus, QueueStatus)


class FloorShown:
    """What an audience was last shown, by id."""

    __slots__ = ("agents", "queues")

    def __init__(self, agents: dict[str, bytes] | None = None, queues: dict[str, bytes] | None = None) -> None:
        self.agents, self.queues = agents or {}, queues or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FloorShown) and (self.agents, self.queues) == (other.agents, other.queues)

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, thing: str) -> bool:
        return thing in self.agents or thing in self.queues

    def copy(self) -> "FloorShown":
        """The same, for others who go on by themselves."""
        return FloorShown(dict(self.agents), dict(self.queues))

    @property
    def ids(self) -> list[str]:
        """Of all of it."""
        return [*self.agents, *self.queues]

    @property
    def things(self) -> bytes:
        """As a snapshot has it."""
        return b'"agents":[%b],"queues":[%b]' % (b",".join(self.agents.values()), b",".join(self.queues.values()))


class FloorBatch:
    """One change of agents and queues: every payload is made at most once."""

    def __init__(self, boards: Boards, changes: Changes | None = None) -> None:
        self._boards = boards
        self._payloads: dict[tuple[str, str], bytes] = {}
        """By the thing's id, and the person's where they see it in a way of their own."""
        # Sorted: the order of a set may hang on what else was put into it.
        self._agents = [(one, boards.agent(one)) for one in sorted(changes.agents)] if changes else []
        self._queues = [(one, boards.queue(one)) for one in sorted(changes.queues)] if changes else []

    def shown(self, user: User) -> FloorShown:
        """Everything that this person sees now."""
        return FloorShown(
            {one.id: data for one in self._boards.agents() if (data := self._agent(user, one))},
            {one.id: data for one in self._boards.queues() if (data := self._queue(user, one))},
        )

    def frames(self, shown: FloorShown, user: User, frames: list[Frame]) -> None:
        """Add what this person is told who was `shown` that."""
        for agent_id, agent in self._agents:
            tell("agent", agent_id, self._agent(user, agent) if agent else None, shown.agents, frames)
        for queue_id, queue in self._queues:
            tell("queue", queue_id, self._queue(user, queue) if queue else None, shown.queues, frames)

    @property
    def things(self) -> set[str]:
        """Ids of what may look otherwise now."""
        return {one for one, _ in self._agents} | {one for one, _ in self._queues}

    def scoped_agents(self) -> set[str]:
        """Ids of the agents who have a scope: they see themselves, and nobody who shares it may."""
        users = self._boards.directory.users
        ids = self.of_their_own()
        return {one for one in ids if (user := users.get(one)) is not None and is_scoped(user)}

    def of_their_own(self) -> set[str]:
        """Ids of the people who see something of it without the right to monitor: the agents themselves."""
        return {agent.user_id for _, agent in self._agents if agent is not None and agent.user_id is not None}

    def _agent(self, user: User, agent: AgentStatus) -> bytes | None:
        return self._once(agent, lambda one: agent_view(one, user), user) if agent_visible(user, agent) else None

    def _queue(self, user: User, queue: QueueStatus) -> bytes | None:
        return self._once(queue, queue_view, user) if queue_visible(user, queue) else None

    def _once(self, thing: Thing, view: Callable[[Thing], Json], user: User) -> bytes:
        key = thing.id, user.id if is_scoped(user) else ""
        if (payload := self._payloads.get(key)) is None:
            payload = self._payloads[key] = encode(view(thing))
        return payload


def tell(kind: str, thing: str, data: bytes | None, shown: dict[str, bytes], frames: list[Frame]) -> None:
    """One thing is to be seen like this now, or no longer: add what is told of it to whoever was `shown` the rest."""
    if data is None:
        if shown.pop(thing, None):
            frames.append(Frame.of(f"{kind}.removed", encode({"id": thing})))
    elif shown.get(thing) != data:
        shown[thing] = data
        frames.append(Frame.of(f"{kind}.updated", data))
