"""When Asterisk is asked to tell who talks, and what is shown of it to whom, over a fake PBX in virtual time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.asterisk import wire
from adapter.asterisk.splitter import Message
from adapter.asterisk.talk import MARK, TalkDetection
from adapter.core import events as ev
from adapter.core.bars import Who
from adapter.core.changes import Changes
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, MonitorState, Supervisor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.talk import Talk, TalkChanged
from adapter.core.unmonitored import Exempt, Unmonitored
from adapter.core.views import Visibility, call_view
from adapter.errors import PbxRefused, PbxTimeout
from adapter.monitoring.board import Board
from adapter.monitoring.e164 import forms
from adapter.monitoring.talkdetect import TalkDetect, settling
from tests.fake.pbx import FakePbx, alone
from tests.fake.scene import COACH, MONA, SAM, START
from tests.support.viewers import Together
from tests.unit.test_silence import leg_of

SETTLE = 0.08
"""Seconds here; a monitor needs some."""


def monitor_of(board: Board, target: str) -> Monitor:
    """Mona begins to listen there."""
    call = next(call for call in board.calls() if call.uniqueid == target)
    return Monitor(
        id="m",
        pbx="lab",
        call_id=call.id,
        conversation_id=call.conversation_id,
        target=target,
        leg=leg_of("m"),
        supervisor=Supervisor(MONA.id, MONA.name, MONA.username),
        device="PJSIP/302",
        keypad=True,
        mode=Mode.SILENT,
        state=MonitorState.CONNECTING,
        started_at=START,
    )


class Floor:
    """A board, and what has Asterisk tell who talks."""

    def __init__(self, least: float = 0.0) -> None:
        self.pbx = FakePbx()
        self.board: Board = self.pbx.board
        self.scene, self.actions = self.pbx.scene, self.pbx.talk
        self.now = START
        self.talk = TalkDetect(self.board, self.actions, lambda: self.now, SETTLE, every=1e9, least=least)
        self.changes: list[Changes] = []
        self.board.subscribe(self.changes.append)

    def run(self) -> None:
        """Tell what the scene has made."""
        events = self.scene.take()
        self.board.apply(events)
        self.talk.heard(events)

    async def settled(self) -> None:
        """Long enough for the hooks."""
        await asyncio.sleep(SETTLE * 3)

    def hears(self, channel: str, seconds: float, *, talks: bool = True) -> None:
        """Asterisk tells."""
        self.talk.heard([TalkChanged(START + timedelta(seconds=seconds), channel, talks)])

    def look(self, seconds: float) -> Talk | None:
        """What is shown then of Sam's call."""
        self.now = START + timedelta(seconds=seconds)
        self.talk.look()
        return next(call.talk for call in self.board.calls() if call.agent.user_id == SAM.id)


@pytest.fixture
def floor() -> Floor:
    """An empty one."""
    return Floor()


async def test_both_channels_of_a_call_are_listened_to(floor: Floor) -> None:
    customer, agent = floor.scene.answered_call("201", "101", "b1")
    floor.run()
    await asyncio.sleep(SETTLE / 4)
    assert floor.actions.on == set(), "not while monitors may still attach"
    await floor.settled()
    assert floor.actions.on == {customer, agent}
    assert floor.look(20) is None, "nobody was heard: who knows whether Asterisk tells"
    floor.hears(agent, 1)
    found = floor.look(20)
    assert found is not None
    assert found.agent_share == 100
    floor.scene.gone(agent, customer)
    floor.run()
    await floor.settled()
    assert not floor.board.talks
    state = (floor.talk._pairs, floor.talk._wanted, floor.talk._begun, floor.talk._work, floor.talk._shown)
    assert not any(state), state


async def test_where_no_event_arrives_the_administrator_is_told(floor: Floor) -> None:
    floor.scene.answered_call("201", "101", "b1")
    floor.run()
    await floor.settled()
    assert floor.talk.remarks() == []
    floor.now += timedelta(seconds=121)
    assert "eventfilter" in floor.talk.remarks()[0]
    floor.hears("somebody", 1)
    assert floor.talk.remarks() == []


