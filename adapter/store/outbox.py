"""The outbox: events that programs are to be told of, and what became of each for each hook.

A delivery is `waiting` behind an earlier one of its call, `due`, and at last `delivered` or `failed`. So the order
within a call lives in the database and outlasts any death, and what is due is found without looking at the rest.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapter.core.record import PING, HookEvent
from adapter.core.views import time_view
from adapter.errors import NotFound
from adapter.store.database import Database, lock, take_turn
from adapter.store.fit import Fit, plain
from adapter.store.tables import Counter, DeliveryRow, EventRow, UtcTime, table_of

OUTBOX = "outbox"
"""The fact that those who write here lock: a delivery that ends and one that begins must see each other."""
WAITING, DUE, DELIVERED, FAILED = "waiting", "due", "delivered", "failed"
PENDING = (WAITING, DUE)
GIVEN_UP_AT_ONCE = 500
"""Deliveries that are marked failed in one transaction."""
KEPT_ANSWER = 1000
"""Characters of a receiver's answer that are kept."""

FAN_OUT = text(
    """
    INSERT INTO deliveries (hook_id, seq, lane, state, next_at, attempts)
    SELECT n.hook_id, n.seq, n.lane,
      CASE WHEN n.place = 1 AND NOT EXISTS (
        SELECT 1 FROM deliveries d WHERE d.hook_id = n.hook_id AND d.lane = n.lane AND d.state IN ('due', 'waiting')
      ) THEN 'due' ELSE 'waiting' END,
      :at, 0
    FROM (
      SELECT w.id AS hook_id, e.seq AS seq, e.lane AS lane,
        row_number() OVER (PARTITION BY w.id, e.lane ORDER BY e.seq) AS place
      FROM events e JOIN webhooks w ON w.enabled AND w.events LIKE '%,' || e.type || ',%'
      WHERE e.seq > :last
    ) n
    """
).bindparams(bindparam("at", type_=UtcTime), bindparam("last", type_=Counter))
"""One delivery for each new event and each hook that wants it; the first of its call is due."""
PROMOTE = text(
    """
    UPDATE deliveries SET state = 'due', next_at = :at
    WHERE hook_id = :hook AND lane = :lane AND state = 'waiting'
      AND seq = (SELECT min(seq) FROM deliveries WHERE hook_id = :hook AND lane = :lane AND state = 'waiting')
      AND NOT EXISTS (SELECT 1 FROM deliveries WHERE hook_id = :hook AND lane = :lane AND state = 'due')
    """
).bindparams(bindparam("at", type_=UtcTime))


NOTE = (
    update(DeliveryRow)
    .where(DeliveryRow.hook_id == bindparam("hook"), DeliveryRow.seq == bindparam("number"))
    .values(
        {
            name: bindparam(name)
            for name in ("state", "next_at", "attempts", "first_try_at", "last_try_at", "status", "answer")
        }
    )
)


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
    first_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `again_at`: when to try again; None when it is settled."""

    due: Due
    at: datetime
    delivered: bool
    status: int | None
    answer: str
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits for one hook. `oldest`: when the oldest of it happened."""

    hook_id: str
    count: int
    oldest: datetime | None


def add(session: Session, events: Sequence[HookEvent], ids: Sequence[str], now: datetime) -> None:
    """Add events and their deliveries in their order, as part of a transaction."""
    if not events:
        return
    take_turn(session, OUTBOX)
    connection = session.connection()
    last = connection.scalar(_LAST)
    rows = [_FIT(_row(event, event_id)) for event, event_id in zip(events, ids, strict=True)]
    connection.execute(_ADD, rows)
    connection.execute(FAN_OUT, {"last": last or 0, "at": now})


_ADD = insert(table_of(EventRow))
_LAST = select(func.max(EventRow.seq))
_FIT = Fit(EventRow)


def _row(event: HookEvent, event_id: str) -> dict[str, object]:
    body = {"type": event.type.value, "timestamp": time_view(event.at), "data": event.data}
    return {
        "id": event_id,
        "at": event.at,
        "type": event.type.value,
        "lane": event.call_id,
        "conversation_id": event.conversation_id,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }


