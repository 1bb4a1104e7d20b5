"""What an installation remembers of itself: its key for public ids, and the setup of its first administrator."""

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from adapter.core.clock import Clock
from adapter.core.people import User
from adapter.errors import NotAuthenticated
from adapter.store.audit import take_chain
from adapter.store.database import Database, put_fact
from adapter.store.people import NewUser, add_person, new_row
from adapter.store.proof import INSTALL_KEY
from adapter.store.tables import FactRow, UserRow

KEY = INSTALL_KEY
SETUP = "setup_token_hash"
BEAT = "last_beat"
BEATEN = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Installation:
    """The installation's own facts. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def key(self) -> bytes:
        """32 random bytes, made at the first start and never changed."""
        try:
            async with self._database.work() as session:
                fact = await session.get(FactRow, KEY)
                if fact is None:
                    fact = FactRow(name=KEY, value=secrets.token_hex(32))
                    session.add(fact)
                    await session.flush()
                return bytes.fromhex(fact.value)
        except IntegrityError:
            return await self.key()

    async def beat(self, at: datetime) -> None:
        """Write something small, to know that writing works."""
        if await self._database.ask(BEATEN, BEAT, at.isoformat(), writes=True) is None:
            await self._database.run(lambda session: put_fact(session, BEAT, at.isoformat()))

    async def begin_setup(self) -> str | None:
        """A new one-time token when there is no account at all; None otherwise. An older token is void."""
        async with self._database.work() as session:
            await take_chain(session)
            if await session.scalar(select(func.count()).select_from(UserRow)):
                return None
            token = secrets.token_urlsafe(24)
            await session.run_sync(put_fact, SETUP, _hash(token))
            return token

    async def finish_setup(self, token: str, administrator: NewUser) -> User:
        """Make the first administrator. Raises NotAuthenticated when the token is wrong, used or void; Invalid when the
        password is the username.

        The token is used up together with that: where the account can't be made, it holds on.
        """
        row = await new_row(administrator)
        async with self._database.work() as session:
            await take_chain(session)
            fact = await session.get(FactRow, SETUP)
            people = await session.scalar(select(func.count()).select_from(UserRow))
            if people or fact is None or not hmac.compare_digest(fact.value, _hash(token)):
                raise NotAuthenticated("This setup token is wrong or has been used. Restart the adapter for a new one.")
            await session.delete(fact)
            return await add_person(session, row, administrator, self._clock.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
