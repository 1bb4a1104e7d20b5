"""Agents and queues of a PBX that another adapter owns, as that one has told of them."""

from adapter.core import queueevents as qe
from adapter.core.changes import Changes
from adapter.fleet.snapshots import IN_A_PART
from tests.cluster.mirrored import World, world
from tests.fake.floor import member
from tests.support.cluster import term

__all__ = ["world"]


def listed(world: World, *waiting: str, names: int = 1) -> qe.QueuesListed:
    """Queues of Sam, in the first of which these wait."""
    now = world.owner.pbx.scene.now
    callers = tuple(qe.QueueCaller(number, number, "", now) for number in waiting)
    first = qe.QueueListed("q0", 1, 2, 50.0, (member("101", "q0"),), callers)
    return qe.QueuesListed(now, (first, *(qe.QueueListed(f"q{n}", 0, 0, 0.0) for n in range(1, names))))


async def test_they_come_change_and_go(world: World) -> None:
    world.owner.pbx.up_again()
    await world.settled()
    assert {agent.user_id for agent in world.other.board.agents()} >= {"u-sam"}
    world.owner.board.apply([listed(world, "201", "202")])
    await world.settled()
    (queue,) = world.other.board.queues()
    assert [caller.number for caller in queue.callers] == ["201", "202"]
    world.owner.pbx.scene.answered_call()
    world.owner.pbx.run()
    await world.settled()
    sam = next(agent for agent in world.other.board.agents() if agent.user_id == "u-sam")
    assert (sam.state, world.other.board.agent(sam.id)) == ("on_call", sam)
    heard: list[Changes] = []
    world.other.board.subscribe(heard.append)
    world.owner.board.apply([qe.QueuesListed(world.owner.pbx.scene.now, ())])
    await world.settled()
    assert list(world.other.board.queues()) == []
    assert any(queue.id in changes.queues for changes in heard)
    assert all(changes.mirrored for changes in heard)


async def test_more_than_fit_into_one_message(world: World) -> None:
    world.owner.board.apply([listed(world, names=IN_A_PART + 50)])
    world.owner.publisher.begin(term(2))
    await world.settled()
    assert len(world.other.board.queues()) == IN_A_PART + 50


async def test_out_of_sight_there_are_none(world: World) -> None:
    world.owner.board.apply([listed(world, "201")])
    await world.settled()
    queue = next(iter(world.other.board.queues()))
    world.other.board.hide(world.owner.pbx.scene.now)
    assert (list(world.other.board.agents()), list(world.other.board.queues())) == ([], [])
    assert world.other.board.queue(queue.id) is None
