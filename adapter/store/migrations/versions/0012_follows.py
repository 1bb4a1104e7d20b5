"""Follows: a supervisor's leg that waits for each next call of one agent. The version before lives on without them."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0012_follows"
down_revision = "0011_shields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and have monitors say to which follow they belong."""
    op.create_table(
        "follows",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("agent_name", sa.String(100), nullable=False),
        sa.Column("extension", sa.String(100), nullable=False),
        sa.Column("supervisor_id", sa.String(32), nullable=False),
        sa.Column("supervisor_name", sa.String(100), nullable=False),
        sa.Column("supervisor", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("via", sa.String(150), nullable=False),
        sa.Column("token_id", sa.String(32), nullable=True),
        sa.Column("device", sa.String(100), nullable=False),
        sa.Column("ring", sa.String(100), nullable=True),
        sa.Column("phone_pbx", sa.String(32), nullable=True),
        sa.Column("leg", sa.String(150), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("monitor_id", sa.String(32), nullable=True),
        sa.Column("calls", sa.Integer, nullable=True),
        sa.Column("passed", sa.Text, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.Column("ended_reason", sa.String(32), nullable=True),
    )
    running = sa.text("state <> 'ended'")
    op.create_index(
        "ux_follows_supervisor",
        "follows",
        ["supervisor_id"],
        unique=True,
        postgresql_where=running,
        sqlite_where=running,
    )
    op.create_index("ix_follows_state", "follows", ["state"])
    op.add_column("monitors", sa.Column("follow_id", sa.String(32), nullable=True))
