"""The page as a phone: listening, whispering, joining with nothing but a browser, and sound proved at real phones."""

import asyncio
import contextlib
import re
import signal
import time
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, Error, expect

from tests.browser.conftest import VOICE, sign_in_by_hand
from tests.browser.phones import (
    GONE,
    a_browser_of_its_own,
    assert_voice,
    at_the_page,
    leaves,
    leg,
    monitors,
    open_call,
    received,
    start,
    untouched,
)
from tests.browser.test_quality import assert_accessible
from tests.support.lab import TONES, Lab, assert_hears, listen

ULAW_ONLY = """
const real = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description, ...more) {
  const opus = /a=rtpmap:(\\d+) opus/.exec(description.sdp)?.[1];
  const sdp = description.sdp.replace(new RegExp(`^(m=audio .*?) ${opus}\\\\b`, "m"), "$1");
  return real.call(this, { type: description.type, sdp }, ...more);
};
"""
"""A browser that leaves opus out of Asterisk's offer."""


@pytest.mark.parametrize("codec", ["opus", "ulaw"])
async def test_listen_whisper_join_and_back_in_a_browser(lab: Lab, speaking: Browser, codec: str) -> None:
    customer, agent = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab, script=ULAW_ONLY if codec == "ulaw" else "")
    await open_call(page)
    await start(page)
    assert codec in await lab.pbx.cli(f"core show channel {await leg(lab)}")
    assert await received(lab, f"{codec}-first") < 2, "before the microphone was asked for"
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)
    await assert_accessible(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=False)
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=True)
    assert await received(lab, f"{codec}-talking") > 600
    await page.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await assert_voice(lab, p101=False, p201=False)
    assert await received(lab, f"{codec}-silent") < 2, "in silence nothing of the microphone reaches even Asterisk"
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
    await page.context.close()


async def test_without_a_microphone_one_listens_and_is_told_why_not_more(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab, microphone=False)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_role("alert").filter(has_text="Without a microphone")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.context.close()


