"""Shields: for how long monitoring of a conversation was paused, and how long a team allows it. The version before
lives on: a new table, and a column that may be empty."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0011_shields"
down_revision = "0010_coaching"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the teams' bound."""
    op.create_table(
        "shields",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("way", sa.String(200), nullable=False),
        sa.Column("began", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("agent_name", sa.String(100), nullable=False),
        sa.Column("extension", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("first", sa.Boolean, nullable=False),
    )
    op.create_index("ix_shields_agent", "shields", ["agent_id", "began"])
    op.create_index("ix_shields_ended", "shields", ["ended_at"])
    op.add_column("teams", sa.Column("shield_seconds", sa.Integer, nullable=True))
