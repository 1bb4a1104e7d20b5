"""Plugs pulled for real: Asterisk killed, stopped and restarted, the adapter killed and stopped."""

import asyncio
import signal
import time

import pytest

from tests.support.client import Client
from tests.support.lab import Lab, assert_hears, listen


async def pbx_state(client: Client, wanted: str, deadline: float = 10) -> None:
    """Wait until the adapter says so."""
    end = time.monotonic() + deadline
    while (await client.get("/calls"))[1]["pbx"]["state"] != wanted:
        assert time.monotonic() < end, f"the PBX is not {wanted}"
        await asyncio.sleep(0.05)


async def legs(lab: Lab) -> list[str]:
    """The supervisors' legs that are up at Asterisk."""
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    return [line for line in lines if line.rpartition("!")[2].startswith("cm-")]


async def test_asterisk_killed_and_restarted_leaves_no_ghost(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    stream = await admin.events()
    call = await admin.call("101")
    monitor = await admin.monitor(call, "whisper")
    await own.pbx.kill()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] != "connected", deadline=5)
    assert (await admin.get("/calls"))[1]["calls"] == []
    status, body = await admin.post("/monitors", {"call_id": call["id"]})
    assert (status, body["code"]) == (503, "pbx_unavailable")
    assert (await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[0] == 503
    await own.pbx.start()
    await pbx_state(admin, "connected", 20)
    assert (await admin.until_ended(monitor))["ended_reason"] == "pbx_lost"
    assert (await admin.get("/calls"))[1]["calls"] == []
    for number in ("201", "101", "301"):
        await own.unregister(number)  # they still believe in calls that the PBX forgot
    await own.talk("201", "101")
    await own.phone("301")
    await admin.monitor(await admin.call("101"))


async def test_a_half_open_asterisk_is_noticed_and_nothing_fires_late(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    call = await admin.call("101")
    monitor = await admin.monitor(call)
    own.pbx.signal(signal.SIGSTOP)
    try:
        await pbx_state(admin, "connecting", 10)
        assert (await admin.post("/monitors", {"call_id": call["id"]}))[0] == 503
    finally:
        own.pbx.signal(signal.SIGCONT)
    await pbx_state(admin, "connected", 20)
    again = await admin.call("101")
    assert (again["id"], again["started_at"]) == (call["id"], call["started_at"])
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"
    await admin.switch(monitor, "whisper")
    assert len(await legs(own)) == 1


async def test_a_call_that_was_up_before_the_adapter_started_keeps_its_id(own: Lab) -> None:
    await own.talk("201", "101")
    admin = await own.client("admin")
    before = await admin.call("101")
    await own.adapter.stop()
    await own.start_adapter()
    after = await admin.call("101")
    for field in ("id", "conversation_id", "agent", "customer", "direction", "state", "barge_reaches_customer"):
        assert after[field] == before[field], field


async def test_a_clean_stop_ends_monitors_and_says_so_after_the_restart(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await own.adapter.stop()
    assert await legs(own) == []
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"


HEARD = {
    "silent": {"p101": {"201"}, "p201": {"101"}},
    "whisper": {"p101": {"201", "301"}, "p201": {"101"}},
    "barge": {"p101": {"201", "301"}, "p201": {"101", "301"}},
}


async def killed(lab: Lab) -> None:
    """SIGKILL for the adapter, once what happened is recorded: that is 20 ms behind."""
    await asyncio.sleep(0.5)
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()


@pytest.mark.parametrize("mode", ["silent", "whisper", "barge"])
async def test_a_killed_adapter_takes_its_monitors_up_again(own: Lab, mode: str) -> None:
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone("301")
    rang = supervisor.rang()
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), mode)
    await killed(own)
    everyone = (customer, agent, supervisor)
    expected = {**HEARD[mode], "p301": {"101", "201"}}
    assert_hears(await listen(*everyone), **expected)  # calls and monitors go on without the adapter
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["state"], again["mode"], again["started_at"]) == ("live", mode, monitor["started_at"])
    assert_hears(await listen(*everyone), **expected)
    await admin.switch(monitor, "whisper")
    await admin.switch(monitor, "silent")
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    assert supervisor.rang() == rang + 1
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    rows = (await admin.get("/audit?supervisor=admin"))[1]["entries"]
    assert [row["action"] for row in rows].count("monitor.started") == 1


async def test_killed_in_the_moment_of_going_live(own: Lab) -> None:
    """What was confirmed may not be recorded yet: the leg is taken up all the same, and in silence."""
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    stream, call = await admin.events(), await admin.call("101")
    _, monitor = await admin.post("/monitors", {"call_id": call["id"], "mode": "barge"})
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert again["state"] == "live"
    assert_hears(await listen(customer, agent), **HEARD[again["mode"]])
    rows = (await admin.get("/audit?supervisor=admin&action=monitor.started"))[1]["entries"]
    assert len(rows) == 1


async def test_a_clean_stop_leaves_monitors_running_where_the_setting_says_so(own: Lab) -> None:
    await own.adapter.stop()
    own.conf.write_text(own.conf.read_text().replace("[monitoring]", '[monitoring]\non_stop = "leave"'))
    await own.start_adapter()
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    await own.adapter.stop()
    assert len(await legs(own)) == 1
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["state"], again["mode"]) == ("live", "whisper")
    assert_hears(await listen(customer, agent), **HEARD["whisper"])


async def test_a_key_pressed_while_the_adapter_was_dead_is_undone(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await killed(own)
    await supervisor.dtmf("6")
    assert_hears(await listen(customer, agent), p101={"201", "301"}, p201={"101", "301"})
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_a_talk_whose_listeners_changed_while_the_adapter_was_dead_is_silent(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    other, supervisor = await own.phones("102", "301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await killed(own)
    mark = other.mark()
    await customer.transfer("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"
    assert_hears(await listen(agent, other), p101={"102"}, p102={"101"})
    await admin.switch(monitor, "barge")
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102", "301"}, p102={"101", "301"})


async def test_who_lost_the_right_while_the_adapter_was_dead_is_hung_up(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("302")
    mona, admin = await own.client("mona"), await own.client("admin")
    monitor = await mona.monitor(await mona.call("101"), "whisper")
    await killed(own)
    process = await asyncio.create_subprocess_exec(
        *own.adapter.command("user", "revoke", "mona", "--config", str(own.conf)), stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    await own.start_adapter()
    end = time.monotonic() + 5
    while await legs(own):
        assert time.monotonic() < end, "a leg without a right is still there"
        await asyncio.sleep(0.1)
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "permission_revoked"


async def test_a_monitor_that_ended_while_the_adapter_was_dead(own: Lab) -> None:
    customer, _ = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await killed(own)
    await customer.hangup()
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"
    assert (await admin.get("/monitors"))[1]["monitors"] == []


async def test_changes_on_the_command_line_act_at_once(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("302")
    mona = await own.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    process = await asyncio.create_subprocess_exec(
        *own.adapter.command("user", "revoke", "mona", "--config", str(own.conf)), stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    end = time.monotonic() + 5
    while await legs(own):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    admin = await own.client("admin")
    assert (await admin.until_ended(monitor))["ended_reason"] == "permission_revoked"
