"""A supervisor's one place: held without an await from the decision until the monitor stands in the live picture."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapter import errors
from adapter.core.people import User
from adapter.monitoring.ports import Picture


class Reservations:
    """Who monitors, or is about to, at any PBX of the picture."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._held: set[str] = set()

    @contextmanager
    def of(self, user: User) -> Iterator[None]:
        """Hold this supervisor's place. Raises AlreadyMonitoring."""
        busy = any(monitor.supervisor.user_id == user.id for monitor in self._picture.monitors())
        busy |= any(follow.supervisor.user_id == user.id for follow in self._picture.follows())
        if busy or user.id in self._held:
            raise errors.AlreadyMonitoring("You are already monitoring a call, or follow somebody. Stop that first.")
        self._held.add(user.id)
        try:
            yield
        finally:
            self._held.discard(user.id)
