"""A proof by histories: nobody's bytes depend on what lies outside their scope, whatever it is and whoever changes it.

Each history is played in two worlds that are alike in what is somebody's business, and differ in all else: other
people's calls are not there, or are others with other numbers and monitors. What that one is shown must be the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import errors
from adapter.core.bars import Who
from adapter.core.call import Agent, Call, CallState, Direction, Party
from adapter.core.changes import MonitorChange
from adapter.core.help import HelpRequest, HelpState
from adapter.core.help_views import HelpSight, help_view
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, MonitorState, Supervisor, with_call
from adapter.core.people import Directory, User
from adapter.core.teams import MonitorScope, Team, supervised_by
from adapter.core.views import Visibility, monitor_view, shown_id
from adapter.monitoring.boards import Boards
from adapter.monitoring.policy import Policy
from adapter.monitoring.ports import StartRequest
from adapter.store.tokens import Scope, Token
from adapter.web import calls as web_calls
from adapter.web.frames import encode
from adapter.web.principal import Principal, by_token
from tests.fake.scene import ADMIN, ANA, COACH, LEE, MONA, SAM, START
from tests.support.pictured import Pictured
from tests.support.viewers import Together

PEOPLE = {user.id: user for user in (ADMIN, SAM, ANA, LEE, MONA, COACH)}
AGENTS: tuple[User | None, ...] = (SAM, ANA, LEE, COACH, None)
QUEUES = (None, "sales", "Sales", "help")
NUMBERS = ("+12025550101", "+12025550102", "201")
VIEWERS = {"mona": Who(MONA.id), "mona's token": Who(MONA.id, "t-mona"), "coach": Who(COACH.id), "sam": Who(SAM.id)}
SERVICE = Token("t-crm", "crm", None, frozenset({MONA.id, SAM.id}), frozenset(Scope), "admin", START, None, None)
"""Acts for Mona, and for Sam who may not monitor: it sees what she does."""


@dataclass(frozen=True)
class Step:
    """What becomes of one call, or of the teams."""

    number: int
    agent: User | None = None
    queue: str | None = None
    customer: str = NUMBERS[0]
    state: CallState = CallState.ACTIVE
    ends: bool = False
    supervisor: User | None = None
    mode: Mode = Mode.SILENT
    teams: tuple[tuple[frozenset[str], tuple[str, ...], frozenset[str]], ...] | None = None
    """Members, queues, supervisors of each; None: they stay."""
    all_of: frozenset[str] = frozenset()
    """Who has the scope `all` then, and who may not monitor."""
    may_not: frozenset[str] = frozenset()
    asks: bool = False
    """Whether the agent asks for help in this call, or still does; the supervisor has taken it."""


ids = st.frozensets(st.sampled_from([SAM.id, ANA.id, LEE.id, COACH.id, MONA.id]), max_size=3)
teams = st.tuples(ids, st.sampled_from([(), ("sales",), ("SALES", "help")]), ids.map(lambda some: some | {MONA.id}))
few = st.sampled_from([frozenset[str](), frozenset({COACH.id}), frozenset({MONA.id})])
steps = st.builds(
    Step,
    number=st.integers(0, 2),
    agent=st.sampled_from(AGENTS),
    queue=st.sampled_from(QUEUES),
    customer=st.sampled_from(NUMBERS),
    state=st.sampled_from(list(CallState)),
    ends=st.booleans() | st.just(False),
    supervisor=st.sampled_from([None, MONA, COACH, ADMIN]),
    mode=st.sampled_from(list(Mode)),
    teams=st.none() | st.lists(teams, max_size=2).map(tuple),
    all_of=few,
    may_not=few,
    asks=st.booleans(),
)


def agent_of(user: User | None) -> Agent:
    """A leg's agent; a phone without an account is an agent too."""
    if user is None:
        return Agent(None, "104", "104", "PJSIP/104")
    return Agent(user.id, user.name, user.extension or "", user.device or "")


