"""Calls that a program of ARI's put together: taken over, recorded, eavesdropped on by it."""

import time

from tests.asterisk.faults.support import channels
from tests.asterisk.topologies.support import no_call_of, shown
from tests.asterisk.topologies.test_audible import until_call, until_monitor
from tests.support.ari import APP, AriProgram
from tests.support.lab import Lab, assert_hears, listen


async def record(lab: Lab, program: AriProgram, bridge: str) -> str:
    """The program records the bridge, by a channel that joins it; the recording's name."""
    await lab.pbx.cli("module load chan_bridge_media.so")
    name = f"bridge-{time.monotonic_ns()}"
    await program.ask("POST", f"/bridges/{bridge}/record", name=name, format="wav")
    return name


async def test_after_a_take_over_nothing_of_the_released_agent_stays(lab: Lab) -> None:
    """Stasis doesn't hang an agent up whose customer was taken away: they would stay there, alone."""
    await lab.phones("101", "201", "301")
    admin = await lab.client("admin")
    agent, customer, supervisor = (lab.known(number) for number in ("101", "201", "301"))
    async with AriProgram.at(lab) as program:
        await program.mix(await program.call("201"), await program.call("101"))
        call = await admin.call("101")
        monitor = await admin.monitor(call, "barge")
        await until_call(admin, call, barge_reaches_customer=True)
        mark = agent.mark()
        status, taken = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
        assert (status, taken["ended_reason"]) == (200, "took_over"), taken
        await agent.seen("CALL_CLOSED", mark)
        await no_call_of(admin, "101")
        assert_hears(await listen(customer, supervisor), p201={"301"}, p301={"201"})
        left = [name for name in (await channels(lab)).values() if name.startswith("PJSIP/101-")]
        assert left == []


async def test_a_recorder_of_the_bridge_keeps_the_customer_from_hearing_who_joins(lab: Lab) -> None:
    """It joins the bridge without an event: two parties are mixed then, and barge finds no peer."""
    await lab.phones("101", "201", "301")
    admin = await lab.client("admin")
    agent, customer = lab.known("101"), lab.known("201")
    async with AriProgram.at(lab) as program:
        bridge = await program.mix(await program.call("201"), await program.call("101"))
        call = await admin.call("101")
        monitor = await admin.monitor(call)
        await until_call(admin, call, barge_reaches_customer=True)
        name = await record(lab, program, bridge)
        await admin.switch(monitor, "barge")
        assert (await admin.get(f"/calls/{call['id']}"))[1]["barge_reaches_customer"] is False, "asked at the switch"
        assert_hears(await listen(agent, customer), p101={"201", "301"}, p201={"101"})
        await program.ask("POST", f"/recordings/live/{name}/stop")
        await until_call(admin, call, barge_reaches_customer=True)


async def test_a_recorder_that_joins_while_somebody_barges_ends_that(lab: Lab) -> None:
    """Seen: the customer, whom barge had latched, went on hearing, and the API said that they don't."""
    await lab.phones("101", "201", "301")
    admin = await lab.client("admin")
    agent, customer = lab.known("101"), lab.known("201")
    async with AriProgram.at(lab) as program:
        bridge = await program.mix(await program.call("201"), await program.call("101"))
        call = await admin.call("101")
        monitor = await admin.monitor(call, "barge")
        await until_call(admin, call, barge_reaches_customer=True)
        stream = await admin.events()
        await record(lab, program, bridge)
        told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
        assert told["reason"] == "bridge_changed"
        await until_call(admin, call, barge_reaches_customer=False)
        assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
        await admin.switch(monitor, "barge")
        await until_monitor(admin, monitor, audible=True)
        assert (await admin.get(f"/calls/{call['id']}"))[1]["barge_reaches_customer"] is False
        assert_hears(await listen(agent, customer), p101={"201", "301"}, p201={"101"})


async def test_whoever_eavesdrops_by_a_snoop_changes_nothing_of_it(lab: Lab) -> None:
    """A snoop is another audiohook on the agent's channel: the bridge stays one of two, and the customer hears."""
    await lab.phones("101", "201", "301")
    admin = await lab.client("admin")
    agent, customer = lab.known("101"), lab.known("201")
    async with AriProgram.at(lab) as program:
        leg = await program.call("101")
        await program.mix(await program.call("201"), leg)
        call = await admin.call("101")
        snoop = await program.ask("POST", f"/channels/{leg}/snoop", spy="both", app=APP)
        await program.until("StasisStart", snoop["id"])
        name = f"snoop-{time.monotonic_ns()}"
        await program.ask("POST", f"/channels/{snoop['id']}/record", name=name, format="wav")
        monitor = await admin.monitor(call, "barge")
        await until_monitor(admin, monitor, audible=True)
        assert (await admin.get(f"/calls/{call['id']}"))[1]["barge_reaches_customer"] is True
        assert_hears(await listen(agent, customer), p101={"201", "301"}, p201={"101", "301"})
        assert [one["agent"]["extension"] for one in await admin.calls()] == ["101"], "a snoop is no call"
        await shown(admin, "101", "201", call["direction"])
