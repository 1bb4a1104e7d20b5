"""The page as a phone: its ephemeral credentials, and the way to Asterisk's WebSocket on this page's own origin.

Asterisk's own /ws accepts any origin and any SIP; here the session, its right and the origin are checked, only what
this page's phone needs passes (`sipguard`), and the socket closes when one of them ends.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web

from adapter.core.views import time_view
from adapter.errors import DeviceUnavailable, Forbidden, PbxRefused, PbxTimeout, PbxUnavailable
from adapter.phones.browser import BrowserPhones
from adapter.tasks import BackgroundTasks
from adapter.web import answers
from adapter.web.access import Access, in_person, starts
from adapter.web.ice import Ice
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes
from adapter.web.sipguard import LARGEST, Refused, SipGuard

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    phones: BrowserPhones | None
    """None where pages are no phones."""
    ice: Ice
    sip_upstream: str
    """Asterisk's WebSocket."""
    sip_tls: ssl.SSLContext | None
    """Whom to believe there; None where it is reached without TLS."""
    tasks: BackgroundTasks
    """Whose tasks the open sockets are."""


routes = Routes("softphone", Deps)

PATH = "/sip"
HEARTBEAT = 2.0
"""Seconds between pings of the page's socket, which must be answered in half of that: a page that vanished is
noticed well within five seconds."""


def _may(principal: Principal, access: Access) -> None:
    in_person(principal, access)
    starts(principal, access)


def _phones(deps: Deps) -> BrowserPhones:
    if deps.phones is None:
        raise Forbidden("Softphones are disabled: softphone.enabled is false.")
    return deps.phones


@routes.plain(
    "POST",
    "/softphone",
    Returns(model=answers.Softphone),
    _may,
    errors=[PbxUnavailable, PbxTimeout, PbxRefused],
)
async def open_softphone(context: RequestContext[Deps, None]) -> web.Response:
    """Credentials for this page's phone; those that the session had before are void."""
    deps, user = context.deps, context.principal.person
    phone = await _phones(deps).open(context.principal.id, user.id)
    until = int(phone.expires_at.timestamp())
    origin = context.access.proxies.public_origin or ""
    scheme = "wss" if context.request.secure or origin.startswith("https:") else "ws"
    host = urlsplit(origin).netloc or context.request.host
    return web.json_response(
        {
            "endpoint": phone.endpoint,
            "password": phone.password,
            "sip_url": f"{scheme}://{host}/api/v1{PATH}",
            "ice_servers": deps.ice.servers(user.username, until),
            "expires_at": time_view(phone.expires_at),
        }
    )


@routes.plain("DELETE", "/softphone", NOTHING, in_person)
async def close_softphone(context: RequestContext[Deps, None]) -> web.Response:
    """This page is no phone any more."""
    if context.deps.phones is not None:
        await context.deps.phones.close_one(context.principal.id)
    return web.Response(status=204)


@routes.plain("GET", PATH, Returns(101), _may, errors=[DeviceUnavailable, PbxUnavailable])
async def sip(context: RequestContext[Deps, None]) -> web.StreamResponse:
    """SIP over WebSocket (RFC 7118, subprotocol `sip`), passed on to Asterisk as it is.

    Registering this page's own phone, answers to what Asterisk asks, and requests in calls that Asterisk began; all
    else closes the socket with 1008.
    """
    softphones = _phones(context.deps)
    _same_origin(context)
    deps = context.deps
    phone = softphones.of_session(context.principal.id)
    if phone is None:
        raise DeviceUnavailable("Ask for credentials first: POST /api/v1/softphone.")
    if "sip" not in context.request.headers.get("Sec-WebSocket-Protocol", ""):
        raise Forbidden("This is a WebSocket with the subprotocol sip.")
    await softphones.renew(phone)
    page = web.WebSocketResponse(protocols=("sip",), heartbeat=HEARTBEAT, compress=False, max_msg_size=LARGEST)
    async with aiohttp.ClientSession() as http:
        try:
            connecting = http.ws_connect(
                deps.sip_upstream, protocols=("sip",), compress=0, max_msg_size=LARGEST, ssl=deps.sip_tls or True
            )
            pbx = await asyncio.wait_for(connecting, 3.0)
        except (aiohttp.ClientError, OSError, TimeoutError) as problem:
            log.warning("Asterisk's WebSocket is not usable", url=deps.sip_upstream, why=type(problem).__name__)
            raise PbxUnavailable("Asterisk's WebSocket can't be reached; the log says why.") from None
        await page.prepare(context.request)
        guard = SipGuard(phone.endpoint)
        ways = ((page, pbx, guard.from_page), (pbx, page, guard.from_asterisk))
        ends = [deps.tasks.start(_pass_on(*way), "sip") for way in ways]

        def hang_up() -> None:
            for end in ends:
                end.cancel()

        softphones.connected(phone, hang_up)
        code = aiohttp.WSCloseCode.OK
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            refusals = [end.result() for end in done if not end.cancelled() and not end.exception() and end.result()]
            if refusals:
                code = aiohttp.WSCloseCode.POLICY_VIOLATION
                log.warning("a page's SIP socket was closed", endpoint=phone.endpoint, why=refusals[0])
        finally:
            hang_up()
            softphones.disconnected(phone, hang_up)
            with suppress(ConnectionError):
                await asyncio.gather(pbx.close(), page.close(code=code))
    return page


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pass_on(source: Socket, sink: Socket, check: Callable[[str], None]) -> str:
    """Until the source closes, or sends what may not pass: then why. What is refused does not reach the sink."""
    with suppress(ConnectionError):
        async for message in source:
            if message.type is aiohttp.WSMsgType.ERROR:
                return ""
            if message.type is not aiohttp.WSMsgType.TEXT:
                return "a message that is no text"
            try:
                check(message.data)
            except Refused as refusal:
                return str(refusal)
            await sink.send_str(message.data)
    return ""


def _same_origin(context: RequestContext[Deps, None]) -> None:
    """A WebSocket is a GET, yet another site's page could open it with our cookie: its Origin must be ours."""
    origin = context.request.headers.get("Origin")
    if origin is None or not context.access.proxies.is_own(context.request, origin):
        raise Forbidden("This WebSocket is for this server's own page.")
