"""The live stream over HTTP: Server-Sent Events."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from adapter.errors import TooManyRequests
from adapter.web.client import Stream
from adapter.web.listener import Connection
from adapter.web.principal import bearer_of
from adapter.web.routes import RequestContext, Returns, Routes
from adapter.web.stream import Streams
from adapter.web.wall import is_wall, reads_floor, sight_of


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    streams: Streams


routes = Routes("events", Deps)

TAKE_WITHIN = 15.0
"""Seconds in which a client must take what waits for it; then its connection is cut."""
EACH = 500
"""Streams of one person at once: pages, on all their devices."""
EACH_WALL = 50
"""Screens of one token at once."""
EACH_EMBED = 5
"""Streams of one frame at once: it has one, and for a moment another when it comes back."""


HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@routes.plain("GET", "/events", Returns(media="text/event-stream"), reads_floor, service=True, errors=[TooManyRequests])
async def events(context: RequestContext[Deps, None]) -> web.StreamResponse:
    """A snapshot, then every change of what this person sees. A Last-Event-ID gets a new snapshot.

    Events: snapshot, call.updated, call.removed, monitor.updated (`reason` where the supervisor did not ask for the
    mode: bridge_changed, made_safe, unrecorded), monitor.removed, monitor.ended, coach.joined, coach.left,
    pbx.state (of the PBX that `id` names); to supervisors also record.state (`ok`, `failing`: whether what happens
    can be recorded); help.updated, help.removed; follow.updated, follow.removed;
    to a supervisor and the agent whom they talk to, and to nobody else, message.sent. An agent's messages go with
    monitor.removed, which tells them that the talk is over.
    A wall's token is told of agents, queues and PBXes only, without customers; a frame in a CRM's page of its call
    only, by a new snapshot whenever something changes.
    """
    if is_wall(context.principal):
        return await _wall(context)
    if context.principal.embed is not None:
        return await _embed(context)
    user, streams = context.principal.person, context.deps.streams
    if streams.of(user.id) >= EACH:
        raise TooManyRequests("You have too many pages open. Close some.", retry_after=5)
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(context.request)
    connection = context.request.protocol
    assert isinstance(connection, Connection)  # noqa: S101 - the listener makes no others
    stream = streams.join(user.id, context.principal.id, context.principal.who.token)
    connection.carried = stream
    try:
        with suppress(ConnectionError):
            await _serve(response, stream, connection)
    finally:
        connection.carried = None
        streams.leave(stream)
    return response


async def _wall(context: RequestContext[Deps, None]) -> web.StreamResponse:
    principal, walls, boards = context.principal, context.deps.streams.walls, context.access.boards
    if walls.of(principal.id) >= EACH_WALL:
        raise TooManyRequests("This token has too many screens. Close some.", retry_after=5)
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(context.request)
    await walls.serve(response, principal.id, lambda: sight_of(principal, boards), TAKE_WITHIN)
    return response


async def _embed(context: RequestContext[Deps, None]) -> web.StreamResponse:
    principal, frames, access = context.principal, context.deps.streams.embeds, context.access
    sessions, secret = access.embeds, bearer_of(context.request)
    assert sessions is not None and secret is not None  # noqa: PT018, S101 - by them the principal was found
    if frames.of(principal.id) >= EACH_EMBED:
        raise TooManyRequests("This frame has too many streams. Close some.", retry_after=5)
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(context.request)
    await frames.serve(response, principal, lambda: sessions.principal(secret, access.clock()), sessions, TAKE_WITHIN)
    return response


async def _serve(response: web.StreamResponse, stream: Stream, connection: Connection) -> None:
    """The head and the snapshot by aiohttp; what follows is written to the connection itself, until it is over."""
    if stream.closed:
        return
    within = TAKE_WITHIN
    try:
        await asyncio.wait_for(response.write(stream.snapshot), within)
    except TimeoutError:
        stream.drop()
    stream.snapshot = b""
    if (transport := connection.transport) is None:
        return
    if not stream.closed:
        chunked = response.headers.get("Transfer-Encoding") == "chunked"
        stream.begin(transport, chunked=chunked, take_within=within)
        await stream.over.wait()
    if stream.late or stream.stuck:  # what it was given it has not taken, nor would it the end
        transport.abort()
