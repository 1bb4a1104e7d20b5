"""One client of the live stream: its connection, whether that takes anything now, and its end."""

import asyncio
from collections.abc import Callable

import structlog

from adapter.web.audience import Member

log = structlog.get_logger(__name__)

BUFFER = 64 * 1024
"""Bytes that wait in this process for one client before it is written to no more."""


class Stream(Member):
    """One client with its connection."""

    __slots__ = (
        *("_catch_up", "_deadline", "_take_within", "_transport", "blocked", "chunked", "late", "over", "session_id"),
        *("snapshot", "stuck", "write"),
    )

    def __init__(self, user_id: str, session_id: str, token_id: str | None = None) -> None:
        super().__init__(user_id, token_id)
        self.session_id = session_id
        self.snapshot = b""
        """What it gets first."""
        self.over = asyncio.Event()
        self.blocked = True
        """Whether nothing can be written to it now: it has not begun, or its connection takes no more."""
        self.stuck = False
        """Whether its connection has not taken yet what it was given."""
        self.late = False
        """Whether it is over since it could not keep up."""
        self.chunked = True
        self.write: Callable[[bytes], None] = _nowhere
        """Writes to the connection."""
        self._transport: asyncio.WriteTransport | None = None
        self._catch_up: Callable[[Stream], None] | None = None
        self._take_within = 0.0
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""
        return self.over.is_set()

    def begin(self, transport: asyncio.WriteTransport, *, chunked: bool, take_within: float) -> None:
        """The snapshot is written: what follows goes straight to the connection.

        `take_within`: seconds in which the client must take what waits for it; then its connection is cut.
        """
        self._transport, self.chunked, self._take_within = transport, chunked, take_within
        self.write = transport.write
        transport.set_write_buffer_limits(BUFFER)
        if not self.stuck:
            self._unblock()

    def paused(self) -> None:
        """The connection takes no more for now."""
        if self._transport is None or self.stuck or self.closed:
            return
        self.blocked = self.stuck = True
        if self.audience is not None:
            self.audience.lagging[self] = None
        self._deadline = asyncio.get_running_loop().call_later(self._take_within, self.drop)

    def resumed(self) -> None:
        """It takes more again."""
        if self._transport is not None and not self.closed:
            self._unblock()

    def lost(self) -> None:
        """The client is gone."""
        self.close()

    def failed(self, problem: Exception) -> None:
        """It could not be written to."""
        log.warning("a stream could not be written to", user_id=self.user_id, why=repr(problem))
        self.close()

    def drop(self) -> None:
        """It can't keep up: it ends, and its client gets a new snapshot later."""
        log.warning("a client that can't keep up is dropped", user_id=self.user_id)
        self.late = True
        self.close()

    def _unblock(self) -> None:
        self.blocked = self.stuck = False
        if self._deadline is not None:
            self._deadline.cancel()
        if self.audience is not None:
            self.audience.lagging.pop(self, None)
        if self._catch_up is not None:
            self._catch_up(self)

    def joined(self, snapshot: bytes, catch_up: Callable[["Stream"], None]) -> None:
        """It has its snapshot, which is yet to be written; `catch_up` writes what waits for it."""
        self.snapshot, self._catch_up = snapshot, catch_up
        if self.audience is not None:
            self.audience.lagging[self] = None

    def close(self) -> None:
        """Send nothing more; the connection ends at once."""
        self.blocked = True
        if self._deadline is not None:
            self._deadline.cancel()
        self.over.set()


def _nowhere(data: bytes) -> None:
    raise RuntimeError(f"{len(data)} bytes for a stream that has not begun")
