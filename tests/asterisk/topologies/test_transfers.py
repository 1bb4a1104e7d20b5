"""Transfers by keys and by the phone's own: who is shown with whom, which monitors stay, who hears whom."""

from tests.asterisk.topologies.support import no_call_of, only_hear_each_other, same_after_death, shown
from tests.support.flows import keys
from tests.support.lab import Lab


async def test_an_attended_transfer_by_keys_keeps_the_second_agents_call_and_its_monitor(lab: Lab) -> None:
    await lab.phones("102", "301")
    _, first = await lab.talk("201", "101")
    admin = await lab.client("admin")
    conversation = (await shown(admin, "101", "201", "inbound"))["conversation_id"]
    mark = lab.known("102").mark()
    await keys(first, "*2102")
    await lab.known("102").seen("CALL_ESTABLISHED", mark)
    consulted = await admin.call("102", None)
    assert (consulted["customer"], consulted["direction"]) == ({"number": "101", "name": "Sam"}, "internal")
    monitor = await admin.monitor(consulted)
    await first.hangup()
    call = await shown(admin, "102", "201", "inbound")
    assert (call["id"], call["conversation_id"]) == (consulted["id"], conversation)
    assert [one["id"] for one in call["monitors"]] == [monitor["id"]]
    await no_call_of(admin, "101")
    await only_hear_each_other(lab, "201", "102")
    await same_after_death(lab, admin)
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"


async def test_a_blind_transfer_by_keys_is_another_agents_call_of_the_same_conversation(lab: Lab) -> None:
    await lab.phone("102")
    _, first = await lab.talk("201", "101")
    admin = await lab.client("admin")
    before = await shown(admin, "101", "201", "inbound")
    await keys(first, "##102")
    after = await shown(admin, "102", "201", "inbound")
    assert after["conversation_id"] == before["conversation_id"]
    await no_call_of(admin, "101")
    await only_hear_each_other(lab, "201", "102")
    await same_after_death(lab, admin)


async def test_a_customer_who_was_called_stays_outbound_whoever_talks_to_them(lab: Lab) -> None:
    await lab.phones("102", "202")
    agent = await lab.phone("101")
    await agent.dial("92025550102")
    admin = await lab.client("admin")
    before = await shown(admin, "101", "2025550102", "outbound")
    await agent.transfer("102")
    after = await shown(admin, "102", "2025550102", "outbound")
    assert after["conversation_id"] == before["conversation_id"]
    await only_hear_each_other(lab, "202", "102")
    await same_after_death(lab, admin)


async def test_a_transfer_by_the_other_side_keeps_the_call_and_its_monitor(lab: Lab) -> None:
    """102, who talks to 101, sends 101 on to 103: it is 101's same call, with another at its end."""
    await lab.phones("103", "301")
    _, other = await lab.talk("101", "102")
    admin = await lab.client("admin")
    before = await shown(admin, "101", "102", "internal")
    monitor = await admin.monitor(before)
    await other.transfer("103")
    after = await shown(admin, "101", "103", "internal")
    assert (after["id"], after["customer"]["name"]) == (before["id"], "Lee")
    assert [one["id"] for one in after["monitors"]] == [monitor["id"]]
    await no_call_of(admin, "102")
    await only_hear_each_other(lab, "101", "103")
    await same_after_death(lab, admin)
