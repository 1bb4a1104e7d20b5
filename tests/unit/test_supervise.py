"""Supervision over a PBX that can be deaf, slow or gone: races and deadlines, each with one outcome."""

import asyncio
from dataclasses import replace

import pytest

from adapter import errors
from adapter.core import events as ev
from adapter.core.audit import By, Via
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, MonitorState, Notice
from adapter.core.pbx import DeviceState, LinkState, PbxState
from adapter.monitoring.ports import StartRequest
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, COACH, MONA, SAM, START
from tests.fake.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.usefixtures("virtual_time")


async def test_start_switch_stop(world: World) -> None:
    monitor = await world.live()
    assert (await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)).mode is Mode.BARGE
    await world.monitoring.stop(ADMIN, monitor.id)
    assert world.last(monitor).ended_reason is EndReason.STOPPED
    world.record.saved[monitor.id] = world.last(monitor)  # as the recorder writes it
    await world.monitoring.stop(ADMIN, monitor.id)
    assert world.pbx.did == ["originate silent keypad", "digit barge", "hangup"]


async def test_without_all_modes_the_leg_has_no_keypad_and_is_moved(world: World) -> None:
    monitor = await world.live(COACH)
    assert not monitor.keypad
    await world.monitoring.switch(COACH, monitor.id, Mode.WHISPER)
    assert world.pbx.did == ["originate silent", "move whisper"]
    with pytest.raises(errors.Forbidden):
        await world.monitoring.switch(COACH, monitor.id, Mode.BARGE)
    world.board.apply([ev.DigitReceived(START, monitor.leg, "6")])
    assert world.last(monitor).mode is Mode.WHISPER


async def test_a_click_that_asterisk_never_got_is_not_the_author_of_what_the_keypad_does(world: World) -> None:
    monitor = await world.live()
    world.pbx.error = errors.PbxUnavailable("it does not answer")
    with pytest.raises(errors.PbxUnavailable):
        await world.monitoring.switch(ADMIN, monitor.id, Mode.WHISPER)
    world.pbx.error = None
    world.board.apply([ev.DigitReceived(START, monitor.leg, "5")])
    assert (world.last(monitor).mode, world.last(monitor).by.via) == (Mode.WHISPER, "keypad")


@pytest.mark.parametrize(
    ("break_it", "error"),
    [
        (lambda w: setattr(w.pbx, "device", DeviceState.UNREGISTERED), errors.DeviceUnavailable),
        (lambda w: setattr(w.pbx, "device", DeviceState.BUSY), errors.DeviceUnavailable),
        (lambda w: setattr(w.record, "broken", True), errors.RecordUnavailable),
        (lambda w: setattr(w.pbx, "error", errors.PbxRefused("no")), errors.PbxRefused),
        (lambda w: setattr(w.pbx, "error", errors.PbxTimeout("?")), errors.PbxTimeout),
        (lambda w: w.pbx.down(), errors.PbxUnavailable),
    ],
)
async def test_a_start_that_fails_leaves_nothing(world: World, break_it: object, error: type[Exception]) -> None:
    break_it(world)  # type: ignore[operator]
    with pytest.raises(error):
        await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    assert list(world.board.monitors()) == []
    assert not any("originate" in did for did in world.pbx.did)


async def test_the_call_or_the_right_goes_while_the_device_is_asked(world: World) -> None:
    async def slow(device: str) -> DeviceState:
        world.pbx.scene.gone(world.customer, world.agent)
        world.pbx.run()
        return DeviceState.AVAILABLE

    world.pbx.device_state = slow  # type: ignore[method-assign]
    with pytest.raises(errors.CallEnded):
        await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))

    other = World()

    async def revoking(device: str) -> DeviceState:
        other.people_changed([replace(MONA, can_monitor=False), ADMIN, SAM])
        return DeviceState.AVAILABLE

    other.pbx.device_state = revoking  # type: ignore[method-assign]
    with pytest.raises(errors.Forbidden):
        await other.monitoring.start(MONA, StartRequest(call_id=other.call.id))
    assert other.pbx.did == world.pbx.did == []
    await other.monitoring.close()


