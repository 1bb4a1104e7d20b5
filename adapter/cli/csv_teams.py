"""Import of who is in which team, and who supervises it, from the CSV of accounts."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.core.audit import By
from adapter.core.people import User
from adapter.core.teams import Team
from adapter.errors import Invalid
from adapter.store.people import People
from adapter.store.teams import TeamChange, Teams

PARTS = {"teams": "members", "supervises": "supervisors"}
"""By the column: what of a team it says."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one line says of teams: by column, names of teams; a column that is missing leaves all as it is."""

    username: str
    teams: tuple[str, ...] | None = None
    supervises: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one team; people by their usernames in lower case."""

    team: Team
    members: frozenset[str]
    supervisors: frozenset[str]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"team    {self.team.name}: {'; '.join(self.words)}"


def plan(rows: Sequence[Row], people: Iterable[User], teams: Sequence[Team]) -> list[Planned]:
    """What the lines make of the teams. Raises Invalid for a team that there isn't."""
    names = {user.id: user.username.casefold() for user in people}
    known = {team.name.casefold(): team for team in teams}
    _need_known(rows, known)
    planned = []
    for team in teams:
        before = {
            "teams": frozenset(names[one] for one in team.members),
            "supervises": frozenset(names[one] for one in team.supervisors),
        }
        after = {column: _after(column, team, before[column], rows) for column in PARTS}
        words = tuple(
            f"{PARTS[column]} {_changes(before[column], after[column])}"
            for column in PARTS
            if after[column] != before[column]
        )
        if words:
            planned.append(Planned(team, after["teams"], after["supervises"], words))
    return planned


def _changes(before: frozenset[str], after: frozenset[str]) -> str:
    return " ".join([f"+{one}" for one in sorted(after - before)] + [f"-{one}" for one in sorted(before - after)])


def _after(column: str, team: Team, before: frozenset[str], rows: Iterable[Row]) -> frozenset[str]:
    found = set(before)
    for row in rows:
        listed: tuple[str, ...] | None = getattr(row, column)
        if listed is not None:
            is_in = team.name.casefold() in [name.casefold() for name in listed]
            (found.add if is_in else found.discard)(row.username.casefold())
    return frozenset(found)


def _need_known(rows: Iterable[Row], known: dict[str, Team]) -> None:
    problems = []
    for row in rows:
        for name in dict.fromkeys((*(row.teams or ()), *(row.supervises or ()))):
            if name.casefold() not in known:
                close = difflib.get_close_matches(name, [team.name for team in known.values()], n=1)
                hint = f"did you mean {close[0]!r}?" if close else "`call-monitor team add` makes one"
                problems.append(f"{row.username}: there is no team {name!r}; {hint}")
    if problems:
        raise Invalid("Nothing was changed:\n  " + "\n  ".join(problems))


async def carry_out(planned: Iterable[Planned], people: People, teams: Teams, by: By) -> None:
    """Make the changes, once the accounts are there."""
    ids = {user.username.casefold(): user.id for user in await people.all()}

    def known(names: Iterable[str]) -> list[str]:
        return [ids[name] for name in names if name in ids]

    for one in planned:
        change = TeamChange(members=known(one.members), supervisors=known(one.supervisors), by=by)
        await teams.change(one.team.id, change)
