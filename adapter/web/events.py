"""The live stream over HTTP: Server-Sent Events."""

from contextlib import suppress

from aiohttp import web

from adapter.web.routes import Ask, Returns, Routes

routes = Routes("events")

HEARTBEAT = 10.0
"""Seconds of silence after which a comment is sent; the contract promises one every 15."""


@routes.plain("GET", "/events", Returns(media="text/event-stream"))
async def events(ask: Ask[None]) -> web.StreamResponse:
    """A snapshot, then every change of what this person sees. A Last-Event-ID gets a new snapshot.

    Events: snapshot, call.updated, call.removed, monitor.updated (`reason` where the supervisor did not ask for the
    mode: bridge_changed, made_safe), monitor.removed, monitor.ended, coach.joined, coach.left, pbx.state; to
    supervisors also record.state (`ok`, `failing`: whether what happens can be recorded).
    """
    user, streams = ask.who.person, ask.deps.streams
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(ask.request)
    stream = streams.join(user.id, ask.who.id)
    try:
        with suppress(ConnectionError):
            while (data := await stream.next(HEARTBEAT)) is not None:
                await response.write(data)
    finally:
        streams.leave(stream)
    return response
