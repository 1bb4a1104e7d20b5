"""Nobody talks unrecorded for long: who talks while the record is away is made silent after some seconds.

They are told at once that it is away (`record.state`), and why they are silent when Asterisk has confirmed it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from adapter.core import lifecycle
from adapter.core.changes import Changes
from adapter.core.monitor import Notice
from adapter.monitoring.boards import Boards

log = structlog.get_logger(__name__)


class Unrecorded:
    """Watches the record's state. `patience`: seconds without it until whoever talks is made silent."""

    def __init__(self, boards: Boards, clock: Callable[[], datetime], patience: float) -> None:
        self._boards, self._clock, self._patience = boards, clock, patience
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        """Whether the patience is over: whoever begins to talk by the keypad now is made silent at once."""
        boards.subscribe(self._heard)

    def _heard(self, changes: Changes) -> None:
        if changes.record:
            self.close()
            if not self._boards.record_state.writable:
                self._timer = asyncio.get_running_loop().call_later(self._patience, self._run_out)
        elif self._over and any(change.after.talks for change in changes.monitors):
            asyncio.get_running_loop().call_soon(self._silence)  # after everybody was told of this change

    def _run_out(self) -> None:
        self._over = True
        self._silence()

    def _silence(self) -> None:
        if not self._over:
            return
        for board in self._boards.own:
            for monitor in list(board.monitors()):
                if monitor.talks and not monitor.ending and not monitor.taking:
                    log.error("somebody talks and it can't be recorded: made silent", monitor_id=monitor.id)
                    board.step(lifecycle.made_silent(monitor, Notice.UNRECORDED), self._clock())

    def close(self) -> None:
        """The record is back, or nobody is to watch any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._over = None, False
