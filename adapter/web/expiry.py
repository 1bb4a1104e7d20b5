"""Looks again and again whose time is up: the streams and the phones of idle sessions and expired tokens end then."""

import asyncio

import structlog

from adapter.errors import AdapterError
from adapter.tasks import BackgroundTasks
from adapter.web.revocation import Revocation

log = structlog.get_logger(__name__)

POLL = 0.5
"""Seconds between looks at what is known here: so soon after its end, a session or a token has nothing open."""
IDLE_POLL = 60.0
"""Seconds between looks at what the database knows of sessions."""
RETRY = 5.0
"""Seconds until the next such look where the database did not answer."""


class Expiry:
    """Ends what is over by time alone. All else is told to `Revocation` by whoever ends it."""

    def __init__(self, revocation: Revocation) -> None:
        self._revocation = revocation
        self._tasks = BackgroundTasks("expiry")

    def start(self) -> None:
        """Look from now on."""
        self._tasks.keep(self._end_idle, "sessions")
        self._tasks.keep(self._end_expired, "tokens and phones")

    async def close(self) -> None:
        """Look no more."""
        await self._tasks.close()

    async def _end_idle(self) -> None:
        """A page that nobody uses is signed out though its stream stands."""
        waited = 0.0
        while True:
            await asyncio.sleep(POLL)
            waited += POLL
            if waited < IDLE_POLL and not self._revocation.must_look:
                continue
            waited = 0.0
            try:
                await self._revocation.look()
            except AdapterError as problem:
                log.warning("sessions could not be read; streams stay open", why=str(problem))
                await asyncio.sleep(RETRY)

    async def _end_expired(self) -> None:
        """A token's streams and a page's phone end when they expire, also while the database is away."""
        while True:
            await asyncio.sleep(POLL)
            self._revocation.end_expired()
