"""Programs' tokens: known by their hash only, each for a user or for a service that may act for some users."""

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from adapter.core.audit import SYSTEM, Action, By, Entry
from adapter.core.clock import Clock
from adapter.errors import NotFound
from adapter.store.audit import append, take_chain
from adapter.store.columns import known
from adapter.store.database import Database
from adapter.store.people import changed
from adapter.store.sessions import token_hash
from adapter.store.tables import TokenRow

PREFIX = "cm_"
"""How our tokens begin, so that scanners for leaked secrets can know them."""
USED_STEP = timedelta(minutes=1)
"""How exactly the last use is kept: not every request needs a write."""


class Scope(StrEnum):
    """What a token is good for."""

    MONITOR = "monitor"
    ADMIN = "admin"
    METRICS = "metrics"
    WALL = "wall"
    SHIELD = "shield"


@dataclass(frozen=True, slots=True)
class Token:
    """One token. Exactly one of `user_id` and `may_act_for` (ids of users) says whose rights it has."""

    id: str
    name: str
    user_id: str | None
    may_act_for: frozenset[str]
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @property
    def service(self) -> bool:
        """Whether it stands for a program of its own, and must say whom it acts for."""
        return self.user_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to be made; the values are checked already."""

    name: str
    user_id: str | None = None
    may_act_for: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset({Scope.MONITOR})
    expires_at: datetime | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Given before it is made, so that it can be barred before (`adapter.core.bars`)."""


class Tokens:
    """All tokens. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._ends: dict[str, datetime] = {}
        """When those that were found expire, by their ids: nothing can prolong a token."""

    async def create(self, new: NewToken, by: By = SYSTEM) -> tuple[Token, str]:
        """Make a token; returns it and its secret, which is known to nobody else.

        Raises NotFound where its user was removed meanwhile.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        now = self._clock.now()
        row = TokenRow(
            id=new.id,
            name=new.name,
            token_hash=token_hash(secret),
            user_id=new.user_id,
            may_act_for=",".join(sorted(new.may_act_for)),
            scopes=",".join(scope.value for scope in Scope if scope in new.scopes),
            created_by=by.actor,
            created_at=now,
            expires_at=new.expires_at,
        )
        entry = Entry(at=now, by=by, action=Action.TOKEN_CREATED, target=new.name, reason=_words(new))
        try:
            async with self._database.work() as session:
                await take_chain(session)
                session.add(row)
                await session.flush()
                await append(session, [entry])
                return _token(row), secret
        except IntegrityError:
            raise NotFound("This person's account was just removed.") from None

    async def all(self) -> list[Token]:
        """Every token, oldest first, expired ones too."""
        async with self._database.read() as session:
            rows = await session.scalars(select(TokenRow).order_by(TokenRow.created_at, TokenRow.id))
            return [_token(row) for row in rows]

    async def find(self, secret: str, now: datetime) -> Token | None:
        """The token of this secret, if it has not expired. Its use is noted.

        `now`: the time of day. A clock that is set back while we run makes no expired token valid again.
        """
        async with self._database.read() as session:
            row = await session.scalar(select(TokenRow).where(TokenRow.token_hash == token_hash(secret)))
        if row is None or (row.expires_at is not None and row.expires_at <= self._clock.later(now)):
            return None
        if row.used_at is None or abs(now - row.used_at) > USED_STEP:
            async with self._database.work() as session:
                await session.execute(update(TokenRow).where(TokenRow.id == row.id).values(used_at=now))
            row.used_at = now
        if row.expires_at is not None:
            self._ends[row.id] = row.expires_at
        return _token(row)

    def over(self, ids: frozenset[str], now: datetime) -> frozenset[str]:
        """Which of these have expired by now, of those that were found here. Asks nobody."""
        later = self._clock.later(now)
        return frozenset(token_id for token_id in ids if (end := self._ends.get(token_id)) and end <= later)

    async def revoke(self, token_id: str, by: By = SYSTEM) -> Token:
        """Make a token void. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(TokenRow, token_id)
            if row is None:
                raise NotFound("There is no such token.")
            await session.execute(delete(TokenRow).where(TokenRow.id == token_id))
            await changed(session)
            now = self._clock.now()
            await append(session, [Entry(at=now, by=by, action=Action.TOKEN_REVOKED, target=row.name)])
            return _token(row)

    async def alive(self, now: datetime) -> frozenset[str]:
        """Ids of the tokens that exist and have not expired: all others' streams are to be closed."""
        valid = or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > self._clock.later(now))
        async with self._database.read() as session:
            alive = frozenset(await session.scalars(select(TokenRow.id).where(valid)))
        self._ends = {token_id: end for token_id, end in self._ends.items() if token_id in alive}
        return alive


def _words(new: NewToken) -> str:
    scopes = " ".join(scope.value for scope in Scope if scope in new.scopes)
    return f"scopes: {scopes}; {'for a user' if new.user_id else f'service for {len(new.may_act_for)}'}"


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        user_id=row.user_id,
        may_act_for=frozenset(filter(None, row.may_act_for.split(","))),
        scopes=known(Scope, row.scopes.split(",")),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
