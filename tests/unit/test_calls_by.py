"""Calls found by what another program knows of them, as far as one may see them."""

import pytest

from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.programs import program
from tests.support.site import Site, is_problem


async def found(client: Client, query: str) -> list[str]:
    """Extensions of the agents whose calls are meant."""
    status, body = await client.get(f"/calls/by?{query}")
    assert status == 200, body
    return [call["agent"]["extension"] for call in body["calls"]]


async def test_by_number_linkedid_uniqueid_and_id(site: Site) -> None:
    a, b = site.talk("2025550143", "101")
    site.talk("2025550143", "102", "b2")
    c, d = site.talk("2025550199", "103", "b3")
    mona = await site.client("mona")
    assert await found(mona, "number=%2B12025550143") == ["101", "102"]
    assert await found(mona, "number=(202)%20555-0199") == ["103"]
    assert await found(mona, "number=5550199") == []
    for channel in (a, b):
        assert await found(mona, f"uniqueid={channel}") == ["101"]
    assert await found(mona, f"linkedid={a}") == ["101"]
    assert await found(mona, f"linkedid={c}") == ["103"]
    assert await found(mona, f"linkedid={d}") == []
    call = next(one.id for one in site.board.calls() if one.agent.extension == "102")
    assert await found(mona, f"call_id={call}") == ["102"]


async def test_a_call_that_rings_is_found_and_one_out_of_sight_is_not_said_to_be_none(site: Site) -> None:
    a = site.pbx.scene.channel("202", dials="102")
    b = site.pbx.scene.channel("102", linked=a)
    site.pbx.scene.dial(a, b)
    site.pbx.run()
    mona = await site.client("mona")
    assert await found(mona, f"linkedid={a}") == ["102"]
    site.pbx.down()
    is_problem(await mona.get(f"/calls/by?linkedid={a}"), 503, "pbx_unavailable")


@pytest.mark.parametrize("query", ["", "number=1&linkedid=2", "number=", "agent=101", "number=201&number=202"])
async def test_exactly_one_thing_must_be_given(site: Site, query: str) -> None:
    is_problem(await (await site.client("mona")).get(f"/calls/by?{query}"), 422, "invalid")


async def test_each_finds_what_they_may_see(site: Site) -> None:
    a, _ = site.talk("201", "101")
    crm, _ = await program(site, may_act_for=["mona"])
    mona = await site.client("mona")
    monitor = (await mona.post("/monitors", {"agent_extension": "101"}))[1]
    await settle()
    status, body = await crm.get(f"/calls/by?linkedid={a}")
    assert (status, [call["monitors"] for call in body["calls"]]) == (200, [[]])
    sam = await site.client("sam")
    assert await found(sam, "number=201") == ["101"]
    for query in (f"linkedid={a}", f"uniqueid={a}", "uniqueid=1.1"):
        is_problem(await sam.get(f"/calls/by?{query}"), 403, "forbidden")
    assert monitor["id"] not in str((await (await site.client("sam")).get("/calls/by?number=201"))[1])
    assert await found(await site.client("ana"), "number=201") == []
    site.talk("202", "301", "b9")
    is_problem(await (await site.client("admin")).get(f"/calls/by?linkedid={a}"), 403, "forbidden")
    leg = next(one.leg for one in site.board.monitors())
    assert await found(mona, f"uniqueid={leg}") == []
