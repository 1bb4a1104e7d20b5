"""Who is in a call now, kept up with what changes."""

from collections import Counter
from collections.abc import Iterable

from adapter.core.changes import Changes
from adapter.core.views import set_apart
from adapter.monitoring.boards import Boards


class Talking:
    """Ids of the people who are in a call, or whose leg it is."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._of: dict[str, frozenset[str]] = {}
        self._count: Counter[str] = Counter()
        self._look(call.id for call in boards.calls())

    def __contains__(self, user_id: str) -> bool:
        return self._count[user_id] > 0

    def heard(self, changes: Changes) -> None:
        """Calls changed."""
        self._look(changes.calls)

    def _look(self, calls: Iterable[str]) -> None:
        for call_id in calls:
            call = self._boards.call(call_id)
            before, now = self._of.pop(call_id, frozenset()), set_apart(call, frozenset()) if call else frozenset()
            if now:
                self._of[call_id] = now
            for one in before - now:
                self._count[one] -= 1
                if not self._count[one]:
                    del self._count[one]
            self._count.update(now - before)
