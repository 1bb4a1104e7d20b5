"""Links to one call for a frame in a CRM's page, and the sessions that they begin: once each, for one supervisor."""

import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from adapter import errors
from adapter.core.audit import NOBODY, Action, By, Entry, Via
from adapter.core.embeds import Embed, Refusal, by_embed, embed_entry
from adapter.core.journal import subject_of
from adapter.core.views import time_view, user_view
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import StartRequest
from adapter.store.embeds import Embeds
from adapter.web import answers
from adapter.web.access import Access, starts
from adapter.web.acting import acts_for
from adapter.web.embedded import EmbedSessions
from adapter.web.fields import Identifier, Username
from adapter.web.models import Body
from adapter.web.principal import Principal
from adapter.web.proxy import SECURE
from adapter.web.routes import RequestContext, Returns, Routes
from adapter.web.throttle import Throttle

OFF = "Frames in other sites' pages are off. Whoever operates this server names those sites in [embed] origins."
UNKNOWN = "Nobody knows this link. Open the call in the CRM again."
NAMED = 20
"""Characters of a link by which tries of it are counted together."""
OTHER_SITE = "This link is for another site's page."
NO_RIGHT = "Its supervisor may not monitor calls any more."


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    policy: Policy
    store: Embeds
    throttle: Throttle = field(default_factory=Throttle)
    """Of links that are opened in vain: each try that is refused is written."""


class EmbedBody(Body):
    """POST /embeds."""

    call_id: Identifier
    supervisor: Username = Field(description="Username of whom the frame is for; one that the token may act for.")
    origin: Identifier | None = Field(
        None, description="Of the page that shows the frame; may be left out where the configuration names one only."
    )


class OpenBody(Body):
    """POST /embeds/session."""

    link: Identifier = Field(description="What stands behind the # of the url.")
    origin: Identifier = Field(description="What the url's query says.")


class NewEmbed(answers.Answer):
    """A link that can be opened once."""

    url: str = Field(description="For the src of an iframe. What stands behind # is a secret.")
    expires_at: answers.Time = Field(description="Until when it can be opened.")


class EmbedSession(answers.Answer):
    """The session of a frame."""

    token: str = Field(description="For Authorization: Bearer. It is for this call alone.")
    call_id: str
    origin: str = Field(description="Of the page that shows the frame: the only one that may be told anything.")
    user: answers.User
    ends_at: answers.Time = Field(description="When it ends at the latest.")


routes = Routes("embeds", Deps)


def makes_links(principal: Principal, access: Access) -> None:
    """Service tokens for people who may monitor, where frames are on."""
    if principal.service is None:
        raise errors.Forbidden("Only a service token can make links for a CRM's page.")
    starts(principal, access)
    if access.embeds is None or not access.embeds.sites.origins:
        raise errors.Forbidden(OFF)


def _sessions(context: RequestContext[Deps, Any]) -> EmbedSessions:
    sessions = context.access.embeds
    if sessions is None:
        raise errors.Forbidden(OFF)
    return sessions


def _origin(given: str | None, origins: tuple[str, ...]) -> str:
    """Raises Invalid."""
    if given is None and len(origins) == 1:
        return origins[0]
    if given is None:
        raise errors.Invalid.at("origin", "several are configured: say which page shows the frame", "required")
    if given not in origins:
        raise errors.Invalid.at("origin", "[embed] origins names no such page", "not_a_choice")
    return given


def _base(context: RequestContext[Deps, Any]) -> str:
    """Where browsers reach us: as configured, else as this request came."""
    request = context.request
    scheme = "https" if request.get(SECURE) else "http"
    return context.access.proxies.public_origin or f"{scheme}://{request.host}"


async def _about(context: RequestContext[Deps, Any]) -> Mapping[str, Any]:
    """Whom a refused link was about, as far as the request says."""
    raw, boards = context.raw, context.deps.boards
    about: dict[str, Any] = {}
    if isinstance(name := raw.get("supervisor"), str):
        about["supervisor"] = name
    call = boards.call(raw["call_id"]) if isinstance(raw.get("call_id"), str) else None
    if call is not None:
        subject = subject_of(call, boards.directory.users)
        about |= {"call_id": call.id, "conversation_id": call.conversation_id, "subject": subject}
    return about


