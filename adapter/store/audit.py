"""The audit: entries in one chain of hashes, added to and read, never changed; cut only where the cut is told of.

An entry's hash is SHA-256 over the hash before it and its own fields, so that a changed, missing or swapped row
breaks the chain. Whoever can write the whole database could make a new chain: note the head elsewhere
(`call-monitor audit verify` prints it, and takes it back).
"""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from adapter.core.audit import SYSTEM, Action, Entry
from adapter.errors import NotFound
from adapter.store.database import TOLD, Database, lock, take_turn
from adapter.store.fit import Fit
from adapter.store.tables import AuditCutRow, AuditRow, FactRow, table_of

HEAD = "audit_head"
START = "0" * 64
PAGE = 1000
"""Rows read at once while all are gone through."""
HASHED = (
    "seq id at actor via action result reason target allowed_by call_id conversation_id monitor_id supervisor agent "
    "agent_name extension customer mode"
).split()
"""The fields that an entry's hash covers, in this order."""


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
    """but for those about this person's own monitors."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What going through the whole chain found."""

    entries: int
    first: int
    head: str
    """The last entry's number and hash, as `number:hash`."""
    faults: Sequence[str]


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
        previous = row["hash"] = _hash(row)
        rows.append(row)
    connection = session.connection()  # a session's own way costs half as much again, and looks after no rows here
    connection.execute(_ADD, rows)
    if not ids:
        session.info.setdefault(TOLD, []).extend(entries)
    connection.execute(_SET_HEAD, {"head": f"{seq}:{previous}"})


_ADD = insert(table_of(AuditRow))
_SET_HEAD = update(table_of(FactRow)).where(FactRow.name == HEAD).values(value=bindparam("head"))
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


def _hash(row: dict[str, object]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in (row[name] for name in HASHED)]
    text = json.dumps([row["previous"], *plain], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Audit:
    """All entries. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
            query = select(AuditRow).where(*_conditions(wanted)).order_by(AuditRow.seq.desc()).limit(limit)
            if after is not None:
                last = await session.scalar(select(AuditRow.seq).where(AuditRow.id == after))
                if last is None:
                    raise NotFound("This cursor is unknown, or its entry is too old. Begin again without one.")
                query = query.where(AuditRow.seq < last)
            return list(await session.scalars(query))

    async def every(self, wanted: Filter) -> AsyncIterator[Sequence[AuditRow]]:
        """All entries, newest first, a page at a time."""
        after = None
        while rows := await self.page(wanted, PAGE, after):
            yield rows
            after = rows[-1].id

    async def cut(self, before: datetime, now: datetime) -> int:
        """Delete the entries older than `before`. The chain says that, and from where on it can be verified.

        Returns how many were deleted.
        """
        async with self._database.work() as session:
            await lock(session, HEAD)
            newest = select(func.max(AuditRow.seq)).where(AuditRow.at < before).scalar_subquery()
            last = await session.scalar(select(AuditRow).where(AuditRow.seq == newest))
            if last is None:
                return 0
            count = await session.scalar(select(func.count()).where(AuditRow.seq <= last.seq))
            told = Entry(at=now, by=SYSTEM, action=Action.CUT, target=f"{last.seq}:{last.hash}", reason="retention")
            await append(session, [told])
            session.add(AuditCutRow(seq=last.seq, hash=last.hash))
            await session.flush()
            await session.execute(delete(AuditRow).where(AuditRow.seq <= last.seq))
            return int(count or 0)

    async def verify(self, noted: str | None = None) -> Verdict:
        """Go through the whole chain. `noted`: a head that was written down before and must still be in it."""
        async with self._database.read() as session:
            head = await session.scalar(select(FactRow.value).where(FactRow.name == HEAD))
            cut = await session.scalar(select(AuditCutRow).order_by(AuditCutRow.seq.desc()).limit(1))
        check = _Check(cut.seq if cut else 0, cut.hash if cut else START, str(head), noted)
        while rows := await self._from(check.seq):
            for row in rows:
                check.take(row)
            if check.seq >= check.head_seq:
                break
        return check.verdict(f"{cut.seq}:{cut.hash}" if cut else None)

    async def _from(self, seq: int) -> Sequence[AuditRow]:
        async with self._database.read() as session:
            query = select(AuditRow).where(AuditRow.seq > seq).order_by(AuditRow.seq).limit(PAGE)
            return list(await session.scalars(query))


class _Check:
    """One walk along the chain."""

    def __init__(self, seq: int, previous: str, head: str, noted: str | None) -> None:
        self.seq, self._previous, self._head, self._noted = seq, previous, head, noted
        self._first, self._count = seq + 1, 0
        number = head.partition(":")[0]
        self.head_seq = int(number) if number.isdigit() else 0
        self._faults: list[str] = []
        self._cuts: set[str] = set()
        self._noted_seen = noted is None or noted == f"{seq}:{previous}"

    def take(self, row: AuditRow) -> None:
        """The next row."""
        if row.seq > self.head_seq:
            return  # written while we look
        fields = {name: getattr(row, name) for name in (*HASHED, "previous")}
        fields["at"] = row.at.astimezone(UTC)
        if row.seq != self.seq + 1:
            self._fault(f"entries {self.seq + 1} to {row.seq - 1} are missing")
        elif row.previous != self._previous:
            self._fault(f"entry {row.seq} does not follow the one before it")
        if _hash(fields) != row.hash:
            self._fault(f"entry {row.seq} was changed")
        if row.action == Action.CUT:
            self._cuts.add(row.target or "")
        self._noted_seen |= self._noted == f"{row.seq}:{row.hash}"
        self.seq, self._previous = row.seq, row.hash
        self._count += 1

    def _fault(self, text: str) -> None:
        if len(self._faults) < 20:
            self._faults.append(text)

    def verdict(self, cut: str | None) -> Verdict:
        """After the last row."""
        here = f"{self.seq}:{self._previous}"
        if self._head != here:
            self._fault(f"entries after {self.seq} are missing: the head says {self._head.partition(':')[0]}")
        if cut is not None and cut not in self._cuts:
            self._fault("entries were deleted, and no entry tells of that cut")
        if not self._noted_seen:
            self._fault("the noted head is not in this chain")
        return Verdict(self._count, self._first, here, self._faults)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
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
        open_to_all = or_(AuditRow.conversation_id.is_(None), AuditRow.conversation_id.not_in(wanted.hidden))
        found.append(or_(open_to_all, AuditRow.supervisor == wanted.seer))
    return found


_AGENT = (AuditRow.agent, AuditRow.agent_name, AuditRow.extension)