def call_of(step: Step, at: int, *, customer: str = "", agent: User | None = None) -> Call:
    """The call of this number as it is now."""
    owner = agent or step.agent
    return Call(
        id=f"c{step.number}",
        conversation_id=f"v{step.number}",
        pbx="lab",
        agent=agent_of(owner),
        customer=Party(customer or step.customer, ""),
        direction=Direction.INBOUND,
        state=step.state,
        started_at=START + timedelta(seconds=step.number),
        answered_at=None if step.state is CallState.RINGING else START,
        barge_reaches_customer=bool(at % 2),
        audible=step.state is CallState.ACTIVE,
        uniqueid=f"17.{step.number}",
        peers=frozenset({"1"}),
        participants=frozenset({owner.id} if owner else ()),
        queue=step.queue,
    )


def monitor_of(step: Step, call: Call, user: User) -> Monitor:
    """Live, on this call."""
    fresh = Monitor(
        id=f"m{step.number} {user.username}",
        pbx="lab",
        call_id=call.id,
        conversation_id=call.conversation_id,
        target=call.uniqueid,
        leg=f"leg{step.number}",
        supervisor=Supervisor(user.id, user.name, user.username),
        device="PJSIP/302",
        keypad=True,
        mode=step.mode,
        state=MonitorState.LIVE,
        started_at=START,
        live_at=START,
        talking_since=START if step.mode.talks else None,
        talk=f"talk{step.number}" if step.mode.talks else "",
    )
    return with_call(fresh, call)


def request_of(step: Step, call: Call, at: int) -> HelpRequest:
    """A request for help in this call; another agent's is another request."""
    by = step.supervisor
    return HelpRequest(
        id=f"h{step.number} {call.agent.user_id}",
        pbx="lab",
        call_id=call.id,
        conversation_id=call.conversation_id,
        agent=call.agent,
        agent_username=call.agent.name,
        customer=call.customer.number,
        note=f"note {at % 2}",
        state=HelpState.TAKEN if by else HelpState.OPEN,
        created_at=START,
        taken_at=START if by else None,
        taken_by=Supervisor(by.id, by.name, by.username) if by else None,
    )


class Truth:
    """All that there is, and by what everybody's business is told: not by the program's own rule."""

    def __init__(self) -> None:
        self.people = {one: replace(user, scope=MonitorScope.TEAMS) for one, user in PEOPLE.items()}
        self.teams: list[Team] = []
        self.calls: dict[str, Call] = {}
        self.monitors: dict[str, Monitor] = {}
        self.help: dict[str, HelpRequest] = {}

    def play(self, step: Step, at: int) -> bool:
        """One step. Returns whether accounts changed."""
        call = call_of(step, at)
        self.calls.pop(call.id, None)
        self.monitors = {one: monitor for one, monitor in self.monitors.items() if monitor.call_id != call.id}
        self.help = {one: request for one, request in self.help.items() if request.call_id != call.id}
        if not step.ends:
            self.calls[call.id] = call
            if step.asks and step.agent is not None and step.state is not CallState.RINGING:
                request = request_of(step, call, at)
                self.help[request.id] = request
            if step.supervisor is not None and step.state is not CallState.RINGING:
                monitor = monitor_of(step, call, step.supervisor)
                self.monitors[monitor.id] = monitor
        if step.teams is None:
            return False
        self.teams = [Team(str(n), str(n), *one) for n, one in enumerate(step.teams)]
        supervised = supervised_by(self.teams)
        for one, user in PEOPLE.items():
            scope = MonitorScope.ALL if one in step.all_of else MonitorScope.TEAMS
            more: dict[str, Any] = {"supervised": supervised[one]} if one in supervised else {}
            self.people[one] = replace(
                user, scope=scope, can_monitor=user.can_monitor and one not in step.may_not, **more
            )
        return True

    def concerns(self, viewer: str, call: Call) -> bool:
        """Whether a call is somebody's business: their own, or one they may monitor."""
        if call.agent.user_id == viewer:
            return True
        user = self.people[viewer]
        if not user.can_monitor:
            return False
        mine = [team for team in self.teams if viewer in team.supervisors]
        return user.scope is MonitorScope.ALL or any(
            call.agent.user_id in team.members
            or (call.queue is not None and call.queue.casefold() in [name.casefold() for name in team.queues])
            for team in mine
        )


