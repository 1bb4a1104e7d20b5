"""The time line of a call: what happened, bounded; and of monitors what each may see, byte for byte."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapter.core import timeline
from adapter.core.modes import Mode
from adapter.core.views import Visibility, timeline_view
from adapter.monitoring.history import History
from tests.fake.pbx import alone, settle
from tests.fake.scene import ADMIN, MONA, START
from tests.fake.world import World, world
from tests.support.client import Client
from tests.support.programs import program
from tests.support.site import Site, is_problem

__all__ = ["world"]

Told = list[tuple[str, str | None]]


async def told(who: Client, agent: str = "101") -> Told:
    """The time line of an agent's call, without its times."""
    (call,) = [call for call in await who.calls() if call["agent"]["extension"] == agent]
    status, body = await who.get(f"/calls/{call['id']}/timeline")
    assert status == 200, body
    return [(entry["kind"], entry["name"]) for entry in body["entries"]]


BEGAN: Told = [("rang", None), ("answered", None)]


async def test_a_call_from_its_first_ring(site: Site) -> None:
    scene, admin = site.pbx.scene, await site.client("admin")
    a = scene.channel("201", dials="101")
    b = scene.channel("101", linked=a)
    scene.dial(a, b)
    site.pbx.run()
    assert await told(admin) == BEGAN[:1]
    scene.up(b, a)
    scene.dialled(a, b)
    scene.enter("b1", b, a)
    site.pbx.run()
    assert await told(admin) == BEGAN
    for held in (True, False):
        scene.hold(a, held)
        site.pbx.run()
    c = scene.channel("202", name="Olga", linked=a)
    scene.up(c)
    scene.leave("b1", a)
    scene.gone(a)
    site.pbx.run()
    assert await told(admin) == [*BEGAN, ("held", None), ("resumed", None)], "between two nobody is named"
    scene.enter("b1", c)
    site.pbx.run()
    call = await site.call_id(admin)
    assert await told(admin) == [*BEGAN, ("held", None), ("resumed", None), ("transferred", "Olga")]
    entries = (await admin.get(f"/calls/{call}/timeline"))[1]["entries"]
    shown = (await admin.get(f"/calls/{call}"))[1]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert [entry["at"] for entry in entries[:2]] == [shown["started_at"], shown["answered_at"]]
    scene.gone(b, c)
    site.pbx.run()
    is_problem(await admin.get(f"/calls/{call}/timeline"), 404, "not_found")
    assert len(site.service.history._lines) == 0


async def test_monitors_for_who_may_see_them_and_talks_for_those_in_the_call(site: Site) -> None:
    site.talk()
    admin, mona, sam, ana = [await site.client(name) for name in ("admin", "mona", "sam", "ana")]
    monitor = await mona.monitor(await mona.call("101"))
    for mode in ("whisper", "barge", "silent", "barge"):
        await mona.switch(monitor, mode)
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    kinds = ("listening", "whispering", "joined", "silent", "joined", "left")
    everything = [*BEGAN, *((kind, "Mona") for kind in kinds)]
    assert await told(admin) == await told(mona) == everything
    talks = ("whispering", "joined", "left", "joined", "left")
    assert await told(sam) == [*BEGAN, *((kind, "Mona") for kind in talks)]
    is_problem(await ana.get(f"/calls/{await site.call_id(sam)}/timeline"), 404, "not_found")
    is_problem(await admin.get("/calls/nothing/timeline"), 404, "not_found")
    is_problem(await (await site.client()).get("/calls/nothing/timeline"), 401, "not_authenticated")
    site.pbx.down()
    is_problem(await admin.get(f"/calls/{monitor['call_id']}/timeline"), 503, "pbx_unavailable")
    site.pbx.up_again()
    assert await told(admin) == everything, "a lost connection is no end of a call"


async def test_a_phone_that_is_never_answered_listened_to_nobody(site: Site) -> None:
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    site.pbx.answers = False
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert await told(admin) == BEGAN


async def test_a_service_sees_of_monitors_its_own(site: Site) -> None:
    site.talk()
    service, _ = await program(site, may_act_for=["mona"])
    other, _ = await program(site, may_act_for=["mona"])
    coach = await site.client("coach")
    await coach.monitor(await coach.call("101"))
    status, monitor = await service.post("/monitors", {"agent_extension": "101", "supervisor": "mona"})
    assert status == 201
    await settle()
    assert (await service.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert await told(service) == [*BEGAN, ("listening", "Mona"), ("left", "Mona")]
    assert await told(other) == BEGAN
    assert await told(coach) == [*BEGAN, ("listening", "Coach"), ("listening", "Mona"), ("left", "Mona")]


async def test_whoever_joins_a_conversation_sees_no_more_who_listened_before(site: Site) -> None:
    """The rule is asked when somebody looks, not when it happened."""
    a, _ = site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    await mona.monitor(await mona.call("101"))
    assert ("listening", "Mona") in await told(admin)
    desk = site.pbx.scene.channel("301", linked=a)
    site.pbx.scene.up(desk)
    site.pbx.scene.enter("b1", desk)
    site.pbx.run()
    await settle()
    assert [kind for kind, _ in await told(admin)] == ["rang", "answered"]
    assert ("listening", "Mona") in await told(mona)


@pytest.mark.parametrize("silent", [False, True])
async def test_what_silent_monitors_push_out_is_nothing_that_others_see(world: World, silent: bool) -> None:
    """A hundred who listen and leave neither take a talk nor a hold out of what is kept, nor move it."""
    past = History(alone(world.board))
    world.pbx.scene.change(world.agent)
    world.pbx.run()
    monitor = await world.live(MONA, Mode.WHISPER)
    await world.monitoring.stop(MONA, monitor.id)
    for _ in range(timeline.MOST if silent else 0):
        listens = await world.live(ADMIN)
        await world.monitoring.stop(ADMIN, listens.id)
    world.pbx.scene.hold(world.customer)
    world.pbx.run()
    (call,) = world.board.calls()
    shown: Any = timeline_view(call, past.of(call), Visibility.TALKING)["entries"]
    assert [entry["kind"] for entry in shown] == ["rang", "answered", "whispering", "left", "held"]
    everything: Any = timeline_view(call, past.of(call), Visibility.EVERYTHING)["entries"]
    assert len(everything) == (timeline.MOST + 3 if silent else 5)
    assert everything[-1]["kind"] == "held"


async def test_it_is_bounded_and_the_latest_stay(world: World) -> None:
    past = History(alone(world.board))
    world.pbx.scene.change(world.agent, caller_name="Sam")
    world.pbx.run()
    for number in range(3 * timeline.MOST):
        world.pbx.scene.hold(world.customer, held=number % 2 == 0)
        world.pbx.run()
    (call,) = world.board.calls()
    entries: Any = timeline_view(call, past.of(call), Visibility.EVERYTHING)["entries"]
    assert len(entries) == timeline.MOST + 2
    assert [entry["kind"] for entry in (*entries[:3], entries[-1])] == ["rang", "answered", "held", "resumed"]


def test_after_a_restart_what_asterisk_tells_is_there(world: World) -> None:
    past = History(alone(world.board))  # it has seen nothing of this call
    (call,) = world.board.calls()
    view: Any = timeline_view(call, past.of(call), Visibility.EVERYTHING)
    assert [entry["kind"] for entry in view["entries"]] == ["rang", "answered"]
    later = replace(call, answered_at=START + timedelta(minutes=1))
    assert timeline_view(later, past.of(later), Visibility.TALKING)["entries"][1]["at"] == "2026-01-01T12:01:00.000Z"  # type: ignore[index]
