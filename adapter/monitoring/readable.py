"""The side of a board that is read: what the events of its PBX tell, and where channels are now."""

from collections.abc import Collection

from adapter.core import events as ev
from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.agents import Agents
from adapter.core.bars import Bars
from adapter.core.call import Call
from adapter.core.calls import Calls, Numbering
from adapter.core.follow import Follow, FollowState
from adapter.core.heldlegs import HeldLegs
from adapter.core.legs import LegNames, SpyDialplan
from adapter.core.pbx import PbxState
from adapter.core.people import Directory
from adapter.core.talk import Talk
from adapter.monitoring.picture import PbxPicture


class Readable(PbxPicture):
    """What is known of one PBX now. Only `board.Board`, which is one, changes it."""

    def __init__(
        self, numbering: Numbering, directory: Directory, pbx: PbxState, dialplan: SpyDialplan, bars: Bars
    ) -> None:
        super().__init__(numbering.pbx, directory, pbx, bars, numbering.name)
        self._calls = Calls(numbering, directory)
        self._agents = Agents(numbering, directory, self._calls.was_called)
        self._dialplan, self._forbids = dialplan, numbering.forbids
        self.held = HeldLegs(self._calls.lives)
        """Of follows."""
        self._taken_up: set[str] = set()
        """Monitors of a former run whose mode Asterisk has not confirmed to this one."""

    def follows(self) -> Collection[Follow]:
        """All that are not over."""
        return self.held.follows.values()

    @property
    def leave_digit(self) -> str:
        """The keypad digit that leaves."""
        return self._dialplan.leave_digit

    def is_waiting(self, leg: ev.Channel) -> bool:
        """Whether a follow's leg stands where it hears nothing, or is about to come there."""
        return leg.extension == self._dialplan.over or self._dialplan.waits_at(leg.context, leg.extension)

    def waiting_legs(self) -> Collection[str]:
        """Legs of follows that were answered and that no monitor has now."""
        busy = {monitor.leg for monitor in self._monitors.values()}
        return [one.leg for one in self.follows() if one.state is not FollowState.CONNECTING and one.leg not in busy]

    def calls(self) -> Collection[Call]:
        """All calls; empty while the PBX is out of sight."""
        return self._calls.calls

    def call(self, call_id: str) -> Call | None:
        """One call."""
        return self._calls.get(call_id)

    @property
    def talks(self) -> dict[str, Talk]:
        """Who talks, by call; whoever changes it lets the calls be looked at again."""
        return self._calls.talks

    def agents(self) -> Collection[AgentStatus]:
        """All agents; empty while the PBX is out of sight."""
        return self._agents.agents if self.complete else ()

    def queues(self) -> Collection[QueueStatus]:
        """All queues; empty while the PBX is out of sight."""
        return self._agents.queues if self.complete else ()

    def agent(self, agent_id: str) -> AgentStatus | None:
        """One agent."""
        return self._agents.agent(agent_id) if self.complete else None

    def queue(self, queue_id: str) -> QueueStatus | None:
        """One queue."""
        return self._agents.queue(queue_id) if self.complete else None

    def has_queue(self, name: str) -> bool:
        """Whether a queue of this name is known."""
        return self._agents.has_queue(name)

    def is_exempt(self, user_id: str) -> bool:
        """Whether nobody may monitor this person, whatever call they are in."""
        return self._forbids("", frozenset({user_id}), ())

    @property
    def takes_up(self) -> bool:
        """Whether monitors of a former run are not held to a confirmed mode yet."""
        return bool(self._taken_up)

    @property
    def phones(self) -> Directory:
        """Whose phones the endpoints of this PBX are."""
        return self._calls.phones

    @property
    def legs(self) -> LegNames:
        """How this installation names its legs."""
        return self._dialplan.legs

    def calls_of(self, conversation_id: str) -> Collection[str]:
        """Ids of the calls of a conversation, as far as they are here."""
        return self._calls.of_conversation(conversation_id)

    def conversation_of(self, uniqueid: str) -> str | None:
        """The id of the conversation that a channel is in."""
        return self._calls.conversation_of(uniqueid)

    def bridge_of(self, uniqueid: str) -> str | None:
        """The bridge that a channel is in right now."""
        return self._calls.bridge_of(uniqueid)

    def in_bridge(self, uniqueid: str) -> bool:
        """Whether it is in one."""
        return self.bridge_of(uniqueid) is not None

    def channels(self) -> Collection[str]:
        """Uniqueids of all channels that are known, supervisors' legs apart."""
        return self._calls.channels()
