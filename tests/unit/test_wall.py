"""The scope `wall`: agents and queues without customers, and nothing else, however it is asked and whatever happens."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.core import queueevents as qe
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.programs import program
from tests.support.site import Site, is_problem

CUSTOMER, NAME, WAITS = "+12025550143", "Dana Ortiz", "+12025550199"
PRIVATE = (CUSTOMER, NAME, WAITS, "Hospital")


def queue(site: Site, *more: str) -> None:
    """Sales, and maybe others: Sam is a member, paused with a reason, and somebody waits."""
    now = datetime.now(UTC)
    found = []
    for place, name in enumerate(("sales", *more), 1):
        member = qe.QueueMember(name, "PJSIP/101", "PJSIP/101", "Sam", True, "Hospital", now, 3, None)
        caller = qe.QueueCaller(f"w.{place}", WAITS, NAME, now)
        found.append(qe.QueueListed(name, 9, 1, 90.0, (member,), (caller,)))
    listed = qe.QueuesListed(now, tuple(found))
    site.pbx.scene.events += [qe.DevicesListed(now, {"PJSIP/101": "NOT_INUSE"}), listed]
    site.pbx.run()


def talk(site: Site) -> tuple[str, str]:
    """A customer with a name talks to Sam."""
    scene = site.pbx.scene
    a = scene.channel("201", dials="101", number=CUSTOMER, name=NAME)
    b = scene.channel("101", linked=a)
    scene.dial(a, b)
    scene.up(b, a)
    scene.dialled(a, b)
    scene.enter("b1", b, a)
    site.pbx.run()
    return a, b


async def wall(site: Site, **body: Any) -> tuple[Client, dict[str, Any]]:
    """A screen that is for nobody's rights, or as `body` says."""
    return await program(site, **{"may_act_for": [], **body}, scopes=["wall"])


async def test_it_reads_agents_and_queues_without_anybodys_customers(site: Site) -> None:
    queue(site)
    talk(site)
    screen, _ = await wall(site)
    status, told = await screen.get("/agents")
    (sam,) = (one for one in told["agents"] if one["name"] == "Sam")
    assert (status, sam["state"], sam["call_id"]) == (200, "on_call", None)
    assert sam["queues"][0] | {"paused": True, "pause_reason": None} == sam["queues"][0]
    queues = (await screen.get("/queues"))[1]["queues"]
    assert [(one["name"], one["waiting"], one["callers"]) for one in queues] == [("sales", 1, [])]
    assert queues[0]["longest_wait_since"]
    supervisor = json.dumps(
        [(await (await site.client("mona")).get(path))[1] for path in ("/agents", "/queues", "/calls")]
    )
    assert all(private in supervisor for private in PRIVATE)  # there was something to hide
    assert not any(private in json.dumps([told, queues]) for private in PRIVATE)


async def test_everything_else_is_refused(site: Site) -> None:
    talk(site)
    screen, _ = await wall(site)
    for path in ("/calls", "/monitors", "/session", "/users", "/audit", "/tokens", "/health"):
        is_problem(await screen.get(path), 403, "forbidden")
    is_problem(await screen.post("/monitors", {"agent_extension": "101", "supervisor": "mona"}), 403, "forbidden")
    is_problem(await screen.get("/calls/nothing"), 403, "forbidden")


async def test_its_stream_tells_of_agents_queues_and_pbxes_and_of_nothing_else(site: Site) -> None:
    queue(site)
    screen, _ = await wall(site)
    stream = await screen.events()
    a, b = talk(site)
    agent = await stream.until(lambda kind, data: kind == "agent.updated" and data["state"] == "on_call")
    assert agent["call_id"] is None
    now = datetime.now(UTC)
    site.pbx.scene.events.append(qe.CallerJoined(now, "sales", 2, "w.2", "w.2", WAITS, NAME))
    site.pbx.run()
    told = await stream.until(lambda kind, data: kind == "queue.updated" and data["waiting"] == 2)
    assert told["callers"] == []
    site.pbx.scene.gone(a, b)
    site.pbx.run()
    await stream.until(lambda kind, data: kind == "agent.updated" and data["state"] != "on_call")
    site.pbx.down()
    away = await stream.until(lambda kind, data: kind == "pbx.state")
    assert away["state"] == "down"
    assert set(stream.kinds()) <= {
        "snapshot",
        "agent.updated",
        "queue.updated",
        "pbx.state",
        "agent.removed",
        "queue.removed",
    }
    assert stream.events[0][2].keys() == {"agents", "queues", "pbxs", "pbx"}
    assert [number for number, _, _ in stream.events] == list(range(1, len(stream.events) + 1))
    assert not any(private in stream.raw.decode() for private in PRIVATE)