@routes.taking(
    "POST",
    "/embeds",
    EmbedBody,
    Returns(201, NewEmbed),
    makes_links,
    errors=[
        *(errors.NotFound, errors.OwnCall, errors.NotMonitorable, errors.Shielded, errors.CallNotActive),
        errors.PbxUnavailable,
    ],
    service=True,
    audit=Action.EMBED_CREATED,
    about=_about,
)
async def create_embed(context: RequestContext[Deps, EmbedBody]) -> web.Response:
    """A link for a frame in a CRM's page: to one call, for one supervisor, for one use within 60 seconds.

    By a service token, with the rights of the supervisor whom it names. The page's origin is one of those that the
    configuration names. The frame may look at that call and monitor it, and nothing else.
    """
    deps, body, now = context.deps, context.body, context.access.clock()
    origin = _origin(body.origin, tuple(_sessions(context).sites.origins))
    supervisor = acts_for(context.principal, deps.boards.directory, body.supervisor)
    call = deps.policy.decide(supervisor, StartRequest(call_id=body.call_id))
    service = context.principal.service
    assert service is not None  # noqa: S101 - makes_links lets no others in
    embed = Embed(
        id=uuid.uuid4().hex,
        user_id=supervisor.id,
        token_id=service.id,
        token_name=service.name,
        pbx=call.pbx,
        call_id=call.id,
        conversation_id=call.conversation_id,
        origin=origin,
        expires_at=deps.store.expiry(),
    )
    subject = subject_of(call, deps.boards.directory.users)
    entry = embed_entry(Action.EMBED_CREATED, embed, context.principal.by, now, supervisor.username, subject)
    secret = await deps.store.create(embed, entry)
    url = f"{_base(context)}/embed?origin={quote(origin, safe='')}#{secret}"
    return web.json_response({"url": url, "expires_at": time_view(embed.expires_at)}, status=201)


@routes.taking(
    "POST",
    "/embeds/session",
    OpenBody,
    Returns(201, EmbedSession),
    None,
    errors=[errors.NotAuthenticated, errors.LinkUsed, errors.LinkExpired, errors.TooManyRequests],
)
async def open_embed(context: RequestContext[Deps, OpenBody]) -> web.Response:
    """Open a link, once: the frame's own page does. The session is for an hour at most, and for that call."""
    context.access.proxies.check_origin(context.request)
    throttle, name, address = context.deps.throttle, context.body.link[:NAMED], context.request.remote or ""
    if (wait := throttle.wait(name, address, time.monotonic())) > 0:
        seconds = math.ceil(wait)
        raise errors.TooManyRequests(f"Too many links were tried. Try again in {seconds} s.", retry_after=seconds)
    try:
        return await _open(context)
    except (errors.NotAuthenticated, errors.LinkUsed, errors.LinkExpired, errors.Forbidden):
        throttle.failed(name, address, time.monotonic())
        raise


async def _open(context: RequestContext[Deps, OpenBody]) -> web.Response:
    deps, sessions, link = context.deps, _sessions(context), context.body.link
    embed = await deps.store.of_link(link)
    if embed is None:
        raise errors.NotAuthenticated(UNKNOWN)
    refused = Refusal.RIGHT if sessions.supervisor(embed) is None else None
    if context.body.origin != embed.origin or embed.origin not in sessions.sites.origins:
        refused = Refusal.ORIGIN
    opened = await deps.store.open(embed, refused, lambda one, why: _entry(context, one, why))
    if isinstance(opened, Refusal):
        raise _problem(opened)
    embed, secret = opened
    user = deps.boards.directory.users[embed.user_id]
    answer = {"token": secret, "call_id": embed.call_id, "origin": embed.origin, "user": user_view(user)}
    return web.json_response({**answer, "ends_at": time_view(embed.ends_at)}, status=201)


def _entry(context: RequestContext[Deps, Any], embed: Embed, why: Refusal | None) -> Entry:
    """What the audit says: of a link that was refused, from which address it came, for nobody knows who has it."""
    boards, now = context.deps.boards, context.access.clock()
    user, call = boards.directory.users.get(embed.user_id), _sessions(context).call(embed)
    subject = subject_of(call, boards.directory.users) if call is not None else NOBODY
    name = user.username if user is not None else ""
    if why is None and user is not None:
        return embed_entry(Action.EMBED_OPENED, embed, by_embed(embed, user), now, name, subject)
    by = By("unknown", Via.ADDRESS, detail=str(context.request.remote))
    return embed_entry(Action.EMBED_REFUSED, embed, by, now, name, subject, why)


def _problem(refused: Refusal) -> errors.AdapterError:
    match refused:
        case Refusal.USED:
            return errors.LinkUsed("This link was used already. Open the call in the CRM again.")
        case Refusal.EXPIRED:
            return errors.LinkExpired("This link has expired. Open the call in the CRM again.")
        case Refusal.ORIGIN:
            return errors.Forbidden(OTHER_SITE)
        case Refusal.RIGHT:
            return errors.Forbidden(NO_RIGHT)
