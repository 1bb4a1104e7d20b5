"""What may be cut off for its age, whatever a clock says: the rules, without a clock or a database. Pure.

A clock that is 400 days ahead makes everything old. So the time that entries are held against is the earliest that any
witness gives (the wall clock, the same clock as it was when we started plus the time that passed since, the newest
entry's own time), and what would take more than a share of all is refused: a lawful retention, looked after hourly,
takes little at a time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.core.audit import CHAIN
from adapter.core.views import time_view

_NOTE = re.compile(r"^entries (\d+) to (\d+) of .* \(all older than (\S+)\)")


@dataclass(frozen=True, slots=True)
class Plan:
    """A cut of a chain that could be made: all entries from `first` to `last`, by their numbers in it. Nothing is to be
    cut where `count` is 0."""

    first: int
    last: int
    entries: int
    """How many there are now."""
    hash: str
    """The last one's."""
    since: datetime
    until: datetime
    """Times of the first and the last one."""
    before: datetime
    """They are all older than this."""
    stopped_by: int | None = None
    """An entry that is not old, though some behind it are: its own time, or theirs, is wrong."""
    chain: str = CHAIN

    @property
    def of(self) -> str:
        """Says which chain's, after a number, where it is a PBX's."""
        return "" if self.chain == CHAIN else f" of {self.chain}"

    @property
    def count(self) -> int:
        """How many entries would go."""
        return max(0, self.last - self.first + 1)

    @property
    def note(self) -> str:
        """What is said of it in the chain, for good."""
        return (
            f"entries {self.first} to {self.last} of {time_view(self.since)} to {time_view(self.until)} "
            f"(all older than {time_view(self.before)})"
        )


def held_against(keep: timedelta, *witnesses: datetime) -> datetime:
    """What is older than this is past its time. `witnesses`: clocks, and the newest entry's own time."""
    try:
        return min(witnesses) - keep
    except OverflowError:  # kept for longer than the calendar goes back
        return datetime.min.replace(tzinfo=witnesses[0].tzinfo)


def refusal(plans: Sequence[Plan], share: float, *, settled: bool) -> str | None:
    """Why these cuts are not made; None where they may be. `plans`: of all chains; `share`: the part of all entries
    that may be taken at once. Together: the chain of a PBX that is no more ends with entries that are all old."""
    if not settled:
        return "the adapter has not run for an hour, so its clock is not believed yet"
    count, entries = sum(plan.count for plan in plans), sum(plan.entries for plan in plans)
    if count > share * entries:
        return (
            f"{count} of {entries} entries would go, which is more than audit.cut_share ({share:g}): "
            "look at the clock, then cut with call-monitor audit cut --force"
        )
    return None


def noted_bound(note: str | None) -> datetime | None:
    """The time before which everything was that a cut took, as its note says; None where it says none."""
    found = _NOTE.match(note or "")
    return datetime.fromisoformat(found[3]) if found else None
