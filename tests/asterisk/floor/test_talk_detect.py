"""Who talks, by sound: two phones that speak and are mute; monitors beside it in all modes, also after transfers; the
adapter killed. RTP keeps still throughout."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from adapter.lab.provision import Toolchain
from tests.asterisk.faults.support import killed
from tests.asterisk.topologies.test_transfers_heard import attached
from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen

PATIENCE = 60.0
"""Seconds that a busy machine may take."""
HOOKED = 6.5
"""Seconds after a change of a bridge by which the hooks are on again (`monitoring.talkdetect.settling`)."""


@pytest.fixture
async def floor(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab whose Asterisk tells who talks."""
    lab = Lab(toolchain, tmp_path)
    lab.conf.write_text(lab.conf.read_text() + "\n[talk]\ndetect = true\n")
    async with lab.running():
        yield lab


async def talk_of(client: Client, wanted: Callable[[Json], bool], number: str = "101") -> Json:
    """Wait until who talks in this agent's call is shown so."""
    end = time.monotonic() + PATIENCE
    while True:
        call = await client.call(number)
        found = call["talk"]
        if found is not None and wanted(found):
            return dict(found)
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_the_share_silence_and_both_at_once_and_rtp_that_keeps_still(floor: Lab) -> None:
    admin, sam = await floor.client("admin"), await floor.client("sam")
    await floor.phone("301")
    async with floor.tapped("101", "201") as taps:
        customer, agent = await floor.talk("201", "101")
        await customer.command("mute", "on")
        marks = [tap.mark() for tap in taps]
        first = await talk_of(admin, lambda talk: talk["agent_share"] is not None)
        assert first["agent_share"] >= 90
        assert (first["silent_since"], first["together_since"]) == (None, None)
        (own,) = await sam.calls()
        assert own["talk"] is None, "never for those in it"

        await agent.command("mute", "on")
        silent = await talk_of(admin, lambda talk: talk["silent_since"] is not None)
        assert silent["agent_share"] >= 90
        monitor = await admin.monitor(await admin.call("101"))
        await asyncio.sleep(0.5)
        for phone in (agent, customer):
            await phone.command("mute", "off")
        both = await talk_of(admin, lambda talk: talk["together_since"] is not None)
        assert both["silent_since"] is None
        for mode in ("silent", "whisper", "barge", "silent"):
            await admin.switch(monitor, mode)
            hears = {"silent": set(), "whisper": {"101"}, "barge": {"101", "201"}}[mode]
            assert_hears(
                await listen(agent, customer, floor.known("301")),
                p101={"201"} | ({"301"} if "101" in hears else set()),
                p201={"101"} | ({"301"} if "201" in hears else set()),
                p301={"101", "201"},
            )
        assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
        await talk_of(admin, lambda talk: 50 <= talk["agent_share"] < 100)
        for tap, mark in zip(taps, marks, strict=True):
            assert tap.trace(mark).seamless, "nothing of it shows in RTP: neither the hooks nor the monitor"
    assert "TALK_DETECT" not in floor.pbx.log.read_text()


@pytest.mark.timeout(420)
async def test_after_transfers_monitors_hear_both_and_are_heard(floor: Lab) -> None:
    """With hooks that stay on the channels they hear the agent only from the first unlucky transfer on, and so does who
    begins later (measured: 5 of 8)."""
    others = ("102", "103", "104")
    await floor.phones("101", "301", "302", *others)
    _, agent = await floor.talk("102", "101")
    supervisor, admin = floor.known("301"), await floor.client("admin")
    second, mona = floor.known("302"), await floor.client("mona")
    monitor = await admin.monitor(await admin.call("101"))
    wrong: list[str] = []
    for number in range(4):
        await asyncio.sleep(HOOKED)
        assert await hooked(floor) == 2, "both channels are listened to before it changes"
        now, then = floor.known(others[number % 3]), floor.known(others[(number + 1) % 3])
        mark = then.mark()
        await now.transfer(then.number)
        await then.seen("CALL_ESTABLISHED", mark)
        await attached(admin, monitor)
        if number % 2:
            await asyncio.sleep(HOOKED)
        beside = await mona.monitor(await mona.call("101"))
        await attached(mona, beside)
        both = {"101", then.number}
        try:
            assert_hears(await listen(agent, supervisor, second), p101={then.number}, p301=both, p302=both)
            mode = ("whisper", "barge")[number // 2 % 2]
            await admin.switch(monitor, mode)
            heard = await listen(agent, then, supervisor)
            hears = {"101", "301"} if mode == "barge" else {"101"}
            assert_hears({"x": heard[then.number]}, px=hears)
            assert_hears(heard, p101={then.number, "301"}, p301=both)
        except AssertionError as problem:
            wrong.append(f"{number}: {problem}")
        await admin.switch(monitor, "silent")
        assert (await mona.delete(f"/monitors/{beside['id']}"))[0] == 204
    assert not wrong
    assert "TALK_DETECT" not in floor.pbx.log.read_text()


async def hooked(lab: Lab) -> int:
    """On how many channels we have Asterisk tell who talks."""
    found = 0
    for line in (await lab.pbx.cli("core show channels concise")).splitlines():
        if line.startswith("PJSIP/"):
            found += "CALL_MONITOR_TALK=1" in await lab.pbx.cli(f"core show channel {line.partition('!')[0]}")
    return found


@pytest.mark.timeout(240)
async def test_after_the_adapters_death_it_is_told_again(floor: Lab) -> None:
    admin = await floor.client("admin")
    customer, _ = await floor.talk("201", "101")
    await customer.command("mute", "on")
    await asyncio.sleep(HOOKED)
    before = await talk_of(admin, lambda talk: talk["agent_share"] is not None)
    assert await hooked(floor) == 2
    await killed(floor)
    await floor.start_adapter()
    admin = await floor.client("admin")
    after = await talk_of(admin, lambda talk: talk["agent_share"] is not None)
    assert after["since"] > before["since"], "what was said meanwhile is not known, and not claimed"
    assert after["agent_share"] >= 90
    assert await hooked(floor) == 2
    await floor.known("101").hangup()
    await asyncio.sleep(1)
    assert "TALK_DETECT" not in floor.pbx.log.read_text(), "nothing was removed that was not there"


async def test_where_asterisk_lacks_the_function_calls_go_on_and_it_is_said_once(floor: Lab) -> None:
    assert "Unloaded" in await floor.pbx.cli("module unload func_talkdetect.so")
    admin = await floor.client("admin")
    await floor.talk("201", "101")
    await floor.talk("202", "102")
    await asyncio.sleep(HOOKED)
    assert (await admin.call("101"))["talk"] is None
    assert (floor.folder / "adapter.log").read_text().count("who talks can't be told") == 1
    await floor.phone("301")
    monitor = await admin.monitor(await admin.call("101"))
    assert monitor["state"] == "live"
