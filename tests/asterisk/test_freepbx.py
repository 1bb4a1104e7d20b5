"""Calls through a dialplan of FreePBX's shape: who is the agent, who the customer, which way, and who hears whom."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.support import forkserver
from tests.support.freepbx import FreePbxLab
from tests.support.lab import assert_hears, listen


@pytest.fixture(scope="module")
async def running(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FreePbxLab]:
    """That PBX, the adapter and the phones."""
    async with FreePbxLab(toolchain, tmp_path_factory.mktemp("freepbx")).running() as lab:
        yield lab


@pytest.fixture
async def freepbx(running: FreePbxLab) -> AsyncIterator[FreePbxLab]:
    """The same, without calls before and after."""
    yield running
    await running.tidy()


CALLS = {
    "to an extension, from outside": ("201", "101", "inbound", "201"),
    "to a queue, through Local/101@from-queue/n": ("201", "2025550199", "inbound", "201"),
    "to a ring group, through two Local channels": ("201", "2025550600", "inbound", "201"),
    "to an outside number, by a route and a trunk": ("101", "9201", "outbound", "201"),
    "between extensions": ("102", "101", "internal", "102"),
}
"""What: who dials what, the direction, the other one's number, as the entry of agent 101 has them."""


@pytest.mark.parametrize("what", CALLS)
async def test_a_call_is_shown_as_it_is_and_each_mode_reaches_whom_it_says(freepbx: FreePbxLab, what: str) -> None:
    caller, dialled, direction, customer = CALLS[what]
    other = next(number for number in (caller, customer) if number != "101")
    agent, far, supervisor = await freepbx.phones("101", other, "301")
    marks = agent.mark(), far.mark()
    await freepbx.known(caller).dial(dialled)
    await asyncio.gather(agent.seen("CALL_ESTABLISHED", marks[0]), far.seen("CALL_ESTABLISHED", marks[1]))
    admin = await freepbx.client("admin")
    call = await admin.call("101")
    assert (call["agent"]["extension"], call["customer"]["number"], call["direction"]) == ("101", customer, direction)

    monitor = await admin.monitor(call)
    heard = {"p101": {other}, f"p{other}": {"101"}, "p301": {"101", other}}
    assert_hears(await listen(agent, far, supervisor), **heard)
    await admin.switch(monitor, "whisper")
    assert_hears(await listen(agent, far, supervisor), **{**heard, "p101": {other, "301"}})
    await admin.switch(monitor, "barge")
    assert_hears(await listen(agent, far), p101={other, "301"}, **{f"p{other}": {"101", "301"}})
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204


async def test_star_codes_from_a_supervisors_phone(freepbx: FreePbxLab) -> None:
    """from-internal-custom is included by what all extensions use, so the codes can be dialled there."""
    agent, customer, supervisor = await freepbx.phones("101", "201", "301")
    marks = agent.mark(), customer.mark()
    await customer.dial("2025550199")
    await asyncio.gather(agent.seen("CALL_ESTABLISHED", marks[0]), customer.seen("CALL_ESTABLISHED", marks[1]))
    admin = await freepbx.client("admin")
    await admin.call("101")
    mark = supervisor.mark()
    await supervisor.dial("*55101")
    await supervisor.seen("CALL_ESTABLISHED", mark)
    assert_hears(await listen(agent, customer, supervisor), p101={"201"}, p201={"101"}, p301={"101", "201"})


async def test_the_doctor_names_freepbxs_own_fields(freepbx: FreePbxLab) -> None:
    """Lines that it advises for pjsip.conf would be gone at the next "Apply Config"."""
    file = freepbx.pbx.conf.parent / "pjsip.endpoint.conf"
    before = file.read_text()
    file.write_text(before.replace("direct_media=no", "direct_media=yes"))
    try:
        await freepbx.pbx.cli("module reload res_pjsip.so")
        await asyncio.sleep(1)  # the reload goes on behind its answer
        process = await forkserver.piped("doctor", "--json", "--config", str(freepbx.conf))
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        file.write_text(before)
        await freepbx.pbx.cli("module reload res_pjsip.so")
    found = [one["remedy"] for one in json.loads(output)["findings"] if "direct_media is on" in one["what"]]
    assert {(remedy["where"], *remedy["lines"], remedy["then"]) for remedy in found} == {
        (f"FreePBX, Extensions -> {number} -> Advanced", "Direct Media: No", "Apply Config")
        for number in ("101", "102", "301")
    }
