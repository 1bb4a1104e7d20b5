"""What several adapters must agree on: one monitor for a supervisor, and how often a password was guessed.

The version before keeps to the one by itself, and knows nothing of the other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_cluster"
down_revision = "0006_phones_pbx"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """End what a fault may have left beside a supervisor's newest, and let the database refuse a second one."""
    op.create_table(
        "guesses",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.execute(
        "UPDATE monitors SET state = 'ended', ended_reason = 'error', ended_at = COALESCE(live_at, started_at) "
        "WHERE state <> 'ended' AND EXISTS (SELECT 1 FROM monitors newer WHERE newer.state <> 'ended' "
        "AND newer.supervisor_id = monitors.supervisor_id AND (newer.started_at > monitors.started_at "
        "OR (newer.started_at = monitors.started_at AND newer.id > monitors.id)))"
    )
    running = sa.text("state <> 'ended'")
    op.create_index(
        "ux_monitors_supervisor",
        "monitors",
        ["supervisor_id"],
        unique=True,
        postgresql_where=running,
        sqlite_where=running,
    )
