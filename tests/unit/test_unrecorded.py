"""What can't be recorded: nothing that talks begins, what began is taken back, silence and ends always work."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapter import errors
from adapter.core import events as ev
from adapter.core.audit import Via
from adapter.core.lifecycle import leg_gone
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Notice
from adapter.core.record import RecordState
from adapter.monitoring.ports import StartRequest
from adapter.monitoring.unrecorded import Unrecorded
from tests.fake.pbx import alone, settle
from tests.fake.scene import ADMIN, COACH, START
from tests.fake.world import World, world

__all__ = ["world"]


@pytest.mark.parametrize("mode", [Mode.WHISPER, Mode.BARGE])
async def test_a_mode_that_can_not_be_recorded_is_taken_back_to_silence(world: World, mode: Mode) -> None:
    monitor = await world.live()
    world.record.broken = True
    with pytest.raises(errors.RecordUnavailable):
        await world.monitoring.switch(ADMIN, monitor.id, mode)
    now = world.last(monitor)
    assert (now.mode, now.notice) == (Mode.SILENT, Notice.UNRECORDED)
    assert world.pbx.did == ["originate silent keypad", f"digit {mode}", "digit silent"]


async def test_from_whisper_a_barge_that_can_not_be_recorded_goes_to_silence_too(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    world.record.broken = True
    with pytest.raises(errors.RecordUnavailable):
        await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    assert world.last(monitor).mode is Mode.SILENT


async def test_what_can_not_be_taken_back_ends(world: World) -> None:
    monitor = await world.live()
    world.record.broken = True

    async def deaf() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)
            if world.last(monitor).mode is Mode.BARGE:
                world.pbx.confirms = False
                return

    _, refused = await asyncio.gather(
        deaf(), world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE), return_exceptions=True
    )
    assert isinstance(refused, errors.RecordUnavailable)
    assert world.pbx.did[-1] == "hangup"


async def test_known_to_be_away_nothing_is_even_asked_of_asterisk(world: World) -> None:
    monitor = await world.live()
    before = list(world.pbx.did)
    world.record.away = True
    for mode in (Mode.WHISPER, Mode.BARGE):
        with pytest.raises(errors.RecordUnavailable) as refused:
            await world.monitoring.switch(ADMIN, monitor.id, mode)
        assert refused.value.retry_after
    with pytest.raises(errors.RecordUnavailable):
        await world.monitoring.start(COACH, StartRequest(call_id=world.call.id))
    assert world.pbx.did == before


async def test_silence_and_ends_need_no_record(world: World) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    world.record.away = world.record.broken = True
    assert (await world.monitoring.switch(ADMIN, monitor.id, Mode.SILENT)).mode is Mode.SILENT
    await world.monitoring.stop(ADMIN, monitor.id)
    assert world.last(monitor).ended_reason is EndReason.STOPPED


async def test_nobody_is_released_from_a_call_while_that_can_not_be_recorded(world: World) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    world.record.away = True
    with pytest.raises(errors.RecordUnavailable):
        await world.monitoring.take_over(ADMIN, monitor.id)
    world.record.away, world.record.broken = False, True
    with pytest.raises(errors.RecordUnavailable):
        await world.monitoring.take_over(ADMIN, monitor.id)
    assert "join" not in world.pbx.did


# --- who talks already


@pytest.fixture
async def watched(world: World) -> AsyncIterator[tuple[World, Unrecorded]]:
    """A world in which nobody talks unrecorded for long."""
    unrecorded = Unrecorded(alone(world.board), lambda: START, 0.05)
    yield world, unrecorded
    unrecorded.close()


async def until_silent(world: World, monitor_id: str) -> None:
    """Wait until this monitor is silent."""
    for _ in range(500):
        if (now := world.board.monitor(monitor_id)) is not None and now.mode is Mode.SILENT:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("still talking")


async def test_who_talks_is_made_silent_once_the_record_has_been_away_for_long(
    watched: tuple[World, Unrecorded],
) -> None:
    world, unrecorded = watched
    monitor = await world.live(mode=Mode.BARGE)
    unrecorded._boards.set_record(RecordState(False, START))
    await settle()
    assert world.last(monitor).mode is Mode.BARGE, "not at once"
    await until_silent(world, monitor.id)
    assert world.last(monitor).notice is Notice.UNRECORDED
    world.board.apply([ev.DigitReceived(START, monitor.leg, "5")])  # by the keypad, which asks nobody
    assert world.last(monitor).mode is Mode.WHISPER
    await until_silent(world, monitor.id)


async def test_a_record_that_is_back_in_time_changes_nothing(watched: tuple[World, Unrecorded]) -> None:
    world, unrecorded = watched
    monitor = await world.live(mode=Mode.BARGE)
    unrecorded._boards.set_record(RecordState(False, START))
    unrecorded._boards.set_record(RecordState(True, START))
    await asyncio.sleep(0.2)
    assert world.last(monitor).mode is Mode.BARGE
    assert world.pbx.did == ["originate barge keypad"]


# --- the way is true


async def test_the_way_of_an_end_is_the_one_by_which_it_came(world: World) -> None:
    monitor = await world.live()
    gone = leg_gone(monitor, START, call_over=False, busy=False).monitor
    assert (gone.ended_reason, gone.by.via) == (EndReason.SUPERVISOR_HUNG_UP, Via.PHONE)
    page = leg_gone(replace(monitor, device="browser"), START, call_over=False, busy=False).monitor
    assert (page.ended_reason, page.by.via) == (EndReason.SUPERVISOR_HUNG_UP, Via.BROWSER)
    world.monitoring.ending.device_gone(monitor.ring)
    await settle()
    assert (world.last(monitor).ended_reason, world.last(monitor).by) == (
        EndReason.SUPERVISOR_HUNG_UP,
        (ADMIN.username, Via.BROWSER, None, True, ""),
    )


async def test_the_star_key_is_the_keypad(world: World) -> None:
    monitor = await world.live()
    world.board.apply([ev.DigitReceived(START, monitor.leg, "*")])
    await settle()
    assert world.last(monitor).by.via is Via.KEYPAD
