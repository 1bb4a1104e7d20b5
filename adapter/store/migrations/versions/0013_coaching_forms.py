"""Coaching: the audit's lines about one monitor are found by it, for reports."""

from alembic import op

revision = "0013_coaching_forms"
down_revision = "0010_coaching"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index."""
    op.create_index("ix_audit_monitor", "audit", ["monitor_id"])


def downgrade() -> None:
    """Without it reports take longer."""
    op.drop_index("ix_audit_monitor", "audit")
