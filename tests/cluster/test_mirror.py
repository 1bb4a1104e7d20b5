"""A PBX at another adapter: as its owner has it, or not at all."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapter.core.bars import Kind, Who
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.pbx import LinkState, PbxState
from adapter.core.views import Visibility
from adapter.fleet import freshness, snapshots
from adapter.fleet.bus import LocalBus, NotSent
from adapter.fleet.messages import Beat, Sealer, SnapshotPart, Why
from adapter.fleet.natsbus import NatsBus
from adapter.fleet.ownership import LEASE
from adapter.monitoring.ports import StartRequest
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.takeup import take_up
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, ANA, LEE, MONA, SAM, START
from tests.support.cable import Cable
from tests.support.cluster import KEY, SUBJECTS, Accounts, Other, Owner, term
from tests.support.nats import NatsServer
from tests.support.waiting import until


class Wire(LocalBus):
    """A bus whose messages can be kept, lost, and changed by a test."""

    def __init__(self) -> None:
        super().__init__()
        self.loses: Callable[[str], bool] = lambda subject: False
        self.sent: list[tuple[str, bytes]] = []
        self.away = False

    def publish(self, subject: str, data: bytes) -> None:
        if self.away:
            raise NotSent("away")
        self.sent.append((subject, data))
        if not self.loses(subject):
            super().publish(subject, data)

    def again(self, subject: str, data: bytes) -> None:
        """It comes once more."""
        super().publish(subject, data)


class World:
    """An owner and another adapter, and what is between."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.wire, self.accounts = Wire(), Accounts()
        self.owner = Owner(self.wire, self.accounts, self.boot)
        self.other = Other(self.wire, self.accounts, self.boot)

    def boot(self) -> float:
        """One machine's boot-time clock, which can leap: a suspended machine, or a process that was stopped."""
        return time.monotonic() + self.ahead

    async def settled(self) -> None:
        await until(lambda: self.other.shows(self.owner), "the mirror is not as the owner's board")

    async def monitored(self, mode: Mode = Mode.SILENT) -> Monitor:
        """A call of Sam's that the administrator monitors."""
        self.owner.pbx.scene.answered_call()
        self.owner.pbx.run()
        (call,) = self.owner.board.calls()
        monitor = await self.owner.supervision.start(ADMIN, StartRequest(call_id=call.id, mode=mode))
        await settle()
        await self.settled()
        return monitor

    async def close(self) -> None:
        await self.other.close()
        await self.owner.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.owner.publisher.begin(term(1))
    yield world
    await world.close()


# --- it is the same


async def test_every_change_is_shown_as_the_owner_has_it(world: World) -> None:
    monitor = await world.monitored()
    for mode in (Mode.WHISPER, Mode.BARGE, Mode.SILENT):
        await world.owner.supervision.switch(ADMIN, monitor.id, mode)
        assert world.other.shows(world.owner), mode
    heard = [change for changes in world.other.heard for change in changes.monitors if change.after.id == monitor.id]
    assert [change.after.mode for change in heard][-3:] == [Mode.WHISPER, Mode.BARGE, Mode.SILENT]
    assert all(later.before == earlier.after for earlier, later in pairwise(heard))
    assert all(changes.mirrored for changes in world.other.heard if changes.pbx)
    await world.owner.supervision.stop(ADMIN, monitor.id)
    await until(lambda: not world.other.board.monitors())
    assert world.other.heard[-1].monitors[-1].after.ended
    world.owner.pbx.scene.gone(*world.owner.pbx.scene.channels)
    world.owner.pbx.run()
    assert world.other.shows(world.owner)
    assert not world.other.board.calls()
    assert world.other.bars.empty


async def test_one_who_comes_later_gets_a_snapshot(world: World) -> None:
    monitor = await world.monitored(Mode.WHISPER)
    late = Other(world.wire, world.accounts)
    await until(lambda: late.shows(world.owner))
    (known,) = late.board.monitors()
    assert (known.id, known.mode, known.live) == (monitor.id, Mode.WHISPER, True)
    await late.close()


async def test_who_may_see_what_is_decided_as_at_the_owner(world: World) -> None:
    await world.monitored()
    (monitor,), (call,) = world.owner.board.monitors(), world.owner.board.calls()
    for user in (ADMIN, SAM, MONA, ANA):
        for who in (None, Who(user.id, "a token"), Who(None)):
            expected = world.owner.board.visibility(user, monitor, who)
            assert world.other.boards.visibility(user, monitor, who) is expected, user.name
    assert world.other.boards.visibility(SAM, monitor) is Visibility.NOTHING
    assert world.other.boards.visibility(MONA, monitor) is Visibility.EVERYTHING
    assert world.other.boards.in_conversation(SAM.id, call.conversation_id)


