"""The outbox's statements that say more than the mapper can, each for many rows at once."""

from sqlalchemy import bindparam, text, update

from adapter.store.tables import Counter, DeliveryRow, UtcTime

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
