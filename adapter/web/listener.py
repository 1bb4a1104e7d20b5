"""The listener: limits on connections and their speed, and answers to clients that don't speak HTTP.

A connection that sends no request, or sends it too slowly (slow loris), is closed after a while, or at once if there
are too many connections. So a client with a request can always connect, however many idle connections there are.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.typedefs import Handler

from adapter.errors import of_system
from adapter.web import headers
from adapter.web.problems import BUSY, bug, from_http, problem
from adapter.web.proxy import ProxyPolicy

log = structlog.get_logger(__name__)

REQUEST_DEADLINE = 30.0
"""Seconds from connecting, or from the last answer, within which a request's whole head must arrive. A proxy should
keep its idle connections for less."""
LINGER = 2.0
"""Seconds for which the rest of a refused body is still read, so that the client reads the refusal."""
HANDSHAKE = 10.0
"""Seconds for a TLS handshake."""
ANY_IPV6, ANY_IPV4 = "::", "0.0.0.0"  # noqa: S104 - only where the configuration says so
"""All addresses of this machine (RFC 4291, section 2.5.2; RFC 1122, section 3.2.1.3)."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json; charset=utf-8\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Maximum number of connections at once, in total and from one address."""

    total: int = 4000
    each: int = 1000


class Connections:
    """All open connections. Idle ones are kept in the order in which they became idle."""

    def __init__(self, limits: ConnectionLimits, proxies: ProxyPolicy) -> None:
        self._limits, self._proxies = limits, proxies
        self._all: dict[Connection, str] = {}
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._of: Counter[str] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, connection: "Connection", address: str) -> bool:
        """Admit a connection; at the limit, close the longest idle one. False if none is idle."""
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
        """Close the longest idle connection (of this address, if given)."""
        for connection in self._idle:
            if address in (None, self._all[connection]):
                self.left(connection)
                connection.force_close()
                return True
        return False

    def busy(self, connection: "Connection") -> None:
        """A request has arrived: the connection is not closed to make room."""
        self._idle.pop(connection, None)

    def idle(self, connection: "Connection") -> None:
        """The request was answered."""
        if connection in self._all:
            self._idle[connection] = None

    def left(self, connection: "Connection") -> None:
        """The connection was closed."""
        address = self._all.pop(connection, None)
        self._idle.pop(connection, None)
        if address is not None:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]


class Carried(Protocol):
    """An answer that is written to the connection itself, as `asyncio.Protocol` is told of it."""

    def lost(self) -> None:
        """The client has disconnected."""

    def paused(self) -> None:
        """More than the transport's limit waits for it."""

    def resumed(self) -> None:
        """It has taken most of that."""


class Connection(web.RequestHandler):
    """One connection served by aiohttp, subject to the limits."""

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # as AppRunner does: no access log
            keepalive_timeout=REQUEST_DEADLINE,
            lingering_time=LINGER,
            auto_decompress=False,
        )
        self._connections = connections
        self.carried: Carried | None = None
        """What is told when the client disconnects or takes no more: aiohttp's handlers notice only when they write."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection, or answer 503 if there are too many."""
        peer = transport.get_extra_info("peername")
        if self._connections.admit(self, str(peer[0]) if peer else ""):
            super().connection_made(transport)
            return
        self._force_close = True
        self._connections.refused += 1
        body = problem(503, BUSY, "Too many connections", "All connections are in use. Try again soon.").body
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server makes no others
        assert isinstance(body, bytes)  # noqa: S101 - problem() makes them so
        transport.write(FULL % (len(body), body))
        transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Remove the connection, and tell what it carries."""
        self._connections.left(self)
        if self.carried is not None:
            self.carried.lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take what waits for it."""
        super().pause_writing()
        if self.carried is not None:
            self.carried.paused()

    def resume_writing(self) -> None:
        """It takes more again."""
        super().resume_writing()
        if self.carried is not None:
            self.carried.resumed()

    def busy(self) -> None:
        """A request has arrived."""
        self._connections.busy(self)

    def idle(self) -> None:
        """The request was answered."""
        self._connections.idle(self)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer malformed HTTP with a problem document too, and with a short log line instead of a traceback."""
        if isinstance(exc, HttpProcessingError):
            log.info("a request was not valid HTTP", address=request.remote, why=type(exc).__name__)
            why = "A line of its head is too long." if isinstance(exc, LineTooLong) else "This is not valid HTTP."
            answer = problem(400, "malformed", "Malformed request", why)
        else:
            log.error("a request failed", address=request.remote, exc_info=exc)
            answer = bug()
        headers.put(request, answer)
        answer.force_close()
        return answer


@web.middleware
async def whole(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The first middleware: from a request until the last byte of its answer, a connection is not idle."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        return await handler(request)
    connection.busy()
    try:
        response = await handler(request)
        with suppress(ConnectionError):  # the client has disconnected
            await response.prepare(request)
            await response.write_eof()
        return response
    finally:
        connection.idle()


Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def _told(serve: Serve) -> Serve:
    """What aiohttp refuses before any middleware runs (an Expect that nobody has) is a problem document too."""

    async def served(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await serve(request)
        except web.HTTPException as error:
            answer = from_http(error, request)
            headers.put(request, answer)
            answer.force_close()  # its body was not read
            return answer

    return served


def addresses(host: str) -> list[str]:
    """Where to listen for this host. asyncio makes a socket of IPv6 for IPv6 alone, so `::` needs one of each.

    Then each client has its usual address, and never an IPv4 address in an IPv6 one.
    """
    if host != ANY_IPV6:
        return [host]
    with socket.socket() as probe:
        try:
            probe.bind((ANY_IPV4, 0))
        except OSError:
            return [host]
    return [host, ANY_IPV4]


def in_url(host: str) -> str:
    """A host as it is written in a URL: an IPv6 address in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]" if ":" in host else host


class Listener:
    """Serves an application on a TCP port."""

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
        """Start listening; at `::` for IPv4 too, where this machine has it. Raises OSError."""
        await self._runner.setup()
        server = self._runner.server
        assert server is not None  # noqa: S101 - setup() has just made it
        server.request_handler = _told(server.request_handler)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(server, self.connections),
                addresses(host),
                port,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE if self._tls else None,
                backlog=512,
            )
        except OSError as problem:
            why = of_system(problem)
            if problem.errno == errno.EADDRINUSE:
                why += f"; ss -ltnp 'sport = :{port}' shows by whom"
            raise OSError(problem.errno, f"It can't listen at {in_url(host)}:{port} ({why}).") from None

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        assert self._server is not None  # noqa: S101 - asked only after start()
        return int(self._server.sockets[0].getsockname()[1])

    async def cleanup(self) -> None:
        """Stop listening, and close all connections."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()
