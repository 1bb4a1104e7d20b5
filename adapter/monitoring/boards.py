"""The live picture of every PBX: where calls and monitors are read and watched, whichever PBX they are at.

People and the record are of no PBX alone: their changes are told here, once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain

from adapter.core.agent import AgentStatus, QueueStatus
from adapter.core.bars import CREDENTIALS, Bars, Kind, Who, is_follow
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange, merged
from adapter.core.follow import Follow
from adapter.core.follow_views import follow_visible
from adapter.core.help import HelpRequest
from adapter.core.help_views import HelpSight, help_sight
from adapter.core.messages import CoachMessage, is_answerable, of_talk, seen_messages
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.record import RecordState
from adapter.core.views import Visibility, monitor_visibility
from adapter.monitoring.board import Board, Listener
from adapter.monitoring.picture import PbxPicture, is_hidden
from adapter.tasks import Listeners


class OneOfBoards:
    """One PBX of `Boards`, whichever board it has: its own, or a mirror of another adapter's."""

    def __init__(self, boards: "Boards", pbx: str) -> None:
        self._boards, self._pbx = boards, pbx

    @property
    def directory(self) -> Directory:
        """All accounts."""
        return self._boards.directory

    @property
    def pbx_state(self) -> PbxState:
        """The connection to it."""
        board = self._boards.board(self._pbx)
        return board.pbx_state if board is not None else self._boards.pbx_state

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of what changes there, and of what is of no PBX alone."""
        return self._boards.subscribe(lambda changes: listener(changes) if changes.pbx in (None, self._pbx) else None)


class Boards:
    """All boards of this process, one for each PBX: its own, and mirrors of other adapters'."""

    def __init__(self, boards: Iterable[PbxPicture], directory: Directory, at: datetime, days: int = 0) -> None:
        """`days`: for which messages are kept. Raises ValueError where the boards don't share their bars: one would not
        know who is barred at another."""
        self._boards: dict[str, PbxPicture] = {board.id: board for board in boards}
        shared = {id(board.bars): board.bars for board in self._boards.values()}
        if len(shared) > 1:
            raise ValueError("the boards of one process share their bars")
        self.bars = next(iter(shared.values()), Bars())
        self.directory, self.message_days = directory, days
        self.help: dict[str, HelpRequest] = {}
        """Requests for help that are not closed, by id, oldest first (`monitoring.help`)."""
        self.record_state = RecordState(True, at)
        self._changes: Listeners[[Changes]] = Listeners()
        self._gathered: list[Changes] | None = None
        self._ends = {board.id: board.subscribe(self._heard) for board in self._boards.values()}

    # --- reading

    def __iter__(self) -> Iterator[PbxPicture]:
        return iter(self._boards.values())

    @property
    def own(self) -> Sequence[Board]:
        """Those that are fed by events of the PBX itself: only they can be acted upon."""
        return [board for board in self if isinstance(board, Board)]

    def board(self, pbx: str) -> PbxPicture | None:
        """The board of a PBX; None where the configuration names none of that id."""
        return self._boards.get(pbx)

    def calls(self) -> Collection[Call]:
        """All calls; those of a PBX that is out of sight are not among them."""
        if len(self._boards) == 1:
            return next(iter(self)).calls()
        return list(chain.from_iterable(board.calls() for board in self))

    def call(self, call_id: str) -> Call | None:
        """One call."""
        return next((call for board in self if (call := board.call(call_id))), None)

    def agents(self) -> Collection[AgentStatus]:
        """All agents; those of a PBX that is out of sight are not among them."""
        return list(chain.from_iterable(board.agents() for board in self))

    def agent(self, agent_id: str) -> AgentStatus | None:
        """One agent."""
        return next((found for board in self if (found := board.agent(agent_id))), None)

    def queues(self) -> Collection[QueueStatus]:
        """All queues, likewise."""
        return list(chain.from_iterable(board.queues() for board in self))

    def queue(self, queue_id: str) -> QueueStatus | None:
        """One queue."""
        return next((found for board in self if (found := board.queue(queue_id))), None)

    def monitors(self) -> Collection[Monitor]:
        """Monitors that are connecting or live, oldest first at each PBX."""
        return list(chain.from_iterable(board.monitors() for board in self))

    def monitor(self, monitor_id: str) -> Monitor | None:
        """One monitor that is connecting or live."""
        return next((found for board in self if (found := board.monitor(monitor_id))), None)

    def follows(self) -> Collection[Follow]:
        """Follows that are not over."""
        return list(chain.from_iterable(board.follows() for board in self))

    def follow(self, follow_id: str) -> Follow | None:
        """One follow that is not over."""
        return next((follow for follow in self.follows() if follow.id == follow_id), None)

    def follow_visible(self, user: User, follow: Follow, who: Who | None = None) -> bool:
        """Whether this person sees a follow. `who`: with which token, where it is one."""
        who = who or Who(user.id)
        barred = self.bars.barred(who, follow.short)
        return follow_visible(user, follow, barred=barred, in_hand=self.bars.in_hand(who, CREDENTIALS, follow.short))

    def monitors_on(self, call_id: str) -> Sequence[Monitor]:
        """The monitors of a call that are connecting or live, oldest first."""
        return [monitor for board in self for monitor in board.monitors_on(call_id)]

    def in_conversation(self, user_id: str, conversation_id: str) -> bool:
        """Whether the user's phone is in that conversation, or was before."""
        return self.bars.was_in(user_id, conversation_id)

    def in_hand(self, user_id: str, kinds: Collection[Kind]) -> bool:
        """Whether somebody who is barred from a conversation made this of the account (`Bars.in_hand`)."""
        return self.bars.in_hand(Who(user_id), kinds)

    def visible(self, user: User, who: Who | None = None) -> list[Monitor]:
        """The monitors, connecting or live, that this person may see."""
        return [one for one in self.monitors() if self.visibility(user, one, who) is not Visibility.NOTHING]

    def visibility(self, user: User, monitor: Monitor, who: Who | None = None) -> Visibility:
        """What this person sees of a monitor now, ended or not, also where its PBX is no longer configured.

        `who`: with which token, where it is one.
        """
        board = self._boards.get(monitor.pbx)
        if board is not None:
            return board.visibility(user, monitor, who)
        who = who or Who(user.id)
        return monitor_visibility(
            user,
            monitor,
            barred=self.bars.barred(who, monitor.conversation_id) or is_hidden(self.bars, monitor, who),
            own_call=False,
            in_hand=self.bars.in_hand(who, CREDENTIALS, monitor.conversation_id),
        )

    def talk(self, talk_id: str) -> Monitor | None:
        """The monitor that talks under this id now."""
        return next((one for one in self.monitors() if one.talks and one.talk == talk_id), None)

    @property
    def pbx_state(self) -> PbxState:
        """The connection that is worst, since that is what people must know of; the latest of equals."""
        order = (LinkState.DOWN, LinkState.CONNECTING, LinkState.CONNECTED)
        states = [board.pbx_state for board in self]
        worst = min((state.state for state in states), key=order.index)
        return max((state for state in states if state.state is worst), key=lambda state: state.since)

    @property
    def complete(self) -> bool:
        """Whether every PBX is in sight: only then is what is not known not there."""
        return all(board.complete for board in self)

    @property
    def blind(self) -> bool:
        """Whether another adapter's PBX is out of sight: who is in its conversations now is not known here."""
        return not all(board.in_sight for board in self)

    @property
    def takes_up(self) -> bool:
        """Whether monitors of a former run are not held to a confirmed mode yet."""
        return any(board.takes_up for board in self)

    # --- watching

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""
        return self._changes.subscribe(listener)

    def swap(self, board: PbxPicture, at: datetime) -> None:
        """The PBX is seen in another way from now on: of its own events, or by another adapter's word.

        Nothing of it is over for that. It is told like another adapter's word, since nothing has happened at the PBX:
        everybody is shown afresh what there is. Raises ValueError where it does not share the others' bars.
        """
        if board.bars is not self.bars:
            raise ValueError("the boards of one process share their bars")
        if board.directory is not self.directory:
            board.set_directory(self.directory, frozenset(), at)
        before = self._boards[board.id]
        self._ends[board.id]()
        calls = {call.id for call in (*before.calls(), *board.calls())}
        calls.update(monitor.call_id for monitor in (*before.monitors(), *board.monitors()))
        monitors = tuple(MonitorChange(before.monitor(one.id), one) for one in board.monitors())
        self._boards[board.id] = board
        self._ends[board.id] = board.subscribe(self._heard)
        everybody = frozenset(self.directory.users)
        self._changes.tell(
            Changes(
                *(at, board.id, frozenset(calls), monitors), link=True, people=everybody, resynced=True, mirrored=True
            )
        )

    def _heard(self, changes: Changes) -> None:
        if changes.barred.touched and len(self._boards) > 1:  # a conversation can be at several
            calls = {call for board in self for one in changes.barred.touched for call in board.calls_of(one)}
            changes = replace(changes, calls=changes.calls | calls)
        if self._gathered is None:
            self._changes.tell(changes)
        else:
            self._gathered.append(changes)

    # --- what is of no PBX alone

    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        """Accounts changed; `changed` are the users to whom everything must be shown afresh, once."""
        self.directory = directory
        with self._gathering() as gathered:
            for board in self:
                board.set_directory(directory, changed, at)
        self._changes.tell(merged(gathered, at, changed))

    @contextmanager
    def _gathering(self) -> Iterator[list[Changes]]:
        gathered: list[Changes] = []
        self._gathered = gathered
        try:
            yield gathered
        finally:
            self._gathered = None

    def made(self, who: Who, kind: Kind, thing: str, at: datetime) -> bool:
        """Somebody makes or changes an account, a token or a hook: from whatever they are barred, that is too.

        Returns whether there is anything to be kept of that.
        """
        barred = self.bars.made(who, kind, thing)
        if barred.size:
            calls = frozenset(call.id for call in self.calls() if call.conversation_id in barred.touched)
            self._changes.tell(Changes(at, calls=calls, barred=barred))
        if any(map(is_follow, barred.touched)):
            for board in self.own:
                board.made.tell()
        return bool(barred.size)

    def set_help(self, requests: Sequence[HelpRequest], at: datetime) -> None:
        """Requests for help are new, or another now; closed ones go."""
        for request in requests:
            if request.closed:
                self.help.pop(request.id, None)
            else:
                self.help[request.id] = request
        self._changes.tell(Changes(at, help=tuple(requests)))

    def help_sight(self, user: User, request: HelpRequest, who: Who | None = None) -> HelpSight:
        """What this person sees of a request for help. `who`: with which token, where it is one."""
        who, conversation = who or Who(user.id), request.conversation_id
        barred = self.bars.barred(who, conversation)
        in_hand = self.bars.in_hand(who, CREDENTIALS, conversation)
        return help_sight(user, request, self.call(request.call_id), barred=barred, in_hand=in_hand)

    # --- messages

    def messages(self, user: User, monitor: Monitor, who: Who | None = None) -> Sequence[CoachMessage]:
        """What this person sees of a monitor's messages, oldest first. `who`: with which token, where it is one."""
        if not (kept := self.kept_messages(monitor)):
            return ()
        call = self.call(monitor.call_id)
        return seen_messages(user, monitor, kept, call, in_hand=self._held(user, monitor, call, who))

    def kept_messages(self, monitor: Monitor) -> Sequence[CoachMessage]:
        """All messages of a monitor, whoever sees them."""
        board = self._boards.get(monitor.pbx)
        return board.messages.of(monitor.id) if board is not None else ()

    def talking_to(self, user: User, call: Call, who: Who | None = None) -> list[Monitor]:
        """The monitors whose supervisors talk to this person now, the agent of this call. `who`: as above."""
        found = self.monitors_on(call.id)
        return [one for one in found if is_answerable(user, one, call, in_hand=self._held(user, one, call, who))]

    def writers(self, monitor: Monitor) -> frozenset[str]:
        """Ids of those two who are told of a monitor's messages now, and nobody else; none where there are none."""
        told = of_talk(monitor, self.kept_messages(monitor))
        return frozenset({message.agent_id for message in told} | ({monitor.supervisor.user_id} if told else set()))

    def writes(self, user_id: str) -> bool:
        """Whether this person is told of messages now of which others aren't."""
        found = (board.monitor(one) for board in self for one in board.messages.monitors())
        return any(monitor is not None and user_id in self.writers(monitor) for monitor in found)

    def _held(self, user: User, monitor: Monitor, call: Call | None, who: Who | None) -> bool:
        """Whether it may be somebody else of that conversation who looks."""
        conversations = {monitor.conversation_id, call.conversation_id if call else monitor.conversation_id}
        return any(self.bars.in_hand(who or Who(user.id), CREDENTIALS, one) for one in conversations)

    def set_record(self, state: RecordState) -> None:
        """The database takes what happens, or no longer does."""
        self.record_state = state
        self._changes.tell(Changes(state.since, record=True))
