"""A monitor on a follow's leg may be of another call: its supervisor came to somebody's help. The version before knows
no such monitors, and goes on beside this one."""

import sqlalchemy as sa
from alembic import op

revision = "0016_pauses_follow"
down_revision = "0015_audit_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Monitors that run are none."""
    op.add_column("monitors", sa.Column("pauses_follow", sa.Boolean, nullable=False, server_default=sa.false()))
