"""All that is kept of an agent's coaching beside the audit: given out, or deleted.

What concerns a conversation that still goes on stays out of both, whoever asks: else it would tell of who listens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.help import HelpRequest, HelpState
from adapter.core.messages import CoachMessage
from adapter.core.notes import Note
from adapter.errors import NotFound
from adapter.store.audit import append, take_chain
from adapter.store.bars import bar_of
from adapter.store.coaching_tables import CoachMessageRow, HelpRow, NoteRow
from adapter.store.coachmessages import message_of
from adapter.store.database import Database
from adapter.store.help import request_of
from adapter.store.notes import note_of
from adapter.store.tables import BarRow, UserRow


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an agent, oldest first."""

    agent: str
    notes: Sequence[Note]
    help: Sequence[HelpRequest]
    messages: Sequence[CoachMessage] = ()


class AgentData:
    """By the agent's username, or an endpoint's name. Both raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def export(self, agent: str, by: By, but: str | None = None) -> Kept:
        """All of it, but for what is about the account with the id `but`; that it was given out is in the audit.

        Raises NotFound where nobody has that name, and nothing is kept under it.
        """
        async with self._database.work() as session:
            await take_chain(session)
            notes, requests, messages = await _whose(session, agent, but)
            found = await session.scalars(select(NoteRow).where(*notes).order_by(NoteRow.number))
            asked = await session.scalars(select(HelpRow).where(*requests).order_by(HelpRow.created_at))
            by_time = CoachMessageRow.at, CoachMessageRow.monitor_id, CoachMessageRow.number
            sent = await session.scalars(select(CoachMessageRow).where(*messages).order_by(*by_time))
            await self._tell(session, Action.COACHING_EXPORTED, agent, by)
            found_messages = [message_of(row) for row in sent]
            return Kept(agent, [note_of(row) for row in found], [request_of(row) for row in asked], found_messages)

    async def delete(self, agent: str, by: By, but: str | None = None) -> None:
        """The same, for good. The audit keeps who did what to whom, and that this was deleted. Raises as `export`."""
        async with self._database.work() as session:
            await take_chain(session)
            notes, requests, messages = await _whose(session, agent, but)
            await session.execute(delete(NoteRow).where(*notes))
            await session.execute(delete(HelpRow).where(*requests))
            await session.execute(delete(CoachMessageRow).where(*messages))
            await self._tell(session, Action.COACHING_DELETED, agent, by)

    async def _tell(self, session: AsyncSession, action: Action, agent: str, by: By) -> None:
        await append(session, [Entry(at=self._clock.now(), by=by, action=action, target=agent)])


Conditions = list[ColumnElement[bool]]


async def _whose(session: AsyncSession, agent: str, but: str | None) -> tuple[Conditions, Conditions, Conditions]:
    """Which notes, closed requests and messages are meant: by the account, also under a name that it had before."""
    user_id = await session.scalar(select(UserRow.id).where(UserRow.username_key == agent.lower()))
    running = [one for row in await session.scalars(select(BarRow)) for one in bar_of(row).ids]

    def whose(row: type[NoteRow] | type[HelpRow] | type[CoachMessageRow]) -> ColumnElement[bool]:
        named = func.lower(row.agent) == agent.lower()
        found = named if user_id is None else or_(row.agent_id == user_id, named & row.agent_id.is_(None))
        return found if but is None else found & or_(row.agent_id.is_(None), row.agent_id != but)

    notes, requests, messages = (
        [whose(row), row.conversation_id.not_in(running)] for row in (NoteRow, HelpRow, CoachMessageRow)
    )
    requests.append(HelpRow.state == HelpState.CLOSED.value)
    ids = select(HelpRow.id).where(*requests), select(CoachMessageRow.id).where(*messages)
    kept = select(NoteRow.id).where(*notes).union_all(*ids).limit(1)
    if user_id is None and await session.scalar(kept) is None:
        raise NotFound("Nobody has this username, and nothing is kept under it.")
    return notes, requests, messages
