"""After a take-over the page is an ordinary phone, with sound proved at the customer's phone and at Asterisk."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, Dialog, Error, Locator, Page, expect

from adapter.asterisk import tones
from tests.browser.conftest import sign_in_by_hand
from tests.browser.phones import (
    GONE,
    a_browser_of_its_own,
    assert_voice,
    at_the_page,
    leg,
    open_call,
    received,
    start,
)
from tests.support.lab import Lab

TAKE_OVERS = int(os.environ.get("TAKE_OVERS", "5"))
"""In a row; by hand more."""
MUSIC = 350
"""The lab's music on hold, in hertz (`adapter.lab.pbx_conf`)."""
READY = "Ready: you can listen to calls in this browser."
RECORDS = """
window.tracks = [];
const asked = navigator.mediaDevices.getUserMedia;
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await asked.call(navigator.mediaDevices, wanted);
  tracks.push(...stream.getTracks());
  return stream;
};
"""
"""Keeps the tracks that the page was given, so that a test can see whether they are still open."""


async def take_over(page: Page, number: str = "201") -> Locator:
    """From silent to a call of one's own; what the page shows of it."""
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await page.get_by_role("button", name="Take over the call").click()
    await page.get_by_role("button", name="Yes, take over").click()
    region = page.get_by_role("region", name=f"You are talking with {number}")
    await expect(region).to_be_visible()
    return region


async def is_recording(page: Page) -> bool:
    """Whether any microphone track that the page was given is still open."""
    return bool(await page.evaluate("tracks.some(track => track.readyState === 'live')"))


async def test_taken_over_calls_are_spoken_in_and_hung_up(lab: Lab, speaking: Browser) -> None:
    """Seen: mute and without a way to hang up, five of five; one more run lost the leg after 0.3 s."""
    page = await at_the_page(speaking, lab, script=RECORDS)
    for number in range(TAKE_OVERS):
        kinds = (("201", "101"), ("101", "201"))
        customer, agent = await lab.talk(*kinds[number % 2])
        if number % 2:
            customer, agent = agent, customer
        await open_call(page)
        await start(page)
        marks = customer.mark(), agent.mark()
        region = await take_over(page)
        await agent.seen("CALL_CLOSED", marks[1])
        await expect(region.get_by_text("The customer hears you.")).to_be_visible()
        await assert_voice(lab, p201=True)
        await asyncio.sleep(1)
        assert await leg(lab)
        await assert_voice(lab, p201=True)
        assert await received(lab, f"taken-{number}") > 600
        await region.get_by_role("button", name="Hang up").click()
        await customer.seen("CALL_CLOSED", marks[0])
        await expect(region).to_have_count(0)
        await expect(page.get_by_text(READY)).to_be_visible()
        assert not await is_recording(page), "the microphone is released after the call"
    await page.context.close()


async def heard(lab: Lab, number: str, hertz: int) -> float:
    """How loud a tone is at a phone from now on."""
    await asyncio.sleep(0.6)
    phone = lab.known(number)
    ear = phone.ear()
    await asyncio.sleep(0.8)
    return tones.levels(phone.heard(ear), [hertz])[hertz]


async def test_mute_hold_and_resume_by_sound(lab: Lab, speaking: Browser) -> None:
    customer, _ = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    region = await take_over(page)
    await assert_voice(lab, p201=True)
    await region.get_by_role("button", name="Mute").click()
    await expect(region.get_by_text("You are muted: the customer doesn't hear you.")).to_be_visible()
    await assert_voice(lab, p201=False)
    assert await received(lab, "muted") < 2, "nothing of the microphone reaches even Asterisk"
    await region.get_by_role("button", name="Hold").click()
    await expect(region.get_by_text("On hold: the customer hears music and doesn't hear you.")).to_be_visible()
    assert await heard(lab, "201", MUSIC) > 200
    await region.get_by_role("button", name="Unmute").click()
    await assert_voice(lab, p201=False)
    assert await received(lab, "held") < 2
    await region.get_by_role("button", name="Resume").click()
    await expect(region.get_by_text("The customer hears you.")).to_be_visible()
    await assert_voice(lab, p201=True)
    assert await heard(lab, "201", MUSIC) < 60
    await expect(region.get_by_text("on", exact=True)).to_have_count(2)  # both meters: the customer's sound, and mine
    mark = customer.mark()
    await customer.hangup()
    await customer.seen("CALL_CLOSED", mark)
    await expect(region).to_have_count(0)
    await expect(page.get_by_text(READY)).to_be_visible()
    await page.context.close()


async def test_another_monitor_is_refused_and_leaving_is_asked_about(lab: Lab, speaking: Browser) -> None:
    customer, _ = await lab.talk("201", "101")
    await lab.talk("202", "102")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    await take_over(page)
    mona = await lab.client("mona")
    status, problem = await mona.post("/monitors", {"agent_extension": "102", "device": "browser"})
    assert (status, problem["code"]) == (409, "device_unavailable")
    await page.get_by_role("option").filter(has_text="Ana").click()
    await expect(page.get_by_text("Hang up before you monitor another call.")).to_be_visible()
    await expect(page.get_by_role("button", name="Call Monitoring")).to_be_disabled()
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.evaluate("location.reload()")
    await asyncio.sleep(1)
    assert asked == ["beforeunload"]
    await assert_voice(lab, p201=True)
    mark, began = customer.mark(), time.monotonic()
    await page.close()  # without asking
    await customer.seen("CALL_CLOSED", mark, GONE)
    print(f"a tab that is closed: the customer is hung up after {time.monotonic() - began:.1f} s")
    await page.context.close()


async def test_a_browser_that_dies_leaves_no_customer_in_silence(lab: Lab, tmp_path: Path) -> None:
    """Sooner than Asterisk notices that no sound comes (`rtp_timeout`, 20 s)."""
    customer, _ = await lab.talk("201", "101")
    context, playwright, pid = await a_browser_of_its_own(tmp_path)
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    page = await context.new_page()
    await sign_in_by_hand(page, "mona", lab.base)
    await open_call(page)
    await start(page)
    await take_over(page)
    mark, began = customer.mark(), time.monotonic()
    for process in (*psutil.Process(pid).children(recursive=True), psutil.Process(pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    await customer.seen("CALL_CLOSED", mark, GONE)
    print(f"a browser that is killed: the customer is hung up after {time.monotonic() - began:.1f} s")
    with contextlib.suppress(Error):
        await context.close()
    await playwright.stop()


@pytest.mark.timeout(90)
async def test_a_taken_over_call_outlives_the_adapter(own: Lab, speaking: Browser) -> None:
    """Sound goes straight to Asterisk: whoever talks goes on, and says goodbye."""
    await own.talk("201", "101")
    page = await at_the_page(speaking, own)
    await open_call(page)
    await start(page)
    region = await take_over(page)
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await expect(region.get_by_text("is interrupted and being restored")).to_be_visible()
    await assert_voice(own, p201=True)
    await own.start_adapter()
    await asyncio.sleep(3)
    await assert_voice(own, p201=True)
    await expect(region).to_be_visible()
    mark, began = own.known("201").mark(), time.monotonic()
    await region.get_by_role("button", name="Hang up").click()
    await expect(region).to_have_count(0)
    await expect(page.get_by_text(READY)).to_be_visible(timeout=20_000)
    await own.known("201").seen("CALL_CLOSED", mark, 45)
    print(f"hung up without its signalling: the customer's call ended after {time.monotonic() - began:.1f} s")
    await page.context.close()
