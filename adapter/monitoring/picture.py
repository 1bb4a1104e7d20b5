"""What is read of one PBX, wherever it is known from: its own events (`board.Board`), or another adapter's word."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.bars import CREDENTIALS, Bars, Kind, Who
from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.follow import Follow, short_of
from adapter.core.messages import Messages
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.views import Visibility, monitor_visibility


def is_hidden(bars: Bars, monitor: Monitor, who: Who) -> bool:
    """Whether it belongs to a follow that they are barred from."""
    return monitor.follows is not None and bars.barred(who, short_of(monitor.follows))


class PbxPicture(ABC):
    """Calls and monitors of one PBX, who sees what of them, and who wants to know of changes."""

    def __init__(self, pbx: str, directory: Directory, state: PbxState, bars: Bars, name: str = "") -> None:
        """`name`: what people call the PBX, where that is not its id."""
        self.id, self.name = pbx, name or pbx
        self.bars = bars
        self.directory = directory
        self.pbx_state = state
        self._monitors: dict[str, Monitor] = {}
        self.messages = Messages()
        self._follows: dict[str, Follow] = {}
        """As another adapter told of them; a board of its own has them with their legs."""

    @abstractmethod
    def calls(self) -> Collection[Call]:
        """All calls; empty while the PBX is out of sight."""

    @abstractmethod
    def call(self, call_id: str) -> Call | None:
        """One call."""

    def follows(self) -> Collection[Follow]:
        """Follows that are not over; none while it is out of sight."""
        return self._follows.values() if self.in_sight else ()

    @abstractmethod
    def agents(self) -> Collection[AgentStatus]:
        """All agents; empty while the PBX is out of sight."""

    @abstractmethod
    def agent(self, agent_id: str) -> AgentStatus | None:
        """One agent."""

    @abstractmethod
    def queues(self) -> Collection[QueueStatus]:
        """All queues; empty while the PBX is out of sight."""

    @abstractmethod
    def queue(self, queue_id: str) -> QueueStatus | None:
        """One queue."""

    @abstractmethod
    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""

    @abstractmethod
    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        """Accounts changed; `changed` are the users to whom everything must be shown afresh."""

    @property
    @abstractmethod
    def takes_up(self) -> bool:
        """Whether monitors of a former run are not held to a confirmed mode yet."""

    @property
    def in_sight(self) -> bool:
        """Whether who is in its conversations is known as well as it can be: always, for whoever owns the PBX."""
        return True

    @property
    def complete(self) -> bool:
        """Whether the PBX is in sight: only then is what is not known not there."""
        return self.pbx_state.state is LinkState.CONNECTED

    def calls_of(self, conversation_id: str) -> Collection[str]:
        """The ids of a conversation's calls."""
        return [call.id for call in self.calls() if call.conversation_id == conversation_id]

    def monitors(self) -> Collection[Monitor]:
        """Monitors that are connecting or live, oldest first."""
        return self._monitors.values()

    def monitor(self, monitor_id: str) -> Monitor | None:
        """One monitor that is connecting or live."""
        return self._monitors.get(monitor_id)

    def monitors_on(self, call_id: str) -> Sequence[Monitor]:
        """The monitors of a call that are connecting or live, oldest first."""
        return [monitor for monitor in self._monitors.values() if monitor.call_id == call_id]

    def in_conversation(self, user_id: str, conversation_id: str) -> bool:
        """Whether the user's phone is in that conversation, or was before."""
        return self.bars.was_in(user_id, conversation_id)

    def in_hand(self, user_id: str, kinds: Collection[Kind]) -> bool:
        """Whether somebody who is barred from a conversation made this of the account (`Bars.in_hand`)."""
        return self.bars.in_hand(Who(user_id), kinds)

    def visibility(self, user: User, monitor: Monitor, who: Who | None = None) -> Visibility:
        """What this person sees of a monitor now, ended or not. `who`: with which token, where it is one."""
        call, who = self.call(monitor.call_id), who or Who(user.id)
        return monitor_visibility(
            user,
            monitor,
            barred=self.bars.barred(who, monitor.conversation_id) or is_hidden(self.bars, monitor, who),
            own_call=call is not None and call.agent.user_id == user.id,
            in_hand=self.bars.in_hand(who, CREDENTIALS, monitor.conversation_id),
        )
