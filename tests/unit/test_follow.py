"""A follow's life, event by event and fault by fault, over a PBX that can be deaf, slow or gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from adapter import errors
from adapter.core import events as ev
from adapter.core import follow as life
from adapter.core.audit import By, Via
from adapter.core.call import Agent
from adapter.core.events import OriginateFailure
from adapter.core.follow import Follow, FollowState
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, Supervisor
from adapter.core.people import User
from adapter.monitoring.ports import FollowRequest, StartRequest
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, COACH, MONA, SAM, START
from tests.fake.world import World

pytestmark = pytest.mark.usefixtures("virtual_time")


class Following(World):
    """Sam's first call is over; follows hear what the board hears."""

    def __init__(self) -> None:
        super().__init__()
        self.pbx._hear = self.hear
        self.follows: list[Follow] = []
        self.board.subscribe(lambda changes: self.follows.extend(change.after for change in changes.follows))
        self.hang_up()

    def hear(self, events: Sequence[ev.Event]) -> None:
        """What a node does with events."""
        self.board.apply(events)
        self.monitoring.follows.apply(events)

    def hang_up(self) -> None:
        """The call that runs is over."""
        self.pbx.scene.gone(self.customer, self.agent)
        self.pbx.run()

    def call_again(self) -> None:
        """Another customer calls Sam."""
        self.customer, self.agent = self.pbx.scene.answered_call("202", "101", "b7")
        self.pbx.run()

    async def waiting(self, user: User = MONA, **more: object) -> Follow:
        """A follow of Sam whose leg waits."""
        request = FollowRequest(agent_id=SAM.id, **more)  # type: ignore[arg-type]
        follow = await self.monitoring.follows.start(user, request)
        assert follow.state is FollowState.CONNECTING
        await settle()
        assert self.now.state is FollowState.WAITING
        return self.now

    @property
    def now(self) -> Follow:
        """The follow as it was last seen."""
        return self.follows[-1]

    async def heard(self) -> Monitor:
        """The monitor on Sam's call, once it is live."""
        await settle()
        (monitor,) = self.board.monitors()
        assert monitor.live
        return monitor


@pytest.fixture
async def world() -> AsyncIterator[Following]:
    """Fresh for each test."""
    world = Following()
    yield world
    await world.monitoring.close()


async def test_each_call_is_a_monitor_on_the_same_leg(world: Following) -> None:
    follow = await world.waiting()
    ids = set()
    for _ in range(3):
        world.call_again()
        monitor = await world.heard()
        assert (monitor.leg, monitor.follow_id, monitor.mode) == (follow.leg, follow.id, Mode.SILENT)
        assert (world.now.state, world.now.monitor_id) == (FollowState.LISTENING, monitor.id)
        ids.add(monitor.id)
        world.hang_up()
        world.pbx.waits(follow.leg)
        await settle()
        assert world.last(monitor).ended_reason is EndReason.CALL_ENDED
        assert (world.now.state, world.now.monitor_id) == (FollowState.WAITING, None)
    assert len(ids) == 3
    assert world.pbx.did == ["originate wait", *["listen keypad"] * 3], "rung once, and never moved without need"
    await world.monitoring.follows.stop(MONA, follow.id)
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.STOPPED)
    assert not world.board.held.follows


async def test_a_phone_that_sends_nothing_is_moved_after_a_moment(world: Following) -> None:
    follow = await world.waiting()
    world.call_again()
    await world.heard()
    world.hang_up()
    await asyncio.sleep(2)
    assert world.pbx.did[-1] == "release"
    assert world.now == replace(follow, passed=world.now.passed)


