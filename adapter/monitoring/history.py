"""Listens to the live picture for the time lines of calls."""

from adapter.core.call import Call
from adapter.core.changes import Changes
from adapter.core.timeline import Past, Timelines
from adapter.monitoring.boards import Boards


class History:
    """The past of every call that runs, from when it was first seen."""

    def __init__(self, boards: Boards) -> None:
        self._boards, self._lines = boards, Timelines(boards.call)
        boards.subscribe(self._heard)

    def of(self, call: Call) -> Past:
        """What has happened to a call."""
        return self._lines.of(call)

    def _heard(self, changes: Changes) -> None:
        board = self._boards.board(changes.pbx) if changes.pbx else None
        self._lines.read(changes, complete=board is None or board.complete)
