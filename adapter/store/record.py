"""Writing what happened: monitors, the audit, events for hooks and open calls, in one transaction or not at all."""

from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.bars import Bars
from adapter.core.ownership import Term
from adapter.core.record import OpenCall, Sealed
from adapter.errors import StoreUnavailable
from adapter.store import audit, bars, monitors, outbox
from adapter.store.database import Database
from adapter.store.owners import need_terms
from adapter.store.tables import AuditRow, EventRow, OpenCallRow

_CALL: TypeAdapter[OpenCall] = TypeAdapter(OpenCall)


class Records:
    """The record's writer and what it kept. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, terms: Callable[[], Mapping[str, Term]] = dict) -> None:
        """`terms`: of the PBXes that this process looks after; where one of them is over, nothing is written."""
        self._database, self._terms = database, terms

    def within(self, terms: Callable[[], Mapping[str, Term]]) -> "Records":
        """The same for the owner of some PBXes."""
        return Records(self._database, terms)

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        """Write all of it, or nothing. `again`: a former try may have succeeded without our hearing of it."""
        try:
            async with self._database.work() as session:
                if not (again and await _was_written(session, sealed)):
                    await _write(session, sealed, now)
                    await need_terms(session, self._terms())
        except IntegrityError as problem:
            raise StoreUnavailable("The record conflicts with data in the database.") from problem

    async def open_calls(self) -> Mapping[str, OpenCall]:
        """Calls of whose end programs are still to be told."""
        async with self._database.read() as session:
            rows = await session.scalars(select(OpenCallRow))
            return {row.call_id: _CALL.validate_json(row.data) for row in rows}

    async def bars(self) -> Bars:
        """Who was barred from what when the adapter last stopped."""
        async with self._database.read() as session:
            return await bars.load(session)


async def _write(session: AsyncSession, sealed: Sealed, now: datetime) -> None:
    """In few statements, however much it is: each waits for its turn in a busy process, and others for the lock."""
    record = sealed.record
    await bars.put(session, record.barred, now)
    await audit.append(session, record.entries, sealed.entry_ids)
    await outbox.add(session, record.events, sealed.event_ids, now)
    await monitors.put(session, *record.monitors.values())
    if record.calls:
        await session.execute(delete(OpenCallRow).where(OpenCallRow.call_id.in_(list(record.calls))))
    kept = [
        {"call_id": call_id, "data": _CALL.dump_json(known).decode()}
        for call_id, known in record.calls.items()
        if known
    ]
    if kept:
        await session.execute(insert(OpenCallRow), kept)
    await bars.release(session, record.barred, now)


async def _was_written(session: AsyncSession, sealed: Sealed) -> bool:
    """Whether the first thing of the record is there; monitors and calls alone may be written twice."""
    if sealed.entry_ids:
        return await session.scalar(select(AuditRow.seq).where(AuditRow.id == sealed.entry_ids[0])) is not None
    if sealed.event_ids:
        return await session.scalar(select(EventRow.seq).where(EventRow.id == sealed.event_ids[0])) is not None
    return False
