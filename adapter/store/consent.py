"""The rules of consent in the database. Every change leaves a new mark, so that all adapters notice it."""

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import Action, By, Entry
from adapter.core.call import Direction
from adapter.core.clock import Clock
from adapter.core.consent import ConsentRule, Listener, Sound, rule_view, told
from adapter.core.record import EventType, HookEvent
from adapter.store.audit import append, take_chain
from adapter.store.consent_table import ConsentRuleRow
from adapter.store.database import Database, put_fact
from adapter.store.outbox import add as add_events
from adapter.store.tables import FactRow
from adapter.store.team_tables import TeamRow

VERSION = "consent_version"
LANE = "consent"
"""Of events of no call: each has a lane of its own that begins so."""
REASON = 2000
"""Characters of the entry that says what the rules are now."""


class ConsentStore:
    """All rules. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def version(self) -> str:
        """A mark that is another after every change, whoever made it."""
        async with self._database.read() as session:
            fact = await session.get(FactRow, VERSION)
            return fact.value if fact else ""

    async def load(self) -> Sequence[ConsentRule]:
        """All rules in their order; none of a team that is no more."""
        async with self._database.read() as session:
            return await _rules(session, await _teams(session))

    async def put(self, rules: Sequence[ConsentRule], by: By) -> Sequence[ConsentRule]:
        """Replace all of them; returns those that are in force."""
        async with self._database.work() as session:
            await take_chain(session)
            teams = await _teams(session)
            before = await _rules(session, teams)
            after = [rule for rule in rules if rule.team_id is None or rule.team_id in teams]
            await session.execute(delete(ConsentRuleRow))
            if after:
                await session.execute(insert(ConsentRuleRow), [_row(*each) for each in enumerate(after)])
            if after != list(before):
                now = self._clock.now()
                reason = told(after, teams)
                reason = reason if len(reason) <= REASON else f"{reason[: REASON - 20]}… ({len(after)} rules)"
                await append(session, [Entry(at=now, by=by, action=Action.CONSENT_CHANGED, reason=reason)])
                data: dict[str, object] = {"rules": [rule_view(rule) for rule in after], "by": by.actor}
                event = HookEvent(now, EventType.CONSENT_CHANGED, f"{LANE} {uuid.uuid4().hex}", "", data)
                await session.run_sync(add_events, [event], [uuid.uuid4().hex], now)
                await session.run_sync(put_fact, VERSION, uuid.uuid4().hex)
            return after


async def _teams(session: AsyncSession) -> Mapping[str, str]:
    """Names by id."""
    return {row.id: row.name for row in await session.scalars(select(TeamRow))}


async def _rules(session: AsyncSession, teams: Mapping[str, str]) -> Sequence[ConsentRule]:
    rows = await session.scalars(select(ConsentRuleRow).order_by(ConsentRuleRow.position))
    return [_rule(row) for row in rows if row.team_id is None or row.team_id in teams]


def _rule(row: ConsentRuleRow) -> ConsentRule:
    return ConsentRule(
        Sound(row.sound),
        Listener(row.listener),
        row.every_seconds,
        row.queue,
        row.team_id,
        Direction(row.direction) if row.direction else None,
    )


def _row(position: int, rule: ConsentRule) -> dict[str, object]:
    view = rule_view(rule)
    return {"position": position, "listener": view.pop("to"), **view}
