"""Writing what happened: monitors, the audit, events for hooks and open calls, in one transaction or not at all."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime

import structlog
from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapter.core.ownership import Term
from adapter.core.record import OpenCall, Sealed
from adapter.core.shared_bars import SharedBars
from adapter.errors import PlaceTaken, StoreRefused, StoreUnavailable
from adapter.store import bars, chains, entries, follows, monitors, outbox, shields
from adapter.store.database import Database, take_turn
from adapter.store.locks import alone, is_postgresql, take_places
from adapter.store.owners import need_terms
from adapter.store.tables import AuditRow, EventRow, OpenCallRow, SetAsideRow, table_of

log = structlog.get_logger(__name__)

_CALL: TypeAdapter[OpenCall] = TypeAdapter(OpenCall)

Terms = Callable[[Collection[str]], Mapping[str, Term]]
"""By PBX: the term of this process, under which it writes of these."""

ONE_PLACE = (
    *("ux_monitors_supervisor", "monitors.supervisor_id"),
    *("ux_follows_supervisor", "follows.supervisor_id"),
)
"""How PostgreSQL and SQLite name what lets a supervisor have one monitor."""


class Records:
    """The record's writer and what it kept. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, terms: Terms = lambda of: {}) -> None:
        """`terms`: under which something is written of PBXes; where one of them is over, nothing is written."""
        self._database, self._terms = database, terms

    def within(self, terms: Terms) -> "Records":
        """The same for the owner of some PBXes."""
        return Records(self._database, terms)

    async def write(self, sealed: Sealed, now: datetime, *, again: bool = False) -> None:
        """Write all of it, or nothing. `again`: a former try may have succeeded without our hearing of it.

        Raises StoreRefused where something in it can't be written at all.
        """
        terms = self._terms(sealed.record.pbxes)

        def write(session: Session) -> None:
            if not (again and _was_written(session, sealed)):
                _write(session, sealed, now)
                need_terms(session, terms)

        try:
            await self._database.run(write)
        except (StoreUnavailable, PlaceTaken):
            raise
        except IntegrityError as problem:
            if any(name in str(problem.orig) for name in ONE_PLACE):
                raise PlaceTaken("This supervisor has another monitor that has not ended.") from problem
            raise StoreRefused("The record conflicts with data in the database.") from problem
        except Exception as problem:  # whatever it is, it is for these values: others are written all the same
            log.exception("a record can't be written")
            raise StoreRefused(f"It can't be written: {type(problem).__name__}: {problem}") from problem

    async def set_aside(self, sealed: Sealed, why: str, now: datetime) -> None:
        """Keep what can't be written, whole, as it is: plain ASCII, which every database takes."""
        told = json.dumps(asdict(sealed), default=str)

        def keep(session: Session) -> None:
            session.execute(insert(table_of(SetAsideRow)), {"at": now, "why": ascii(why)[:1000], "record": told})

        await self._database.run(keep)

    async def open_calls(self) -> Mapping[str, OpenCall]:
        """Calls of whose end programs are still to be told."""
        async with self._database.read() as session:
            rows = await session.scalars(select(OpenCallRow))
            return {row.call_id: call_of(row) for row in rows}

    async def bars(self) -> SharedBars:
        """Who was barred from what when the adapter last stopped."""
        async with self._database.read() as session:
            return await bars.load(session)


def call_of(row: OpenCallRow) -> OpenCall:
    """As it was kept."""
    return _CALL.validate_json(row.data)


def _write(session: Session, sealed: Sealed, now: datetime) -> None:
    """In few statements, however much it is: others wait for the lock."""
    record = sealed.record
    _hold(session, sealed)
    entries.add(session, record.entries, sealed.entry_ids, sealed.chains)
    bars.put(session, record.barred, now)
    outbox.add(session, record.events, sealed.event_ids, now)
    monitors.put(session, *record.monitors.values())
    shields.put(session, *record.shields.values())
    follows.put(session, record.follows.values(), record.monitors.values())
    if record.calls:
        connection = session.connection()
        connection.execute(delete(table_of(OpenCallRow)).where(OpenCallRow.call_id.in_(list(record.calls))))
        kept = [
            {"call_id": call_id, "data": _CALL.dump_json(known).decode()}
            for call_id, known in record.calls.items()
            if known
        ]
        if kept:
            connection.execute(insert(table_of(OpenCallRow)), kept)
    bars.release(session, record.barred, now)


def _hold(session: Session, sealed: Sealed) -> None:
    """Everything for which others wait, in one order for all, or two would wait for each other: chains, people's
    places, the outbox."""
    record = sealed.record
    beginning = follows.beginning(record.follows.values(), record.monitors.values())
    if is_postgresql(session):
        wanted = {*sealed.chains} if record.entries else set()
        chains.take(session, wanted | record.chains if record.events else wanted)  # lanes are of these PBXes
        take_places(session, beginning)
    elif beginning and not record.entries:
        take_turn(session, chains.HEAD)  # SQLite has one writer, who writes before it reads
    if bars.changes_hooks(record.barred):
        alone(session, outbox.OUTBOX)


def _was_written(session: Session, sealed: Sealed) -> bool:
    """Whether the first thing of the record is there; monitors and calls alone may be written twice."""
    if sealed.entry_ids:
        return session.scalar(select(AuditRow.seq).where(AuditRow.id == sealed.entry_ids[0])) is not None
    if sealed.event_ids:
        return session.scalar(select(EventRow.seq).where(EventRow.id == sealed.event_ids[0])) is not None
    return False
