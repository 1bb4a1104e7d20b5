"""The time line of a call at a real Asterisk: hold, transfer and supervisors, for those in it and for others."""

import asyncio
import time

from tests.asterisk.topologies.support import same_after_death, shown
from tests.support.client import Client, Json
from tests.support.lab import Lab

Told = list[tuple[str, str | None]]
BEGAN: Told = [("rang", None), ("answered", None)]


async def until(who: Client, call: Json, *wanted: tuple[str, str | None]) -> list[Json]:
    """Wait until the call's time line says this after its beginning; its entries."""
    end, found = time.monotonic() + 30, list[Json]()
    while [(entry["kind"], entry["name"]) for entry in found] != [*BEGAN, *wanted]:
        assert time.monotonic() < end, f"not {wanted} but {found}"
        await asyncio.sleep(0.05)
        status, body = await who.get(f"/calls/{call['id']}/timeline")
        assert status == 200, body
        found = body["entries"]
    return found


async def test_hold_a_transfer_and_who_talked(lab: Lab) -> None:
    customer, _ = await lab.talk("201", "101")
    other, _ = await lab.phones("102", "302")
    admin, mona, sam = await lab.client("admin"), await lab.client("mona"), await lab.client("sam")
    call = await admin.call("101")
    await until(admin, call)
    monitor = await mona.monitor(call)
    await until(admin, call, ("listening", "Mona"))
    await until(sam, call)
    await customer.hold()
    await shown(admin, "101", "201", "inbound", "held")
    await customer.resume()
    await shown(admin, "101", "201", "inbound")
    await mona.switch(monitor, "whisper")
    await mona.switch(monitor, "silent")
    mark = other.mark()
    await customer.transfer("102")  # the customer's phone gives the agent to Ana
    await other.seen("CALL_ESTABLISHED", mark)
    await shown(admin, "101", "102", "internal")
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    held: Told = [("held", None), ("resumed", None)]
    moved: Told = [("transferred", "Ana")]
    listened, talked = ("listening", "Mona"), (("whispering", "Mona"), ("silent", "Mona"))
    everything = await until(admin, call, listened, *held, *talked, *moved, ("left", "Mona"))
    times = [entry["at"] for entry in everything]
    assert times == sorted(times)
    await until(sam, call, *held, ("whispering", "Mona"), ("left", "Mona"), *moved)
    await same_after_death(lab, admin)
    admin = await lab.client("admin")
    await until(admin, call)  # what Asterisk tells is there


async def test_a_consultation_names_whom_the_agent_talks_with(lab: Lab) -> None:
    """By `*2` the agent talks to a colleague, comes back to the customer, and the time line says so."""
    _, agent = await lab.talk("201", "101")
    other = await lab.phone("102")
    admin = await lab.client("admin")
    call = await admin.call("101")
    mark = other.mark()
    for digit in "*2102":
        await agent.dtmf(digit)
        await asyncio.sleep(0.25)
    await other.seen("CALL_ESTABLISHED", mark)
    await shown(admin, "101", "102", "internal")
    await other.hangup()
    await shown(admin, "101", "201", "inbound")
    _, body = await admin.get(f"/calls/{call['id']}/timeline")
    names = [entry["name"] for entry in body["entries"] if entry["kind"] == "transferred"]
    assert names == ["Ana", "201"]
