"""A PBX at another adapter: as its owner has it, or not at all."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from adapter.core.bars import Kind, Who
from adapter.core.modes import Mode
from adapter.core.pbx import LinkState
from adapter.core.views import Visibility
from adapter.fleet.messages import Beat, Sealer, Why
from adapter.monitoring.recorder import Recorder
from adapter.monitoring.takeup import take_up
from tests.cluster.mirrored import World, world
from tests.fake.scene import ADMIN, ANA, MONA, SAM, START
from tests.support.cluster import KEY, SUBJECTS, Other, term
from tests.support.waiting import until

__all__ = ["world"]


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
