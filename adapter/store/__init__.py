"""What is kept: people, sessions, tokens, monitors, the audit, hooks and their outbox, the installation's own facts."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.core.clock import Clock
from adapter.store.agentdata import AgentData
from adapter.store.answers import Answers
from adapter.store.audit import Audit
from adapter.store.coachmessages import CoachMessageStore
from adapter.store.consent import ConsentStore
from adapter.store.database import Database
from adapter.store.durability import Survives
from adapter.store.embeds import Embeds
from adapter.store.exempt import ExemptStore
from adapter.store.follows import Follows
from adapter.store.guesses import Guesses
from adapter.store.help import Help
from adapter.store.installation import Installation
from adapter.store.left import LeftBehind
from adapter.store.marks import Marks
from adapter.store.monitors import Monitors
from adapter.store.notes import Notes
from adapter.store.outbox import Outbox
from adapter.store.owners import Owners
from adapter.store.people import People
from adapter.store.record import Records
from adapter.store.report import ReportLines
from adapter.store.scores import ScoreForms
from adapter.store.sessions import Sessions
from adapter.store.shields import ShieldStore
from adapter.store.sweep import Sweep
from adapter.store.teams import Teams
from adapter.store.tokens import Tokens
from adapter.store.webhooks import Webhooks


class Store:
    """One opened database and what is in it."""

    def __init__(self, database: Database, idle: timedelta, clock: Clock) -> None:
        self.database, self.clock = database, clock
        self.people = People(database, clock)
        self.teams = Teams(database, clock)
        self.sessions = Sessions(database, idle, clock)
        self.tokens = Tokens(database, clock)
        self.embeds = Embeds(database, clock)
        self.answers = Answers(database, clock)
        self.monitors = Monitors(database)
        self.follows = Follows(database)
        self.records = Records(database)
        self.owners = Owners(database)
        self.left = LeftBehind(database)
        self.marks = Marks(database)
        self.guesses = Guesses(database, clock)
        self.audit = Audit(database, clock)
        self.report = ReportLines(database)
        self.agent_data = AgentData(database, clock)
        self.score_forms = ScoreForms(database, clock)
        self.help = Help(database, clock)
        self.notes = Notes(database, clock)
        self.coach_messages = CoachMessageStore(database)
        self.exempt = ExemptStore(database, clock)
        self.consent = ConsentStore(database, clock)
        self.shields = ShieldStore(database)
        self.webhooks = Webhooks(database, clock)
        self.outbox = Outbox(database)
        self.sweep = Sweep(database)
        self.installation = Installation(database, clock)

    @classmethod
    async def open(
        cls,
        url: str,
        idle: timedelta = timedelta(hours=12),
        survives: Survives = Survives.PROCESS,
        *,
        clock: Callable[[], datetime],
        passing: Callable[[], float] = time.monotonic,
    ) -> "Store":
        """Open and bring up to date.

        `survives`: what a commit outlasts; `clock`: the time of day; `passing`: seconds of a clock that nobody can set.
        Raises StoreUnavailable or ConfigError.
        """
        database = Database(url, survives)
        try:
            await database.migrate()
        except BaseException:
            await database.close()
            raise
        return cls(database, idle, Clock(clock, passing))

    async def close(self) -> None:
        """Give the connections back."""
        await self.database.close()
