"""A click at another adapter than the owner: done once or not at all, by the owner's rights, and true when answered."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter import errors
from adapter.core.audit import By, Via
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.permissions import may_monitor
from adapter.fleet import execute, forward
from adapter.fleet.messages import Action, Answer, Command, Refused, Sealer, Why
from adapter.fleet.natsbus import NatsBus
from adapter.monitoring.ports import StartRequest
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, COACH, LEE, MONA, SAM
from tests.support.cable import Cable
from tests.support.cluster import KEY, SUBJECTS, Accounts, Other, Owner, term
from tests.support.nats import NatsServer
from tests.support.waiting import until


class World:
    """An owner with a call of Sam's, and another adapter at which people click; over a bus that is cut in between."""

    def __init__(self, buses: tuple[NatsBus, NatsBus], cable: Cable) -> None:
        self.buses, self.cable, self.accounts = buses, cable, Accounts()
        self.ahead = 0.0
        self.owner = Owner(buses[0], self.accounts, self.boot)
        self.other = Other(buses[1], self.accounts)
        self.remote = self.other.remote
        self.did = self.owner.pbx.did

    def boot(self) -> float:
        """The owner's boot-time clock: its machine can sleep, and its process can be stopped."""
        return time.monotonic() + self.ahead

    async def begin(self) -> None:
        await until(lambda: all(bus.connected for bus in self.buses))
        self.owner.publisher.begin(term(1))
        self.owner.pbx.scene.answered_call()
        self.owner.pbx.run()
        await self.seen()
        (self.call,) = self.other.board.calls()
        self.request = StartRequest(call_id=self.call.id)

    async def seen(self) -> None:
        await until(lambda: self.other.shows(self.owner), "the mirror is not as the owner's board")

    async def live(self) -> Monitor:
        """The administrator monitors silently, by a click at the other adapter."""
        monitor = await self.remote.start(ADMIN, self.request)
        await until(lambda: (found := self.other.board.monitor(monitor.id)) is not None and found.live)
        return monitor

    def command(self, **fields: object) -> Command:
        """A switch to whisper, as it would be sent now."""
        made = Command(
            pbx="lab",
            term=term(1),
            id="once",
            stamp=self.other.follower.stamp,
            people=self.other.people.mark,
            action=Action.SWITCH,
            user=ADMIN.id,
            by=By("admin", Via.SESSION),
            monitor="none",
            mode=Mode.WHISPER,
        )
        return replace(made, **fields)  # type: ignore[arg-type]

    def send(self, command: Command) -> None:
        subject = SUBJECTS.to_owner("command")
        self.buses[1].publish(subject, Sealer(KEY).write(subject, command))

    async def close(self) -> None:
        await self.other.close()
        await self.owner.close()
        for bus in self.buses:
            await bus.close()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer.running(tmp_path) as server:
        yield server


@pytest.fixture
async def world(nats: NatsServer) -> AsyncIterator[World]:
    cable = Cable(nats.port)
    await cable.plug()
    buses = NatsBus(nats.access(), "owner"), NatsBus(nats.access(port=cable.port), "other")
    for bus in buses:
        bus.start()
    world = World(buses, cable)
    await world.begin()
    yield world
    await world.close()
    await cable.close()


# --- it is done, and seen


async def test_a_monitor_is_started_switched_and_ended_from_another_adapter(world: World) -> None:
    monitor_id = "ab" * 16
    monitor = await world.remote.start(ADMIN, world.request, By("admin", Via.SESSION), monitor_id)
    assert (monitor.id, monitor.by.via) == (monitor_id, Via.SESSION)
    assert world.other.board.monitor(monitor_id) is not None, "what is answered is seen here"
    await until(lambda: (found := world.other.board.monitor(monitor_id)) is not None and found.live)
    for mode in (Mode.WHISPER, Mode.BARGE, Mode.SILENT):
        switched = await world.remote.switch(ADMIN, monitor_id, mode)
        seen = world.other.board.monitor(monitor_id)
        assert seen is not None
        assert (switched.mode, seen.mode) == (mode, mode)
    await world.remote.stop(ADMIN, monitor_id)
    assert world.other.board.monitor(monitor_id) is None
    await world.remote.stop(ADMIN, monitor_id)  # ending an ended one is fine
    assert world.did.count("originate silent keypad") == 1


