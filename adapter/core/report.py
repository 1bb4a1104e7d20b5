"""The coaching that took place, added up from the rows of the audit alone. Pure.

What counts, and when:

- A monitor's time runs from `monitor.started` to its `monitor.ended`, and belongs to the mode that its entry before
  gave. A piece counts once an entry has ended it: of what still runs the audit doesn't say yet for how long it will.
- `monitors` are those that began (`monitor.started`) in the time asked for, `calls` the calls that those were on. Time
  counts where it lies: of a monitor that began before, only what lies within.
- What happened between the last entry before a death of the adapter and `monitor.taken_up` can't be known. It counts in
  the mode that was on record, and is told as `unsure_seconds` too.
- A request for help counts when it was asked for, and is waited for until somebody took it and could begin.
- A note counts when it was written, also where it was deleted since.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from adapter.core.audit import Action, Result
from adapter.core.help import NOT_BEGUN
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason

COUNTED = (
    *(Action.STARTED, Action.MODE_CHANGED, Action.TAKEN_UP, Action.ENDED),
    *(Action.HELP_REQUESTED, Action.HELP_TAKEN, Action.HELP_CLOSED),
    Action.NOTE_CREATED,
)
"""The actions of which anything is counted."""
MILLISECOND = timedelta(milliseconds=1)
WEEK = timedelta(days=7)


class GroupBy(StrEnum):
    """What each row is of."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    TEAM = "team"
    WEEK = "week"


class Line(NamedTuple):
    """One entry of the audit, as far as it is counted; those of one PBX as they were written, one by one."""

    at: datetime
    action: str
    result: str
    reason: str | None
    target: str | None
    call_id: str | None
    monitor_id: str | None
    supervisor: str | None
    agent: str | None
    agent_name: str | None
    extension: str | None
    mode: str | None


class Group(NamedTuple):
    """Whom or what a row is of. `id`: None for what belongs to nobody; names may change, of one id the last holds."""

    id: str | None
    name: str


@dataclass(slots=True)
class Sums:
    """What one row adds up to; times in milliseconds, as the audit shows them."""

    calls: set[str] = field(default_factory=set)
    monitors: int = 0
    modes: dict[Mode, int] = field(default_factory=lambda: dict.fromkeys(Mode, 0))
    unsure: int = 0
    takeovers: int = 0
    help_requests: int = 0
    waits: list[int] = field(default_factory=list)
    notes: int = 0

    def view(self) -> dict[str, object]:
        """The contract's figures."""
        return {
            "calls": len(self.calls),
            "monitors": self.monitors,
            **{f"{mode.value}_seconds": self.modes[mode] / 1000 for mode in Mode},
            "takeovers": self.takeovers,
            "help_requests": self.help_requests,
            "median_seconds_to_help": round(median(self.waits)) / 1000 if self.waits else None,
            "notes": self.notes,
            "unsure_seconds": self.unsure / 1000,
        }


class Fact(NamedTuple):
    """Something that counts: when, about which agent, by which supervisor."""

    at: datetime
    line: Line
    supervisor: str | None
    add: Callable[[Sums], None]


Groups = Callable[[Fact], Iterable[Group]]


@dataclass(slots=True)
class _Piece:
    line: Line
    mode: Mode


@dataclass(slots=True)
class _Ask:
    line: Line
    taken: Line | None = None


