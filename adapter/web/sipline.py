"""A page's SIP connection to Asterisk, which outlives the page's own socket for as long as the page has to come back.

A network that stalls for seconds, or a socket that breaks and is opened again, ends no call: Asterisk goes on with the
same connection, and what it said meanwhile waits here. A page that closes its socket itself is gone at once.
"""

import asyncio
import ssl
from collections import deque
from contextlib import suppress

import aiohttp
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from adapter.errors import PbxUnavailable
from adapter.phones.browser import BrowserPhones, Softphone
from adapter.tasks import BackgroundTasks
from adapter.web.sipguard import LARGEST, Refused, SipGuard

log = structlog.get_logger(__name__)

PATIENCE = 8.0
"""Seconds without a sign of the page after which it is gone. A page has ten seconds to come back: the rest is for
Asterisk to hang up in."""
PING = 2.0
"""Seconds between pings of the page's socket (RFC 6455, section 5.5.2)."""
LATE = 1.0
"""Seconds by which a pause of ours may be too long; more means that we stood still ourselves, and not the page."""
KEPT = 64
"""Messages of Asterisk's that wait for a page; one call has about ten."""
CONNECTING = 3.0
"""Seconds for connecting to Asterisk's WebSocket."""
CLOSING = 2.0
"""Seconds that the other side has to answer a close."""
ANSWERS = aiohttp.ClientWSTimeout(ws_close=CLOSING)

LEAVES = frozenset({WSCloseCode.OK, WSCloseCode.GOING_AWAY})
"""How a page closes its socket itself: JsSIP that stops, and a page that is closed or reloaded."""

Upstream = aiohttp.ClientWebSocketResponse