async def test_a_call_is_taken_over_from_another_adapter(world: World) -> None:
    monitor = await world.live()
    await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    taken = await world.remote.take_over(ADMIN, monitor.id)
    assert taken.ended
    assert taken.ended_reason == "took_over"
    assert world.other.board.monitor(monitor.id) is None


async def test_all_monitoring_is_stopped_from_another_adapter(world: World) -> None:
    mine, theirs = await world.live(), await world.remote.start(MONA, world.request)
    await until(lambda: len([m for m in world.other.board.monitors() if m.live]) == 2)
    by = By("admin", Via.SESSION)
    stopped = await world.remote.stop_all(ADMIN, by, "an exercise", [mine.id, theirs.id])
    assert (stopped.gone, list(stopped.left)) == (2, [])
    assert not world.other.board.monitors()
    with pytest.raises(errors.Forbidden):
        await world.remote.stop_all(MONA, By("mona", Via.SESSION), "", [])
    with pytest.raises(errors.Forbidden):
        await world.remote.stop_all(ADMIN, by._replace(administers=False), "", [])


# --- the owner decides


@pytest.mark.parametrize(
    ("user", "why"), [(SAM, errors.Forbidden), (LEE, errors.Forbidden), (replace(ADMIN, id="nobody"), errors.Forbidden)]
)
async def test_the_owner_decides_the_rights(world: World, user: object, why: type[Exception]) -> None:
    """Whatever the adapter that asks has let through."""
    with pytest.raises(why):
        await world.remote.start(user, world.request)  # type: ignore[arg-type]
    assert world.did == []


async def test_a_mode_that_is_not_granted_and_one_s_own_call(world: World) -> None:
    monitor = await world.remote.start(COACH, world.request)
    await until(lambda: (found := world.other.board.monitor(monitor.id)) is not None and found.live)
    with pytest.raises(errors.Forbidden):
        await world.remote.switch(COACH, monitor.id, Mode.BARGE)
    with pytest.raises(errors.Forbidden):
        await world.remote.switch(ADMIN, monitor.id, Mode.WHISPER)
    scene = world.owner.pbx.scene
    scene.answered_call("301", "102", "b2")
    world.owner.pbx.run()
    await world.seen()
    own = next(call for call in world.other.board.calls() if call.agent.extension == "102")
    with pytest.raises(errors.OwnCall):
        await world.remote.start(ADMIN, StartRequest(call_id=own.id))


async def test_a_right_that_was_taken_away_elsewhere_counts_at_once(world: World) -> None:
    """The owner reads the accounts before it decides, where the asker knew others than it does."""
    world.accounts.change(replace(MONA, can_monitor=False))
    world.other.people.take()
    assert may_monitor(world.owner.board.directory.users[MONA.id])
    with pytest.raises(errors.Forbidden):
        await world.remote.start(MONA, world.request)
    world.accounts.away = True
    world.accounts.change(replace(MONA, can_monitor=True))
    world.other.people.mark = world.accounts.mark
    with pytest.raises(errors.PbxUnavailable, match="accounts"):
        await world.remote.start(MONA, world.request)
    assert world.did == []


async def test_ends_need_no_database(world: World) -> None:
    monitor = await world.live()
    world.accounts.away = True
    world.other.people.mark = "another"
    await world.remote.stop(ADMIN, monitor.id)
    assert not world.owner.board.monitors()


async def test_errors_arrive_as_they_were(world: World) -> None:
    with pytest.raises(errors.NotFound):
        await world.remote.start(ADMIN, StartRequest(call_id="none"))
    with pytest.raises(errors.NotFound):
        await world.remote.switch(ADMIN, "none", Mode.WHISPER)
    world.owner.pbx.scene.answered_call("201", "102", "b2")
    world.owner.pbx.run()
    await world.seen()
    with pytest.raises(errors.Ambiguous) as ambiguous:
        await world.remote.start(ADMIN, StartRequest(customer_number="201"))
    assert len(ambiguous.value.extra["calls"]) == 2
    world.owner.record.away = True
    with pytest.raises(errors.RecordUnavailable) as away:
        await world.remote.start(ADMIN, world.request)
    assert away.value.retry_after == 2


