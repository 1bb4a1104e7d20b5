"""Who looks after which PBX among several adapters: turns over a real PostgreSQL, by clocks that the test moves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapter.core.ownership import Member, Process, Term
from adapter.core.sharing import LATECOMER, shared_out
from adapter.errors import PbxUnavailable, StoreUnavailable
from adapter.fleet.claims import CHORES, FORGET, LOOK, PATIENCE, TOGETHER, Claims
from adapter.fleet.ownership import BLIND, LEASE
from adapter.store import Store
from tests.support.clock import real
from tests.support.several import cluster_url, server

__all__ = ["cluster_url", "server"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PBXES = ("east", "north", "south", "west")


class World:
    """Members of one installation; time is the test's, and passes for all of them."""

    def __init__(self, url: str) -> None:
        self.url, self.boot, self.gone = url, 1000.0, set[int]()
        self.stores: list[Store] = []
        self.told: list[tuple[str, str, str]] = []

    async def member(self, number: int, *pbxes: str) -> Claims:
        self.stores.append(await Store.open(self.url, clock=real))
        process = Process(f"host{number}", number, "", "", 0)
        made = Claims(
            self.stores[-1].owners,
            Member(f"{number:032x}", process, "1.0", NOW),
            pbxes or PBXES,
            lambda: NOW,
            boot=lambda: self.boot,
            gone=lambda other, us: other.pid in self.gone,
        )
        made.gained.subscribe(lambda pbx, term: self.told.append((str(number), "gained", pbx)))
        made.given_up.subscribe(lambda pbx: self.told.append((str(number), "given up", pbx)))
        await made._leases.join(made._member, NOW)
        return made

    async def passes(self, seconds: float, *alive: Claims) -> None:
        """Those that live look at their pace meanwhile."""
        end = self.boot + seconds
        while self.boot < end:
            for one in alive:
                await one.turn()
            self.boot = min(end, self.boot + LOOK)
        for one in alive:
            await one.turn()


def has(one: Claims) -> list[str]:
    return [pbx for pbx in PBXES if one.owns(pbx)]


@pytest.fixture
async def world(cluster_url: str) -> AsyncIterator[World]:
    made = World(cluster_url)
    yield made
    for store in made.stores:
        await store.close()


def test_each_free_pbx_goes_to_who_has_fewest() -> None:
    assert shared_out(["b", "a"], {"1": 0, "2": 0}) == {"a": "1", "b": "2"}
    assert shared_out(["a", "b", "c"], {"1": 3, "2": 1}) == {"a": "2", "b": "2", "c": "1"}
    assert shared_out(["a", "b"], {"1": 0, LATECOMER: 0}) == {"a": "1", "b": LATECOMER}
    assert shared_out(["a"], {}) == {}


async def test_two_that_start_together_have_half_each_and_one_alone_has_all(world: World) -> None:
    first = await world.member(1)
    await first.turn()
    assert has(first) == ["east", "south"], "it leaves room for one that may be starting, too"
    second = await world.member(2)
    await world.passes(TOGETHER + 1, first, second)
    assert (has(first), has(second)) == (["east", "south"], ["north", "west"])
    assert all(one.holds(pbx) for one in (first, second) for pbx in has(one))
    assert sum(one.owns(CHORES) for one in (first, second)) == 1


async def test_one_alone_has_all_after_a_moment_and_keeps_them_when_another_comes(world: World) -> None:
    first = await world.member(1)
    await world.passes(TOGETHER + 0.1, first)
    assert has(first) == [*PBXES]
    second = await world.member(2)
    await world.passes(10, first, second)
    assert has(second) == [], "what a living adapter owns is never taken from it"


async def test_what_one_had_that_died_is_shared_among_the_others(world: World) -> None:
    first, second, third = [await world.member(number) for number in (1, 2, 3)]
    await world.passes(TOGETHER + 1, first, second, third)
    before = (has(second), has(third))
    lost = has(first)
    await world.passes(LEASE - 3 * LOOK, second, third)
    assert (has(second), has(third)) == before, "it may only be slow"
    await world.passes(4 * LOOK + 1, second, third)
    assert sorted(has(second) + has(third)) == [*PBXES]
    assert (len(has(second)), len(has(third))) == (2, 2)
    await first.turn()
    assert has(first) == []
    assert {pbx for number, what, pbx in world.told if (number, what) == ("1", "given up")} >= set(lost)
    with pytest.raises(PbxUnavailable, match="Another adapter"):
        first.need(lost[0])


