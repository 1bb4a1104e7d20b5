"""A mirror shows what is fresh, of the present term, by accounts that it knows, and whole; or nothing."""

import asyncio
from dataclasses import replace

import pytest

from adapter.core.modes import Mode
from adapter.core.pbx import LinkState, PbxState
from adapter.core.views import Visibility
from adapter.fleet import freshness, snapshots
from adapter.fleet.messages import SnapshotPart, Why
from adapter.fleet.ownership import LEASE
from tests.cluster.mirrored import World, world
from tests.fake.scene import ADMIN, LEE, MONA, SAM, START
from tests.support.cluster import Other, Owner, term
from tests.support.waiting import until

__all__ = ["world"]


# --- how fresh it is


async def test_without_beats_nothing_is_shown(world: World) -> None:
    monitor = await world.monitored(Mode.WHISPER)
    (call,) = world.other.board.calls()
    world.wire.loses = lambda subject: subject.endswith("beat")
    await until(lambda: world.other.board.pbx_state.state is LinkState.DOWN)
    board, boards = world.other.board, world.other.boards
    assert list(board.calls()) == []
    assert board.call(call.id) is None
    assert not board.complete
    (unsure,) = board.monitors()
    assert (unsure.id, unsure.connected, unsure.audible) == (monitor.id, False, False)
    assert boards.visible(MONA) == [], "who joined meanwhile is not known"
    assert boards.visible(ADMIN) == [unsure], "it is the administrator's own"
    last = world.other.heard[-1]
    assert (last.link, last.calls, last.mirrored) == (True, frozenset({call.id}), True)
    world.wire.loses = lambda subject: False
    await world.settled()
    assert call.id in world.other.heard[-1].calls
    assert board.monitor(monitor.id) == world.owner.board.monitor(monitor.id)


async def test_whoever_reads_before_the_timer_sees_nothing_either(world: World) -> None:
    """A process that was stopped, or a machine that slept: the first request may come before any timer."""
    await world.monitored()
    (monitor,) = world.other.board.monitors()
    world.ahead += freshness.SIGHT
    assert not world.other.board.in_sight
    assert list(world.other.boards.calls()) == []
    assert world.other.boards.visibility(MONA, monitor) is Visibility.NOTHING
    await world.settled()


async def test_beats_that_waited_on_their_way_are_not_fresh(world: World) -> None:
    """What comes out of a cable that held it, or is read by a process that was stopped, tells how it was."""
    await world.monitored()
    world.wire.loses = lambda subject: True
    sent = len(world.wire.sent)
    await asyncio.sleep(0.6)
    held = [one for one in world.wire.sent[sent:] if one[0].endswith("beat")]
    assert held
    await until(lambda: not world.other.board.shown)
    world.ahead += 60.0
    for one in held:
        world.wire.again(*one)
    assert not world.other.board.in_sight
    world.wire.loses = lambda subject: False
    await world.settled()


def test_clocks_that_drift_are_followed_and_a_late_beat_is_known() -> None:
    now = 1000.0
    fresh = freshness.Freshness(lambda: now)
    for step in range(100_000):  # seven hours with clocks that differ by 0.0001
        now = 1000.0 + 0.25 * step
        fresh.heard(5.0 + 0.25 * step * 0.9999)
        assert fresh.left > 0.99, step
    late = 5.0 + 0.25 * step * 0.9999 + 0.25
    now += 0.25 + 0.7
    fresh.heard(late)
    assert 0.29 < fresh.left < 0.31, "it was 0.7 s on its way"
    now += 2.0
    fresh.heard(late + 0.25)
    assert fresh.left == 0.0


async def test_a_term_that_is_not_known_to_hold_tells_nothing(world: World) -> None:
    await world.monitored()
    world.owner.holds = False
    await until(lambda: not world.other.board.in_sight)
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    await asyncio.sleep(0.3)
    assert not world.other.board.calls()
    world.owner.holds = True
    await world.settled()


# --- terms


async def test_a_new_term_takes_the_place_of_the_old_one(world: World) -> None:
    await world.monitored()
    world.owner.publisher.begin(term(2))
    assert world.other.shows(world.owner), "its first word is all there is"
    assert world.other.follower.term == term(2)
    old = [one for one in world.wire.sent if ".owner." in one[0]][:-1]
    before = world.other.sealer.ignored[Why.OLD_TERM]
    for one in old:
        world.wire.again(*one)
        assert world.other.shows(world.owner)
    assert world.other.sealer.ignored[Why.OLD_TERM] > before


@pytest.mark.parametrize("first", ["beat", "change"])
async def test_of_a_new_term_nothing_old_is_shown(world: World, first: str) -> None:
    await world.monitored()
    world.wire.loses = lambda subject: subject.endswith("snapshot") or not subject.endswith(first)
    world.owner.publisher.begin(term(2))
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    await until(lambda: world.other.follower.term == term(2))
    assert not world.other.board.in_sight
    assert not world.other.board.calls()
    world.wire.loses = lambda subject: False
    await world.settled()