async def test_who_joins_is_barred_here_at_once(world: World) -> None:
    """Mona sees the silent monitor, until she is in the conversation: from then on not, also when she has left it."""
    await world.monitored()
    (monitor,) = world.other.board.monitors()
    assert world.other.boards.visible(MONA) == [monitor]
    scene = world.owner.pbx.scene
    first = next(iter(scene.channels))
    joins = scene.channel("302", linked=first)
    scene.dial(first, joins)
    world.owner.pbx.run()
    assert world.other.boards.visible(MONA) == [], "her phone rings in it"
    scene.up(joins)
    scene.enter("b1", joins)
    world.owner.pbx.run()
    assert world.other.boards.visible(MONA) == []
    scene.gone(joins)
    world.owner.pbx.run()
    assert world.other.boards.visible(MONA) == []
    assert world.other.shows(world.owner)


async def test_what_a_barred_person_makes_at_the_owner_is_barred_here_too(world: World) -> None:
    await world.monitored()
    (call,) = world.owner.board.calls()
    assert world.owner.boards.made(Who(SAM.id), Kind.TOKEN, "new token", START)
    assert world.other.bars.barred(Who(None, "new token"), call.conversation_id)
    assert world.other.bars.barred_from(call.conversation_id) == world.owner.bars.barred_from(call.conversation_id)
    assert any(call.id in changes.calls for changes in world.other.heard[-1:]), "streams look again"


async def test_another_pbx_s_conversations_are_nobody_else_s_business(world: World) -> None:
    await world.monitored()
    (call,) = world.owner.board.calls()
    before = world.other.bars.of_pbx("lab")
    stranger = replace(before.bars[0], pbx="south", people=frozenset())
    for bars in (replace(before, bars=(stranger,)), replace(before, bars=(replace(stranger, ids=frozenset({"new"})),))):
        with pytest.raises(ValueError, match="no say"):
            world.other.bars.replace("lab", bars)
    with pytest.raises(ValueError, match="another PBX"):
        world.other.board.need_own([replace(call, pbx="south")], [])
    assert world.other.bars.of_pbx("lab") == before


async def test_what_another_adapter_has_told_is_not_written_here(world: World) -> None:
    """It is on record already, by its owner; and what runs there is not ended by who starts here."""
    writer: Any = None
    recorder = Recorder(world.other.boards, world.owner.record, writer, lambda: START)
    own = Recorder(world.owner.boards, world.owner.record, writer, lambda: START)
    monitor = await world.monitored()
    await world.owner.supervision.switch(ADMIN, monitor.id, Mode.WHISPER)
    assert own.size > 0
    assert recorder.size == 0
    take_up(world.other.boards, recorder, [monitor], None, START)
    assert recorder.size == 0
    assert world.other.shows(world.owner)
    assert world.other.boards.own == []


# --- what is missing, old, or comes twice


@pytest.mark.parametrize("kind", ["change", "beat", "snapshot"])
async def test_what_is_lost_is_noticed(world: World, kind: str) -> None:
    await world.monitored()
    world.wire.loses = lambda subject: subject.endswith(kind)
    scene = world.owner.pbx.scene
    scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    if kind == "beat":
        assert world.other.shows(world.owner)
        await until(lambda: not world.other.board.in_sight)
    else:
        await until(lambda: kind == "snapshot" or not world.other.board.in_sight or world.other.follower.gaps)
    world.wire.loses = lambda subject: False
    await world.settled()


async def test_nothing_is_taken_in_out_of_order(world: World) -> None:
    await world.monitored()
    world.wire.loses = lambda subject: True
    before = world.other.board.calls()
    scene = world.owner.pbx.scene
    held = len(world.wire.sent)
    for n in range(3):
        scene.answered_call("202", f"10{n + 2}", f"b{n + 2}")
        world.owner.pbx.run()
    changes = [one for one in world.wire.sent[held:] if one[0].endswith("change")]
    assert len(changes) >= 3
    for one in (changes[2], changes[1]):
        world.wire.again(*one)
        assert list(world.other.board.calls()) == list(before)
    world.wire.loses = lambda subject: False
    await world.settled()


async def test_beats_alone_keep_nothing_in_sight(world: World) -> None:
    """That the owner lives says nothing of what it has by now, while changes and snapshots are lost."""
    await world.monitored()
    world.wire.loses = lambda subject: subject.endswith(("change", "snapshot"))
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    await until(lambda: not world.other.board.in_sight)
    heard = len(world.wire.sent)
    await until(lambda: len([one for one in world.wire.sent[heard:] if one[0].endswith("beat")]) > 3)
    assert not world.other.board.in_sight
    world.wire.loses = lambda subject: False
    await world.settled()


async def test_who_comes_later_is_not_deceived_by_an_old_snapshot(world: World) -> None:
    """It believes only what answers its own request."""
    await world.monitored()
    old = [one for one in world.wire.sent if one[0].endswith(("snapshot", "beat"))]
    world.owner.pbx.scene.answered_call("202", "102", "b2")
    world.owner.pbx.run()
    world.wire.loses = lambda subject: ".owner." in subject
    late = Other(world.wire, world.accounts)
    for one in old * 2:
        world.wire.again(*one)
        assert not late.board.in_sight
    assert late.sealer.ignored[Why.REPLAYED]
    world.wire.loses = lambda subject: False
    await until(lambda: late.shows(world.owner))
    await late.close()


