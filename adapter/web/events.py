"""The live stream over HTTP: Server-Sent Events."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from adapter.errors import TooManyRequests
from adapter.web.listener import Connection
from adapter.web.routes import RequestContext, Returns, Routes
from adapter.web.stream import Streams


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    streams: Streams


routes = Routes("events", Deps)

HEARTBEAT = 5.0
"""Seconds of silence after which a comment is sent; the contract promises one every 15. The page takes twice this and
a little for an outage (`page/src/api/live.ts`)."""


TAKE_WITHIN = 15.0
"""Seconds in which a client must take what waits for it; then its connection is cut."""
EACH = 500
"""Streams of one person at once: pages, on all their devices."""


@routes.plain("GET", "/events", Returns(media="text/event-stream"), errors=[TooManyRequests])
async def events(context: RequestContext[Deps, None]) -> web.StreamResponse:
    """A snapshot, then every change of what this person sees. A Last-Event-ID gets a new snapshot.

    Events: snapshot, call.updated, call.removed, monitor.updated (`reason` where the supervisor did not ask for the
    mode: bridge_changed, made_safe, unrecorded), monitor.removed, monitor.ended, coach.joined, coach.left,
    pbx.state (of the PBX that `id` names); to supervisors also record.state (`ok`, `failing`: whether what happens
    can be recorded).
    """
    user, streams = context.principal.person, context.deps.streams
    if streams.of(user.id) >= EACH:
        raise TooManyRequests("You have too many pages open. Close some.", retry_after=5)
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(context.request)
    stream = streams.join(user.id, context.principal.id, context.principal.who.token)
    if isinstance(context.request.protocol, Connection):
        context.request.protocol.on_lost = stream.close
    try:
        with suppress(ConnectionError):
            while (data := await stream.next(HEARTBEAT)) is not None:
                await asyncio.wait_for(response.write(data), TAKE_WITHIN)
    except TimeoutError:
        if context.request.transport is not None:
            context.request.transport.abort()
    finally:
        streams.leave(stream)
    return response
