"""What agents do and who waits in queues, from events and lists, as the pure model has it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.core import queueevents as qe
from adapter.core.agent import AgentState, AgentStatus
from adapter.core.changes import Changes
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory
from tests.fake.floor import FloorScene, member
from tests.fake.scene import PEOPLE, SAM


@pytest.fixture
def floor() -> FloorScene:
    return FloorScene()


def one(floor: FloorScene, number: str) -> AgentStatus:
    return next(agent for agent in floor.board.agents() if agent.extension == number)


def test_a_call_from_the_queue_to_its_end(floor: FloorScene) -> None:
    assert floor.state("101") == "available"
    customer = floor.join("201")
    (queue,) = floor.board.queues()
    assert [(caller.number, caller.since) for caller in queue.callers] == [("201", floor.now)]
    assert (queue.available, queue.on_call, queue.longest_wait_since) == (4, 0, floor.now)
    called = floor.ring(customer, "101")
    (call,) = floor.board.calls()
    assert (floor.state("101"), call.queue, call.waited_seconds) == ("ringing", "agents", None)
    floor.scene._count += 7
    floor.answer(customer, called)
    (call,) = floor.board.calls()
    assert (floor.state("101"), call.queue, call.waited_seconds) == ("on_call", "agents", 8)
    (queue,) = floor.board.queues()
    assert (queue.callers, queue.available, queue.on_call, queue.longest_wait_since) == ((), 3, 1, None)
    floor.scene.hold(called)
    floor.tell()
    assert floor.state("101") == "held"
    floor.scene.gone(customer, called)
    floor.tell()
    assert floor.state("101") == "available"


def test_who_is_called_rings_and_who_calls_is_on_a_call(floor: FloorScene) -> None:
    caller = floor.scene.channel("101", dials="102")
    called = floor.scene.channel("102", linked=caller)
    floor.scene.dial(caller, called)
    floor.tell()
    assert (floor.state("101"), floor.state("102")) == ("on_call", "ringing")


@pytest.mark.parametrize(
    ("device", "state"),
    [("NOT_INUSE", "available"), ("UNAVAILABLE", "offline"), ("INVALID", "offline"), ("UNKNOWN", "unknown")],
)
def test_a_phone_s_registration(floor: FloorScene, device: str, state: str) -> None:
    floor.device("104", "UNAVAILABLE" if state != "offline" else "NOT_INUSE")
    floor.device("104", device)
    assert floor.state("104") == state


@pytest.mark.parametrize("busy", ["INUSE", "RINGING", "RINGINUSE", "BUSY", "ONHOLD"])
def test_what_occupies_a_phone_says_nothing(floor: FloorScene, busy: str) -> None:
    """It may be a supervisor's leg."""
    before = one(floor, "103")
    floor.device("103", busy)
    floor.tell(qe.DevicesListed(floor.now, dict(floor.devices)))
    floor.connect()
    assert one(floor, "103") == before
    floor.device("103", "UNAVAILABLE")
    floor.device("103", busy)
    assert floor.state("103") == "offline"


def test_a_phone_of_which_nothing_was_known_is_not_heard_of_by_what_occupies_it(floor: FloorScene) -> None:
    """A leg rings a phone of an endpoint in a database, which Asterisk knows from then on: to nobody is it there."""
    floor.members.clear()
    del floor.devices["PJSIP/103"]
    floor.connect(restarted=True)
    lee, agents = one(floor, "103"), len(floor.board.agents())
    assert lee.state is AgentState.UNKNOWN
    heard: list[Changes] = []
    floor.board.subscribe(heard.append)
    for number in ("103", "109"):  # Lee's, and one without an account
        for state in ("RINGING", "INUSE", "NOT_INUSE"):
            floor.device(number, state)
            floor.tell(qe.DevicesListed(floor.now, dict(floor.devices)))
            assert (one(floor, "103"), len(floor.board.agents())) == (lee, agents), state
    assert heard == []
    floor.device("103", "INUSE")
    floor.connect()
    assert one(floor, "103") == lee, "nor by another connection"
    ends = floor.scene.answered_call("201", "103")
    floor.tell()
    assert floor.state("103") == "on_call"
    floor.scene.gone(*ends)
    floor.connect()
    assert floor.state("103") == "available", "with a call of their own it is known"


def test_who_was_busy_before_we_looked_is_there() -> None:
    floor = FloorScene(devices={"103": "INUSE", "104": "RINGING"})
    assert (floor.state("103"), floor.state("104")) == ("available", "available")


def test_several_phones_of_one_person() -> None:
    floor = FloorScene(tuple(replace(u, devices=("PJSIP/101", "PJSIP/104")) if u is SAM else u for u in PEOPLE))
    assert {agent.extension for agent in floor.board.agents()} == {"101", "102", "103"}
    floor.device("101", "UNAVAILABLE")
    assert floor.state("101") == "available"
    floor.device("104", "UNAVAILABLE")
    assert floor.state("101") == "offline"
    floor.scene.answered_call("201", "104")
    floor.tell()
    assert floor.state("101") == "on_call"


def test_pauses_and_since(floor: FloorScene) -> None:
    floor.scene._count += 5
    floor.pause("102", reason="lunch")
    agent = one(floor, "102")
    assert (agent.state, agent.since) == (AgentState.PAUSED, floor.now)
    (place,) = agent.queues
    assert (place.name, place.paused, place.pause_reason) == ("agents", True, "lunch")
    floor.scene._count += 5
    floor.pause("102", reason="tea")
    assert one(floor, "102").since == agent.since
    floor.pause("102", paused=False, reason="back")
    (place,) = one(floor, "102").queues
    assert (floor.state("102"), place.pause_reason) == ("available", None)


