"""Who was in a conversation stays barred from it, with a real Asterisk's own ids: two calls transferred together."""

import asyncio

from adapter.lab.phones import Phone
from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def consult(by: Phone, number: str, other: Phone) -> None:
    """Hold, and ask somebody else."""
    await by.hold()
    mark, heard_by = other.mark(), by.mark()
    await by.dial(number)
    await other.seen("CALL_ESTABLISHED", mark)
    await by.seen("CALL_ESTABLISHED", heard_by)


async def nothing_shows(client: Client, monitor: Json) -> None:
    """No list tells of the monitor."""
    assert (await client.get("/monitors"))[1]["monitors"] == []
    assert all(call["monitors"] == [] for call in await client.calls())
    assert (await client.get(f"/monitors/{monitor['id']}"))[0] == 404
    rows = (await client.get("/audit?action=monitor.started&limit=500"))[1]["entries"]
    assert monitor["id"] not in [row["monitor_id"] for row in rows]


async def test_an_administrator_transfers_two_calls_together(lab: Lab) -> None:
    """Seen: they took their device away, transferred, and saw the silent monitor."""
    boss, agent = await lab.talk("301", "101")
    other, _ = await lab.phones("102", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    await nothing_shows(admin, monitor)
    me = f"/users/{admin.user['id']}"
    assert (await admin.patch(me, {"device": None}))[0] == 200
    try:
        await nothing_shows(admin, monitor)
        await consult(boss, "102", other)
        mark = boss.mark()
        await boss.transfer_to_consulted("102")
        await boss.seen("CALL_CLOSED", mark)
        assert_hears(await listen(agent, other), p101={"102"}, p102={"101"})
        assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"
        assert len({call["conversation_id"] for call in await admin.calls()}) == 1
        await nothing_shows(admin, monitor)
        stream = await admin.events()
        await mona.switch(monitor, "whisper")
        shown = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "whisper")
        assert shown["id"] != monitor["id"]
        await mona.switch(monitor, "silent")
        await nothing_shows(admin, monitor)
    finally:
        assert (await admin.patch(me, {"device": "pjsip/301"}))[1]["device"] == "PJSIP/301"
    await agent.hangup()
    assert (await mona.until_ended(monitor))["ended_reason"] == "call_ended"
    end = asyncio.get_running_loop().time() + 30
    while (await admin.get(f"/monitors/{monitor['id']}"))[0] != 200:
        assert asyncio.get_running_loop().time() < end, "it is over, and still hidden"
        await asyncio.sleep(0.1)
    rows = (await admin.get("/audit?action=monitor.started&limit=500"))[1]["entries"]
    assert monitor["id"] in [row["monitor_id"] for row in rows], "it is over, and told"
