"""Letting go of settled events that are old, little by little, whatever one clock says."""

import math
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from adapter.store.database import Database
from adapter.store.locks import alone
from adapter.store.outbox import OUTBOX, PENDING
from adapter.store.retention import held_against
from adapter.store.tables import DeliveryRow, EventRow

FEW = 100
"""Settled events that may be deleted at once, however few there are."""


class Sweep:
    """Of the outbox. Raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, keep: timedelta, share: float, *clocks: datetime) -> int:
        """Delete settled events that are older than `keep`, by the earliest of these clocks and the newest event.

        What is still to be delivered stays. At most this share of all goes at once, the oldest first (of a small number
        `FEW`): what a wrong clock takes is little before somebody reads the log. Returns how many.
        """
        pending = select(DeliveryRow.seq).where(DeliveryRow.state.in_(PENDING))
        async with self._database.work() as session:
            await session.run_sync(alone, OUTBOX)  # or what is to be sent again meanwhile would be swept away
            newest = await session.scalar(select(EventRow.at).order_by(EventRow.seq.desc()).limit(1))
            if newest is None:
                return 0
            most = max(FEW, math.ceil(share * (await session.scalar(select(func.count()).select_from(EventRow)) or 0)))
            before = held_against(keep, newest, *clocks)
            old = select(EventRow.seq).where(EventRow.at < before, EventRow.seq.not_in(pending))
            done = await session.execute(
                delete(EventRow).where(EventRow.seq.in_(old.order_by(EventRow.seq).limit(most)))
            )
            return int(done.rowcount)  # type: ignore[attr-defined]
