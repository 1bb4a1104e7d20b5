"""At which PBX phones register. Both columns may be empty: the version before writes and reads on without them."""

import sqlalchemy as sa
from alembic import op

revision = "0006_phones_pbx"
down_revision = "0005_set_aside"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("users", sa.Column("pbx", sa.String(32), nullable=True))
    op.add_column("monitors", sa.Column("phone_pbx", sa.String(32), nullable=True))
