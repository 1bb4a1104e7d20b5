"""The table of consent's rules."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.tables import Base


class ConsentRuleRow(Base):
    """One rule (`core.consent.ConsentRule`); the first that covers a call decides."""

    __tablename__ = "consent_rules"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sound: Mapped[str] = mapped_column(String(16))
    listener: Mapped[str] = mapped_column(String(16))
    every_seconds: Mapped[int | None]
    queue: Mapped[str | None] = mapped_column(String(100))
    team_id: Mapped[str | None] = mapped_column(String(32))
    """No foreign key: the rule of a team that is no more covers nobody, and is left out when rules are read."""
    direction: Mapped[str | None] = mapped_column(String(16))
