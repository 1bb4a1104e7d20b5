"""Teams, and whose calls somebody may see. The version before writes and reads on without them: to it all see all."""

import sqlalchemy as sa
from alembic import op

revision = "0008_teams"
down_revision = "0007_cluster"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only tables and columns are added. Whoever could monitor any call still can."""
    op.create_table(
        "teams",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_key", sa.String(300), nullable=False, unique=True),
    )
    team = sa.ForeignKey("teams.id", ondelete="CASCADE")
    user = sa.ForeignKey("users.id", ondelete="CASCADE")
    op.create_table(
        "team_people",
        sa.Column("team_id", sa.String(32), team, primary_key=True),
        sa.Column("user_id", sa.String(32), user, primary_key=True, index=True),
        sa.Column("part", sa.String(16), primary_key=True),
    )
    op.create_table(
        "team_queues",
        sa.Column("team_id", sa.String(32), sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("queue_key", sa.String(200), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("queue", sa.String(100), nullable=False),
    )
    op.add_column("users", sa.Column("scope", sa.String(16), nullable=False, server_default="all"))
    op.add_column("monitors", sa.Column("agent_id", sa.String(32), nullable=True))
    op.add_column("monitors", sa.Column("queue", sa.String(100), nullable=True))
