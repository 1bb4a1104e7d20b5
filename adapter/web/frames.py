"""What each stream is told of a change: exact for each person, serialised once for all. No sockets, no waiting.

The order within one change is: monitors, calls, coach messages, PBX state.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.core import views
from adapter.core.bars import Who
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.views import Visibility
from adapter.monitoring.boards import Boards


def encode(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Viewer:
    """One stream: who looks, and what they were last shown of each thing."""

    user_id: str
    token_id: str | None = None
    """The token, where it is one."""
    calls: dict[str, bytes] = field(default_factory=dict)
    monitors: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By the monitor's own id: under which id it was shown, and how."""
    coached: dict[str, Monitor] = field(default_factory=dict)
    """Monitors of which the agent was told that somebody talks."""
    last_id: int = 0
    who: Who = field(init=False)
    """Who looks, as bars know them."""

    def __post_init__(self) -> None:
        self.who = Who(self.user_id, self.token_id)

    def frame(self, kind: str, data: bytes) -> bytes:
        """One event of the stream (WHATWG HTML, server-sent events); ids count up by one."""
        self.last_id += 1
        return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), self.last_id, data)


class Frames:
    """KeyedLocks changes of the board into frames for viewers."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards

    def snapshot(self, viewer: Viewer) -> bytes | None:
        """Everything this viewer sees, as the first frame; None when they may see nothing at all any more."""
        boards, user = self._boards, self._boards.directory.users.get(viewer.user_id)
        if user is None or not user.active:
            return None
        batch = Batch(boards)
        viewer.calls = {c.id: data for c in boards.calls() if (data := batch.call(user, c, viewer.who))}
        viewer.monitors = {m.id: shown for m in boards.monitors() if (shown := batch.monitor(user, m, viewer.who))}
        viewer.coached = {m.id: m for m in boards.monitors() if m.talks and _is_agent(boards, user, m)}
        whole = b'{"user":%b,"calls":[%b],"monitors":[%b],"pbx":%b,"pbxs":%b%b}' % (
            encode(views.user_view(user)),
            b",".join(viewer.calls.values()),
            b",".join(data for _, data in viewer.monitors.values()),
            encode(views.pbx_view(boards.pbx_state)),
            encode([views.named_pbx_view(board.id, board.name, board.pbx_state) for board in boards]),
            b',"record":%b' % encode(views.record_view(boards.record_state)) if may_monitor(user) else b"",
        )
        return viewer.frame("snapshot", whole)

    def batch(self, changes: Changes) -> "Batch":
        """What all viewers share while they are told of one change."""
        return Batch(self._boards, changes)


class Batch:
    """One change: every payload is made at most once for each sight."""

    def __init__(self, boards: Boards, changes: Changes | None = None) -> None:
        self._boards = boards
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

    def frames(self, viewer: Viewer, user: User) -> list[bytes]:
        """The frames for one viewer; none when nothing that they see has changed."""
        frames: list[bytes] = []
        for monitor in self._monitors.values():
            self._monitor_frame(viewer, user, monitor, frames)
        for call_id, call in self._calls:
            data = self.call(user, call, viewer.who) if call else None
            if data is None:
                if viewer.calls.pop(call_id, None):
                    frames.append(viewer.frame("call.removed", encode({"id": call_id})))
            elif viewer.calls.get(call_id) != data:
                viewer.calls[call_id] = data
                frames.append(viewer.frame("call.updated", data))
        for change in self._changes:
            self._coach_frames(viewer, user, change, frames)
        if self._pbx is not None:
            frames.append(viewer.frame("pbx.state", self._pbx))
        if self._record is not None and may_monitor(user):
            frames.append(viewer.frame("record.state", self._record))
        return frames

    def _monitor_frame(self, viewer: Viewer, user: User, monitor: Monitor, frames: list[bytes]) -> None:
        shown, before = self.monitor(user, monitor, viewer.who), viewer.monitors.get(monitor.id)
        if before is not None and (shown is None or shown[0] != before[0]):
            del viewer.monitors[monitor.id]
            frames.append(viewer.frame("monitor.removed", encode({"id": before[0]})))
            before = None
        if shown is None:
            return
        if monitor.ended:
            if viewer.monitors.pop(monitor.id, None):
                frames.append(viewer.frame("monitor.ended", shown[1]))
        elif shown != before:
            viewer.monitors[monitor.id] = shown
            frames.append(viewer.frame("monitor.updated", shown[1]))

    def _coach_frames(self, viewer: Viewer, user: User, change: MonitorChange, frames: list[bytes]) -> None:
        monitor = change.after
        told = viewer.coached.get(monitor.id)
        talks = monitor.talks and _is_agent(self._boards, user, monitor)
        if told is not None and (not talks or told.talk != monitor.talk):
            del viewer.coached[monitor.id]
            frames.append(viewer.frame("coach.left", encode(views.coach_view(told, told.mode))))
            told = None
        if talks and (told is None or told.mode is not monitor.mode):
            viewer.coached[monitor.id] = monitor
            frames.append(viewer.frame("coach.joined", encode(views.coach_view(monitor, monitor.mode))))

    def call(self, user: User, call: Call, who: Who) -> bytes | None:
        """A call as this person sees it."""
        conversation = call.conversation_id
        if (barred := self._barred.get(conversation)) is None:
            barred = self._barred[conversation] = self._boards.bars.barred_from(conversation)
        sight = views.call_visibility(user, call, barred=who.is_among(barred))
        if sight is Visibility.NOTHING:
            return None
        return self._once(call.id, sight, lambda: views.call_view(call, self._boards.monitors_on(call.id), sight))

    def monitor(self, user: User, monitor: Monitor, who: Who) -> tuple[str, bytes] | None:
        """A monitor as this person sees it, and the id under which they do."""
        sight = self._boards.visibility(user, monitor, who)
        if sight is Visibility.NOTHING:
            return None
        return views.shown_id(monitor, sight), self._once(monitor.id, sight, lambda: views.monitor_view(monitor, sight))

    def _once(self, thing: str, sight: Visibility, view: Callable[[], views.Json]) -> bytes:
        key = (thing, sight)
        if (payload := self._payloads.get(key)) is None:
            payload = self._payloads[key] = encode(view())
        return payload


def _is_agent(boards: Boards, user: User, monitor: Monitor) -> bool:
    call = boards.call(monitor.call_id)
    return call is not None and call.agent.user_id == user.id