async def test_at_each_change_of_the_bridge_the_hooks_go_at_once_and_come_again_later(floor: Floor) -> None:
    """Else a monitor that attaches anew would hear one side only (docs/agents-and-queues)."""
    customer, agent = floor.scene.answered_call("201", "101", "b1")
    floor.run()
    await floor.settled()
    new = floor.scene.channel("PJSIP/202")
    floor.scene.up(new)
    floor.scene.change(new, linkedid=floor.scene.channels[agent].linkedid)
    floor.scene.leave("b1", customer)
    floor.scene.enter("b1", new)
    floor.scene.gone(customer)
    del floor.actions.did[:]
    floor.run()
    await asyncio.sleep(SETTLE / 4)
    assert agent not in floor.actions.on
    assert ("end", agent) in floor.actions.did
    await floor.settled()
    assert floor.actions.on >= {agent, new}
    assert [did for did in floor.actions.did if did[1] == agent] == [("end", agent), ("begin", agent)]


async def test_hooks_of_a_former_run_are_taken_away_first(floor: Floor) -> None:
    customer, agent = floor.scene.answered_call("201", "101", "b1")
    floor.actions.on = {customer, agent}
    floor.run()
    await asyncio.sleep(SETTLE / 4)
    assert floor.actions.on == set()
    await floor.settled()
    assert floor.actions.on == {customer, agent}


async def test_what_happened_out_of_sight_is_not_believed(floor: Floor) -> None:
    _, agent = floor.scene.answered_call("201", "101", "b1")
    floor.run()
    await floor.settled()
    floor.hears(agent, 1)
    assert floor.look(20) is not None
    floor.board.set_pbx(PbxState(LinkState.DOWN, floor.now))
    floor.board.set_pbx(PbxState(LinkState.CONNECTED, floor.now))
    floor.board.apply([floor.scene.listed({})])
    assert floor.look(30) is None
    await floor.settled()
    assert floor.actions.did[-4:-2] == [("end", one) for one in sorted(floor.actions.on)]
    floor.hears(agent, 31)
    assert floor.look(60) is not None


