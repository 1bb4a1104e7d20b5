"""Notes in the database: each change with its entry in the audit and its event for hooks, in one transaction."""

import math
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import Action, By
from adapter.core.call import Agent, Party
from adapter.core.clock import Clock
from adapter.core.monitor import Supervisor
from adapter.core.notes import Note, note_entry, note_event
from adapter.core.record import EventType
from adapter.core.scores import Scores
from adapter.errors import NotFound
from adapter.store.audit import append, take_chain
from adapter.store.coaching_tables import NoteRow
from adapter.store.database import Database
from adapter.store.outbox import add as add_events
from adapter.store.retention import held_against
from adapter.store.scores import dumped, loaded

FEW = 100
"""Notes that may be deleted for their age at once, however few there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFilter:
    """Which notes are wanted. `agent`: by username, name or extension."""

    call_id: str | None = None
    agent: str | None = None
    author: str | None = None
    """By username or name."""
    unanswered: bool = False
    """Only those that the agent has not answered."""
    since: datetime | None = None
    until: datetime | None = None
    of: str | None = None
    """Only what this person (by id) wrote, or what was released to them: of somebody without the right to monitor."""
    hidden: Collection[str] = ()
    """Conversations of which only the `seer` (by id) sees their own notes now."""
    seer: str | None = None


class Notes:
    """All notes. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def add(self, note: Note, by: By) -> None:
        """A new one."""
        async with self._database.work() as session:
            await take_chain(session)
            last = await session.scalar(select(func.max(NoteRow.number)))
            session.add(_row(note, (last or 0) + 1))
            await _tell(session, Action.NOTE_CREATED, EventType.NOTE_CREATED, note, by, note.at)

    async def get(self, note_id: str) -> Note | None:
        """One."""
        async with self._database.read() as session:
            row = await session.get(NoteRow, note_id)
            return note_of(row) if row else None

    async def page(self, wanted: NoteFilter, limit: int, after: str | None = None) -> list[Note]:
        """Newest first; `after`: the id of the last one that was seen. Raises NotFound when it is unknown."""
        query = select(NoteRow).order_by(NoteRow.number.desc()).limit(limit)
        if wanted.call_id is not None:
            query = query.where(NoteRow.call_id == wanted.call_id)
        if wanted.agent is not None:
            name, columns = wanted.agent.lower(), (NoteRow.agent, NoteRow.agent_name, NoteRow.extension)
            query = query.where(or_(*(func.lower(column) == name for column in columns)))
        if wanted.author is not None:
            name, written = wanted.author.lower(), (NoteRow.author, NoteRow.author_name)
            query = query.where(or_(*(func.lower(column) == name for column in written)))
        if wanted.unanswered:
            query = query.where(NoteRow.reply.is_(None))
        if wanted.since is not None:
            query = query.where(NoteRow.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(NoteRow.at < wanted.until)
        if wanted.of is not None:
            released = NoteRow.visible & (NoteRow.agent_id == wanted.of)
            query = query.where(or_(NoteRow.author_id == wanted.of, released))
        if wanted.hidden:
            shown = NoteRow.conversation_id.not_in(list(wanted.hidden))
            query = query.where(or_(shown, NoteRow.author_id == wanted.seer) if wanted.seer else shown)
        async with self._database.read() as session:
            if after is not None:
                last = await session.get(NoteRow, after)
                if last is None:
                    raise NotFound("This cursor is unknown, or its note was deleted. Start again without one.")
                query = query.where(NoteRow.number < last.number)
            return [note_of(row) for row in await session.scalars(query)]

    async def change(
        self,
        note_id: str,
        by: By,
        *,
        text: str | None = None,
        mark: bool | None = None,
        visible: bool | None = None,
        scores: Scores | None = None,
    ) -> Note:
        """Change what is given. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await _found(session, note_id)
            before, now = note_of(row), self._clock.now()
            after = replace(
                before,
                text=before.text if text is None else text or None,
                mark=before.mark if mark is None else mark,
                visible=before.visible if visible is None else visible,
                scores=before.scores if scores is None else scores if scores.answers else None,
            )
            if after == before:
                return before
            after = replace(after, changed_at=now)
            row.text, row.mark, row.visible, row.changed_at = after.text, after.mark, after.visible, now
            row.scores = dumped(after.scores)
            parts = ("text", "mark", "visible", "scores")
            told = [name for name in parts if getattr(before, name) != getattr(after, name)]
            await _tell(session, Action.NOTE_CHANGED, EventType.NOTE_CHANGED, after, by, now, " ".join(told))
            return after

    async def reply(self, note_id: str, by: By, text: str) -> Note:
        """The agent's answer, in place of one before. Raises NotFound, also where it is released no more."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await _found(session, note_id)
            if not row.visible:
                raise NotFound("There is no such note, or none that you may see.")
            row.reply, row.replied_at = text, self._clock.now()
            note = note_of(row)
            await _tell(session, Action.NOTE_CHANGED, EventType.NOTE_CHANGED, note, by, row.replied_at, "reply")
            return note

    async def delete(self, note_id: str, by: By) -> None:
        """Delete it for good. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await _found(session, note_id)
            note = note_of(row)
            await session.delete(row)
            await _tell(session, Action.NOTE_DELETED, EventType.NOTE_DELETED, note, by, self._clock.now())

    async def sweep(self, keep: timedelta, share: float, *clocks: datetime) -> int:
        """Delete notes that are older than `keep`, by the earliest of these clocks and the newest note: at most this
        share of all at once, the oldest first. Returns how many."""
        async with self._database.work() as session:
            newest = await session.scalar(select(func.max(NoteRow.at)))
            if newest is None:
                return 0
            most = max(FEW, math.ceil(share * (await session.scalar(select(func.count()).select_from(NoteRow)) or 0)))
            old = select(NoteRow.id).where(NoteRow.at < held_against(keep, newest, *clocks))
            done = await session.execute(delete(NoteRow).where(NoteRow.id.in_(old.order_by(NoteRow.at).limit(most))))
            return int(done.rowcount)  # type: ignore[attr-defined]


async def _found(session: AsyncSession, note_id: str) -> NoteRow:
    row = await session.get(NoteRow, note_id)
    if row is None:
        raise NotFound("There is no such note, or none that you may see.")
    return row


async def _tell(
    session: AsyncSession,
    action: Action,
    kind: EventType,
    note: Note,
    by: By,
    at: datetime,
    reason: str | None = None,
) -> None:
    await append(session, [note_entry(action, note, by, at, reason)], note.pbx)
    await session.run_sync(add_events, [note_event(kind, note, by, at)], [uuid.uuid4().hex], at)


def _row(note: Note, number: int) -> NoteRow:
    return NoteRow(
        id=note.id,
        number=number,
        pbx=note.pbx,
        call_id=note.call_id,
        conversation_id=note.conversation_id,
        at=note.at,
        call_seconds=note.call_seconds,
        author_id=note.author.user_id,
        author_name=note.author.name,
        author=note.author.username,
        agent_id=note.agent.user_id,
        agent=note.agent_username[:100],
        agent_name=note.agent.name[:100],
        extension=note.agent.extension[:100],
        endpoint=note.agent.endpoint[:150],
        customer=note.customer.number[:100],
        customer_name=note.customer.name[:200],
        queue=note.queue[:100] if note.queue else None,
        text=note.text,
        mark=note.mark,
        visible=note.visible,
        changed_at=note.changed_at,
        scores=dumped(note.scores),
        uniqueid=note.uniqueid[:150] or None,
    )


def note_of(row: NoteRow) -> Note:
    """A note as it is kept."""
    return Note(
        id=row.id,
        pbx=row.pbx,
        call_id=row.call_id,
        conversation_id=row.conversation_id,
        at=row.at,
        call_seconds=row.call_seconds,
        author=Supervisor(row.author_id, row.author_name, row.author),
        agent=Agent(row.agent_id, row.agent_name, row.extension, row.endpoint),
        agent_username=row.agent,
        customer=Party(row.customer, row.customer_name),
        queue=row.queue,
        text=row.text,
        mark=row.mark,
        visible=row.visible,
        changed_at=row.changed_at,
        scores=loaded(row.scores),
        reply=row.reply,
        replied_at=row.replied_at,
        uniqueid=row.uniqueid or "",
    )
