"""The queue whose members are Local channels: the customer is shown, by the name that the phone says."""

from tests.asterisk.topologies.support import free, only_hear_each_other, same_after_death, shown
from tests.support.lab import Lab, assert_hears, listen


async def test_a_call_through_local_channels_shows_the_customer_while_it_rings_and_after(lab: Lab) -> None:
    customer = await lab.phone("203", name="Pat O'Brien")
    first, second = await lab.phone("101", "manual"), await lab.phone("102", "manual")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    await free(lab, "101", "102")
    await customer.dial("510")
    for agent in ("101", "102"):
        ringing = await shown(admin, agent, "203", "inbound", "ringing")
        assert ringing["customer"]["name"] == "Pat O'Brien"
    await same_after_death(lab, admin)
    await second.answer()
    call = await shown(admin, "102", "203", "inbound")
    assert (call["id"], call["customer"]["name"]) == (ringing["id"], "Pat O'Brien")
    monitor = await admin.monitor(call, "whisper")
    heard = await listen(customer, second, supervisor)
    assert_hears(heard, p203={"102"}, p102={"203", "301"}, p301={"203", "102"})
    await admin.switch(monitor, "silent")
    await same_after_death(lab, admin)
    await only_hear_each_other(lab, "203", "102")
    assert first.running
