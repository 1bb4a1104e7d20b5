"""Whose lines of the audit somebody's report is made of, and to which rows they belong. Pure.

Nobody's report has anything about themselves as an agent, whatever their rights: it would tell of follows. So their own
row is absent, other rows are without what concerned them, and the totals are of what is shown. Conversations that they
are barred from now are left out before (`adapter.store.report`), as the audit leaves them out.
"""

from collections.abc import Iterable, Mapping

from adapter.core.devices import key_of
from adapter.core.people import Directory, User
from adapter.core.report import Fact, Group, GroupBy, Groups, Line, week_of
from adapter.core.scopes import is_scoped

NONE = Group(None, "")
"""What belongs to nobody: help that nobody gave, agents of no team."""


class Reader:
    """Who reads. The audit names people by the usernames that they had; an agent without an account by the endpoint."""

    def __init__(self, user: User, directory: Directory) -> None:
        self._user = user
        self._people = {one.username.lower(): one for one in directory.users.values()}
        self._own = {user.username.lower(), *map(key_of, user.devices)}
        self._own |= {device.rpartition("/")[2].lower() for device in user.devices}

    def shows(self, line: Line) -> bool:
        """Whether a line counts in this report."""
        user = self._user
        if self._about_me(line):
            return False
        if not is_scoped(user) or (line.supervisor or "").lower() == user.username.lower():
            return True
        agent = self._person(line.agent)
        return agent is not None and agent.id in user.supervised.people

    def _about_me(self, line: Line) -> bool:
        return (line.agent or "").lower() in self._own or bool(
            line.extension and line.extension == self._user.extension  # an account may have had another name then
        )

    def groups(self, by: GroupBy, teams: Mapping[str, str]) -> Groups:
        """To which rows a fact belongs. `teams`: the names of all teams, by their ids."""

        def agent(fact: Fact) -> Iterable[Group]:
            line, person = fact.line, self._person(fact.line.agent)
            found = Group(person.id, person.name) if person else Group(line.agent, line.agent_name or line.agent or "")
            return (found if found.id else NONE,)

        def supervisor(fact: Fact) -> Iterable[Group]:
            name, person = fact.supervisor, self._person(fact.supervisor)
            return (Group(person.id, person.name) if person else Group(name, name) if name else NONE,)

        def team(fact: Fact) -> Iterable[Group]:
            person = self._person(fact.line.agent)
            ids = person.teams if person else frozenset()
            if is_scoped(self._user):
                ids &= self._user.supervised.teams
            return [Group(one, teams[one]) for one in sorted(ids) if one in teams] or (NONE,)

        def week(fact: Fact) -> Iterable[Group]:
            return (week_of(fact.at),)

        return {GroupBy.AGENT: agent, GroupBy.SUPERVISOR: supervisor, GroupBy.TEAM: team, GroupBy.WEEK: week}[by]

    def _person(self, username: str | None) -> User | None:
        return self._people.get((username or "").lower())
