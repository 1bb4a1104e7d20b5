"""The lines of the audit that a report is made of: those of its time, and what they need from before and after it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import aliased

from adapter.core.audit import Action
from adapter.core.report import COUNTED, Line
from adapter.store.audit import PAGE, Filter, conditions
from adapter.store.database import Database
from adapter.store.tables import AuditRow

LINE = [getattr(AuditRow, name) for name in Line._fields]
TOGETHER = 2
"""So many reports are read at a time, further ones wait: the audit may be large, and clicks come first."""
AT_ONCE = 500
"""Ids in one query: SQLite takes 999 values."""
Running = Callable[[], tuple[Collection[str], Collection[str]]]
"""Ids of the monitors and of the requests for help of which more is to come, by what was read so far."""


class ReportLines:
    """Reads them. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(TOGETHER)

    async def read(self, wanted: Filter, running: Running) -> AsyncGenerator[Sequence[Line], None]:
        """All of them, each chain's in the order in which they were written, a page at a time: what ran when the time
        begins, its own lines, and then how what still ran went on."""
        async with self._turns, aclosing(self._read(wanted, running)) as pages:
            async for page in pages:
                yield page

    async def _read(self, wanted: Filter, running: Running) -> AsyncGenerator[Sequence[Line], None]:
        seen = conditions(replace(wanted, since=None, until=None))
        counted = AuditRow.action.in_([action.value for action in COUNTED])
        if wanted.since is not None:
            async for page in self._pages(*seen, counted, AuditRow.at < wanted.since, _ran_at(wanted.since)):
                yield page
        async for page in self._pages(*conditions(wanted), counted):
            yield page
        if wanted.until is not None:
            monitors, asks = (sorted(ids) for ids in running())
            later = AuditRow.at >= wanted.until
            for column, ids in ((AuditRow.monitor_id, monitors), (AuditRow.target, asks)):
                for first in range(0, len(ids), AT_ONCE):
                    async for page in self._pages(*seen, counted, later, column.in_(ids[first : first + AT_ONCE])):
                        yield page

    async def _pages(self, *wanted: ColumnElement[bool]) -> AsyncGenerator[Sequence[Line], None]:
        query = select(AuditRow.seq, *LINE).where(*wanted).order_by(AuditRow.seq).limit(PAGE)
        after = 0
        while True:
            async with self._database.read() as session:
                rows = list(await session.execute(query.where(AuditRow.seq > after)))
            if rows:
                yield [Line(*row[1:]) for row in rows]
                after = rows[-1][0]
            if len(rows) < PAGE:
                return


def _ran_at(since: datetime) -> ColumnElement[bool]:
    """Of monitors that had begun then and not ended. A try to end one, which has no mode, ended none."""
    end = aliased(AuditRow)
    ended = exists().where(
        end.monitor_id == AuditRow.monitor_id, end.action == Action.ENDED.value, end.mode.is_not(None), end.at < since
    )
    monitors = AuditRow.action.in_([one.value for one in (Action.STARTED, Action.MODE_CHANGED, Action.TAKEN_UP)])
    return and_(monitors, AuditRow.monitor_id.is_not(None), ~ended)
