"""The side of a board that is read: calls, monitors, and who sees what of them, at one PBX."""

from collections.abc import Collection, Sequence

from adapter.core.bars import CREDENTIALS, Bars, Kind, Who
from adapter.core.call import Call
from adapter.core.calls import Calls, Numbering
from adapter.core.legs import LegNames, SpyDialplan
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.views import Visibility, monitor_visibility


class Readable:
    """What is known of one PBX now. Only `board.Board`, which is one, changes it."""

    def __init__(
        self, numbering: Numbering, directory: Directory, pbx: PbxState, dialplan: SpyDialplan, bars: Bars
    ) -> None:
        self.id, self.name = numbering.pbx, numbering.name or numbering.pbx
        self.bars = bars
        self.directory = directory
        self.pbx_state = pbx
        self._calls = Calls(numbering, directory)
        self._dialplan = dialplan
        self._monitors: dict[str, Monitor] = {}
        self._taken_up: set[str] = set()
        """Monitors of a former run whose mode Asterisk has not confirmed to this one."""

    def calls(self) -> Collection[Call]:
        """All calls; empty while the PBX is out of sight."""
        return self._calls.calls

    def call(self, call_id: str) -> Call | None:
        """One call."""
        return self._calls.get(call_id)

    def monitors(self) -> Collection[Monitor]:
        """Monitors that are connecting or live, oldest first."""
        return self._monitors.values()

    def monitor(self, monitor_id: str) -> Monitor | None:
        """One monitor that is connecting or live."""
        return self._monitors.get(monitor_id)

    @property
    def complete(self) -> bool:
        """Whether the PBX is in sight: only then is what is not known not there."""
        return self.pbx_state.state is LinkState.CONNECTED

    @property
    def takes_up(self) -> bool:
        """Whether monitors of a former run are not held to a confirmed mode yet."""
        return bool(self._taken_up)

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
        call, who = self._calls.get(monitor.call_id), who or Who(user.id)
        return monitor_visibility(
            user,
            monitor,
            barred=self.bars.barred(who, monitor.conversation_id),
            own_call=call is not None and call.agent.user_id == user.id,
            in_hand=self.bars.in_hand(who, CREDENTIALS, monitor.conversation_id),
        )

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

    def bridge_of(self, uniqueid: str) -> str | None:
        """The bridge that a channel is in right now."""
        return self._calls.bridge_of(uniqueid)

    def in_bridge(self, uniqueid: str) -> bool:
        """Whether it is in one."""
        return self.bridge_of(uniqueid) is not None

    def channels(self) -> Collection[str]:
        """Uniqueids of all channels that are known, supervisors' legs apart."""
        return self._calls.channels()
