"""Adding events to the outbox, with their deliveries: by writers of different PBXes at the same time."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from adapter.core.record import IF_WANTED, HookEvent
from adapter.core.views import time_view
from adapter.store.fit import Fit
from adapter.store.locks import is_postgresql, together
from adapter.store.outbox_sql import FAN_OUT, FAN_OUT_THESE
from adapter.store.prepared import Prepared
from adapter.store.tables import EventRow, WebhookRow, table_of

OUTBOX = "outbox"
"""The fact that those who write here hold: who adds events or notes what became of deliveries together with others,
but each lane by one, for a delivery that ends and one that begins must see each other; all else alone."""


def add(session: Session, events: Sequence[HookEvent], ids: Sequence[str], now: datetime) -> None:
    """Add events and their deliveries in their order, as part of a transaction.

    Whoever may write to one lane at the same time waits for each other before: for the chain of their PBX.
    """
    both = list(zip(events, ids, strict=True))
    if any(event.type in IF_WANTED for event in events):
        wanted = _wanted(session)
        both = [(event, event_id) for event, event_id in both if event.type not in IF_WANTED or event.type in wanted]
    if not both:
        return
    together(session, OUTBOX, [event.call_id for event, _ in both])
    rows = [_FIT(_row(event, event_id)) for event, event_id in both]
    if is_postgresql(session):
        _ADD.run(session, rows)
        FAN_OUT_THESE.run(session, [{"ids": [event_id for _, event_id in both], "at": now}])
        return
    last = _LAST.one(session, {})
    _ADD.run(session, rows)
    FAN_OUT.run(session, [{"last": (last and last[0]) or 0, "at": now}])


def _wanted(session: Session) -> set[str]:
    """The types that some hook asks for."""
    return {kind for events in session.scalars(select(WebhookRow.events)) for kind in events.split(",")}


_ADD = Prepared(insert(table_of(EventRow)), "id", "at", "type", "lane", "conversation_id", "body")
_LAST = Prepared(select(func.max(EventRow.seq)))
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
