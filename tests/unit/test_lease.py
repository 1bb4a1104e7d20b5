"""A talk is for those who were there when it began: what happens to it when the agent's bridge or a right changes."""

import asyncio
from dataclasses import replace

import pytest

from adapter.core.modes import Mode
from adapter.core.monitor import EndReason
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, COACH, MONA, PEOPLE
from tests.fake.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.usefixtures("virtual_time")


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
