"""What every answer carries, streams and errors too: nothing of it is cached, framed, run, or guessed at."""

from aiohttp import web

from adapter.web.proxy import SECURE

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""As the OWASP REST and HTTP Headers cheat sheets say; the page has a policy of its own (`pagefiles.POLICY`)."""
HSTS = "max-age=31536000"
"""A year (RFC 6797), without subdomains: they may belong to others."""


async def add(request: web.Request, response: web.StreamResponse) -> None:
    """For aiohttp's signal `on_response_prepare`."""
    put(request, response)


def put(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Add them where the handler gave none of its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "call-monitor"
    if request.get(SECURE):
        response.headers["Strict-Transport-Security"] = HSTS
