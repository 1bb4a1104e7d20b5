"""The outbox's statements that say more than the mapper can, each for many rows at once."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, bindparam, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from adapter.core.bars import FOLLOW
from adapter.core.follow import FOLLOWED
from adapter.store.columns import Counter, UtcTime
from adapter.store.prepared import Prepared
from adapter.store.tables import DeliveryRow, EventRow

OF_MONITORING = ("monitor.%", "note.%", "help.%", "follow.%")
"""Types of events that may tell of somebody who listens silently."""
_IS_OF_MONITORING = "(" + " OR ".join(f"e.type LIKE '{kind}'" for kind in OF_MONITORING) + ")"

FOLLOW_ID = '"follow_id":"'
"""How the body of an event tells of the follow that its monitor belongs to (bodies are compact JSON)."""
_BARS = f"""(b.conversation_id = e.conversation_id OR (b.conversation_id LIKE '{FOLLOW}%'
          AND e.body LIKE '%{FOLLOW_ID}' || substr(b.conversation_id, {len(FOLLOW) + 1}) || '%'))"""
"""Whether a bar is of an event's conversation, or of the follow that its monitor belongs to."""

_FIRST_IS_DUE = """
    INSERT INTO deliveries (hook_id, seq, lane, state, next_at, attempts)
    SELECT n.hook_id, n.seq, n.lane,
      CASE WHEN n.place = 1 AND NOT EXISTS (
        SELECT 1 FROM deliveries d WHERE d.hook_id = n.hook_id AND d.lane = n.lane AND d.state IN ('due', 'waiting')
      ) THEN 'due' ELSE 'waiting' END,
      :at, 0
    FROM (
      SELECT w.id AS hook_id, e.seq AS seq, e.lane AS lane,
        row_number() OVER (PARTITION BY w.id, e.lane ORDER BY e.seq) AS place
      FROM events e
"""
_TO_THEIR_HOOKS = (
    """
      JOIN webhooks w ON w.enabled AND w.events LIKE '%,' || e.type || ',%'
      WHERE """,
    " AND NOT ("  # noqa: S608 - all parts are ours
    + _IS_OF_MONITORING
    + """ AND EXISTS (
        SELECT 1 FROM hook_bars b WHERE b.hook_id = w.id AND """
    + _BARS
    + """))
    ) n
    """,
)
FAN_OUT = Prepared(
    text(_FIRST_IS_DUE + "e.seq > :last".join(_TO_THEIR_HOOKS)).bindparams(
        bindparam("at", type_=UtcTime), bindparam("last", type_=Counter)
    )
)
"""One delivery for each new event and each hook that wants it and is not barred; the first of its call is due."""
FAN_OUT_THESE = Prepared(
    text(_FIRST_IS_DUE + "e.id = ANY(:ids)".join(_TO_THEIR_HOOKS)).bindparams(
        bindparam("at", type_=UtcTime), bindparam("ids", type_=ARRAY(String))
    )
)
"""The same on PostgreSQL, where others add theirs at the same time: so the new ones are named."""
RELEASE = text(
    _FIRST_IS_DUE  # noqa: S608 - both parts are ours
    + """
      JOIN webhooks w ON w.enabled AND w.events LIKE '%,' || e.type || ',%'
      WHERE e.seq > (SELECT min(from_seq) FROM hook_bars WHERE conversation_id IN :conversations) AND """
    + _IS_OF_MONITORING
    + """
        AND EXISTS (SELECT 1 FROM hook_bars b WHERE b.hook_id = w.id AND e.seq > b.from_seq
          AND b.conversation_id IN :conversations AND """
    + _BARS
    + """)
        AND NOT EXISTS (SELECT 1 FROM hook_bars b
          WHERE b.hook_id = w.id AND b.conversation_id NOT IN :conversations AND """
    + _BARS
    + """)
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.hook_id = w.id AND d.seq = e.seq)
    ) n
    """
).bindparams(bindparam("at", type_=UtcTime), bindparam("conversations", expanding=True))
"""What was kept from hooks while the conversation lasted is due, in the order in which it happened."""
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


def shown(hidden: Sequence[str]) -> list[ColumnElement[bool]]:
    """Events of none of these; of follows also those whose name ends with one of them, and of their monitors."""
    ends = [one for one in hidden if one.startswith(FOLLOWED)]
    found: list[ColumnElement[bool]] = [EventRow.conversation_id.not_like(f"%{one}") for one in ends]
    ids = [one.removeprefix(FOLLOW) for one in hidden if one.startswith(FOLLOW)]
    found += [EventRow.body.not_like(f"%{FOLLOW_ID}{one}%") for one in ids]
    return [EventRow.conversation_id.not_in(hidden), *found]
