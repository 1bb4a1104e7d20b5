"""The page as a phone: its ephemeral credentials, and the way to Asterisk's WebSocket on this page's own origin.

Asterisk's own /ws accepts any origin and any SIP; here the session, its right and the origin are checked, only what
this page's phone needs passes (`sipguard`), and the socket closes when one of them ends.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from adapter.core.views import time_view
from adapter.errors import DeviceUnavailable, Forbidden, Invalid, PbxRefused, PbxTimeout, PbxUnavailable
from adapter.phones.pages import PagePhones
from adapter.tasks import BackgroundTasks
from adapter.web import phoneanswers
from adapter.web.access import Access, in_person, starts
from adapter.web.ice import Ice
from adapter.web.models import SoftphoneQuery
from adapter.web.principal import Principal
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes
from adapter.web.sipguard import LARGEST
from adapter.web.sipline import CLOSING, SipLines


@dataclass(frozen=True, slots=True)
class Upstream:
    """How pages' phones reach one PBX."""

    ice: Ice
    url: str
    """Asterisk's WebSocket."""
    tls: ssl.SSLContext | None
    """Whom to believe there; None where it is reached without TLS."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    phones: PagePhones
    """Of no PBX where pages are no phones."""
    upstreams: Mapping[str, Upstream]
    """By PBX."""
    tasks: BackgroundTasks
    """Whose tasks the open lines are."""
    lines: SipLines = field(default_factory=SipLines)


routes = Routes("softphone", Deps)

PATH = "/sip"


def _may(principal: Principal, access: Access) -> None:
    in_person(principal, access)
    starts(principal, access)


def _phones(deps: Deps) -> PagePhones:
    if not deps.phones.pbxes:
        raise Forbidden("Softphones are disabled: softphone.enabled is false.")
    return deps.phones


@routes.plain(
    "POST",
    "/softphone",
    Returns(model=phoneanswers.Softphone),
    _may,
    query=SoftphoneQuery,
    errors=[Invalid, PbxUnavailable, PbxTimeout, PbxRefused],
)
async def open_softphone(context: RequestContext[Deps, None]) -> web.Response:
    """Credentials for this page's phone; those that the session had before are void.

    It registers at the PBX that is named; otherwise where the person's desk phone does, if pages can be phones there.
    It can be rung for calls of that PBX.
    """
    deps, user = context.deps, context.principal.person
    phones = _phones(deps)
    wanted = context.query(SoftphoneQuery).pbx
    if wanted is not None and wanted not in phones.pbxes:
        raise Invalid.at("pbx", f"pages are phones at {', '.join(phones.pbxes)}")
    pbx, phone = await phones.open(context.principal.id, user, wanted)
    until = int(phone.expires_at.timestamp())
    origin = context.access.proxies.public_origin or ""
    scheme = "wss" if context.request.secure or origin.startswith("https:") else "ws"
    host = urlsplit(origin).netloc or context.request.host
    return web.json_response(
        {
            "pbx": pbx,
            "endpoint": phone.endpoint,
            "password": phone.password,
            "sip_url": f"{scheme}://{host}/api/v1{PATH}",
            "ice_servers": deps.upstreams[pbx].ice.servers(user.username, until),
            "expires_at": time_view(phone.expires_at),
        }
    )


@routes.plain("DELETE", "/softphone", NOTHING, in_person)
async def close_softphone(context: RequestContext[Deps, None]) -> web.Response:
    """This page is no phone any more."""
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
    found = softphones.of_session(context.principal.id)
    if found is None:
        raise DeviceUnavailable("Ask for credentials first: POST /api/v1/softphone.")
    pbx, phone = found
    upstream, phones = deps.upstreams[pbx], softphones.phones_at(pbx)
    if "sip" not in context.request.headers.get("Sec-WebSocket-Protocol", ""):
        raise Forbidden("This is a WebSocket with the subprotocol sip.")
    line = deps.lines.of(phone, phones, deps.tasks)
    async with line.opening:
        if not line.is_open:
            await phones.renew(phone)
            await line.connect(upstream.url, upstream.tls)
    page = web.WebSocketResponse(
        protocols=("sip",), autoping=False, compress=False, max_msg_size=LARGEST, timeout=CLOSING
    )
    await page.prepare(context.request)
    if phones.of_session(context.principal.id) is not phone:
        line.end()  # the session, or its right, ended meanwhile
    await line.serve(page)
    return page


def _same_origin(context: RequestContext[Deps, None]) -> None:
    """A WebSocket is a GET, yet another site's page could open it with our cookie: its Origin must be ours."""
    origin = context.request.headers.get("Origin")
    if origin is None or not context.access.proxies.is_own(context.request, origin):
        raise Forbidden("This WebSocket is for this server's own page.")
