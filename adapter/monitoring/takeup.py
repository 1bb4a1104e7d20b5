"""What a former run left open: legs of phones may live on; a page went with its adapter, which may be another one."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from adapter.core import lifecycle
from adapter.core.changes import MonitorChange
from adapter.core.follow import Follow, FollowChange, FollowStep, ended
from adapter.core.journal import taken_up
from adapter.core.legs import is_leg
from adapter.core.monitor import BROWSER, EndReason, Monitor
from adapter.core.permissions import may_follow, monitor_survives
from adapter.core.record import Record
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards
from adapter.monitoring.recorder import Recorder


def take_up(
    boards: Boards,
    recorder: Recorder,
    left: Iterable[Monitor],
    since: datetime | None,
    at: datetime,
    new: Board | None = None,
    page_lives: Callable[[str, str], bool] = lambda pbx, device: False,
    follows: Iterable[Follow] = (),
) -> None:
    """Have monitors of a former run found again, or end them.

    `since`: the time of that run's last entry. What happened after it is not known, which is an entry. `new`: the board
    of a PBX that is about to be ours; `page_lives`: whether the page behind a device of that PBX may still be there;
    `follows`: those that were left, whose legs the monitors may have.
    """
    for follow in follows:
        _follow(boards, recorder, follow, at, new, page_lives)
    for monitor in left:
        user = boards.directory.users.get(monitor.supervisor.user_id)
        entitled = monitor_survives(user, monitor)
        # Which channels are the far half of a star code's leg only the former run knew: it is hung up as a stranger.
        known = not monitor.phone_pbx or is_leg(monitor.leg)
        board = new if new is not None and new.id == monitor.pbx else boards.board(monitor.pbx)
        if board is not None and not isinstance(board, Board):
            continue  # another adapter's
        rings = page_lives(monitor.pbx, monitor.ring) if monitor.device == BROWSER else bool(monitor.ring)
        if rings and entitled and known and board is not None:
            board.take_up([lifecycle.taken_up(monitor, at)])
            recorder.note(Record(entries=[taken_up(monitor, since, at)], pbxes={monitor.pbx}))
            continue
        reason = EndReason.ADAPTER_STOPPED if entitled else EndReason.PERMISSION_REVOKED
        record = Record()
        over = MonitorChange(monitor, lifecycle.ended(monitor, reason, at).monitor)
        recorder.journal.monitor(over, at, record)
        recorder.note(record)


def _follow(
    boards: Boards,
    recorder: Recorder,
    follow: Follow,
    at: datetime,
    new: Board | None,
    page_lives: Callable[[str, str], bool],
) -> None:
    users = boards.directory.users
    entitled = may_follow(users.get(follow.supervisor.user_id), users.get(follow.agent_id))
    known = not follow.phone_pbx or is_leg(follow.leg)
    board = new if new is not None and new.id == follow.pbx else boards.board(follow.pbx)
    if board is not None and not isinstance(board, Board):
        return  # another adapter's
    rings = page_lives(follow.pbx, follow.ring) if follow.device == BROWSER else bool(follow.ring)
    if rings and entitled and known and board is not None:
        board.put_follow(FollowStep(replace(follow, appeared=True, answered=True, taken_up=True)), at)
        return
    reason = EndReason.ADAPTER_STOPPED if entitled else EndReason.PERMISSION_REVOKED
    record = Record()
    recorder.journal.follow(FollowChange(follow, ended(follow, reason, at).follow), at, record)
    recorder.note(record)
