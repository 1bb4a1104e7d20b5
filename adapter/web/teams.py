"""Teams: whose calls and queues are whose to look after. Every change acts at once, as a change of rights does."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, StrictInt

from adapter.core.audit import Action
from adapter.core.bars import Kind
from adapter.core.team_limits import limits_view
from adapter.core.teams import Team as KnownTeam
from adapter.core.views import Json
from adapter.errors import Conflict, NotFound
from adapter.fleet.people import KnownPeople
from adapter.store.people import People
from adapter.store.teams import UNKNOWN, NewTeam, TeamChange, Teams
from adapter.web import answers, teamlimits
from adapter.web.access import administers, monitors
from adapter.web.fields import Matching, Name, Printable, Visible
from adapter.web.models import Body
from adapter.web.revocation import Revocation
from adapter.web.routes import NOTHING, RequestContext, Returns, Routes
from adapter.web.users import acted


@dataclass(frozen=True, slots=True)
class Deps:
    """What these routes work with."""

    people: People
    teams: Teams
    accounts: KnownPeople
    revocation: Revocation


routes = Routes("teams", Deps)

UserId = Annotated[str, Matching("[0-9a-f]{32}", "this is no user's id", UNKNOWN)]
Members = Annotated[list[UserId], Field(max_length=1000)]
Supervisors = Annotated[list[UserId], Field(max_length=100)]
QueueName = Annotated[str, Field(min_length=1, max_length=100), Printable, Visible]
Queues = Annotated[list[QueueName], Field(max_length=50)]

MEMBERS = "Ids of the users whose calls are this team's."
QUEUES = "Names of Asterisk's queues whose calls are this team's too, in any case; at every PBX."
SUPERVISORS = "Ids of the users who supervise it: with the scope `teams` they see and monitor these calls only."

NOT_OF_SCOPE = {"name", "shield_seconds", "limits"}
"""What of a team says nothing of whose calls are whose to look after."""
PAUSES = "Seconds that each member may have monitoring of their own calls paused a day (UTC); null: no bound."
Seconds = Annotated[StrictInt, Field(ge=0, le=86400)]


class TeamBody(Body):
    """POST /teams."""

    name: Name
    members: Members = Field([], description=MEMBERS)
    queues: Queues = Field([], description=QUEUES)
    supervisors: Supervisors = Field([], description=SUPERVISORS)
    shield_seconds: Seconds | None = Field(None, description=PAUSES)
    limits: teamlimits.TeamLimits = Field(teamlimits.NONE, description=teamlimits.LIMITS)


class TeamPatch(Body):
    """PATCH /teams/{id}: only the given fields change; a list replaces the one that was."""

    name: Name = ""
    members: Members = Field([], description=MEMBERS)
    queues: Queues = Field([], description=QUEUES)
    supervisors: Supervisors = Field([], description=SUPERVISORS)
    shield_seconds: Seconds | None = Field(None, description=PAUSES)
    limits: teamlimits.TeamLimits = Field(teamlimits.NONE, description=f"{teamlimits.LIMITS} {teamlimits.PATCH}")


class Team(answers.Answer):
    """Some people and queues, and who supervises them."""

    id: str
    name: str
    members: list[str] = Field(description=MEMBERS)
    queues: list[str] = Field(description=QUEUES)
    supervisors: list[str] = Field(description=SUPERVISORS)
    shield_seconds: int | None = Field(description=PAUSES)
    limits: teamlimits.SetLimits = Field(description=teamlimits.LIMITS)


class AllTeams(answers.Answer):
    """The teams that one supervises; for administrators all."""

    teams: list[Team]


def team_view(team: KnownTeam) -> Json:
    """The contract's Team."""
    return {
        "id": team.id,
        "name": team.name,
        "members": sorted(team.members),
        "queues": list(team.queues),
        "supervisors": sorted(team.supervisors),
        "shield_seconds": team.shield_seconds,
        "limits": limits_view(team.limits),
    }


async def _bar(context: RequestContext[Deps, Any], supervisors: Iterable[str]) -> None:
    """They may see more by this: accounts that are changed, so barred from whatever its maker is barred from."""
    for supervisor in sorted(supervisors):
        await context.access.making(context.principal, Kind.ACCOUNT, supervisor)


@routes.plain("GET", "/teams", Returns(model=AllTeams), monitors)
async def list_teams(context: RequestContext[Deps, None]) -> web.Response:
    """The teams that one supervises, by name; administrators see all (a token needs the scope admin for that)."""
    principal, teams = context.principal, await context.deps.teams.all()
    if not principal.administers:
        teams = [team for team in teams if principal.person.id in team.supervisors]
    return web.json_response({"teams": [team_view(team) for team in teams]})


@routes.taking(
    "POST",
    "/teams",
    TeamBody,
    Returns(201, Team, headers=["Location"]),
    administers,
    errors=[Conflict],
    audit=Action.TEAM_CREATED,
)
async def create_team(context: RequestContext[Deps, TeamBody]) -> web.Response:
    """A new team."""
    body = context.body
    new = NewTeam(
        name=body.name,
        members=body.members,
        queues=body.queues,
        supervisors=body.supervisors,
        shield_seconds=body.shield_seconds,
        limits=teamlimits.given(body.limits),
        by=context.principal.by,
    )
    known = context.access.boards.directory.users.keys()
    await _bar(context, known & set(body.supervisors))
    team = await context.deps.teams.create(new)
    await acted(context)
    return web.json_response(team_view(team), status=201, headers={"Location": f"/api/v1/teams/{team.id}"})


async def _existing(context: RequestContext[Deps, Any]) -> KnownTeam:
    team = await context.deps.teams.get(context.part())
    if team is None:
        raise NotFound("There is no such team.")
    return team


@routes.plain("GET", "/teams/{id}", Returns(model=Team), administers, errors=[NotFound])
async def get_team(context: RequestContext[Deps, None]) -> web.Response:
    """One team."""
    return web.json_response(team_view(await _existing(context)))


@routes.taking(
    "PATCH",
    "/teams/{id}",
    TeamPatch,
    Returns(model=Team),
    administers,
    errors=[NotFound, Conflict],
    audit=Action.TEAM_CHANGED,
)
async def change_team(context: RequestContext[Deps, TeamPatch]) -> web.Response:
    """Change some fields of a team. Streams get a fresh snapshot, and monitors that nobody may start now end."""
    given = {name: getattr(context.body, name) for name in context.body.model_fields_set}
    if "limits" in given:
        given["limits"] = teamlimits.given(context.body.limits)
    sees_more = bool(given.keys() - NOT_OF_SCOPE)
    known, before = context.access.boards.directory.users.keys(), await _existing(context)
    concerned = (before.supervisors | set(given.get("supervisors", ()))) & known if sees_more else set()
    await _bar(context, concerned)
    team = await context.deps.teams.change(context.part(), TeamChange(**given, by=context.principal.by))
    if sees_more:  # somebody may have become its supervisor meanwhile
        await _bar(context, team.supervisors - concerned)
    await acted(context)
    return web.json_response(team_view(team))


@routes.plain("DELETE", "/teams/{id}", NOTHING, administers, errors=[NotFound], audit=Action.TEAM_DELETED)
async def delete_team(context: RequestContext[Deps, None]) -> web.Response:
    """Remove a team; its people stay. What was monitored by it alone ends."""
    await context.deps.teams.delete(context.part(), context.principal.by)
    await acted(context)
    return web.Response(status=204)
