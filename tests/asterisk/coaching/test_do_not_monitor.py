"""Do not monitor at a real Asterisk: a running monitor hears nothing any more, and calls go on."""

from tests.asterisk.faults.support import no_legs
from tests.support.lab import Lab, assert_hears, listen


async def test_a_running_monitor_ends_when_its_call_may_not_be_monitored(lab: Lab) -> None:
    customer, sam = await lab.talk("201", "101")
    await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "whisper")
    assert_hears(await listen(customer, sam), p201={"101"}, p101={"201", "302"})
    try:
        assert (await admin.ask("PUT", "/do-not-monitor", {"numbers": ["201"], "user_ids": []}))[0] == 200
        await no_legs(lab, deadline=1)
        assert (await mona.until_ended(monitor))["ended_reason"] == "not_monitorable"
        assert_hears(await listen(customer, sam), p201={"101"}, p101={"201"})
        assert (await mona.post("/monitors", {"agent_extension": "101"}))[1]["code"] == "not_monitorable"
    finally:
        await admin.ask("PUT", "/do-not-monitor", {"numbers": [], "user_ids": []})
    assert (await mona.call("101"))["monitorable"] is True


async def test_it_ends_when_the_call_is_transferred_to_somebody_on_the_list(lab: Lab) -> None:
    """Sam sends the customer's call on to Ana's desk, on the list; the leg of Mona, who listened to Sam, is gone."""
    customer, sam = await lab.talk("201", "101")
    ana = await lab.phone("102")
    await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    monitor = await mona.monitor(await mona.call("101"))
    try:
        await admin.ask("PUT", "/do-not-monitor", {"numbers": [], "user_ids": [ids["ana"]]})
        assert (await mona.call("101"))["monitorable"] is True
        await sam.transfer("102")
        assert (await mona.call("102"))["monitorable"] is False
        assert (await mona.until_ended(monitor))["ended_reason"] in ("call_ended", "not_monitorable")
        assert (await mona.post("/monitors", {"agent_extension": "102"}))[1]["code"] == "not_monitorable"
        await no_legs(lab)
        assert_hears(await listen(customer, ana), p201={"102"}, p102={"201"})
    finally:
        await admin.ask("PUT", "/do-not-monitor", {"numbers": [], "user_ids": []})
