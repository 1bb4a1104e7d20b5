"""The listener: how many may be connected, how slow they may be, and what those are told that speak no HTTP.

A connection that asks nothing, or asks too slowly (slow loris), is closed after a while; and it makes room at once
when there are too many. So whoever asks something finds an open door, however many stand in it.
"""

import asyncio
import ssl
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from adapter.web import headers
from adapter.web.problems import problem
from adapter.web.proxy import ProxyPolicy

log = structlog.get_logger(__name__)

ASK_WITHIN = 30.0
"""Seconds from connecting, or from the last answer, until a whole request's head must have come. A proxy should keep
its idle connections for less."""
LINGER = 2.0
"""Seconds in which the rest of a body that nobody wants is taken, so that the refusal is read."""
HANDSHAKE = 10.0
"""Seconds for a TLS handshake."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json; charset=utf-8\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be at once, in all and from one address."""

    total: int = 4000
    each: int = 1000


class Connections:
    """All that stand. The idle are kept in the order in which they became so."""

    def __init__(self, limits: ConnectionLimits, proxies: ProxyPolicy) -> None:
        self._limits, self._proxies = limits, proxies
        self._all: dict[Connection, str] = {}
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._of: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, connection: "Connection", address: str) -> bool:
        """Let one in; where it is full, the one that is idle for the longest goes. False when nobody is idle."""
        crowded = self._of[address] >= self._limits.each and not self._proxies.is_proxy(address)
        if crowded and not self._make_room(address):
            return False
        if len(self._all) >= self._limits.total and not self._make_room(None):
            return False
        self._all[connection] = address
        self._of[address] += 1
        self._idle[connection] = None
        return True

    def _make_room(self, address: str | None) -> bool:
        """Close who is idle for the longest, of this address where one is named."""
        for connection in self._idle:
            if address in (None, self._all[connection]):
                self.left(connection)
                connection.force_close()
                return True
        return False

    def busy(self, connection: "Connection") -> None:
        """It asks something."""
        self._idle.pop(connection, None)

    def idle(self, connection: "Connection") -> None:
        """It was answered."""
        if connection in self._all:
            self._idle[connection] = None

    def left(self, connection: "Connection") -> None:
        """It is gone."""
        address = self._all.pop(connection, None)
        self._idle.pop(connection, None)
        if address is not None:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]


class Connection(web.RequestHandler):
    """One connection, as aiohttp serves it, in a room of limited size."""

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # as AppRunner has it: none is kept
            keepalive_timeout=ASK_WITHIN,
            lingering_time=LINGER,
            auto_decompress=False,
        )
        self._connections = connections
        self.on_lost: Callable[[], None] | None = None
        """Told when the client is gone: aiohttp tells a handler only when it writes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come in, or be told that it is full."""
        peer = transport.get_extra_info("peername")
        if self._connections.admit(self, str(peer[0]) if peer else ""):
            super().connection_made(transport)
            return
        self._force_close = True
        self._connections.refused += 1
        body = problem(503, "busy", "Too many connections", "All connections are in use. Try again soon.").body
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes no others
        assert isinstance(body, bytes)  # noqa: S101 - problem() makes them so
        transport.write(FULL % (len(body), body))
        transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        self._connections.left(self)
        if self.on_lost is not None:
            self.on_lost()
        super().connection_lost(exc)

    def busy(self) -> None:
        """It asks something."""
        self._connections.busy(self)

    def idle(self) -> None:
        """It was answered."""
        self._connections.idle(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP gets a problem document too, and one short line of the log instead of a traceback."""
        if isinstance(exc, HttpProcessingError):
            log.info("a request was no HTTP", address=request.remote, why=type(exc).__name__)
            answer = problem(400, "malformed", "Malformed request", "This is no HTTP that can be understood.")
        else:
            log.error("a request failed", address=request.remote, exc_info=exc)
            answer = problem(500, "internal", "Internal error", "This is a fault of the adapter; its log says more.")
        headers.put(request, answer)
        answer.force_close()
        return answer


@web.middleware
async def whole(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The first of all middlewares: from a request until the last byte of its answer a connection is not idle."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        return await handler(request)
    connection.busy()
    try:
        response = await handler(request)
        with suppress(ConnectionError):  # whoever asked is gone: nobody waits for the rest
            await response.prepare(request)
            await response.write_eof()
        return response
    finally:
        connection.idle()


class Listener:
    """An application on a TCP port."""

    def __init__(
        self,
        app: web.Application,
        *,
        limits: ConnectionLimits | None = None,
        proxies: ProxyPolicy | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.connections = Connections(limits or ConnectionLimits(), proxies or ProxyPolicy())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # noqa: S101 - setup() has just made it
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(server, self.connections),
            host,
            port,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE if self._tls else None,
            backlog=512,
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None  # noqa: S101 - asked only after start()
        return int(self._server.sockets[0].getsockname()[1])

    async def cleanup(self) -> None:
        """Listen no more, and end what stands."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
