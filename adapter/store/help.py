"""Requests for help in the database: first come is first served by it, whichever adapter somebody asked."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import SYSTEM, Action, By
from adapter.core.call import Agent
from adapter.core.clock import Clock
from adapter.core.help import NOT_BEGUN, HelpRequest, HelpState
from adapter.core.help_views import help_entry, help_event
from adapter.core.monitor import Supervisor
from adapter.core.record import EventType
from adapter.errors import AlreadyTaken, NotFound
from adapter.store.audit import append, take_chain
from adapter.store.coaching_tables import HelpRow
from adapter.store.database import Database, put_fact
from adapter.store.outbox import add as add_events
from adapter.store.retention import held_against
from adapter.store.tables import FactRow

VERSION = "help_version"
FEW = 100
"""Requests that may be deleted for their age at once, however few there are."""


class Help:
    """All requests. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def version(self) -> str:
        """A mark that is another after every change, whoever made it."""
        async with self._database.read() as session:
            fact = await session.get(FactRow, VERSION)
            return fact.value if fact else ""

    async def running(self) -> Sequence[HelpRequest]:
        """Those that are not closed, oldest first."""
        query = select(HelpRow).where(HelpRow.state != HelpState.CLOSED.value).order_by(HelpRow.created_at, HelpRow.id)
        async with self._database.read() as session:
            return [request_of(row) for row in await session.scalars(query)]

    async def ask(self, new: HelpRequest, by: By) -> tuple[HelpRequest, bool]:
        """A new request, unless there is one for this call. Returns it, and whether anything is new.

        One that was taken is open again: what became of whoever took it must not be told.
        """
        async with self._database.work() as session:
            await take_chain(session)
            running = select(HelpRow).where(HelpRow.call_id == new.call_id, HelpRow.state != HelpState.CLOSED.value)
            row = await session.scalar(running)
            if row is not None and row.state == HelpState.OPEN.value:
                return request_of(row), False
            if row is None:
                row = _row(new)
                session.add(row)
            else:
                _open(row)
            request = request_of(row)
            await self._tell(session, Action.HELP_REQUESTED, EventType.HELP_REQUESTED, request, by)
            return request, True

    async def take(self, help_id: str, supervisor: Supervisor, monitor_id: str, by: By) -> HelpRequest:
        """Be the first. Raises AlreadyTaken, NotFound."""
        now = self._clock.now()
        async with self._database.work() as session:
            await take_chain(session)
            mine = (
                update(HelpRow)
                .where(HelpRow.id == help_id, HelpRow.state == HelpState.OPEN.value)
                .values(
                    state=HelpState.TAKEN.value,
                    taken_at=now,
                    taken_by_id=supervisor.user_id,
                    taken_by_name=supervisor.name,
                    monitor_id=monitor_id,
                )
            )
            done = await session.execute(mine)
            row = await session.get(HelpRow, help_id, populate_existing=True)
            if row is None or row.state == HelpState.CLOSED.value:
                raise NotFound("There is no such request for help any more.")
            if not done.rowcount:  # type: ignore[attr-defined]
                raise AlreadyTaken(f"{row.taken_by_name} was faster.")
            request = replace(request_of(row), taken_by=supervisor)
            await self._tell(session, Action.HELP_TAKEN, EventType.HELP_TAKEN, request, by)
            return request

    async def give_back(self, help_id: str, monitor_id: str) -> HelpRequest | None:
        """That monitor could not begin: it is open again, if nobody else has it by now. Returns it, if it is there."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(HelpRow, help_id)
            if row is None or row.state == HelpState.CLOSED.value:
                return None
            if row.state == HelpState.TAKEN.value and row.monitor_id == monitor_id:
                _open(row)
                request = request_of(row)
                await self._tell(session, Action.HELP_REQUESTED, EventType.HELP_REQUESTED, request, SYSTEM, NOT_BEGUN)
                return request
            return request_of(row)

    async def close(self, help_id: str, by: By, reason: str | None = None) -> HelpRequest | None:
        """It is over. Returns it; None where it was over before."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(HelpRow, help_id)
            if row is None or row.state == HelpState.CLOSED.value:
                return None
            row.state, row.closed_at = HelpState.CLOSED.value, self._clock.now()
            request = request_of(row)
            await self._tell(session, Action.HELP_CLOSED, EventType.HELP_CLOSED, request, by, reason)
            return request

    async def sweep(self, keep: timedelta, share: float, *clocks: datetime) -> int:
        """Delete closed ones that are older than `keep`, by the earliest of these clocks and the newest request: at
        most this share of all at once, the oldest first. Returns how many."""
        async with self._database.work() as session:
            newest = await session.scalar(select(func.max(HelpRow.created_at)))
            if newest is None:
                return 0
            most = max(FEW, math.ceil(share * (await session.scalar(select(func.count()).select_from(HelpRow)) or 0)))
            old = select(HelpRow.id).where(
                HelpRow.state == HelpState.CLOSED.value, HelpRow.closed_at < held_against(keep, newest, *clocks)
            )
            done = await session.execute(
                delete(HelpRow).where(HelpRow.id.in_(old.order_by(HelpRow.closed_at).limit(most)))
            )
            return int(done.rowcount)  # type: ignore[attr-defined]

    async def _tell(
        self,
        session: AsyncSession,
        action: Action,
        kind: EventType,
        request: HelpRequest,
        by: By,
        reason: str | None = None,
    ) -> None:
        now: datetime = self._clock.now()
        await append(session, [help_entry(action, request, by, now, reason)], request.pbx)
        await session.run_sync(add_events, [help_event(kind, request, by, now)], [uuid.uuid4().hex], now)
        await session.run_sync(put_fact, VERSION, uuid.uuid4().hex)


def _open(row: HelpRow) -> None:
    row.state = HelpState.OPEN.value
    row.taken_at = row.taken_by_id = row.taken_by_name = row.monitor_id = None


def _row(request: HelpRequest) -> HelpRow:
    return HelpRow(
        id=request.id,
        pbx=request.pbx,
        call_id=request.call_id,
        conversation_id=request.conversation_id,
        agent_id=request.agent.user_id,
        agent=request.agent_username[:100],
        agent_name=request.agent.name[:100],
        extension=request.agent.extension[:100],
        customer=request.customer[:100],
        note=request.note,
        state=request.state.value,
        created_at=request.created_at,
    )


def request_of(row: HelpRow) -> HelpRequest:
    """A request as it is kept."""
    taken_by = Supervisor(row.taken_by_id, row.taken_by_name or "") if row.taken_by_id else None
    return HelpRequest(
        id=row.id,
        pbx=row.pbx,
        call_id=row.call_id,
        conversation_id=row.conversation_id,
        agent=Agent(row.agent_id, row.agent_name, row.extension, ""),
        agent_username=row.agent,
        customer=row.customer,
        note=row.note,
        state=HelpState(row.state),
        created_at=row.created_at,
        taken_at=row.taken_at,
        taken_by=taken_by,
        monitor_id=row.monitor_id,
        closed_at=row.closed_at,
    )
