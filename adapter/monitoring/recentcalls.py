"""Calls that have just ended, as they were last: what somebody was writing about one can still be kept."""

from datetime import datetime, timedelta
from typing import NamedTuple

from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.monitoring.boards import Boards

KEPT = timedelta(minutes=30)
"""How long after its end a call can be written about."""


class PastCall(NamedTuple):
    """A call that is over."""

    call: Call
    ended_at: datetime
    """By the PBX's word."""


class RecentCalls:
    """Listens to the live picture; kept in memory, so a restart of the adapter forgets them."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._running: dict[str, Call] = {}
        self._past: dict[str, PastCall] = {}
        boards.subscribe(self._heard)

    def find(self, call_id: str) -> PastCall | None:
        """One of them."""
        return self._past.get(call_id)

    def _heard(self, changes: Changes) -> None:
        board = self._boards.board(changes.pbx) if changes.pbx else None
        if board is None or not board.complete:
            return  # what is out of sight has not ended
        ids = changes.calls
        if changes.resynced:
            ids |= {call.id for call in board.calls()} | {one.id for one in self._of(board.id)}
        for call_id in ids:
            call = board.call(call_id)
            if call is not None:
                self._running[call_id] = call
            elif (known := self._running.pop(call_id, None)) is not None:
                self._past[call_id] = PastCall(known, changes.at)
        for call_id in [one for one, past in self._past.items() if changes.at - past.ended_at > KEPT]:
            del self._past[call_id]

    def _of(self, pbx: str) -> list[Call]:
        return [call for call in self._running.values() if call.pbx == pbx]
