"""Idempotency-Key: the same key and body within a day get the same answer and start only one monitor.

The monitor's id is stored before the monitor is started, and a monitor is recorded before its phone rings. So after a
crash in between, it is known whether it was started.
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from adapter.core.views import Json
from adapter.errors import AdapterError, Invalid, RecordUnavailable, StoreUnavailable
from adapter.store.answers import Answers, Remembered
from adapter.tasks import KeyedLocks
from adapter.web.problems import CONTENT_TYPE, from_error
from adapter.web.routes import RequestContext

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
MEANING = (
    "Any string of at most 255 characters that identifies this request: repeated within 24 h, it gets the same answer."
)
LONGEST = 255
UNDONE = frozenset({429, 503})
"""Statuses which mean that nothing was done and a retry makes sense: they are not stored."""

PAUSE = 0.1
"""Seconds between looks for what another adapter answers."""

Start = Callable[[str], Awaitable[Json]]
Started = Callable[[str], Awaitable[Json | None]]


async def once(
    context: RequestContext[Any, Any],
    answers: Answers,
    locks: KeyedLocks,
    start: Start,
    started: Started,
    patience: float = 0.0,
) -> web.Response:
    """Answer with the result of `start` for a new monitor id, or with the earlier answer.

    `started` returns the view of a monitor by its id, None if it was never recorded; `patience`: seconds that a request
    is waited for which was not answered yet, since another adapter may be carrying it out.
    """
    key = key_of(context.request)
    if key is None:
        return _created(await start(uuid.uuid4().hex))
    identity = context.principal.user.id if context.principal.user else context.principal.id
    name = _hash(f"{identity}\n{key}")
    async with locks.of(name):
        return await _locked(context, answers, name, start, started, patience)


def key_of(request: web.Request) -> str | None:
    """The key of a request, if it has one. Raises Invalid."""
    key = request.headers.get(HEADER)
    if key is not None and (not 0 < len(key) <= LONGEST or not (key.isascii() and key.isprintable())):
        raise Invalid.at(HEADER, f"1 to {LONGEST} printable characters")
    return key


async def _elsewhere(store: Answers, name: str, known: Remembered, started: Started, patience: float) -> Remembered:
    """What is remembered, once it is answered, or a monitor was begun, or nobody does so in time."""
    end = time.monotonic() + patience
    while known.status is None and time.monotonic() < end and await started(known.monitor_id) is None:
        await asyncio.sleep(PAUSE)
        if (now := await store.look(name)) is None:
            break  # nothing was done there
        known = now
    return known


async def _locked(
    context: RequestContext[Any, Any], store: Answers, name: str, start: Start, started: Started, patience: float
) -> web.Response:
    body = _hash(json.dumps(context.raw, sort_keys=True))
    monitor_id = uuid.uuid4().hex
    try:
        known = await store.begin(name, body, monitor_id, context.access.clock())
    except StoreUnavailable as problem:
        raise RecordUnavailable(f"It can't be recorded, so nothing begins. {problem}") from problem
    if known is not None:
        if known.body_hash != body:
            raise Invalid.at(HEADER, "this key was used for another request; use a new one")
        known = await _elsewhere(store, name, known, started, patience)
        if known.status is not None:
            return _again(known.status, known.answer or "")
        monitor_id = known.monitor_id
        if (view := await started(monitor_id)) is not None:
            return _created(view)
    try:
        view = await start(monitor_id)
    except AdapterError as problem:
        if problem.status in UNDONE:
            await _forget(store, name)
        else:
            await _remember(store, name, problem.status, from_error(problem).text or "")
        raise
    await _remember(store, name, 201, json.dumps(view))
    return _created(view)


async def _remember(answers: Answers, name: str, status: int, answer: str) -> None:
    """Store the answer. If that fails, the answer is sent all the same: the monitor itself is recorded."""
    try:
        await answers.finish(name, status, answer)
    except StoreUnavailable as problem:
        log.warning("an answer could not be stored", status=status, why=str(problem))


async def _forget(answers: Answers, name: str) -> None:
    """Nothing was done. Where that can't be kept, the next such request finds no monitor, and is made anew too."""
    try:
        await answers.forget(name)
    except StoreUnavailable as problem:
        log.warning("a request could not be forgotten", why=str(problem))


def _created(view: Json) -> web.Response:
    return web.json_response(view, status=201, headers={"Location": f"/api/v1/monitors/{view['id']}"})


def _again(status: int, answer: str) -> web.Response:
    if status == 201:
        return _created(json.loads(answer))
    return web.Response(status=status, text=answer, content_type=CONTENT_TYPE, charset="utf-8")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