async def test_a_page_that_is_closed_ends_its_monitor_within_ten_seconds(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    began = time.monotonic()
    await page.close()
    while await monitors(lab):
        assert time.monotonic() - began < GONE
        await asyncio.sleep(0.1)
    await page.context.close()


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_browser_that_dies_or_falls_silent(lab: Lab, tmp_path: Path, how: str) -> None:
    """Killed: a crash. Frozen: nothing comes any more and nothing says so, as when the network is lost."""
    await lab.talk("201", "101")
    context, playwright, pid = await a_browser_of_its_own(tmp_path)
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    page = await context.new_page()
    await sign_in_by_hand(page, "mona", lab.base)
    await open_call(page)
    await start(page)
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    began = time.monotonic()
    while await monitors(lab):
        assert time.monotonic() - began < GONE
        await asyncio.sleep(0.1)
    print(f"{how}: the monitor ended after {time.monotonic() - began:.1f} s")
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    with contextlib.suppress(Error):
        await context.close()
    await playwright.stop()


async def test_three_supervisors_two_browsers_and_a_desk_phone(lab: Lab, speaking: Browser) -> None:
    customer, agent = await lab.talk("201", "101")
    admin = await lab.client("admin")
    users = (await admin.get("/users"))[1]["users"]
    ana = next(user for user in users if user["username"] == "ana")
    await admin.patch(f"/users/{ana['id']}", {"can_monitor": True})
    desk = await lab.phone("301")
    try:
        one, two = await at_the_page(speaking, lab), await at_the_page(speaking, lab, "ana")
        for page in (one, two):
            await open_call(page)
            await start(page)
        await admin.monitor(await admin.call("101"), "whisper")
        await two.get_by_role("button", name="Join the call").click()
        await expect(two.get_by_text("Sam and the customer hear you.")).to_be_visible()
        await assert_voice(lab, p101=True, p201=True)
        heard = await listen(customer, agent, desk)
        assert heard["101"]["301"] > 3000
        assert heard["201"]["301"] < 120
        await two.get_by_role("button", name="Return to silent monitoring").click()
        await expect(two.get_by_text("Nobody hears you.")).to_be_visible()
        await assert_voice(lab, p101=False, p201=False)
        assert len((await admin.get("/monitors"))[1]["monitors"]) == 3
        for page in (one, two):
            await page.context.close()
    finally:
        await admin.patch(f"/users/{ana['id']}", {"can_monitor": False})


@pytest.mark.timeout(90)
async def test_after_a_restart_of_asterisk_the_page_is_a_phone_again(own: Lab, speaking: Browser) -> None:
    page = await at_the_page(speaking, own)
    await own.talk("202", "101")
    await open_call(page)
    await own.pbx.kill()
    await expect(page.get_by_text("Ready: you can listen")).to_have_count(0)
    await own.pbx.start()
    for number in ("202", "101"):
        await own.unregister(number)
    await own.talk("201", "101")
    await page.get_by_role("option").filter(has_text="Sam").click()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible(timeout=30_000)
    await start(page)
    await page.context.close()


@pytest.mark.timeout(90)
async def test_after_a_death_of_the_adapter_the_page_is_a_phone_again(own: Lab, speaking: Browser) -> None:
    page = await at_the_page(speaking, own)
    await own.talk("201", "101")
    await open_call(page)
    await start(page)
    (before,) = await endpoints(own)
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await expect(page.get_by_text("who hears you is not known")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_have_count(0)
    await expect(page.get_by_role("button", name="Talk to Agent")).to_be_disabled()
    await own.start_adapter()
    await expect(page.get_by_text("who hears you is not known")).to_have_count(0, timeout=30_000)
    await expect(page.get_by_role("button", name="Call Monitoring", pressed=False)).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible(timeout=30_000)
    assert before not in await endpoints(own)
    await expect(page.get_by_role("option").filter(has_text="Sam")).to_be_visible()
    await start(page)
    await page.context.close()


async def test_a_reload_listens_again_in_silence(lab: Lab, speaking: Browser) -> None:
    customer, agent = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    (before,) = await monitors(lab)
    asked = leaves(page)
    await page.reload()
    assert asked == ["beforeunload"]
    await untouched(lab, before)
    await page.get_by_role("button", name="Click to hear").click()
    await expect(page.get_by_text("Connected. Sound is arriving.")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(
        page.get_by_text("This page lost the call for a moment and is listening again, silently.")
    ).to_be_visible()
    (after,) = await monitors(lab)
    assert before != after
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)
    await page.context.close()


async def endpoints(lab: Lab) -> set[str]:
    """The ephemeral endpoints that Asterisk knows."""
    return set(re.findall(r"Endpoint: +(cm-web-[0-9a-f-]+)", await lab.pbx.cli("pjsip show endpoints")))


async def test_a_right_that_is_lost_and_a_sign_out_close_the_phone(lab: Lab, speaking: Browser) -> None:
    before = await endpoints(lab)
    page = await at_the_page(speaking, lab)
    admin = await lab.client("admin")
    await lab.talk("201", "101")
    await open_call(page)
    assert len(await endpoints(lab) - before) == 1
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    end = time.monotonic() + 5
    while await endpoints(lab) - before:
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    mona = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "mona")
    other = await at_the_page(speaking, lab)
    await open_call(other)
    await start(other)
    await admin.patch(f"/users/{mona['id']}", {"can_monitor": False})
    try:
        end = time.monotonic() + 5
        while await endpoints(lab) - before or await monitors(lab):
            assert time.monotonic() < end
            await asyncio.sleep(0.2)
    finally:
        await admin.patch(f"/users/{mona['id']}", {"can_monitor": True})
    await other.context.close()
    await page.context.close()
    assert VOICE not in TONES.values()
