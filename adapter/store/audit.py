"""The audit: entries in one chain of hashes, added to and read, never changed; cut only where the cut is told of.

An entry's hash covers the one before it (`adapter.store.chain`), so that a changed, missing or swapped row breaks the
chain. Whoever can write the whole database could make a new chain, or take the last entries off: so the chain's head
goes out by itself (`adapter.health.heads`), and `verify` takes back every head that was ever sent.
"""

import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from adapter.core.audit import SYSTEM, Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.heads import CHAIN, End, SentHead
from adapter.errors import NotFound
from adapter.store.chain import Verdict, Walk, row_hash
from adapter.store.database import TOLD, Database, lock, take_turn
from adapter.store.fit import Fit
from adapter.store.prepared import Prepared
from adapter.store.retention import Plan, held_against
from adapter.store.tables import AuditCutRow, AuditRow, FactRow, MonitorRow, table_of

HEAD = "audit_head"
PAGE = 1000
"""Rows read at once while all are gone through."""
LONGEST_NUMBER = 19
"""Digits of a head's number; one that was tampered with may have any."""
CUT_AT_ONCE = 20_000
"""Rows deleted in one transaction, so that a long cut keeps the database's deadline."""


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


def add(session: Session, entries: Sequence[Entry], ids: Sequence[str] = ()) -> None:
    """Add entries in their order, as part of a transaction, and tell the log once that is committed.

    `ids`: their ids, where they were made before; then the log was told already.
    """
    if not entries:
        return
    head = take_turn(session, HEAD)
    number, _, previous = head.partition(":")
    seq, rows = int(number), []
    for entry, entry_id in zip(entries, ids or [uuid.uuid4().hex for _ in entries], strict=True):
        seq += 1
        row = {"seq": seq, "id": entry_id, **_FIT(_columns(entry)), "previous": previous}
        previous = row["hash"] = row_hash(row)
        rows.append(row)
    _ADD.run(session, rows)
    if not ids:
        session.info.setdefault(TOLD, []).extend(entries)
    _SET_HEAD.run(session, [{"name": HEAD, "head": f"{seq}:{previous}"}])


_ADD = Prepared(insert(table_of(AuditRow)), *table_of(AuditRow).columns.keys())
_SET_HEAD = Prepared(text("UPDATE facts SET value = :head WHERE name = :name"))
_FIT = Fit(AuditRow)


async def append(session: AsyncSession, entries: Sequence[Entry], ids: Sequence[str] = ()) -> None:
    """The same in a transaction made of awaits."""
    await session.run_sync(add, entries, ids)


async def take_chain(session: AsyncSession) -> None:
    """Be the only one who adds to the audit, until the transaction ends: to be taken before anything is read or locked.

    Whatever is both decided and audited is so decided by one at a time.
    """
    await lock(session, HEAD)


def _columns(entry: Entry) -> dict[str, object]:
    agent, agent_name, extension, customer = (value or None for value in entry.subject)
    return {
        "at": entry.at.astimezone(UTC),
        "actor": entry.by.actor,
        "via": entry.by.way,
        "action": entry.action.value,
        "result": entry.result.value,
        "reason": entry.reason,
        "target": entry.target,
        "allowed_by": entry.allowed_by,
        "call_id": entry.call_id,
        "conversation_id": entry.conversation_id,
        "monitor_id": entry.monitor_id,
        "supervisor": entry.supervisor,
        "agent": agent,
        "agent_name": agent_name,
        "extension": extension,
        "customer": customer,
        "mode": entry.mode.value if entry.mode else None,
    }


