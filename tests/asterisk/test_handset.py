"""Supervisors with nothing but a desk phone: star codes and the keypad, for each set of rights."""

import asyncio
import time
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.lab import Lab, assert_hears, listen

CHANGES = "supervisor=mona&action=monitor.mode_changed"


async def one(client: Client, deadline: float = 30) -> dict[str, Any]:
    """The one monitor that this person sees, once it is live."""
    end = time.monotonic() + deadline
    while True:
        found = (await client.get("/monitors"))[1]["monitors"]
        if found and found[0]["state"] == "live":
            return dict(found[0])
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


async def audited(client: Client, query: str, deadline: float = 30, **wanted: str) -> None:
    """Wait until the latest entry of the audit is as wanted."""
    end = time.monotonic() + deadline
    while True:
        rows = (await client.get(f"/audit?{query}"))[1]["entries"]
        if rows and {name: rows[0][name] for name in wanted} == wanted:
            return
        assert time.monotonic() < end, rows[:1]
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("code", "mode", "agent", "customer"),
    [
        ("*55", "silent", {"201"}, {"101"}),
        ("*56", "whisper", {"201", "302"}, {"101"}),
        ("*57", "barge", {"201", "302"}, {"101", "302"}),
    ],
)
async def test_a_star_code_monitors(lab: Lab, code: str, mode: str, agent: set[str], customer: set[str]) -> None:
    caller, called = await lab.talk("201", "101")
    phone = await lab.phone("302")
    mona, admin = await lab.client("mona"), await lab.client("admin")
    await phone.dial(f"{code}101")
    monitor = await one(mona)
    assert (monitor["mode"], monitor["device"], monitor["supervisor"]["name"]) == (mode, "PJSIP/302", "Mona")
    heard = await listen(caller, called, phone)
    assert_hears(heard, p101=agent, p201=customer)
    assert heard["302"]["101"] > 3000
    assert heard["302"]["201"] > 3000
    assert [call["agent"]["extension"] for call in await admin.calls()] == ["101"]
    await mona.switch(monitor, "whisper")
    assert_hears(await listen(caller, called), p101={"201", "302"}, p201={"101"})
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await audited(admin, "supervisor=mona&action=monitor.requested", via="star code", result="ok", mode=mode)


async def test_star_codes_in_vain_are_spoken_and_audited(lab: Lab) -> None:
    await lab.talk("201", "101")
    phone, ana = await lab.phones("302", "102")
    mona, admin = await lab.client("mona"), await lab.client("admin")
    for who, code, reason in ((ana, "*55101", "forbidden"), (phone, "*55104", "not_found")):
        mark = who.mark()
        await who.dial(code)
        await who.seen("CALL_ESTABLISHED", mark)  # something is said
        await who.seen("CALL_CLOSED", mark, 15)
        await audited(admin, "action=monitor.requested", result="refused", reason=reason, via="star code")
    assert (await mona.get("/monitors"))[1]["monitors"] == []
    _, user = await admin.get("/users")
    account = next(person for person in user["users"] if person["username"] == "mona")
    await admin.patch(f"/users/{account['id']}", {"modes": ["silent", "whisper"]})
    try:
        mark = phone.mark()
        await phone.dial("*57101")
        await phone.seen("CALL_CLOSED", mark, 15)
        assert (await mona.get("/monitors"))[1]["monitors"] == []
    finally:
        await admin.patch(f"/users/{account['id']}", {"modes": ["silent", "whisper", "barge"]})


async def test_a_forged_caller_id_helps_nobody(lab: Lab) -> None:
    """The lab's outside customers can't dial codes at all; an agent's phone is known by its endpoint."""
    await lab.talk("202", "101")
    customer = await lab.phone("201")
    mona, mark = await lab.client("mona"), customer.mark()
    await customer.dial("*55101")
    await customer.seen("CALL_CLOSED", mark, 10)
    assert (await mona.get("/monitors"))[1]["monitors"] == []


