"""The tables, as SQLAlchemy sees them; `migrations/` brings a database to them."""

from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, Index, String, Table, Text, false, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from adapter.store.columns import Counter, UtcTime

RUNNING = text("state <> 'ended'")
"""Of monitors: those that connect or are live."""


class Base(DeclarativeBase):
    """All tables."""


def table_of(row: type[Base]) -> Table:
    """The table itself: statements on it cost a fraction of those on its class, which look after objects too."""
    return cast(Table, row.__table__)


class UserRow(Base):
    """A person with an account."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(64), unique=True)
    """The username in lower case: names that differ only in case are the same."""
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16))
    extension: Mapped[str | None] = mapped_column(String(32), unique=True)
    device: Mapped[str | None] = mapped_column(String(100), unique=True)
    can_monitor: Mapped[bool]
    modes: Mapped[str] = mapped_column(String(32))
    active: Mapped[bool]
    password_hash: Mapped[str] = mapped_column(String(200))
    granted_by: Mapped[str | None] = mapped_column(String(64))
    phone_message: Mapped[bool] = mapped_column(server_default=true())
    pbx: Mapped[str | None] = mapped_column(String(32))
    """Id of the PBX at which the phones register."""
    scope: Mapped[str] = mapped_column(String(16), server_default="all")
    """Whose calls they may see: `adapter.core.teams.MonitorScope`."""
    created_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """None of accounts that were made before this was kept."""


class DeviceRow(Base):
    """An Asterisk endpoint that is somebody's phone. `users.device` repeats the first of each person."""

    __tablename__ = "devices"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    """In lower case: one endpoint belongs to one person, however it is written."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))


class BarRow(Base):
    """Who is barred from a conversation that is not over (`adapter.core.bars`)."""

    __tablename__ = "bars"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class MakingRow(Base):
    """An account, token or hook that somebody made or changed while conversations ran (`adapter.core.bars`)."""

    __tablename__ = "makings"

    number: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    makers: Mapped[str] = mapped_column(Text)
    """Ids of the account and the token that did it, separated by spaces."""
    kind: Mapped[str] = mapped_column(String(16))
    thing: Mapped[str] = mapped_column(String(32))


class HookBarRow(Base):
    """A hook that is not told of monitors in a conversation before that is over."""

    __tablename__ = "hook_bars"

    hook_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Kept before the hook is made, so it refers to none."""
    conversation_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    from_seq: Mapped[int] = mapped_column(Counter)
    """What happened up to this event was told it, or is none of its business."""


