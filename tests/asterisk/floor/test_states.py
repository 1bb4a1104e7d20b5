"""What agents do, as phones and queues have it."""

import asyncio

from tests.asterisk.floor.support import Floor, agent, agree, state_of
from tests.support.lab import Lab


async def test_ringing_talking_held_and_free_again(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    customer = await lab.phone("201")
    sam = await lab.phone("101", "manual")
    await state_of(lab, admin, "101", "available", floor)
    before = await agent(admin, "101")
    mark = sam.mark()
    await customer.dial("101")
    await sam.seen("CALL_INCOMING", mark)
    await state_of(lab, admin, "101", "ringing", floor)
    assert (await agent(admin, "101"))["since"] > before["since"]
    await sam.answer()
    await sam.seen("CALL_ESTABLISHED", mark)
    await state_of(lab, admin, "101", "on_call", floor)
    talking, call = await agent(admin, "101"), await admin.call("101")
    assert (talking["call_id"], talking["since"]) == (call["id"], call["answered_at"])
    assert (call["queue"], call["waited_seconds"]) == (None, None)
    await sam.hold()
    await state_of(lab, admin, "101", "held", floor)
    assert (await agent(admin, "101"))["call_id"] == call["id"]
    await sam.resume()
    await state_of(lab, admin, "101", "on_call", floor)
    await customer.hangup()
    await state_of(lab, admin, "101", "available", floor)
    assert (await agent(admin, "101"))["call_id"] is None


async def test_a_phone_that_is_switched_off(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    await lab.phone("102")
    await state_of(lab, admin, "102", "available", floor)
    await lab.unregister("102")
    await state_of(lab, admin, "102", "offline", floor)
    await lab.phone("102")
    await state_of(lab, admin, "102", "available", floor)


async def test_pausing_oneself_and_being_paused(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    sam = await lab.phone("101")
    await state_of(lab, admin, "101", "available", floor)
    await sam.dial("*46")
    await state_of(lab, admin, "101", "paused", floor)
    places = (await agent(admin, "101"))["queues"]
    assert [(one["name"], one["paused"], one["pause_reason"]) for one in places] == [
        ("agents", True, "break"),
        ("agents-local", True, "break"),
    ]
    await sam.dial("*46")
    await state_of(lab, admin, "101", "available", floor)
    await lab.pbx.cli("queue pause member PJSIP/101 queue agents reason lunch")
    await state_of(lab, admin, "101", "paused", floor)
    assert {one["name"]: one["pause_reason"] for one in (await agent(admin, "101"))["queues"]} == {
        "agents": "lunch",
        "agents-local": None,
    }
    await lab.pbx.cli("queue unpause member PJSIP/101 queue agents reason back")
    await state_of(lab, admin, "101", "available", floor)


async def test_logging_in_and_out_and_a_member_without_an_account(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    await lab.pbx.cli('queue add member PJSIP/204 to agents penalty 0 as "Night shift" state_interface PJSIP/204')
    try:
        end = asyncio.get_running_loop().time() + 15
        while not (found := [one for one in (await admin.get("/agents"))[1]["agents"] if one["extension"] == "204"]):
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.1)
        assert (found[0]["user_id"], found[0]["name"], found[0]["state"]) == (None, "Night shift", "offline")
    finally:
        await lab.pbx.cli("queue remove member PJSIP/204 from agents")
    await agree(lab, admin, floor)
    assert "204" not in {one["extension"] for one in (await admin.get("/agents"))[1]["agents"]}


async def test_transfers(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    _, sam = await lab.talk("201", "101")
    await lab.phone("102")
    await state_of(lab, admin, "101", "on_call", floor)
    await sam.transfer("102")
    await state_of(lab, admin, "102", "on_call", floor)
    await state_of(lab, admin, "101", "available", floor)
    assert (await agent(admin, "102"))["call_id"] == (await admin.call("102"))["id"]
