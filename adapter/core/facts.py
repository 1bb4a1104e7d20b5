"""One change's worth of what is to be written: monitors, entries of the audit, events for hooks, open calls. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.call import Call
from adapter.core.monitor import Monitor
from adapter.core.record import Entry, HookEvent


@dataclass(frozen=True, slots=True)
class RecordState:
    """Whether the record can be written, and since when."""

    writable: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call as programs last heard of it."""

    call: Call
    started: bool = False
    answered: bool = False


@dataclass(slots=True)
class Record:
    """What is to be written, in its order."""

    entries: list[Entry] = field(default_factory=list)
    events: list[HookEvent] = field(default_factory=list)
    monitors: dict[str, Monitor] = field(default_factory=dict)
    """The latest state of each monitor that changed."""
    calls: dict[str, OpenCall | None] = field(default_factory=dict)
    """Calls that programs were told of; None for those that are over."""

    @property
    def size(self) -> int:
        """How many facts wait in it."""
        return len(self.entries) + len(self.events) + len(self.monitors) + len(self.calls)

    def add(self, later: "Record") -> None:
        """Take in what happened later."""
        self.entries += later.entries
        self.events += later.events
        self.monitors |= later.monitors
        self.calls |= later.calls
