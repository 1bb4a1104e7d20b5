"""A PBX whose calls and monitors are said outright: for rules about what is shown, whatever Asterisk may do."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.bars import Bars
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.monitoring.picture import PbxPicture
from adapter.tasks import Listeners
from tests.fake.scene import START


class Pictured(PbxPicture):
    """One such PBX."""

    takes_up = False

    def __init__(self, directory: Directory) -> None:
        super().__init__("lab", directory, PbxState(LinkState.CONNECTED, START), Bars())
        self._calls: dict[str, Call] = {}
        self._changes: Listeners[[Changes]] = Listeners()
        self._agents: dict[str, AgentStatus] = {}
        self._queues: dict[str, QueueStatus] = {}

    def agents(self) -> Collection[AgentStatus]:
        return self._agents.values()

    def agent(self, agent_id: str) -> AgentStatus | None:
        return self._agents.get(agent_id)

    def queues(self) -> Collection[QueueStatus]:
        return self._queues.values()

    def queue(self, queue_id: str) -> QueueStatus | None:
        return self._queues.get(queue_id)

    def put_floor(self, agents: Iterable[AgentStatus], queues: Iterable[QueueStatus], at: datetime) -> None:
        """These are all agents and queues from now on; everybody is told."""
        old_agents, old_queues = self._agents, self._queues
        self._agents = {one.id: one for one in agents}
        self._queues = {one.id: one for one in queues}
        changed = {one for one in old_agents | self._agents if old_agents.get(one) != self._agents.get(one)}
        others = {one for one in old_queues | self._queues if old_queues.get(one) != self._queues.get(one)}
        if changed or others:
            self._changes.tell(Changes(at, self.id, agents=frozenset(changed), queues=frozenset(others)))

    def calls(self) -> Collection[Call]:
        return self._calls.values()

    def call(self, call_id: str) -> Call | None:
        return self._calls.get(call_id)

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        return self._changes.subscribe(listener)

    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        self.directory = directory
        self._changes.tell(Changes(at, self.id, people=changed))

    def put(self, calls: Iterable[Call], monitors: Iterable[Monitor]) -> None:
        """So it is from now on, and nobody is told yet."""
        self._calls = {call.id: call for call in calls}
        self._monitors = {monitor.id: monitor for monitor in monitors}

    def tell(self, at: datetime, calls: frozenset[str], monitors: tuple[MonitorChange, ...]) -> None:
        """These have changed."""
        if calls or monitors:
            self._changes.tell(Changes(at, self.id, calls, monitors))
