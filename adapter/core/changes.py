"""What one batch of facts changed: the words in which the board tells its listeners."""

from dataclasses import dataclass
from datetime import datetime

from adapter.core.monitor import Monitor


@dataclass(frozen=True, slots=True)
class MonitorChange:
    """A monitor before and after; None before it existed."""

    before: Monitor | None
    after: Monitor


@dataclass(frozen=True, slots=True)
class Changes:
    """What one batch of facts changed."""

    at: datetime
    calls: frozenset[str] = frozenset()
    """Ids of calls that appeared, changed or went."""
    monitors: tuple[MonitorChange, ...] = ()
    pbx: bool = False
    record: bool = False
    people: frozenset[str] = frozenset()
    """Ids of users whose account or rights changed: what they see must be shown afresh."""
    resynced: bool = False
    """The PBX was listed anew: calls that are not on the board are over."""