@pytest.mark.parametrize("error", [PbxRefused("Variable not set"), PbxTimeout("no answer")])
async def test_a_failure_breaks_no_call_and_is_told_once(
    floor: Floor, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    floor.actions.error = error
    for number, (customer, agent) in enumerate((("201", "101"), ("202", "102"))):
        floor.scene.answered_call(customer, agent, f"b{number}")
    floor.run()
    await floor.settled()
    assert len(floor.board.calls()) == 2
    assert capsys.readouterr().out.count("who talks can't be told") == 1
    floor.actions.error = None
    floor.scene.gone(*floor.board.channels())
    floor.run()
    customer, agent = floor.scene.answered_call("203", "103", "b9")
    floor.run()
    await floor.settled()
    assert floor.actions.on == {customer, agent}


async def test_nobody_listens_where_nobody_may_monitor(floor: Floor) -> None:
    bars = floor.board.bars
    rules = Unmonitored(bars, forms)
    rules.exempt = Exempt(people=(SAM.id,))
    floor.board._calls._numbering = replace(floor.board._calls._numbering, forbids=rules.forbids)
    floor.scene.answered_call("201", "101", "b1")
    floor.run()
    await floor.settled()
    assert floor.actions.on == set()


async def test_whether_somebody_listens_changes_nothing_of_it() -> None:
    """What is asked of Asterisk, in which order, is the same with a monitor that attaches anew and without one."""
    did = []
    for listens in (False, True):
        own = Floor()
        customer, agent = own.scene.answered_call("201", "101", "b1")
        own.run()
        await own.settled()
        if listens:
            own.board.put(monitor_of(own.board, agent), START)
            leg = leg_of("m")
            own.board.apply([ev.SpyStarted(START, leg, agent, "call-monitor", "silent-keypad")])
            assert [one.live for one in own.board.monitors()] == [True]
        new = own.scene.channel("PJSIP/202")
        own.scene.up(new)
        own.scene.change(new, linkedid=own.scene.channels[agent].linkedid)
        own.scene.leave("b1", customer)
        own.scene.enter("b1", new)
        own.scene.gone(customer)
        own.run()
        assert [one.reattach for one in own.board.monitors()] == [True] * listens
        await own.settled()
        did.append(own.actions.did)
    assert did[0] == did[1] != []


async def test_who_is_in_the_conversation_is_shown_nothing_and_told_nothing(floor: Floor) -> None:
    """Coach talks with Sam; Mona, who is in no call, sees who talks; Sam and Coach see no byte of it."""
    boards = alone(floor.board)
    together = Together(boards)
    _, agent = floor.scene.answered_call("303", "101", "b1")
    floor.run()
    await floor.settled()
    sam, coach, mona = (together.join(Who(one.id)) for one in (SAM, COACH, MONA))
    for viewer in (sam, coach, mona):
        viewer.read()
    before = [viewer.bytes for viewer in (sam, coach)]
    floor.hears(agent, 1)
    for second in range(2, 400, 3):
        floor.hears(agent, second, talks=bool(second % 2))
        floor.look(second)
        for viewer in (sam, coach, mona):
            viewer.read()
    assert [viewer.bytes for viewer in (sam, coach)] == before, "not one event"
    assert b'"agent_share":100' in mona.bytes.replace(b" ", b"")
    (call,) = floor.board.calls()
    assert call.talk is not None
    assert call_view(call, (), Visibility.TALKING)["talk"] is None
    assert call_view(call, (), Visibility.EVERYTHING)["talk"] is not None
    assert call_view(replace(call, monitorable=False), (), Visibility.EVERYTHING)["talk"] is None


async def test_changes_that_show_are_few(floor: Floor) -> None:
    """Two who talk fast: of each call at most one change in `least` seconds, and all calls in one."""
    customer, agent = floor.scene.answered_call("201", "101", "b1")
    other, ana = floor.scene.answered_call("202", "102", "b2")
    floor.run()
    await floor.settled()
    del floor.changes[:]
    for tenth in range(1, 1200):
        for channel in (customer, agent, other, ana):
            floor.hears(channel, tenth / 10, talks=bool((tenth // 7 + (channel in (agent, ana))) % 2))
    floor.look(120)
    floor.look(120)
    assert [len(changes.calls) for changes in floor.changes] == [2]


async def test_of_one_call_a_change_shows_only_now_and_then() -> None:
    own = Floor(least=1e9)
    _, agent = own.scene.answered_call("201", "101", "b1")
    own.run()
    own.hears(agent, 0)
    first = own.look(30)
    own.hears(agent, 31, talks=False)
    assert own.look(60) == first
    assert first is not None
    assert first.agent_share == 100


def test_two_switches_of_a_monitor_fit_before_the_hooks_come_again() -> None:
    assert settling(2.0) == 5.0


class Wire:
    """AMI as Asterisk 22.10.1 answers."""

    def __init__(self, *live: str, function: bool = True) -> None:
        self.variables: dict[str, dict[str, str]] = {one: {} for one in live}
        self.hooks: set[str] = set()
        self.function = function
        self.asked: list[tuple[str, ...]] = []

    async def act(self, name: str, *fields: tuple[str, str]) -> Message:
        given = dict(fields)
        channel, variable = given["Channel"], given["Variable"]
        self.asked.append((name, variable, given.get("Value", "")))
        if channel not in self.variables:
            raise PbxRefused("No such channel")
        if name == "Getvar":
            return Message({"Response": "Success", "Value": self.variables[channel].get(variable, "")})
        if variable.startswith("TALK_DETECT"):
            ends = "remove" in variable
            if not self.function or (ends and channel not in self.hooks):
                raise PbxRefused("Variable not set")
            (self.hooks.discard if ends else self.hooks.add)(channel)
        else:
            self.variables[channel][variable] = given["Value"]
        return Message({"Response": "Success"})


async def test_what_is_asked_of_asterisk() -> None:
    wired = Wire("1.1")
    talk = TalkDetection(wired)
    assert not await talk.was_begun("1.1")
    assert await talk.begin("1.1")
    assert wired.asked[-2:] == [("Setvar", MARK, "1"), ("Setvar", "TALK_DETECT(set)", "1000")]
    assert await talk.was_begun("1.1")
    assert await talk.end("1.1")
    assert not await talk.was_begun("1.1")
    assert await talk.end("1.1"), "it is gone already: that is what was wanted"
    for what in (talk.begin, talk.end, talk.was_begun):
        assert not await what("1.2"), "a channel that is no more"
    with pytest.raises(PbxRefused):
        await TalkDetection(Wire("1.1", function=False)).begin("1.1")


def test_the_events_as_asterisk_sends_them() -> None:
    fields = {"Event": "ChannelTalkingStart", "Privilege": "call,all", "Channel": "PJSIP/101-1", "Uniqueid": "17.1"}
    assert wire.translate(fields, START) == TalkChanged(START, "17.1", True)
    fields |= {"Event": "ChannelTalkingStop", "Duration": "983"}
    assert wire.translate(fields, START) == TalkChanged(START, "17.1", False)
    assert wire.translate({"Event": "ChannelTalkingStop"}, START) is None
