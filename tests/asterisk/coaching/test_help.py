"""Help at a real Asterisk: asked for with *4 on a desk phone, taken at the page, and heard."""

from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def killed_now(lab: Lab) -> None:
    """kill -9 at once, and another adapter in its place."""
    await lab.close_clients()
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()
    await lab.start_adapter()


async def asked(client: Client) -> Json:
    """The only request that this person sees, once there is one."""
    stream = await client.events()
    (request,) = (await client.get("/help"))[1]["help"] or [await stream.until(lambda kind, _: kind == "help.updated")]
    return dict(request)


async def test_a_desk_phone_asks_with_its_code_and_is_heard_by_who_comes(lab: Lab) -> None:
    customer, sam = await lab.talk("201", "101")
    await lab.phone("302")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    stream = await mona.events()
    for key in "*4":
        await sam.dtmf(key)
    request = await stream.until(lambda kind, _: kind == "help.updated")
    assert (request["call_id"], request["state"], request["note"]) == (call["id"], "open", None)
    status, monitor = await mona.post(f"/help/{request['id']}/take", {"mode": "whisper"})
    assert status == 201, monitor
    await mona.until(monitor["id"], "live")
    ((taken),) = (await agent.get("/help"))[1]["help"]
    assert (taken["state"], taken["taken_by"]["name"]) == ("taken", "Mona")
    assert_hears(await listen(customer, sam), p201={"101"}, p101={"201", "302"})
    assert (await mona.call("101"))["id"] == call["id"], "the code left the call as it was"
    await sam.hangup()
    await stream.until(lambda kind, one: kind == "help.removed" and one["id"] == request["id"])
    assert (await mona.until_ended(monitor))["ended_reason"] == "call_ended"


async def test_the_customer_can_not_ask(lab: Lab) -> None:
    customer, _ = await lab.talk("201", "101")
    mona, sam = await lab.client("mona"), await lab.client("sam")
    await mona.call("101")
    for key in "*4":
        await customer.dtmf(key)
    status, request = await sam.post("/help", {"note": "Soon"})
    assert status == 201, "nobody had asked before"
    assert [one["id"] for one in (await mona.get("/help"))[1]["help"]] == [request["id"]]


async def test_a_request_outlives_the_adapter(own: Lab) -> None:
    """Killed right after the answer: it is still there, open, and can be taken; who took it is known afterwards."""
    customer, sam_phone = await own.talk("201", "101")
    await own.phone("302")
    sam = await own.client("sam")
    await sam.call("101", state=None)
    status, request = await sam.post("/help", {"note": "A complaint"})
    assert status == 201, request
    await killed_now(own)
    mona = await own.client("mona")
    await mona.call("101")
    (again,) = (await mona.get("/help"))[1]["help"]
    assert (again["id"], again["state"], again["note"]) == (request["id"], "open", "A complaint")
    status, monitor = await mona.post(f"/help/{request['id']}/take", {"mode": "whisper"})
    assert status == 201, monitor
    await mona.until(monitor["id"], "live")
    assert_hears(await listen(customer, sam_phone), p201={"101"}, p101={"201", "302"})
    await killed_now(own)
    sam = await own.client("sam")
    await sam.call("101", state=None)
    (taken,) = (await sam.get("/help"))[1]["help"]
    assert (taken["state"], taken["taken_by"]["name"]) == ("taken", "Mona")
