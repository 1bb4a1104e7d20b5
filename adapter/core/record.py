"""One change's worth of what is to be written: monitors, entries of the audit, events for hooks, open calls. Pure."""

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from adapter.core.audit import CHAIN, Entry
from adapter.core.bars import BarChanges
from adapter.core.call import Call
from adapter.core.follow import Follow
from adapter.core.monitor import Monitor
from adapter.core.shield import Shield


class EventType(StrEnum):
    """What hooks can be told of."""

    CALL_STARTED = "call.started"
    CALL_ANSWERED = "call.answered"
    CALL_ENDED = "call.ended"
    MONITOR_STARTED = "monitor.started"
    MONITOR_MODE_CHANGED = "monitor.mode_changed"
    MONITOR_ENDED = "monitor.ended"
    DO_NOT_MONITOR_CHANGED = "do_not_monitor.changed"
    """Of no call, unless a program exempted one."""
    CONSENT_CHANGED = "consent.changed"
    """Of no call."""
    HELP_REQUESTED = "help.requested"
    HELP_TAKEN = "help.taken"
    HELP_CLOSED = "help.closed"
    SHIELD_STARTED = "shield.started"
    SHIELD_ENDED = "shield.ended"
    FOLLOW_STARTED = "follow.started"
    """Of no call, and in order for one follow."""
    FOLLOW_ENDED = "follow.ended"
    NOTE_CREATED = "note.created"
    NOTE_CHANGED = "note.changed"
    NOTE_DELETED = "note.deleted"
    AUDIT_HEAD = "audit.head"
    """Of no call: the sealed end of the audit's chain, at a steady pace (`adapter.health.heads`)."""
    AGENT_STATE_CHANGED = "agent.state_changed"
    """Of no call, and in order for one agent (`adapter.monitoring.floornews`)."""
    QUEUE_THRESHOLD = "queue.threshold"
    """Of no call, and in order for one queue."""


OF_NO_CALL = frozenset(
    {
        *(EventType.AUDIT_HEAD, EventType.AGENT_STATE_CHANGED, EventType.QUEUE_THRESHOLD),
        *(EventType.FOLLOW_STARTED, EventType.FOLLOW_ENDED),
    }
)
"""What their events are in order for is no call."""
IF_WANTED = frozenset({EventType.AGENT_STATE_CHANGED})
"""So many that they are written only where a hook asks for them."""
PING = "ping"
"""The type of what is sent to try a hook."""
NO_PBX = ":"
"""Begins the name of what an adapter owns and is no PBX (`adapter.fleet.claims.CHORES`)."""


@dataclass(frozen=True, slots=True)
class HookEvent:
    """One thing that hooks are told of. Events of one call are delivered in order."""

    at: datetime
    type: EventType
    call_id: str
    conversation_id: str
    data: dict[str, object]


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
    shields: dict[str, Shield] = field(default_factory=dict)
    """The latest state of each shield that changed."""
    barred: BarChanges = field(default_factory=BarChanges)
    """Who is barred from which conversation."""
    pbxes: set[str] = field(default_factory=set)
    """Ids of the PBXes whose events it tells of: it is written by whoever looks after them."""
    follows: dict[str, Follow] = field(default_factory=dict)
    """The latest state of each follow that changed."""

    @property
    def size(self) -> int:
        """How many facts wait in it."""
        states: tuple[Sized, ...] = (self.monitors, self.follows, self.calls, self.shields)
        return len(self.entries) + len(self.events) + sum(map(len, states)) + self.barred.size

    @property
    def chains(self) -> set[str]:
        """The audit's chains of its PBXes; the installation's where it tells of none."""
        return {pbx for pbx in self.pbxes if not pbx.startswith(NO_PBX)} or {CHAIN}

    def name_pbxes(self) -> None:
        """Say of which PBXes it tells, by what is in it."""
        self.pbxes.update(monitor.pbx for monitor in self.monitors.values())
        self.pbxes.update(follow.pbx for follow in self.follows.values())
        self.pbxes.update(known.call.pbx for known in self.calls.values() if known)

    def add(self, later: "Record") -> None:
        """Take in what happened later."""
        self.entries += later.entries
        self.events += later.events
        self.monitors |= later.monitors
        self.follows |= later.follows
        self.calls |= later.calls
        self.shields |= later.shields
        self.barred.add(later.barred)
        self.pbxes |= later.pbxes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record with its ids, so that writing it twice writes it once."""

    record: Record
    entry_ids: Sequence[str]
    event_ids: Sequence[str]
    chains: Sequence[str] = ()
    """The audit's chain of each entry, by its name; without any, all are the installation's."""


def without(sealed: Sealed, is_ours: Callable[[str], bool]) -> Sealed:
    """What stays of it where some of its PBXes are another adapter's now: nothing where all of them are."""
    record = sealed.record
    if all(map(is_ours, record.pbxes)):
        return sealed
    if not any(map(is_ours, record.pbxes)):
        return Sealed(Record(), [], [])
    monitors = {one: monitor for one, monitor in record.monitors.items() if is_ours(monitor.pbx)}
    follows = {one: follow for one, follow in record.follows.items() if is_ours(follow.pbx)}
    bars = {key: bar for key, bar in record.barred.bars.items() if bar is None or is_ours(bar.pbx)}
    calls = {one: known for one, known in record.calls.items() if known is None or is_ours(known.call.pbx)}
    ours = {pbx for pbx in record.pbxes if is_ours(pbx)}
    barred = replace(record.barred, bars=bars)
    shields = {one: shield for one, shield in record.shields.items() if is_ours(shield.pbx)}
    kept = replace(record, monitors=monitors, follows=follows, calls=calls, shields=shields, barred=barred, pbxes=ours)
    return replace(sealed, record=kept)


def seal(record: Record, new_id: Callable[[], str]) -> Sealed:
    """Give ids to all that is new, and to each entry its chain: before records are joined, since that tells it."""
    chains = [_chain(record, entry) for entry in record.entries]
    return Sealed(record, [new_id() for _ in record.entries], [new_id() for _ in record.events], chains)


def _chain(record: Record, entry: Entry) -> str:
    """Of the PBX of its monitor or follow, or of the one that the record is about: all of a monitor is in one chain."""
    about = record.monitors.get(entry.monitor_id or "") or record.follows.get(entry.target or "")
    if about is not None:
        return about.pbx
    return next(iter(record.chains)) if len(record.chains) == 1 else CHAIN


def joined(parts: Sequence[Sealed]) -> Sealed:
    """Several as one, in their order, each thing with the id that it has."""
    record = Record()
    for part in parts:
        record.add(part.record)
    return Sealed(
        record,
        [entry_id for part in parts for entry_id in part.entry_ids],
        [event_id for part in parts for event_id in part.event_ids],
        [chain for part in parts for chain in part.chains],
    )
