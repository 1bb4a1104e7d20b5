"""Members and owners: which process looks after which PBX. Every change compares with what was seen before.

A take-over and a renewal wait for each other at the old owner's row of `members`; what an owner writes and a take-over
wait for each other at the row of `owners`, which renewals don't touch.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from adapter.core.ownership import Cluster, Member, Owner, Process, Term
from adapter.errors import StoreUnavailable
from adapter.store import standing
from adapter.store.database import Database
from adapter.store.owner_tables import MemberRow, OwnerRow
from adapter.store.prepared import Prepared

ALL = """
SELECT o.pbx, o.member, o.term, o.token, o.since, m.id, m.host, m.pid, m.boot, m.namespace, m.started, m.version,
  m.started_at, m.beat, m.seen_at
FROM owners o FULL JOIN members m ON m.id = o.member
"""
"""Both tables as of one moment."""
RENEWED = "UPDATE members SET beat = beat + 1, seen_at = $2 WHERE id = $1"


class LostRace(Exception):
    """Somebody was faster."""


class Owners:
    """The leases. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self) -> Cluster:
        """What there is now."""
        if (rows := await self._database.ask(ALL)) is not None:
            return _cluster(rows)
        async with self._database.read() as session:
            return await _read(session)

    async def take(
        self, member: Member, pbxes: Sequence[str], seen: Cluster, at: datetime
    ) -> Mapping[str, Term] | None:
        """Take all of these PBXes, where nothing has changed since it was `seen`; None, and nothing, otherwise.

        A member that owned one of them and lives all the same learns of it at its next renewal.
        """
        try:
            async with self._database.work() as session:
                await _be_impatient(session)
                return await _take(session, member, pbxes, seen, at)
        except (LostRace, IntegrityError):
            return None

    async def renew(self, member: str, at: datetime) -> Cluster:
        """Say that this member lives, and return what there is after that."""
        if await self._database.ask(RENEWED, member, at, writes=True) is not None:
            return await self.look()
        async with self._database.work() as session:
            await _be_impatient(session)
            alive = update(MemberRow).where(MemberRow.id == member).values(beat=MemberRow.beat + 1, seen_at=at)
            await session.execute(alive)
            return await _read(session)

    async def join(self, member: Member, at: datetime) -> None:
        """This member is there, and may own something."""
        try:
            async with self._database.work() as session:
                if await session.get(MemberRow, member.id) is None:
                    await session.execute(insert(MemberRow).values(_row(member, at)))
        except IntegrityError:  # it was there already: an earlier answer was lost
            return

    async def forget(self, member: str, beat: int) -> None:
        """This member is there no more, unless it has renewed since or owns something."""
        owning = select(OwnerRow.member).where(OwnerRow.member.is_not(None))
        gone = (MemberRow.id == member, MemberRow.beat == beat, MemberRow.id.not_in(owning))
        async with self._database.work() as session:
            await _be_impatient(session)
            await session.execute(delete(MemberRow).where(*gone))

    async def release(self, member: str) -> None:
        """This member stops: what it owns is free at once."""
        async with self._database.work() as session:
            await _be_impatient(session)
            await session.execute(delete(MemberRow).where(MemberRow.id == member))
            await session.execute(update(OwnerRow).where(OwnerRow.member == member).values(member=None))


def need_terms(session: Session, terms: Mapping[str, Term]) -> None:
    """The last thing in an owner's transaction: nothing of it stays where a newer term has begun.

    From here to the commit nobody takes over. Raises StoreUnavailable.
    """
    if not terms:
        return
    for pbx in sorted(terms):
        row = _TERM.one(session, {"pbx": pbx})
        if row is None or Term(*row) != terms[pbx]:
            raise StoreUnavailable("Another adapter may look after this PBX now, so this is not recorded.")


_TERM = Prepared(
    select(OwnerRow.term, OwnerRow.token).where(OwnerRow.pbx == bindparam("pbx")).with_for_update(read=True)
)


async def _be_impatient(session: AsyncSession) -> None:
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SET LOCAL lock_timeout = '{standing.LOCK_TIMEOUT}'"))


async def _read(session: AsyncSession) -> Cluster:
    owners = {row.pbx: _owner(row) for row in await session.scalars(select(OwnerRow))}
    members = {row.id: _member(row) for row in await session.scalars(select(MemberRow))}
    return Cluster(members, owners)


async def _take(
    session: AsyncSession, member: Member, pbxes: Sequence[str], seen: Cluster, at: datetime
) -> Mapping[str, Term]:
    former = {owner.member for pbx in pbxes if (owner := seen.owners.get(pbx)) and owner.member}
    for old in sorted(former):
        await _need_beat(session, old, seen.members.get(old))
    if member.id not in former and member.id not in seen.members:
        await session.execute(insert(MemberRow).values(_row(member, at)))
    terms = {}
    for pbx in sorted(pbxes):
        before = seen.owners.get(pbx)
        term = terms[pbx] = Term(before.term.number + 1 if before else 1, secrets.token_hex(16))
        values = {"member": member.id, "term": term.number, "token": term.token, "since": at}
        if before is None:
            await session.execute(insert(OwnerRow).values(pbx=pbx, **values))
            continue
        same = (OwnerRow.pbx == pbx, OwnerRow.term == before.term.number, OwnerRow.token == before.term.token)
        if (await session.execute(update(OwnerRow).where(*same).values(values))).rowcount != 1:  # type: ignore[attr-defined]
            raise LostRace
    still = select(OwnerRow.member).where(OwnerRow.member.is_not(None))
    idle = (MemberRow.id.in_(former - {member.id}), MemberRow.id.not_in(still))
    await session.execute(delete(MemberRow).where(*idle))
    return terms


async def _need_beat(session: AsyncSession, member: str, seen: Member | None) -> None:
    """Hold the old owner's renewals off, then look: it may have renewed since. Writing first, as `database.lock`."""
    await session.execute(update(MemberRow).where(MemberRow.id == member).values(beat=MemberRow.beat))
    beat = await session.scalar(select(MemberRow.beat).where(MemberRow.id == member))
    if beat != (seen.beat if seen else None):
        raise LostRace


def _cluster(rows: Sequence[Any]) -> Cluster:
    """Rows of `ALL`."""
    members: dict[str, Member] = {}
    owners: dict[str, Owner] = {}
    for pbx, owner, term, token, since, member, *more in rows:
        if pbx is not None:
            owners[pbx] = Owner(pbx, owner, Term(term, token), since)
        if member is not None and member not in members:
            host, pid, boot, namespace, started, version, started_at, beat, seen_at = more
            process = Process(host, pid, boot, namespace, started)
            members[member] = Member(member, process, version, started_at, beat, seen_at)
    return Cluster(members, owners)


def _row(member: Member, at: datetime) -> dict[str, object]:
    process = member.process
    return {
        "id": member.id,
        "host": process.host[:100],
        "pid": process.pid,
        "boot": process.boot[:64],
        "namespace": process.namespace[:64],
        "started": process.started,
        "version": member.version[:32],
        "started_at": member.started_at,
        "beat": member.beat,
        "seen_at": at,
    }


def _member(row: MemberRow) -> Member:
    process = Process(row.host, row.pid, row.boot, row.namespace, row.started)
    return Member(row.id, process, row.version, row.started_at, row.beat, row.seen_at)


def _owner(row: OwnerRow) -> Owner:
    return Owner(row.pbx, row.member, Term(row.term, row.token), row.since)
