"""What a mode promises and what can be heard: holds, music, changed bridges, recordings."""

import asyncio
from dataclasses import replace

import pytest

from adapter.core import events as ev
from adapter.core import lifecycle
from adapter.core.audit import SYSTEM
from adapter.core.legcommands import SwitchLeg
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor, Notice
from adapter.core.views import Visibility, monitor_view
from adapter.errors import PbxTimeout
from adapter.monitoring.bridges import AGAIN, WHILE_HEARD, WHILE_UNHEARD
from adapter.monitoring.fresh import fresh
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, MONA
from tests.fake.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.usefixtures("virtual_time")


def now(world: World, monitor: Monitor) -> Monitor:
    """The monitor as it is."""
    found = world.board.monitor(monitor.id)
    assert found is not None
    return found


async def meets_another(world: World, number: str = "202") -> None:
    """The customer has gone, and somebody else is in the agent's bridge."""
    world.pbx.scene.gone(world.customer)
    other = world.pbx.scene.channel(number, dials="101", linked=world.customer)
    world.pbx.scene.up(other)
    world.pbx.scene.enter("b1", other)
    world.pbx.run()
    await settle()


async def test_a_silent_leg_attaches_anew_when_the_agent_talks_with_another(world: World) -> None:
    monitor = await world.live()
    await meets_another(world)
    assert world.pbx.did[-1] == "move silent"
    assert now(world, monitor).audible
    assert now(world, monitor).notice is None, "nobody talked: there is nothing to tell"


async def test_nobody_there_is_nobody_to_attach_for(world: World) -> None:
    await world.live()
    did = list(world.pbx.did)
    world.pbx.scene.leave("b1", world.customer)
    world.pbx.run()
    await settle()
    assert world.pbx.did == did
    world.pbx.scene.enter("b1", world.customer)
    world.pbx.run()
    await settle()
    assert world.pbx.did == did, "the same party as before"


async def test_until_it_has_attached_anew_nothing_is_claimed(world: World) -> None:
    monitor = await world.live()
    world.pbx.confirms = False
    await meets_another(world)
    assert now(world, monitor).reattach
    assert not now(world, monitor).audible


@pytest.mark.parametrize("keypad", [True, False])
def test_a_resync_attaches_anew_where_others_are_by_now(world: World, keypad: bool) -> None:
    there = frozenset({"one"})
    monitor = replace(_live(world), keypad=keypad, peers=there)
    same = lifecycle.resumed(monitor, there, Mode.SILENT, world.pbx.scene.now)
    changed = lifecycle.resumed(monitor, frozenset({"two"}), Mode.SILENT, world.pbx.scene.now)
    assert SwitchLeg(Mode.SILENT, True) not in same.commands
    assert changed.commands[-1] == SwitchLeg(Mode.SILENT, True)
    assert changed.monitor.reattach


def _live(world: World) -> Monitor:
    at = world.pbx.scene.now
    new = fresh(world.board, "m1", ADMIN, world.call, "PJSIP/301", Mode.SILENT, SYSTEM, at)
    return lifecycle.spy_started(new, Mode.SILENT, world.pbx.scene.now, frozenset()).monitor


@pytest.mark.parametrize("who", ["agent", "customer"])
async def test_on_hold_nothing_can_be_heard(world: World, who: str) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    channel = world.agent if who == "agent" else world.customer
    world.pbx.scene.hold(channel)
    world.pbx.run()
    assert not now(world, monitor).audible
    assert monitor_view(now(world, monitor), Visibility.EVERYTHING)["audible"] is False
    assert monitor_view(now(world, monitor), Visibility.TALKING)["audible"] is False
    world.pbx.scene.hold(channel, held=False)
    world.pbx.run()
    assert now(world, monitor).audible