async def test_an_originate_of_unknown_outcome_is_hung_up_when_it_shows(world: World) -> None:
    world.pbx.error = errors.PbxTimeout("no answer")
    with pytest.raises(errors.PbxTimeout):
        await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    world.pbx.error = None
    leg = world.history[-1].leg
    world.pbx.scene.channel("301", uniqueid=leg)
    world.pbx.run()
    await settle()
    assert world.pbx.did == ["hangup"]


async def test_a_switch_that_is_not_confirmed_is_a_timeout_that_tells_the_truth(world: World) -> None:
    monitor = await world.live()
    world.pbx.confirms = False
    with pytest.raises(errors.PbxTimeout) as caught:
        await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    assert caught.value.extra["monitor"]["mode"] == "silent"
    assert world.last(monitor).mode is Mode.SILENT
    world.board.apply([ev.DigitReceived(START, monitor.leg, "6")])
    assert world.last(monitor).mode is Mode.BARGE


async def test_a_switch_on_a_leg_that_has_just_gone_is_its_end(world: World) -> None:
    monitor = await world.live()

    async def gone(*args: object, **more: object) -> bool:
        world.pbx.gone(monitor.leg)
        return False

    world.pbx.switch_leg = gone  # type: ignore[method-assign]
    with pytest.raises(errors.CallEnded):
        await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    assert world.last(monitor).ended_reason is EndReason.SUPERVISOR_HUNG_UP


async def test_a_leg_that_never_comes_is_given_up(world: World) -> None:
    world.pbx.answers = False
    monitor = await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    with pytest.raises(errors.NotLive):
        await world.monitoring.switch(ADMIN, monitor.id, Mode.WHISPER)
    with pytest.raises(errors.AlreadyMonitoring):
        await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    await asyncio.sleep(0.7)
    assert world.last(monitor).ended_reason is EndReason.ERROR


@pytest.mark.parametrize("hangup_first", [True, False])
async def test_busy_is_told_apart_from_unregistered(world: World, hangup_first: bool) -> None:
    world.pbx.answers = False
    monitor = await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    await settle()
    failed = ev.OriginateFailed(START, monitor.leg, ev.OriginateFailure.UNAVAILABLE)
    gone = ev.ChannelGone(START, monitor.leg, 17, "", "")
    first, second = (gone, failed) if hangup_first else (failed, gone)
    world.board.apply([first])
    assert world.last(monitor).state is MonitorState.CONNECTING
    world.board.apply([second])
    assert world.last(monitor).ended_reason is EndReason.BUSY


async def test_a_device_that_is_not_registered_has_no_channel_to_wait_for(world: World) -> None:
    world.pbx.answers = False
    world.pbx.scene.channel = lambda *args, **more: ""  # type: ignore[method-assign]
    monitor = await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    await settle()
    world.board.apply([ev.OriginateFailed(START, monitor.leg, ev.OriginateFailure.UNAVAILABLE)])
    assert world.last(monitor).ended_reason is EndReason.DEVICE_UNAVAILABLE


async def test_a_leg_that_goes_before_the_originates_answer_waits_for_it(world: World) -> None:
    world.pbx.answers = False
    monitor = await world.monitoring.start(ADMIN, StartRequest(call_id=world.call.id))
    world.board.apply([ev.ChannelGone(START, monitor.leg, 19, "", "")])
    assert world.last(monitor).state is MonitorState.CONNECTING
    world.board.apply([ev.OriginateFailed(START, monitor.leg, ev.OriginateFailure.NO_ANSWER)])
    assert world.last(monitor).ended_reason is EndReason.NO_ANSWER


async def test_without_the_pbx_for_long_monitors_are_lost(world: World) -> None:
    monitor = await world.live()
    world.pbx.down()
    world.monitoring.ending.pbx_changed()
    with pytest.raises(errors.PbxUnavailable):
        await world.monitoring.stop(ADMIN, monitor.id)
    await asyncio.sleep(0.25)
    assert world.last(monitor).ended_reason is EndReason.PBX_LOST


