"""Where the agent is up and nobody can be heard: while they confirm a call (Dial's U()), and parked. Then again."""

from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.asterisk.topologies.support import no_call_of, shown
from tests.asterisk.topologies.test_audible import until_call, until_monitor
from tests.support.lab import Lab, assert_hears, listen

CONFIRMED = """
[lab-outside](+)
exten => 8101,1,Dial(PJSIP/101,60,tU(confirm))
[confirm]
exten => s,1,Read(PRESSED,,1,,1,30)
 same => n,GotoIf($["${PRESSED}" = "1"]?taken)
 same => n,Set(GOSUB_RESULT=BUSY)
 same => n(taken),Return()
"""
"""Whoever is rung presses 1 to take the call: app_dial's U() runs on their channel before it is bridged."""


@pytest.fixture(scope="module")
async def confirming_lab(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """A lab whose 8101 asks 101 first."""
    async with Lab(toolchain, tmp_path_factory.mktemp("confirming"), {"extensions": CONFIRMED}).running() as lab:
        yield lab


@pytest.fixture
async def confirming(confirming_lab: Lab) -> AsyncIterator[Lab]:
    """The lab, empty before and after."""
    yield confirming_lab
    await confirming_lab.tidy()


async def test_while_the_agent_confirms_the_call_nobody_can_be_heard(confirming: Lab) -> None:
    lab = confirming
    agent, customer, supervisor = await lab.phones("101", "201", "301")
    admin = await lab.client("admin")
    mark = agent.mark()
    await customer.dial("8101")
    await agent.seen("CALL_ESTABLISHED", mark)
    call = await shown(admin, "101", "201", "inbound")
    monitor = await admin.monitor(call, "whisper")
    await until_monitor(admin, monitor, audible=False, mode="whisper")
    assert_hears(await listen(agent), p101=set())
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["audible"] is False
    assert (await admin.get(f"/calls/{call['id']}"))[1]["barge_reaches_customer"] is False
    await agent.dtmf("1")
    await until_call(admin, call, barge_reaches_customer=True)
    await until_monitor(admin, monitor, audible=True)
    heard = await listen(agent, customer, supervisor)
    assert_hears(heard, p201={"101"}, p301={"101", "201"})
    await admin.switch(monitor, "whisper")  # it went silent when somebody came into the bridge
    heard = await listen(agent, customer, supervisor)
    assert_hears(heard, p101={"201", "301"}, p201={"101"}, p301={"101", "201"})


async def test_while_the_agent_is_parked_nobody_can_be_heard(lab: Lab) -> None:
    """104 is parked by a colleague, with music, and taken back by another."""
    unparks, supervisor = await lab.phones("102", "301")
    agent, first = await lab.talk("104", "101")
    admin = await lab.client("admin")
    call = await shown(admin, "104", "101", "internal")
    monitor = await admin.monitor(call, "whisper")
    await until_monitor(admin, monitor, audible=True)
    await first.transfer("700")
    await no_call_of(admin, "101")
    await until_monitor(admin, monitor, audible=False)
    assert (await admin.get(f"/calls/{call['id']}"))[1]["barge_reaches_customer"] is False
    mark = unparks.mark()
    await unparks.dial("701")
    await unparks.seen("CALL_ESTABLISHED", mark)
    assert (await shown(admin, "104", "102", "internal"))["id"] == call["id"]
    await until_monitor(admin, monitor, audible=True, mode="silent")
    await admin.switch(monitor, "whisper")
    heard = await listen(agent, unparks, supervisor)
    assert_hears(heard, p104={"102", "301"}, p102={"104"}, p301={"104", "102"})
