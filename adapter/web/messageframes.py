"""What supervisors and agents are told of messages between them: like `adapter.web.frames`, of which it is a part.

Only of the talk that goes on. In silence the supervisor is one of all supervisors again, as if there were no monitor:
what was written before is kept by their page, and asked for by one that has just been opened.
"""

from collections.abc import Iterable

from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.core.message_views import message_view
from adapter.core.messages import of_talk
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.monitoring.boards import Boards
from adapter.web.frame import Frame, encode

MessagesShown = dict[str, dict[str, bytes]]
"""What an audience was last shown, by the monitor's own id and the message's."""


def of_changes(boards: Boards, changes: Changes) -> list[Monitor]:
    """The monitors that have new messages."""
    found = (boards.monitor(one) for one in dict.fromkeys(message.monitor_id for message in changes.messages))
    return [monitor for monitor in found if monitor is not None]


def writers(boards: Boards, monitors: Iterable[Monitor]) -> set[str]:
    """Ids of those who may not be told of these monitors together with others: each has messages for two alone."""
    return set().union(*(boards.writers(monitor) for monitor in monitors))


def shown_messages(boards: Boards, user: User, who: Who, monitors: Iterable[Monitor]) -> MessagesShown:
    """Those of these monitors that this person is told of."""
    found = {monitor.id: _seen(boards, user, who, monitor) for monitor in monitors}
    return {one: seen for one, seen in found.items() if seen}


def message_frames(
    boards: Boards, shown: MessagesShown, user: User, who: Who, monitors: Iterable[Monitor], frames: list[Frame]
) -> None:
    """What of these monitors' messages is new to this person. That a talk is over, the monitor's own events tell."""
    for monitor in monitors:
        before, now = shown.pop(monitor.id, {}), _seen(boards, user, who, monitor)
        frames += [Frame.of("message.sent", data) for one, data in now.items() if one not in before]
        if now:
            shown[monitor.id] = now


def _seen(boards: Boards, user: User, who: Who, monitor: Monitor) -> dict[str, bytes]:
    told = of_talk(monitor, boards.messages(user, monitor, who))
    return {one.id: encode(message_view(one, user)) for one in told}