class SessionRow(Base):
    """A signed-in browser. Only a hash of its token is kept."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)


class MonitorRow(Base):
    """One monitor, as Asterisk last confirmed it. A supervisor has one that has not ended."""

    __tablename__ = "monitors"
    __table_args__ = (
        Index("ux_monitors_supervisor", "supervisor_id", unique=True, postgresql_where=RUNNING, sqlite_where=RUNNING),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(32))
    call_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(150))
    leg: Mapped[str] = mapped_column(String(150))
    supervisor_id: Mapped[str] = mapped_column(String(32))
    supervisor_name: Mapped[str] = mapped_column(String(100))
    device: Mapped[str] = mapped_column(String(100))
    keypad: Mapped[bool]
    mode: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    live_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_reason: Mapped[str | None] = mapped_column(String(32))
    supervisor_username: Mapped[str] = mapped_column(String(64), server_default="")
    token_id: Mapped[str | None] = mapped_column(String(32))
    peers: Mapped[str] = mapped_column(Text, server_default="")
    """Uniqueids of whom the present talk is leased for, separated by spaces."""
    agent: Mapped[str] = mapped_column(String(100), server_default="")
    agent_name: Mapped[str] = mapped_column(String(100), server_default="")
    extension: Mapped[str] = mapped_column(String(100), server_default="")
    customer: Mapped[str] = mapped_column(String(100), server_default="")
    phone_pbx: Mapped[str | None] = mapped_column(String(32))
    """Id of the PBX whose phone the leg rings over a trunk."""
    agent_id: Mapped[str | None] = mapped_column(String(32))
    """Id of the account of its call's agent at last; with `queue`, by which it is in somebody's scope."""
    queue: Mapped[str | None] = mapped_column(String(100))
    ring: Mapped[str | None] = mapped_column(String(100))
    """What Asterisk rings, where `device` only says that it is a page."""
    follow_id: Mapped[str | None] = mapped_column(String(32))
    """Of the follow whose leg it has."""
    pauses_follow: Mapped[bool] = mapped_column(server_default=false())


class FactRow(Base):
    """What the installation itself remembers: its key, the version of its people, a setup in progress."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class TokenRow(Base):
    """A program's token: a user's, or a service's that may act for some users. Only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    may_act_for: Mapped[str] = mapped_column(Text)
    """Ids of users, separated by commas."""
    scopes: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AuditRow(Base):
    """One entry of the audit. Triggers refuse every change, and every deletion that no cut allows."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_action_at", "action", "at"),
        Index("ix_audit_at", "at"),
        Index("ix_audit_monitor", "monitor_id"),
    )

    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    """Its chain and its number in that (`adapter.store.chains`)."""
    id: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(100))
    via: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(32))
    result: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    target: Mapped[str | None] = mapped_column(Text)
    allowed_by: Mapped[str | None] = mapped_column(String(100))
    call_id: Mapped[str | None] = mapped_column(String(64))
    conversation_id: Mapped[str | None] = mapped_column(Text().with_variant(String(64), "sqlite"))
    """The conversations and follows from whose people it is hidden, with blanks between; SQLite heeds no length."""
    monitor_id: Mapped[str | None] = mapped_column(String(32))
    supervisor: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(String(100))
    agent_name: Mapped[str | None] = mapped_column(String(100))
    extension: Mapped[str | None] = mapped_column(String(100))
    customer: Mapped[str | None] = mapped_column(String(100))
    mode: Mapped[str | None] = mapped_column(String(16))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditCutRow(Base):
    """Entries of a chain up to `seq` were deleted by the retention; `hash` is the last one's. Append-only too."""

    __tablename__ = "audit_cuts"

    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


class WebhookRow(Base):
    """A receiver of events."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[str] = mapped_column(Text)
    """Types with a comma before, between and after them."""
    enabled: Mapped[bool]
    secret: Mapped[str] = mapped_column(String(100))
    """In clear: it signs. Whoever reads the database can sign."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    disabled_reason: Mapped[str | None] = mapped_column(String(200))


class EventRow(Base):
    """What programs are told of: written with the fact it tells, in the order of `seq`."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_at", "at"),)

    seq: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    type: Mapped[str] = mapped_column(String(32))
    lane: Mapped[str] = mapped_column(String(64))
    """Events of one lane (a call) are delivered in order."""
    conversation_id: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)


class DeliveryRow(Base):
    """One event for one hook. `due` is the first of its lane that is not settled, `waiting` are those behind it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "hook_id", "state", "next_at"),
        Index("ix_deliveries_lane", "hook_id", "lane", "state", "seq"),
    )

    hook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(ForeignKey("events.seq", ondelete="CASCADE"), primary_key=True, index=True)
    lane: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    next_at: Mapped[datetime] = mapped_column(UtcTime)
    attempts: Mapped[int]
    first_try_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_try_at: Mapped[datetime | None] = mapped_column(UtcTime)
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)


class OpenCallRow(Base):
    """A call of whose beginning programs were told, and of whose end they are still to be told."""

    __tablename__ = "open_calls"

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class AnswerRow(Base):
    """What a request with an Idempotency-Key was answered, and the monitor that it was about to start."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    monitor_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)


class SetAsideRow(Base):
    """A change that could not be written as a record: kept whole, as JSON, for a person to look at."""

    __tablename__ = "set_aside"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    why: Mapped[str] = mapped_column(Text)
    record: Mapped[str] = mapped_column(Text)
