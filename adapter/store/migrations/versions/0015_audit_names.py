"""From whom an entry is hidden may be several conversations and follows: longer than one name. The version before
writes shorter ones, and reads on."""

import sqlalchemy as sa
from alembic import op

revision = "0015_audit_names"
down_revision = "0014_team_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite keeps text of any length as it is; PostgreSQL rewrites nothing."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("audit", "conversation_id", type_=sa.Text(), existing_nullable=True)
