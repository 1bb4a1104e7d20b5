"""Parked by a transfer to 700, and taken back by whoever dials 701."""

from tests.asterisk.topologies.support import no_call_of, only_hear_each_other, same_after_death, shown
from tests.support.flows import keys
from tests.support.lab import Lab


async def test_an_unparked_customer_is_the_one_who_called_in_not_a_parking_place(lab: Lab) -> None:
    unparks = await lab.phone("102")
    _, agent = await lab.talk("201", "101")
    admin = await lab.client("admin")
    stream = await admin.events()
    before = await shown(admin, "101", "201", "inbound")
    await keys(agent, "##700")
    await no_call_of(admin, "101")
    await unparks.dial("701")
    after = await shown(admin, "102", "201", "inbound")
    assert after["id"] != before["id"]
    told = [data for _, kind, data in stream.events if kind == "call.updated" and data["id"] == after["id"]]
    assert {view["customer"]["number"] for view in told} == {"201"}
    assert {view["conversation_id"] for view in told} == {before["conversation_id"]}
    await only_hear_each_other(lab, "201", "102")
    await same_after_death(lab, admin)


async def test_two_who_are_parked_at_once_are_not_in_a_call_with_each_other(lab: Lab) -> None:
    """One of them a colleague: 104 is parked by 101, 202 by 103."""
    unparks = await lab.phone("102")
    _, first = await lab.talk("104", "101")
    _, second = await lab.talk("202", "103")
    admin = await lab.client("admin")
    await first.transfer("700")
    await no_call_of(admin, "101")
    waiting = await shown(admin, "104", "", "internal")
    await second.transfer("700")
    await no_call_of(admin, "103")
    assert await shown(admin, "104", "", "internal") == waiting
    mark = unparks.mark()
    await unparks.dial("701")
    await unparks.seen("CALL_ESTABLISHED", mark)
    assert (await shown(admin, "104", "102", "internal"))["id"] == waiting["id"]
    await shown(admin, "102", "104", "internal")
    await only_hear_each_other(lab, "102", "104")
    await same_after_death(lab, admin)