async def test_one_for_a_supervisor(world: Following) -> None:
    await world.waiting()
    with pytest.raises(errors.AlreadyMonitoring):
        await world.monitoring.follows.start(MONA, FollowRequest(agent_id=SAM.id))
    world.call_again()
    (call,) = world.board.calls()
    with pytest.raises(errors.AlreadyMonitoring):
        await world.monitoring.start(MONA, StartRequest(call_id=call.id))
    await world.monitoring.start(ADMIN, StartRequest(call_id=call.id))
    with pytest.raises(errors.AlreadyMonitoring):
        await world.monitoring.follows.start(ADMIN, FollowRequest(agent_id=SAM.id))


async def test_who_may_not(world: Following) -> None:
    follows = world.monitoring.follows
    with pytest.raises(errors.Forbidden):
        await follows.start(SAM, FollowRequest(agent_id=MONA.id))
    with pytest.raises(errors.OwnCall):
        await follows.start(MONA, FollowRequest(agent_id=MONA.id))
    with pytest.raises(errors.NotFound):
        await follows.start(MONA, FollowRequest(agent_id="nobody"))
    with pytest.raises(errors.Forbidden):
        await follows.start(MONA, FollowRequest(agent_id=SAM.id, device="PJSIP/101"))
    assert world.pbx.did == []


@pytest.mark.parametrize(("keys", "reason"), [("*", EndReason.SUPERVISOR_HUNG_UP)])
async def test_the_keypad_while_it_waits(world: Following, keys: str, reason: EndReason) -> None:
    follow = await world.waiting()
    world.hear([ev.DigitReceived(START, follow.leg, "#"), ev.DigitReceived(START, follow.leg, "5")])
    await settle()
    assert world.now.state is FollowState.WAITING, "nothing is skipped, and nobody is talked to"
    world.hear([ev.DigitReceived(START, follow.leg, keys)])
    await settle()
    assert (world.now.state, world.now.ended_reason, world.now.by.via) == (FollowState.ENDED, reason, Via.KEYPAD)


async def test_a_skipped_call_is_not_heard_again_and_does_not_count(world: Following) -> None:
    follow = await world.waiting(calls=1)
    world.call_again()
    monitor = await world.heard()
    world.hear([ev.DigitReceived(START, follow.leg, "#")])
    await settle()
    assert world.last(monitor).ended_reason is EndReason.STOPPED
    assert (world.now.state, world.now.calls) == (FollowState.WAITING, 1)
    assert not world.board.monitors()
    world.hang_up()
    world.call_again()
    heard = await world.heard()
    assert heard.id != monitor.id
    world.hang_up()
    world.pbx.waits(follow.leg)
    await settle()
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.CALL_ENDED)


async def test_what_is_not_confirmed_is_hung_up(world: Following) -> None:
    await world.waiting()
    world.pbx.confirms = False
    world.call_again()
    await settle()
    world.pbx.confirms = True
    await asyncio.sleep(1)
    await settle()
    assert world.pbx.did[-1] == "hangup"
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.ERROR)


async def test_an_unknown_outcome_is_never_tried_again(world: Following) -> None:
    await world.waiting()
    moved = []

    async def listen(leg: str, target: str, *, keypad: bool, need: Callable[[], None]) -> bool:
        moved.append(leg)
        raise errors.PbxTimeout("no answer")

    world.pbx.listen = listen  # type: ignore[method-assign]
    world.call_again()
    await asyncio.sleep(5)
    assert (len(moved), world.pbx.did[-1]) == (1, "hangup")
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.ERROR)
    assert world.last(world.history[-1]).ended_reason is EndReason.ERROR


async def test_a_record_that_is_away_delays_it_and_ends_nothing(world: Following) -> None:
    await world.waiting()
    world.record.broken = True
    world.call_again()
    await asyncio.sleep(3)
    assert world.now.state is FollowState.WAITING
    assert not world.board.monitors(), "nothing is heard that can't be recorded"
    world.record.broken = False
    await asyncio.sleep(2)
    await world.heard()


