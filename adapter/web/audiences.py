"""Who is told the same: streams whose views are alike share what they are shown, and every event is made once for all.

Everybody who may monitor the same calls (all, or those of the same teams), and for whom no conversation is another than
for others, is one audience. Whoever is or was in a conversation, or may not monitor, is one of their own. What decides
is `core/views.set_apart` and `core/scopes.common_scope`: never whether anybody else listens. No sockets, no clock.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice

from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.core.people import User
from adapter.core.permissions import may_monitor
from adapter.core.scopes import Common, common_scope, is_scoped, reaches_monitor
from adapter.monitoring.boards import Boards
from adapter.web.audience import Audience, Member
from adapter.web.frames import Batch, Frame, Shown, snapshot
from adapter.web.talking import Talking


class Audiences:
    """All of them. `news`: is told which audience has frames; `back`: which stream is one of all others again; `ended`:
    which one is over, since its person may see nothing any more."""

    def __init__(
        self,
        boards: Boards,
        news: Callable[[Audience], None],
        back: Callable[[Member], None],
        ended: Callable[[Member], None],
    ) -> None:
        self._boards, self._news, self._back, self._ended = boards, news, back, ended
        self._common: dict[Common, Audience] = {}
        """Those for whom nothing is set apart, by the scope that they share."""
        self._things: dict[Audience, bytes] = {}
        """What each of them is shown, as a snapshot has it, until something changes."""
        self._watching: dict[Audience, None] = {}
        """Those of people of whom something is set apart, and who may monitor: they are told of everything else."""
        self._seeing: dict[str, dict[Audience, None]] = {}
        """By calls, monitors, agents and queues: which audiences of people without that right were shown it."""
        self._by_id: dict[str, dict[Member, None]] = {}
        """The streams of each account, and of each token."""
        self._talking = Talking(boards)
        self._directory = boards.directory

    # --- asked

    def of(self, user_id: str) -> list[Member]:
        """The streams of an account, or of a token."""
        return list(self._by_id.get(user_id, ()))

    # --- come and go

    def join(self, member: Member) -> Frame | None:
        """Their snapshot; what happens from now on they are told. None when they may see nothing at all any more."""
        user = self._user(member)
        if user is None:
            return None
        for one in _ids(member.who):
            self._by_id.setdefault(one, {})[member] = None
        if self._is_plain(user, member.who):
            things = self._join_all(member, user)
        else:
            shown = Batch(self._boards).shown(user, member.who)
            things = shown.things
            self._join_own(member, user, shown)
        return snapshot(self._boards, user, things)

    def _join_all(self, member: Member, user: User) -> bytes:
        everybody = self._common.setdefault(common_scope(user), Audience(Shown(), own=False))
        if everybody not in self._things or not everybody.members:
            shown = Batch(self._boards).shown(user, member.who)
            if not everybody.members:
                everybody.shown = shown
            elif shown != everybody.shown:  # what they were shown is no longer so, and nothing told them
                self._join_own(member, user, shown)
                return shown.things
            self._things[everybody] = shown.things
        self._enter(everybody, member)
        return self._things[everybody]

    def _join_own(self, member: Member, user: User, shown: Shown) -> None:
        for other in self.of(member.who.token or member.user_id):
            audience = other.audience
            is_theirs = audience is not None and audience.own and other.who == member.who
            if audience is not None and is_theirs and audience.shown == shown:
                self._enter(audience, member)
                return
        audience = Audience(shown)
        self._enter(audience, member)
        self._place(audience, user)

    def _enter(self, audience: Audience, member: Member) -> None:
        member.audience, member.position = audience, audience.end
        audience.members[member] = None

    def leave(self, member: Member) -> None:
        """They are gone."""
        for one in _ids(member.who):
            if (of_it := self._by_id.get(one)) is not None:
                of_it.pop(member, None)
                if not of_it:
                    del self._by_id[one]
        audience, member.audience = member.audience, None
        if audience is not None:
            audience.members.pop(member, None)
            audience.lagging.pop(member, None)
            if not audience.members:
                self._over(audience)

    # --- told

    def hear(self, changes: Changes) -> None:
        """Something changed: whoever sees it is told."""
        self._things.clear()
        self._talking.heard(changes)
        if not self._by_id:
            return
        batch = Batch(self._boards, changes)
        self._set_apart(batch)
        fresh = self._people(batch, changes)
        for audience in self._concerned(batch, everybody=changes.link or changes.record):
            if audience in fresh or not audience.members:
                continue
            member = next(iter(audience.members))
            if (user := self._user(member)) is not None:
                self._tell(audience, batch.frames(audience.shown, user, member.who))
                if self._is_of_an_agent(audience):
                    self._note(audience, batch.things)
        self._reunite()

    def _tell(self, audience: Audience, frames: list[Frame]) -> None:
        if frames:
            audience.told(frames)
            self._news(audience)

    def _concerned(self, batch: Batch, *, everybody: bool) -> Iterator[Audience]:
        """Whoever may be shown something of it, or was."""
        yield from [common for common in self._common.values() if common.members]
        yield from list(self._watching)
        found: dict[Audience, None] = {}
        if everybody:
            for of_it in self._by_id.values():
                found |= dict.fromkeys(member.audience for member in of_it if member.audience is not None)
        else:
            for thing in batch.things:
                found |= self._seeing.get(thing, {})
            for one in batch.of_their_own():
                found |= dict.fromkeys(m.audience for m in self.of(one) if m.audience is not None)
        yield from filter(self._is_of_an_agent, found)

    def _is_of_an_agent(self, audience: Audience) -> bool:
        return audience.own and audience not in self._watching

    # --- who goes on by themselves

    def _set_apart(self, batch: Batch) -> None:
        """Before anything of it is shown to all: whoever sees it otherwise is none of them any more.

        Asked of each thing that is about to be shown, so that nobody is shown what their bar hides, whatever was or was
        not noticed before.
        """
        own: dict[Who, list[Member]] = {}
        for one in batch.set_apart():
            for member in self._by_id.get(one, ()):
                is_common = member.audience is not None and not member.audience.own
                if is_common and member not in own.get(member.who, ()):
                    own.setdefault(member.who, []).append(member)
        for members in own.values():
            self._part(members)

    def _part(self, members: list[Member]) -> Audience:
        common, user = members[0].audience, self._user(members[0])
        assert common is not None  # noqa: S101 - only of one of those is anybody parted
        new = common.part(members)
        if user is not None:
            self._place(new, user)
        self._news(new)
        return new

    def _people(self, batch: Batch, changes: Changes) -> dict[Audience, None]:
        """Accounts changed: everything is shown afresh to whom it concerns. Returns who was told by that."""
        fresh: dict[Audience, None] = {}
        if self._boards.directory is not self._directory:
            self._directory = self._boards.directory
            self._check_rights()
        for one in changes.people:
            groups: dict[tuple[Audience, Who], list[Member]] = {}
            for member in self.of(one):
                if member.audience is not None:
                    groups.setdefault((member.audience, member.who), []).append(member)
            for (audience, _), members in groups.items():
                own = audience if audience.own else self._part(members)
                fresh[own] = None
                self._afresh(own, batch)
        return fresh

    def _check_rights(self) -> None:
        """Nobody stays where their rights no longer let them be, also where they are not named as changed."""
        for member in dict.fromkeys(member for of_it in self._by_id.values() for member in of_it):
            user, audience = self._user(member), member.audience
            if user is None or audience is None:
                self._end(member)
            elif not audience.own:
                if not may_monitor(user) or self._common.get(common_scope(user)) is not audience:
                    self._part([member])
            elif may_monitor(user) is self._is_of_an_agent(audience):
                self._unplace(audience)
                self._place(audience, user)

    def _afresh(self, audience: Audience, batch: Batch) -> None:
        member = next(iter(audience.members))
        user = self._user(member)
        if user is None:
            for gone in list(audience.members):
                self._end(gone)
            return
        self._unplace(audience)
        audience.shown = batch.shown(user, member.who)
        self._place(audience, user)
        self._tell(audience, [snapshot(self._boards, user, audience.shown.things)])

    def _end(self, member: Member) -> None:
        self.leave(member)
        self._ended(member)

    def _reunite(self) -> None:
        """Of whom nothing is set apart any more, and who was shown what all are, is one of them again."""
        first = [(one, next(iter(one.members))) for one in self._watching]
        free = [(one, member, self._user(member)) for one, member in first if member.user_id not in self._talking]
        barred = self._boards.bars.everybody() if free else frozenset()
        scoped = any(user is not None and is_scoped(user) for _, _, user in free)
        agents = self._agents() if scoped else frozenset()
        for audience, member, user in free:
            if user is None or member.who.is_among(barred) or self._is_apart(user, agents):
                continue
            common = self._common.setdefault(common_scope(user), Audience(Shown(), own=False))
            if audience.lagging or any(one.behind for one in audience.members):
                continue  # another time: what waits for them is theirs
            if not common.members:
                common.shown = audience.shown
            elif audience.shown != common.shown:
                continue
            members = list(audience.members)
            self._over(audience)
            for one in members:
                self._enter(common, one)
                self._back(one)
        self._common = {scope: common for scope, common in self._common.items() if common.members}

    def _is_plain(self, user: User, who: Who) -> bool:
        """Whether nothing is set apart of what they see."""
        apart = user.id in self._talking or who.is_among(self._boards.bars.everybody())
        return may_monitor(user) and not apart and not self._is_apart(user, self._agents())

    def _is_apart(self, user: User, agents: Container[str]) -> bool:
        """Whether they are shown something that nobody with the same scope is. `agents`: those with an account.

        An agent with a scope, who may be in none of the teams that they supervise, sees themselves too.
        """
        return self._strays(user) or self._asks(user) or (is_scoped(user) and user.id in agents)

    def _asks(self, user: User) -> bool:
        """Whether they ask for help (shown to them also while its call is out of sight), or get messages."""
        mine = self._boards.writes(user.id)
        return mine or any(request.agent.user_id == user.id for request in self._boards.help.values())

    def _agents(self) -> frozenset[str]:
        """Ids of the accounts that are agents: to be made once for many questions."""
        return frozenset(agent.user_id for agent in self._boards.agents() if agent.user_id is not None)

    def _strays(self, user: User) -> bool:
        """Whether they monitor what has just left their scope: it is shown to them until its end, to nobody else."""
        if not is_scoped(user):
            return False
        mine = (one for one in self._boards.monitors() if one.supervisor.user_id == user.id)
        return any(not reaches_monitor(user, one) for one in mine)

    def _user(self, member: Member) -> User | None:
        user = self._boards.directory.users.get(member.user_id)
        return user if user is not None and user.active else None

    # --- found again

    def _place(self, audience: Audience, user: User) -> None:
        if may_monitor(user):
            self._watching[audience] = None
        else:
            self._note(audience, audience.shown.ids)

    def _note(self, audience: Audience, things: Iterable[str]) -> None:
        """Keep up which of these this audience was shown."""
        shown = audience.shown
        for thing in things:
            if thing in shown:
                self._seeing.setdefault(thing, {})[audience] = None
            else:
                self._forget(thing, audience)

    def _forget(self, thing: str, audience: Audience) -> None:
        if (seeing := self._seeing.get(thing)) is not None:
            seeing.pop(audience, None)
            if not seeing:
                del self._seeing[thing]

    def _unplace(self, audience: Audience) -> None:
        self._watching.pop(audience, None)
        for thing in audience.shown.ids:
            self._forget(thing, audience)

    def _over(self, audience: Audience) -> None:
        if audience.own:
            self._unplace(audience)
        audience.members.clear()


def _ids(who: Who) -> Iterator[str]:
    return (one for one in islice(who, 2) if isinstance(one, str))
