"""Teams as their rows keep them."""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.team_limits import NO_LIMITS, TeamLimits, limits_kept, limits_view
from adapter.core.teams import NOTHING, Supervised, Team, memberships, queue_key, supervised_by
from adapter.store.tables import UserRow
from adapter.store.team_tables import TeamPersonRow, TeamQueueRow, TeamRow

MEMBER, SUPERVISOR = "member", "supervisor"


async def all_teams(session: AsyncSession) -> list[Team]:
    """Every team, by name."""
    people: dict[tuple[str, str], set[str]] = {}
    for row in await session.scalars(select(TeamPersonRow)):
        people.setdefault((row.team_id, row.part), set()).add(row.user_id)
    queues: dict[str, list[str]] = {}
    for queue in await session.scalars(select(TeamQueueRow).order_by(TeamQueueRow.position)):
        queues.setdefault(queue.team_id, []).append(queue.queue)
    return [
        Team(
            id=row.id,
            name=row.name,
            members=frozenset(people.get((row.id, MEMBER), ())),
            queues=tuple(queues.get(row.id, ())),
            supervisors=frozenset(people.get((row.id, SUPERVISOR), ())),
            shield_seconds=row.shield_seconds,
            limits=limits_kept(json.loads(row.limits)) if row.limits else NO_LIMITS,
        )
        for row in await session.scalars(select(TeamRow).order_by(TeamRow.name_key))
    ]


class InTeams(NamedTuple):
    """What somebody is in teams."""

    supervised: Supervised = NOTHING
    member_of: frozenset[str] = frozenset()
    """Ids of teams."""


IN_NONE = InTeams()


async def in_teams(session: AsyncSession) -> dict[str, InTeams]:
    """What everybody who is something in a team is there, by the id of their account."""
    teams = await all_teams(session)
    supervisors, members = supervised_by(teams), memberships(teams)
    return {
        one: InTeams(supervisors.get(one, NOTHING), members.get(one, frozenset()))
        for one in supervisors.keys() | members.keys()
    }


async def in_teams_of(session: AsyncSession, user_id: str) -> InTeams:
    """What one person is in teams."""
    return (await in_teams(session)).get(user_id, IN_NONE)


def limits_text(limits: TeamLimits) -> str | None:
    """Limits as a team's row keeps them."""
    if limits == NO_LIMITS:
        return None
    return json.dumps({name: value for name, value in limits_view(limits).items() if value is not None})


async def usernames(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """The names of those of these accounts that exist."""
    found = await session.execute(select(UserRow.id, UserRow.username).where(UserRow.id.in_(ids)))
    return {str(row.id): str(row.username) for row in found}


async def put_people(session: AsyncSession, team_id: str, part: str, people: Collection[str]) -> None:
    """These and nobody else have this part in the team."""
    mine = (TeamPersonRow.team_id == team_id, TeamPersonRow.part == part)
    await session.execute(delete(TeamPersonRow).where(*mine))
    rows = [{"team_id": team_id, "user_id": user_id, "part": part} for user_id in sorted(people)]
    if rows:
        await session.execute(insert(TeamPersonRow), rows)


async def put_queues(session: AsyncSession, team_id: str, queues: Sequence[str]) -> None:
    """These are the team's queues; each once (`adapter.core.teams.distinct_queues`)."""
    await session.execute(delete(TeamQueueRow).where(TeamQueueRow.team_id == team_id))
    rows = [
        {"team_id": team_id, "queue_key": queue_key(name), "position": position, "queue": name}
        for position, name in enumerate(queues)
    ]
    if rows:
        await session.execute(insert(TeamQueueRow), rows)
