"""All devices of each person, one owner for each; who is barred from which conversation, and what they made."""

import sqlalchemy as sa
import structlog
from alembic import op

from adapter.core.devices import key_of, normalised
from adapter.store.columns import Counter

log = structlog.get_logger(__name__)

revision = "0003_bars"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only tables are added; `users.device` stays, as the first of each person's."""
    user = sa.ForeignKey("users.id", ondelete="CASCADE")
    op.create_table(
        "devices",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("user_id", sa.String(32), user, nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("device", sa.String(100), nullable=False),
    )
    bar = sa.Column("id", sa.String(64), primary_key=True)
    op.create_table("bars", bar, sa.Column("data", sa.Text, nullable=False))
    op.create_table(
        "makings",
        sa.Column("number", Counter, primary_key=True, autoincrement=False),
        sa.Column("makers", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(32), nullable=False),
    )
    op.create_table(
        "hook_bars",
        sa.Column("hook_id", sa.String(32), primary_key=True),
        sa.Column("conversation_id", sa.String(64), primary_key=True),
        sa.Column("from_seq", Counter, nullable=False),
    )
    _fill_devices()


def _fill_devices() -> None:
    """What was one endpoint in two spellings, at two people, stays with whoever has it as Asterisk writes it.

    The other has none any more: it never rang for them by a name that events have, and a device belongs to one person.
    """
    users = sa.table("users", *(sa.column(name) for name in ("id", "username", "username_key", "device")))
    devices = sa.table("devices", *(sa.column(name) for name in ("key", "user_id", "position", "device")))
    connection = op.get_bind()
    found = list(connection.execute(sa.select(users).where(users.c.device.is_not(None)).order_by(users.c.username_key)))
    owners: dict[str, str] = {}
    for row in sorted(found, key=lambda row: row.device != normalised(row.device)):
        key, device = key_of(row.device), normalised(row.device)
        mine = sa.update(users).where(users.c.id == row.id)
        if key in owners:
            log.warning("one device at two people", device=device, stays_with=owners[key], taken_from=row.username)
            connection.execute(mine.values(device=None))
            continue
        owners[key] = row.username
        connection.execute(devices.insert().values(key=key, user_id=row.id, position=0, device=device))
        if device != row.device:
            connection.execute(mine.values(device=device))
