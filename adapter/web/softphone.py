"""The page as a phone: its ephemeral credentials, and the way to Asterisk's WebSocket on this page's own origin.

Asterisk's own /ws accepts any origin and any SIP; here the session, its right and the origin are checked, only what
this page's phone needs passes (`sipguard`), and the socket closes when one of them ends.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

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
from adapter.web.sipguard import LARGEST
from adapter.web.sipline import CLOSING, SipLines


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    phones: Callable[[], BrowserPhones | None]
    """Those of the PBX at which pages' phones register; None while that is another adapter's."""
    enabled: bool
    """Whether pages are phones at all."""
    ice: Ice
    sip_upstream: str
    """Asterisk's WebSocket."""
    sip_tls: ssl.SSLContext | None
    """Whom to believe there; None where it is reached without TLS."""
    tasks: BackgroundTasks
    """Whose tasks the open lines are."""
    lines: SipLines = field(default_factory=SipLines)


routes = Routes("softphone", Deps)

PATH = "/sip"


def _may(principal: Principal, access: Access) -> None:
    in_person(principal, access)
    starts(principal, access)


def _phones(deps: Deps) -> BrowserPhones:
    if not deps.enabled:
        raise Forbidden("Softphones are disabled: softphone.enabled is false.")
    phones = deps.phones()
    if phones is None:
        raise PbxUnavailable(
            "Another adapter looks after the PBX at which pages are phones. Use a desk phone, or that adapter's page."
        )
    return phones


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
    if (phones := context.deps.phones()) is not None:
        await phones.close_one(context.principal.id)
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
    line = deps.lines.of(phone, softphones, deps.tasks)
    async with line.opening:
        if not line.is_open:
            await softphones.renew(phone)
            await line.connect(deps.sip_upstream, deps.sip_tls)
    page = web.WebSocketResponse(
        protocols=("sip",), autoping=False, compress=False, max_msg_size=LARGEST, timeout=CLOSING
    )
    await page.prepare(context.request)
    if softphones.of_session(context.principal.id) is not phone:
        line.end()  # the session, or its right, ended meanwhile
    await line.serve(page)
    return page


def _same_origin(context: RequestContext[Deps, None]) -> None:
    """A WebSocket is a GET, yet another site's page could open it with our cookie: its Origin must be ours."""
    origin = context.request.headers.get("Origin")
    if origin is None or not context.access.proxies.is_own(context.request, origin):
        raise Forbidden("This WebSocket is for this server's own page.")
