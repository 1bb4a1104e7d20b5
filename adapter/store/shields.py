"""Shields in the database: what holds when an adapter starts, and how long an agent had monitoring paused today."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from adapter.core.audit import By, Subject, read_way
from adapter.core.shield import Shield, day_of, used
from adapter.store.database import Database
from adapter.store.fit import Fit
from adapter.store.prepared import insert_or_replace
from adapter.store.shield_tables import ShieldRow
from adapter.store.tables import table_of
from adapter.store.team_rows import MEMBER
from adapter.store.team_tables import TeamPersonRow, TeamRow

KEPT = timedelta(days=2)
"""For how long an ended one is kept: the total of a day counts, and the audit has it anyway."""


class ShieldStore:
    """Reads them. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unfinished(self) -> Sequence[Shield]:
        """Those that had not ended."""
        async with self._database.read() as session:
            rows = await session.scalars(select(ShieldRow).where(ShieldRow.ended_at.is_(None)))
            return [shield_of(row) for row in rows]

    async def left_today(self, agent_id: str, now: datetime) -> int | None:
        """Seconds that this agent may still have monitoring paused today; None: no team of theirs bounds it."""
        async with self._database.read() as session:
            bound = await session.scalar(
                select(func.min(TeamRow.shield_seconds))
                .join(TeamPersonRow, TeamPersonRow.team_id == TeamRow.id)
                .where(TeamPersonRow.user_id == agent_id, TeamPersonRow.part == MEMBER)
            )
            if bound is None:
                return None
            rows = await session.execute(
                select(ShieldRow.began, ShieldRow.until, ShieldRow.ended_at).where(
                    ShieldRow.agent_id == agent_id,
                    ShieldRow.own,
                    (ShieldRow.ended_at.is_(None)) | (ShieldRow.ended_at >= day_of(now)),
                )
            )
            taken = used(((began, min(until, ended or until)) for began, until, ended in rows), now)
            return max(0, bound - round(taken.total_seconds()))

    async def forget(self, now: datetime) -> None:
        """Delete what ended long ago."""
        async with self._database.work() as session:
            await session.execute(delete(ShieldRow).where(ShieldRow.ended_at < now - KEPT))


def put(session: Session, *shields: Shield) -> None:
    """Insert or replace the rows, as part of a transaction."""
    if shields:
        _PUT.run(session, [_FIT(_columns(shield)) for shield in shields])


_PUT = insert_or_replace(table_of(ShieldRow))
_FIT = Fit(ShieldRow)


def _columns(shield: Shield) -> dict[str, object]:
    return {
        "id": shield.id,
        "pbx": shield.pbx,
        "conversation_id": shield.conversation_id,
        "call_id": shield.call_id,
        "holder": shield.holder,
        "actor": shield.by.actor,
        "way": shield.by.way,
        "began": shield.began,
        "until": shield.until,
        "ended_at": shield.ended_at,
        "agent_id": shield.agent_id,
        "own": shield.own,
        "agent": shield.subject.agent,
        "agent_name": shield.subject.agent_name,
        "extension": shield.subject.extension,
        "customer": shield.subject.customer,
        "reason": shield.reason,
        "first": shield.first,
    }


def shield_of(row: ShieldRow) -> Shield:
    """As it was kept."""
    via, detail = read_way(row.way)
    return Shield(
        id=row.id,
        pbx=row.pbx,
        conversation_id=row.conversation_id,
        call_id=row.call_id,
        holder=row.holder,
        by=By(row.actor, via, detail=detail),
        began=row.began,
        until=row.until,
        ended_at=row.ended_at,
        agent_id=row.agent_id,
        own=row.own,
        subject=Subject(row.agent, row.agent_name, row.extension, row.customer),
        reason=row.reason,
        first=row.first,
    )
