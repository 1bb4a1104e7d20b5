"""The picture of a PBX that another adapter owns, as that one has told it. It only shows: nothing here acts.

What it shows is always one that the owner had in its present term; while that is not known (`sees`), there is nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapter.core.agent import AgentStatus, Floor, QueueStatus
from adapter.core.bars import Who
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.follow import Follow, FollowChange
from adapter.core.messages import CoachMessage
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.shared_bars import BarsOfPbx, SharedBars
from adapter.core.views import Visibility
from adapter.fleet.messages import Change
from adapter.fleet.remotefloor import RemoteFloor, pbxes_of
from adapter.monitoring.picture import PbxPicture
from adapter.tasks import Listeners

NO_FLOOR = Floor()


class MirroredBoard(PbxPicture):
    """Calls and monitors of a PBX, read as those of a `Board` are. `bars`: those of all PBXes of this process."""

    def __init__(
        self, pbx: str, directory: Directory, bars: SharedBars, at: datetime, sees: Callable[[], bool] = lambda: True
    ) -> None:
        """`sees`: whether the owner has said just now that it lives; asked whenever somebody reads."""
        super().__init__(pbx, directory, PbxState(LinkState.CONNECTING, at), bars)
        self._shared, self._sees = bars, sees
        self._calls: dict[str, Call] = {}
        self._of_conversation: dict[str, dict[str, Call]] = {}
        self._floor = RemoteFloor()
        self._takes_up = False
        self.shown = False
        """Whether what is known is shown."""
        self._changes: Listeners[[Changes]] = Listeners()

    # --- reading

    @property
    def in_sight(self) -> bool:
        """Whether what is known may be shown at this moment."""
        return self.shown and self._sees()

    @property
    def complete(self) -> bool:
        """Whether the PBX is in sight: of its owner, and its owner of this process."""
        return self.in_sight and super().complete

    @property
    def takes_up(self) -> bool:
        """Whether its owner takes monitors of a former one up."""
        return self._takes_up

    def calls(self) -> Collection[Call]:
        """All calls; none while it is out of sight: a frozen picture would leak when somebody joins a conversation."""
        return self._calls.values() if self.in_sight else ()

    def call(self, call_id: str) -> Call | None:
        """One call."""
        return self._calls.get(call_id) if self.in_sight else None

    def agents(self) -> Collection[AgentStatus]:
        """All agents; none while it is out of sight."""
        return self._floor.agents.values() if self.in_sight else ()

    def agent(self, agent_id: str) -> AgentStatus | None:
        """One agent."""
        return self._floor.agents.get(agent_id) if self.in_sight else None

    def queues(self) -> Collection[QueueStatus]:
        """All queues; none while it is out of sight."""
        return self._floor.queues.values() if self.in_sight else ()

    def queue(self, queue_id: str) -> QueueStatus | None:
        """One queue."""
        return self._floor.queues.get(queue_id) if self.in_sight else None

    def visibility(self, user: User, monitor: Monitor, who: Who | None = None) -> Visibility:
        """As of any board; while it is out of sight, nobody but the supervisor: who is in the conversation now?"""
        if not self.in_sight and monitor.supervisor.user_id != user.id:
            return Visibility.NOTHING
        return super().visibility(user, monitor, who)

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Be told of every change, synchronously. Returns what ends it."""
        return self._changes.subscribe(listener)

    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        """Accounts changed. Names in calls are the owner's: it tells of those that changed."""
        self.directory = directory
        self._tell(Changes(at, self.id, people=changed, mirrored=True))

    # --- told by the owner

    def need_own(
        self,
        calls: Iterable[Call],
        monitors: Iterable[Monitor],
        floor: Floor = NO_FLOOR,
        follows: Iterable[Follow] = (),
        messages: Iterable[CoachMessage] = (),
    ) -> None:
        """Raise ValueError where it tells of another PBX's."""
        pbxes = (
            {call.pbx for call in calls}
            | {one.pbx for one in monitors}
            | {one.pbx for one in follows}
            | {one.pbx for one in messages}
            | {*pbxes_of(floor)}
        )
        if pbxes - {self.id}:
            raise ValueError(f"its owner tells of another PBX than {self.id}")

    def apply(self, change: Change) -> None:
        """Take one change in, and tell of it. Raises ValueError, and takes nothing, where it is of another PBX."""
        self.need_own(change.calls, change.monitors, change.floor, change.follows, change.messages)
        self._shared.follow(self.id, change.barred, change.present)
        for call_id in change.gone:
            self._remove(call_id)
        for call in change.calls:
            self._put(call)
        ids = {*change.gone, *(call.id for call in change.calls), *(one.call_id for one in change.monitors)}
        for conversation in change.barred.touched:
            ids.update(self._of_conversation.get(conversation, ()))
        self.pbx_state, self._takes_up = change.state, change.takes_up
        agents, queues = self._floor.apply(change.floor)
        monitors = tuple(map(self._monitor, change.monitors))
        follows = tuple(map(self._follow, change.follows))
        for message in change.messages:
            self._keep(message)
        self._tell(
            Changes(
                change.at,
                self.id,
                frozenset(ids),
                monitors,
                change.link,
                resynced=change.resynced,
                barred=change.barred,
                mirrored=True,
                agents=agents,
                queues=queues,
                follows=follows,
                messages=change.messages,
            )
        )

    def replace(
        self,
        calls: Sequence[Call],
        monitors: Sequence[Monitor],
        bars: BarsOfPbx,
        state: PbxState,
        at: datetime,
        *,
        takes_up: bool,
        floor: Floor = NO_FLOOR,
        follows: Sequence[Follow] = (),
        messages: Sequence[CoachMessage] = (),
    ) -> None:
        """This is all there is, from now on to be shown. Raises ValueError, and takes nothing, as `apply` does."""
        self.need_own(calls, monitors, floor, follows, messages)
        touched = self._shared.replace(self.id, bars)
        before, link = self._calls, not self.shown or self.pbx_state != state
        old = before if self.shown else {}
        self._calls, self._of_conversation = {}, {}
        for call in calls:
            self._put(call)
        ids = {one for one in old.keys() | self._calls.keys() if old.get(one) != self._calls.get(one)}
        for conversation in touched:
            ids.update(self._of_conversation.get(conversation, ()))
        present = {monitor.id for monitor in monitors}
        vanished = [monitor for monitor in self._monitors.values() if monitor.id not in present]
        for monitor in vanished:
            del self._monitors[monitor.id]
        changes = tuple(self._monitor(monitor) for monitor in monitors if self._monitors.get(monitor.id) != monitor)
        self._monitors = {monitor.id: monitor for monitor in monitors}
        ids.update(change.after.call_id for change in changes)
        ids.update(monitor.call_id for monitor in vanished)
        self.pbx_state, self._takes_up, self.shown = state, takes_up, True
        agents, queues = self._floor.replace(floor)
        follow_changes = self._replace_follows(follows)
        new_messages = self.messages.replace(one for one in messages if one.monitor_id in self._monitors)
        # How those ended is not known here, so nothing is said of it: everybody is shown afresh what there is.
        afresh = frozenset(self.directory.users) if vanished else frozenset()
        self._tell(
            Changes(
                *(at, self.id, frozenset(ids), changes, link),
                people=afresh,
                resynced=True,
                mirrored=True,
                agents=agents,
                queues=queues,
                follows=follow_changes,
                messages=tuple(new_messages),
            )
        )

    def hide(self, at: datetime) -> None:
        """Nothing is known any more: no call, and of monitors only that they were there."""
        if self.pbx_state.state is LinkState.DOWN and not self.shown:
            return
        ids, was_shown = frozenset(self._calls), self.shown
        self.shown = False
        self.pbx_state = PbxState(LinkState.DOWN, at)
        unsure = [replace(one, connected=False) for one in self._monitors.values() if was_shown]
        monitors = tuple(self._monitor(monitor) for monitor in unsure)
        if not was_shown:
            self._tell(Changes(at, self.id, frozenset(), monitors, link=True, mirrored=True))
            return
        agents, queues = self._floor.ids
        follows = tuple(FollowChange(one, one) for one in self._follows.values())
        gone = Changes(at, self.id, ids, monitors, link=True, mirrored=True, agents=agents, queues=queues)
        self._tell(replace(gone, follows=follows))

    # --- inside

    def _tell(self, changes: Changes) -> None:
        self._changes.tell(changes)

    def _monitor(self, monitor: Monitor) -> MonitorChange:
        before = self._monitors.get(monitor.id)
        if monitor.ended:
            self._monitors.pop(monitor.id, None)
            self.messages.forget(monitor.id)
        else:
            self._monitors[monitor.id] = monitor
        return MonitorChange(before, monitor)

    def _keep(self, message: CoachMessage) -> None:
        if message.monitor_id in self._monitors:
            self.messages.add(message)

    def _follow(self, follow: Follow) -> FollowChange:
        before = self._follows.get(follow.id)
        if follow.ended:
            self._follows.pop(follow.id, None)
        else:
            self._follows[follow.id] = follow
        return FollowChange(before, follow)

    def _replace_follows(self, follows: Sequence[Follow]) -> tuple[FollowChange, ...]:
        """Of those that are no more it is not known how they ended: they are seen no longer, that is all."""
        before, self._follows = self._follows, {follow.id: follow for follow in follows}
        gone = [FollowChange(one, one) for one in before.values() if one.id not in self._follows]
        new = [FollowChange(before.get(one.id), one) for one in follows if before.get(one.id) != one]
        return (*gone, *new)

    def _put(self, call: Call) -> None:
        self._remove(call.id)
        self._calls[call.id] = call
        self._of_conversation.setdefault(call.conversation_id, {})[call.id] = call

    def _remove(self, call_id: str) -> None:
        known = self._calls.pop(call_id, None)
        if known is None:
            return
        others = self._of_conversation[known.conversation_id]
        del others[call_id]
        if not others:
            del self._of_conversation[known.conversation_id]