async def test_a_silent_monitor_changes_none_of_its_bytes(site: Site) -> None:
    queue(site)
    talk(site)
    screen, _ = await wall(site)
    before = [await screen.get(path) for path in ("/agents", "/queues")]
    stream = await screen.events()
    mona = await site.client("mona")
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    for mode in ("whisper", "silent", "barge"):
        assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": mode}))[0] == 200
    assert [await screen.get(path) for path in ("/agents", "/queues")] == before
    await asyncio.sleep(1.5)  # more than one look
    site.pbx.scene.events.append(qe.CallerLeft(datetime.now(UTC), "sales", "w.1", "w.1"))
    site.pbx.run()
    await stream.until(lambda kind, data: kind == "queue.updated")
    assert stream.kinds() == ["snapshot", "queue.updated"]


async def test_it_shows_no_queue_and_no_team_outside_the_scope_of_whose_it_is(site: Site) -> None:
    admin = await site.client("admin")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    for name, who, of in (("Sales", "mona", ["sales"]), ("Staff", "coach", ["staff"])):
        given = {"name": name, "members": [ids["sam"]], "supervisors": [ids[who]], "queues": of}
        assert (await admin.post("/teams", given))[0] == 201
    assert (await admin.patch(f"/users/{ids['mona']}", {"scope": "teams"}))[0] == 200
    queue(site, "staff")
    everything, hers = (await wall(site))[0], (await wall(site, may_act_for=["mona"]))[0]
    mona = await site.client("mona")
    for screen, names in ((everything, ["sales", "staff"]), (hers, ["sales"]), (mona, ["sales"])):
        (sam,) = (one for one in (await screen.get("/agents"))[1]["agents"] if one["name"] == "Sam")
        stream = await screen.events()
        (shown,) = (one for one in stream.events[0][2]["agents"] if one["name"] == "Sam")
        for one in (sam, shown):
            assert [place["name"] for place in one["queues"]] == names
            assert len(one["team_ids"]) == len(names)


async def test_it_ends_with_its_token_and_with_the_right_of_whose_it_is(site: Site) -> None:
    admin = await site.client("admin")
    screen, made = await wall(site)
    stream = await screen.events()
    assert (await admin.delete(f"/tokens/{made['id']}"))[0] == 204
    await stream.ended()
    is_problem(await screen.get("/agents"), 401, "not_authenticated")

    hers, _ = await wall(site, may_act_for=["mona"])
    stream = await hers.events()
    (mona,) = (one for one in (await admin.get("/users"))[1]["users"] if one["username"] == "mona")
    assert (await admin.patch(f"/users/{mona['id']}", {"can_monitor": False}))[0] == 200
    await stream.ended()
    is_problem(await hers.get("/agents"), 403, "forbidden")
    is_problem(await hers.get("/events"), 403, "forbidden")


@pytest.mark.parametrize("whose", [{"user": "sam"}, {"may_act_for": ["sam"]}])
async def test_behind_it_stands_somebody_who_may_monitor(site: Site, whose: dict[str, Any]) -> None:
    screen, _ = await program(site, **whose, scopes=["wall"])
    for path in ("/agents", "/queues", "/events"):
        is_problem(await screen.get(path), 403, "forbidden")


@pytest.mark.parametrize("more", ["monitor", "admin", "metrics"])
async def test_its_scope_stands_alone(site: Site, more: str) -> None:
    admin = await site.client("admin")
    for scopes in (["wall", more], [more, "wall"]):
        is_problem(await admin.post("/tokens", {"name": "tv", "user": "admin", "scopes": scopes}), 422, "invalid")