async def test_one_that_surely_died_here_is_not_waited_for(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    await world.passes(TOGETHER + 1, first, second)
    world.gone.add(1)
    await second.turn()
    assert has(second) == [*PBXES]


async def test_one_that_stops_in_order_leaves_all_to_the_others_at_once(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    await world.passes(TOGETHER + 1, first, second)
    await first.close()
    await second.turn()
    assert has(second) == [*PBXES]


async def test_a_pbx_that_its_turn_does_not_know_is_taken_by_who_knows_it(world: World) -> None:
    first, second = await world.member(1, "north"), await world.member(2, "north", "west")
    await world.passes(TOGETHER + PATIENCE + 1, first, second)
    assert second.owns("west")


async def test_a_term_that_was_not_renewed_in_time_is_begun_anew_and_nothing_acts_meanwhile(world: World) -> None:
    first = await world.member(1)
    await world.passes(TOGETHER + 0.1, first)
    term = first.term("north")
    world.boot += LEASE + 0.1
    assert not first.holds("north")
    with pytest.raises(PbxUnavailable, match="has not confirmed"):
        first.need("north")
    assert "north" in first.problems()[0]
    await first.turn()
    again = first.term("north")
    assert term is not None
    assert again is not None
    assert first.holds("north")
    assert again.number == term.number + 1
    assert first.terms(["north", "nobody's"]) == {"north": again, "nobody's": Term(0, "")}


async def test_a_doubt_is_of_one_pbx(world: World) -> None:
    first = await world.member(1)
    await world.passes(TOGETHER + 0.1, first)
    term = first.term("north")
    first.doubt("north")
    assert (first.holds("north"), first.holds("south")) == (False, True)
    await first.turn()
    assert first.holds("north")
    assert first.term("north") != term


async def test_a_doubt_takes_nothing_from_a_living_owner(world: World) -> None:
    first, second = await world.member(1), await world.member(2)
    await world.passes(TOGETHER + 1, first, second)
    (theirs, *_) = has(second)
    first.doubt(theirs)
    await world.passes(1, first, second)
    assert (first.owns(theirs), second.holds(theirs)) == (False, True)


async def test_who_starts_knows_at_once_who_lives(world: World) -> None:
    first = await world.member(1)
    await first.turn()
    second = await world.member(2)
    assert list(second.peers) == [], "nothing was read yet"
    await second.start()
    try:
        assert list(second.peers) == [first._member.id]
    finally:
        await second.close()


async def test_who_could_not_look_for_a_while_takes_nothing_for_it(world: World) -> None:
    """The database was away: nobody could renew, so an unchanged beat says nothing."""
    first, second = await world.member(1), await world.member(2)
    await world.passes(TOGETHER + 1, first, second)
    world.boot += 10 * BLIND
    await second.turn()
    await world.passes(LEASE - 2 * LOOK, second)
    assert len(has(second)) == 2
    await first.turn()
    await world.passes(LEASE, first, second)
    assert (len(has(first)), len(has(second))) == (2, 2)


async def test_a_member_that_was_forgotten_joins_again(world: World) -> None:
    first, second = await world.member(1, "north"), await world.member(2, "north")
    await world.passes(TOGETHER + 1, first, second)
    await world.passes(FORGET + 1, first)
    assert list(first.seen.members) == [f"{1:032x}"]
    await world.passes(LOOK, first, second)
    assert len(first.seen.members) == 2


async def test_without_the_database_nothing_is_taken_and_what_is_there_runs_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.member(1)
    await world.passes(TOGETHER + 0.1, first)

    async def away(*given: object) -> object:
        raise StoreUnavailable("away")

    monkeypatch.setattr(first._leases, "renew", away)
    world.boot += 1.1
    with pytest.raises(StoreUnavailable):
        await first.turn()
    assert first.holds("north")
    world.boot += LEASE
    assert not first.holds("north")
    assert first.owns("north"), "nobody else is known to have it: what runs goes on"
