"""The live streams: who is connected, what waits for each, and how they end."""

import asyncio
import random
from collections.abc import Callable

import structlog

from adapter.core.changes import Changes
from adapter.monitoring.boards import Boards
from adapter.web.frames import Frames, Viewer

log = structlog.get_logger(__name__)

QUEUE = 1000
"""Frames that may wait for one client; who falls further behind is dropped and gets a new snapshot later."""
GATHER = 0.1
"""Seconds, about, in which frames that follow another are gathered at most, to go out in one write: with many streams
the writes are what costs. A frame after a rest goes at once."""
GATHER_FOR_EACH = 0.0005
"""Seconds of that for each stream there is: 10 streams gather for 5 ms, 200 for the whole."""
MANY = 100
"""Frames that are not kept waiting for more."""
CHANCE = random.SystemRandom()


class Stream:
    """One connected client."""

    def __init__(
        self,
        user_id: str,
        session_id: str,
        gather: Callable[[], float] = lambda: GATHER,
        *,
        token_id: str | None = None,
    ) -> None:
        self.viewer = Viewer(user_id, token_id)
        self.session_id = session_id
        self._frames: list[bytes] = []
        self._ready = asyncio.Event()
        self._resting = False
        self._gather = gather
        # Not the same for all: hundreds that write in one turn of the loop would keep everybody else waiting.
        self._rhythm = CHANCE.uniform(0.5, 1.5)
        self.closed = False

    def put(self, frames: list[bytes]) -> None:
        """Queue frames; close the stream when too many wait."""
        if self.closed or not frames:
            return
        if len(self._frames) + len(frames) > QUEUE:
            log.warning("a client that can't keep up is dropped", user_id=self.viewer.user_id)
            self.close()
            return
        self._frames += frames
        if not self._resting or len(self._frames) >= MANY:
            self._ready.set()

    def close(self) -> None:
        """Send nothing more; the connection ends at once."""
        self.closed = True
        self._frames.clear()
        self._ready.set()

    async def next(self, heartbeat: float) -> bytes | None:
        """All bytes to send now; a comment after `heartbeat` seconds of nothing; None when it is over."""
        try:
            async with asyncio.timeout(heartbeat):
                await self._ready.wait()
        except TimeoutError:
            return b": still here\n\n"
        if self.closed:
            return None
        data = b"".join(self._frames)
        self._frames.clear()
        self._ready.clear()
        self._resting = True
        asyncio.get_running_loop().call_later(self._gather() * self._rhythm, self._rested)
        return data

    def _rested(self) -> None:
        self._resting = False
        if self._frames:
            self._ready.set()


class Streams:
    """All connected clients."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._frames = Frames(boards)
        self._streams: set[Stream] = set()
        self.dropped = 0
        """Streams that were ended because they could not keep up."""
        boards.subscribe(self._heard)

    def join(self, user_id: str, session_id: str, token_id: str | None = None) -> Stream:
        """Begin a stream with its snapshot; nothing can happen between the two. `token_id`: where it is a token's."""
        stream = Stream(user_id, session_id, self._gather, token_id=token_id)
        self._show_all(stream)
        self._streams.add(stream)
        return stream

    def _gather(self) -> float:
        return min(GATHER, GATHER_FOR_EACH * self.count)

    @property
    def count(self) -> int:
        """How many clients are connected."""
        return len(self._streams)

    def of(self, user_id: str) -> int:
        """How many streams this person has."""
        return sum(stream.viewer.user_id == user_id for stream in self._streams)

    def is_connected(self, user_id: str) -> bool:
        """Whether this person has a stream: a page that tells them."""
        return self.of(user_id) > 0

    def leave(self, stream: Stream) -> None:
        """The client is gone."""
        stream.close()
        self._streams.discard(stream)

    def session_ids(self) -> frozenset[str]:
        """The sessions and tokens that have a stream."""
        return frozenset(stream.session_id for stream in self._streams)

    def end_sessions(self, ended: frozenset[str]) -> None:
        """Close the streams of sessions and tokens that ended."""
        for stream in list(self._streams):
            if stream.session_id in ended:
                self.leave(stream)

    def close(self) -> None:
        """End all streams."""
        for stream in list(self._streams):
            self.leave(stream)

    def _show_all(self, stream: Stream) -> None:
        snapshot = self._frames.snapshot(stream.viewer)
        if snapshot is None:
            self.leave(stream)
        else:
            stream.put([snapshot])

    def _heard(self, changes: Changes) -> None:
        if not self._streams:
            return
        batch = self._frames.batch(changes)
        users = self._boards.directory.users
        for stream in list(self._streams):
            user_id = stream.viewer.user_id
            user = users.get(user_id)
            if user is None or not user.active or user_id in changes.people:
                self._show_all(stream)
            elif not stream.closed:
                stream.put(batch.frames(stream.viewer, user))
                self.dropped += stream.closed
