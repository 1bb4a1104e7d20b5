"""Errors as RFC 9457 problem documents: one format for all, without internal details."""

import json
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from adapter.core.wording import described
from adapter.errors import WHOLE, AdapterError, Invalid

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    417: "expectation_failed",
}
"""Of what aiohttp refuses itself."""
OTHER = "http_error"
"""Of anything else that it may come to refuse."""
INTERNAL, BUSY = "internal", "busy"


def problem(status: int, code: str, title: str, detail: str, **extra: object) -> web.Response:
    """One problem document."""
    body = {
        "type": f"urn:call-monitor:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return web.Response(status=status, text=json.dumps({**extra, **body}), content_type=CONTENT_TYPE, charset="utf-8")


def from_error(error: AdapterError) -> web.Response:
    """The response for an AdapterError."""
    response = problem(error.status, error.code, error.title, error.detail, **error.extra)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def from_http(error: web.HTTPException, request: web.BaseRequest) -> web.Response:
    """The response for an error of aiohttp's own."""
    title = HTTPStatus(error.status).phrase
    response = problem(error.status, CODES.get(error.status, OTHER), title, f"{title}: {request.path}")
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def bug() -> web.Response:
    """The response for what nobody foresaw."""
    return problem(500, INTERNAL, "Internal error", "This is a bug in the adapter; its log has the details.")


def invalid(error: ValidationError) -> Invalid:
    """pydantic's errors as Invalid: each field, and what is wrong with it."""
    found = [
        described(".".join(str(part) for part in item["loc"]) or WHOLE, item)
        for item in error.errors(include_url=False, include_input=False)
    ]
    return Invalid("; ".join(f"{item['field']}: {item['message']}" for item in found), found)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error with a problem document; unexpected errors are logged and answered with 500."""
    try:
        return await handler(request)
    except AdapterError as error:
        return from_error(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return from_http(error, request)
    except ConnectionError:
        if request.transport is not None and not request.transport.is_closing():
            raise
        return web.Response(status=400)  # the client disconnected during its request: nobody reads this
    except Exception:
        log.exception("a request failed", method=request.method, path=request.path)
        return bug()
