"""What supervisors and agents are told of messages between them: like `adapter.web.frames`, of which it is a part."""

from collections.abc import Iterable

from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.core.message_views import message_view
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.monitoring.boards import Boards
from adapter.web.frame import Frame, encode

MessagesShown = dict[str, tuple[str, dict[str, bytes]]]
"""What an audience was last shown, by the monitor's own id: the id that they know, and messages by theirs."""


def of_changes(boards: Boards, changes: Changes) -> list[Monitor]:
    """The monitors that have new messages."""
    found = (boards.monitor(one) for one in dict.fromkeys(message.monitor_id for message in changes.messages))
    return [monitor for monitor in found if monitor is not None]


def readers(boards: Boards, monitors: Iterable[Monitor]) -> set[str]:
    """Ids of those two of each monitor who alone may see its messages, where it has some."""
    found: set[str] = set()
    for monitor in monitors:
        kept = boards.kept_messages(monitor)
        found |= {message.agent_id for message in kept} | ({monitor.supervisor.user_id} if kept else set())
    return found


def shown_messages(boards: Boards, user: User, who: Who, monitors: Iterable[Monitor]) -> MessagesShown:
    """Those of these monitors that this person sees."""
    found = {monitor.id: _seen(boards, user, who, monitor) for monitor in monitors}
    return {one: seen for one, seen in found.items() if seen is not None}


def message_frames(
    boards: Boards, shown: MessagesShown, user: User, who: Who, monitors: Iterable[Monitor], frames: list[Frame]
) -> None:
    """What of these monitors' messages is new to this person, and of which they see none any more."""
    for monitor in monitors:
        before, now = shown.pop(monitor.id, None), _seen(boards, user, who, monitor)
        if before is not None and (now is None or now[0] != before[0]):
            frames.append(Frame.of("messages.removed", encode({"monitor_id": before[0]})))
            before = None
        if now is not None:
            known = before[1] if before is not None else {}
            frames += [Frame.of("message.sent", data) for one, data in now[1].items() if one not in known]
            shown[monitor.id] = now


def _seen(boards: Boards, user: User, who: Who, monitor: Monitor) -> tuple[str, dict[str, bytes]] | None:
    messages = boards.messages(user, monitor, who)
    if not messages:
        return None
    is_own = monitor.supervisor.user_id == user.id
    seen = {one.id: encode(message_view(one, user)) for one in messages}
    return (monitor.id if is_own else monitor.talk), seen
