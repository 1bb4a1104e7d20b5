"""What a batch of events changed: what the boards publish to their subscribers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from adapter.core.bars import BarChanges
from adapter.core.follow import FollowChange
from adapter.core.help import HelpRequest
from adapter.core.messages import CoachMessage
from adapter.core.monitor import Monitor


@dataclass(frozen=True, slots=True)
class MonitorChange:
    """A monitor before and after; None before it existed."""

    before: Monitor | None
    after: Monitor


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that one batch of events changed."""

    at: datetime
    pbx: str | None = None
    """Id of the PBX; None for changes that belong to no single PBX: accounts, the record."""
    calls: frozenset[str] = frozenset()
    """Ids of calls that appeared, changed or ended."""
    monitors: tuple[MonitorChange, ...] = ()
    link: bool = False
    """The connection to the PBX was established or lost."""
    record: bool = False
    """The database became writable, or stopped being so."""
    people: frozenset[str] = frozenset()
    """Ids of users whose account or rights changed: their views must be sent again."""
    resynced: bool = False
    """A new snapshot of the PBX was taken: its calls that are not known now have ended."""
    barred: BarChanges = field(default_factory=BarChanges)
    """Who is barred from which conversation now."""
    help: tuple[HelpRequest, ...] = ()
    """Requests for help that are new or another now; closed ones are no more."""
    follows: tuple[FollowChange, ...] = ()
    """Follows that are new, or another now; ended ones are no more."""
    mirrored: bool = False
    """Another adapter owns the PBX and has told of this: it is shown here, and neither written nor acted upon."""
    agents: frozenset[str] = frozenset()
    """Ids of agents that appeared, changed or are gone."""
    queues: frozenset[str] = frozenset()
    """The same of queues."""
    messages: tuple[CoachMessage, ...] = ()
    """Messages between supervisors and agents that are new."""


def merged(changes: Iterable[Changes], at: datetime, people: frozenset[str]) -> Changes:
    """The changes that one change of accounts caused at several PBXes, combined."""
    all_of_them, barred = list(changes), BarChanges()
    for one in all_of_them:
        barred.add(one.barred)
    return Changes(
        at,
        calls=frozenset(call for one in all_of_them for call in one.calls),
        monitors=tuple(change for one in all_of_them for change in one.monitors),
        people=people,
        barred=barred,
        agents=frozenset(agent for one in all_of_them for agent in one.agents),
        queues=frozenset(queue for one in all_of_them for queue in one.queues),
    )
