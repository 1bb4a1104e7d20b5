"""Agents and queues for people with a scope: floors that differ only outside it are the same to them, byte for byte."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core.agent import AgentState, AgentStatus, Caller, Membership, QueueStatus
from adapter.core.bars import Who
from adapter.core.people import Directory, User
from adapter.core.teams import MonitorScope, Team, memberships, supervised_by
from adapter.monitoring.boards import Boards
from tests.fake.scene import ADMIN, ANA, LEE, MONA, SAM, START
from tests.support.pictured import Pictured
from tests.support.viewers import Together

QUEUES = ("sales", "helpdesk")
USERS = (SAM, ANA, LEE)

states = st.lists(st.sampled_from(list(AgentState)), min_size=4, max_size=4)
places = st.lists(st.frozensets(st.sampled_from(QUEUES)), min_size=4, max_size=4)
waits = st.lists(st.sampled_from(["201", "202", "+4930666"]), max_size=2)
floors = st.tuples(states, places, waits, waits)
some = st.frozensets(st.sampled_from([user.id for user in USERS]))
teams = st.lists(st.tuples(some, st.sampled_from([(), ("Sales",), ("helpdesk",)]), st.booleans()), max_size=3)


def agent(number: int, state: AgentState, queues: frozenset[str], team_ids: tuple[str, ...]) -> AgentStatus:
    user = USERS[number] if number < len(USERS) else None
    return AgentStatus(
        *(f"a{number}", "lab", user.id if user else None, user.name if user else "104", f"10{number + 1}", state),
        *(START, f"c{number}" if state is AgentState.ON_CALL else None),
        tuple(Membership(name, False, None, 0, None) for name in sorted(queues)),
        team_ids,
    )


def queue(name: str, waiting: list[str]) -> QueueStatus:
    callers = tuple(Caller(number, "", START, f"{place}.1") for place, number in enumerate(waiting))
    return QueueStatus(f"q-{name}", name, "lab", callers, 0, 0, 0, len(waiting), 0, 100.0)


class Seen:
    """What one viewer is told, who supervises these teams only."""

    def __init__(self, viewer: User, all_teams: list[Team]) -> None:
        self.supervised = supervised_by(all_teams).get(viewer.id)
        self.members = memberships(all_teams)
        person = replace(viewer, scope=MonitorScope.TEAMS)
        if self.supervised is not None:
            person = replace(person, supervised=self.supervised)
        directory = Directory.of([person, *(user for user in (*USERS, ADMIN) if user.id != viewer.id)])
        self.viewer, self.picture = person, Pictured(directory)
        self.stream = Together(Boards([self.picture], directory, START)).join(Who(viewer.id))
        self.told = b""

    def put(self, floor: tuple[list[AgentState], list[frozenset[str]], list[str], list[str]], at: int) -> None:
        doing, members, *waiting = floor
        agents = [
            agent(n, state, members[n], tuple(sorted(self.members.get(USERS[n].id, ()))) if n < len(USERS) else ())
            for n, state in enumerate(doing)
        ]
        queues = [queue(name, some) for name, some in zip(QUEUES, waiting, strict=True)]
        self.picture.put_floor(agents, queues, START + timedelta(seconds=at))
        self.told = self.stream.bytes

    def concerns_agent(self, number: int) -> bool:
        ids = self.supervised.people if self.supervised else frozenset[str]()
        return number < len(USERS) and USERS[number].id in ids

    def concerns_queue(self, name: str) -> bool:
        return self.supervised is not None and name in self.supervised.queues


@settings(max_examples=60, deadline=None)
@given(teams, st.lists(floors, min_size=1, max_size=4), st.data())
def test_what_is_outside_the_scope_shows_nowhere(
    made: list[tuple[frozenset[str], tuple[str, ...], bool]],
    truth: list[tuple[list[AgentState], list[frozenset[str]], list[str], list[str]]],
    data: st.DataObject,
) -> None:
    everything = [
        Team(f"t{n}", f"t{n}", members, queues, frozenset({MONA.id} if mine else {"somebody"}))
        for n, (members, queues, mine) in enumerate(made)
    ]
    here, there = Seen(MONA, everything), Seen(MONA, everything)
    for at, floor in enumerate(truth):
        other = data.draw(floors)
        doing, members, *waiting = floor
        otherwise = (
            [state if here.concerns_agent(n) else other[0][n] for n, state in enumerate(doing)],
            [
                # Of somebody in the scope their own queues matter; the rest of where they are is nobody's business.
                frozenset(q for q in QUEUES if q in (mine if here.concerns_queue(q) else other[1][n]))
                if here.concerns_agent(n)
                else other[1][n]
                for n, mine in enumerate(members)
            ],
            *(
                some if here.concerns_queue(name) else other[2 + place]
                for place, (name, some) in enumerate(zip(QUEUES, waiting, strict=True))
            ),
        )
        here.put(floor, at)
        there.put(otherwise, at)  # type: ignore[arg-type]
        assert here.told == there.told
    mine = {name for name in QUEUES if here.concerns_queue(name)}
    for name in set(QUEUES) - mine:
        assert f'"{name}"'.encode() not in here.told
    for n in range(4):
        assert here.concerns_agent(n) or f'"a{n}"'.encode() not in here.told


def test_an_administrator_sees_all_of_it_and_an_agent_themselves() -> None:
    directory = Directory.of([ADMIN, SAM, ANA])
    picture = Pictured(directory)
    together = Together(Boards([picture], directory, START))
    admin, sam = together.join(Who(ADMIN.id)), together.join(Who(SAM.id))
    agents = [agent(n, AgentState.AVAILABLE, frozenset({"sales"}), ("t",)) for n in range(4)]
    picture.put_floor(agents, [queue("sales", ["201"])], START)
    told = admin.bytes
    assert all(f'"a{n}"'.encode() in told for n in range(4))
    assert b'"q-sales"' in told
    assert b'"team_ids": ["t"]' in told or b'"team_ids":["t"]' in told
    mine = sam.bytes
    assert b'"a0"' in mine
    assert b'"a1"' not in mine
    assert b"q-sales" not in mine
