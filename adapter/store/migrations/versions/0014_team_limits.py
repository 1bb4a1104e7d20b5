"""Limits of teams, and when accounts were made. Both may be empty: the version before writes and reads on without."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0014_team_limits"
down_revision = "0013_coaching_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Of accounts that are there already nobody knows since when: they are not new."""
    op.add_column("teams", sa.Column("limits", sa.Text, nullable=True))
    op.add_column("users", sa.Column("created_at", UtcTime, nullable=True))