@pytest.mark.parametrize("kind", forward.KNOWN, ids=lambda kind: kind.__name__)
def test_every_error_travels(kind: type[errors.AdapterError]) -> None:
    problem = kind("because", retry_after=7, monitor={"id": "x"})
    found = forward._error(forward.refused(problem))
    assert (type(found), found.detail, found.retry_after, found.extra) == (kind, "because", 7, {"monitor": {"id": "x"}})


@pytest.mark.parametrize("extra", ["", "[]", "{", '{"detail": 1, "self": 2}'])
def test_an_error_that_nobody_knows_means_that_nothing_is_known(extra: str) -> None:
    assert isinstance(forward._error(Refused(code="new", detail="x", extra=extra)), errors.PbxTimeout)
    assert isinstance(forward._error(Refused(code="forbidden", detail="x", extra=extra)), errors.Forbidden)


async def test_what_asterisk_does_not_confirm_is_said_with_the_true_state(world: World) -> None:
    monitor = await world.live()
    world.owner.pbx.confirms = False
    with pytest.raises(errors.PbxTimeout) as late:
        await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    assert late.value.extra["monitor"]["mode"] == "silent"


# --- once, and young


async def test_a_command_is_done_once(world: World) -> None:
    monitor = await world.live()
    command = world.command(monitor=monitor.id)
    for _ in range(5):
        world.send(command)
    await until(lambda: world.owner.sealer.ignored[Why.REPLAYED] == 4)
    await settle()
    assert world.did.count("digit whisper") == 1


async def test_an_old_command_is_not_done(world: World) -> None:
    monitor = await world.live()
    heard: list[Answer] = []
    world.other.follower.answers.subscribe(heard.append)
    command = world.command(monitor=monitor.id)
    world.ahead += execute.OLDEST + 0.3
    world.send(command)
    await until(lambda: heard)
    refused = heard[0].refused
    assert refused is not None
    assert (refused.code, world.owner.sealer.ignored[Why.STALE]) == ("pbx_unavailable", 1)
    world.send(replace(command, id="ahead", stamp=command.stamp + 1000))
    await until(lambda: world.owner.sealer.ignored[Why.STALE] == 2)
    assert "digit whisper" not in world.did


async def test_a_command_of_another_term_or_pbx_or_stranger_is_not_done(world: World) -> None:
    monitor = await world.live()
    ignored = world.owner.sealer.ignored
    world.send(world.command(monitor=monitor.id, term=term(1, "another token"), id="a"))
    world.send(world.command(monitor=monitor.id, term=term(2), id="b"))
    await until(lambda: ignored[Why.OLD_TERM] == 2)
    world.send(world.command(monitor=monitor.id, pbx="south", id="c"))
    subject = SUBJECTS.to_owner("command")
    world.buses[1].publish(subject, Sealer(b"x" * 32).write(subject, world.command(monitor=monitor.id, id="d")))
    await until(lambda: ignored[Why.FOREIGN] == 2)
    world.buses[1].publish(subject, b"{}" * 20)
    await until(lambda: ignored[Why.FOREIGN] == 3)
    await settle()
    assert "digit whisper" not in world.did


@pytest.mark.parametrize("monitor_id", ["", "x", "a" * 31, "g" * 32, "ab" * 16 + "\r\nAction: Logoff"])
async def test_a_leg_is_named_by_nothing_but_an_id(world: World, monitor_id: str) -> None:
    with pytest.raises(errors.PbxUnavailable, match="not whole"):
        await world.remote._ask(
            world.command(monitor=monitor_id, action=Action.START, request=world.request, id=f"id {monitor_id}")
        )
    assert world.did == []


