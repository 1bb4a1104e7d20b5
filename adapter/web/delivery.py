"""How frames get to the clients: from one place, straight to each connection, in small portions, within bounds.

A task for each stream, which wakes up, waits and writes, costs ten times what the kernel takes for the bytes. So a
stream has none while it lasts. When an audience is written to hangs on its own frames alone, and those of a person of
their own go first: whether others are told something delays nobody by more than one portion.
"""

import asyncio
import contextvars
import random
from collections import deque
from collections.abc import Iterator

import structlog

from adapter.web.audience import Audience
from adapter.web.client import Stream
from adapter.web.parcels import STILL_HERE, Parcel, framed

log = structlog.get_logger(__name__)

HEARTBEAT = 5.0
"""Seconds of silence after which a comment is sent, at most; the contract promises one every 15. The page takes twice
this and a little for an outage (`page/src/api/live.ts`)."""
GATHER = 0.1
"""Seconds in which frames that follow another are gathered at most, to go out in one write: with many streams the
writes are what costs. A frame after a rest goes at once."""
GATHER_FOR_EACH = 0.0005
"""Seconds of that for each stream of an audience: 10 streams gather for 5 ms, 200 for the whole."""
MANY = 100
"""Frames that are not kept waiting for more, and the most frames of one write."""
PORTION = 100
"""Writes after which whatever else waits in this process has its turn: about a millisecond."""
CHANCE = random.SystemRandom()


def still_here(stream: Stream) -> None:
    """A comment for this one."""
    if stream.blocked:
        return
    try:
        stream.write(framed(STILL_HERE, stream.chunked))
    except Exception as problem:  # noqa: BLE001 - whatever one connection has, the others go on
        stream.failed(problem)


class Pace:
    """One audience: when it is written to, and how far that has got."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.timer: asyncio.TimerHandle | None = None
        """The end of its rest."""
        self.beat: asyncio.TimerHandle | None = None
        self.queued = False
        """Whether its members are being written to, or are about to be."""
        self._todo: Iterator[Stream] = iter(())
        self._told = audience.end
        """Up to where all were written to."""
        self._begins = False
        self._beats = False
        self._parcels: dict[int, Parcel] = {}
        self._end = 0

    @property
    def waiting(self) -> int:
        """Frames that came since its members were last written to."""
        return self.audience.end - self._told

    def begin(self, now: float) -> None:
        """All members are to be written to, from now on; to whom there is nothing new, after a while, a comment."""
        audience = self.audience
        self._beats = now - audience.wrote_at >= 0.8 * HEARTBEAT
        audience.rests_until = now + min(GATHER, GATHER_FOR_EACH * len(audience.members))
        audience.wrote_at = now
        self._todo = iter([member for member in audience.members if isinstance(member, Stream)])
        self._begins = True

    def serve(self, most: int) -> tuple[int, bool]:
        """Write to so many of them. Returns to how many, and whether all have been."""
        audience, end, count = self.audience, self.audience.end, 0
        if self._begins:
            self._told, self._begins = end, False
        if end != self._end:
            self._end = end
            self._parcels.clear()
        for stream in self._todo:
            if stream.blocked or stream.audience is not audience:
                continue
            if stream.position < end:
                self.send(stream, end)
            elif self._beats:
                still_here(stream)
            else:
                continue
            count += 1
            if count >= most:
                return count, False
        self._parcels.clear()
        return count, True

    def send(self, stream: Stream, end: int) -> None:
        """Write all that waits for this one, as far as its connection takes it."""
        parcels, position = self._parcels, stream.position
        try:
            while position < end and not stream.blocked:
                parcel = parcels.get(position)
                if parcel is None:
                    parcel = parcels[position] = Parcel(self.audience.after(position, MANY))
                count, last = parcel.count, stream.last_id
                stream.position = position = position + count
                stream.last_id = last + count
                stream.write(parcel.after(last, stream.chunked))
        except Exception as problem:  # noqa: BLE001 - whatever one connection has, the others go on
            stream.failed(problem)


class Delivery:
    """Writes to all audiences in turn."""

    def __init__(self) -> None:
        self._paces: dict[Audience, Pace] = {}
        self._own: deque[Pace] = deque()
        self._all: deque[Pace] = deque()
        self._turn_due: asyncio.Handle | None = None
        self._context = contextvars.Context()
        """What is written is no part of the request that caused it."""

    def news(self, audience: Audience) -> None:
        """Frames wait: they go at once, or where it is soon after others, together with those that come meanwhile."""
        pace = self._pace(audience)
        if pace.queued or not pace.waiting:
            return
        loop = asyncio.get_running_loop()
        if pace.waiting >= MANY or loop.time() >= audience.rests_until:
            self._queue(pace)
        elif pace.timer is None:
            pace.timer = loop.call_at(audience.rests_until, self._queue, pace, context=self._context)

    def catch_up(self, stream: Stream) -> None:
        """Its connection takes something again: first what waits for it."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self._catch_up, stream, context=self._context)

    def _catch_up(self, stream: Stream) -> None:
        if stream.audience is not None and not stream.closed:
            pace = self._pace(stream.audience)
            pace.send(stream, stream.audience.end)
            stream.audience.trim()

    def close(self) -> None:
        """Write nothing more."""
        for pace in self._paces.values():
            for handle in (pace.timer, pace.beat):
                if handle is not None:
                    handle.cancel()
        self._paces.clear()
        self._own.clear()
        self._all.clear()

    def _pace(self, audience: Audience) -> Pace:
        pace = self._paces.get(audience)
        if pace is None:
            pace = self._paces[audience] = Pace(audience)
            audience.wrote_at = audience.wrote_at or asyncio.get_running_loop().time()
            self._beat_later(pace)
        return pace

    def _beat_later(self, pace: Pace) -> None:
        # Not all at the same time, though all may have been told of the same at the same time.
        at = pace.audience.wrote_at + HEARTBEAT * CHANCE.uniform(0.8, 1.0)
        pace.beat = asyncio.get_running_loop().call_at(at, self._beat, pace, context=self._context)

    def _beat(self, pace: Pace) -> None:
        audience = pace.audience
        if not audience.members:
            self._paces.pop(audience, None)
            return
        if asyncio.get_running_loop().time() - audience.wrote_at >= 0.8 * HEARTBEAT:
            self._queue(pace)
        self._beat_later(pace)

    def _queue(self, pace: Pace) -> None:
        if pace.timer is not None:
            pace.timer.cancel()
            pace.timer = None
        if pace.queued:
            return
        pace.queued = True
        (self._own if pace.audience.own else self._all).append(pace)
        pace.begin(asyncio.get_running_loop().time())
        if self._turn_due is None:
            self._turn_due = asyncio.get_running_loop().call_soon(self._turn, context=self._context)

    def _turn(self) -> None:
        self._turn_due = None
        left = PORTION
        while self._own and left > 0:
            left -= self._serve(self._own, left)
        if self._all:
            self._serve(self._all, PORTION)
        if (self._own or self._all) and self._turn_due is None:
            self._turn_due = asyncio.get_running_loop().call_soon(self._turn, context=self._context)

    def _serve(self, queue: "deque[Pace]", most: int) -> int:
        pace = queue[0]
        try:
            count, done = pace.serve(most)
        except Exception as problem:  # one audience's fault must not stop the others
            log.error("an audience could not be written to", exc_info=problem)
            count, done = 0, True
        if done:
            queue.popleft()
            pace.queued = False
            if pace.audience.kept >= MANY or len(pace.audience.members) < PORTION:  # which looks at each member
                pace.audience.trim()
            self.news(pace.audience)
        return max(1, count)
