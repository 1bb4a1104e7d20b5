"""Somebody else picks up what rings: in the group, and at one phone."""

import pytest

from tests.asterisk.topologies.support import no_call_of, only_hear_each_other, same_after_death, shown
from tests.support.lab import Lab


@pytest.mark.parametrize("code", ["*8", "*8101"])
async def test_who_picks_up_has_the_customers_inbound_call_in_one_conversation_from_first_to_last(
    lab: Lab, code: str
) -> None:
    customer, _, other = await lab.phone("201"), await lab.phone("101", "manual"), await lab.phone("102")
    await lab.phone("301")
    admin = await lab.client("admin")
    stream = await admin.events()
    await customer.dial("101")
    ringing = await shown(admin, "101", "201", "inbound", "ringing")
    await other.dial(code)
    call = await shown(admin, "102", "201", "inbound")
    await no_call_of(admin, "101")
    monitor = await admin.monitor(call, "whisper")
    await admin.switch(monitor, "silent")
    await only_hear_each_other(lab, "201", "102")
    if code == "*8":
        await same_after_death(lab, admin)
        stream = await admin.events()
    await other.hold()
    await shown(admin, "102", "201", "inbound", "held")
    await other.resume()
    await customer.hangup()
    await stream.until(lambda kind, data: kind == "call.removed" and data["id"] == call["id"])
    told = [data for _, kind, data in stream.events if kind == "call.updated" and data["id"] == call["id"]]
    assert {view["conversation_id"] for view in told} == {ringing["conversation_id"]}
    assert {(view["customer"]["number"], view["direction"]) for view in told} <= {("201", "inbound"), ("", "inbound")}
