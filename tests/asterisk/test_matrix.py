"""Who hears whom, measured at real phones: the audio matrix in every mode and every kind of call."""

import asyncio
import re
from collections.abc import Sequence

from adapter.lab.phones import Phone
from tests.support.lab import Lab, assert_hears, listen
from tests.support.tap import Tap

ENOUGH = 25
"""Packets without which nothing is shown: half a second of sound at 20 ms (RFC 3551, section 4.2)."""


def others(phone: Phone) -> int:
    """How many SIP messages it saw but for MESSAGE, which tells an agent without a page who talks."""
    return sum(re.search(r"CSeq: *\d+ MESSAGE", message.text) is None for message in phone.sip_trace())


async def test_silent_whisper_barge_silent_barge_whisper(lab: Lab) -> None:
    async with lab.tapped("101", "201") as taps:
        customer, agent = await lab.talk("201", "101")
        supervisor = await lab.phone("301")
        admin = await lab.client("admin")
        await asyncio.sleep(1)  # packets of before, to compare with
        rang, traced = supervisor.rang(), (others(agent), len(customer.sip_trace()))
        all_traced, marks = len(agent.sip_trace()), [tap.mark() for tap in taps]
        call = await admin.call("101")
        assert call["barge_reaches_customer"] is True
        monitor = await admin.monitor(call)

        everyone = (agent, customer, supervisor)
        assert_hears(await listen(*everyone), p101={"201"}, p201={"101"}, p301={"101", "201"})
        assert (others(agent), len(customer.sip_trace())) == traced, "silence was seen on the wire"
        assert len(agent.sip_trace()) == all_traced, "silence was seen on the wire"
        one_stream(taps, marks, "silence begins")
        for mode, hears in (
            ("whisper", {"p101": {"201", "301"}, "p201": {"101"}}),
            ("barge", {"p101": {"201", "301"}, "p201": {"101", "301"}}),
            ("silent", {"p101": {"201"}, "p201": {"101"}}),
            ("barge", {"p101": {"201", "301"}, "p201": {"101", "301"}}),
            ("whisper", {"p101": {"201", "301"}, "p201": {"101"}}),
            ("silent", {"p101": {"201"}, "p201": {"101"}}),
        ):
            await admin.switch(monitor, mode)
            assert_hears(await listen(*everyone), p301={"101", "201"}, **hears)
            one_stream(taps, marks, mode)
        assert supervisor.rang() == rang + 1, "the supervisor's phone is dialled once"
        assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
        assert (await admin.until_ended(monitor))["ended_reason"] == "stopped"
        assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
        one_stream(taps, marks, "silence ended")
        assert (others(agent), len(customer.sip_trace())) == traced, "only the agent is told, while somebody talks"


def one_stream(taps: Sequence[Tap], marks: Sequence[int], when: str) -> None:
    """Each phone is sent one stream: no new SSRC, marker, jump of sequence or time, in whatever mode.

    A whisper is mixed into the agent's packets and changes no header, so the customer's can't tell of it either.
    """
    for tap, mark in zip(taps, marks, strict=True):
        trace = tap.trace(mark)
        assert trace.packets > ENOUGH, f"{when}: {trace}"
        assert trace.seamless, f"{when}: {trace}"


async def test_without_every_right_the_leg_is_moved_and_no_key_reaches_more(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    await admin.patch(f"/users/{mona.user['id']}", {"modes": ["silent", "whisper"]})
    try:
        rang = supervisor.rang()
        monitor = await mona.monitor(await mona.call("101"))
        everyone = (agent, customer, supervisor)
        for key in "66":
            await supervisor.dtmf(key)
            await asyncio.sleep(0.3)
        assert_hears(await listen(*everyone), p101={"201"}, p201={"101"}, p302={"101", "201"})
        assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[1]["code"] == "forbidden"
        await mona.switch(monitor, "whisper")
        await supervisor.dtmf("6")
        assert_hears(await listen(*everyone), p101={"201", "302"}, p201={"101"}, p302={"101", "201"})
        assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "whisper"
        await mona.switch(monitor, "silent")
        assert_hears(await listen(*everyone), p101={"201"}, p201={"101"})
        assert supervisor.rang() == rang + 1
    finally:
        await admin.patch(f"/users/{mona.user['id']}", {"modes": ["silent", "whisper", "barge"]})


async def test_the_keypad_is_followed_and_the_star_leaves(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    stream = await admin.events()
    for key, mode in (("5", "whisper"), ("6", "barge"), ("4", "silent")):
        place = len(stream.events)
        await supervisor.dtmf(key)
        await stream.until(lambda kind, data, m=mode: kind == "monitor.updated" and data["mode"] == m, place)  # type: ignore[misc]
    assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
    await supervisor.dtmf("*")
    assert (await admin.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"


async def test_barge_from_the_start(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    assert monitor["mode"] == "barge"
    heard = await listen(agent, customer, supervisor)
    assert_hears(heard, p101={"201", "301"}, p201={"101", "301"}, p301={"101", "201"})


async def test_two_supervisors_in_different_modes(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    first, second = await lab.phones("301", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    call = await admin.call("101")
    await admin.monitor(call)
    await mona.monitor(call, "whisper")
    heard = await listen(agent, customer, first, second)
    assert_hears(heard, p101={"201", "302"}, p201={"101"})
    assert heard["301"]["101"] > 3000
    assert heard["302"]["201"] > 3000
    assert {m["mode"] for m in (await admin.call("101"))["monitors"]} == {"silent", "whisper"}


async def test_an_internal_call_with_each_side_coached(lab: Lab) -> None:
    one, two = await lab.talk("101", "102")
    first, second = await lab.phones("301", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    calls = {call["agent"]["extension"]: call for call in (await admin.call("101"), await admin.call("102"))}
    assert {call["direction"] for call in calls.values()} == {"internal"}
    await admin.monitor(calls["101"], "whisper")
    await mona.monitor(calls["102"], "whisper")
    heard = await listen(one, two, first, second)
    assert_hears(heard, p101={"102", "301"}, p102={"101", "302"})


async def test_a_call_through_the_queue(lab: Lab) -> None:
    customer, agent = await lab.phones("201", "103")
    for other in ("101", "102", "104"):
        await lab.unregister(other)
    mark = agent.mark()
    await customer.dial("500")
    await agent.seen("CALL_ESTABLISHED", mark)
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("103")
    assert (call["customer"]["number"], call["direction"]) == ("201", "inbound")
    await admin.monitor(call, "barge")
    assert_hears(await listen(agent, customer, supervisor), p103={"201", "301"}, p201={"103", "301"})


async def test_hold_and_resume_while_monitored(lab: Lab) -> None:
    # baresip's own recording stops for good when it holds, so whoever holds is measured through the others' ears.
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")
    monitor = await admin.monitor(call)
    await agent.hold()
    assert (await admin.call("101", "held"))["id"] == call["id"]
    assert_hears(await listen(customer, supervisor), p201=set())
    await agent.resume()
    assert (await admin.call("101", "active"))["id"] == call["id"]
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"
    assert_hears(await listen(customer, supervisor), p201={"101"}, p301={"101", "201"})


async def test_the_customers_hold_and_resume_while_barging(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")
    monitor = await admin.monitor(call, "barge")
    await customer.hold()
    assert (await admin.call("101", "held"))["id"] == call["id"]
    assert_hears(await listen(agent, supervisor), p101={"301"}, p301={"101"})
    await customer.resume()
    await admin.call("101", "active")
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "barge"
    assert_hears(await listen(agent, supervisor), p101={"201", "301"}, p301={"101", "201"})