class Outbox:
    """Deliveries. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, hook_id: str, now: datetime, limit: int, besides: Sequence[int] = ()) -> list[Due]:
        """Deliveries to be tried now, the longest due first. `besides`: those that are being tried."""
        query = (
            select(DeliveryRow, EventRow)
            .join(EventRow, EventRow.seq == DeliveryRow.seq)
            .where(DeliveryRow.hook_id == hook_id, DeliveryRow.state == DUE, DeliveryRow.next_at <= now)
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
            take_turn(session, OUTBOX)
            connection = session.connection()
            connection.execute(NOTE, [_values(outcome) for outcome in outcomes])
            settled = [outcome for outcome in outcomes if outcome.again_at is None]
            if settled:
                lanes = [{"hook": o.due.hook_id, "lane": o.due.lane, "at": o.at} for o in settled]
                connection.execute(PROMOTE, lanes)

        await self._database.run(note)

    async def give_up(self, hook_id: str, older: datetime, now: datetime) -> int:
        """Of what happened before `older`, some have failed for good. Returns how many; 0 when none is left."""
        query = (
            select(DeliveryRow.seq, DeliveryRow.lane)
            .join(EventRow, EventRow.seq == DeliveryRow.seq)
            .where(DeliveryRow.hook_id == hook_id, DeliveryRow.state.in_(PENDING), EventRow.at < older)
            .order_by(DeliveryRow.seq)
            .limit(GIVEN_UP_AT_ONCE)
        )
        async with self._database.work() as session:
            await lock(session, OUTBOX)
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
                    raise NotFound("This cursor is unknown, or its delivery is too old. Begin again without one.")
                query = query.where(DeliveryRow.seq < last)
            return list(await session.execute(query))

    async def again(
        self, hook_id: str, event_id: str, now: datetime, hidden: Sequence[str]
    ) -> tuple[DeliveryRow, EventRow]:
        """Try this delivery once more, whatever became of it. Raises NotFound."""
        async with self._database.work() as session:
            await lock(session, OUTBOX)
            found = (await session.execute(_of(hook_id, hidden).where(EventRow.id == event_id))).first()
            if found is None:
                raise NotFound("There is no such delivery, or none that you may see.")
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

    async def sweep(self, before: datetime) -> int:
        """Delete settled events that are older; what is still to be delivered stays. Returns how many."""
        pending = select(DeliveryRow.seq).where(DeliveryRow.state.in_(PENDING))
        async with self._database.work() as session:
            await lock(session, OUTBOX)  # or what is to be sent again meanwhile would be swept away
            done = await session.execute(delete(EventRow).where(EventRow.at < before, EventRow.seq.not_in(pending)))
            return int(done.rowcount)  # type: ignore[attr-defined]


def _values(outcome: Outcome) -> dict[str, object]:
    due, settled = outcome.due, outcome.again_at is None
    return {
        "hook": due.hook_id,
        "number": due.seq,
        "state": DUE if not settled else DELIVERED if outcome.delivered else FAILED,
        "next_at": outcome.again_at or outcome.at,
        "attempts": due.attempts + 1,
        "first_try_at": due.first_try_at or outcome.at,
        "last_try_at": outcome.at,
        "status": outcome.status,
        "answer": plain(outcome.answer)[:KEPT_ANSWER],
    }


def _of(hook_id: str, hidden: Sequence[str]) -> Select[DeliveryRow, EventRow]:
    query = select(DeliveryRow, EventRow).join(EventRow, EventRow.seq == DeliveryRow.seq)
    shown = or_(EventRow.type.not_like("monitor.%"), EventRow.conversation_id.not_in(hidden))
    return query.where(DeliveryRow.hook_id == hook_id, shown)


def _due(delivery: DeliveryRow, event: EventRow) -> Due:
    return Due(
        hook_id=delivery.hook_id,
        seq=delivery.seq,
        lane=delivery.lane,
        event_id=event.id,
        body=event.body,
        attempts=delivery.attempts,
        created_at=event.at,
        first_try_at=delivery.first_try_at,
    )
