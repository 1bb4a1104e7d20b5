"""For whoever runs the adapter: is it alive, is it ready. Without sign-in, and without a word on calls."""

from aiohttp import web

from adapter.web.api import WEB

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(request: web.Request) -> web.Response:
    """The process is alive."""
    return web.json_response({"status": "alive"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Database, AMI and ARI are usable and the snapshot is done; 503 names what is not."""
    found = await request.app[WEB].problems()
    return web.json_response({"ready": not found, "problems": found}, status=503 if found else 200)
