"""What rings for a monitor, where that is a page: its adapter may live on when the owner of the PBX dies."""

import sqlalchemy as sa
from alembic import op

revision = "0009_rings"
down_revision = "0008_teams"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column is added, which older versions leave empty."""
    op.add_column("monitors", sa.Column("ring", sa.String(100), nullable=True))


def downgrade() -> None:
    """Without it pages' monitors end with their owner."""
    op.drop_column("monitors", "ring")