async def test_two_that_both_believe_to_own_it_are_told_apart(world: World) -> None:
    """One was stopped and wakes: it goes on in its old term, until it learns of the other's."""
    await world.monitored()
    successor = Owner(world.wire, world.accounts)
    successor.publisher.begin(term(2))
    assert world.other.shows(successor)
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    await asyncio.sleep(0.6)
    assert world.other.shows(successor)
    assert world.other.sealer.ignored[Why.OLD_TERM]
    await successor.close()


async def test_the_database_says_who_owns_it(world: World) -> None:
    await world.monitored()
    follower = world.other.follower
    follower.owner_is(term(1))
    assert world.other.shows(world.owner)
    follower.owner_is(term(5))
    assert not world.other.board.in_sight, "the old owner has no say any more"
    await asyncio.sleep(0.6)
    assert not world.other.board.in_sight
    follower.owner_is(term(2))
    assert follower.term == term(5), "a look at the database may be older than what was heard"
    world.ahead += LEASE + 0.1
    follower.owner_is(term(1))  # the database was put back, and numbers begin again
    await world.settled()


# --- accounts


async def test_who_is_behind_in_accounts_reads_them_first(world: World) -> None:
    await world.monitored()
    world.accounts.change(replace(SAM, name="Samuel"), replace(MONA, can_monitor=False))
    world.owner.people.take()
    await world.settled()
    assert world.other.people.reads == 1
    (call,) = world.other.board.calls()
    assert call.agent.name == "Samuel"
    assert world.other.boards.directory.users[MONA.id].can_monitor is False
    order = [("Samuel" if changes.calls else "accounts") for changes in world.other.heard[-2:]]
    assert order == ["accounts", "Samuel"], "never a call before the accounts that it is shown by"


async def test_who_is_ahead_in_accounts_reads_nothing(world: World) -> None:
    await world.monitored()
    world.accounts.change(replace(LEE, name="Leonard"))
    world.other.people.take()
    for number in range(3):
        world.owner.pbx.scene.answered_call("202", "102", f"b{number + 2}")
        world.owner.pbx.run()
        await world.settled()
    assert world.other.people.reads == 0


async def test_while_accounts_can_t_be_read_nothing_is_shown(world: World) -> None:
    await world.monitored()
    world.accounts.change(replace(MONA, can_monitor=False))
    world.accounts.away = True
    world.owner.people.take()
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    await until(lambda: world.other.people.reads > 0 and not world.other.board.in_sight)
    assert not world.other.board.calls()
    world.accounts.away = False
    await world.settled()


# --- large ones


async def test_a_large_snapshot_comes_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.fleet.mirror.IN_A_PART", 3)
    for number in range(10):
        world.owner.pbx.scene.answered_call(f"2{number:02}", f"10{number % 4 + 1}", f"b{number}")
    world.owner.pbx.run()
    late = Other(world.wire, world.accounts)
    await until(lambda: late.shows(world.owner))
    parts = [one for one in world.wire.sent if one[0].endswith("snapshot")]
    assert len(parts) > 5
    await late.close()


async def test_a_change_that_is_too_large_becomes_a_snapshot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.settled()
    monkeypatch.setattr("adapter.fleet.messages.LARGEST_MESSAGE", 3000)
    gaps = world.other.follower.gaps
    for number in range(10):
        world.owner.pbx.scene.answered_call(f"2{number:02}", f"10{number % 4 + 1}", f"b{number}")
    world.owner.pbx.run()
    assert world.other.shows(world.owner)
    assert world.other.follower.gaps == gaps
    monkeypatch.undo()


async def test_requests_for_snapshots_are_answered_together(world: World) -> None:
    await world.settled()
    world.wire.sent.clear()
    others = [Other(world.wire, world.accounts) for _ in range(20)]
    await until(lambda: all(other.shows(world.owner) for other in others))
    snapshots_sent = [one for one in world.wire.sent if one[0].endswith("snapshot")]
    assert len(snapshots_sent) <= 3
    for other in others:
        await other.close()


def test_parts_have_a_bound() -> None:
    state = PbxState(LinkState.CONNECTED, START)
    shared = SnapshotPart(
        pbx="lab", term=term(1), number=1, people="", at=START, stamp=0.0, id="x", part=0, parts=1, state=state
    )
    part = replace(shared, parts=10**6)
    gathering = snapshots.Gathering()
    assert gathering.add(part) is None
    assert not gathering._parts


def test_how_old_the_latest_beat_is() -> None:
    """For people: what a cable held back counts from when it was said."""
    now = [100.0]
    fresh = freshness.Freshness(lambda: now[0])
    fresh.heard(7.0)
    now[0] = 100.3
    assert fresh.age == pytest.approx(0.3)
    fresh.heard(7.1)  # said 0.1 s after the first, and came 0.3 s after it
    assert fresh.age == pytest.approx(0.2, abs=0.01)
    fresh.lost()
    assert fresh.age == float("inf")
