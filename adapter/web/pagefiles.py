"""Serves the page's files (built by `make page`), with headers that let it connect to this server only."""

from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from adapter.errors import AdapterError
from adapter.web.access import ACCESS
from adapter.web.embedded import Sites
from adapter.web.headers import UNFRAMED

STATIC = Path(__file__).parent / "static"
FILES = (
    "page.js",
    "page.css",
    "page.js.map",
    "embed.js",
    "embed.css",
    "embed.js.map",
    "docs.js",
    "swagger-ui-bundle.js",
    "swagger-ui.css",
)
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        UNFRAMED,
    ]
)
"""Content Security Policy, level 3 (W3C): no inline scripts, no other hosts."""

routes = web.RouteTableDef()


class File(web.FileResponse):
    """A file that is sent once: `adapter.web.listener.whole` sends it, and aiohttp asks again."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send it. Once it is sent, that is nothing, as with every other response."""
        return None if self.prepared else await super().prepare(request)


class NotBuilt(AdapterError):
    """A checkout without the page's files."""

    code, status, title = "page_not_built", 503, "The page is not built"


def _file(name: str, policy: str = POLICY) -> web.StreamResponse:
    path = STATIC / name
    if not path.is_file():
        raise NotBuilt("The page is not built. Run: make page")
    return File(path, headers={"Cache-Control": "no-cache", "Content-Security-Policy": policy})


def embed_policy(origin: str, sites: Sites) -> str:
    """The policy of a frame in another site's page: that site alone may show it, and only if it is configured (and
    the configured pages around that one).

    The frame's script then tells the server this origin, and a link for another one is refused: so a link leads only
    to where it was made for, by what the browser enforces.
    """
    if origin not in sites.origins:
        return POLICY
    return POLICY.replace(UNFRAMED, " ".join(["frame-ancestors", origin, *sites.ancestors]))


@routes.get("/embed")
async def embed(request: web.Request) -> web.StreamResponse:
    """A frame's HTML. Which call it is for stands behind the #, which no browser sends."""
    sessions = request.app[ACCESS].embeds
    return _file("embed.html", embed_policy(request.query.get("origin", ""), sessions.sites if sessions else Sites(())))


@routes.get("/")
async def index(request: web.Request) -> web.StreamResponse:
    """The page's HTML."""
    return _file("index.html")


@routes.get("/api/docs")
async def docs(request: web.Request) -> web.StreamResponse:
    """The API description for people (Swagger UI), served completely from here."""
    return _file("docs.html")


@routes.get("/static/{name}")
async def static(request: web.Request) -> web.StreamResponse:
    """One of the page's files; the browser checks each time whether it has changed."""
    name = request.match_info["name"]
    if name not in FILES:
        raise web.HTTPNotFound
    return _file(name)
