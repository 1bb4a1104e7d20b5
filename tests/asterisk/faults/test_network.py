"""Cables pulled for real: AMI and ARI reset, refused, and swallowed by a firewall, each without the other."""

from tests.asterisk.faults.conftest import Wired
from tests.asterisk.faults.support import legs, pbx_state, ready, refused_at_once, until_ready
from tests.support.lab import assert_hears, listen


async def test_ami_reset_and_refused_while_ari_is_up(wired: Wired) -> None:
    lab = wired.lab
    customer, agent = await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    stream, call = await admin.events(), await admin.call("101")
    monitor = await admin.monitor(call, "whisper")
    await wired.ami.unplug()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] != "connected")
    await refused_at_once(admin, call, monitor)
    status, problems = await ready(lab)
    assert (status, [problem.split(":")[0] for problem in problems]) == (503, ["ami"])
    await wired.ami.plug()
    await pbx_state(admin, "connected", 20)
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert (told["state"], told["reason"]) == ("live", "made_safe"), "a key may have been pressed meanwhile"
    assert (await admin.call("101"))["id"] == call["id"]
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_ami_swallowed_by_a_firewall(wired: Wired) -> None:
    lab = wired.lab
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    stream, call = await admin.events(), await admin.call("101")
    monitor = await admin.monitor(call, "whisper")
    wired.ami.block()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] != "connected")
    await refused_at_once(admin, call, monitor)
    await supervisor.dtmf("6")  # nobody tells the adapter
    assert_hears(await listen(customer, agent), p101={"201", "301"}, p201={"101", "301"})
    wired.ami.clear()
    await pbx_state(admin, "connected", 20)
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert (told["id"], told["reason"]) == (monitor["id"], "made_safe")
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_ari_refused_while_ami_is_up(wired: Wired) -> None:
    lab = wired.lab
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    await wired.ari.unplug()
    await until_ready(lab, mentions="ari")
    assert [problem.split(":")[0] for problem in (await ready(lab))[1]] == ["ari"]
    call = await admin.call("101")
    monitor = await admin.monitor(call)
    await admin.switch(monitor, "barge")
    assert_hears(await listen(customer, agent, supervisor), p201={"101", "301"}, p101={"201", "301"})
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    status, body = await admin.post("/softphone", {})
    assert (status, body["code"]) == (503, "pbx_unavailable")
    mark = supervisor.mark()
    await supervisor.dial("*55101")  # Asterisk knows nobody who would take it: said, and hung up
    await supervisor.seen("CALL_CLOSED", mark)
    assert await legs(lab) == []
    await wired.ari.plug()
    await until_ready(lab)


async def test_ari_swallowed_by_a_firewall(wired: Wired) -> None:
    """Whether the phone is there can't be asked then: it is found out by ringing it, a deadline later."""
    lab = wired.lab
    await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    wired.ari.block()
    await until_ready(lab, mentions="ari")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    wired.ari.clear()
    await until_ready(lab)
