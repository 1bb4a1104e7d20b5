"""Coming to help while one follows somebody: the follow pauses, and goes on when that is over."""

import asyncio
from typing import Any

import pytest

from tests.fake.pbx import settle
from tests.support.client import Client, Json
from tests.support.programs import program
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_help import ask


@pytest.fixture
async def who(site: Site) -> dict[str, Client]:
    """Sam and Ana are agents, Mona and Coach supervisors."""
    return {name: await site.client(name) for name in ("admin", "sam", "ana", "mona", "coach")}


async def follow(mona: Client, sam: Client, **more: Any) -> Json:
    """Mona follows Sam."""
    status, running = await mona.post("/follows", {"agent_user_id": sam.user["id"], **more})
    assert status == 201, running
    await settle()
    return running


async def heard(mona: Client) -> list[tuple[str, str, str]]:
    """Whom she hears, how, and how it is with it."""
    _, told = await mona.get("/monitors")
    calls = {call["id"]: call["agent"]["extension"] for call in await mona.calls()}
    return [(calls.get(one["call_id"], ""), one["mode"], one["state"]) for one in told["monitors"]]


async def state(mona: Client) -> list[str]:
    """Of her follows."""
    return [one["state"] for one in (await mona.get("/follows"))[1]["follows"]]


async def listens(mona: Client, extension: str, mode: str = "silent") -> None:
    """Until she hears this agent."""
    async with asyncio.timeout(20):
        while await heard(mona) != [(extension, mode, "live")]:
            await settle()


async def test_the_same_leg_comes_and_goes_back(site: Site, who: dict[str, Client]) -> None:
    running = await follow(who["mona"], who["sam"])
    site.talk("201", "101", "b1")
    await listens(who["mona"], "101")
    customer, agent = site.pbx.scene.answered_call("202", "102", "b2")
    site.pbx.run()
    request = await ask(who["ana"])
    status, came = await who["mona"].post(f"/help/{request['id']}/take", {"mode": "whisper"})
    assert (status, came["mode"], came["state"], came["follow_id"]) == (201, "whisper", "live", None)
    assert await heard(who["mona"]) == [("102", "whisper", "live")]
    assert await state(who["mona"]) == ["listening"]
    assert sum(one.startswith("originate") for one in site.pbx.did) == 1, "nothing rings again"
    assert (await who["ana"].get("/help"))[1]["help"][0]["taken_by"]["name"] == "Mona"
    is_problem(await who["coach"].post(f"/help/{request['id']}/take", {}), 409, "already_taken")
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    site.pbx.waits(next(iter(site.pbx.legs)))
    await listens(who["mona"], "101")
    assert await state(who["mona"]) == ["listening"]
    await site.recorder.settled()
    _, told = await who["admin"].get("/audit?action=monitor.ended")
    assert [one["reason"] for one in told["entries"]] == ["call_ended", "stopped"]
    assert (await who["mona"].delete(f"/follows/{running['id']}"))[0] == 204


async def test_leaving_that_call_goes_on_following(site: Site, who: dict[str, Client]) -> None:
    await follow(who["mona"], who["sam"], calls=1)
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    status, came = await who["mona"].post(f"/help/{request['id']}/take", {})
    assert (status, came["mode"]) == (201, "silent")
    assert (await who["mona"].delete(f"/monitors/{came['id']}"))[0] == 204
    await settle()
    assert await state(who["mona"]) == ["waiting"]
    site.talk("201", "101", "b1")
    await listens(who["mona"], "101")  # help was none of the calls that it is for


async def test_what_it_pauses_for_may_be_the_call_that_is_followed(site: Site, who: dict[str, Client]) -> None:
    await follow(who["mona"], who["sam"])
    site.talk("201", "101", "b1")
    await listens(who["mona"], "101")
    request = await ask(who["sam"])
    status, came = await who["mona"].post(f"/help/{request['id']}/take", {"mode": "barge"})
    assert (status, came["mode"]) == (201, "barge")
    assert await heard(who["mona"]) == [("101", "barge", "live")]


async def test_two_takes_at_once_have_one_outcome(site: Site, who: dict[str, Client]) -> None:
    await follow(who["mona"], who["sam"])
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    path = f"/help/{request['id']}/take"
    answers = await asyncio.gather(*(who["mona"].post(path, {}) for _ in range(3)))
    assert sorted(status for status, _ in answers) == [201, 409, 409]
    assert await heard(who["mona"]) == [("102", "silent", "live")]


async def test_a_leg_that_does_not_come_is_said_and_the_request_is_open_again(
    site: Site, who: dict[str, Client]
) -> None:
    await follow(who["mona"], who["sam"])
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    site.pbx.confirms = False
    is_problem(await who["mona"].post(f"/help/{request['id']}/take", {}), 504, "pbx_timeout")
    site.pbx.confirms = True
    await until(lambda: [one.state.value for one in site.service.boards.help.values()] == ["open"])


async def test_a_monitor_is_in_the_way_as_ever(site: Site, who: dict[str, Client]) -> None:
    site.talk("201", "101", "b1")
    await who["mona"].monitor(await who["mona"].call("101"))
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    is_problem(await who["mona"].post(f"/help/{request['id']}/take", {}), 409, "already_monitoring")


async def test_who_is_followed_sees_that_help_as_they_would_without(site: Site, who: dict[str, Client]) -> None:
    """An administrator who is followed: whether Mona has a follow is in nothing that they see of her help."""
    admin = who["admin"]
    await admin.patch(f"/users/{admin.user['id']}", {"device": "PJSIP/104", "extension": "104"})
    await follow(who["mona"], admin)
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    _, came = await who["mona"].post(f"/help/{request['id']}/take", {})
    _, told = await admin.get("/monitors")
    assert [(one["id"], one["follow_id"]) for one in told["monitors"]] == [(came["id"], None)]
    await site.recorder.settled()
    _, entries = await admin.get("/audit?action=monitor.started")
    assert [one["monitor_id"] for one in entries["entries"]] == [came["id"]]
    assert (await admin.get("/follows"))[1]["follows"] == []


async def test_help_that_is_given_is_not_ended_by_the_next_request(site: Site, who: dict[str, Client]) -> None:
    await follow(who["mona"], who["sam"])
    site.talk("202", "102", "b2")
    first = await ask(who["ana"])
    assert (await who["mona"].post(f"/help/{first['id']}/take", {"mode": "whisper"}))[0] == 201
    site.talk("203", "101", "b3")
    second = await ask(who["sam"])
    is_problem(await who["mona"].post(f"/help/{second['id']}/take", {}), 409, "already_monitoring")
    assert await heard(who["mona"]) == [("102", "whisper", "live")]


async def test_a_program_that_began_the_follow_has_no_hand_in_that_help(site: Site, who: dict[str, Client]) -> None:
    crm, _ = await program(site, may_act_for=["mona"])
    status, running = await crm.post("/follows", {"agent_user_id": who["sam"].user["id"], "supervisor": "mona"})
    assert status == 201, running
    await settle()
    site.talk("202", "102", "b2")
    request = await ask(who["ana"])
    status, came = await who["mona"].post(f"/help/{request['id']}/take", {})
    assert status == 201, came
    is_problem(await crm.patch(f"/monitors/{came['id']}", {"mode": "barge"}), 404, "not_found")
    assert (await crm.get("/monitors"))[1]["monitors"] == []
    assert await heard(who["mona"]) == [("102", "silent", "live")]
