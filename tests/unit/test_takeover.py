"""Taking a call over, at a PBX that can be deaf, slow or gone."""

import asyncio

import pytest

from adapter import errors
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason
from adapter.monitoring.takeover import RELEASE
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, MONA, SAM
from tests.fake.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.usefixtures("virtual_time")


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


async def test_an_agent_whom_nobody_hangs_up_is_released_by_us(world: World) -> None:
    """As in Stasis, where the program that joined them has its own mind."""
    monitor = await world.live(ADMIN, Mode.BARGE)
    await world.monitoring.take_over(ADMIN, monitor.id)
    assert "hangup" not in world.pbx.did, "Asterisk may do it itself"
    await asyncio.sleep(2 * RELEASE)
    assert world.pbx.did[-1] == "hangup"
    await settle()
    assert not [call for call in world.board.calls() if call.agent.user_id == SAM.id]


async def test_an_agent_who_talks_to_somebody_else_by_then_is_left_alone(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    await world.monitoring.take_over(ADMIN, monitor.id)
    other = world.pbx.scene.channel("202", linked=world.agent)
    world.pbx.scene.up(other)
    world.pbx.scene.enter("b1", other)
    world.pbx.run()
    await asyncio.sleep(2 * RELEASE)
    assert world.pbx.did[-1] == "join"


async def test_a_take_over_that_asterisk_does_late_releases_the_agent_too(world: World) -> None:
    monitor = await world.live(ADMIN, Mode.BARGE)
    world.pbx.confirms = False
    with pytest.raises(errors.PbxTimeout):
        await world.monitoring.take_over(ADMIN, monitor.id)
    world.pbx.confirms = True
    await world.pbx.join(monitor.leg, world.customer)
    await asyncio.sleep(2 * RELEASE)
    assert world.pbx.did[-1] == "hangup"
