"""What people are told of a change: exact for each person, serialised once for all. No sockets, no waiting.

The order within one change is: monitors, calls, messages, coach.joined and coach.left, agents and queues, PBX state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.core import views
from adapter.core.bars import Who, is_follow
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.follow import Follow, short_of
from adapter.core.follow_views import follow_view
from adapter.core.help import HelpRequest
from adapter.core.help_views import HelpSight, help_view
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.scopes import reaches_monitor
from adapter.core.views import Visibility
from adapter.monitoring.boards import Boards
from adapter.web.floorframes import FloorBatch, FloorShown, tell
from adapter.web.frame import Frame, encode
from adapter.web.messageframes import MessagesShown, message_frames, of_changes, shown_messages, writers

__all__ = ["Batch", "Frame", "Shown", "encode", "snapshot"]


@dataclass(slots=True)
class Shown:
    """What an audience was last shown of each thing."""

    calls: dict[str, bytes] = field(default_factory=dict)
    monitors: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By the monitor's own id: under which id it was shown, and how."""
    coached: dict[str, Monitor] = field(default_factory=dict)
    """Monitors of which the agent was told that somebody talks."""
    floor: FloorShown = field(default_factory=FloorShown)
    """Agents and queues."""
    help: dict[str, bytes] = field(default_factory=dict)
    """Requests for help."""
    follows: dict[str, bytes] = field(default_factory=dict)
    messages: MessagesShown = field(default_factory=dict)
    """Text between this person and whom they talk to, or who talks to them."""

    def copy(self) -> "Shown":
        """The same, for others who go on by themselves."""
        things = (dict(self.calls), dict(self.monitors), dict(self.coached), self.floor.copy())
        return Shown(*things, dict(self.help), dict(self.follows), dict(self.messages))

    @property
    def things(self) -> bytes:
        """Calls, monitors, agents, queues, requests for help and follows as a snapshot has them."""
        calls, monitors = b",".join(self.calls.values()), b",".join(data for _, data in self.monitors.values())
        asked, follows = b",".join(self.help.values()), b",".join(self.follows.values())
        texts = b",".join(data for of_it in self.messages.values() for data in of_it.values())
        rest = b'%b,"help":[%b],"follows":[%b],"messages":[%b]' % (self.floor.things, asked, follows, texts)
        return b'"calls":[%b],"monitors":[%b],%b' % (calls, monitors, rest)

    @property
    def ids(self) -> list[str]:
        """Of all of it."""
        return [*self.calls, *self.monitors, *self.coached, *self.floor.ids, *self.help, *self.follows]

    def __contains__(self, thing: str) -> bool:
        parts = (self.calls, self.monitors, self.coached, self.floor, self.help, self.follows)
        return any(thing in part for part in parts)


def snapshot(boards: Boards, user: User, things: bytes) -> Frame:
    """The first frame: everything that this person sees. `things`: see `Shown.things`."""
    record = b',"record":%b' % encode(views.record_view(boards.record_state)) if may_monitor(user) else b""
    pbx = encode(views.pbx_view(boards.pbx_state))
    pbxs = encode([views.named_pbx_view(board.id, board.name, board.pbx_state) for board in boards])
    kept = b'"message_keep_days":%d' % boards.message_days
    return Frame.of(
        "snapshot",
        b'{"user":%b,%b,%b,"pbx":%b,"pbxs":%b%b}' % (encode(views.user_view(user)), things, kept, pbx, pbxs, record),
    )


