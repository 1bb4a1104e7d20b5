"""A follow whose agent has monitoring paused, at a real Asterisk: nothing is heard, and the follow goes on."""

from tests.asterisk.coaching.test_follow import follow, hung_up, until
from tests.asterisk.coaching.test_shield import pause, resume, seen
from tests.support.lab import Lab, assert_hears, listen


async def test_a_pause_silences_a_follow_and_its_end_lets_it_listen(lab: Lab) -> None:
    phone = await lab.phone("302")
    customer, sam = await lab.talk("201", "101")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    await pause(agent, call, seconds=60)
    running = await follow(mona, "101")
    assert running["state"] == "waiting", "a call that is paused is none for it"
    assert_hears(await listen(phone, sam, customer), p302=set(), p101={"201"}, p201={"101"})
    await resume(agent, call)
    monitor = await mona.until((await until(mona, running, "listening"))["monitor_id"], "live")
    assert_hears(await listen(phone, sam, customer), p302={"101", "201"}, p101={"201"}, p201={"101"})
    await mona.switch(monitor, "whisper")
    await pause(agent, call, seconds=60)
    assert_hears(await listen(phone, sam, customer), p302=set(), p101={"201"}, p201={"101"})
    await resume(agent, call)
    assert (await seen(mona, monitor, shielded=False))["mode"] == "silent"
    assert_hears(await listen(phone, sam, customer), p302={"101", "201"}, p101={"201"}, p201={"101"})


async def test_a_call_that_ends_while_it_is_paused_is_followed_by_the_next(lab: Lab) -> None:
    phone = await lab.phone("302")
    customer, _ = await lab.talk("201", "101")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    before = phone.rang()
    running = await follow(mona, "101")
    monitor = await mona.until((await until(mona, running, "listening"))["monitor_id"], "live")
    await pause(agent, call, seconds=60)
    await hung_up(customer)
    assert (await mona.until_ended(monitor))["ended_reason"] == "call_ended"
    await until(mona, running, "waiting")
    await lab.talk("202", "101")
    heard = (await until(mona, running, "listening"))["monitor_id"]
    assert heard != monitor["id"]
    assert_hears(await listen(phone), p302={"101", "202"})
    assert phone.rang() == before + 1
