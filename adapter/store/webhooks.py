"""Receivers of events: where they are, what they want to hear, and since when they fail."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, select, update

from adapter.core.audit import SYSTEM, Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.record import EventType
from adapter.errors import NotFound
from adapter.store.audit import append, take_chain
from adapter.store.columns import known
from adapter.store.database import Database
from adapter.store.tables import WebhookRow


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver."""

    id: str
    url: str
    events: frozenset[EventType]
    enabled: bool
    secret: str = field(repr=False)
    created_at: datetime
    failing_since: datetime | None = None
    """Since when no try has succeeded; None where the last one did."""
    disabled_reason: str | None = None


class Webhooks:
    """All receivers. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def all(self) -> list[Webhook]:
        """Every receiver, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(select(WebhookRow).order_by(WebhookRow.created_at, WebhookRow.id))
            return [_webhook(row) for row in rows]

    async def get(self, hook_id: str) -> Webhook:
        """One receiver. Raises NotFound."""
        async with self._database.read() as session:
            row = await session.get(WebhookRow, hook_id)
            if row is None:
                raise NotFound("There is no such webhook.")
            return _webhook(row)

    async def create(
        self,
        url: str,
        events: frozenset[EventType],
        secret: str,
        *,
        enabled: bool = True,
        by: By = SYSTEM,
        hook_id: str | None = None,
    ) -> Webhook:
        """Make a receiver; it is told of what happens from now on. `hook_id`: where that was given before."""
        now = self._clock.now()
        made = Webhook(hook_id or uuid.uuid4().hex, url, events, enabled, secret, now)
        async with self._database.work() as session:
            await take_chain(session)
            session.add(_row(made))
            await session.flush()
            told = _words(made)
            await append(session, [Entry(at=now, by=by, action=Action.WEBHOOK_CREATED, target=url, reason=told)])
        return made

    async def change(
        self,
        hook_id: str,
        *,
        url: str | None = None,
        events: frozenset[EventType] | None = None,
        enabled: bool | None = None,
        disabled_reason: str | None = None,
        by: By = SYSTEM,
    ) -> Webhook:
        """Change what is given. What waits for a disabled one waits on. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await session.get(WebhookRow, hook_id)
            if row is None:
                raise NotFound("There is no such webhook.")
            before = _webhook(row)
            after = replace(
                before,
                url=before.url if url is None else url,
                events=before.events if events is None else events,
                enabled=before.enabled if enabled is None else enabled,
                disabled_reason=disabled_reason if enabled is False else None if enabled else before.disabled_reason,
            )
            if url is not None or enabled:
                after = replace(after, failing_since=None)
            row.url, row.events, row.enabled = after.url, _kept(after.events), after.enabled
            row.disabled_reason, row.failing_since = after.disabled_reason, after.failing_since
            told = disabled_reason or _words(after)
            entry = Entry(at=self._clock.now(), by=by, action=Action.WEBHOOK_CHANGED, target=after.url, reason=told)
            await append(session, [entry])
            return after

    async def delete(self, hook_id: str, by: By = SYSTEM) -> None:
        """Remove a receiver and what waits for it. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            url = await session.scalar(delete(WebhookRow).where(WebhookRow.id == hook_id).returning(WebhookRow.url))
            if url is None:
                raise NotFound("There is no such webhook.")
            await append(session, [Entry(at=self._clock.now(), by=by, action=Action.WEBHOOK_DELETED, target=url)])

    async def failing(self, hook_id: str, since: datetime | None) -> None:
        """Note since when it fails, or that it doesn't any more."""
        async with self._database.work() as session:
            mine = update(WebhookRow).where(WebhookRow.id == hook_id)
            await session.execute(mine.values(failing_since=since))


def _words(hook: Webhook) -> str:
    return f"{'enabled' if hook.enabled else 'disabled'}; {' '.join(_sorted(hook.events))}"


def _sorted(events: frozenset[EventType]) -> Sequence[str]:
    return [event.value for event in EventType if event in events]


def _kept(events: frozenset[EventType]) -> str:
    return f",{','.join(_sorted(events))},"


def _row(hook: Webhook) -> WebhookRow:
    return WebhookRow(
        id=hook.id,
        url=hook.url,
        events=_kept(hook.events),
        enabled=hook.enabled,
        secret=hook.secret,
        created_at=hook.created_at,
        failing_since=hook.failing_since,
        disabled_reason=hook.disabled_reason,
    )


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        events=known(EventType, row.events.split(",")),
        enabled=row.enabled,
        secret=row.secret,
        created_at=row.created_at,
        failing_since=row.failing_since,
        disabled_reason=row.disabled_reason,
    )