class Batch:
    """One change: every payload is made at most once for each sight."""

    def __init__(self, boards: Boards, changes: Changes | None = None) -> None:
        self._boards = boards
        self._floor = FloorBatch(boards, changes)
        self._payloads: dict[tuple[str, Visibility], bytes] = {}
        self._barred: dict[str, frozenset[str]] = {}
        """Who is barred from a conversation: looked up once for all viewers."""
        lost = boards.board(changes.pbx) if changes and changes.link and changes.pbx else None
        self._pbx = encode(views.named_pbx_view(lost.id, lost.name, lost.pbx_state)) if lost else None
        self._record = encode(views.record_view(boards.record_state)) if changes and changes.record else None
        # Sorted: the order of a set may hang on what else was put into it, such as the call of a silent monitor.
        self._calls = [(call_id, boards.call(call_id)) for call_id in sorted(changes.calls)] if changes else []
        self._changes = changes.monitors if changes else ()
        self._monitors = {change.after.id: change.after for change in self._changes}
        for _, call in self._calls:
            for monitor in boards.monitors_on(call.id) if call else ():
                self._monitors.setdefault(monitor.id, monitor)
        for monitor in of_changes(boards, changes) if changes and changes.messages else ():
            self._monitors.setdefault(monitor.id, monitor)
        self._help = {request.id: request for request in changes.help} if changes else {}
        if boards.help and changes:
            self._help |= {r.id: r for r in boards.help.values() if r.call_id in changes.calls}
        self._follows = {change.after.id: change.after for change in changes.follows} if changes else {}
        if changes and any(map(is_follow, changes.barred.touched)):
            self._follows |= {one.id: one for one in boards.follows() if one.short in changes.barred.touched}

    def shown(self, user: User, who: Who) -> Shown:
        """Everything that this person sees now."""
        boards = self._boards
        return Shown(
            {c.id: data for c in boards.calls() if (data := self.call(user, c, who))},
            {m.id: shown for m in boards.monitors() if (shown := self.monitor(user, m, who))},
            {m.id: m for m in boards.monitors() if m.talks and _is_agent(boards, user, m)},
            self._floor.shown(user),
            {r.id: data for r in boards.help.values() if (data := self.help(user, r, who))},
            {one.id: data for one in boards.follows() if (data := self.follow(user, one, who))},
            shown_messages(boards, user, who, boards.monitors()),
        )

    def frames(self, shown: Shown, user: User, who: Who) -> list[Frame]:
        """What this person is told who was `shown` that; nothing when nothing that they see has changed."""
        frames: list[Frame] = []
        for monitor in self._monitors.values():
            self._monitor_frame(shown, user, who, monitor, frames)
        for call_id, call in self._calls:
            data = self.call(user, call, who) if call else None
            if data is None:
                if shown.calls.pop(call_id, None):
                    frames.append(Frame.of("call.removed", encode({"id": call_id})))
            elif shown.calls.get(call_id) != data:
                shown.calls[call_id] = data
                frames.append(Frame.of("call.updated", data))
        message_frames(self._boards, shown.messages, user, who, self._monitors.values(), frames)
        for change in self._changes:
            self._coach_frames(shown, user, change, frames)
        self._floor.frames(shown.floor, user, frames)
        for request in self._help.values():
            self._help_frame(shown, user, who, request, frames)
        for follow in self._follows.values():
            known = self._boards.follow(follow.id)  # out of sight it is seen by nobody
            data = self.follow(user, known, who) if known else None
            tell("follow", follow.id, data, shown.follows, frames)
        if self._pbx is not None:
            frames.append(Frame.of("pbx.state", self._pbx))
        if self._record is not None and may_monitor(user):
            frames.append(Frame.of("record.state", self._record))
        return frames

    def _monitor_frame(self, shown: Shown, user: User, who: Who, monitor: Monitor, frames: list[Frame]) -> None:
        now, before = self.monitor(user, monitor, who), shown.monitors.get(monitor.id)
        if before is not None and (now is None or now[0] != before[0]):
            del shown.monitors[monitor.id]
            frames.append(Frame.of("monitor.removed", encode({"id": before[0]})))
            before = None
        if now is None:
            return
        if monitor.ended:
            if shown.monitors.pop(monitor.id, None):
                frames.append(Frame.of("monitor.ended", now[1]))
        elif now != before:
            shown.monitors[monitor.id] = now
            frames.append(Frame.of("monitor.updated", now[1]))

    def _help_frame(self, shown: Shown, user: User, who: Who, request: HelpRequest, frames: list[Frame]) -> None:
        data = None if request.closed else self.help(user, request, who)
        if data is None:
            if shown.help.pop(request.id, None):
                frames.append(Frame.of("help.removed", encode({"id": request.id})))
        elif shown.help.get(request.id) != data:
            shown.help[request.id] = data
            frames.append(Frame.of("help.updated", data))

    def _coach_frames(self, shown: Shown, user: User, change: MonitorChange, frames: list[Frame]) -> None:
        monitor = change.after
        told = shown.coached.get(monitor.id)
        talks = monitor.talks and _is_agent(self._boards, user, monitor)
        if told is not None and (not talks or told.talk != monitor.talk):
            del shown.coached[monitor.id]
            frames.append(Frame.of("coach.left", encode(views.coach_view(told, told.mode))))
            told = None
        if talks and (told is None or told.mode is not monitor.mode):
            shown.coached[monitor.id] = monitor
            frames.append(Frame.of("coach.joined", encode(views.coach_view(monitor, monitor.mode))))

    # --- whom it concerns in a way of their own

    @property
    def things(self) -> set[str]:
        """Ids of the calls, monitors, agents, queues, requests for help and follows that may look otherwise now."""
        calls = {call_id for call_id, _ in self._calls}
        return calls | self._monitors.keys() | self._floor.things | self._help.keys() | self._follows.keys()

    def set_apart(self) -> set[str]:
        """Who may not be shown something of it as everybody else is who may monitor (`views.set_apart`)."""
        found: set[str] = self._floor.scoped_agents() | writers(self._boards, self._monitors.values())
        for _, call in self._calls:
            if call is not None:
                found |= views.set_apart(call, self._barred_from(call.conversation_id))
        for monitor in self._monitors.values():
            found |= self._barred_from(monitor.conversation_id)
            supervisor = self._boards.directory.users.get(monitor.supervisor.user_id)
            if supervisor is not None and not reaches_monitor(supervisor, monitor):
                found.add(supervisor.id)  # it has left their scope: to them its end is told, and to nobody with them
            if (call := self._boards.call(monitor.call_id)) is not None:
                found |= views.set_apart(call, self._barred_from(call.conversation_id))
            if monitor.follows is not None:
                found |= self._barred_from(short_of(monitor.follows))
        for follow in self._follows.values():
            found |= self._barred_from(follow.short) | {follow.agent_id}
        for request in self._help.values():
            found |= self._barred_from(request.conversation_id) | _asker(request)
            if (call := self._boards.call(request.call_id)) is not None:
                found |= views.set_apart(call, self._barred_from(call.conversation_id))
        return found

    def of_their_own(self) -> set[str]:
        """People who see something of it without the right to monitor: the agents, and whose monitors these are."""
        calls = [call for _, call in self._calls]
        calls += [self._boards.call(monitor.call_id) for monitor in self._monitors.values()]
        agents = {call.agent.user_id for call in calls if call is not None and call.agent.user_id is not None}
        agents = agents.union(*map(_asker, self._help.values()))
        supervisors = {monitor.supervisor.user_id for monitor in self._monitors.values()}
        supervisors |= {follow.supervisor.user_id for follow in self._follows.values()}
        return agents | supervisors | self._floor.of_their_own()

    def _barred_from(self, conversation: str) -> frozenset[str]:
        if (barred := self._barred.get(conversation)) is None:
            barred = self._barred[conversation] = self._boards.bars.barred_from(conversation)
        return barred

    # --- how it looks

    def call(self, user: User, call: Call, who: Who) -> bytes | None:
        """A call as this person sees it."""
        barred = who.is_among(self._barred_from(call.conversation_id))
        sight = views.call_visibility(user, call, barred=barred)
        if sight is Visibility.NOTHING:
            return None
        return self._once(call.id, sight, lambda: views.call_view(call, self._boards.monitors_on(call.id), sight))

    def monitor(self, user: User, monitor: Monitor, who: Who) -> tuple[str, bytes] | None:
        """A monitor as this person sees it, and the id under which they do."""
        sight = self._boards.visibility(user, monitor, who)
        if sight is Visibility.NOTHING:
            return None
        if monitor.follows is not None and monitor.agent_id == user.id:
            return views.shown_id(monitor, sight), encode(views.monitor_view(monitor, sight, user))
        return views.shown_id(monitor, sight), self._once(monitor.id, sight, lambda: views.monitor_view(monitor, sight))

    def follow(self, user: User, follow: Follow, who: Who) -> bytes | None:
        """A follow as this person sees it."""
        return encode(follow_view(follow)) if self._boards.follow_visible(user, follow, who) else None

    def help(self, user: User, request: HelpRequest, who: Who) -> bytes | None:
        """A request for help as this person sees it."""
        sight = self._boards.help_sight(user, request, who)
        return None if sight is HelpSight.NOTHING else encode(help_view(request, sight))

    def _once(self, thing: str, sight: Visibility, view: Callable[[], views.Json]) -> bytes:
        key = (thing, sight)
        if (payload := self._payloads.get(key)) is None:
            payload = self._payloads[key] = encode(view())
        return payload


def _asker(request: HelpRequest) -> frozenset[str]:
    return frozenset(filter(None, [request.agent.user_id]))


def _is_agent(boards: Boards, user: User, monitor: Monitor) -> bool:
    call = boards.call(monitor.call_id)
    return call is not None and call.agent.user_id == user.id
