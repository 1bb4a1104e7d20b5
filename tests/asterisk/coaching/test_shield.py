"""Pausing monitoring at a real Asterisk: what the supervisor hears and who hears the supervisor, before, while and after."""

from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def pause(who: Client, call: Json, **body: object) -> Json:
    """Pause monitoring of this call."""
    status, answer = await who.post(f"/calls/{call['id']}/shield", body)
    assert status == 200, answer
    return answer


async def test_nothing_is_heard_while_it_lasts_and_afterwards_silently(lab: Lab) -> None:
    customer, sam = await lab.talk("201", "101")
    supervisor = await lab.phone("302")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    monitor = await mona.monitor(call, "whisper")
    everyone = (customer, sam, supervisor)
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201", "302"}, p302={"101", "201"})
    stream = await mona.events()
    answer = await pause(agent, call, seconds=60, reason="Card number")
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302=set())
    shielded = (await mona.get(f"/monitors/{monitor['id']}"))[1]
    assert (shielded["shielded"], shielded["mode"], shielded["state"]) == (True, "silent", "live")
    assert (await mona.call("101"))["shielded_until"] == answer["shielded_until"]
    status, problem = await mona.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
    assert (status, problem["code"]) == (409, "shielded")
    for key in "56":
        await supervisor.dtmf(key)
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302=set())
    assert await agent.delete(f"/calls/{call['id']}/shield") == (204, {})
    await stream.until(lambda kind, one: kind == "monitor.updated" and not one["shielded"] and one["audible"])
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302={"101", "201"})
    again = (await mona.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["mode"], again["shielded"]) == ("silent", False)
