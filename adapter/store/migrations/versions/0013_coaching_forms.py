"""Scores and replies of notes; the audit's lines about one monitor are found by it, for reports."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0013_coaching_forms"
down_revision = "0012_follows"
branch_labels = None
depends_on = None


def _added() -> list["sa.Column[Any]"]:
    """Columns of notes."""
    return [
        sa.Column("scores", sa.Text, nullable=True),
        sa.Column("reply", sa.Text, nullable=True),
        sa.Column("replied_at", UtcTime, nullable=True),
        sa.Column("uniqueid", sa.String(150), nullable=True),
    ]


def upgrade() -> None:
    """A table, an index, and columns that the version before leaves empty."""
    op.create_table(
        "score_forms",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
    )
    for column in _added():
        op.add_column("notes", column)
    op.create_index("ix_audit_monitor", "audit", ["monitor_id"])
