"""Receivers of events, for administrators: made, changed, tried; what was delivered to them, and again by hand."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapter.core.audit import Action
from adapter.core.bars import Kind
from adapter.core.record import OF_NO_CALL, PING, EventType
from adapter.core.views import Json, time_view
from adapter.errors import NotFound
from adapter.store import budget
from adapter.store.outbox import PENDING, Due, Outbox, Outcome
from adapter.store.tables import DeliveryRow, EventRow
from adapter.store.webhooks import Webhook, Webhooks
from adapter.web import answers
from adapter.web.access import administers
from adapter.web.models import DeliveriesQuery, WebhookBody, WebhookPatch
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes
from adapter.webhooks.dispatcher import Dispatcher
from adapter.webhooks.guard import Guard
from adapter.webhooks.sender import new_secret


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    guard: Guard
    hooks: Webhooks
    outbox: Outbox
    dispatcher: Dispatcher


routes = Routes("webhooks", Deps)


def _view(hook: Webhook, context: RequestContext[Deps, Any]) -> Json:
    """Who is barred from a conversation does not see since when it fails: it may be events of monitors that do."""
    barred = context.access.is_barred(context.principal)
    return {
        "id": hook.id,
        "url": hook.url,
        "events": [event.value for event in EventType if event in hook.events],
        "enabled": hook.enabled,
        "created_at": time_view(hook.created_at),
        "failing_since": None if barred else time_view(hook.failing_since),
        "disabled_reason": hook.disabled_reason,
    }


def _delivery_view(delivery: DeliveryRow, event: EventRow) -> Json:
    return {
        "id": event.id,
        "type": event.type,
        "call_id": None if event.type == PING or event.type in OF_NO_CALL else event.lane,
        "happened_at": time_view(event.at),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_attempt_at": time_view(delivery.last_try_at),
        "next_attempt_at": time_view(delivery.next_at) if delivery.state in PENDING else None,
        "status": delivery.status,
        "answer": delivery.answer,
    }


async def _acted(context: RequestContext[Deps, Any]) -> None:
    """The change is made: what became of it does not depend on what the database says after that."""
    with budget.limited(budget.REQUEST):
        await context.deps.dispatcher.changed()


@routes.plain("GET", "/webhooks", Returns(model=answers.Webhooks), administers)
async def list_webhooks(context: RequestContext[Deps, None]) -> web.Response:
    """All receivers."""
    return web.json_response({"webhooks": [_view(hook, context) for hook in await context.deps.hooks.all()]})


@routes.taking(
    "POST",
    "/webhooks",
    WebhookBody,
    Returns(201, answers.NewWebhook, headers=["Location"]),
    administers,
    audit=Action.WEBHOOK_CREATED,
)
async def create_webhook(context: RequestContext[Deps, WebhookBody]) -> web.Response:
    """A new receiver. It is told of what happens from now on."""
    deps, body = context.deps, context.body
    url, secret = deps.guard.check_url(body.url), new_secret()
    hook_id, by = uuid.uuid4().hex, context.principal.by
    await context.access.making(context.principal, Kind.HOOK, hook_id)
    hook = await deps.hooks.create(url, frozenset(body.events), secret, enabled=body.enabled, by=by, hook_id=hook_id)
    await _acted(context)
    location = {"Location": f"/api/v1/webhooks/{hook.id}"}
    return web.json_response({**_view(hook, context), "secret": secret}, status=201, headers=location)


@routes.plain("GET", "/webhooks/{id}", Returns(model=answers.Webhook), administers, errors=[NotFound])
async def get_webhook(context: RequestContext[Deps, None]) -> web.Response:
    """One receiver."""
    return web.json_response(_view(await context.deps.hooks.get(context.part()), context))


@routes.taking(
    "PATCH",
    "/webhooks/{id}",
    WebhookPatch,
    Returns(model=answers.Webhook),
    administers,
    errors=[NotFound],
    audit=Action.WEBHOOK_CHANGED,
)
async def change_webhook(context: RequestContext[Deps, WebhookPatch]) -> web.Response:
    """Change some fields. What waits for a disabled receiver waits until it is enabled again."""
    deps, body, given = context.deps, context.body, context.body.model_fields_set
    await context.access.making(context.principal, Kind.HOOK, context.part())
    hook = await deps.hooks.change(
        context.part(),
        url=deps.guard.check_url(body.url) if "url" in given else None,
        events=frozenset(body.events) if "events" in given else None,
        enabled=body.enabled if "enabled" in given else None,
        by=context.principal.by,
    )
    await _acted(context)
    return web.json_response(_view(hook, context))


@routes.plain("DELETE", "/webhooks/{id}", NOTHING, administers, errors=[NotFound], audit=Action.WEBHOOK_DELETED)
async def delete_webhook(context: RequestContext[Deps, None]) -> web.Response:
    """Remove a receiver, and with it what waits for it."""
    await context.deps.hooks.delete(context.part(), context.principal.by)
    await _acted(context)
    return web.Response(status=204)


@routes.plain("POST", "/webhooks/{id}/ping", Returns(model=answers.Ping), administers, errors=[NotFound])
async def ping_webhook(context: RequestContext[Deps, None]) -> web.Response:
    """Send an event of type `ping` at once, and say what the receiver answered."""
    deps = context.deps
    hook = await deps.hooks.get(context.part())
    event_id, at = uuid.uuid4().hex, context.access.clock()
    body = json.dumps({"type": PING, "timestamp": time_view(at), "data": {"webhook_id": hook.id}})
    began = time.monotonic()
    answer = await deps.dispatcher.sender.send(hook.url, hook.secret, event_id, body)
    took = round((time.monotonic() - began) * 1000)
    due = Due(hook.id, 0, PING, event_id, body, 0, at)
    await deps.outbox.tried(Outcome(due, at, answer.delivered, answer.status, answer.text))
    told = {"delivered": answer.delivered, "status": answer.status, "answer": answer.text, "milliseconds": took}
    return web.json_response(told)


@routes.plain(
    "GET",
    "/webhooks/{id}/deliveries",
    Returns(model=answers.Deliveries),
    administers,
    query=DeliveriesQuery,
    errors=[NotFound],
)
async def list_deliveries(context: RequestContext[Deps, None]) -> web.Response:
    """What was sent, newest first, and what became of it."""
    query = context.query(DeliveriesQuery)
    hook = await context.deps.hooks.get(context.part())
    hidden = context.access.hidden_from(context.principal)
    rows = await context.deps.outbox.page(hook.id, query.limit + 1, query.cursor, hidden, failed_only=query.failed)
    shown = rows[: query.limit]
    cursor = shown[-1][1].id if len(rows) > query.limit else None
    return web.json_response({"deliveries": [_delivery_view(*row) for row in shown], "next_cursor": cursor})


@routes.plain(
    "POST",
    "/webhooks/{id}/deliveries/{delivery_id}/retry",
    Returns(202, answers.Delivery),
    administers,
    errors=[NotFound],
)
async def retry_delivery(context: RequestContext[Deps, None]) -> web.Response:
    """Send one more time, whatever became of it before. What waits behind an earlier one of its call waits on."""
    deps = context.deps
    hook = await deps.hooks.get(context.part())
    found = await deps.outbox.again(
        hook.id, context.part("delivery_id"), context.access.clock(), context.access.hidden_from(context.principal)
    )
    deps.dispatcher.wake()
    return web.json_response(_delivery_view(*found), status=202)
