"""Coaching: what is exempt from monitoring, notes, requests for help. New tables only: the version before lives on."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import Counter, UtcTime

revision = "0010_coaching"
down_revision = "0009_rings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exempt_numbers",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "exempt_people",
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "exempt_calls",
        sa.Column("conversation_id", sa.String(64), primary_key=True),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    _notes()
    _help()


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("number", Counter, nullable=False, unique=True),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("call_seconds", sa.Integer, nullable=False),
        sa.Column("author_id", sa.String(32), nullable=False),
        sa.Column("author_name", sa.String(100), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("agent_name", sa.String(100), nullable=False),
        sa.Column("extension", sa.String(100), nullable=False),
        sa.Column("endpoint", sa.String(150), nullable=False),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("customer_name", sa.String(200), nullable=False),
        sa.Column("queue", sa.String(100), nullable=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.Column("mark", sa.Boolean, nullable=False),
        sa.Column("visible", sa.Boolean, nullable=False),
        sa.Column("changed_at", UtcTime, nullable=True),
    )
    op.create_index("ix_notes_call_id", "notes", ["call_id"])
    op.create_index("ix_notes_agent", "notes", ["agent_id", "at"])
    op.create_index("ix_notes_at", "notes", ["at"])


def _help() -> None:
    op.create_table(
        "help_requests",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(32), nullable=True),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("agent_name", sa.String(100), nullable=False),
        sa.Column("extension", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(100), nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("taken_at", UtcTime, nullable=True),
        sa.Column("taken_by_id", sa.String(32), nullable=True),
        sa.Column("taken_by_name", sa.String(100), nullable=True),
        sa.Column("monitor_id", sa.String(32), nullable=True),
        sa.Column("closed_at", UtcTime, nullable=True),
    )
    running = sa.text("state <> 'closed'")
    op.create_index(
        "ix_help_running", "help_requests", ["call_id"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_index("ix_help_state", "help_requests", ["state"])