async def test_after_a_short_loss_a_leg_with_keypad_is_made_silent_and_told(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    world.pbx.down()
    scene = world.pbx.scene
    known = tuple(
        ev.KnownChannel(channel, None if uid == monitor.leg else "b1", START, uid == world.agent)
        for uid, channel in scene.channels.items()
    )
    stray = known[-1]._replace(channel=known[-1].channel._replace(uniqueid=world.board.legs.leg_id("f" * 32)))
    world.board.set_pbx(PbxState(LinkState.CONNECTED, START))
    world.board.apply([ev.Snapshot(START, False, (*known, stray), {"b1": "simple_bridge"}, frozenset())])
    await settle()
    assert world.pbx.did[1:] == ["digit silent", "hangup"]
    now = world.last(monitor)
    assert (now.live, now.mode, now.notice) == (True, Mode.SILENT, Notice.MADE_SAFE)


async def test_others_monitors_are_not_ones_own(world: World) -> None:
    monitor = await world.live()
    with pytest.raises(errors.Forbidden):
        await world.monitoring.switch(MONA, monitor.id, Mode.BARGE)
    with pytest.raises(errors.Forbidden):
        await world.monitoring.stop(MONA, monitor.id)
    with pytest.raises(errors.Forbidden):
        await world.monitoring.stop(SAM, monitor.id)
    with pytest.raises(errors.NotFound):
        await world.monitoring.find(SAM, monitor.id)
    with pytest.raises(errors.NotFound):
        await world.monitoring.switch(ADMIN, "none", Mode.BARGE)
    second = await world.live(MONA)
    await world.monitoring.stop(ADMIN, second.id)
    assert world.last(second).ended_reason is EndReason.STOPPED


async def test_calls_by_extension_and_number(world: World) -> None:
    scene = world.pbx.scene
    a = scene.channel("201", dials="102", number="+12025550101")
    b = scene.channel("102", linked=a)
    scene.dial(a, b)
    scene.up(b, a)
    scene.enter("b2", b, a)
    world.pbx.run()
    wishes = [
        StartRequest(agent_extension="102"),
        StartRequest(customer_number="(202) 555-0101"),
        StartRequest(customer_number="+1 202 555 0101"),
    ]
    for wish in wishes:
        monitor = await world.monitoring.start(ADMIN, wish)
        await settle()
        assert monitor.target == b
        await world.monitoring.stop(ADMIN, monitor.id)
    for wrong in ("5550101", "0101", "+442025550101"):
        with pytest.raises(errors.NotFound):
            await world.monitoring.start(ADMIN, StartRequest(customer_number=wrong))
    scene.answered_call("201", "103", "b3")
    world.pbx.run()
    with pytest.raises(errors.Ambiguous) as caught:
        await world.monitoring.start(ADMIN, StartRequest(customer_number="201"))
    assert len(caught.value.extra["calls"]) == 2


async def test_without_the_ownership_nothing_is_started_or_raised_and_silence_and_ends_work(world: World) -> None:
    def need_owner() -> None:
        raise errors.PbxUnavailable("another adapter may be there")

    monitor = await world.live(mode=Mode.WHISPER)
    world.monitoring._need_owner = need_owner
    did = list(world.pbx.did)
    for act in (
        world.monitoring.start(MONA, StartRequest(call_id=world.call.id)),
        world.monitoring.attach(MONA, StartRequest(call_id=world.call.id), "17.99", By("mona", Via.STAR_CODE)),
        world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE),
    ):
        with pytest.raises(errors.PbxUnavailable, match="another adapter"):
            await act
    assert world.pbx.did == did
    assert [m.id for m in world.board.monitors()] == [monitor.id]
    assert (await world.monitoring.switch(ADMIN, monitor.id, Mode.SILENT)).mode is Mode.SILENT
    await world.monitoring.stop(ADMIN, monitor.id)
    assert world.last(monitor).ended_reason is EndReason.STOPPED
