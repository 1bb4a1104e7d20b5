"""The table of shields (`core.shield.Shield`)."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.columns import UtcTime
from adapter.store.tables import Base


class ShieldRow(Base):
    """One wish that monitoring of a conversation be paused."""

    __tablename__ = "shields"
    __table_args__ = (Index("ix_shields_agent", "agent_id", "began"), Index("ix_shields_ended", "ended_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    pbx: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(String(64))
    holder: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(100))
    way: Mapped[str] = mapped_column(String(200))
    began: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    agent_id: Mapped[str | None] = mapped_column(String(32))
    own: Mapped[bool]
    agent: Mapped[str] = mapped_column(String(100))
    agent_name: Mapped[str] = mapped_column(String(100))
    extension: Mapped[str] = mapped_column(String(100))
    customer: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(String(200))
    first: Mapped[bool]
