"""The audit: entries in chains of hashes, added to and read, never changed; cut only where a cut is told of.

An entry's hash covers the one before it in its chain (`adapter.store.chain`), so that a changed, missing or swapped row
breaks the chain. There is one for each PBX and one for the rest, which binds them (`adapter.store.chains`). Whoever
reads them sees one list, by the entries' times: there is no one order of writing over chains that wait for nobody.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from adapter.core.audit import Entry
from adapter.errors import NotFound
from adapter.store.chain import ANCHORED
from adapter.store.cuts import Cuts, latest
from adapter.store.entries import append as append
from adapter.store.entries import take_chain as take_chain
from adapter.store.proof import PAGE as PAGE
from adapter.store.tables import AuditRow, MonitorRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted. `supervisor` and `agent` by username; agents also by name or extension."""

    since: datetime | None = None
    until: datetime | None = None
    supervisor: str | None = None
    agent: str | None = None
    action: str | None = None
    hidden: Collection[str] = ()
    """Conversations whose entries are not shown now,"""
    seer: str | None = None
    """but for those about this person's own monitors; by their id, since names can be changed meanwhile."""


class Audit(Cuts):
    """All entries. All methods raise StoreUnavailable when the database does not answer."""

    async def add(self, *entries: Entry) -> None:
        """Add entries to the installation's chain, in a transaction of their own."""
        async with self._database.work() as session:
            await append(session, entries)

    async def latest(self) -> datetime | None:
        """When the last entry was made."""
        async with self._database.read() as session:
            return await latest(session)

    async def page(self, wanted: Filter, limit: int, after: str | None = None) -> list[AuditRow]:
        """Entries, newest first; `after`: the id of the last one that was seen. Raises NotFound when it is unknown."""
        async with self._database.read() as session:
            query = select(AuditRow).where(*conditions(wanted))
            query = query.order_by(AuditRow.at.desc(), AuditRow.seq.desc()).limit(limit)
            if after is not None:
                found = select(AuditRow.at, AuditRow.seq).where(AuditRow.id == after)
                last = (await session.execute(found)).one_or_none()
                if last is None:
                    raise NotFound("This cursor is unknown, or its entry is too old. Start again without one.")
                older = or_(AuditRow.at < last.at, AuditRow.seq < last.seq)
                query = query.where(AuditRow.at <= last.at, older)
            return list(await session.scalars(query))

    async def every(self, wanted: Filter) -> AsyncIterator[Sequence[AuditRow]]:
        """All entries, newest first, a page at a time."""
        after = None
        while rows := await self.page(wanted, PAGE, after):
            yield rows
            after = rows[-1].id


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """What a query of entries must ask, so that it finds those that are wanted."""
    found: list[ColumnElement[bool]] = [AuditRow.action != ANCHORED]
    if wanted.since:
        found.append(AuditRow.at >= wanted.since)
    if wanted.until:
        found.append(AuditRow.at < wanted.until)
    if wanted.supervisor:
        found.append(func.lower(AuditRow.supervisor) == wanted.supervisor.lower())
    if wanted.agent:
        name = wanted.agent.lower()
        found.append(or_(*(func.lower(column) == name for column in _AGENT)))
    if wanted.action:
        found.append(AuditRow.action == wanted.action)
    if wanted.hidden:
        # An entry may be about two conversations, with a space between their ids.
        shown = and_(*(AuditRow.conversation_id.not_like(f"%{one}%") for one in sorted(wanted.hidden)))
        mine = select(MonitorRow.id).where(MonitorRow.supervisor_id == wanted.seer)
        own = [AuditRow.monitor_id.in_(mine)] if wanted.seer else []
        found.append(or_(AuditRow.conversation_id.is_(None), shown, *own))
    return found


_AGENT = (AuditRow.agent, AuditRow.agent_name, AuditRow.extension)
