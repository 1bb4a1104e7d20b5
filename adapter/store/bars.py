"""Who is barred from which conversation, as kept over a restart; and hooks that hear of monitors only afterwards."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from adapter.core.bars import FOLLOW, Bar, BarChanges, Kind, Making
from adapter.core.shared_bars import SharedBars
from adapter.store.outbox import PENDING
from adapter.store.outbox_sql import FOLLOW_ID, OF_MONITORING, PROMOTE, RELEASE
from adapter.store.tables import BarRow, DeliveryRow, EventRow, HookBarRow, MakingRow

_BAR: TypeAdapter[Bar] = TypeAdapter(Bar)


def changes_hooks(change: BarChanges) -> bool:
    """Whether it changes what hooks hear: for that the outbox must be held alone, from before anything is added."""
    return bool(change.hooks or change.released)


def put(session: Session, change: BarChanges, at: datetime) -> None:
    """Write what changed, as part of a transaction, before the events that happened with it; see `changes_hooks`."""
    if change.bars:
        session.execute(delete(BarRow).where(BarRow.id.in_(list(change.bars))))
    kept = [{"id": key, "data": _BAR.dump_json(bar).decode()} for key, bar in change.bars.items() if bar]
    if kept:
        session.execute(insert(BarRow), kept)
    if change.forget:
        session.execute(delete(MakingRow).where(MakingRow.number < change.forget))
    made = [making for making in change.makings if making.number >= change.forget]
    if made:
        rows = [{**making._asdict(), "makers": " ".join(sorted(making.makers)), "kind": making.kind} for making in made]
        session.execute(delete(MakingRow).where(MakingRow.number.in_([making.number for making in made])))
        session.execute(insert(MakingRow), rows)
    if change.hooks:
        for hook, conversation in sorted(change.hooks):
            seq = _take_back(session, hook, conversation, at)
            session.merge(HookBarRow(hook_id=hook, conversation_id=conversation, from_seq=seq))
        session.flush()


def _take_back(session: Session, hook: str, conversation: str, at: datetime) -> int:
    """What still waits to be told of monitors there is told afterwards. Returns up to which event all was told."""
    of_it = EventRow.conversation_id == conversation
    if conversation.startswith(FOLLOW):  # as in `outbox_sql._BARS`: the body names the follow of an event's monitor
        of_it = or_(of_it, EventRow.body.contains(f"{FOLLOW_ID}{conversation.removeprefix(FOLLOW)}", autoescape=True))
    waiting = (
        select(DeliveryRow.seq, DeliveryRow.lane)
        .join(EventRow, EventRow.seq == DeliveryRow.seq)
        .where(DeliveryRow.hook_id == hook, DeliveryRow.state.in_(PENDING))
        .where(of_it, or_(*map(EventRow.type.like, OF_MONITORING)))
    )
    found = list(session.execute(waiting))
    if not found:
        return session.scalar(select(func.max(EventRow.seq))) or 0
    seqs = [seq for seq, _ in found]
    session.execute(delete(DeliveryRow).where(DeliveryRow.hook_id == hook, DeliveryRow.seq.in_(seqs)))
    for lane in {lane for _, lane in found}:
        session.execute(PROMOTE, {"hook": hook, "lane": lane, "at": at})
    return int(min(seqs)) - 1


def release(session: Session, change: BarChanges, at: datetime) -> None:
    """Let hooks hear of what is over, as part of a transaction, after its last events; see `changes_hooks`."""
    if not change.released:
        return
    released = sorted(change.released)
    session.execute(RELEASE, {"at": at, "conversations": released})
    session.execute(delete(HookBarRow).where(HookBarRow.conversation_id.in_(released)))


async def load(session: AsyncSession) -> SharedBars:
    """What a former run kept."""
    bars = SharedBars()
    bars.load(
        [bar_of(row) for row in await session.scalars(select(BarRow))],
        [making_of(row) for row in await session.scalars(select(MakingRow))],
        [(row.hook_id, row.conversation_id) for row in await session.scalars(select(HookBarRow))],
    )
    return bars


def bar_of(row: BarRow) -> Bar:
    """As it was kept."""
    return _BAR.validate_json(row.data)


def making_of(row: MakingRow) -> Making:
    """As it was kept."""
    return Making(row.number, frozenset(row.makers.split()), Kind(row.kind), row.thing)
