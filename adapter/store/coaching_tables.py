"""The tables of coaching: what is exempt from monitoring, notes, requests for help, follows, and messages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.columns import Counter, UtcTime
from adapter.store.tables import RUNNING, Base


class ExemptNumberRow(Base):
    """A number that nobody may monitor, or the beginning of many (`core.unmonitored.Exempt`)."""

    __tablename__ = "exempt_numbers"

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]


class ExemptPersonRow(Base):
    """Somebody whom nobody may monitor."""

    __tablename__ = "exempt_people"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]


class ExemptCallRow(Base):
    """A conversation that a program exempted, until it is over."""

    __tablename__ = "exempt_calls"

    conversation_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64))
    pbx: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcTime)


class NoteRow(Base):
    """What a supervisor wrote about a call, or marked in it."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_agent", "agent_id", "at"), Index("ix_notes_at", "at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Counter, unique=True)
    """In the order in which they were written; never shown."""
    pbx: Mapped[str] = mapped_column(String(32))
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    conversation_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime)
    call_seconds: Mapped[int]
    author_id: Mapped[str] = mapped_column(String(32))
    author_name: Mapped[str] = mapped_column(String(100))
    author: Mapped[str] = mapped_column(String(64))
    """The author's username then."""
    agent_id: Mapped[str | None] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(String(100))
    agent_name: Mapped[str] = mapped_column(String(100))
    extension: Mapped[str] = mapped_column(String(100))
    endpoint: Mapped[str] = mapped_column(String(150))
    customer: Mapped[str] = mapped_column(String(100))
    customer_name: Mapped[str] = mapped_column(String(200))
    queue: Mapped[str | None] = mapped_column(String(100))
    """The queue that had brought the call: by it, too, the note is some team's."""
    text: Mapped[str | None] = mapped_column(Text)
    mark: Mapped[bool]
    visible: Mapped[bool]
    """Whether the agent may see it once the conversation has ended."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    scores: Mapped[str | None] = mapped_column(Text)
    """JSON, with the questions as they were asked."""
    reply: Mapped[str | None] = mapped_column(Text)
    replied_at: Mapped[datetime | None] = mapped_column(UtcTime)
    uniqueid: Mapped[str | None] = mapped_column(String(150))


class ScoreFormRow(Base):
    """A version of the form by which supervisors score; the one with the highest number is in use."""

    __tablename__ = "score_forms"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    questions: Mapped[str] = mapped_column(Text)
    """JSON."""
    at: Mapped[datetime] = mapped_column(UtcTime)
    by: Mapped[str] = mapped_column(String(100))


class HelpRow(Base):
    """An agent's request for help in a call. Of those that are not closed there is one for each call."""

    __tablename__ = "help_requests"
    __table_args__ = (
        Index(
            "ix_help_running",
            "call_id",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_help_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(32))
    call_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[str | None] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(String(100))
    agent_name: Mapped[str] = mapped_column(String(100))
    extension: Mapped[str] = mapped_column(String(100))
    customer: Mapped[str] = mapped_column(String(100))
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcTime)
    taken_by_id: Mapped[str | None] = mapped_column(String(32))
    taken_by_name: Mapped[str | None] = mapped_column(String(100))
    monitor_id: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class FollowRow(Base):
    """One follow, as Asterisk last confirmed it. A supervisor has one that has not ended."""

    __tablename__ = "follows"
    __table_args__ = (
        Index("ux_follows_supervisor", "supervisor_id", unique=True, postgresql_where=RUNNING, sqlite_where=RUNNING),
        Index("ix_follows_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(32))
    agent_id: Mapped[str] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(String(100))
    agent_name: Mapped[str] = mapped_column(String(100))
    extension: Mapped[str] = mapped_column(String(100))
    supervisor_id: Mapped[str] = mapped_column(String(32))
    supervisor_name: Mapped[str] = mapped_column(String(100))
    supervisor: Mapped[str] = mapped_column(String(64))
    """The supervisor's username then."""
    actor: Mapped[str] = mapped_column(String(100))
    """Who brought it to its present state, and by which way: as in the audit."""
    via: Mapped[str] = mapped_column(String(150))
    token_id: Mapped[str | None] = mapped_column(String(32))
    device: Mapped[str] = mapped_column(String(100))
    ring: Mapped[str | None] = mapped_column(String(100))
    phone_pbx: Mapped[str | None] = mapped_column(String(32))
    leg: Mapped[str] = mapped_column(String(150))
    state: Mapped[str] = mapped_column(String(16))
    monitor_id: Mapped[str | None] = mapped_column(String(32))
    calls: Mapped[int | None]
    passed: Mapped[str] = mapped_column(Text)
    """Ids of calls that were heard, or skipped, separated by spaces."""
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_reason: Mapped[str | None] = mapped_column(String(32))


class CoachMessageRow(Base):
    """A message between a supervisor and the agent whom they talked to, where such are kept."""

    __tablename__ = "coach_messages"
    __table_args__ = (
        Index("ix_coach_messages_monitor", "monitor_id", "number"),
        Index("ix_coach_messages_agent", "agent_id"),
        Index("ix_coach_messages_at", "at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(32))
    monitor_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    """In the order in which those of the monitor were sent; never shown."""
    call_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64))
    talk: Mapped[str] = mapped_column(String(64))
    """What the agent knows the monitor by."""
    at: Mapped[datetime] = mapped_column(UtcTime)
    sender: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[str] = mapped_column(String(32))
    author_name: Mapped[str] = mapped_column(String(100))
    agent_id: Mapped[str] = mapped_column(String(32))
    agent: Mapped[str] = mapped_column(String(100))
    """The agent's username then."""
    text: Mapped[str] = mapped_column(Text)