class Report:
    """Takes the audit's lines in their order. `groups`: to which rows a fact belongs; to the totals it belongs once."""

    def __init__(self, groups: Groups, since: datetime | None = None, until: datetime | None = None) -> None:
        """Only what lies from `since` until before `until` counts."""
        self._groups, self._since, self._until = groups, since, until
        self.rows: dict[str | None, Sums] = {}
        self.names: dict[str | None, str] = {}
        self.totals = Sums()
        self._pieces: dict[str, _Piece] = {}
        self._asks: dict[str, _Ask] = {}

    @property
    def running(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of the monitors and of the requests for help of which more is to come."""
        return frozenset(self._pieces), frozenset(self._asks)

    def take(self, line: Line) -> None:
        """One more entry."""
        if line.monitor_id and line.action in (Action.STARTED, Action.MODE_CHANGED, Action.TAKEN_UP, Action.ENDED):
            self._monitor(line.monitor_id, line)
        elif line.result != Result.OK:
            return
        elif line.action == Action.NOTE_CREATED:
            self._add(Fact(line.at, line, line.supervisor, _count_note))
        elif line.target and line.action in (Action.HELP_REQUESTED, Action.HELP_TAKEN, Action.HELP_CLOSED):
            self._help(line.target, line)

    def finish(self) -> None:
        """There are no more."""
        for ask in self._asks.values():
            self._asked(ask)
        self._asks.clear()

    def _monitor(self, monitor_id: str, line: Line) -> None:
        ended = line.action == Action.ENDED
        # An entry of an end that was tried, and of a mode that was refused, changed nothing.
        if line.mode is None or (line.result != Result.OK and not ended):
            return
        piece = self._pieces.pop(monitor_id, None)
        if piece is not None:
            self._time(piece, line)
        elif line.action in (Action.TAKEN_UP, Action.ENDED):
            return  # it was not live, or a cut has taken its beginning
        if line.action == Action.STARTED:
            self._add(Fact(line.at, line, line.supervisor, _count_monitor(line.call_id)))
        if ended and line.reason == EndReason.TOOK_OVER:
            self._add(Fact(line.at, line, line.supervisor, _count_takeover))
        if not ended:
            self._pieces[monitor_id] = _Piece(line, Mode(line.mode))

    def _time(self, piece: _Piece, end: Line) -> None:
        self._stretch(piece, piece.line.at, end.at, _count_time(piece.mode))
        if end.action == Action.TAKEN_UP:
            since = datetime.fromisoformat(end.target) if end.target else piece.line.at
            self._stretch(piece, max(since, piece.line.at), end.at, _count_unsure)

    def _stretch(
        self, piece: _Piece, begin: datetime, end: datetime, count: Callable[[int], Callable[[Sums], None]]
    ) -> None:
        begin = max(begin, self._since) if self._since else begin
        end = min(end, self._until) if self._until else end
        for start, stop in _by_weeks(begin, end):
            line = piece.line
            self._add(Fact(start, line, line.supervisor, count(_milliseconds(stop) - _milliseconds(start))))

    def _help(self, help_id: str, line: Line) -> None:
        ask = self._asks.get(help_id)
        if line.action == Action.HELP_REQUESTED and line.reason == NOT_BEGUN:
            if ask is not None:
                ask.taken = None
        elif line.action == Action.HELP_TAKEN:
            if ask is not None:
                ask.taken = line
        else:
            if ask is not None:
                self._asked(self._asks.pop(help_id))
            if line.action == Action.HELP_REQUESTED:
                self._asks[help_id] = _Ask(line)

    def _asked(self, ask: _Ask) -> None:
        wait = None
        if ask.taken is not None:
            wait = max(0, _milliseconds(ask.taken.at) - _milliseconds(ask.line.at))
        taken_by = ask.taken.supervisor if ask.taken else None
        self._add(Fact(ask.line.at, ask.line, taken_by, _count_help(wait)))

    def _add(self, fact: Fact) -> None:
        if (self._since and fact.at < self._since) or (self._until and fact.at >= self._until):
            return
        for group in self._groups(fact):
            fact.add(self.rows.setdefault(group.id, Sums()))
            self.names[group.id] = group.name
        fact.add(self.totals)


def _count_note(sums: Sums) -> None:
    sums.notes += 1


def _count_takeover(sums: Sums) -> None:
    sums.takeovers += 1


def _count_monitor(call_id: str | None) -> Callable[[Sums], None]:
    def add(sums: Sums) -> None:
        sums.monitors += 1
        if call_id:
            sums.calls.add(call_id)

    return add


def _count_time(mode: Mode) -> Callable[[int], Callable[[Sums], None]]:
    def of(spent: int) -> Callable[[Sums], None]:
        def add(sums: Sums) -> None:
            sums.modes[mode] += spent

        return add

    return of


def _count_unsure(spent: int) -> Callable[[Sums], None]:
    def add(sums: Sums) -> None:
        sums.unsure += spent

    return add


def _count_help(wait: int | None) -> Callable[[Sums], None]:
    def add(sums: Sums) -> None:
        sums.help_requests += 1
        if wait is not None:
            sums.waits.append(wait)

    return add


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _milliseconds(at: datetime) -> int:
    """Since 1970, cut off as the audit shows times: so its figures can be added up from what it shows."""
    return (at - EPOCH) // MILLISECOND


def week_of(at: datetime) -> Group:
    """The ISO week, in UTC, that a moment is in."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    name = f"{year}-W{week:02}"
    return Group(name, name)


def _by_weeks(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A time cut at the ends of ISO weeks; nothing where it ends before it begins (a clock was set back)."""
    if end <= begin:
        return
    first = begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday, cuts = first - timedelta(days=first.weekday()), [begin]
    while (monday := monday + WEEK) < end:
        cuts.append(monday)
    yield from pairwise([*cuts, end])


def add_up(
    lines: Iterable[Line], groups: Groups, since: datetime | None = None, until: datetime | None = None
) -> Report:
    """The report over all lines there are."""
    report = Report(groups, since, until)
    for line in lines:
        report.take(line)
    report.finish()
    return report


def rows_view(report: Report) -> list[dict[str, object]]:
    """The contract's rows, by name; what belongs to nobody comes last."""
    names = report.names

    def place(key: str | None) -> tuple[bool, str, str, str]:
        return key is None, names[key].casefold(), names[key], key or ""

    return [{"id": key, "name": names[key], **report.rows[key].view()} for key in sorted(report.rows, key=place)]