class SipLine:
    """One page's phone. What its page may send is judged over all of its sockets, so that calls outlive them."""

    def __init__(self, phone: Softphone, phones: BrowserPhones, tasks: BackgroundTasks) -> None:
        self.phone = phone
        self.opening = asyncio.Lock()
        """Held by who connects it to Asterisk."""
        self._phones, self._tasks = phones, tasks
        self._guard = SipGuard(phone.endpoint)
        self._pbx: Upstream | None = None
        self._page: web.WebSocketResponse | None = None
        self._waiting: deque[str] = deque(maxlen=KEPT)
        self._heard = 0.0
        self._over = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether it leads to Asterisk."""
        return self._pbx is not None and not self._over.is_set()

    async def connect(self, url: str, tls: ssl.SSLContext | None) -> None:
        """Connect it to Asterisk's WebSocket. Raises PbxUnavailable."""
        http = aiohttp.ClientSession()
        try:
            connecting = http.ws_connect(
                url, protocols=("sip",), compress=0, max_msg_size=LARGEST, ssl=tls or True, timeout=ANSWERS
            )
            self._open(http, await asyncio.wait_for(connecting, CONNECTING))
        except (aiohttp.ClientError, OSError, TimeoutError) as problem:
            log.warning("Asterisk's WebSocket is not usable", url=url, why=type(problem).__name__)
            raise PbxUnavailable("Asterisk's WebSocket can't be reached; the log says why.") from None
        finally:
            if not self.is_open:
                await http.close()

    def _open(self, http: aiohttp.ClientSession, pbx: Upstream) -> None:
        self._pbx, self._over = pbx, asyncio.Event()
        self._heard = asyncio.get_running_loop().time()
        self._waiting.clear()
        self._guard.connected_anew()
        self._tasks.start(self._keep(http, pbx, self._over), f"sip {self.phone.endpoint}")

    def end(self) -> None:
        """Nobody is there any more, or may be: what leads to Asterisk is closed, and the page's socket."""
        self._over.set()

    # --- the page

    async def serve(self, page: web.WebSocketResponse) -> None:
        """Pass on what this socket of the page brings, until it is closed. An older socket is closed now."""
        if not self.is_open:
            await _close(page, WSCloseCode.OK)
            return
        older, self._page = self._page, page
        self._heard = asyncio.get_running_loop().time()
        self._phones.connected(self.phone, self.end)
        if older is not None:
            self._tasks.start(_close(older, WSCloseCode.OK), "close an older socket")
        why = ""
        try:
            while self._waiting and self._page is page:
                kept = self._waiting.popleft()
                if not await _sent(page, kept):
                    self._waiting.appendleft(kept)
                    return
            why = await self._from_page(page)
        except ConnectionError:
            pass
        finally:
            await self._left(page, why)

    async def _from_page(self, page: web.WebSocketResponse) -> str:
        """Until the socket closes, or brings what may not pass: then why."""
        async for message in page:
            self._heard = asyncio.get_running_loop().time()
            if message.type is WSMsgType.PING:
                await page.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                try:
                    self._guard.from_page(message.data)
                except Refused as refusal:
                    return str(refusal)
                if self._pbx is None or not self.is_open:
                    return ""
                await self._pbx.send_str(message.data)
            elif message.type is WSMsgType.ERROR:
                return ""
            elif message.type is not WSMsgType.PONG:
                return "a message that is no text"
        return ""

    async def _left(self, page: web.WebSocketResponse, why: str) -> None:
        """This socket brings nothing more. Closed by the page, or for what it sent: the page is gone."""
        if why:
            log.warning("a page's SIP socket was closed", endpoint=self.phone.endpoint, why=why)
        deliberate = bool(why) or page.close_code in LEAVES
        if self._page is page:
            self._page = None
            if deliberate:
                self.end()
            elif self.is_open:
                self._phones.away(self.phone, self.end)
        await _close(page, WSCloseCode.POLICY_VIOLATION if why else WSCloseCode.OK)

    # --- Asterisk

    async def _keep(self, http: aiohttp.ClientSession, pbx: Upstream, over: asyncio.Event) -> None:
        """Until Asterisk or the page is gone; then both sides are closed, and what this phone served ends."""
        works = {"from Asterisk": self._from_asterisk(pbx), "watch": self._watch(), "over": over.wait()}
        ends = [self._tasks.start(work, f"sip {name}") for name, work in works.items()]
        code = WSCloseCode.OK
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if ends[0].done() and not ends[0].cancelled() and not ends[0].exception() and (why := ends[0].result()):
                log.warning("a page's SIP socket was closed", endpoint=self.phone.endpoint, why=why)
                code = WSCloseCode.POLICY_VIOLATION
        finally:
            over.set()
            for end in ends:
                end.cancel()
            self._phones.disconnected(self.phone, self.end)
            page, self._page = self._page, None
            await asyncio.gather(_close(pbx, WSCloseCode.OK), *([_close(page, code)] if page else []))
            await http.close()

    async def _from_asterisk(self, pbx: Upstream) -> str:
        """Until Asterisk closes it, or has refused the page too often: then why."""
        async for message in pbx:
            if message.type is not WSMsgType.TEXT:
                return ""
            try:
                self._guard.from_asterisk(message.data)
            except Refused as refusal:
                return str(refusal)
            page = self._page
            # What came before it and still waits goes first.
            if page is None or self._waiting or not await _sent(page, message.data):
                self._waiting.append(message.data)
        return ""

    async def _watch(self) -> None:
        """Until nothing was heard of the page for too long."""
        clock = asyncio.get_running_loop()
        while (left := self._heard + PATIENCE - clock.time()) > 0:
            pause, began = min(PING, left), clock.time()
            await asyncio.sleep(pause)
            if (late := clock.time() - began - pause) > LATE:
                self._heard += late  # we stood still: what the page sent meanwhile is not read yet
            if (page := self._page) is not None:
                with suppress(ConnectionError, TimeoutError):
                    await asyncio.wait_for(page.ping(), PING)


class SipLines:
    """All lines, by their endpoints."""

    def __init__(self) -> None:
        self._lines: dict[str, SipLine] = {}

    def of(self, phone: Softphone, phones: BrowserPhones, tasks: BackgroundTasks) -> SipLine:
        """The phone's line; those of phones that are no more are forgotten."""
        for endpoint, line in list(self._lines.items()):
            if phones.of_session(line.phone.session_id) is not line.phone:
                del self._lines[endpoint]
        return self._lines.setdefault(phone.endpoint, SipLine(phone, phones, tasks))


async def _sent(page: web.WebSocketResponse, text: str) -> bool:
    """Whether the page's socket took it."""
    try:
        await page.send_str(text)
    except ConnectionError:
        return False
    return True


async def _close(socket: web.WebSocketResponse | Upstream, code: int) -> None:
    """Close it; who doesn't answer in time is left."""
    with suppress(ConnectionError, TimeoutError):
        await asyncio.wait_for(socket.close(code=code), CLOSING)
