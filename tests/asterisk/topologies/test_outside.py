"""Calls to the outside, by a prefix and a trunk that has no name of its own, and by a click."""

import pytest

from tests.asterisk.topologies.support import no_call_of, only_hear_each_other, same_after_death, shown
from tests.support.lab import Lab
from tests.support.somebody import somebody_does


@pytest.mark.parametrize(("dialled", "number"), [("92025550102", "2025550102"), ("9202", "202")])
async def test_the_customer_is_the_number_without_the_prefix(lab: Lab, dialled: str, number: str) -> None:
    agent, customer = await lab.phone("101"), await lab.phone("202", "manual")
    await lab.phone("301")
    admin = await lab.client("admin")
    await agent.dial(dialled)
    ringing = await shown(admin, "101", number, "outbound", "ringing")
    await same_after_death(lab, admin)
    await customer.answer()
    call = await shown(admin, "101", number, "outbound")
    assert call["id"] == ringing["id"]
    if number != dialled[-3:]:
        status, monitor = await admin.post("/monitors", {"customer_number": "+1 202 555-0102"})
        assert (status, monitor["call_id"]) == (201, call["id"])
        await admin.until(monitor["id"], "live")
    await only_hear_each_other(lab, "202", "101")
    await same_after_death(lab, admin)


@pytest.mark.parametrize("dialled", ["92025550102", "202"])
async def test_a_click_to_dial_is_an_outbound_call_to_the_number_that_was_clicked(lab: Lab, dialled: str) -> None:
    """The agent's phone rings first, with a caller id that is nobody's: no customer is at the far end yet."""
    agent, customer = await lab.phone("101", "manual"), await lab.phone("202", "manual")
    admin = await lab.client("admin")
    mark = agent.mark()
    to = {"Context": "lab-agents", "Exten": dialled, "Priority": "1"}
    await somebody_does(lab, "Originate", Channel="PJSIP/101", CallerID="2025550100", Async="true", **to)
    await agent.seen("CALL_INCOMING", mark)
    await no_call_of(admin, "101")
    await agent.answer()
    number = dialled.removeprefix("9")
    ringing = await shown(admin, "101", number, "outbound", "ringing")
    await customer.answer()
    call = await shown(admin, "101", number, "outbound")
    assert call["id"] == ringing["id"]
    await only_hear_each_other(lab, "202", "101")
    await same_after_death(lab, admin)


async def test_a_phone_without_an_account_keeps_its_name_whatever_it_is_shown_as_outside(lab: Lab) -> None:
    agent = await lab.phone("104")
    await lab.phone("202")
    admin = await lab.client("admin")
    (kim,) = (user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "kim")
    await admin.patch(f"/users/{kim['id']}", {"active": False})
    try:
        await agent.dial("92025550102")
        call = await shown(admin, "104", "2025550102", "outbound")
        assert call["agent"] == {"user_id": None, "name": "104", "extension": "104"}
        await same_after_death(lab, admin)
    finally:
        await admin.patch(f"/users/{kim['id']}", {"active": True})
