"""Security headers for every response, including streams and errors: no caching, framing, scripts or MIME sniffing."""

from aiohttp import web

from adapter.web.proxy import SECURE

UNFRAMED = "frame-ancestors 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; {UNFRAMED}; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Values from the OWASP REST and HTTP Headers cheat sheets; the page has its own policy (`pagefiles.POLICY`)."""
HSTS = "max-age=31536000"
"""A year (RFC 6797), without subdomains: they may belong to others."""


async def add(request: web.Request, response: web.StreamResponse) -> None:
    """Handler for aiohttp's signal `on_response_prepare`."""
    put(request, response)


def put(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add the headers that the handler has not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if UNFRAMED not in response.headers["Content-Security-Policy"]:
        del response.headers["X-Frame-Options"]  # it can't name who may: it would forbid what the policy allows
    response.headers["Server"] = "call-monitor"
    if request.get(SECURE):
        response.headers["Strict-Transport-Security"] = HSTS