async def test_an_agent_who_hears_music_hears_nobody(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    agent = world.pbx.scene.channels[world.agent]
    world.pbx.board.apply([ev.MusicChanged(world.pbx.scene.now, agent, True)])
    assert not now(world, monitor).audible
    world.pbx.board.apply([ev.MusicChanged(world.pbx.scene.now, agent, False)])
    assert now(world, monitor).audible


def test_a_hold_stays_behind_in_its_bridge(world: World) -> None:
    """There is no Unhold when the holder goes to another bridge (a consultation and its end)."""
    world.pbx.scene.hold(world.agent)
    world.pbx.scene.leave("b1", world.agent)
    world.pbx.scene.enter("b2", world.agent, world.customer)
    world.pbx.run()
    (call,) = world.board.calls()
    assert call.state.value == "active"


async def test_a_recording_on_the_agents_channel_leaves_a_doubt_after_a_change_only(world: World) -> None:
    world.pbx.recorded.add(world.agent)
    monitor = await world.live()
    assert now(world, monitor).audible
    await meets_another(world)
    assert not now(world, monitor).audible
    second = await world.live(MONA)
    assert not second.audible, "a fresh leg meets the same"


async def test_where_asterisk_does_not_say_whether_it_is_recorded_the_doubt_stays(world: World) -> None:
    monitor = await world.live()

    async def silent(channel: str) -> bool:
        raise PbxTimeout("no answer")

    world.pbx.is_recorded = silent  # type: ignore[method-assign]
    await meets_another(world)
    assert not now(world, monitor).audible


async def test_whom_barge_reaches_is_asked_before_it_is_claimed(world: World) -> None:
    """A recorder or announcer of ARI makes a bridge of two a mixing one, without an event."""
    monitor = await world.live()
    (call,) = world.board.calls()
    assert call.barge_reaches_customer
    world.pbx.technologies["b1"] = "softmix"
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    (call,) = world.board.calls()
    assert not call.barge_reaches_customer


async def test_a_bridge_that_is_one_of_two_again_is_found_so_without_an_event(world: World) -> None:
    third = world.pbx.scene.channel("103", linked=world.customer)
    world.pbx.scene.up(third)
    world.pbx.scene.enter("b1", third, technology="softmix")
    world.pbx.run()
    (call,) = [call for call in world.board.calls() if call.uniqueid == world.agent]
    assert not call.barge_reaches_customer
    world.pbx.scene.leave("b1", third)
    world.pbx.scene.gone(third)
    world.pbx.run()
    await settle()
    (call,) = world.board.calls()
    assert call.barge_reaches_customer


async def test_out_of_sight_nothing_is_claimed(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    assert now(world, monitor).audible
    world.pbx.down()
    assert not now(world, monitor).audible
    world.pbx.up_again()
    await settle()
    assert now(world, monitor).audible


async def test_what_a_former_run_left_is_not_claimed_before_it_was_found(world: World) -> None:
    monitor = await world.live(mode=Mode.WHISPER)
    world.board.take_up([replace(monitor, connected=False)])  # as it comes from the database
    assert not now(world, monitor).audible


async def test_who_joins_unheard_of_while_somebody_barges_is_found(world: World) -> None:
    await world.live(mode=Mode.BARGE)
    await asyncio.sleep(sum(AGAIN))
    world.pbx.technologies["b1"] = "softmix"
    await asyncio.sleep(2 * WHILE_HEARD)
    (call,) = world.board.calls()
    assert not call.barge_reaches_customer


async def test_a_customer_whom_barge_had_latched_is_let_go_when_the_bridge_mixes(world: World) -> None:
    """Seen at a real Asterisk: they went on hearing the supervisor, while everybody was told that they don't."""
    monitor = await world.live(mode=Mode.BARGE)
    await asyncio.sleep(sum(AGAIN))
    world.pbx.technologies["b1"] = "softmix"
    await asyncio.sleep(2 * WHILE_HEARD)
    current = now(world, monitor)
    assert (current.mode, current.notice) == (Mode.SILENT, Notice.BRIDGE_CHANGED)
    assert world.pbx.did[-2:] == ["digit silent", "move silent"]
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    await asyncio.sleep(WHILE_HEARD)
    assert now(world, monitor).mode is Mode.BARGE, "it reaches the agent alone, which was known before"


async def test_also_one_who_barged_before_and_is_silent_by_now(world: World) -> None:
    monitor = await world.live(mode=Mode.BARGE)
    await world.monitoring.switch(ADMIN, monitor.id, Mode.SILENT)
    world.pbx.technologies["b1"] = "softmix"
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    assert "move silent" in world.pbx.did, "it attached anew before it barged"
    assert world.pbx.did[-1] == "digit barge"
    (call,) = world.board.calls()
    assert not call.barge_reaches_customer


async def test_what_was_found_out_before_a_barge_is_no_change_under_it(world: World) -> None:
    monitor = await world.live()
    world.pbx.technologies["b1"] = "softmix"
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    await asyncio.sleep(WHILE_HEARD)
    assert (now(world, monitor).mode, now(world, monitor).notice) == (Mode.BARGE, None)
    assert world.pbx.did[-1] == "digit barge"


async def test_once_barge_can_reach_the_customer_again_that_is_noticed_sooner(world: World) -> None:
    await world.live()
    world.pbx.technologies["b1"] = "softmix"
    (monitor,) = world.board.monitors()
    await world.monitoring.switch(ADMIN, monitor.id, Mode.BARGE)
    await asyncio.sleep(sum(AGAIN))
    world.pbx.technologies.clear()
    await asyncio.sleep(2 * WHILE_UNHEARD)
    (call,) = world.board.calls()
    assert call.barge_reaches_customer
