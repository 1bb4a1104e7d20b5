"""The audit, for administrators: by pages, or all of it as a table, streamed."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from adapter.core.audit import Action, read_way
from adapter.core.views import Json, time_view
from adapter.errors import AdapterError, NotFound
from adapter.store.audit import Audit, Filter
from adapter.store.tables import AuditRow
from adapter.web import answers
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
RISKY = re.compile(r"[=@\t\r\n\uff1d\uff0b\uff0d\uff20]|[+-](?!\d{1,11}$)|\+")
"""How a cell begins that a spreadsheet would take for a formula (OWASP, CSV Injection), in full width too; of
+12025550101 it would drop the plus."""
CHANGED = re.compile(r"-?(?:0\d+|\d{12,})$|\d+(?:\.\d*)?[eE][+-]?\d+$")
"""What a spreadsheet would take for a number and show as another: without its leading zero, rounded (Excel keeps 15
digits, and shows 12 and more as 1.2E+11), or with an exponent (an id such as 12e34567)."""
BOM = b"\xef\xbb\xbf"
"""Tells Excel that a table is UTF-8 (RFC 3629, section 6)."""


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
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="audit.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    pages = context.deps.audit.every(wanted)
    try:
        first = await anext(pages)  # what fails by now is answered as an error
    except StopAsyncIteration:
        first = ()
    response = web.StreamResponse(headers=headers)
    await response.prepare(context.request)
    try:
        await response.write(BOM + _lines([COLUMNS]) + _table(first))
        async for rows in pages:
            await response.write(_table(rows))
        await response.write_eof()
    except AdapterError as problem:
        log.error("a table of the audit was cut off", why=str(problem))
        if context.request.transport is not None:
            context.request.transport.abort()  # the client must not take what it has for all of it
    return response


def _table(rows: Iterable[AuditRow]) -> bytes:
    return _lines([_cell(value) for value in entry_view(row).values()] for row in rows)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "'" + text if RISKY.match(text) or CHANGED.match(text) else text


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