def test_since_survives_a_loss_and_a_restart_counts_anew(floor: FloorScene) -> None:
    floor.pause("102")
    paused = floor.now
    before = {agent.extension: agent.since for agent in floor.board.agents()}
    floor.scene._count += 60
    floor.connect()
    assert {agent.extension: agent.since for agent in floor.board.agents()} == before
    floor.connect(restarted=True)
    after = {agent.extension: agent.since for agent in floor.board.agents()}
    assert (after["102"], after["101"]) == (paused, floor.now)


def test_out_of_sight_there_is_nobody(floor: FloorScene) -> None:
    heard: list[Changes] = []
    agents = frozenset(one.id for one in floor.board.agents())
    queues = frozenset(one.id for one in floor.board.queues())
    floor.board.subscribe(heard.append)
    floor.board.set_pbx(PbxState(LinkState.DOWN, floor.now))
    assert (list(floor.board.agents()), list(floor.board.queues())) == ([], [])
    assert (heard[-1].agents, heard[-1].queues) == (agents, queues)
    floor.connect()
    assert (heard[-1].agents, heard[-1].queues) == (agents, queues)


def test_a_list_takes_nothing_back_that_is_as_it_was(floor: FloorScene) -> None:
    floor.join("201")
    floor.scene._count += 3
    rounded = floor.listed()[0]
    rounded = rounded._replace(callers=tuple(c._replace(since=c.since + timedelta(seconds=1)) for c in rounded.callers))
    heard: list[Changes] = []
    floor.board.subscribe(heard.append)
    floor.tell(qe.QueuesListed(floor.now, (rounded,)))
    assert heard == []
    floor.tell(qe.QueuesListed(floor.now, (rounded._replace(completed=5),), "agents"))
    assert len(heard) == 1
    floor.tell(qe.QueuesListed(floor.now, (), "agents"))
    assert list(floor.board.queues()) == []
    assert {place for agent in floor.board.agents() for place in agent.queues} == set()


def test_an_event_behind_a_list_that_had_it_already(floor: FloorScene) -> None:
    first, second = floor.join("201"), floor.join("202")
    floor.tell(qe.CallerJoined(floor.now, "agents", 1, first, first, "201", ""))
    (queue,) = floor.board.queues()
    assert [caller.number for caller in queue.callers] == ["201", "202"]
    floor.left(first)
    floor.tell(qe.CallerLeft(floor.now, "agents", first, first))
    (queue,) = floor.board.queues()
    assert [caller.uniqueid for caller in queue.callers] == [second]


@pytest.mark.parametrize(
    ("interface", "state_interface", "who"),
    [
        ("PJSIP/102", "PJSIP/102", "102"),
        ("Local/102@lab-from-queue/n", "Local/102@lab-from-queue/n", "102"),
        ("Local/102@from-queue/n", "hint:102@ext-local", "102"),
        ("Local/9999@from-queue/n", "PJSIP/102", "102"),
        ("Agent:102", "Agent:102", "102"),
        ("Local/9999@outside", "Local/9999@outside", "9999"),
    ],
)
def test_whose_a_member_is(floor: FloorScene, interface: str, state_interface: str, who: str) -> None:
    new = member("102", "more", interface=interface, state_interface=state_interface, name=interface)
    floor.tell(qe.QueuesListed(floor.now, (*floor.listed(), qe.QueueListed("more", 0, 0, 0.0, (new,)))))
    found = {agent.extension for agent in floor.board.agents() for place in agent.queues if place.name == "more"}
    assert found == {who}
    floor.tell(qe.MemberGone(floor.now, "more", interface))
    assert not {agent.extension for agent in floor.board.agents() for p in agent.queues if p.name == "more"}


def test_an_account_that_is_made_and_deactivated(floor: FloorScene) -> None:
    kim = next(agent for agent in floor.board.agents() if agent.extension == "104")
    assert (kim.user_id, kim.name) == (None, "104")
    new = replace(SAM, id="u-kim", username="kim", name="Kim", extension="104", devices=("PJSIP/104",))
    floor.board.set_directory(Directory.of([*PEOPLE, new]), frozenset(), floor.now)
    (now,) = [agent for agent in floor.board.agents() if agent.extension == "104"]
    assert (now.user_id, now.name, [place.name for place in now.queues]) == ("u-kim", "Kim", ["agents"])
    floor.board.set_directory(Directory.of([*PEOPLE, replace(new, active=False)]), frozenset(), floor.now)
    (now,) = [agent for agent in floor.board.agents() if agent.extension == "104"]
    assert (now.id, now.user_id) == (kim.id, None)


def test_counts_are_those_of_the_states(floor: FloorScene) -> None:
    floor.pause("101")
    floor.scene.answered_call("201", "102")
    floor.tell()
    floor.device("103", "UNAVAILABLE")
    (queue,) = floor.board.queues()
    assert (queue.available, queue.on_call, queue.paused) == (1, 1, 1)
    states = [agent.state.value for agent in floor.board.agents() if agent.queues]
    assert sorted(states) == ["available", "offline", "on_call", "paused"]
