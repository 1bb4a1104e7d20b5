"""Reads a request's body as a JSON object, and validates body and query with their models."""

import asyncio
import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapter.errors import Malformed
from adapter.web.problems import invalid
from adapter.web.proxy import is_browser

MAX_BODY = 64 * 1024
"""Maximum size of a request's body in bytes; no object of the contract comes near it."""

BODY_DEADLINE = 10.0
"""Seconds within which a request's body must arrive; this size is quick even over a slow connection."""

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object (RFC 8259: UTF-8, whatever the request declares). Raises Malformed.

    A page must send JSON's content type, which another site's form can't. Compressed bodies are refused, so that a
    small one can't become a large one.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Malformed("Compressed bodies are not accepted; send the JSON uncompressed.")
    if is_browser(request) and request.content_type != "application/json":
        raise Malformed("Send Content-Type: application/json.")
    return parse_object(await _read(request))


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object. Duplicate keys and NaN, on which parsers differ, are refused. Raises Malformed."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"The body is not valid JSON: {_why(problem)}.") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


async def _read(request: web.Request) -> bytes:
    """The body, if it arrives in time and is not too large."""
    try:
        return await asyncio.wait_for(request.read(), BODY_DEADLINE)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError:
        raise Malformed("The body is broken: it ends early, or its chunks don't fit.") from None


class _Refused(ValueError):
    """What parsers read in different ways."""


def _why(problem: Exception) -> str:
    """In words that are not those of Python's parser."""
    if isinstance(problem, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, json.JSONDecodeError):
        what = problem.msg.replace("Expecting", "expected here:").lower()
        return f"{what} (line {problem.lineno}, column {problem.colno})"
    return str(problem) if isinstance(problem, _Refused) else "a number has too many digits"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a key appears twice")
    return found


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is no number in JSON")


def validate(model: type[ModelT], value: dict[str, Any]) -> ModelT:
    """Validate the body or the query with its model. Raises Invalid."""
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        raise invalid(problem) from None
