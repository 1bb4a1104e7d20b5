"""A supervisor's desk phone for calls at another PBX: rung over the trunk, with all that works at its own."""

import asyncio
from functools import partial

from tests.support.client import Client, Json
from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen
from tests.support.site import is_problem


async def let_monitor(pair: Several, username: str, *, may: bool) -> Client:
    """This agent may monitor now, or no longer; returns an administrator."""
    admin = await pair.client("admin")
    users = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    assert (await admin.patch(f"/users/{users[username]}", {"can_monitor": may}))[0] == 200
    return admin


def is_in(mode: str, kind: str, data: Json) -> bool:
    """Whether an event says that a monitor is in this mode."""
    return kind == "monitor.updated" and bool(data["mode"] == mode)


async def test_a_desk_phone_listens_to_a_call_at_the_other_pbx(pair: Several) -> None:
    customer, agent = await pair.talk("221", "121")
    phone = await pair.phone("301")
    admin = await pair.client("admin")
    call = await admin.call("121")
    monitor = await admin.monitor(call)
    assert (monitor["pbx"], monitor["device"]) == ("pbx1", "PJSIP/301")
    heard = await listen(customer, agent, phone)
    assert_hears(heard, p301={"221", "121"}, p121={"221"}, p221={"121"})
    for mode, expected in (
        ("whisper", {"p121": {"221", "301"}, "p221": {"121"}}),
        ("barge", {"p121": {"221", "301"}, "p221": {"121", "301"}}),
        ("silent", {"p121": {"221"}, "p221": {"121"}}),
    ):
        await admin.switch(monitor, mode)
        assert_hears(await listen(customer, agent, phone), p301={"221", "121"}, **expected)
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await phone.seen("CALL_CLOSED")


async def test_the_keypad_works_over_the_trunk(pair: Several) -> None:
    customer, agent = await pair.talk("221", "121")
    phone = await pair.phone("301")
    admin = await pair.client("admin")
    stream = await admin.events()
    monitor = await admin.monitor(await admin.call("121"))
    for digit, mode in (("5", "whisper"), ("6", "barge"), ("4", "silent"), ("5", "whisper")):
        mark = len(stream.events)
        await phone.dtmf(digit)
        await stream.until(partial(is_in, mode), mark)
    assert_hears(await listen(customer, agent, phone), p301={"221", "121"}, p121={"221", "301"}, p221={"121"})
    await phone.dtmf("*")
    assert (await admin.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    entries = (await admin.get("/audit?action=monitor.mode_changed&limit=4"))[1]["entries"]
    assert {entry["via"] for entry in entries} == {"keypad"}


async def test_the_far_half_is_no_call_for_anybody_even_where_the_phone_is_an_agents(pair: Several) -> None:
    """Sam's phone is an agent's: each call of it is shown, and can be monitored. His leg is neither."""
    admin = await let_monitor(pair, "sam", may=True)
    try:
        customer, agent = await pair.talk("221", "121")
        phone = await pair.phone("101", "asked")
        sam = await pair.client("sam")
        streams = [await admin.events(), await sam.events()]
        monitor = await sam.monitor(await sam.call("121"))
        assert_hears(await listen(customer, agent, phone), p101={"221", "121"}, p121={"221"}, p221={"121"})
        invite = next(m for m in phone.sip_trace() if not m.sent and m.method == "INVITE")
        assert "answer-after=0" in invite.text
        assert "alert-autoanswer" in invite.text
        assert "X-Call-Monitor" not in invite.text
        is_problem(await admin.post("/monitors", {"agent_extension": "101"}), 404, "not_found")

        assert pair.adapter.process is not None
        pair.adapter.process.kill()  # and whoever comes after it knows it too
        await pair.adapter.process.wait()
        await pair.close_clients()
        await pair.start_adapter()
        sam, admin = await pair.client("sam"), await pair.client("admin")
        streams += [await admin.events(), await sam.events()]
        end = asyncio.get_running_loop().time() + 30
        while {call["agent"]["extension"] for call in await admin.calls()} != {"121"}:
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.1)
        assert (await sam.until(monitor["id"], "live"))["mode"] == "silent"
        assert (await sam.delete(f"/monitors/{monitor['id']}"))[0] == 204
        await asyncio.sleep(0.5)
        for stream in streams:
            shown = [data for _, kind, data in stream.events if kind == "call.updated"]
            shown += [call for _, kind, data in stream.events if kind == "snapshot" for call in data["calls"]]
            assert {call["agent"]["extension"] for call in shown} == {"121"}
    finally:
        await let_monitor(pair, "sam", may=False)


async def test_a_phone_that_is_busy_or_away_is_known_before_it_rings(pair: Several) -> None:
    await pair.talk("221", "121")
    admin = await pair.client("admin")
    call = await admin.call("121")
    phone = await pair.phone("302")
    mona = await pair.client("mona")
    await pair.talk("302", "102")
    refused = is_problem(await mona.post("/monitors", {"call_id": call["id"]}), 409, "device_unavailable")
    assert "in use" in refused["detail"]
    await phone.stop()
    refused = is_problem(await mona.post("/monitors", {"call_id": call["id"]}), 409, "device_unavailable")
    assert "isn't registered" in refused["detail"]


async def test_a_phone_that_hands_the_leg_on_lets_nobody_else_hear(pair: Several) -> None:
    await pair.talk("221", "121")
    phone, other = await pair.phone("301"), await pair.phone("102")
    admin = await pair.client("admin")
    monitor = await admin.monitor(await admin.call("121"))
    await phone.transfer("102")
    assert (await admin.until_ended(monitor))["ended_reason"] == "error"
    await asyncio.sleep(0.5)
    assert "ChanSpy" not in await pair.pbxes[1].cli("core show channels concise")
    heard = await listen(other)
    assert_hears(heard, p102=set())


async def test_a_call_is_taken_over_across_the_trunk(pair: Several) -> None:
    customer, agent = await pair.talk("221", "121")
    phone = await pair.phone("301")
    admin, other = await pair.client("admin"), await pair.client("max1")
    monitor = await admin.monitor(await admin.call("121"), "barge")
    mark = agent.mark()
    status, ended = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, ended["ended_reason"]) == (200, "took_over")
    await agent.seen("CALL_CLOSED", mark)
    assert_hears(await listen(customer, phone), p301={"221"}, p221={"301"})
    assert (await other.get("/monitors"))[1]["monitors"] == []
