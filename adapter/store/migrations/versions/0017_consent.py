"""Rules of consent: which calls have an announcement or beeps. The version before lives on without them."""

import sqlalchemy as sa
from alembic import op

revision = "0017_consent"
down_revision = "0016_pauses_follow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "consent_rules",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sound", sa.String(16), nullable=False),
        sa.Column("listener", sa.String(16), nullable=False),
        sa.Column("every_seconds", sa.Integer, nullable=True),
        sa.Column("queue", sa.String(100), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("direction", sa.String(16), nullable=True),
    )
