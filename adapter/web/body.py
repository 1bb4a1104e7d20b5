"""What comes in: a request's body as a JSON object, and either as its model."""

import asyncio
import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapter.errors import Malformed
from adapter.web.problems import invalid
from adapter.web.proxy import is_browser

MAX_BODY = 64 * 1024
"""Bytes of a request's body; no object of the contract comes near."""

BODY_DEADLINE = 10.0
"""Seconds in which a request's body must have come; one of our size takes a moment, also over a slow line."""

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object (RFC 8259: UTF-8, whatever else the request says). Raises Malformed.

    A page must say that it sends JSON: no form of another site's can. Compressed bodies are not unpacked, so that a
    small one can't become a large one.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Malformed("Compressed bodies are not taken; send the JSON as it is.")
    if is_browser(request) and request.content_type != "application/json":
        raise Malformed("Send Content-Type: application/json.")
    return parse_object(await _read(request))


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object, without what parsers disagree about: keys that appear twice, NaN. Raises Malformed."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"The body is no JSON: {problem}") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


async def _read(request: web.Request) -> bytes:
    """The body, if it comes in time and is not too large."""
    try:
        return await asyncio.wait_for(request.read(), BODY_DEADLINE)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError as problem:
        raise Malformed(f"The body is broken: {problem}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def validate(model: type[ModelT], value: dict[str, Any]) -> ModelT:
    """The body or the query as its model. Raises Invalid."""
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        raise invalid(problem) from None
