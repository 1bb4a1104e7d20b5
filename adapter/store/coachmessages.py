"""Messages during a talk in the database, where the configuration has them kept. Nothing of them is in the audit."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapter.core.messages import CoachMessage, Sender
from adapter.errors import StoreRefused
from adapter.store.coaching_tables import CoachMessageRow
from adapter.store.database import Database
from adapter.store.fit import Fit
from adapter.store.owners import need_terms
from adapter.store.record import Terms
from adapter.store.retention import held_against

FEW = 100
"""Messages that may be deleted for their age at once, however few there are."""
MOST = 1000
"""Messages of one monitor that are read at once: the newest."""


class CoachMessageStore:
    """All that are kept. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, terms: Terms = lambda of: {}) -> None:
        """`terms`: under which it is written of PBXes; where one of them is over, nothing is written."""
        self._database, self._terms = database, terms

    def within(self, terms: Terms) -> "CoachMessageStore":
        """The same for the owner of some PBXes."""
        return CoachMessageStore(self._database, terms)

    async def keep(self, message: CoachMessage, conversation_id: str, agent: str) -> CoachMessage:
        """Keep one that is about to be sent. `agent`: their username.

        Returns it; or the one that is kept under its id already, which then stays as it is.
        Raises StoreRefused where it can't be written at all.
        """
        terms = self._terms([message.pbx])

        def write(session: Session) -> CoachMessage:
            known = session.get(CoachMessageRow, message.id)
            if known is None:
                last = select(func.max(CoachMessageRow.number)).where(CoachMessageRow.monitor_id == message.monitor_id)
                row = _FIT(_columns(message, conversation_id, agent))
                session.add(CoachMessageRow(**row, number=(session.scalar(last) or 0) + 1))
                session.flush()
            need_terms(session, terms)
            return message if known is None else message_of(known)

        try:
            return await self._database.run(write)
        except IntegrityError as problem:
            raise StoreRefused("A message with this id was kept at the same moment.") from problem

    async def take_back(self, message: CoachMessage) -> None:
        """It was not sent after all: it is kept no more."""
        terms = self._terms([message.pbx])

        def remove(session: Session) -> None:
            session.execute(delete(CoachMessageRow).where(CoachMessageRow.id == message.id))
            need_terms(session, terms)

        await self._database.run(remove)

    async def of(self, monitor_id: str) -> Sequence[CoachMessage]:
        """Those of a monitor, oldest first; of more than `MOST` the newest."""
        newest = select(CoachMessageRow).where(CoachMessageRow.monitor_id == monitor_id)
        newest = newest.order_by(CoachMessageRow.number.desc()).limit(MOST)
        async with self._database.read() as session:
            return [message_of(row) for row in reversed((await session.scalars(newest)).all())]

    async def sweep(self, keep: timedelta, share: float, *clocks: datetime) -> int:
        """Delete messages that are older than `keep`, by the earliest of these clocks and the newest message: at most
        this share of all at once, the oldest first. Returns how many."""
        async with self._database.work() as session:
            newest = await session.scalar(select(func.max(CoachMessageRow.at)))
            if newest is None:
                return 0
            count = await session.scalar(select(func.count()).select_from(CoachMessageRow)) or 0
            old = select(CoachMessageRow.id).where(CoachMessageRow.at <= held_against(keep, newest, *clocks))
            old = old.order_by(CoachMessageRow.at).limit(max(FEW, math.ceil(share * count)))
            done = await session.execute(delete(CoachMessageRow).where(CoachMessageRow.id.in_(old)))
            return int(done.rowcount)  # type: ignore[attr-defined]


_FIT = Fit(CoachMessageRow)


def _columns(message: CoachMessage, conversation_id: str, agent: str) -> dict[str, object]:
    return {
        "id": message.id,
        "pbx": message.pbx,
        "monitor_id": message.monitor_id,
        "call_id": message.call_id,
        "conversation_id": conversation_id,
        "talk": message.talk,
        "at": message.at,
        "sender": message.sender.value,
        "author_id": message.author_id,
        "author_name": message.author_name,
        "agent_id": message.agent_id,
        "agent": agent,
        "text": message.text,
    }


def message_of(row: CoachMessageRow) -> CoachMessage:
    """As it was kept."""
    return CoachMessage(
        id=row.id,
        pbx=row.pbx,
        monitor_id=row.monitor_id,
        call_id=row.call_id,
        talk=row.talk,
        agent_id=row.agent_id,
        at=row.at,
        sender=Sender(row.sender),
        author_id=row.author_id,
        author_name=row.author_name,
        text=row.text,
    )
