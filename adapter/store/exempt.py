"""What is exempt from monitoring, in the database. Every change leaves a new mark, so that all adapters notice it."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import CHAIN, Action, By, Entry, Subject
from adapter.core.clock import Clock
from adapter.core.record import EventType, HookEvent
from adapter.core.unmonitored import Exempt, ExemptCall
from adapter.store.audit import append, take_chain
from adapter.store.coaching_tables import ExemptCallRow, ExemptNumberRow, ExemptPersonRow
from adapter.store.database import Database, put_fact
from adapter.store.outbox import add as add_events
from adapter.store.tables import FactRow, UserRow

VERSION = "exempt_version"
LANE = "do not monitor"
"""Of events of no call: each has a lane of its own that begins so."""


class ExemptStore:
    """Numbers, people and calls. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def version(self) -> str:
        """A mark that is another after every change, whoever made it."""
        async with self._database.read() as session:
            fact = await session.get(FactRow, VERSION)
            return fact.value if fact else ""

    async def load(self) -> tuple[Exempt, Mapping[str, ExemptCall]]:
        """All of it; calls by their conversation."""
        async with self._database.read() as session:
            calls = await session.scalars(select(ExemptCallRow))
            kept = {row.conversation_id: _call(row) for row in calls}
            return await _exempt(session), kept

    async def put(self, numbers: Iterable[str], people: Iterable[str], by: By) -> Exempt:
        """Replace all numbers and people (ids of users; those who have no account are left out)."""
        async with self._database.work() as session:
            await take_chain(session)
            before = await _exempt(session)
            names = {row.id: row.username for row in await session.scalars(select(UserRow))}
            after = Exempt(tuple(dict.fromkeys(numbers)), tuple(one for one in dict.fromkeys(people) if one in names))
            await session.execute(delete(ExemptNumberRow))
            await session.execute(delete(ExemptPersonRow))
            if after.numbers:
                rows = [{"number": one, "position": place} for place, one in enumerate(after.numbers)]
                await session.execute(insert(ExemptNumberRow), rows)
            if after.people:
                rows = [{"user_id": one, "position": place} for place, one in enumerate(after.people)]
                await session.execute(insert(ExemptPersonRow), rows)
            if after != before:
                told = _difference(before, after, names)
                data: dict[str, object] = {"numbers": list(after.numbers), "user_ids": list(after.people)}
                await self._changed(session, Entry(at=self._clock.now(), by=by, action=CHANGED, reason=told), data)
            return after

    async def put_call(self, call: ExemptCall, subject: Subject, by: By, *, exempt: bool) -> None:
        """Exempt a conversation, or no longer; again is no change."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(ExemptCallRow, call.conversation_id)
            if (row is not None) is exempt:
                return
            if row is not None:
                await session.delete(row)
            else:
                session.add(
                    ExemptCallRow(conversation_id=call.conversation_id, call_id=call.call_id, pbx=call.pbx, at=call.at)
                )
            entry = Entry(
                at=call.at,
                by=by,
                action=CHANGED,
                reason="this call, +" if exempt else "this call, -",
                call_id=call.call_id,
                subject=subject,
            )
            await self._changed(session, entry, {"call_id": call.call_id, "monitorable": not exempt}, call.pbx)

    async def over(self, conversations: Collection[str]) -> None:
        """These are over: what was said of them means nothing any more."""
        async with self._database.work() as session:
            await session.execute(delete(ExemptCallRow).where(ExemptCallRow.conversation_id.in_(list(conversations))))

    async def _changed(self, session: AsyncSession, entry: Entry, data: dict[str, object], chain: str = CHAIN) -> None:
        await append(session, [entry], chain)
        lane = entry.call_id or f"{LANE} {uuid.uuid4().hex}"
        event = HookEvent(entry.at, EventType.DO_NOT_MONITOR_CHANGED, lane, "", {**data, "by": entry.by.actor})
        await session.run_sync(add_events, [event], [uuid.uuid4().hex], entry.at)
        await session.run_sync(put_fact, VERSION, uuid.uuid4().hex)


CHANGED = Action.DO_NOT_MONITOR_CHANGED


async def _exempt(session: AsyncSession) -> Exempt:
    numbers = await session.scalars(select(ExemptNumberRow.number).order_by(ExemptNumberRow.position))
    people = await session.scalars(select(ExemptPersonRow.user_id).order_by(ExemptPersonRow.position))
    return Exempt(tuple(numbers), tuple(people))


def _call(row: ExemptCallRow) -> ExemptCall:
    at: datetime = row.at
    return ExemptCall(row.conversation_id, row.call_id, row.pbx, at)


def _difference(before: Exempt, after: Exempt, names: Mapping[str, str]) -> str:
    """What was added and taken away, in one line."""
    told = [f"added {one}" for one in after.numbers if one not in before.whole]
    told += [f"added {names[one]}" for one in after.people if one not in before.users]
    told += [f"removed {one}" for one in before.numbers if one not in after.whole]
    told += [f"removed {names.get(one, one)}" for one in before.people if one not in after.users]
    return "; ".join(told) or "another order"