Elsewhere = Callable[[Call, Truth, str, int], Call | None]
"""What stands in the other world for a call that is none of this one's business."""


def nothing(call: Call, truth: Truth, viewer: str, at: int) -> Call | None:
    """It is not there."""
    return None


def another(call: Call, truth: Truth, viewer: str, at: int) -> Call | None:
    """It is another, with another customer and perhaps another agent, and none of their business either."""
    number = int(call.id[1:])
    step = Step(number, agent=[LEE, ANA, None][at % 3], customer="+4930666", state=CallState.ACTIVE)
    found = call_of(step, at + 1)
    return None if truth.concerns(viewer, found) else found


class World:
    """What one viewer is shown of the truth, or of a world that is otherwise where it is none of their business."""

    def __init__(self, truth: Truth, who: Who, elsewhere: Elsewhere | None) -> None:
        self.truth, self.who, self.elsewhere = truth, who, elsewhere
        directory = Directory.of(truth.people.values())
        self.picture = Pictured(directory)
        self.boards = Boards([self.picture], directory, START)
        self.policy = Policy(self.boards, "US")
        self.stream = Together(self.boards).join(who)
        self.told = b""

    def update(self, at: int, people: bool) -> None:
        """The truth is another now."""
        calls, monitors = self._shown(at)
        now = START + timedelta(seconds=at)
        before = {call.id: call for call in self.picture.calls()}
        was = {monitor.id: monitor for monitor in self.picture.monitors()}
        asked, requests = self._asked(), dict(self.boards.help)
        self.boards.help = dict(asked)  # told below
        if people:
            directory = Directory.of(self.truth.people.values())
            known = self.boards.directory.users
            changed = frozenset(one for one, user in directory.users.items() if known.get(one) != user)
            self.picture.put(calls.values(), monitors.values())
            self.boards.set_directory(directory, changed, now)
        self.picture.put(calls.values(), monitors.values())
        ids = frozenset(one for one in before.keys() | calls.keys() if before.get(one) != calls.get(one))
        changes = [MonitorChange(was.get(one.id), one) for one in monitors.values() if was.get(one.id) != one]
        over = [MonitorChange(one, self._gone(one)) for one in was.values() if one.id not in monitors]
        self.picture.tell(now, ids, tuple(over + changes))
        gone = [replace(one, state=HelpState.CLOSED) for one in requests.values() if one.id not in asked]
        new = [one for one in asked.values() if requests.get(one.id) != one]
        if gone or new:
            self.boards.set_help([*gone, *new], now)

    def _asked(self) -> dict[str, HelpRequest]:
        """The requests for help; in the other world those in other people's calls are not there."""
        viewer, truth = self.who.user or "", self.truth
        return {
            one: request
            for one, request in truth.help.items()
            if self.elsewhere is None or truth.concerns(viewer, truth.calls[request.call_id])
        }

    def _gone(self, monitor: Monitor) -> Monitor:
        """It is over; or it goes on, where it is none of this one's business."""
        if monitor.id in self.truth.monitors:
            return replace(monitor, agent_id=None, queue=None)
        return replace(monitor, state=MonitorState.ENDED)

    def _shown(self, at: int) -> tuple[dict[str, Call], dict[str, Monitor]]:
        viewer, truth = self.who.user or "", self.truth
        if self.elsewhere is None:
            return dict(truth.calls), dict(truth.monitors)
        calls, monitors = {}, {}
        for call in truth.calls.values():
            shown = call if truth.concerns(viewer, call) else self.elsewhere(call, truth, viewer, at)
            if shown is not None:
                calls[call.id] = shown
        for one, monitor in truth.monitors.items():
            call = truth.calls[monitor.call_id]
            if truth.concerns(viewer, call) or monitor.supervisor.user_id == viewer:
                monitors[one] = monitor
            elif monitor.call_id in calls:  # somebody else listens there, in another mode
                other = replace(monitor, id="x" + one, mode=Mode.BARGE, supervisor=Supervisor("u-x", "X"))
                monitors["x" + one] = with_call(other, calls[monitor.call_id])
        return calls, monitors

    def look(self) -> None:
        """Ask for everything, by every name."""
        user = self.boards.directory.users[self.who.user or ""]
        service = Principal(None, None, SERVICE, by_token(SERVICE, None))
        person = Principal(user, None, None, by_token(SERVICE, user))
        for principal in (person, *([service] if user.id == MONA.id else [])):
            for call in self.boards.calls():
                if view := web_calls.seen(principal, self.boards, call):
                    self.told += encode(view)
        for monitor in self.boards.visible(user, self.who):
            sight = self.boards.visibility(user, monitor, self.who)
            assert sight is not Visibility.NOTHING
            self.told += encode([shown_id(monitor, sight), monitor_view(monitor, sight)])
        for request in sorted(self.boards.help.values(), key=lambda one: one.id):
            if (much := self.boards.help_sight(user, request, self.who)) is not HelpSight.NOTHING:
                self.told += encode(help_view(request, much))
        requests = [StartRequest(call_id=f"c{number}") for number in range(4)]
        requests += [StartRequest(agent_extension=extension) for extension in ("101", "102", "103", "104", "303")]
        requests += [StartRequest(customer_number=number) for number in (*NUMBERS, "+4930666")]
        for wanted in requests:
            try:
                call, device = self.policy.start(user, wanted)
                self.told += encode([call.id, device])
            except errors.AdapterError as problem:
                self.told += encode([problem.code, problem.detail, dict(problem.extra)])