async def test_what_comes_again_changes_nothing_and_is_counted(world: World) -> None:
    monitor = await world.monitored()
    await world.owner.supervision.switch(ADMIN, monitor.id, Mode.BARGE)
    await world.owner.supervision.switch(ADMIN, monitor.id, Mode.SILENT)
    await world.settled()
    by_owner = [one for one in world.wire.sent if ".owner." in one[0]]
    ignored = world.other.sealer.ignored
    before, heard, stamp = ignored[Why.REPLAYED], len(world.other.heard), world.other.follower.stamp
    for one in by_owner:
        world.wire.again(*one)
        assert world.other.shows(world.owner)
        assert world.other.follower.stamp == stamp
    changes_and_beats = [one for one in by_owner if not one[0].endswith("snapshot")]
    assert ignored[Why.REPLAYED] - before >= len(changes_and_beats)
    assert len(world.other.heard) == heard


async def test_garbage_and_strangers_change_nothing(world: World) -> None:
    await world.monitored()
    for subject, message in (
        ("beat", Beat(pbx="lab", term=term(9), number=99, stamp=1.0)),
        ("beat", Beat(pbx="south", term=term(9), number=99, stamp=1.0)),
    ):
        named = SUBJECTS.by_owner(subject)
        world.wire.again(named, Sealer(b"x" * 32).write(named, message))
        world.wire.again(named, b"garbage" * 10)
    named = SUBJECTS.by_owner("beat")
    world.wire.again(named, Sealer(KEY).write(named, Beat(pbx="south", term=term(9), number=99, stamp=1.0)))
    ignored = world.other.sealer.ignored
    assert ignored[Why.FOREIGN] == 5
    assert world.other.shows(world.owner)


async def test_a_newer_adapter_that_we_don_t_understand_is_not_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.monitored()
    written = Sealer.write

    def newer(self: Sealer, subject: str, message: object) -> bytes:
        data = written(self, subject, message)
        body = b"\2\2" + data[18:]
        return self._seal(subject, body) + body if ".owner." in subject else data

    monkeypatch.setattr(Sealer, "write", newer)
    await until(lambda: not world.other.board.in_sight)
    assert world.other.board.pbx_state.state is LinkState.DOWN
    assert not world.other.board.calls()
    assert world.other.sealer.ignored[Why.NEWER]
    monkeypatch.undo()
    await world.settled()


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


async def test_the_database_says_who_owns_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
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


# --- over a real server


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer.running(tmp_path) as server:
        yield server


@asynccontextmanager
async def over_nats(nats: NatsServer, port: int | None = None) -> AsyncIterator[tuple[Owner, Other]]:
    """An owner, and another adapter (through a cable, where there is one)."""
    accounts, buses = Accounts(), [NatsBus(nats.access(), "owner"), NatsBus(nats.access(port=port), "other")]
    for bus in buses:
        bus.start()
    owner, other = Owner(buses[0], accounts), Other(buses[1], accounts)
    try:
        await until(lambda: all(bus.connected for bus in buses))
        owner.publisher.begin(term(1))
        owner.pbx.scene.answered_call()
        owner.pbx.run()
        await until(lambda: other.shows(owner), "the mirror is not as the owner's board")
        yield owner, other
    finally:
        await other.close()
        await owner.close()
        for bus in buses:
            await bus.close()


async def test_nats_is_killed_and_comes_back(nats: NatsServer) -> None:
    async with over_nats(nats) as (owner, other):
        nats.kill()
        await until(lambda: not other.board.in_sight and not other.board.calls())
        owner.pbx.scene.answered_call("202", "102", "b2")
        owner.pbx.run()
        nats.start()
        await until(lambda: other.shows(owner))
        assert len(other.board.calls()) == 2


@pytest.mark.parametrize("how", ["unplug", "block"])
async def test_a_cut_hides_it_within_the_second_and_it_comes_back(nats: NatsServer, how: str) -> None:
    cable = Cable(nats.port)
    await cable.plug()
    try:
        async with over_nats(nats, cable.port) as (owner, other):
            if how == "unplug":
                await cable.unplug()
            else:
                cable.block()
            cut = time.monotonic()
            await until(lambda: not other.board.in_sight)
            assert time.monotonic() - cut < freshness.SIGHT + 2.0
            owner.pbx.scene.answered_call("202", "102", "b2")
            owner.pbx.run()
            await asyncio.sleep(2.5)
            assert not other.board.calls()
            if how == "unplug":
                await cable.plug()
            else:
                cable.clear()
            await until(lambda: other.shows(owner))
    finally:
        await cable.close()


async def test_a_short_stutter_hides_nothing(nats: NatsServer) -> None:
    cable = Cable(nats.port)
    await cable.plug()
    try:
        async with over_nats(nats, cable.port) as (owner, other):
            states = [changes.link for changes in other.heard]
            cable.block()
            owner.pbx.scene.answered_call("202", "102", "b2")
            owner.pbx.run()
            await asyncio.sleep(0.2)
            cable.clear()
            await until(lambda: other.shows(owner))
            assert not any(changes.link for changes in other.heard[len(states) :])
    finally:
        await cable.close()
