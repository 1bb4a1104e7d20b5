"""The audit, for administrators: by pages, or all of it as a table, streamed."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from aiohttp import web

from adapter.core.audit import Action, read_way
from adapter.core.views import Json, time_view
from adapter.errors import AdapterError, NotFound
from adapter.store.audit import Audit, Filter
from adapter.store.tables import AuditRow
from adapter.web import answers, csvtable
from adapter.web.access import administers
from adapter.web.models import AuditFilter, AuditQuery
from adapter.web.routes import RequestContext, Returns, Routes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    audit: Audit


routes = Routes("audit", Deps)

COLUMNS = list(answers.AuditEntry.model_fields)


def entry_view(row: AuditRow) -> Json:
    """The contract's entry."""
    via, detail = read_way(row.via)
    taken_up = row.action == Action.TAKEN_UP
    return {
        "id": row.id,
        "at": time_view(row.at),
        "actor": row.actor,
        "via": via.value,
        "action": row.action,
        "result": row.result,
        "reason": row.reason,
        "target": None if taken_up else row.target,
        "allowed_by": row.allowed_by,
        "call_id": row.call_id,
        "monitor_id": row.monitor_id,
        "supervisor": row.supervisor,
        "agent": row.agent,
        "agent_name": row.agent_name,
        "agent_extension": row.extension,
        "customer": row.customer,
        "mode": row.mode,
        "via_detail": detail or None,
        "unsure_since": row.target if taken_up else None,
    }


def _filter(context: RequestContext[Deps, None], query: AuditFilter) -> Filter:
    return Filter(
        since=query.since,
        until=query.until,
        supervisor=query.supervisor,
        agent=query.agent,
        action=query.action.value if query.action else None,
        hidden=context.access.hidden_from(context.principal),
        seer=None if context.access.in_hand(context.principal) else context.principal.person.id,
    )


@routes.plain(
    "GET", "/audit", Returns(model=answers.AuditPage), administers, query=AuditQuery, errors=[NotFound], patient=True
)
async def list_entries(context: RequestContext[Deps, None]) -> web.Response:
    """Who did what, newest first. What concerns a conversation that one is in shows once that has ended."""
    query = context.query(AuditQuery)
    rows = await context.deps.audit.page(_filter(context, query), query.limit + 1, query.cursor)
    shown = rows[: query.limit]
    cursor = shown[-1].id if len(rows) > query.limit else None
    return web.json_response({"entries": [entry_view(row) for row in shown], "next_cursor": cursor})


@routes.plain("GET", "/audit.csv", Returns(media="text/csv"), administers, query=AuditFilter, patient=True)
async def as_table(context: RequestContext[Deps, None]) -> web.StreamResponse:
    """The same as CSV (RFC 4180, UTF-8 with a byte order mark), however long, a page of it in memory at a time.

    An apostrophe stands before what a spreadsheet would calculate, or show as another number: `'+12025550101`.
    """
    wanted = _filter(context, context.query(AuditFilter))
    pages = context.deps.audit.every(wanted)
    try:
        first = await anext(pages)  # what fails by now is answered as an error
    except StopAsyncIteration:
        first = ()
    response = web.StreamResponse(headers=csvtable.headers("audit.csv"))
    await response.prepare(context.request)
    try:
        await response.write(csvtable.BOM + csvtable.lines([COLUMNS]) + _table(first))
        async for rows in pages:
            await response.write(_table(rows))
        await response.write_eof()
    except AdapterError as problem:
        log.error("a table of the audit was cut off", why=str(problem))
        if context.request.transport is not None:
            context.request.transport.abort()  # the client must not take what it has for all of it
    return response


def _table(rows: Iterable[AuditRow]) -> bytes:
    return csvtable.cells(entry_view(row).values() for row in rows)
