"""The keypad of supervisors who lack a mode: ChanSpy gives its digits to nobody of them, so we look at each.

Who has all modes switches by ChanSpy itself, in place. For the others a digit of a mode that they have is a request
like a click; one of a mode that they lack changes nothing and is an entry of the audit.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from adapter.core.audit import Action, Result
from adapter.core.journal import monitor_entry
from adapter.core.lifecycle import keypad_of
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.people import User
from adapter.core.permissions import allowed_modes
from adapter.core.record import Record
from adapter.errors import AdapterError, Forbidden
from adapter.monitoring.ports import MonitorLog, Picture, Supervisors
from adapter.tasks import BackgroundTasks

log = structlog.get_logger(__name__)


class DtmfModes:
    """Carries out the digits of modes, as far as the person may."""

    def __init__(
        self, picture: Picture, supervisors: Supervisors, record: MonitorLog, clock: Callable[[], datetime]
    ) -> None:
        self._picture, self._supervisors, self._record, self._clock = picture, supervisors, record, clock
        self._tasks = BackgroundTasks("keypad")

    def pressed(self, monitor: Monitor, mode: Mode) -> None:
        """The digit of a mode was pressed on this monitor's leg."""
        user = self._picture.directory.users.get(monitor.supervisor.user_id)
        if user is not None and mode in allowed_modes(user):
            self._tasks.start(self._switch(user, monitor, mode), f"switch {monitor.id}")
            return
        entry = monitor_entry(
            Action.MODE_CHANGED,
            monitor,
            self._clock(),
            by=keypad_of(monitor),
            mode=mode,
            result=Result.REFUSED,
            reason=Forbidden.code,
        )
        self._record.note(Record(entries=[entry], pbxes={monitor.pbx}))

    async def _switch(self, user: User, monitor: Monitor, mode: Mode) -> None:
        try:
            await self._supervisors.switch(user, monitor.id, mode, keypad_of(monitor))
        except AdapterError as problem:
            log.warning(
                "the mode for a digit could not be set", monitor_id=monitor.id, mode=mode.value, why=str(problem)
            )

    async def close(self) -> None:
        """Stop following."""
        await self._tasks.close()
