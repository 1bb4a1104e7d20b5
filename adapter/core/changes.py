"""What one batch of facts changed: the words in which the live picture tells its listeners."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.bars import BarChanges
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
    pbx: str | None = None
    """Id of the PBX at which it happened; None for what is of no PBX alone: accounts, the record."""
    calls: frozenset[str] = frozenset()
    """Ids of calls that appeared, changed or went."""
    monitors: tuple[MonitorChange, ...] = ()
    link: bool = False
    """The connection to the PBX came or went."""
    record: bool = False
    """The database takes what happens, or no longer does."""
    people: frozenset[str] = frozenset()
    """Ids of users whose account or rights changed: what they see must be shown afresh."""
    resynced: bool = False
    """The PBX was listed anew: its calls that are not known now are over."""
    barred: BarChanges = field(default_factory=BarChanges)
    """Who is barred from which conversation now."""


def merged(changes: Iterable[Changes], at: datetime, people: frozenset[str]) -> Changes:
    """What a change of accounts did at several PBXes, as one."""
    all_of_them, barred = list(changes), BarChanges()
    for one in all_of_them:
        barred.add(one.barred)
    return Changes(
        at,
        calls=frozenset(call for one in all_of_them for call in one.calls),
        monitors=tuple(change for one in all_of_them for change in one.monitors),
        people=people,
        barred=barred,
    )
