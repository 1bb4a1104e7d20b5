"""Members and owners: which process looks after which PBX. Only adds, so what still runs is not disturbed."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0004_owners"
down_revision = "0003_bars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "members",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("host", sa.String(100), nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("namespace", sa.String(64), nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
    )
    op.create_table(
        "owners",
        sa.Column("pbx", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(32)),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("since", UtcTime, nullable=False),
    )
