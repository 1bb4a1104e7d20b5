"""The live stream over HTTP: Server-Sent Events."""

from contextlib import suppress

from aiohttp import web

from adapter.web.api import WEB, enter

routes = web.RouteTableDef()

HEARTBEAT = 10.0
"""Seconds of silence after which a comment is sent; the contract promises one every 15."""


@routes.get("/events")
async def events(request: web.Request) -> web.StreamResponse:
    """A snapshot, then every change of what this person sees. A Last-Event-ID gets a new snapshot."""
    who, streams = await enter(request), request.app[WEB].streams
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    stream = streams.join(who.user.id, who.session.id)
    try:
        with suppress(ConnectionError):
            while (data := await stream.next(HEARTBEAT)) is not None:
                await response.write(data)
    finally:
        streams.leave(stream)
    return response
