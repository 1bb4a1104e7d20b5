"""No monitor outlasts its supervisor's scope: in random histories of calls, queues and accounts, at a real board."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.core import events as ev
from adapter.core.legcommands import EndLeg
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Supervisor, with_call
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.permissions import may_monitor
from adapter.core.teams import MonitorScope, Supervised
from adapter.monitoring.board import Board
from tests.fake.pbx import WORDS
from tests.fake.scene import ADMIN, ANA, COACH, LEE, MONA, SAM, START, Scene, numbering
from tests.unit.test_silence import leg_of
from tests.unit.test_teams import Queues, queues

__all__ = ["queues"]
AGENTS = {"101": SAM, "102": ANA, "103": LEE}


class World:
    """Three calls, and supervisors who listen to some of them."""

    def __init__(self, queues: Queues) -> None:
        self.queues, self.scene, self.numbers = queues, Scene(), 0
        queues.of.clear()
        self.people = {user.id: user for user in (ADMIN, SAM, ANA, LEE, MONA, COACH)}
        self.board = Board(numbering(), Directory.of(self.people.values()), PbxState(LinkState.CONNECTED, START), WORDS)
        self.legs = {
            extension: self.scene.answered_call(f"20{place}", extension, f"b{place}")
            for place, extension in enumerate(AGENTS)
        }
        self.ordered: set[str] = set()
        self.held: set[str] = set()
        self.board.commands.subscribe(
            lambda leg, commands: self.ordered.add(leg) if any(isinstance(one, EndLeg) for one in commands) else None
        )
        self.run()

    def run(self) -> None:
        """Tell what the scene has made."""
        self.board.apply(self.scene.take())

    def people_are(self, **changes: User) -> None:
        """Accounts are others now, told as the service tells it, before anybody looks at rights."""
        self.people |= {user.id: user for user in changes.values()}
        self.board.set_directory(Directory.of(self.people.values()), frozenset(), START)

    def play(self, step: str) -> None:
        """One step."""
        self.numbers += 1
        what, _, rest = step.partition(" ")
        one, _, other = rest.partition(" ")
        if what == "queue":
            self.queues.of[self.legs[one][1]] = other or None
            self.held ^= {one}
            self.scene.hold(self.legs[one][1], one in self.held)  # something that has the call looked at
        elif what == "moves":  # this agent's phone is another's now, or nobody's
            phone = self.people[AGENTS[one].id]
            self.people_are(phone=replace(phone, devices=() if phone.devices else AGENTS[one].devices))
        elif what == "listen":
            self.listen({"mona": MONA, "coach": COACH}[one], other)
        elif what == "ends":
            self.scene.gone(*self.legs[one])
            self.held.discard(one)
            self.legs[one] = self.scene.answered_call("200", one, f"b{one}{self.numbers}")
        elif what == "talks":
            for monitor in list(self.board.monitors()):
                self.board.apply([ev.DigitReceived(START, monitor.leg, "5")])
        self.run()

    def listen(self, supervisor: User, extension: str) -> None:
        """Where one may."""
        user = self.people[supervisor.id]
        call = next((call for call in self.board.calls() if call.agent.extension == extension), None)
        busy = any(one.supervisor.user_id == user.id for one in self.board.monitors())
        if call is None or busy or not self.may(user, call.agent.user_id, call.queue):
            return
        name = f"{supervisor.username}{self.numbers}"
        fresh = Monitor(
            id=name,
            pbx="lab",
            call_id=call.id,
            conversation_id=call.conversation_id,
            target=call.uniqueid,
            leg=leg_of(name),
            supervisor=Supervisor(user.id, user.name, user.username),
            device="PJSIP/302",
            keypad=False,
            mode=Mode.SILENT,
            state=MonitorState.CONNECTING,
            started_at=START,
        )
        self.board.put(with_call(fresh, call), START)
        if self.numbers % 3:
            self.board.apply([ev.SpyStarted(START, fresh.leg, call.uniqueid, "call-monitor", "silent")])

    def may(self, user: User, agent: str | None, queue: str | None) -> bool:
        """By the words of the contract, not by the program's."""
        mine = user.supervised
        within = agent in mine.people or (queue or "").lower() in mine.queues
        return may_monitor(user) and (user.scope is MonitorScope.ALL or within)

    def check(self) -> None:
        """What runs, may; and of what may not, the leg was told to go."""
        for monitor in self.board.monitors():
            call = self.board.call(monitor.call_id)
            if call is None:
                continue
            assert (monitor.agent_id, monitor.queue) == (call.agent.user_id, call.queue)
            if not self.may(self.people[monitor.supervisor.user_id], call.agent.user_id, call.queue):
                assert monitor.ending is EndReason.PERMISSION_REVOKED
                assert monitor.leg in self.ordered


STEPS = (
    *(f"queue {extension} {queue}" for extension in AGENTS for queue in ("sales", "HELP", "")),
    *(f"{what} {extension}" for what in ("moves", "ends") for extension in AGENTS),
    *(f"listen {who} {extension}" for who in ("mona", "coach") for extension in AGENTS),
    "talks",
)
supervised = st.builds(
    Supervised,
    st.frozensets(st.sampled_from([SAM.id, ANA.id, LEE.id]), max_size=2),
    st.frozensets(st.sampled_from(["sales", "help"]), max_size=1),
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STEPS), max_size=25), supervised, supervised)
def test_no_monitor_outlasts_the_scope(queues: Queues, steps: list[str], monas: Supervised, coachs: Supervised) -> None:
    world = World(queues)
    world.people_are(
        mona=replace(MONA, scope=MonitorScope.TEAMS, supervised=monas),
        coach=replace(COACH, scope=MonitorScope.TEAMS, supervised=coachs),
    )
    for step in steps:
        world.play(step)
        world.check()


@pytest.mark.parametrize("step", ["queue 101", "moves 101"])
def test_it_can_end(queues: Queues, step: str) -> None:
    """By a transfer that takes the queue away, and where the phone is another's."""
    world = World(queues)
    by_queue, by_agent = Supervised(queues=frozenset({"sales"})), Supervised(frozenset({SAM.id}))
    mine = by_queue if step.startswith("queue") else by_agent
    world.people_are(mona=replace(MONA, scope=MonitorScope.TEAMS, supervised=mine))
    for one in ("queue 101 SALES", "listen mona 101"):
        world.play(one)
    (monitor,) = world.board.monitors()
    assert monitor.ending is None
    world.play(step)
    (monitor,) = world.board.monitors()
    assert monitor.ending is EndReason.PERMISSION_REVOKED
    assert monitor.leg in world.ordered
