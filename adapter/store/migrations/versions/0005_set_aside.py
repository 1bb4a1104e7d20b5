"""Where changes are kept that can't be written as records."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import Counter, UtcTime

revision = "0005_set_aside"
down_revision = "0004_owners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "set_aside",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
