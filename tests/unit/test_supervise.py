"""Supervision over a PBX that can be deaf, slow or gone: races, deadlines, and the lease, each with one outcome."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import pytest

from adapter import errors
from adapter.core import events as ev
from adapter.core.audit import By, Entry, Via
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Notice
from adapter.core.pbx import DeviceState, LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.record import Record
from adapter.monitoring.limits import Limits
from adapter.monitoring.ports import StartRequest
from adapter.monitoring.supervise import Supervision
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import ADMIN, COACH, MONA, PEOPLE, SAM, START

LIMITS = Limits(ring_timeout=0.2, confirm=0.1, lost_after=0.1)

pytestmark = pytest.mark.usefixtures("virtual_time")


class Memory:
    """The record, in memory; `broken` makes it fail, `away` is known beforehand."""

    def __init__(self) -> None:
        self.saved: dict[str, Monitor] = {}
        self.entries: list[Entry] = []
        self.away = self.broken = False

    def need(self) -> None:
        if self.away:
            raise errors.RecordUnavailable("known to be away")

    async def committed(self, monitor_id: str) -> None:
        if self.broken:
            raise errors.RecordUnavailable("disk full")

    async def begin(self, monitor: Monitor, entry: Entry) -> None:
        self.need()
        if self.broken:
            raise errors.RecordUnavailable("disk full")
        self.entries.append(entry)
        self.saved[monitor.id] = monitor

    def note(self, record: Record) -> None:
        self.entries += record.entries
        self.saved |= record.monitors

    async def find(self, monitor_id: str) -> Monitor | None:
        return self.saved.get(monitor_id)


class World:
    """A call of Sam's, and monitoring over it."""

    def __init__(self) -> None:
        self.pbx, self.record = FakePbx(), Memory()
        self.board = self.pbx.board
        self.monitoring = Supervision(self.board, self.pbx, self.record, lambda: START, LIMITS)
        self.history: list[Monitor] = []
        self.board.subscribe(lambda changes: self.history.extend(c.after for c in changes.monitors))
        self.customer, self.agent = self.pbx.scene.answered_call()
        self.pbx.run()
        (self.call,) = self.board.calls()

    async def live(self, user: object = ADMIN, mode: Mode = Mode.SILENT) -> Monitor:
        """Start and wait until it is live."""
        monitor = await self.monitoring.start(user, StartRequest(call_id=self.call.id, mode=mode))  # type: ignore[arg-type]
        await settle()
        found = self.board.monitor(monitor.id)
        assert found is not None
        assert found.live
        return found

    def people_changed(self, users: Iterable[User]) -> None:
        """Accounts are other ones now."""
        self.board.set_directory(Directory.of(users), frozenset(), START)
        self.monitoring.ending.rights_changed()

    def last(self, monitor: Monitor) -> Monitor:
        """The monitor as it was last seen."""
        return next(m for m in reversed(self.history) if m.id == monitor.id)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Fresh for each test."""
    world = World()
    yield world
    await world.monitoring.close()


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


async def test_the_lease_silences_and_reattaches_a_leg_that_barged(world: World) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    scene = world.pbx.scene
    other = scene.channel("202", linked=world.customer)
    scene.leave("b1", world.customer)
    scene.enter("b1", other)
    world.pbx.run()
    await settle()
    assert world.pbx.did[1:] == ["digit silent", "move silent"]
    now = world.last(monitor)
    assert (now.mode, now.notice, now.reattach) == (Mode.SILENT, "bridge_changed", False)
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    assert world.last(monitor).peers == {other}
    assert world.last(monitor).notice is None


async def test_the_lease_of_a_whisper_silences_in_place(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    world.pbx.scene.leave("b1", world.customer)
    world.pbx.run()
    await settle()
    assert world.pbx.did[1:] == ["digit silent"]
    assert world.last(monitor).notice == "bridge_changed"


async def test_a_lease_on_a_leg_that_has_just_gone_is_no_failure(world: World) -> None:
    """A call that ends while somebody talks: the bridge empties, and the leg is gone before it could be silenced."""
    monitor = await world.live(mode=Mode.WHISPER)
    world.pbx.scene.channels.pop(monitor.leg)
    world.pbx.scene.leave("b1", world.customer)
    world.pbx.run()
    await settle()
    assert world.last(monitor).ending is None
    world.pbx.gone(monitor.leg, over=True)
    await settle()
    assert world.last(monitor).ended_reason is EndReason.CALL_ENDED
    assert "hangup" not in world.pbx.did


async def test_a_silent_leg_that_once_barged_is_reattached_before_the_keypad_can_reach_the_former_party(
    world: World,
) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    await world.monitoring.switch(ADMIN, monitor.id, Mode.SILENT)
    world.pbx.scene.leave("b1", world.customer)
    world.pbx.run()
    await settle()
    assert world.pbx.did[2:] == ["move silent"]
    assert not world.last(monitor).barged


async def test_a_lease_that_can_not_be_ended_ends_the_leg(world: World) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    world.pbx.confirms = False
    world.pbx.scene.leave("b1", world.customer)
    world.pbx.run()
    await asyncio.sleep(0.25)
    assert world.pbx.did[1:] == ["digit silent", "hangup"]
    world.pbx.gone(monitor.leg)
    await settle()
    assert world.last(monitor).ended_reason is EndReason.ERROR


async def test_moved_and_narrowed_rights(world: World) -> None:
    monitor = await world.live(MONA, Mode.WHISPER)
    assert monitor.keypad
    narrowed = replace(MONA, granted=frozenset({Mode.SILENT, Mode.WHISPER}))
    world.people_changed([narrowed if user is MONA else user for user in PEOPLE])
    await settle()
    assert world.last(monitor).ended_reason is EndReason.PERMISSION_REVOKED, "its keypad could still reach barge"


async def test_a_right_that_was_not_used_can_go_without_ending_a_leg_that_could_not_reach_it(world: World) -> None:
    monitor = await world.live(COACH)
    listener = replace(COACH, granted=frozenset({Mode.SILENT}))
    world.people_changed([listener if user is COACH else user for user in PEOPLE])
    await settle()
    assert world.last(monitor).live


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


async def test_taking_a_call_over(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.WHISPER)
    with pytest.raises(errors.Conflict, match="Join the call"):
        await world.monitoring.take_over(ADMIN, monitor.id)
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    with pytest.raises(errors.Forbidden):
        await world.monitoring.take_over(MONA, monitor.id)
    taken = await world.monitoring.take_over(ADMIN, monitor.id)
    assert (taken.ended_reason, taken.by.actor) == (EndReason.TOOK_OVER, "admin")
    assert world.pbx.did[-1] == "join"
    world.pbx.scene.gone(world.agent)
    world.pbx.run()
    await settle()
    assert world.pbx.did[-1] == "join"  # the leg is a party of the call now: nobody hangs it up
    assert not list(world.board.monitors())


async def test_a_take_over_that_is_not_confirmed_changes_nothing(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    world.pbx.confirms = False
    with pytest.raises(errors.PbxTimeout):
        await world.monitoring.take_over(ADMIN, monitor.id)
    left = world.board.monitor(monitor.id)
    assert left is not None
    assert (left.live, left.mode, left.taking) == (True, Mode.BARGE, None)
    world.pbx.error = errors.PbxRefused("no")
    with pytest.raises(errors.PbxRefused):
        await world.monitoring.take_over(ADMIN, monitor.id)
    assert world.board.monitor(monitor.id) is not None


async def test_a_connection_lost_during_a_take_over_ends_no_call(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    world.pbx.confirms = False
    taking = asyncio.ensure_future(world.monitoring.take_over(ADMIN, monitor.id))
    await settle()
    world.pbx.down()
    with pytest.raises(errors.PbxTimeout):
        await taking
    left = world.board.monitor(monitor.id)
    assert left is not None
    assert (left.taking, left.ending) == (None, None)


async def test_a_call_on_hold_or_of_three_is_not_taken_over(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    world.pbx.scene.hold(world.customer)
    world.pbx.run()
    with pytest.raises(errors.Conflict, match="on hold"):
        await world.monitoring.take_over(ADMIN, monitor.id)
    world.pbx.scene.hold(world.customer, held=False)
    third = world.pbx.scene.channel("202")
    world.pbx.scene.enter("b1", third, technology="softmix")
    world.pbx.run()
    await settle()
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    with pytest.raises(errors.Conflict, match="more than two"):
        await world.monitoring.take_over(ADMIN, monitor.id)


async def test_a_leg_that_took_over_survives_a_lost_connection(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    await world.monitoring.take_over(ADMIN, monitor.id)
    world.pbx.scene.bridges[monitor.leg] = "b2"
    world.pbx.down()
    world.pbx.up_again()
    await settle()
    assert world.pbx.did[-1] == "join"


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