class Audit:
    """All entries. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def add(self, *entries: Entry) -> None:
        """Add entries in a transaction of their own."""
        async with self._database.work() as session:
            await append(session, entries)

    async def latest(self) -> datetime | None:
        """When the last entry was made."""
        async with self._database.read() as session:
            found: datetime | None = await session.scalar(select(AuditRow.at).order_by(AuditRow.seq.desc()).limit(1))
            return found

    async def page(self, wanted: Filter, limit: int, after: str | None = None) -> list[AuditRow]:
        """Entries, newest first; `after`: the id of the last one that was seen. Raises NotFound when it is unknown."""
        async with self._database.read() as session:
            query = select(AuditRow).where(*conditions(wanted)).order_by(AuditRow.seq.desc()).limit(limit)
            if after is not None:
                last = await session.scalar(select(AuditRow.seq).where(AuditRow.id == after))
                if last is None:
                    raise NotFound("This cursor is unknown, or its entry is too old. Start again without one.")
                query = query.where(AuditRow.seq < last)
            return list(await session.scalars(query))

    async def every(self, wanted: Filter) -> AsyncIterator[Sequence[AuditRow]]:
        """All entries, newest first, a page at a time."""
        after = None
        while rows := await self.page(wanted, PAGE, after):
            yield rows
            after = rows[-1].id

    async def plan(self, keep: timedelta, through: int | None = None) -> Plan | None:
        """What may be cut of what is older than `keep`; None when there are no entries at all.

        Only what is old without a gap, from the first entry on: one wrong time in between takes nothing along.
        `through`: up to this number, whatever the times say; NotFound where there is no such entry yet.
        """
        async with self._database.read() as session:
            newest = await session.scalar(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1))
            cut = await _last_cut(session)
            first = await session.scalar(_after(cut).limit(1))
            if newest is None or first is None:
                return None
            if through is not None and through > newest.seq:
                raise NotFound(f"There is no entry {through}; the last one is {newest.seq}.")
            before = held_against(keep, self._clock.now(), self._clock.steady(), newest.at)
            stop = None
            if through is None:
                kept = select(func.min(AuditRow.seq)).where(AuditRow.seq >= first.seq, AuditRow.at >= before)
                stop = await session.scalar(kept)
                end = newest.seq if stop is None else stop - 1
            else:
                end = min(through, newest.seq)
                latest = await session.scalar(select(func.max(AuditRow.at)).where(AuditRow.seq <= end))
                before = (latest or before) + timedelta(milliseconds=1)
            taken = select(AuditRow).where(AuditRow.seq >= first.seq, AuditRow.seq <= end)
            last = await session.scalar(taken.order_by(AuditRow.seq.desc()).limit(1))
            old_behind = select(AuditRow.seq).where(AuditRow.seq > end, AuditRow.at < before).limit(1)
            stopped = stop if stop is not None and await session.scalar(old_behind) is not None else None
        total = newest.seq - first.seq + 1
        if last is None:
            return Plan(first.seq, first.seq - 1, total, first.previous, first.at, first.at, before, stopped)
        return Plan(first.seq, last.seq, total, last.hash, first.at, last.at, before, stopped)

    async def cut(self, plan: Plan, by: By = SYSTEM, why: str = "retention") -> int:
        """Delete what was planned. A note of what it was stays in the chain; it says too if that was not whole.

        Returns how many entries were deleted. Nothing is done when another cut came first.
        """
        faults = await self._faults_until(plan.last)
        async with self._database.work() as session:
            await lock(session, HEAD)
            cut = await _last_cut(session)
            if plan.count and plan.first == (cut.seq if cut else 0) + 1:
                note = f"{plan.note}; {why}" + (f"; THE CHAIN WAS NOT WHOLE: {faults[0]}" if faults else "")
                target = f"{plan.last}:{plan.hash}"
                await append(
                    session, [Entry(at=self._clock.now(), by=by, action=Action.CUT, target=target, reason=note)]
                )
                session.add(AuditCutRow(seq=plan.last, hash=plan.hash))
        return await self.finish_cut()

    async def whole_until(self, seq: int) -> Sequence[str]:
        """What is wrong with the chain from its beginning to this entry: a cut would destroy the proof of it."""
        return await self._faults_until(seq)

    async def _faults_until(self, seq: int) -> Sequence[str]:
        async with self._database.read() as session:
            walk = Walk(await _last_cut(session), f"{seq}:")
        async for row in self._rows(walk.seq, seq):
            walk.take(row)
        return walk.faults

    async def finish_cut(self) -> int:
        """Delete what a cut took, also what a former run did not come to; the triggers let nothing else go."""
        deleted = 0
        while True:
            async with self._database.work() as session:
                cut, first = await _last_cut(session), await session.scalar(select(func.min(AuditRow.seq)))
                if cut is None or first is None or first > cut.seq:
                    return deleted
                end = min(cut.seq, first + CUT_AT_ONCE - 1)
                done = await session.execute(delete(AuditRow).where(AuditRow.seq <= end))
                deleted += int(done.rowcount)  # type: ignore[attr-defined]

    async def head(self) -> End:
        """Where the chain ends now."""
        async with self._database.read() as session:
            head = await session.scalar(select(FactRow.value).where(FactRow.name == HEAD))
        number, _, entry_hash = str(head).partition(":")
        return End(CHAIN, int(number) if number.isdigit() and len(number) < LONGEST_NUMBER else 0, entry_hash)

    async def holds(self, end: End) -> bool:
        """Whether this was an end of the chain that is there now; also where a cut took it since."""
        async with self._database.read() as session:
            cut = await _last_cut(session)
            if end.seq < (cut.seq if cut else 1):
                return True
            found = await session.scalar(select(AuditRow.hash).where(AuditRow.seq == end.seq))
            return end.hash == found or (cut is not None and (end.seq, end.hash) == (cut.seq, cut.hash))

    async def verify(self, noted: str | None = None, heads: Sequence[SentHead] = (), key: bytes = b"") -> Verdict:
        """Go through the whole chain. `noted`: a head that was written down before and must still be in it.

        `heads`: those that were sent, sealed with the installation's `key`; each must be borne out too.
        """
        async with self._database.read() as session:
            head = await session.scalar(select(FactRow.value).where(FactRow.name == HEAD))
            walk = Walk(await _last_cut(session), str(head), noted)
        walk.expect(key, heads)
        async for row in self._rows(walk.seq, walk.head_seq):
            walk.take(row)
        return walk.verdict()

    async def _rows(self, after: int, until: int) -> AsyncIterator[AuditRow]:
        while after < until:
            async with self._database.read() as session:
                query = select(AuditRow).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(PAGE)
                rows = list(await session.scalars(query))
            for row in rows:
                if row.seq > until:
                    return
                yield row
                after = row.seq
            if not rows:
                return


async def _last_cut(session: AsyncSession) -> AuditCutRow | None:
    cut: AuditCutRow | None = await session.scalar(select(AuditCutRow).order_by(AuditCutRow.seq.desc()).limit(1))
    return cut


def _after(cut: AuditCutRow | None) -> Select[AuditRow]:
    """What a cut left, in order."""
    return select(AuditRow).where(AuditRow.seq > (cut.seq if cut else 0)).order_by(AuditRow.seq)


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """What a query of entries must ask, so that it finds those that are wanted."""
    found: list[ColumnElement[bool]] = []
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
