"""The tables of teams."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from adapter.store.tables import Base


class TeamRow(Base):
    """A team."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300), unique=True)
    """The name without case (`str.casefold`, which can lengthen it): names that differ only in case are the same."""
    shield_seconds: Mapped[int | None]
    """How long each member may have monitoring paused a day; None: as long as they wish."""
    limits: Mapped[str | None] = mapped_column(Text)
    """`adapter.core.team_limits.TeamLimits` as JSON, as far as there are any."""


class TeamPersonRow(Base):
    """Somebody who is in a team, or supervises it; who does both has two rows."""

    __tablename__ = "team_people"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    """`member` or `supervisor`."""


class TeamQueueRow(Base):
    """A queue whose calls are a team's."""

    __tablename__ = "team_queues"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    queue_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    """`adapter.core.teams.queue_key`."""
    position: Mapped[int]
    queue: Mapped[str] = mapped_column(String(100))
    """As it was entered."""
