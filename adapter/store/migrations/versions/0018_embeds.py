"""Links to single calls for a CRM's page, and the sessions that they began. The version before lives on without."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import UtcTime

revision = "0018_embeds"
down_revision = "0017_consent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "embeds",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("link_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("session_hash", sa.String(64), nullable=True, unique=True),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token_id", sa.String(32), sa.ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False),
        sa.Column("pbx", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("opened_at", UtcTime, nullable=True),
        sa.Column("ends_at", UtcTime, nullable=True),
    )
    op.create_index("ix_embeds_user_id", "embeds", ["user_id"])
    op.create_index("ix_embeds_token_id", "embeds", ["token_id"])
