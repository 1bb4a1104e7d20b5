"""Tokens, the audit, hooks and their outbox, answers to repeated requests."""

import sqlalchemy as sa
from alembic import op

from adapter.store.columns import Counter, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit: add only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  WHEN OLD.seq > COALESCE((SELECT max(seq) FROM audit_cuts), 0) BEGIN SELECT RAISE(ABORT, 'audit: add only'); END;
CREATE TRIGGER audit_cuts_no_update BEFORE UPDATE ON audit_cuts BEGIN SELECT RAISE(ABORT, 'audit: add only'); END;
CREATE TRIGGER audit_cuts_no_delete BEFORE DELETE ON audit_cuts BEGIN SELECT RAISE(ABORT, 'audit: add only'); END;
"""
POSTGRESQL = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'audit: add only'; END $$;
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    IF OLD.seq > COALESCE((SELECT max(seq) FROM audit_cuts), 0) THEN RAISE EXCEPTION 'audit: add only'; END IF;
    RETURN OLD;
  END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_cuts_no_change BEFORE UPDATE OR DELETE ON audit_cuts
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_cuts_no_truncate BEFORE TRUNCATE ON audit_cuts EXECUTE FUNCTION audit_refuse();
"""


def upgrade() -> None:
    """Create the tables, and the triggers that keep the audit append-only."""
    _tokens_and_answers()
    _audit()
    _outbox()
    op.add_column("users", sa.Column("granted_by", sa.String(64)))
    op.add_column("users", sa.Column("phone_message", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("monitors", sa.Column("token_id", sa.String(32)))
    op.add_column("monitors", sa.Column("peers", sa.Text, nullable=False, server_default=""))
    op.add_column("monitors", sa.Column("supervisor_username", sa.String(64), nullable=False, server_default=""))
    for name in ("agent", "agent_name", "extension", "customer"):
        op.add_column("monitors", sa.Column(name, sa.String(100), nullable=False, server_default=""))
    for statement in _statements(SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL):
        op.execute(statement)
    facts = sa.table("facts", sa.column("name"), sa.column("value"))
    op.bulk_insert(facts, [{"name": "audit_head", "value": f"0:{'0' * 64}"}, {"name": "outbox", "value": ""}])


def _tokens_and_answers() -> None:
    user = sa.ForeignKey("users.id", ondelete="CASCADE")
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("user_id", sa.String(32), user, index=True),
        sa.Column("may_act_for", sa.Text, nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime),
        sa.Column("used_at", UtcTime),
    )
    op.create_table(
        "answers",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("at", UtcTime, nullable=False, index=True),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", Counter, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("via", sa.String(120), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("target", sa.Text),
        sa.Column("allowed_by", sa.String(100)),
        sa.Column("call_id", sa.String(64)),
        sa.Column("conversation_id", sa.String(64)),
        sa.Column("monitor_id", sa.String(32)),
        sa.Column("supervisor", sa.String(64)),
        sa.Column("agent", sa.String(100)),
        sa.Column("agent_name", sa.String(100)),
        sa.Column("extension", sa.String(100)),
        sa.Column("customer", sa.String(100)),
        sa.Column("mode", sa.String(16)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_action", "audit", ["action", "seq"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "audit_cuts",
        sa.Column("seq", Counter, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def _outbox() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("failing_since", UtcTime),
        sa.Column("disabled_reason", sa.String(200)),
    )
    op.create_table(
        "events",
        sa.Column("seq", Counter, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_events_at", "events", ["at"])
    hook = sa.ForeignKey("webhooks.id", ondelete="CASCADE")
    event = sa.ForeignKey("events.seq", ondelete="CASCADE")
    op.create_table(
        "deliveries",
        sa.Column("hook_id", sa.String(32), hook, primary_key=True),
        sa.Column("seq", Counter, event, primary_key=True, index=True),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("next_at", UtcTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_try_at", UtcTime),
        sa.Column("last_try_at", UtcTime),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["hook_id", "state", "next_at"])
    op.create_index("ix_deliveries_lane", "deliveries", ["hook_id", "lane", "state", "seq"])
    op.create_table(
        "open_calls",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("data", sa.Text, nullable=False),
    )


def _statements(script: str) -> list[str]:
    """The script's statements, each of which begins a line with CREATE."""
    return ["CREATE " + part.rstrip() for part in script.split("\nCREATE ") if part.strip()]
