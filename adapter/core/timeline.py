"""What has happened in each call that runs, for its time line: bounded, and forgotten with the call. Pure.

What those in the conversation see of monitors is kept by itself: neither its order nor what had to be forgotten can
tell of a silent one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapter.core.call import Call, CallState
from adapter.core.changes import Changes, MonitorChange
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor

MOST = 100
"""Moments of each sort that are kept of a call: the latest."""


class Happened(StrEnum):
    """What an entry of a time line says."""

    RANG = "rang"
    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    """Somebody else is at the far end: whom it names."""
    LISTENING = "listening"
    """A supervisor began to monitor, silently: whom it names, as all that follow."""
    WHISPERING = "whispering"
    JOINED = "joined"
    SILENT = "silent"
    """They returned to silent monitoring."""
    LEFT = "left"
    """They monitor no more; for those in the conversation: they talk no more."""


class Moment(NamedTuple):
    """One entry. `number` counts the moments of its call, and is never shown."""

    number: int
    at: datetime
    kind: Happened
    name: str | None = None


class Place(NamedTuple):
    """By what a call was in somebody's scope (`adapter.core.scopes`), from the moment after this number on."""

    after: int
    agent: str | None
    queue: str | None


Within = Callable[[str | None, str | None], bool]
"""Whether a call of this agent (by the account's id) and queue is in a scope."""


def _keep(moments: list[Moment], new: Moment) -> None:
    """Add the latest, and forget the oldest of too many. A list: of most calls there is nothing, or little."""
    moments.append(new)
    if len(moments) > MOST:
        del moments[0]


@dataclass(slots=True)
class Past:
    """What is kept of one call. When it rang and was answered is not here: the call itself says that."""

    state: CallState
    far: str
    """Who was at its far end last."""
    counted: int = 0
    facts: list[Moment] = field(default_factory=list)
    talks: list[Moment] = field(default_factory=list)
    """Of monitors, what those in the conversation see."""
    monitors: dict[str | None, list[Moment]] = field(default_factory=dict)
    """All of monitors, by the service token that started them: it sees its own alone, whatever else there was."""
    places: list[Place] = field(default_factory=list)
    """Whose call it was, of which queue, the latest last."""

    def was_within(self, moment: Moment, within: Within) -> bool:
        """Whether the call was in a scope at that moment; what is no longer known was not."""
        place = next((one for one in reversed(self.places) if one.after < moment.number), None)
        return moment.number == 0 or (place is not None and within(place.agent, place.queue))

    def next(self, at: datetime, kind: Happened, name: str | None = None) -> Moment:
        """The next moment."""
        self.counted += 1
        return Moment(self.counted, at, kind, name)

    def see(self, call: Call, at: datetime) -> None:
        """The call is so now."""
        place = Place(self.counted, call.agent.user_id, call.queue)
        if not self.places or self.places[-1][1:] != place[1:]:
            self.places.append(place)
            del self.places[:-MOST]
        if call.far and call.far != self.far:
            if self.far and self.state is not CallState.RINGING:
                who = call.customer.name or call.customer.number or None
                _keep(self.facts, self.next(at, Happened.TRANSFERRED, who))
            self.far = call.far
        if call.state is not self.state:
            if call.state is CallState.HELD:
                _keep(self.facts, self.next(at, Happened.HELD))
            elif self.state is CallState.HELD:
                _keep(self.facts, self.next(at, Happened.RESUMED))
            self.state = call.state

    def hear(self, change: MonitorChange, at: datetime) -> None:
        """A monitor of this call is another now."""
        before, after = change.before, change.after
        name = after.supervisor.name
        was, now = _mode(before), _mode(after)
        if was is not now:
            kind = Happened.LISTENING if was is None and now is Mode.SILENT else OF_MODE[now]
            _keep(self.monitors.setdefault(after.token, []), self.next(at, kind, name))
        talked, talks = (mode if mode and mode.talks else None for mode in (was, now))
        if talked is not talks:
            _keep(self.talks, self.next(at, OF_MODE[talks], name))


OF_MODE = {
    None: Happened.LEFT,
    Mode.SILENT: Happened.SILENT,
    Mode.WHISPER: Happened.WHISPERING,
    Mode.BARGE: Happened.JOINED,
}


def _mode(monitor: Monitor | None) -> Mode | None:
    return monitor.mode if monitor is not None and monitor.live else None


def latest(*sorts: Iterable[Moment]) -> Sequence[Moment]:
    """The latest of several sorts of moments, in the order in which they happened."""
    return sorted(moment for sort in sorts for moment in sort)[-MOST:]


class Timelines:
    """The past of every call. `look` finds a call in the live picture."""

    def __init__(self, look: Callable[[str], Call | None]) -> None:
        self._look = look
        self._past: dict[str, tuple[str, Past]] = {}
        """By call: its PBX and its past."""

    def __len__(self) -> int:
        return len(self._past)

    def of(self, call: Call) -> Past:
        """What is known of a call; nothing has happened to one of which nothing was told."""
        known = self._past.get(call.id)
        return known[1] if known is not None else Past(call.state, call.far)

    def read(self, changes: Changes, *, complete: bool) -> None:
        """Take in one change. While its PBX is out of sight (not `complete`) no call is known, which is no end."""
        for call_id in changes.calls:
            if (call := self._look(call_id)) is not None:
                self._seen(call, changes.at)
            elif complete:
                self._past.pop(call_id, None)
        if changes.resynced:
            gone = [one for one, (pbx, _) in self._past.items() if pbx == changes.pbx and self._look(one) is None]
            for call_id in gone:
                del self._past[call_id]
        for change in changes.monitors:
            if (known := self._past.get(change.after.call_id)) is not None:
                known[1].hear(change, changes.at)

    def _seen(self, call: Call, at: datetime) -> None:
        known = self._past.get(call.id)
        if known is None:
            known = self._past[call.id] = call.pbx, Past(call.state, call.far)
        known[1].see(call, at)
