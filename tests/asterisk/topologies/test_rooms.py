"""Conference rooms: who sits there alone has no call, and each who comes is one of their own."""

import time

from tests.asterisk.topologies.support import no_call_of, same_after_death, shown
from tests.support.lab import LOUD, QUIET, Lab, listen


async def enter(lab: Lab, number: str, room: str = "600") -> None:
    """A phone dials the room."""
    phone = await lab.phone(number)
    mark = phone.mark()
    await phone.dial(room)
    await phone.seen("CALL_ESTABLISHED", mark)


async def bring(lab: Lab, customer: str) -> None:
    """101 takes a customer's call and sends it on to the room."""
    _, agent = await lab.talk(customer, "101")
    mark = agent.mark()
    await agent.transfer("600")
    await agent.seen("CALL_CLOSED", mark)


async def hear_each_other_in_a_room(lab: Lab) -> None:
    """102 and 201 hear each other, 301 hears them, and nobody ever hears 301. A room begins to mix a little late."""
    end = time.monotonic() + 30
    while True:
        heard = await listen(lab.known("102"), lab.known("201"), lab.known("301"))
        assert max(heard["102"]["301"], heard["201"]["301"]) < QUIET
        levels = heard["102"]["201"], heard["201"]["102"], heard["301"]["102"]
        if min(levels) > LOUD / 2:  # it is quieter than a call
            return
        assert time.monotonic() < end, heard


async def test_each_customer_in_a_room_is_a_call_that_ends_with_its_monitors_when_they_leave(lab: Lab) -> None:
    await lab.phones("201", "202", "301")
    admin = await lab.client("admin")
    stream = await admin.events()
    await enter(lab, "102")
    await no_call_of(admin, "102")
    assert "call.updated" not in stream.kinds(), "not even for a moment"
    await bring(lab, "201")
    first = await shown(admin, "102", "201", "inbound")
    monitor = await admin.monitor(first)
    await hear_each_other_in_a_room(lab)
    await same_after_death(lab, admin)
    await lab.known("201").hangup()
    assert (await admin.until_ended(monitor))["ended_reason"] == "call_ended"
    await no_call_of(admin, "102")
    assert (await admin.post("/monitors", {"customer_number": "201"}))[1]["code"] == "not_found"
    await bring(lab, "202")
    second = await shown(admin, "102", "202", "inbound")
    assert second["id"] != first["id"]


async def test_colleagues_in_a_room_are_one_call_each_and_a_customer_who_comes_is_another(lab: Lab) -> None:
    await lab.phone("201")
    admin = await lab.client("admin")
    await enter(lab, "102", "601")
    await enter(lab, "103", "601")
    await shown(admin, "102", "103", "internal")
    one = await shown(admin, "103", "102", "internal")
    _, agent = await lab.talk("201", "101")
    await agent.transfer("601")
    end = 100
    while len(calls := [c for c in await admin.calls() if c["agent"]["extension"] == "103"]) < 2:
        end -= 1
        assert end, calls
    told = {(call["customer"]["number"], call["direction"]) for call in calls}
    assert told == {("102", "internal"), ("201", "inbound")}
    assert one["id"] in {call["id"] for call in calls}
    await lab.known("201").hangup()
    assert (await shown(admin, "103", "102", "internal"))["id"] == one["id"]
