"""Teams as their rows keep them."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from adapter.core.teams import NOTHING, Supervised, Team, queue_key, supervised_by
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
        )
        for row in await session.scalars(select(TeamRow).order_by(TeamRow.name_key))
    ]


async def supervised(session: AsyncSession) -> dict[str, Supervised]:
    """What everybody who supervises a team supervises, by the id of their account."""
    return supervised_by(await all_teams(session))


async def supervised_of(session: AsyncSession, user_id: str) -> Supervised:
    """What one person supervises."""
    return (await supervised(session)).get(user_id, NOTHING)


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
