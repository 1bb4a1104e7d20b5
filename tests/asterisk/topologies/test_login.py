"""An agent logs in with *45 and waits: between customers there is no call, and each customer is a call."""

import pytest

from tests.asterisk.topologies.support import no_call_of, only_hear_each_other, same_after_death, shown
from tests.support.lab import Lab, assert_hears, listen


@pytest.mark.timeout(120)
async def test_each_customer_of_an_agent_who_is_logged_in_is_a_call_with_an_id_of_its_own(lab: Lab) -> None:
    agent, first, second = await lab.phones("101", "201", "202")
    for away in ("102", "103", "104"):
        await lab.unregister(away)
    await lab.phone("301")
    admin = await lab.client("admin")
    stream = await admin.events()
    mark = agent.mark()
    await agent.dial("*45")
    await agent.seen("CALL_ESTABLISHED", mark)
    await no_call_of(admin, "101")
    assert "call.updated" not in stream.kinds(), "not even for a moment"
    await first.dial("101")
    one = await shown(admin, "101", "201", "inbound")
    monitor = await admin.monitor(one)
    await only_hear_each_other(lab, "201", "101")
    await same_after_death(lab, admin)
    await first.hangup()
    assert (await admin.until_ended(monitor))["ended_reason"] == "call_ended"
    await no_call_of(admin, "101")
    assert (await admin.post("/monitors", {"customer_number": "201"}))[1]["code"] == "not_found"
    assert (await admin.post("/monitors", {"agent_extension": "101"}))[1]["code"] == "not_found"
    for other_agent in ("102", "103", "104"):  # another test's phone would answer instead
        await lab.unregister(other_agent)
    await second.dial("510")
    other = await shown(admin, "101", "202", "inbound")
    assert other["id"] != one["id"]
    await only_hear_each_other(lab, "202", "101")
    await second.hangup()
    await no_call_of(admin, "101")


@pytest.mark.timeout(120)
async def test_an_agent_who_is_logged_in_stays_so_when_their_call_is_taken_over(lab: Lab) -> None:
    """What is released is the customer: the agent's own call is the login, and they wait for the next."""
    agent, customer, supervisor = await lab.phones("101", "201", "301")
    for away in ("102", "103", "104"):
        await lab.unregister(away)
    admin = await lab.client("admin")
    mark = agent.mark()
    await agent.dial("*45")
    await agent.seen("CALL_ESTABLISHED", mark)
    await customer.dial("101")
    monitor = await admin.monitor(await shown(admin, "101", "201", "inbound"), "barge")
    status, taken = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, taken["ended_reason"]) == (200, "took_over"), taken
    await no_call_of(admin, "101")
    assert_hears(await listen(agent, customer, supervisor), p101=set(), p201={"301"}, p301={"201"})
    assert "PJSIP/101-" in await lab.pbx.cli("core show channels concise")
