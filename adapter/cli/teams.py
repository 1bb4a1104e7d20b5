"""The command line's part for teams."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from adapter.cli.access import operator
from adapter.cli.asking import NAME, Checked
from adapter.cli.store import config_option, with_store
from adapter.core.people import User
from adapter.core.team_limits import MOST, NAMES, limits_view
from adapter.core.teams import Team, queue_key
from adapter.errors import Invalid, NotFound
from adapter.store import Store
from adapter.store.people import UNCHANGED
from adapter.store.teams import NewTeam, TeamChange
from adapter.web.teams import QueueName

QUEUE = Checked("queue", QueueName)
LIMIT_HELP = f"NAME=NUMBER, repeatable; 0: not looked at, no number: the usual one. Names: {', '.join(NAMES)}."


class _Limit(click.ParamType[tuple[str, int | None]]):
    """One limit, as NAME=NUMBER."""

    name = "limit"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int | None]:
        name, is_set, number = str(value).partition("=")
        if name not in MOST or not is_set:
            return self.fail(f"{value!r} is no limit. Write NAME=NUMBER, with one of {', '.join(NAMES)}.", param, ctx)
        if not number:
            return name, None
        if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number) <= MOST[name]):
            return self.fail(f"{name} is a whole number from 0 to {MOST[name]}", param, ctx)
        return name, int(number)


LIMIT = _Limit()
PAUSES = click.IntRange(0, 86400)
PAUSES_HELP = "Seconds that each member may have monitoring of their own calls paused a day."


@click.group()
def team() -> None:
    """Manage teams: whose calls, and which queues' calls, a supervisor looks after.

    \b
    A supervisor who may see their own teams only needs that scope:
      call-monitor team add Sales --member sam --member ana --queue sales --supervisor mona
      call-monitor user grant mona --scope teams

    A running adapter notices changes within a second. What could no longer be started ends then.
    """


def _people(names: Iterable[str], users: Mapping[str, User]) -> frozenset[str]:
    """Ids of these people. Raises NotFound."""
    unknown = [name for name in names if name.casefold() not in users]
    if unknown:
        raise NotFound(f"There is no user {', '.join(unknown)}. `call-monitor user list` lists all users.")
    return frozenset(users[name.casefold()].id for name in names)


async def _users(store: Store) -> dict[str, User]:
    return {user.username.casefold(): user for user in await store.people.all()}


async def _named(store: Store, name: str) -> Team:
    found = await store.teams.by_name(name)
    if found is None:
        raise NotFound(f"There is no team {name!r}. `call-monitor team list` lists all teams.")
    return found


@team.command("list")
@config_option
def team_list(path: Path | None) -> None:
    """Show all teams, with their people and queues."""

    async def work(store: Store) -> tuple[list[Team], dict[str, str]]:
        return await store.teams.all(), {user.id: user.username for user in await store.people.all()}

    teams, names = with_store(path, work)
    for one in teams:
        click.echo(one.name)
        for what, found in (
            ("supervisors", sorted(names[user] for user in one.supervisors)),
            ("members", sorted(names[user] for user in one.members)),
            ("queues", one.queues),
        ):
            click.echo(f"  {what + ':':<13}{', '.join(found) or '-'}")
        if limits := [f"{name}={number}" for name, number in limits_view(one.limits).items() if number is not None]:
            click.echo(f"  {'limits:':<13}{', '.join(limits)}")
        if one.shield_seconds is not None:
            click.echo(f"  {'pauses:':<13}{one.shield_seconds} seconds for each member and day")
    if not teams:
        click.echo("There are no teams. `call-monitor team add` makes one.")


@team.command("add")
@click.argument("name", type=NAME)
@click.option("--member", "members", multiple=True, help="Username of whose calls are this team's; repeatable.")
@click.option("--queue", "queues", type=QUEUE, multiple=True, help="An Asterisk queue whose calls are; repeatable.")
@click.option("--supervisor", "supervisors", multiple=True, help="Username of who looks after the team; repeatable.")
@click.option("--limit", "limits", type=LIMIT, multiple=True, metavar="NAME=NUMBER", help=LIMIT_HELP)
@click.option("--pauses", type=PAUSES, help=PAUSES_HELP)
@config_option
def team_add(
    name: str,
    members: tuple[str, ...],
    queues: tuple[str, ...],
    supervisors: tuple[str, ...],
    limits: tuple[tuple[str, int | None], ...],
    pauses: int | None,
    path: Path | None,
) -> None:
    """Make a team, e.g.: call-monitor team add Sales --member sam --queue sales --supervisor mona"""

    async def work(store: Store) -> Team:
        users = await _users(store)
        new = NewTeam(
            name=name,
            members=_people(members, users),
            queues=queues,
            supervisors=_people(supervisors, users),
            limits=dict(limits),
            shield_seconds=pauses,
            by=operator(),
        )
        return await store.teams.create(new)

    made: Team = with_store(path, work)
    click.echo(f"{made.name} was added.")


@team.command("change")
@click.argument("team_name", metavar="NAME")
@click.option("--name", type=NAME, help="The new name.")
@click.option("--add-member", multiple=True, help="Username; repeatable, as all that follow.")
@click.option("--remove-member", multiple=True)
@click.option("--add-queue", type=QUEUE, multiple=True, help="An Asterisk queue.")
@click.option("--remove-queue", multiple=True)
@click.option("--add-supervisor", multiple=True, help="Username.")
@click.option("--remove-supervisor", multiple=True)
@click.option("--limit", "limits", type=LIMIT, multiple=True, metavar="NAME=NUMBER", help=LIMIT_HELP)
@click.option("--pauses", type=PAUSES, help=PAUSES_HELP)
@click.option("--any-pauses", is_flag=True, help="Members may have monitoring paused for as long as they wish.")
@config_option
def team_change(
    team_name: str,
    name: str | None,
    add_member: tuple[str, ...],
    remove_member: tuple[str, ...],
    add_queue: tuple[str, ...],
    remove_queue: tuple[str, ...],
    add_supervisor: tuple[str, ...],
    remove_supervisor: tuple[str, ...],
    limits: tuple[tuple[str, int | None], ...],
    pauses: int | None,
    any_pauses: bool,
    path: Path | None,
) -> None:
    """Change a team, e.g.: call-monitor team change Sales --add-member kim --remove-member ana"""

    if any_pauses and pauses is not None:
        raise click.UsageError("Give --pauses or --any-pauses, not both.")

    async def work(store: Store) -> Team:
        before, users = await _named(store, team_name), await _users(store)
        change = TeamChange(
            name=before.name if name is None else name,
            members=_with("member", before.members, _people(add_member, users), _people(remove_member, users)),
            queues=_queues(before.queues, add_queue, remove_queue),
            supervisors=_with(
                "supervisor", before.supervisors, _people(add_supervisor, users), _people(remove_supervisor, users)
            ),
            limits=dict(limits),
            shield_seconds=UNCHANGED if pauses is None and not any_pauses else pauses,
            by=operator(),
        )
        return await store.teams.change(before.id, change)

    changed: Team = with_store(path, work)
    click.echo(f"{changed.name} was changed.")


def _with(what: str, before: frozenset[str], added: frozenset[str], removed: frozenset[str]) -> frozenset[str]:
    """Raises Invalid where somebody is to be removed who isn't there: rather a question than a wrong belief."""
    if removed - before:
        raise Invalid(f"Nothing was changed: somebody named with --remove-{what} is no {what} of this team.")
    return (before | added) - removed


def _queues(before: tuple[str, ...], added: Iterable[str], removed: Iterable[str]) -> list[str]:
    gone = {queue_key(name) for name in removed}
    if gone - {queue_key(name) for name in before}:
        raise Invalid("Nothing was changed: a queue named with --remove-queue is none of this team's.")
    return [name for name in (*before, *added) if queue_key(name) not in gone]


@team.command("remove")
@click.argument("name")
@config_option
def team_remove(name: str, path: Path | None) -> None:
    """Remove a team; its people stay. What was monitored by it alone ends within a second."""

    async def work(store: Store) -> Team:
        return await store.teams.delete((await _named(store, name)).id, operator())

    gone: Team = with_store(path, work)
    click.echo(f"{gone.name} was removed.")