async def test_an_agents_own_phone_may_monitor_and_is_no_call(lab: Lab) -> None:
    caller, called = await lab.talk("201", "101")
    phone = await lab.phone("102")
    admin, sam = await lab.client("admin"), await lab.client("sam")
    users = (await admin.get("/users"))[1]["users"]
    ana = next(user for user in users if user["username"] == "ana")
    await admin.patch(f"/users/{ana['id']}", {"can_monitor": True})
    await admin.patch(f"/users/{sam.user['id']}", {"can_monitor": True})
    stream = await sam.events()
    place = len(stream.events)
    try:
        await phone.dial("*55101")
        monitor = await one(admin)
        assert [call["agent"]["extension"] for call in await admin.calls()] == ["101"]
        assert (await sam.get("/monitors"))[1]["monitors"] == []
        assert stream.kinds(place) == []
        assert_hears(await listen(caller, called), p101={"201"}, p201={"101"})
        await phone.hangup()
        assert (await admin.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    finally:
        for user in (ana, sam.user):
            await admin.patch(f"/users/{user['id']}", {"can_monitor": False})


async def test_with_the_adapter_down_a_code_says_so_and_hangs_up(own: Lab) -> None:
    await own.talk("201", "101")
    phone = await own.phone("302")
    await own.adapter.stop()
    mark = phone.mark()
    await phone.dial("*57101")
    await phone.seen("CALL_ESTABLISHED", mark)
    await phone.seen("CALL_CLOSED", mark, 20)
    channels = await own.pbx.cli("core show channels concise")
    assert "PJSIP/302" not in channels


async def test_a_star_code_leg_outlives_a_dead_adapter(own: Lab) -> None:
    await own.talk("201", "101")
    phone = await own.phone("302")
    mona = await own.client("mona")
    await phone.dial("*57101")
    monitor = await one(mona)
    await asyncio.sleep(0.5)
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await own.start_adapter()
    again = await one(mona)
    assert (again["id"], again["mode"]) == (monitor["id"], "silent"), "a key may have been pressed meanwhile"
    mark = phone.mark()
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await phone.seen("CALL_CLOSED", mark, 10)


async def test_digits_of_those_who_lack_a_mode(lab: Lab) -> None:
    """A right narrowed to silent and whisper: 5 and 4 are followed, 6 changes nothing that anybody hears."""
    caller, called = await lab.talk("201", "101")
    phone = await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    path = f"/users/{mona.user['id']}"
    await admin.patch(path, {"modes": ["silent", "whisper"]})
    try:
        monitor = await mona.monitor(await mona.call("101"))
        stream = await mona.events()
        await phone.dtmf("6")
        await audited(admin, CHANGES, via="keypad", mode="barge", result="refused")
        assert_hears(await listen(caller, called), p101={"201"}, p201={"101"})
        place = len(stream.events)
        await phone.dtmf("5")
        await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "whisper", place)
        assert_hears(await listen(caller, called), p101={"201", "302"}, p201={"101"})
        await phone.dtmf("6")
        assert_hears(await listen(caller, called), p101={"201", "302"}, p201={"101"})
        place = len(stream.events)
        await phone.dtmf("4")
        await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent", place)
        await audited(admin, CHANGES, via="keypad", reason="keypad", mode="silent")
        await phone.dtmf("*")
        assert (await mona.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    finally:
        await admin.patch(path, {"modes": ["silent", "whisper", "barge"]})


async def test_an_agent_without_a_page_is_told_by_message(lab: Lab) -> None:
    caller, called = await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")

    def messages() -> list[str]:
        return [m.text for m in called.sip_trace() if not m.sent and m.method == "MESSAGE"]

    async def until(count: int) -> None:
        end = time.monotonic() + 5
        while len(messages()) < count:
            assert time.monotonic() < end, f"{len(messages())} of {count} messages"
            await asyncio.sleep(0.05)

    before, traced = len(messages()), len(called.sip_trace())
    monitor = await admin.monitor(call)
    await asyncio.sleep(0.5)
    assert len(called.sip_trace()) == traced, "silence was seen on the wire"
    await admin.switch(monitor, "whisper")
    await until(before + 1)
    assert "Admin can talk to you; the customer can't hear it." in messages()[-1]
    await admin.switch(monitor, "barge")
    await until(before + 2)
    assert "Admin has joined the call" in messages()[-1]
    await admin.switch(monitor, "silent")
    sam = await lab.client("sam")
    await sam.events()
    traced = len(called.sip_trace())
    await admin.switch(monitor, "whisper")
    await asyncio.sleep(0.5)
    assert len(called.sip_trace()) == traced, "who has a page open is told there"
    assert not [m for m in caller.sip_trace() if m.method == "MESSAGE"]
