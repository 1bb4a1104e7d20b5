"""Who talks in a call, by what Asterisk hears of each side: the agent's share, silence, both at once. Pure.

Asterisk says of each channel when sound begins, and that it has ended once it was still for `TAIL` (TALK_DETECT,
funcs/func_talkdetect.c). What ended is therefore taken back by that much, and both count as talking at once only when
they have done so for longer than that. Of who says nothing from the beginning, Asterisk says nothing either.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

TAIL = timedelta(seconds=1)
"""How long a channel must be still before Asterisk says that its talk has ended: longer than pauses in a sentence."""
RECENT = timedelta(minutes=2)
"""What the recent share is of."""
ENOUGH = timedelta(seconds=10)
"""Of so much talk at least a share is told."""
STEP = 5
"""Shares are told in steps of so many percent."""
STILL = timedelta(seconds=5)
"""From then on silence is told,"""
TOGETHER = timedelta(seconds=3)
"""and from then on that both talk: longer than `TAIL`."""
NONE = timedelta()


class TalkChanged(NamedTuple):
    """Somebody begins to talk, or ceased to `TAIL` ago."""

    at: datetime
    uniqueid: str
    """Of the channel whose phone the sound comes from."""
    talks: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """Who talks in one call, as it is shown. Compared by value to detect whether anything that shows has changed."""

    since: datetime
    """Since when it is listened to; what was said before is not known."""
    agent_share: int | None = None
    """Percent of all that was said since then; None while too little was."""
    recent_share: int | None = None
    """The same of the last two minutes."""
    silent_since: datetime | None = None
    """Since when neither says anything, once that lasts."""
    together_since: datetime | None = None
    """Since when both talk at once, once that lasts."""


@dataclass(slots=True)
class _Side:
    """One side of a call."""

    talks: bool | None = None
    """None while it is not listened to."""
    turned: datetime | None = None
    """Since when that is so, as far as it counts."""
    total: timedelta = NONE
    """How long it talked before that, in all."""
    bursts: deque[tuple[datetime, datetime]] = field(default_factory=deque)
    """The last ones."""

    def _close(self, end: datetime) -> None:
        if self.talks and self.turned is not None and end > self.turned:
            self.total += end - self.turned
            self.bursts.append((self.turned, end))
        while self.bursts and self.bursts[0][1] < end - RECENT:
            self.bursts.popleft()

    def begin(self, at: datetime) -> None:
        """It is listened to from now on: silent, until it is heard."""
        if self.talks is None:
            self.talks, self.turned = False, at

    def hear(self, at: datetime, *, talks: bool, counts: bool) -> None:
        """Asterisk says that it begins, or has ended `TAIL` ago."""
        if talks is self.talks:
            return
        end = at if talks else max(at - TAIL, self.turned or at - TAIL)
        if counts:
            self._close(end)
        self.talks, self.turned = talks, end

    def pause(self, at: datetime) -> None:
        """What happens from now on does not count."""
        self._close(at)

    def resume(self, at: datetime) -> None:
        """It counts again."""
        self.turned = at

    def lose(self, at: datetime, *, counts: bool) -> None:
        """It is not listened to any more."""
        if counts:
            self._close(at)
        self.talks = self.turned = None

    def said(self, now: datetime, *, counts: bool) -> timedelta:
        """How long it talked until now."""
        running = now - self.turned if counts and self.talks and self.turned is not None else NONE
        return self.total + max(running, NONE)

    def said_lately(self, now: datetime, *, counts: bool) -> timedelta:
        """The same of the last two minutes."""
        start = now - RECENT
        done = sum((max(end - max(begun, start), NONE) for begun, end in self.bursts), NONE)
        if counts and self.talks and self.turned is not None:
            done += max(now - max(self.turned, start), NONE)
        return done


class _Call:
    """One call: the agent's side, and the other."""

    def __init__(self, channels: tuple[str, str], *, counts: bool) -> None:
        self.channels, self.counts = channels, counts
        self.since: datetime | None = None
        self.sides = _Side(), _Side()

    def begin(self, channel: str, at: datetime) -> None:
        self.since = self.since or at
        for mine, side in zip(self.channels, self.sides, strict=True):
            if mine == channel:
                side.begin(at)

    def hear(self, channel: str, at: datetime, *, talks: bool) -> None:
        self.since = self.since or at
        for mine, side in zip(self.channels, self.sides, strict=True):
            if mine == channel:
                side.hear(at, talks=talks, counts=self.counts)

    def count(self, at: datetime, *, counts: bool) -> None:
        if counts is not self.counts:
            self.counts = counts
            for side in self.sides:
                (side.resume if counts else side.pause)(at)

    def lose(self, at: datetime) -> None:
        for side in self.sides:
            side.lose(at, counts=self.counts)

    def look(self, now: datetime) -> Talk | None:
        if self.since is None:
            return None
        agent, other = self.sides
        silent = together = None
        if self.counts and agent.turned is not None and other.turned is not None:
            both = max(agent.turned, other.turned)
            silent = both if agent.talks is other.talks is False and now - both >= STILL else None
            together = both if agent.talks is other.talks is True and now - both >= TOGETHER else None
        return Talk(
            self.since,
            _share(agent.said(now, counts=self.counts), other.said(now, counts=self.counts)),
            _share(agent.said_lately(now, counts=self.counts), other.said_lately(now, counts=self.counts)),
            silent,
            together,
        )


def _share(agent: timedelta, other: timedelta) -> int | None:
    both = agent + other
    return round(agent / both * 100 / STEP) * STEP if both >= ENOUGH else None


class Talks:
    """All calls that are listened to, by their ids."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._by_channel: dict[str, set[str]] = {}

    def follow(self, call_id: str, agent: str, other: str, at: datetime, *, counts: bool) -> None:
        """These are the channels of its two sides from now on. `counts`: whether they hear each other."""
        known = self._calls.get(call_id)
        if known is None:
            known = self._calls[call_id] = _Call((agent, other), counts=counts)
        elif known.channels != (agent, other):
            self._unlink(call_id, known)
            known.lose(at)
            known.channels = agent, other
        known.count(at, counts=counts)
        for channel in known.channels:
            self._by_channel.setdefault(channel, set()).add(call_id)

    def lose(self, call_id: str, at: datetime) -> None:
        """Nothing is heard of its sides until further notice; what was counted stays."""
        if (known := self._calls.get(call_id)) is not None:
            known.lose(at)

    def forget(self, call_id: str) -> None:
        """It is over, or out of sight."""
        if (known := self._calls.pop(call_id, None)) is not None:
            self._unlink(call_id, known)

    def _unlink(self, call_id: str, known: _Call) -> None:
        for channel in known.channels:
            calls = self._by_channel.get(channel, set())
            calls.discard(call_id)
            if not calls:
                self._by_channel.pop(channel, None)

    def begin(self, channel: str, at: datetime) -> None:
        """Asterisk tells of this channel from now on."""
        for call_id in self._by_channel.get(channel, ()):
            self._calls[call_id].begin(channel, at)

    def hear(self, channel: str, at: datetime, *, talks: bool) -> None:
        """Asterisk says that somebody begins to talk there, or has ceased."""
        for call_id in self._by_channel.get(channel, ()):
            self._calls[call_id].hear(channel, at, talks=talks)

    def look(self, now: datetime) -> Mapping[str, Talk]:
        """How all of them look now that are listened to, or were."""
        looks = ((call_id, call.look(now)) for call_id, call in self._calls.items())
        return {call_id: talk for call_id, talk in looks if talk is not None}
