"""Asterisk killed, stopped and restarted for real: told at once, no ghost after, and nothing fires late."""

import asyncio
import contextlib
import re
import signal
from pathlib import Path

import pytest

from adapter.errors import LabError
from tests.asterisk.faults.support import (
    legs,
    no_legs,
    pbx_state,
    refused_at_once,
    until,
    until_mode,
    until_ready,
    until_told_why,
)
from tests.support.lab import Lab, assert_hears, listen


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
    await refused_at_once(admin, call, monitor)
    await own.pbx.start()
    await pbx_state(admin, "connected", 20)
    assert (await admin.until_ended(monitor))["ended_reason"] == "pbx_lost"
    assert (await admin.get("/calls"))[1]["calls"] == []
    for number in ("201", "101", "301"):
        await own.unregister(number)  # they still believe in calls that the PBX forgot
    await own.talk("201", "101")
    await own.phone("301")
    await admin.monitor(await admin.call("101"))


async def frozen(lab: Lab, seconds: float) -> None:
    """Clicks at an Asterisk that is frozen: refused, and none of them is done when it thaws."""
    customer, agent = await lab.talk("201", "101")
    await lab.talk("202", "102")
    supervisor, idle = await lab.phones("301", "302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    call, other = await admin.call("101"), await admin.call("102")
    monitor = await admin.monitor(call, "barge")
    await admin.switch(monitor, "silent")
    path, rang = f"/monitors/{monitor['id']}", idle.rang()
    lab.pbx.signal(signal.SIGSTOP)
    try:
        clicks = [
            admin.patch(path, {"mode": "barge"}),
            mona.post("/monitors", {"call_id": other["id"], "mode": "barge"}),
        ]
        for status, body in await asyncio.gather(*clicks):
            assert (status, body["code"]) == (503, "pbx_unavailable")
        await pbx_state(admin, "connecting", 10)
        await refused_at_once(admin, other, monitor)
        await asyncio.sleep(seconds)
    finally:
        lab.pbx.signal(signal.SIGCONT)
    await pbx_state(admin, "connected", 20)
    again = await admin.call("101")
    assert (again["id"], again["started_at"]) == (call["id"], call["started_at"])
    assert (await admin.get(path))[1]["mode"] == "silent"
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    assert (len(await legs(lab)), idle.rang()) == (1, rang)
    await admin.switch(monitor, "whisper")
    assert_hears(await listen(customer, agent, supervisor), p101={"201", "301"}, p201={"101"})


async def test_frozen_and_thawed(own: Lab) -> None:
    await frozen(own, 0)


@pytest.mark.soak
async def test_frozen_for_half_a_minute(own: Lab) -> None:
    await frozen(own, 24)  # and the six seconds until it was noticed


@pytest.mark.soak
async def test_frozen_for_longer_than_monitors_wait(own: Lab) -> None:
    """They count as lost then (monitoring.lost_after_seconds, 30), and their legs are hung up when it thaws."""
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    own.pbx.signal(signal.SIGSTOP)
    try:
        assert (await admin.until_ended(monitor, 60))["ended_reason"] == "pbx_lost"
    finally:
        own.pbx.signal(signal.SIGCONT)
    await pbx_state(admin, "connected", 20)
    await no_legs(own)
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_a_take_over_that_was_clicked_while_frozen_is_not_done_later(own: Lab) -> None:
    """Else the agent would be cut off a call that the supervisor thinks was not taken over."""
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    own.pbx.signal(signal.SIGSTOP)
    try:
        status, body = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
        assert (status, body["code"]) == (503, "pbx_unavailable")
        await pbx_state(admin, "connecting", 10)
    finally:
        own.pbx.signal(signal.SIGCONT)
    await pbx_state(admin, "connected", 20)
    await admin.until(monitor["id"], "live")
    assert (await admin.call("101"))["state"] == "active"
    await until_mode(admin, monitor, "silent")  # a key may have been pressed
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_killed_under_load(own: Lab) -> None:
    """Calls come and go and modes switch while it dies: true answers, no ghost, no leg left over."""
    callers, agents = ("201", "202", "203"), ("102", "103", "104")
    await own.talk("204", "101")
    await own.phones("301", *callers, *agents)
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def churn(caller: str, agent: str) -> None:
        while not over.is_set():
            with contextlib.suppress(LabError):
                await own.known(caller).dial(agent)
                await asyncio.sleep(0.15)
                await own.known(caller).hangup()

    async def click() -> None:
        while not over.is_set():
            for mode in ("whisper", "barge", "silent"):
                status, body = await admin.patch(f"/monitors/{monitor['id']}", {"mode": mode})
                answers.append((status, body["code"] if status >= 400 else body["mode"]))

    work = asyncio.gather(click(), *(churn(*pair) for pair in zip(callers, agents, strict=True)))
    await asyncio.sleep(1.5)
    await own.pbx.kill()
    await pbx_state(admin, "down", 10)
    await until(lambda: answers[-1] == (503, "pbx_unavailable"))  # the one that was under way is unknown: 504
    over.set()
    await work
    fine = {(200, mode) for mode in ("silent", "whisper", "barge")}
    assert fine < {*answers}
    assert {*answers} - fine <= {(503, "pbx_unavailable"), (504, "pbx_timeout"), (409, "call_ended")}
    everyone = ("204", "101", "301", *callers, *agents)
    await asyncio.gather(*(own.unregister(number) for number in everyone))  # phones send again what was not answered
    await own.pbx.start()
    await pbx_state(admin, "connected", 20)
    assert (await admin.until_ended(monitor))["ended_reason"] == "pbx_lost"
    assert (await admin.get("/calls"))[1]["calls"] == []
    await no_legs(own)


async def test_a_wrong_secret(own: Lab) -> None:
    """Told in the log and by /readyz; asked again only after a long pause, for Asterisk counts it as an attack."""
    text = own.conf.read_text()
    await own.adapter.stop()
    own.conf.write_text(text.replace(own.pbx.ami_secret, "wrong"))
    await own.adapter.start()
    await until_ready(own, mentions="ami")
    admin = await own.client("admin")
    assert (await admin.get("/calls"))[1]["pbx"]["state"] != "connected"
    await refused_at_once(admin, {"id": "any"})
    log = own.folder / "adapter.log"
    await until(lambda: "Asterisk refused the AMI user 'call-monitor'" in log.read_text())
    assert own.pbx.ami_secret not in log.read_text()


async def test_rights_taken_away_in_manager_conf(own: Lab) -> None:
    """Sessions keep what they had until they end; then what is missing is found, told, and mended by itself."""
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    stream = await admin.events()
    conf = own.pbx.folder / "etc/manager.conf"
    before = conf.read_text()
    (ours,) = re.findall(r'#include "(.*manager_call_monitor.conf)"', before)
    less = own.pbx.folder / "etc/less.conf"
    poorer(Path(ours), less)
    try:
        conf.write_text(before.replace(ours, str(less)))
        await renew_session(own)
        await until_told_why(admin, "Originate")
        status, _ = await admin.post("/monitors", {"agent_extension": "101"})
        assert status in (502, 503)
        mark = len(stream.events)
        await own.known("201").hangup()  # nobody tells the adapter that this call is over
        await stream.until(lambda kind, data: kind == "call.removed", mark)
        assert (await admin.get("/calls"))[1]["calls"] == []
    finally:
        conf.write_text(before)
    await renew_session(own)
    await until_ready(own)
    await own.talk("201", "101")
    await admin.monitor(await admin.call("101"))


def poorer(ours: Path, less: Path) -> None:
    """The same AMI user without calls' events and without Originate."""
    text = ours.read_text()
    for line, rest in (
        ("read = call,dtmf,agent,user", "read = dtmf,agent,user"),
        ("write = call,originate,", "write = call,"),
    ):
        assert line in text
        text = text.replace(line, rest)
    less.write_text(text)


async def renew_session(lab: Lab) -> None:
    """Let Asterisk read manager.conf anew and end the adapter's session, so that the next gets the new rights."""
    await lab.pbx.cli("manager reload")
    listing = await lab.pbx.cli("manager show connected")
    for descriptor in re.findall(r"^\s*call-monitor\s+\S+\s+\d+\s+\d+\s+(\d+)", listing, re.M):
        await lab.pbx.cli(f"manager kick session {descriptor}")