async def test_a_lost_leg_ends_it(world: Following) -> None:
    follow = await world.waiting()
    world.pbx.gone(follow.leg)
    await settle()
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.SUPERVISOR_HUNG_UP)
    again = await world.waiting()
    world.call_again()
    monitor = await world.heard()
    world.pbx.gone(again.leg)
    await settle()
    assert world.last(monitor).ended_reason is EndReason.SUPERVISOR_HUNG_UP
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.SUPERVISOR_HUNG_UP)


@pytest.mark.parametrize("listens", [False, True])
async def test_a_resync_finds_its_leg_again(world: Following, listens: bool) -> None:
    follow = await world.waiting()
    if listens:
        world.call_again()
        monitor = await world.heard()
    world.pbx._tell_state = world.board.set_pbx
    world.pbx.down()
    world.pbx.up_again()
    await settle()
    assert world.now.ended is False
    if listens:
        assert world.board.monitor(monitor.id) is not None
        assert world.now.state is FollowState.LISTENING
    else:
        assert world.now.state is FollowState.WAITING
        world.call_again()
        assert (await world.heard()).leg == follow.leg


async def test_a_call_on_the_way_to_which_the_connection_was_lost_is_heard_after_it(world: Following) -> None:
    """As where the adapter died there: nobody knows whether the leg was moved, and it still waits."""
    follow = await world.waiting(calls=1)
    world.pbx.confirms = False
    world.call_again()
    await settle()
    (first,) = world.board.monitors()
    assert not first.live
    world.pbx._tell_state = world.board.set_pbx
    world.pbx.down()
    world.pbx.confirms = True
    world.pbx.up_again()
    second = await world.heard()
    assert (second.leg, second.call_id, second.id != first.id) == (follow.leg, first.call_id, True)
    assert world.last(first).ended_reason is EndReason.PBX_LOST
    assert world.now.calls == 1


async def test_a_skipped_call_stays_skipped_though_the_connection_is_lost_on_the_way_to_another(
    world: Following,
) -> None:
    follow = await world.waiting()
    world.call_again()
    skipped = await world.heard()
    world.hear([ev.DigitReceived(START, follow.leg, "#")])
    await settle()
    world.pbx.confirms = False
    world.pbx.scene.answered_call("203", "101", "b9")
    world.pbx.run()
    await settle()
    (lost,) = world.board.monitors()
    world.pbx._tell_state = world.board.set_pbx
    world.pbx.down()
    world.monitoring.ending.now(lost.id, EndReason.PBX_LOST)
    await settle()
    assert world.now.passed == {skipped.call_id}


async def test_what_can_t_be_asked_of_the_pbx_is_tried_again_now_and_then(world: Following) -> None:
    await world.waiting()
    asked: list[str] = []
    really = world.pbx.listen

    async def listen(leg: str, target: str, *, keypad: bool, need: Callable[[], None]) -> bool:
        asked.append(leg)
        if len(asked) < 4:
            raise errors.PbxUnavailable("not connected")
        return await really(leg, target, keypad=keypad, need=need)

    world.pbx.listen = listen  # type: ignore[method-assign]
    world.call_again()
    await asyncio.sleep(1.5)
    assert len(asked) == 2
    await asyncio.sleep(3)
    await world.heard()
    assert len(asked) == 4


async def test_a_leg_that_is_gone_at_a_resync_is_lost(world: Following) -> None:
    follow = await world.waiting()
    world.pbx.down()
    del world.pbx.scene.channels[follow.leg]
    world.pbx.up_again()
    await settle()
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.PBX_LOST)


async def test_a_leg_that_listens_where_no_monitor_has_it_is_hung_up(world: Following) -> None:
    follow = await world.waiting()
    world.hear([ev.SpyStarted(START, follow.leg, "17.9", "call-monitor", "silent")])
    await settle()
    assert world.pbx.did[-1] == "hangup"
    assert world.now.ended


async def test_a_right_that_is_taken_away_ends_it(world: Following) -> None:
    await world.waiting()
    world.people_changed([replace(MONA, can_monitor=False), SAM, ADMIN])
    await settle()
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.PERMISSION_REVOKED)


