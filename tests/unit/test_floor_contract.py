"""GET /agents and /queues and their events, as the contract has them: who sees whom."""

from typing import Any

import pytest

from adapter.core import queueevents as qe
from tests.fake.floor import member
from tests.support.client import Client
from tests.support.site import Site

AGENT = {"id", "user_id", "name", "extension", "pbx", "state", "since", "call_id", "team_ids", "queues"}
AGENT |= {"account_created_at"}
QUEUE = {
    *("id", "name", "pbx", "waiting", "longest_wait_since", "callers", "available", "on_call", "paused"),
    *("completed", "abandoned", "service_level_percent"),
}


@pytest.fixture
def floor(site: Site) -> Site:
    """A queue of Sam and somebody without an account, in which one waits."""
    now = site.pbx.scene.now
    members = (member("101"), member("104", name="Night shift", paused=True, reason="lunch"))
    waits = (qe.QueueCaller("9.9", "2025550101", "Carol", now),)
    listed = qe.QueueListed("agents", 3, 1, 66.7, members, waits)
    states = {f"PJSIP/{number}": "NOT_INUSE" for number in ("101", "102", "104", "302")}
    site.board.apply([qe.DevicesListed(now, states), qe.QueuesListed(now, (listed,))])
    return site


async def lists(client: Client) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both."""
    return (await client.get("/agents"))[1]["agents"], (await client.get("/queues"))[1]["queues"]


async def test_whoever_may_monitor_sees_all(floor: Site) -> None:
    for name in ("admin", "mona"):
        agents, queues = await lists(await floor.client(name))
        assert [(one["extension"], one["name"], one["state"]) for one in agents] == [
            *(("101", "Sam", "available"), ("102", "Ana", "available"), ("104", "Night shift", "paused")),
        ]
        assert set(agents[0]) == AGENT
        assert agents[2]["user_id"] is None
        (place,) = agents[2]["queues"]
        assert place == {
            "name": "agents",
            "paused": True,
            "pause_reason": "lunch",
            "calls_taken": 0,
            "last_call_at": None,
        }
        (queue,) = queues
        assert set(queue) == QUEUE
        (caller,) = queue.pop("callers")
        assert (caller["position"], caller["number"], caller["name"]) == (1, "2025550101", "Carol")
        assert caller["since"] == queue["longest_wait_since"]
        told = {key: queue[key] for key in QUEUE - {"id", "callers", "longest_wait_since"}}
        assert told == {
            "name": "agents",
            "pbx": "lab",
            "waiting": 1,
            "available": 1,
            "on_call": 0,
            "paused": 1,
            "completed": 3,
            "abandoned": 1,
            "service_level_percent": 66.7,
        }


async def test_agents_see_themselves_and_no_queue(floor: Site) -> None:
    agents, queues = await lists(await floor.client("sam"))
    assert [one["extension"] for one in agents] == ["101"]
    assert queues == []
    stream = await (await floor.client("sam")).events()
    snapshot = stream.events[0][2]
    assert (snapshot["agents"], snapshot["queues"]) == (agents, [])
    floor.talk("201", "102")
    floor.board.apply([qe.MemberChanged(floor.now, member("104"))])
    floor.talk("202", "101", "b2")
    told = await stream.until(lambda kind, data: kind == "agent.updated")
    assert (told["extension"], told["state"]) == ("101", "on_call")
    assert set(stream.kinds(1)) <= {"agent.updated", "call.updated"}
    assert all(data["extension"] == "101" for _, kind, data in stream.events if kind == "agent.updated")


async def test_the_stream_tells_what_the_lists_say(floor: Site) -> None:
    admin = await floor.client("admin")
    stream = await admin.events()
    snapshot = stream.events[0][2]
    agents, queues = await lists(admin)
    assert sorted(snapshot["agents"], key=lambda one: one["extension"]) == agents
    assert snapshot["queues"] == queues
    mark = len(stream.events)
    floor.board.apply([qe.QueuesListed(floor.now, ())])
    gone = await stream.until(lambda kind, data: kind == "queue.removed", mark)
    assert gone == {"id": queues[0]["id"]}
    left = await stream.until(lambda kind, data: kind == "agent.updated" and data["name"] == "Sam", mark)
    assert left["queues"] == []
    floor.pbx.down()
    await stream.until(lambda kind, data: kind == "agent.removed", mark)
    assert await lists(admin) == ([], [])


async def test_a_service_sees_them_where_it_acts_for_somebody_who_may(floor: Site) -> None:
    admin = await floor.client("admin")
    for name, seen in (("mona", 3), ("sam", 0)):
        status, made = await admin.post("/tokens", {"name": name, "may_act_for": [name]})
        assert status == 201
        program = await floor.client()
        program.http.headers["Authorization"] = f"Bearer {made['token']}"
        agents, queues = await lists(program)
        assert (len(agents), len(queues)) == (seen, min(seen, 1))


async def test_a_right_that_is_taken_away_hides_them_at_once(floor: Site) -> None:
    admin, mona = await floor.client("admin"), await floor.client("mona")
    stream = await mona.events()
    mark = len(stream.events)
    assert (await admin.patch(f"/users/{mona.user['id']}", {"can_monitor": False}))[0] == 200
    snapshot = await stream.until(lambda kind, data: kind == "snapshot", mark)
    assert (snapshot["agents"], snapshot["queues"]) == ([], [])
    assert await lists(mona) == ([], [])
