"""Agents and queues are right again after the adapter was killed, and Asterisk reloaded or restarted, in the middle."""

import asyncio

from tests.asterisk.faults.support import killed
from tests.asterisk.floor.support import Floor, agent, agree, state_of
from tests.asterisk.floor.test_queues import call_in, waiting
from tests.support.client import Client
from tests.support.lab import Lab


async def busy(lab: Lab, client: Client) -> None:
    """One talks from the queue, one is paused, one is free but rings for nobody, one is switched off; one waits."""
    await lab.pbx.cli("queue pause member PJSIP/102 queue agents reason lunch")
    await lab.phone("102")
    sam = await lab.phone("101")
    mark = sam.mark()
    await call_in(lab, "201", "500")
    await sam.seen("CALL_ESTABLISHED", mark)
    await state_of(lab, client, "101", "on_call")
    await call_in(lab, "202", "500")
    await waiting(client, "agents", ["202"])
    await state_of(lab, client, "102", "paused")


async def test_the_adapter_is_killed_in_the_middle(own: Lab) -> None:
    admin = await own.client("admin")
    await busy(own, admin)
    before = [await agent(admin, number) for number in ("101", "102")]
    call = await admin.call("101")
    (queue,) = [one for one in (await admin.get("/queues"))[1]["queues"] if one["name"] == "agents"]
    await killed(own)
    await own.phone("103", "manual")  # meanwhile: it rings for who waits
    await own.pbx.cli("queue unpause member PJSIP/102 queue agents")
    await own.start_adapter()
    floor = await Floor.of(admin)
    await agree(own, admin, floor)
    after = await agent(admin, "101")
    for same in ("id", "state", "call_id", "name", "extension", "user_id"):
        assert after[same] == before[0][same], same
    assert (await admin.call("101"))["queue"] == call["queue"] == "agents"
    (again,) = [one for one in (await admin.get("/queues"))[1]["queues"] if one["name"] == "agents"]
    assert again["id"] == queue["id"]


async def test_asterisk_is_reloaded_in_the_middle(own: Lab) -> None:
    admin = await own.client("admin")
    floor = await Floor.of(admin)
    await busy(own, admin)
    before = await agent(admin, "101")
    queues = own.pbx.folder / "etc/queues.conf"
    text = queues.read_text()
    more = "\n[support](lab-queue)\nmember => PJSIP/103\nmember => PJSIP/101\n"
    queues.write_text(text + more)
    await own.pbx.cli("queue reload all")
    told = await agree(own, admin, floor)
    assert set(told["queues"]) == {"agents", "agents-local", "support"}
    assert set(told["agents"]["101"]["queues"]) == {"agents", "agents-local", "support"}
    assert (await agent(admin, "101"))["since"] == before["since"]
    queues.write_text(text)
    await own.pbx.cli("core reload")
    told = await agree(own, admin, floor)
    assert set(told["queues"]) == {"agents", "agents-local"}
    await own.pbx.cli("queue reset stats")
    assert (await agree(own, admin, floor))["queues"]["agents"]["completed"] == 0


async def test_asterisk_is_restarted_in_the_middle(own: Lab) -> None:
    admin = await own.client("admin")
    floor = await Floor.of(admin)
    await busy(own, admin)
    mark = len(floor.stream.events)
    await own.pbx.kill()
    await floor.stream.until(lambda kind, data: kind == "pbx.state" and data["state"] == "down", mark)
    assert (await admin.get("/agents"))[1] == {"agents": []}
    assert (await admin.get("/queues"))[1] == {"queues": []}
    await asyncio.sleep(0.2)
    assert floor.look() == ([], [])
    for number in ("101", "102", "201", "202"):
        await own.unregister(number)
    await own.pbx.start()
    await floor.stream.until(lambda kind, data: kind == "queue.updated", len(floor.stream.events), 30)
    await agree(own, admin, floor)
    await own.phone("101")
    await state_of(own, admin, "101", "available", floor)
