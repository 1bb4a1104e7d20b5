"""The far halves of legs that reach their phones over trunks: who is at one, at the phone's PBX, and may not be.

At the call's PBX nothing tells that the phone handed the leg on: for Asterisk there, the trunk has it.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from adapter.core import lifecycle
from adapter.core.changes import Changes
from adapter.core.monitor import EndReason, Monitor
from adapter.core.trunks import Half, strangers
from adapter.monitoring.board import Board
from adapter.monitoring.boards import Boards

log = structlog.get_logger(__name__)


class FarHalves:
    """Looks at those of all PBXes."""

    def __init__(self, boards: Boards, clock: Callable[[], datetime], leg_of: Callable[[str], str]) -> None:
        """`leg_of`: the leg that came by a ticket (`adapter.phones.tickets`)."""
        self._boards, self._clock, self._leg_of = boards, clock, leg_of
        self._seen: dict[str, str] = {}
        """By leg: at which PBX its far half was seen."""
        for board in boards.own:
            self.watch(board)
        boards.subscribe(self._heard)

    def watch(self, board: Board) -> None:
        """Look at those of this board, too, as long as it is there."""
        board.trunks.halves.subscribe(partial(self._look, board))

    def _look(self, there: Board, half: Half) -> None:
        """Who is at this half now."""
        self._seen[half.leg] = there.id
        if any(half.leg in board.channels() for board in self._boards.own):
            there.release(half.leg, self._clock())  # it took a call over before we looked
            return
        found = self._monitor(self._leg_of(half.leg))
        if found is None:
            return
        board, monitor = found
        if others := strangers(half, there.phones, monitor):
            log.error("a leg was handed on at its phone's PBX; ending it", monitor_id=monitor.id, pbx=there.id)
            if monitor.live:
                board.step(lifecycle.handed_on(monitor, others[0]), self._clock())
            else:
                board.step(lifecycle.end_wanted(monitor, EndReason.DEVICE_UNAVAILABLE), self._clock())

    def _monitor(self, leg: str) -> tuple[Board, Monitor] | None:
        for board in self._boards.own:
            for monitor in board.monitors():
                if monitor.leg == leg:
                    return board, monitor
        return None

    def _heard(self, changes: Changes) -> None:
        for change in changes.monitors:
            if change.after.ended:
                seen = self._seen.pop(change.after.leg, "")
                there = next((board for board in self._boards.own if board.id == seen), None)
                if there is not None and change.after.ended_reason is EndReason.TOOK_OVER:
                    there.release(change.after.leg, self._clock())
