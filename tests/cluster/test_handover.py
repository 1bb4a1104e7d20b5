"""What is easily forgotten when PBXes change hands: lost terms, pages that go meanwhile, PBXes that nobody names."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from adapter import cluster
from adapter.core.ownership import Cluster
from adapter.errors import StoreUnavailable
from adapter.fleet.claims import TOGETHER
from adapter.fleet.natsbus import NatsBus
from adapter.fleet.pagenews import PageNews
from adapter.fleet.shared_nodes import SharedNodes
from adapter.store import Store
from tests.cluster.test_claims import World, has, world
from tests.cluster.test_pages import becomes, listens, made_at, page_at
from tests.support.clock import real
from tests.support.endpoints import Memory
from tests.support.several import Adapter, Several, cluster_url, server, several
from tests.support.site import is_problem
from tests.support.waiting import until

__all__ = ["cluster_url", "server", "several", "world"]


async def test_a_new_term_whose_answer_was_lost_gives_nothing_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await world.member(1)
    await world.passes(TOGETHER + 1, first)
    before, take = first.term("north"), first._leases.take

    async def loses(*given: Any) -> object:
        await take(*given)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(first._leases, "take", loses)
    world.told.clear()
    first.doubt("north")
    with pytest.raises(StoreUnavailable):
        await first.turn()
    assert not first.holds("north")
    monkeypatch.setattr(first._leases, "take", take)
    await first.turn()
    assert first.holds("north")
    assert first.term("north") not in (None, before)
    assert [what for _, what, pbx in world.told if pbx == "north"] == ["gained"], "nobody else had it"
    assert has(first) == ["east", "north", "south", "west"]


async def test_what_the_database_has_is_told_with_each_turn(world: World) -> None:
    first, seen = await world.member(1), list[Cluster]()
    first.looked.subscribe(seen.append)
    await world.passes(1.0, first)
    assert seen
    assert seen[-1].owners["east"].term == first.term("east")


async def test_a_failover_that_lost_the_last_term_hides_no_pbx_for_ever(several: Several) -> None:
    """The new primary has an older one; the owner's next has the number of the one that was lost, and another name."""
    north, south = await several.two()
    several.call_at("north")
    admin = await south.client("admin")
    await admin.call("101")
    older = north.claims.term("north")
    north.claims.doubt("north")
    await until(lambda: north.claims.holds("north") and north.claims.term("north") != older, "no new term begins")
    lost = north.claims.term("north")
    assert lost is not None
    assert older is not None
    there = south.service.nodes._all["north"]._followed.follower  # type: ignore[attr-defined]
    await until(lambda: there.term == lost and south.sees(), "the new term is not heard")
    async with south.store.database.work() as session:
        values = {"term": older.number, "token": older.token}
        await session.execute(text("UPDATE owners SET term = :term, token = :token WHERE pbx = 'north'"), values)
    await until(lambda: north.claims.term("north") not in (lost, older), "no other term begins")
    again = north.claims.term("north")
    assert again is not None
    assert (again.number, north.mine) == (lost.number, ["north"])
    await until(lambda: there.term == again and south.sees(), "it stays out of sight")
    assert (await admin.call("101"))["pbx"] == "north"


async def test_while_a_pbx_is_taken_over_it_is_said_and_a_page_that_goes_breaks_nothing(
    several: Several, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = await several.two()
    nodes, reads = south.service.nodes, asyncio.Event()
    assert isinstance(nodes, SharedNodes)
    left = nodes._all["north"]._parts.left

    async def slow(pbx: str) -> object:
        await reads.wait()
        return await left(pbx)

    object.__setattr__(nodes._parts, "left", slow)
    await north.die()
    wanted = "north.pbx: it is just being taken over"
    await until(lambda: wanted in nodes.problems(), "nothing is said of it")
    await until(lambda: not south.service.readiness.ready, "it counts as ready")
    PageNews(lambda: nodes).gone("north", "PJSIP/cm-web-x")
    assert PageNews(lambda: nodes).rung("north") == ()
    reads.set()
    await until(lambda: south.owns("north", "south"), "it is not taken up")
    assert wanted not in nodes.problems()
    await until(lambda: south.service.readiness.ready, "it never counts as ready again")


async def test_the_owner_ends_what_a_dead_adapters_page_heard_though_another_removed_it_first(
    several: Several,
) -> None:
    north, south = await several.two()
    several.call_at("north")
    mona = await south.client("mona")
    await page_at(south, mona, "north")
    monitor = await listens(several, mona)
    there = await north.client("admin")
    endpoints = several.pbxes["north"].endpoints
    assert isinstance(endpoints, Memory)
    (name,) = made_at(several, "north")
    await south.die()
    await endpoints.remove(name)  # as a third adapter does that looks first
    await becomes(there, monitor, ended_reason="supervisor_hung_up")


async def test_a_monitor_at_a_pbx_that_nobody_names_any_more_holds_its_supervisors_place_for_a_while_only(
    several: Several, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    monkeypatch.setattr(cluster, "LEFT_LOOK", 0.2)
    store = await Store.open(several.url, clock=real)
    newer = several.settings.model_copy(update={"pbx": [one for one in several.settings.pbx if one.id == "south"]})
    south = Adapter(store, NatsBus(several.nats.access(), "newer"), newer, {"south": several.pbxes["south"]})
    several.all.append(await south.start())
    await until(lambda: south.owns("south") and south.service.cluster.does_chores(), "it has nothing")  # type: ignore[union-attr]
    await asyncio.sleep(1.5)  # what the start of the chores looked at is over
    older = await several.adapter()
    await until(lambda: older.owns("north") and older.sees(), "the other one has nothing")
    several.call_at("north")
    several.call_at("south", "202", "102")
    admin, mona = await older.client("admin"), await south.client("mona")
    there = await (await older.client("mona")).monitor(await admin.call("101"))
    await mona.call("102")
    is_problem(await mona.post("/monitors", {"agent_extension": "102"}), 409, "already_monitoring")
    await older.service.recorder.settled()
    await older.die()

    async def ended() -> bool:
        found = await store.monitors.find(there["id"])
        return found is not None and found.ended

    end = asyncio.get_running_loop().time() + 30
    while not await ended():
        assert asyncio.get_running_loop().time() < end, "it counts as running for ever"
        await asyncio.sleep(0.1)
    assert (await mona.post("/monitors", {"agent_extension": "102"}))[0] == 201
