"""The report about coaching: exactly what the audit adds up to, of what whoever asks may see."""

from contextlib import aclosing
from dataclasses import dataclass

from aiohttp import web
from pydantic import Field

from adapter import errors
from adapter.core.report import GroupBy, Report, rows_view
from adapter.core.report_views import Reader
from adapter.core.views import time_view
from adapter.monitoring.boards import Boards
from adapter.store.audit import Filter
from adapter.store.report import ReportLines
from adapter.store.teams import Teams
from adapter.web import csvtable
from adapter.web.access import monitors
from adapter.web.answers import Answer, Time
from adapter.web.models import ReportQuery
from adapter.web.routes import RequestContext, Returns, Routes


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    boards: Boards
    lines: ReportLines
    teams: Teams


class ReportSums(Answer):
    """What took place. Seconds to the millisecond."""

    calls: int = Field(description="Calls that were monitored.")
    monitors: int
    silent_seconds: float
    whisper_seconds: float
    barge_seconds: float
    takeovers: int
    help_requests: int = Field(description="By supervisor: those that they took.")
    median_seconds_to_help: float | None
    notes: int = Field(description="Notes and marks.")
    unsure_seconds: float = Field(
        description="How many of these seconds nobody can vouch for: the adapter was away, and took the monitor up "
        "again afterwards."
    )


class ReportRow(ReportSums):
    """What concerns one agent, supervisor, team or week; `id` null for what concerns none."""

    id: str | None = Field(description="Of the account or the team; without an account as the audit names them.")
    name: str


class CoachingReport(Answer):
    """The report. The totals are of what is shown, each thing once."""

    since: Time | None
    until: Time | None
    by: GroupBy
    rows: list[ReportRow]
    totals: ReportSums


COLUMNS = ["id", "name", *ReportSums.model_fields]
routes = Routes("reports", Deps)
ERRORS = (errors.PbxUnavailable, errors.StoreUnavailable)


async def _report(context: RequestContext[Deps, None], query: ReportQuery) -> Report:
    deps, principal = context.deps, context.principal
    reader = Reader(principal.person, deps.boards.directory)
    teams = {team.id: team.name for team in await deps.teams.all()} if query.by is GroupBy.TEAM else {}
    wanted = Filter(
        since=query.since,
        until=query.until,
        hidden=context.access.hidden_from(principal),
        seer=None if context.access.in_hand(principal) else principal.person.id,
    )
    report = Report(reader.groups(query.by, teams), query.since, query.until)
    pages = deps.lines.read(wanted, lambda: report.running)
    async with aclosing(pages):
        async for page in pages:
            for line in filter(reader.shows, page):
                report.take(line)
    report.finish()
    return report


@routes.plain(
    "GET",
    "/reports/coaching",
    Returns(model=CoachingReport),
    monitors,
    query=ReportQuery,
    errors=ERRORS,
    patient=True,
)
async def coaching_report(context: RequestContext[Deps, None]) -> web.Response:
    """The coaching that took place, by agent, supervisor, team or week: exactly what the audit adds up to.

    A monitor's time counts up to the last entry about it: of what still runs, as far as its mode has changed. Who may
    monitor their teams' calls only gets what concerns those teams' members, and what they did themselves. What
    concerns oneself as an agent is in nobody's report, and what concerns a conversation that one is in counts once
    that has ended.
    """
    query = context.query(ReportQuery)
    report = await _report(context, query)
    return web.json_response(
        {
            "since": time_view(query.since),
            "until": time_view(query.until),
            "by": query.by.value,
            "rows": rows_view(report),
            "totals": report.totals.view(),
        }
    )


@routes.plain(
    "GET",
    "/reports/coaching.csv",
    Returns(media="text/csv"),
    monitors,
    query=ReportQuery,
    errors=ERRORS,
    patient=True,
)
async def report_as_table(context: RequestContext[Deps, None]) -> web.Response:
    """The rows of the same as CSV (RFC 4180, UTF-8 with a byte order mark), safe for spreadsheets as the audit's."""
    report = await _report(context, context.query(ReportQuery))
    rows = (row.values() for row in rows_view(report))
    body = csvtable.BOM + csvtable.lines([COLUMNS]) + csvtable.cells(rows)
    return web.Response(body=body, headers=csvtable.headers("coaching.csv"))
