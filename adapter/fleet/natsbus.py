"""The bus of several processes: NATS, core subjects only. The one file that imports nats-py.

Each connection is a client of its own that never reconnects: nats-py would send after a cut what was asked for before
it. What is given up is reached again by us, after growing pauses; every step has a deadline.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from nats import errors as nats_errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from adapter.fleet.bus import Heard, NotSent
from adapter.fleet.messages import LARGEST_MESSAGE
from adapter.fleet.natsaccess import NatsAccess
from adapter.tasks import BackgroundTasks, Listeners, guarded

log = structlog.get_logger(__name__)

CONNECT = 3.0
"""Seconds for a connection with TLS and sign-in, to all servers that are configured."""
PING = 0.5
"""Seconds between looks whether the server still answers."""
PONG = 1.5
"""Seconds for its answer; then the connection is given up."""
CLOSE = 1.0
"""Seconds for a connection to be closed in order; then it is aborted."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before the first and the last new attempts; doubled in between, and each half of it by chance."""
MOST_UNSENT = 16_000_000
"""Bytes that may wait for the socket; with more of them the connection is given up, since nothing is told late."""
MOST_UNHEARD = 64_000_000
"""Bytes of messages that may wait for our callbacks; what comes beyond is lost, which its receivers notice."""


class NatsBus:
    """A bus that is a NATS server, or several that are one. `name`: of this process, as the server lists it."""

    def __init__(self, access: NatsAccess, name: str) -> None:
        """Raises ConfigError."""
        access.need_safe()
        self._access, self._name = access, name
        self.changed: Listeners[[bool]] = Listeners()
        self.connected = False
        self.problem: str | None = "not connected yet"
        self.refused = 0
        """How often the server said that we may not do something."""
        self.lost_here = 0
        """Messages that came while too many waited for our callbacks."""
        self._client: Client | None = None
        self._heard: list[_Listening] = []
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._unsent = 0
        self._work, self._over = asyncio.Event(), asyncio.Event()
        self._tasks = BackgroundTasks("bus")

    # --- what others use

    def start(self) -> None:
        """Connect, and again after every loss."""
        self._tasks.keep(self._keep, "connection")

    def publish(self, subject: str, data: bytes) -> None:
        """Send it now. Raises NotSent while there is no connection."""
        if not self.connected:
            raise NotSent(self.problem or "no connection")
        if self._unsent + len(data) > MOST_UNSENT:
            self._give_up("the bus does not take what is to be told")
            raise NotSent("the bus does not take what is to be told")
        self._waiting.append((subject, data))
        self._unsent += len(data)
        self._work.set()

    def subscribe(self, subject: str, heard: Heard) -> Callable[[], None]:
        """Hear all that comes under a subject, from in a moment on where it is connected. Returns what ends it."""
        listening = _Listening(subject, heard)
        self._heard.append(listening)
        if self._client is not None:
            self._tasks.start(self._listen(self._client, listening), "subscribe")

        def end() -> None:
            if not listening.over:
                listening.over = True
                self._heard.remove(listening)
                if self._client is not None:
                    self._tasks.start(self._leave(self._client, listening), "unsubscribe")

        return end

    async def close(self) -> None:
        """Give it up for good."""
        self._set(False, "closed")
        await self._tasks.close()

    # --- the connection

    def _set(self, connected: bool, problem: str | None) -> None:
        was, self.connected, self.problem = self.connected, connected, problem
        self._waiting.clear()  # what could not be sent is not sent later
        self._unsent = 0
        if was != connected:
            self.changed.tell(connected)

    def _give_up(self, why: str) -> None:
        """This connection is no good any more."""
        if self.connected:
            log.warning("the bus is lost; connecting again", why=why)
            self._set(False, why)
        self._over.set()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            client = Client()
            self._over.clear()
            self._work.clear()
            try:
                async with asyncio.timeout(CONNECT):
                    await self._connect(client)
                self._client = client
                for listening in self._heard:  # whoever came while it was being connected
                    if listening.client is not client:
                        self._tasks.start(self._listen(client, listening), "subscribe")
                self._set(True, None)
                log.info("the bus is there", server=client.connected_url.netloc if client.connected_url else "")
                pause = FIRST_PAUSE
                await self._serve(client)
            except (OSError, ValueError, TimeoutError, nats_errors.Error) as problem:
                if self.problem is None or pause == FIRST_PAUSE:
                    log.warning("the bus can't be reached; trying again", why=_words(problem))
                self._set(False, _words(problem))
            finally:
                self._client = None
                self._set(False, self.problem or "the connection ended")
                await _end(client)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all come at once
            pause = min(LONGEST_PAUSE, 2 * pause)

    async def _connect(self, client: Client) -> None:
        context, password = self._access.context(), self._access.password()
        why: list[Exception] = []

        async def failed(problem: Exception) -> None:
            why.append(problem)
            self._said(problem)

        async def closed() -> None:
            if self._client is client:
                self._give_up("the connection was closed")

        try:
            await client.connect(
                list(self._access.urls),
                name=self._name,
                error_cb=failed,
                closed_cb=closed,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=2,
                ping_interval=3600,  # we look ourselves
                pending_size=0,
                no_echo=True,
                tls=context,
                # TLS from the first byte: a server that first talks in the clear could have the password in the clear.
                tls_handshake_first=context is not None,
                user=self._access.user or None,
                password=password,
            )
        except nats_errors.NoServersError as problem:
            raise (why[-1] if why else problem) from None
        if client.max_payload < LARGEST_MESSAGE:
            raise ValueError(f"The server's max_payload is {client.max_payload}; {LARGEST_MESSAGE} bytes are needed.")
        for listening in list(self._heard):
            await self._listen(client, listening)
        await client.flush(timeout=2)

    async def _listen(self, client: Client, to: "_Listening") -> None:
        try:
            to.inside = await client.subscribe(to.subject, cb=_callback(to), pending_bytes_limit=MOST_UNHEARD)
            to.client = client
        except nats_errors.Error as problem:
            if self._client is client:
                self._give_up(_words(problem))
            else:
                raise

    async def _leave(self, client: Client, was: "_Listening") -> None:
        if was.inside is not None and was.client is client:
            with suppress(nats_errors.Error, OSError):
                await was.inside.unsubscribe()

    async def _serve(self, client: Client) -> None:
        """Send, and look whether it is still there, until it is not."""
        looking = self._tasks.start(self._look(client), "ping")
        sending = self._tasks.start(self._send(client), "send")
        try:
            await self._over.wait()
        finally:
            looking.cancel()
            sending.cancel()
            await asyncio.wait([looking, sending])

    async def _send(self, client: Client) -> None:
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                while self._waiting:
                    subject, data = self._waiting.popleft()
                    await client.publish(subject, data)
                    self._unsent = max(0, self._unsent - len(data))
                if client.pending_data_size > MOST_UNSENT:
                    self._give_up("the bus does not take what is to be told")
        except (OSError, nats_errors.Error) as problem:
            self._give_up(_words(problem))

    async def _look(self, client: Client) -> None:
        try:
            while True:
                await asyncio.sleep(PING)
                async with asyncio.timeout(PONG):
                    await client.flush()
        except (OSError, TimeoutError, nats_errors.Error) as problem:
            self._give_up(_words(problem))

    def _said(self, problem: Exception) -> None:
        """What the server, or the client, complains of while it is connected."""
        if isinstance(problem, nats_errors.SlowConsumerError):
            self.lost_here += 1
        elif "permissions violation" in str(problem).lower():
            self.refused += 1
            log.error("the bus refuses what an adapter needs; look at its permissions", why=str(problem))


@dataclass(slots=True, eq=False)
class _Listening:
    """Somebody who wants to hear, and what stands for it in the client that is connected."""

    subject: str
    heard: Heard
    client: Client | None = None
    inside: Subscription | None = None
    over: bool = False


def _callback(to: _Listening) -> Callable[[Msg], Coroutine[Any, Any, None]]:
    """nats-py wants a coroutine. It waits for nothing, or one message could overtake another."""

    async def told(message: Msg) -> None:
        if not to.over:
            guarded(to.heard, message.subject, message.data)

    return told


async def _end(client: Client) -> None:
    """Close a connection; what does not end in time is cut, with all that it still had to send."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSE):
            await client.close()
            return
    transport = getattr(client, "_transport", None)
    writer = getattr(transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()


def _words(problem: BaseException) -> str:
    return str(problem) or type(problem).__name__
