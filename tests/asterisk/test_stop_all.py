"""Stop all monitoring at a real Asterisk: nobody hears the supervisors any more, and calls go on."""

import asyncio

from tests.asterisk.faults.support import no_legs
from tests.support.lab import Lab, assert_hears, listen


async def test_nobody_hears_any_supervisor_any_more(lab: Lab) -> None:
    """Two supervisors in two calls, one heard by the agent and one by both, and a third phone that still rings."""
    one, sam = await lab.talk("201", "101")
    other, ana = await lab.talk("202", "102")
    first, second = await lab.phones("301", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    mine = await admin.monitor(await admin.call("101"), "whisper")
    theirs = await mona.monitor(await mona.call("102"), "barge")
    everyone = (one, sam, other, ana)
    heard = await listen(*everyone)
    assert_hears(heard, p201={"101"}, p101={"201", "301"}, p202={"102", "302"}, p102={"202", "302"})
    stream, marks = await mona.events(), (first.mark(), second.mark())
    assert await admin.post("/monitors/stop-all", {"reason": "End of the pilot"}) == (200, {"stopped": 2})
    await no_legs(lab, deadline=1)
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p202={"102"}, p102={"202"})
    await asyncio.gather(first.seen("CALL_CLOSED", marks[0]), second.seen("CALL_CLOSED", marks[1]))
    await stream.until(lambda kind, data: kind == "monitor.ended" and data["id"] == theirs["id"])
    for monitor in (mine, theirs):
        assert (await admin.until_ended(monitor))["ended_reason"] == "stopped"
    await lab.phone("302", "manual")
    status, rings = await mona.post("/monitors", {"agent_extension": "102"})
    assert status == 201
    assert await admin.post("/monitors/stop-all", {"reason": "Again"}) == (200, {"stopped": 1})
    await no_legs(lab, deadline=1)
    assert (await mona.until_ended(rings))["ended_reason"] == "stopped"
    assert len(await admin.calls()) == 2, "calls go on"


async def test_who_is_monitored_stops_it_and_learns_nothing(lab: Lab) -> None:
    """The administrator talks to a customer on the desk phone's line while Mona listens to the agent in it."""
    phone, agent = await lab.talk("301", "101")
    await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    before = await admin.get("/audit?action=monitor.ended")
    assert await admin.post("/monitors/stop-all", {"reason": "Just to see"}) == (200, {"stopped": 0})
    await no_legs(lab)
    assert (await mona.until_ended(monitor))["ended_reason"] == "stopped"
    assert await admin.get("/audit?action=monitor.ended") == before
    assert_hears(await listen(phone, agent), p301={"101"}, p101={"301"})