async def test_a_click_that_waited_in_a_cut_is_not_done_later(world: World) -> None:
    """The asker gets 504 as soon as the owner is out of sight; what then comes out of the cable is too old."""
    monitor = await world.live()
    world.cable.block()
    began = time.monotonic()
    with pytest.raises(errors.PbxTimeout) as unknown:
        await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    assert time.monotonic() - began < forward.ANSWER
    assert unknown.value.extra["monitor"]["mode"] == "silent"
    await asyncio.sleep(max(0.0, execute.OLDEST + 0.3 - (time.monotonic() - began)))
    world.cable.clear()
    await until(lambda: world.owner.sealer.ignored[Why.STALE] or world.other.shows(world.owner))
    await world.seen()
    await settle()
    assert "digit barge" not in world.did
    await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    assert world.did.count("digit barge") == 1


async def test_while_the_owner_is_out_of_sight_nothing_is_asked(world: World) -> None:
    monitor = await world.live()
    await world.cable.unplug()
    await until(lambda: not world.other.board.in_sight)
    with pytest.raises(errors.PbxUnavailable):
        await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    await world.cable.plug()
    await world.seen()
    assert "digit barge" not in world.did


async def test_what_can_t_be_sent_was_not_done(world: World) -> None:
    monitor = await world.live()
    await world.cable.unplug()
    await until(lambda: not world.buses[1].connected)
    if world.other.board.in_sight:  # for a second the picture is shown, though nothing can be asked
        with pytest.raises(errors.PbxUnavailable, match="Nothing was done"):
            await world.remote.switch(ADMIN, monitor.id, Mode.BARGE)
    assert "digit barge" not in world.did


async def test_nats_dies_while_a_click_is_under_way(world: World, nats: NatsServer) -> None:
    monitor = await world.live()
    world.owner.pbx.confirms = False
    click = asyncio.ensure_future(world.remote.switch(ADMIN, monitor.id, Mode.WHISPER))
    await until(lambda: "digit whisper" in world.did)
    nats.kill()
    with pytest.raises(errors.PbxTimeout):
        await click
    nats.start()
    await world.seen()
    assert world.did.count("digit whisper") == 1


async def test_an_owner_that_dies_leaves_504(world: World) -> None:
    monitor = await world.live()
    world.owner.pbx.confirms = False
    click = asyncio.ensure_future(world.remote.switch(ADMIN, monitor.id, Mode.WHISPER))
    await until(lambda: "digit whisper" in world.did)
    await world.owner.executor.close()
    await world.owner.publisher.close()
    with pytest.raises(errors.PbxTimeout):
        await click


async def test_a_deposed_owner_answers_nothing(world: World) -> None:
    monitor = await world.live()
    world.owner.pbx.confirms = False
    click = asyncio.ensure_future(world.remote.switch(ADMIN, monitor.id, Mode.WHISPER))
    await until(lambda: "digit whisper" in world.did)
    successor = Owner(world.buses[0], world.accounts)
    successor.publisher.begin(term(2))
    with pytest.raises(errors.PbxTimeout):
        await click
    await successor.close()


async def test_what_is_done_but_not_seen_here_is_504_with_what_was_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = await world.live()

    async def never(*given: object) -> bool:
        return False

    monkeypatch.setattr(world.other.follower, "reached", never)
    with pytest.raises(errors.PbxTimeout, match="not seen here"):
        await world.remote.switch(ADMIN, monitor.id, Mode.WHISPER)


async def test_commands_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = await world.live()
    monkeypatch.setattr(execute, "MOST_AT_ONCE", 0)
    with pytest.raises(errors.PbxUnavailable, match="too much"):
        await world.remote.switch(ADMIN, monitor.id, Mode.WHISPER)
    monkeypatch.undo()
    monkeypatch.setattr(execute, "MOST_REMEMBERED", 0)
    with pytest.raises(errors.PbxUnavailable, match="too much"):
        await world.remote.switch(ADMIN, monitor.id, Mode.WHISPER)
    assert "digit whisper" not in world.did


async def test_ids_are_forgotten_only_when_nobody_can_send_them_again(world: World) -> None:
    for number in range(10):
        assert world.owner.executor._is_new(f"{number}")
    world.ahead += execute.REMEMBERED - 1
    assert not world.owner.executor._is_new("3")
    world.ahead += 2
    assert world.owner.executor._is_new("3")
    assert len(world.owner.executor._ids) == 1
    assert execute.REMEMBERED > forward.ANSWER + execute.OLDEST
