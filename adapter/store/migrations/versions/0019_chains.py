"""A chain of the audit for each PBX. Adapters of the version before go on with the installation's chain beside us."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import Counter

revision = "0019_chains"
down_revision = "0018_embeds"
branch_labels = None
depends_on = None

NUMBER = 2**40 - 1
"""The bits of `seq` that are the number in a chain; those above are the chain's id."""
SQLITE = (
    "DROP TRIGGER audit_no_delete",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
      WHEN OLD.seq > COALESCE(
        (SELECT seq FROM audit_cuts WHERE seq <= (OLD.seq | {NUMBER}) ORDER BY seq DESC LIMIT 1), 0)
      BEGIN SELECT RAISE(ABORT, 'audit: add only'); END""",  # noqa: S608 - our own number
    """CREATE TRIGGER audit_chains_stay BEFORE UPDATE OF id, name ON audit_chains
      BEGIN SELECT RAISE(ABORT, 'audit: add only'); END""",
    """CREATE TRIGGER audit_chains_no_delete BEFORE DELETE ON audit_chains
      BEGIN SELECT RAISE(ABORT, 'audit: add only'); END""",
)
POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN
        IF OLD.seq > COALESCE((SELECT max(seq) FROM audit_cuts WHERE seq <= (OLD.seq | {NUMBER})), 0)
          THEN RAISE EXCEPTION 'audit: add only'; END IF;
        RETURN OLD;
      END $$""",  # noqa: S608 - our own number
    """CREATE TRIGGER audit_chains_stay BEFORE UPDATE OF id, name OR DELETE ON audit_chains
      FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    "CREATE TRIGGER audit_chains_no_truncate BEFORE TRUNCATE ON audit_chains EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    """Entries of before stay as they are, in the installation's chain. An entry may go only by a cut of its own chain.

    Pages of the audit come by time now, since there is no one number over several chains; so does the index.
    """
    op.create_table(
        "audit_chains",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(32), nullable=False, unique=True),
        sa.Column("head", sa.String(100), nullable=False),
    )
    op.create_index("ix_audit_action_at", "audit", ["action", "at"], if_not_exists=True)
    op.drop_index("ix_audit_action", "audit")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