def played(history: list[Step], viewer: str, elsewhere: Elsewhere | None) -> bytes:
    """All that one is shown."""
    truth = Truth()
    world = World(truth, VIEWERS[viewer], elsewhere)
    for at, step in enumerate(history):
        world.update(at, truth.play(step, at))
        world.stream.read()
        world.look()
    return world.stream.bytes + b"\n" + world.told


SOME = Step(0, SAM, teams=((frozenset({SAM.id, COACH.id}), ("sales",), frozenset({MONA.id, COACH.id})),))
"""Where histories begin: with a team."""


@settings(max_examples=250)
@given(
    st.lists(steps, max_size=10).map(lambda some: [SOME, *some]),
    st.sampled_from(list(VIEWERS)),
    st.sampled_from([nothing, another]),
)
def test_nobody_is_shown_what_lies_outside_their_scope(history: list[Step], viewer: str, elsewhere: Elsewhere) -> None:
    assert played(history, viewer, None) == played(history, viewer, elsewhere)


def test_the_worlds_can_differ() -> None:
    """Of what is in the scope everything is shown; with the scope `all` the two worlds are told apart."""
    ours = (frozenset({SAM.id}), ("sales",), frozenset({MONA.id}))
    history = [
        Step(0, SAM, teams=(ours,)),
        Step(1, LEE, customer=NUMBERS[1]),
        Step(1, LEE, "SALES", NUMBERS[1], supervisor=COACH),
        Step(1, LEE, None, NUMBERS[1], supervisor=COACH),
    ]
    told = played(history, "mona", nothing)
    assert told.count(b"event: call.removed") == 1
    assert told.count(b"event: monitor.removed") == 1
    assert b"event: help" not in told
    asked = [history[0], replace(history[1], asks=True), replace(history[2], asks=True), replace(history[3], asks=True)]
    told = played(asked, "mona", nothing)
    assert told.count(b"event: help.updated") == told.count(b"event: help.removed") == 1
    assert NUMBERS[1].encode() in told
    assert NUMBERS[1].encode() not in played(history[:2], "mona", another)
    sees_all = [replace(history[0], all_of=frozenset({MONA.id})), *history[1:]]
    assert played(sees_all, "mona", None).count(b"event: call.removed") == 0
    assert NUMBERS[1].encode() in played(sees_all[:2], "mona", None)