async def test_stop_all_ends_it_with_its_monitor(world: Following) -> None:
    follow = await world.waiting()
    world.call_again()
    monitor = await world.heard()
    ends = world.monitoring.stop_all.begin(By("admin", Via.SESSION), "enough")
    assert list(ends) == [follow.id], "one phone is one end"
    await asyncio.wait(ends.values())
    assert world.last(monitor).ended_reason is EndReason.STOPPED
    assert (world.now.ended_reason, world.now.ending_why, world.now.by.actor) == (EndReason.STOPPED, "enough", "admin")


async def test_a_monitor_that_is_stopped_leaves_the_follow(world: Following) -> None:
    await world.waiting()
    world.call_again()
    monitor = await world.heard()
    await world.monitoring.stop(MONA, monitor.id)
    assert world.pbx.did[-1] == "release"
    await settle()
    assert world.now.state is FollowState.WAITING


async def test_only_the_supervisor_and_administrators_end_it(world: Following) -> None:
    follow = await world.waiting()
    with pytest.raises(errors.Forbidden):
        await world.monitoring.follows.stop(COACH, follow.id)
    world.pbx.down()
    with pytest.raises(errors.PbxUnavailable):
        await world.monitoring.follows.stop(MONA, follow.id)
    world.pbx.up_again()
    await world.monitoring.follows.stop(ADMIN, follow.id)
    assert world.now.ended


async def test_without_a_connection_for_long_it_is_lost(world: Following) -> None:
    await world.waiting()
    world.pbx.down()
    await asyncio.sleep(1)
    assert (world.now.state, world.now.ended_reason) == (FollowState.ENDED, EndReason.PBX_LOST)
    world.pbx.up_again()
    await settle()
    assert world.pbx.did[-1] == "hangup", "a leg that came back is nobody's"


async def test_calls_that_may_not_be_monitored_are_passed_over_in_silence(world: Following) -> None:
    """Mona is in that conversation herself."""
    follow = await world.waiting()
    world.customer, world.agent = world.pbx.scene.answered_call("302", "101", "b8")
    world.pbx.run()
    await settle()
    assert not world.board.monitors()
    assert world.record.entries == []
    assert world.now == follow


def test_a_phone_that_can_not_be_connected_says_why_in_either_order() -> None:
    follow = life.appeared(_connecting()).follow
    failed = life.originate_failed(follow, OriginateFailure.UNAVAILABLE, START).follow
    assert life.leg_gone(failed, START, busy=True).follow.ended_reason is EndReason.BUSY
    gone = life.leg_gone(follow, START, busy=True).follow
    assert not gone.ended
    assert life.originate_failed(gone, OriginateFailure.UNAVAILABLE, START).follow.ended_reason is EndReason.BUSY
    none = life.originate_failed(_connecting(), OriginateFailure.UNAVAILABLE, START).follow
    assert none.ended_reason is EndReason.DEVICE_UNAVAILABLE


def test_an_end_that_was_decided_first_gives_the_reason() -> None:
    first = life.end_wanted(_connecting(), EndReason.STOPPED, By("mona", Via.SESSION))
    assert first.hang_up
    second = life.end_wanted(first.follow, EndReason.ERROR)
    assert (second.hang_up, second.follow.ending) == (True, EndReason.STOPPED)
    assert life.waits(second.follow).hang_up, "what comes up after its end is hung up"
    over = life.ended(second.follow, EndReason.SUPERVISOR_HUNG_UP, START).follow
    assert life.waits(over) == (over, True)


def _connecting() -> Follow:
    agent = Agent(SAM.id, "Sam", "101", "PJSIP/101")
    supervisor = Supervisor(MONA.id, "Mona", "mona")
    return Follow(
        id="f" * 32, pbx="lab", agent=agent, agent_username="sam", supervisor=supervisor, device="PJSIP/302",
        leg="cm-1", started_at=START,
    )  # fmt: skip
