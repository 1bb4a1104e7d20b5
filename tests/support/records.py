"""Entries, events and outcomes as tests of the record write them."""

from datetime import datetime, timedelta

from sqlalchemy import text

from adapter.core.audit import Action, By, Entry, Via
from adapter.core.modes import Mode
from adapter.core.monitor import MonitorState
from adapter.core.record import EventType, HookEvent, Record, seal
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from adapter.store.chain import START
from adapter.store.outbox import Due, Outcome
from tests.unit.test_store import NOW
from tests.unit.test_views import monitor as a_monitor

BY = By("admin", Via.SESSION)
SILENT = a_monitor(MonitorState.LIVE, Mode.SILENT)
NEW_HEAD = f"UPDATE facts SET value = '0:{START}' WHERE name = 'audit_head'"  # noqa: S608 - what a forger does


def entry(number: int, **more: object) -> Entry:
    """An entry like many."""
    at = NOW + timedelta(minutes=number)
    return Entry(at=at, by=BY, action=Action.LOGIN, reason=f"number {number} - ü", **more)  # type: ignore[arg-type]


async def execute(store: Store, *statements: str) -> None:
    """What somebody with the database in hand does."""
    async with store.database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def without_triggers(store: Store, *statements: str) -> None:
    """The same, by somebody who owns the tables."""
    if store.database.engine.dialect.name == "sqlite":
        names = ["audit_no_update", "audit_no_delete"]
        await execute(store, *(f"DROP TRIGGER {name}" for name in names), *statements)
    else:
        await execute(store, "ALTER TABLE audit DISABLE TRIGGER ALL", *statements)


# --- audit


def event(number: int, lane: str = "c1", kind: EventType = EventType.CALL_STARTED) -> HookEvent:
    """An event like many."""
    return HookEvent(NOW + timedelta(seconds=number), kind, lane, "conversation", {"number": number})


async def write(store: Store, *events: HookEvent) -> list[str]:
    """Put events into the outbox."""
    sealed = seal(Record(events=list(events)), new_id)
    await store.records.write(sealed, NOW)
    return list(sealed.event_ids)


def outcome(
    due: Due, *, delivered: bool = True, again: datetime | None = None, tried_for: timedelta = timedelta()
) -> Outcome:
    """What became of one."""
    return Outcome(due, NOW, delivered, 200 if delivered else 500, "text", again, tried_for)
