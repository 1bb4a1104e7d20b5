"""Teams in the database. Each change and its entry in the audit are one transaction, and act as changes of accounts."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.audit import SYSTEM, Action, By, Entry
from adapter.core.clock import Clock
from adapter.core.team_limits import NO_LIMITS, limits_view, with_limits
from adapter.core.teams import Team, distinct_queues
from adapter.errors import Conflict, Invalid, NotFound
from adapter.store.audit import append, take_chain
from adapter.store.database import Database
from adapter.store.people import UNCHANGED, Unchanged, changed
from adapter.store.team_rows import MEMBER, SUPERVISOR, all_teams, limits_text, put_people, put_queues, usernames
from adapter.store.team_tables import TeamRow

UNKNOWN: Final = "unknown"
"""The stable `type` of an id that is nobody's (docs/errors.md)."""
AT_ONCE = 400
"""Ids in one question: SQLite takes 999 values (SQLITE_MAX_VARIABLE_NUMBER of old versions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTeam:
    """A team to be made. The values are checked already; people by id."""

    name: str
    members: Collection[str] = ()
    queues: Sequence[str] = ()
    supervisors: Collection[str] = ()
    shield_seconds: int | None = None
    limits: Mapping[str, int | None] = field(default_factory=dict)
    by: By = SYSTEM
    """Who makes it."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChange:
    """What is to be different; the rest stays."""

    name: str | Unchanged = UNCHANGED
    members: Collection[str] | Unchanged = UNCHANGED
    queues: Sequence[str] | Unchanged = UNCHANGED
    supervisors: Collection[str] | Unchanged = UNCHANGED
    shield_seconds: int | Unchanged | None = UNCHANGED
    limits: Mapping[str, int | None] = field(default_factory=dict)
    """Those that are to be different."""
    by: By = SYSTEM
    """Who changes it."""


class Teams:
    """Reads and changes teams. All methods raise StoreUnavailable when the database does not answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def all(self) -> list[Team]:
        """Every team, by name."""
        async with self._database.read() as session:
            return await all_teams(session)

    async def get(self, team_id: str) -> Team | None:
        """One team."""
        return next((team for team in await self.all() if team.id == team_id), None)

    async def by_name(self, name: str) -> Team | None:
        """One team by its name, in any case."""
        return next((team for team in await self.all() if team.name.casefold() == name.casefold()), None)

    async def create(self, new: NewTeam) -> Team:
        """Make a team. Raises Conflict when the name is taken, Invalid where somebody has no account."""
        empty = Team(new.id, new.name)
        limits = with_limits(NO_LIMITS, new.limits)
        people = frozenset(new.members), distinct_queues(new.queues), frozenset(new.supervisors)
        wanted = Team(new.id, new.name, *people, new.shield_seconds, limits)
        try:
            async with self._database.work() as session:
                await take_chain(session)
                row = TeamRow(id=new.id, name=new.name, name_key=new.name.casefold(), limits=limits_text(limits))
                row.shield_seconds = new.shield_seconds
                session.add(row)
                await session.flush()
                await self._put(session, empty, wanted, new.by, Action.TEAM_CREATED)
                return wanted
        except IntegrityError:
            raise _taken() from None

    async def change(self, team_id: str, change: TeamChange) -> Team:
        """Change a team. Raises NotFound, Conflict when the name is taken, Invalid where somebody has no account."""
        try:
            async with self._database.work() as session:
                await take_chain(session)
                row = await _existing(session, team_id)
                before = next(team for team in await all_teams(session) if team.id == team_id)
                wanted = _applied(before, change)
                row.name, row.name_key = wanted.name, wanted.name.casefold()
                row.shield_seconds = wanted.shield_seconds
                row.limits = limits_text(wanted.limits)
                await session.flush()
                await self._put(session, before, wanted, change.by, Action.TEAM_CHANGED)
                return wanted
        except IntegrityError:
            raise _taken() from None

    async def delete(self, team_id: str, by: By = SYSTEM) -> Team:
        """Remove a team; its people stay. Returns what it was. Raises NotFound."""
        async with self._database.work() as session:
            await take_chain(session)
            row = await _existing(session, team_id)
            before = next(team for team in await all_teams(session) if team.id == team_id)
            await session.delete(row)
            await session.flush()
            await changed(session)
            now = self._clock.now()
            await append(session, [Entry(at=now, by=by, action=Action.TEAM_DELETED, target=before.name)])
            return before

    async def _put(self, session: AsyncSession, before: Team, wanted: Team, by: By, action: Action) -> None:
        names = await _names(session, before, wanted)
        for part, old, new in (
            (MEMBER, before.members, wanted.members),
            (SUPERVISOR, before.supervisors, wanted.supervisors),
        ):
            if unknown := new - names.keys():
                whom = ", ".join(sorted(unknown))
                raise Invalid.at(f"{part}s", f"nobody's account has the id {whom}", UNKNOWN)
            if old != new:
                await put_people(session, wanted.id, part, new)
        if before.queues != wanted.queues:
            await put_queues(session, wanted.id, wanted.queues)
        await changed(session)
        entry = Entry(
            at=self._clock.now(),
            by=by,
            action=action,
            target=before.name,
            reason="; ".join(_differences(before, wanted, names)) or None,
        )
        await append(session, [entry])


def _applied(before: Team, change: TeamChange) -> Team:
    members, queues, supervisors = change.members, change.queues, change.supervisors
    bound = change.shield_seconds
    return Team(
        id=before.id,
        name=before.name if isinstance(change.name, Unchanged) else change.name,
        members=before.members if isinstance(members, Unchanged) else frozenset(members),
        queues=before.queues if isinstance(queues, Unchanged) else distinct_queues(queues),
        supervisors=before.supervisors if isinstance(supervisors, Unchanged) else frozenset(supervisors),
        shield_seconds=before.shield_seconds if isinstance(bound, Unchanged) else bound,
        limits=with_limits(before.limits, change.limits),
    )


async def _names(session: AsyncSession, *teams: Team) -> dict[str, str]:
    ids = sorted({one for team in teams for one in team.members | team.supervisors})
    names: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        names |= await usernames(session, ids[start : start + AT_ONCE])
    return names


def _differences(before: Team, after: Team, names: dict[str, str]) -> Iterator[str]:
    """What is another now, for the audit: `members: +sam -ana`."""
    if before.name != after.name:
        yield f"name: {before.name} → {after.name}"

    def named(ids: Collection[str]) -> set[str]:
        return {names.get(one, one) for one in ids}

    told = {
        "members": (named(before.members), named(after.members)),
        "queues": (set(before.queues), set(after.queues)),
        "supervisors": (named(before.supervisors), named(after.supervisors)),
    }
    for what, (old, new) in told.items():
        words = [f"+{one}" for one in sorted(new - old)] + [f"-{one}" for one in sorted(old - new)]
        if words:
            yield f"{what}: {' '.join(words)}"
    if before.shield_seconds != after.shield_seconds:
        yield f"shield_seconds: {before.shield_seconds} → {after.shield_seconds}"
    was, now = limits_view(before.limits), limits_view(after.limits)
    for name in was:
        if was[name] != now[name]:
            yield f"limit {name}: {_said(was[name])} → {_said(now[name])}"


def _said(limit: int | None) -> str:
    return "none" if limit is None else str(limit)


async def _existing(session: AsyncSession, team_id: str) -> TeamRow:
    row = await session.get(TeamRow, team_id)
    if row is None:
        raise NotFound("There is no such team.")
    return row


def _taken() -> Conflict:
    return Conflict.at("name", "taken", "This name is taken. Choose another.")
