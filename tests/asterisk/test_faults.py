"""Plugs pulled for real: Asterisk killed, stopped and restarted, the adapter killed and stopped."""

import asyncio
import signal
import time

from tests.support.client import Client
from tests.support.lab import Lab


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


async def test_a_killed_adapter_leaves_no_leg_behind_once_it_is_back(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    assert len(await legs(own)) == 1
    await own.start_adapter()
    end = time.monotonic() + 5
    while await legs(own):
        assert time.monotonic() < end, "a leg that belongs to nobody is still there"
        await asyncio.sleep(0.1)
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"


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
