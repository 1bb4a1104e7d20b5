"""A PBX whose calls and monitors are said outright: for rules about what is shown, whatever Asterisk may do."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from adapter.core.bars import Bars
from adapter.core.call import Call
from adapter.core.changes import Changes, MonitorChange
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from adapter.monitoring.picture import PbxPicture
from adapter.tasks import Listeners
from tests.fake.scene import START


class Pictured(PbxPicture):
    """One such PBX."""

    takes_up = False

    def __init__(self, directory: Directory) -> None:
        super().__init__("lab", directory, PbxState(LinkState.CONNECTED, START), Bars())
        self._calls: dict[str, Call] = {}
        self._changes: Listeners[[Changes]] = Listeners()

    def calls(self) -> Collection[Call]:
        return self._calls.values()

    def call(self, call_id: str) -> Call | None:
        return self._calls.get(call_id)

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        return self._changes.subscribe(listener)

    def set_directory(self, directory: Directory, changed: frozenset[str], at: datetime) -> None:
        self.directory = directory
        self._changes.tell(Changes(at, self.id, people=changed))

    def put(self, calls: Iterable[Call], monitors: Iterable[Monitor]) -> None:
        """So it is from now on, and nobody is told yet."""
        self._calls = {call.id: call for call in calls}
        self._monitors = {monitor.id: monitor for monitor in monitors}

    def tell(self, at: datetime, calls: frozenset[str], monitors: tuple[MonitorChange, ...]) -> None:
        """These have changed."""
        if calls or monitors:
            self._changes.tell(Changes(at, self.id, calls, monitors))
