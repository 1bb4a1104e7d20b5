"""Messages during a talk, where the configuration has them kept. The version before lives on without."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0020_messages"
down_revision = "0019_chains"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "coach_messages",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("talk", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("sender", sa.String(16), nullable=False),
        sa.Column("author_id", sa.String(32), nullable=False),
        sa.Column("author_name", sa.String(100), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_coach_messages_monitor", "coach_messages", ["monitor_id", "number"])
    op.create_index("ix_coach_messages_agent", "coach_messages", ["agent_id"])
    op.create_index("ix_coach_messages_at", "coach_messages", ["at"])
