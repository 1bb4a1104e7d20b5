"""Embeds in the database: a link is opened once, whichever adapter is asked, and known by hashes only."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from adapter.core.audit import Entry
from adapter.core.clock import Clock
from adapter.core.embeds import LINK_LASTS, SESSION_LASTS, Embed, Refusal
from adapter.errors import NotAuthenticated
from adapter.store.audit import append, take_chain
from adapter.store.database import Database
from adapter.store.embed_tables import EmbedRow
from adapter.store.sessions import token_hash
from adapter.store.tables import TokenRow

LINK, SESSION = "cml_", "cme_"
"""How secrets of links and of sessions begin, so that scanners for leaked secrets can know them."""
KEPT = timedelta(days=1)
"""How long a link is known when it is of no use any more: until then it can be said that it was used already."""
AnyEntry = Callable[[Embed, Refusal | None], Entry]
"""What the audit is told, once it is known what became of a link."""


class Embeds:
    """All links and their sessions. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def expiry(self) -> datetime:
        """Until when a link that is made now can be opened, by the clock that is later: it may have been set back."""
        return self._clock.later() + LINK_LASTS

    async def create(self, new: Embed, entry: Entry) -> str:
        """Make a link; returns its secret, which is known to nobody else.

        Raises NotAuthenticated where the token was revoked, or the supervisor's account removed, meanwhile.
        """
        secret = LINK + secrets.token_urlsafe(32)
        row = EmbedRow(
            id=new.id,
            link_hash=token_hash(secret),
            user_id=new.user_id,
            token_id=new.token_id,
            pbx=new.pbx,
            call_id=new.call_id,
            conversation_id=new.conversation_id,
            origin=new.origin,
            created_at=entry.at,
            expires_at=new.expires_at,
        )
        try:
            async with self._database.work() as session:
                await take_chain(session)
                if self._clock.settled:
                    await session.execute(delete(EmbedRow).where(self._is_old()))
                session.add(row)
                await session.flush()
                await append(session, [entry])
        except IntegrityError:
            raise NotAuthenticated("This token was just revoked.") from None
        return secret

    def _is_old(self) -> ColumnElement[bool]:
        long_ago = self._clock.earlier() - KEPT
        unopened = and_(EmbedRow.ends_at.is_(None), EmbedRow.expires_at < long_ago)
        return or_(unopened, EmbedRow.ends_at < long_ago)

    async def of_link(self, secret: str) -> Embed | None:
        """The embed of a link, whatever became of it; None where nobody knows it, or its token is no more."""
        return await self._one(_all().where(EmbedRow.link_hash == token_hash(secret)))

    async def open(self, embed: Embed, refused: Refusal | None, entry: AnyEntry) -> tuple[Embed, str] | Refusal:
        """Open the link of `embed`, if nobody has and its time is not up; what became of it is in the audit.

        `refused`: why it is not to be opened, where that is decided already. Returns the embed with its session's
        secret, which is known to nobody else; or why there is none.
        """
        secret, now = SESSION + secrets.token_urlsafe(32), self._clock.now()
        ends_at = self._clock.later(now) + SESSION_LASTS
        begins = {"session_hash": token_hash(secret), "opened_at": now, "ends_at": ends_at}
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(EmbedRow, embed.id, populate_existing=True)
            if row is None:
                raise NotAuthenticated("This link is of no use any more. Open the call in the CRM again.")
            if row.opened_at is not None:
                refused = Refusal.USED
            elif refused is None and row.expires_at <= self._clock.later(now):
                refused = Refusal.EXPIRED
            if refused is None:
                unused = update(EmbedRow).where(EmbedRow.id == embed.id, EmbedRow.opened_at.is_(None)).values(begins)
                opened = await session.execute(unused)
                refused = None if opened.rowcount else Refusal.USED  # type: ignore[attr-defined]
            await append(session, [entry(embed, refused)])
        if refused is not None:
            return refused
        found = await self.find(secret, now)
        if found is None:
            raise NotAuthenticated("This link is of no use any more. Open the call in the CRM again.")
        return found, secret

    async def find(self, secret: str, now: datetime) -> Embed | None:
        """The embed of this session, if it has not ended, nor the token with which it ends."""
        later = self._clock.later(now)
        lives = and_(EmbedRow.ends_at > later, or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > later))
        return await self._one(_all().where(EmbedRow.session_hash == token_hash(secret), lives))

    async def _one(self, query: Select[EmbedRow, str, datetime | None]) -> Embed | None:
        async with self._database.read() as session:
            found = (await session.execute(query)).first()
        return _embed(*found) if found is not None else None


def _all() -> Select[EmbedRow, str, datetime | None]:
    return select(EmbedRow, TokenRow.name, TokenRow.expires_at).join(TokenRow, TokenRow.id == EmbedRow.token_id)


def _embed(row: EmbedRow, token_name: str, token_ends: datetime | None) -> Embed:
    return Embed(
        id=row.id,
        user_id=row.user_id,
        token_id=row.token_id,
        token_name=token_name,
        pbx=row.pbx,
        call_id=row.call_id,
        conversation_id=row.conversation_id,
        origin=row.origin,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        ends_at=min(row.ends_at, token_ends) if row.ends_at and token_ends else row.ends_at,
    )
