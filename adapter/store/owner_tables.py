"""The tables of who looks after which PBX."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.columns import UtcTime
from adapter.store.tables import Base


class MemberRow(Base):
    """A process of this installation that looks after PBXes. `beat` tells that it lives, and no clock does."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(100))
    pid: Mapped[int] = mapped_column(BigInteger)
    boot: Mapped[str] = mapped_column(String(64))
    namespace: Mapped[str] = mapped_column(String(64))
    started: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    beat: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    """For people to read; nothing is decided by it."""


class OwnerRow(Base):
    """Which member looks after a PBX, and its term; without a member where the last one gave it back."""

    __tablename__ = "owners"

    pbx: Mapped[str] = mapped_column(String(32), primary_key=True)
    member: Mapped[str | None] = mapped_column(String(32))
    term: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime] = mapped_column(UtcTime)
