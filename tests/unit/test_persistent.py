"""A line that stays while others come and go: monitors of a call end with it, though the agent is still there."""

from collections.abc import AsyncIterator

import pytest

from adapter.core.events import BridgeKind
from adapter.core.monitor import EndReason
from tests.fake.pbx import settle
from tests.fake.world import World

ROOM = {"technology": "softmix", "kind": BridgeKind.ROOM}


@pytest.fixture
async def room() -> AsyncIterator[World]:
    """Ana in a room; Sam has a call elsewhere."""
    world = World()
    scene = world.pbx.scene
    agent = scene.channel("102", dials="600")
    scene.up(agent)
    scene.enter("room", agent, **ROOM)  # type: ignore[arg-type]
    world.pbx.run()
    yield world
    await world.monitoring.close()


async def test_when_the_customer_leaves_a_room_the_monitor_ends_as_with_any_call(room: World) -> None:
    scene = room.pbx.scene
    customers = [scene.channel(number, dials="600") for number in ("202", "203")]
    scene.up(*customers)
    scene.enter("room", customers[0], **ROOM)  # type: ignore[arg-type]
    room.pbx.run()
    first = next(call for call in room.board.calls() if call.agent.extension == "102")
    room.call = first
    monitor = await room.live()
    scene.enter("room", customers[1], **ROOM)  # type: ignore[arg-type]
    room.pbx.run()
    assert {call.customer.number for call in room.board.calls() if call.agent.extension == "102"} == {"202", "203"}
    scene.leave("room", customers[1])
    scene.gone(customers[1])
    room.pbx.run()
    await settle()
    assert room.last(monitor).ended_reason is None, "another one's end is not this one's"
    scene.leave("room", customers[0])
    scene.gone(customers[0])
    room.pbx.run()
    await settle()
    assert room.board.call(first.id) is None
    assert room.last(monitor).ended_reason is EndReason.CALL_ENDED
    assert room.pbx.did[-1] == "hangup"
