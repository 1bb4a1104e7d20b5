"""What is kept: people, sessions, tokens, monitors, the audit, hooks and their outbox, the installation's own facts."""

from datetime import timedelta

from adapter.store.answers import Answers
from adapter.store.audit import Audit
from adapter.store.database import Database
from adapter.store.durability import Survives
from adapter.store.installation import Installation
from adapter.store.monitors import Monitors
from adapter.store.outbox import Outbox
from adapter.store.people import People
from adapter.store.record import Records
from adapter.store.sessions import Sessions
from adapter.store.tokens import Tokens
from adapter.store.webhooks import Webhooks


class Store:
    """One opened database and what is in it."""

    def __init__(self, database: Database, idle: timedelta) -> None:
        self.database = database
        self.people = People(database)
        self.sessions = Sessions(database, idle)
        self.tokens = Tokens(database)
        self.answers = Answers(database)
        self.monitors = Monitors(database)
        self.records = Records(database)
        self.audit = Audit(database)
        self.webhooks = Webhooks(database)
        self.outbox = Outbox(database)
        self.installation = Installation(database)

    @classmethod
    async def open(
        cls, url: str, idle: timedelta = timedelta(hours=12), survives: Survives = Survives.PROCESS
    ) -> "Store":
        """Open and bring up to date. `survives`: what a commit outlasts. Raises StoreUnavailable or ConfigError."""
        database = Database(url, survives)
        try:
            await database.migrate()
        except BaseException:
            await database.close()
            raise
        return cls(database, idle)

    async def close(self) -> None:
        """Give the connections back."""
        await self.database.close()
