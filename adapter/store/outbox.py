"""The outbox: events that programs are to be told of, and what became of each for each hook.

A delivery is `waiting` behind an earlier one of its call, `due`, and at last `delivered` or `failed`. So the order
within a call lives in the database and outlasts any death, and what is due is found without looking at the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapter.core.record import PING, EventType
from adapter.errors import NotFound
from adapter.store.database import Database, put_fact
from adapter.store.events import OUTBOX as OUTBOX
from adapter.store.events import add as add
from adapter.store.fit import plain
from adapter.store.locks import alone, together
from adapter.store.outbox_sql import NOTE, PROMOTE, shown
from adapter.store.tables import DeliveryRow, EventRow, FactRow

WAITING, DUE, DELIVERED, FAILED = "waiting", "due", "delivered", "failed"
PENDING = (WAITING, DUE)
GIVEN_UP_AT_ONCE = 500
"""Deliveries that are marked failed in one transaction."""
MARKS = "outbox_marks"
KEPT_ANSWER = 1000
"""Characters of a receiver's answer that are kept."""


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery to be tried."""

    hook_id: str
    seq: int
    lane: str
    event_id: str
    body: str
    attempts: int
    """Tries so far."""
    created_at: datetime
    tried_for: timedelta = timedelta()
    """From the first try to the last one: time that passed, whatever became of the wall clock (`Outcome.tried_for`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `again_at`: when to try again; None when it is settled.

    `tried_for`: how long it has been tried, in time that only passes. It is kept as the distance between the times of
    the first and the last try, so that it outlasts us and a clock that is set.
    """

    due: Due
    at: datetime
    delivered: bool
    status: int | None
    answer: str
    again_at: datetime | None = None
    tried_for: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits for one hook. `oldest`: when the oldest of it happened."""

    hook_id: str
    count: int
    oldest: datetime | None


class Outbox:
    """Deliveries. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, hook_id: str, now: datetime, limit: int, besides: Sequence[int] = ()) -> list[Due]:
        """Deliveries to be tried now, the longest due first. `besides`: those that are being tried.

        What was never tried is due, and so is what was last tried in the future: somebody set the clock back, and to
        wait for it to come to `next_at` would be longer than any pause.
        """
        is_due = or_(DeliveryRow.first_try_at.is_(None), DeliveryRow.next_at <= now, DeliveryRow.last_try_at > now)
        query = (
            select(DeliveryRow, EventRow)
            .join(EventRow, EventRow.seq == DeliveryRow.seq)
            .where(DeliveryRow.hook_id == hook_id, DeliveryRow.state == DUE, is_due)
            .where(DeliveryRow.seq.not_in(besides))
            .order_by(DeliveryRow.next_at, DeliveryRow.seq)
            .limit(limit)
        )
        async with self._database.read() as session:
            return [_due(delivery, event) for delivery, event in await session.execute(query)]

    async def next_at(self, hook_id: str, besides: Sequence[int] = ()) -> datetime | None:
        """When the next delivery of this hook is due."""
        query = select(func.min(DeliveryRow.next_at)).where(
            DeliveryRow.hook_id == hook_id, DeliveryRow.state == DUE, DeliveryRow.seq.not_in(besides)
        )
        async with self._database.read() as session:
            found: datetime | None = await session.scalar(query)
            return found

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Note what became of tries; what waited behind a settled one becomes due. Raises StoreRefused."""

        def note(session: Session) -> None:
            together(session, OUTBOX, [outcome.due.lane for outcome in outcomes])
            connection = session.connection()
            connection.execute(NOTE, [_values(outcome) for outcome in outcomes])
            settled = [outcome for outcome in outcomes if outcome.again_at is None]
            if settled:
                lanes = [{"hook": o.due.hook_id, "lane": o.due.lane, "at": o.at} for o in settled]
                connection.execute(PROMOTE, lanes)

        await self._database.run(note)

    async def give_up(self, hook_id: str, through: int, now: datetime) -> int:
        """Of the events up to this number, some have failed for good. Returns how many; 0 when none is left."""
        query = (
            select(DeliveryRow.seq, DeliveryRow.lane)
            .where(DeliveryRow.hook_id == hook_id, DeliveryRow.state.in_(PENDING), DeliveryRow.seq <= through)
            .order_by(DeliveryRow.seq)
            .limit(GIVEN_UP_AT_ONCE)
        )
        async with self._database.work() as session:
            await session.run_sync(alone, OUTBOX)
            rows = (await session.execute(query)).all()
            mine = (DeliveryRow.hook_id == hook_id, DeliveryRow.seq.in_([seq for seq, _ in rows]))
            await session.execute(update(DeliveryRow).where(*mine).values(state=FAILED))
            for lane in {lane for _, lane in rows}:
                await session.execute(PROMOTE, {"hook": hook_id, "lane": lane, "at": now})
            return len(rows)

    async def hasten(self, hook_id: str, now: datetime) -> None:
        """The receiver answers again: everything that is due may be tried now."""
        mine = (DeliveryRow.hook_id == hook_id, DeliveryRow.state == DUE, DeliveryRow.next_at > now)
        async with self._database.work() as session:
            await session.execute(update(DeliveryRow).where(*mine).values(next_at=now))

    async def newest(self) -> int:
        """The number of the newest event; 0 where there is none."""
        async with self._database.read() as session:
            return int(await session.scalar(select(func.max(EventRow.seq))) or 0)

    async def undelivered(self, event_ids: Sequence[str]) -> int:
        """How many deliveries of these events are still to be made."""
        query = select(func.count()).select_from(DeliveryRow).join(EventRow, EventRow.seq == DeliveryRow.seq)
        async with self._database.read() as session:
            pending = query.where(EventRow.id.in_(event_ids), DeliveryRow.state.in_(PENDING))
            return int(await session.scalar(pending) or 0)

    async def marks(self) -> str:
        """What `keep_marks` kept last; empty at first."""
        async with self._database.read() as session:
            return str(await session.scalar(select(FactRow.value).where(FactRow.name == MARKS)) or "")

    async def keep_marks(self, marks: str) -> None:
        """Keep these marks of running time (`adapter.webhooks.ages`)."""
        async with self._database.work() as session:
            await session.run_sync(put_fact, MARKS, marks)

    async def depths(self) -> list[Depth]:
        """How much waits for each hook that anything waits for."""
        pending = DeliveryRow.state.in_(PENDING)
        query = select(DeliveryRow.hook_id, func.count(), func.min(DeliveryRow.seq)).where(pending)
        async with self._database.read() as session:
            found = []
            for hook_id, count, first in await session.execute(query.group_by(DeliveryRow.hook_id)):
                oldest = await session.scalar(select(EventRow.at).where(EventRow.seq == first))
                found.append(Depth(hook_id, count, oldest))
            return found

    # --- for people

    async def page(
        self, hook_id: str, limit: int, after: str | None, hidden: Sequence[str], *, failed_only: bool = False
    ) -> list[tuple[DeliveryRow, EventRow]]:
        """Deliveries of one hook, newest first; `after`: the last event id that was seen.

        `hidden`: conversations of which the asker is not to see any monitoring now. Raises NotFound for an
        unknown `after`.
        """
        query = _of(hook_id, hidden).order_by(DeliveryRow.seq.desc()).limit(limit)
        if failed_only:
            query = query.where(DeliveryRow.state == FAILED)
        async with self._database.read() as session:
            if after is not None:
                last = await session.scalar(select(EventRow.seq).where(EventRow.id == after))
                if last is None:
                    raise NotFound("This cursor is unknown, or its delivery is too old. Start again without one.")
                query = query.where(DeliveryRow.seq < last)
            return list(await session.execute(query))

    async def again(
        self, hook_id: str, event_id: str, now: datetime, hidden: Sequence[str]
    ) -> tuple[DeliveryRow, EventRow]:
        """Try this delivery once more, whatever became of it. Raises NotFound."""
        async with self._database.work() as session:
            await session.run_sync(alone, OUTBOX)
            found = (await session.execute(_of(hook_id, hidden).where(EventRow.id == event_id))).first()
            if found is None:
                raise NotFound("This delivery does not exist, or you may not see it.")
            delivery, _ = found
            if delivery.state != WAITING:
                delivery.state, delivery.first_try_at = DUE, None
            delivery.next_at = now
            return found

    async def tried(self, outcome: Outcome) -> None:
        """Keep a ping, which is tried once, at once. Raises NotFound when the hook was removed meanwhile."""
        due, at = outcome.due, outcome.at
        lane = f"{PING} {due.event_id}"
        event = EventRow(id=due.event_id, at=at, type=PING, lane=lane, conversation_id="", body=due.body)
        try:
            async with self._database.work() as session:
                session.add(event)
                await session.flush()
                delivery = DeliveryRow(
                    hook_id=due.hook_id,
                    seq=event.seq,
                    lane=lane,
                    state=DELIVERED if outcome.delivered else FAILED,
                    next_at=at,
                    attempts=1,
                    first_try_at=at,
                    last_try_at=at,
                    status=outcome.status,
                    answer=plain(outcome.answer)[:KEPT_ANSWER],
                )
                session.add(delivery)
        except IntegrityError:
            raise NotFound("There is no such webhook any more.") from None


def _values(outcome: Outcome) -> dict[str, object]:
    due, settled = outcome.due, outcome.again_at is None
    return {
        "hook": due.hook_id,
        "number": due.seq,
        "state": DUE if not settled else DELIVERED if outcome.delivered else FAILED,
        "next_at": outcome.again_at or outcome.at,
        "attempts": due.attempts + 1,
        "first_try_at": outcome.at - outcome.tried_for,
        "last_try_at": outcome.at,
        "status": outcome.status,
        "answer": plain(outcome.answer)[:KEPT_ANSWER],
    }


def _of(hook_id: str, hidden: Sequence[str]) -> Select[DeliveryRow, EventRow]:
    query = select(DeliveryRow, EventRow).join(EventRow, EventRow.seq == DeliveryRow.seq)
    # The end of a call may wait behind what is told of its monitors; its beginning never does.
    first = EventRow.type.in_((EventType.CALL_STARTED.value, EventType.CALL_ANSWERED.value))
    return query.where(DeliveryRow.hook_id == hook_id, or_(first, and_(*shown(hidden))))


def _due(delivery: DeliveryRow, event: EventRow) -> Due:
    return Due(
        hook_id=delivery.hook_id,
        seq=delivery.seq,
        lane=delivery.lane,
        event_id=event.id,
        body=event.body,
        attempts=delivery.attempts,
        created_at=event.at,
        tried_for=_between(delivery.first_try_at, delivery.last_try_at),
    )


def _between(first: datetime | None, last: datetime | None) -> timedelta:
    return max(timedelta(), last - first) if first and last else timedelta()
