"""Who waits in queues, and what was counted, as QueueStatus has it; and by which queue a call came."""

import asyncio

import pytest

from adapter.lab.phones import Phone
from tests.asterisk.floor.support import Floor, agent, agree, state_of
from tests.support.client import Client, Json
from tests.support.flows import keys
from tests.support.lab import Lab


async def waiting(client: Client, queue: str, numbers: list[str]) -> Json:
    """Wait until exactly these wait in a queue, in this order."""
    end = asyncio.get_running_loop().time() + 20
    while True:
        (found,) = [one for one in (await client.get("/queues"))[1]["queues"] if one["name"] == queue]
        if [caller["number"] for caller in found["callers"]] == numbers:
            return dict(found)
        assert asyncio.get_running_loop().time() < end, found
        await asyncio.sleep(0.1)


async def call_in(lab: Lab, caller: str, queue: str) -> Phone:
    """Somebody calls a queue, which answers and lets them wait."""
    phone = await lab.phone(caller)
    mark = phone.mark()
    await phone.dial(queue)
    await phone.seen("CALL_ESTABLISHED", mark)
    return phone


async def test_callers_wait_give_up_and_are_counted(lab: Lab) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    for number in ("101", "102", "103", "104"):
        await lab.unregister(number)
    first = await call_in(lab, "201", "500")
    one = await waiting(admin, "agents", ["201"])
    assert (one["waiting"], one["longest_wait_since"]) == (1, one["callers"][0]["since"])
    second = await call_in(lab, "202", "500")
    two = await waiting(admin, "agents", ["201", "202"])
    assert two["callers"][0] == one["callers"][0]
    assert two["longest_wait_since"] == one["longest_wait_since"]
    await agree(lab, admin, floor)
    await first.hangup()
    left = await waiting(admin, "agents", ["202"])
    assert left["callers"][0]["position"] == 1
    assert left["longest_wait_since"] == two["callers"][1]["since"]
    before = one["abandoned"]
    assert (await agree(lab, admin, floor))["queues"]["agents"]["abandoned"] == before + 1
    await second.hangup()
    await waiting(admin, "agents", [])
    assert (await agree(lab, admin, floor))["queues"]["agents"]["abandoned"] == before + 2


@pytest.mark.parametrize(("number", "name"), [("500", "agents"), ("510", "agents-local")])
async def test_a_call_carries_its_queue_and_how_long_it_waited(lab: Lab, number: str, name: str) -> None:
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    for other in ("102", "103", "104"):
        await lab.unregister(other)
    sam = await lab.phone("101", "manual")
    await state_of(lab, admin, "101", "available", floor)
    before, mark = await agree(lab, admin, floor), sam.mark()
    customer = await call_in(lab, "203", number)
    await sam.seen("CALL_INCOMING", mark)
    await state_of(lab, admin, "101", "ringing", floor)
    ringing = await admin.call("101", "ringing")
    assert (ringing["queue"], ringing["waited_seconds"]) == (name, None)
    await asyncio.sleep(2.2)
    await sam.answer()
    await sam.seen("CALL_ESTABLISHED", mark)
    await state_of(lab, admin, "101", "on_call", floor)
    call = await admin.call("101")
    assert (call["queue"], call["id"]) == (name, ringing["id"])
    assert 2 <= call["waited_seconds"] < 60
    await waiting(admin, name, [])
    await customer.hangup()
    await state_of(lab, admin, "101", "available", floor)
    after = await agree(lab, admin, floor)
    assert after["queues"][name]["completed"] == before["queues"][name]["completed"] + 1
    taken = {one["name"]: one for one in (await agent(admin, "101"))["queues"]}[name]
    assert taken["calls_taken"] == before["agents"]["101"]["queues"][name]["calls_taken"] + 1
    assert taken["last_call_at"] is not None


async def test_whom_it_is_transferred_to_has_it_from_no_queue(lab: Lab) -> None:
    admin = await lab.client("admin")
    for other in ("102", "103", "104"):
        await lab.unregister(other)
    sam = await lab.phone("101")
    mark = sam.mark()
    await call_in(lab, "203", "500")
    await sam.seen("CALL_ESTABLISHED", mark)
    assert (await admin.call("101"))["queue"] == "agents"
    await lab.phone("104")
    await sam.transfer("104")
    await state_of(lab, admin, "104", "on_call")
    call = await admin.call("104")
    assert (call["customer"]["number"], call["queue"], call["waited_seconds"]) == ("203", None, None)


@pytest.mark.parametrize("by", ["keys", "phone"])
async def test_a_customer_handed_to_a_queue_has_it_and_nobody_complains(lab: Lab, by: str) -> None:
    """Another channel waits than the one that joined (the phone's own transfer), or a Local one (by keys)."""
    admin = await lab.client("admin")
    floor = await Floor.of(admin)
    for other in ("102", "103", "104"):
        await lab.unregister(other)
    _, sam = await lab.talk("201", "101")
    await lab.pbx.cli("queue pause member PJSIP/101 queue agents reason asks")
    try:
        if by == "keys":
            await keys(sam, "*2500")
        else:
            await sam.hold()
            mark = sam.mark()
            await sam.dial("500")
            await sam.seen("CALL_ESTABLISHED", mark)
        await waiting(admin, "agents", ["101"])
        await asyncio.sleep(3.2)
        if by == "keys":
            await sam.hangup()
        else:
            await sam.transfer_to_consulted("500")
        await waiting(admin, "agents", ["201"])
        await agree(lab, admin, floor)
        ana = await lab.phone("102", "manual")
        mark = ana.mark()
        await state_of(lab, admin, "102", "ringing", floor)
        ringing = await admin.call("102", "ringing")
        assert (ringing["customer"]["number"], ringing["queue"], ringing["waited_seconds"]) == ("201", "agents", None)
        await ana.answer()
        await ana.seen("CALL_ESTABLISHED", mark)
        await waiting(admin, "agents", [])
        call = await admin.call("102")
        assert (call["id"], call["queue"]) == (ringing["id"], "agents")
        assert call["waited_seconds"] >= 3, "theirs began with the agent's"
        await asyncio.sleep(2.5)  # lists are asked for meanwhile
        assert (await admin.call("102"))["queue"] == "agents"
        assert "events of queues" not in str((await admin.get("/health"))[1])
        await agree(lab, admin, floor)
    finally:
        await lab.pbx.cli("queue unpause member PJSIP/101 queue agents")
