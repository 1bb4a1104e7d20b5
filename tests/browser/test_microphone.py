"""The microphone: asked for when one is to be heard, cut at once, watched, released; and what the page says of it.

A real unplugging can't be made here: the track is stopped by script and told that it ended, as the browser does.
"""

import asyncio
import time

from playwright.async_api import Browser, Page, expect

from tests.browser.phones import assert_voice, at_the_page, monitors, open_call, received, start, voice_at
from tests.browser.test_taken_over import RECORDS, is_recording
from tests.support.client import Client, Json
from tests.support.lab import Lab

LOSE = """() => {
  const track = tracks.at(-1);
  track.stop();
  track.dispatchEvent(new Event('ended'));
}"""
BACK = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
ASKED = """
window.asked = 0;
const before = navigator.mediaDevices.getUserMedia;
navigator.mediaDevices.getUserMedia = (...wanted) => {
  window.asked++;
  if (window.refuses) return Promise.reject(new DOMException('no', window.refuses));
  return before.apply(navigator.mediaDevices, wanted);
};
"""
"""Counts how often the page asks; it is refused while `refuses` names an error."""
SAMPLES = """
window.tones = [];
const begin = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  tones.push(this.frequency.value);
  return begin.apply(this, when);
};
"""
"""Writes down each tone that the page makes for its person."""


async def listening(lab: Lab, browser: Browser, script: str = "") -> Page:
    """Mona listens to 201 and 101."""
    await lab.talk("201", "101")
    page = await at_the_page(browser, lab, script=RECORDS + ASKED + script)
    await open_call(page)
    await start(page)
    return page


async def mine(lab: Lab) -> tuple[Client, Json]:
    """Mona's own hands elsewhere (the CRM, another tab), and her monitor."""
    mona = await lab.client("mona")
    (monitor,) = (await mona.get("/monitors"))[1]["monitors"]
    return mona, monitor


async def test_whisper_from_elsewhere_asks_for_the_microphone(lab: Lab, speaking: Browser) -> None:
    """Seen: the page said "Only the agent hears you", and nobody did."""
    page = await listening(lab, speaking)
    assert await page.evaluate("asked") == 0
    mona, monitor = await mine(lab)
    assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}))[0] == 200
    await assert_voice(lab, p101=True, p201=False)
    assert await page.evaluate("asked") == 1
    await expect(page.get_by_text("on", exact=True)).to_have_count(2)
    await page.context.close()


async def test_refused_elsewhere_is_said_and_tried_again(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    await page.evaluate("window.refuses = 'NotAllowedError'")
    mona, monitor = await mine(lab)
    await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"})
    await expect(page.get_by_text("Nobody hears you: the browser may not use your microphone.")).to_be_visible()
    await page.evaluate("window.refuses = 'NotFoundError'")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Nobody hears you: no microphone was found.")).to_be_visible()
    await assert_voice(lab, p101=False, p201=False)
    await page.evaluate("window.refuses = ''")
    await page.get_by_role("button", name="Try again").click()
    await assert_voice(lab, p101=True, p201=False)
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await page.context.close()


async def test_a_microphone_that_vanishes_is_told_and_found_again(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True, p201=False)
    await page.evaluate("window.refuses = 'NotFoundError'")
    await page.evaluate(LOSE)
    await expect(page.get_by_text("Nobody hears you: your microphone is gone.")).to_be_visible()
    assert await received(lab, "lost") < 2
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Nobody hears you: no microphone was found.")).to_be_visible()
    await page.evaluate("window.refuses = ''")
    await page.evaluate(BACK)  # it is plugged in again
    await assert_voice(lab, p101=True, p201=False)
    await page.context.close()


async def test_one_that_its_switch_mutes_is_told(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True, p201=False)
    mute = "Object.defineProperty(tracks.at(-1), 'muted', {value: %s, configurable: true});"
    await page.evaluate((mute % "true") + "tracks.at(-1).dispatchEvent(new Event('mute'))")
    await expect(page.get_by_text("Nobody hears you: your microphone is muted")).to_be_visible()
    await page.evaluate((mute % "false") + "tracks.at(-1).dispatchEvent(new Event('unmute'))")
    await expect(page.get_by_text("Nobody hears you: your microphone is muted")).to_have_count(0)
    await assert_voice(lab, p101=True, p201=False)
    await page.context.close()


async def test_a_silent_microphone_is_told_by_its_own_meter(lab: Lab, speaking: Browser) -> None:
    quiet = """
    const asks = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async (...wanted) => {
      if (!window.quiet) return asks.apply(navigator.mediaDevices, wanted);
      const context = new AudioContext(), out = context.createMediaStreamDestination();
      const zero = context.createConstantSource();
      zero.offset.value = 0; zero.connect(out); zero.start();
      return out.stream;
    };
    window.quiet = true;"""
    page = await listening(lab, speaking, quiet)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await expect(page.get_by_text("Your microphone picks up nothing")).to_be_visible()
    await expect(page.get_by_text("silent", exact=True)).to_be_visible()  # beside the row "You"
    await page.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Your microphone picks up nothing")).to_have_count(0)
    await page.context.close()


async def test_after_a_monitor_the_browsers_recording_sign_goes_out(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    assert not await is_recording(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    assert await is_recording(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
    assert not await is_recording(page)
    await page.context.close()


async def test_silence_cuts_within_the_same_task(lab: Lab, speaking: Browser) -> None:
    """Before any answer of the server: the request hangs, and the microphone is cut all the same."""
    page = await listening(lab, speaking)
    await page.get_by_role("button", name="Join the call").click()
    await assert_voice(lab, p101=True, p201=True)
    await page.route("**/api/v1/monitors/*", lambda route: asyncio.sleep(4))
    cut = """() => {
      [...document.querySelectorAll('button')].find(one => one.textContent.includes('Return to silent')).click();
      return tracks.map(track => track.enabled && track.readyState === 'live');
    }"""
    assert not any(await page.evaluate(cut))
    await assert_voice(lab, p101=False, p201=False)
    assert await received(lab, "cut") < 2
    (monitor,) = (await (await lab.client("mona")).get("/monitors"))[1]["monitors"]
    assert monitor["mode"] == "barge"
    await page.context.close()


async def test_choosing_another_while_talking(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True, p201=False)
    await page.get_by_role("button", name="Sound").click()
    microphones = page.get_by_label("Microphone")
    ids = await microphones.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert len(ids) > 1, "Chromium's fake devices"
    await microphones.select_option(ids[-1])
    await asyncio.sleep(1)
    assert await page.evaluate("tracks.filter(track => track.readyState === 'live').length") == 1
    await assert_voice(lab, p101=True, p201=False)
    await page.evaluate("window.refuses = 'NotReadableError'")
    await microphones.select_option("default")
    await expect(page.get_by_text("This microphone could not be opened.")).to_be_visible()
    await expect(microphones).to_have_value(ids[-1])
    await assert_voice(lab, p101=True, p201=False)
    fails = "() => Promise.reject(new DOMException('no', 'AbortError'))"
    await page.evaluate(f"() => {{ HTMLMediaElement.prototype.setSinkId = {fails} }}")
    speakers = page.get_by_label("Speaker")
    await speakers.select_option(index=1)
    await expect(page.get_by_text("This speaker could not be used.")).to_be_visible()
    await expect(speakers).to_have_value("default")
    await page.context.close()


async def test_a_tone_of_its_own_that_the_line_never_gets(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking, SAMPLES)
    assert await page.evaluate("tones") == []
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    end = time.monotonic() + 5
    while not await page.evaluate("tones.length"):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    await page.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.get_by_role("button", name="Sound").click()
    await page.get_by_label("Play a tone when I can be heard").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True, p201=False)
    assert await page.evaluate("[tones.length, localStorage.getItem('tone')]") == [1, "off"]
    await page.context.close()


async def test_the_levels_move(lab: Lab, speaking: Browser) -> None:
    page = await listening(lab, speaking)
    highest = """kind => Math.max(...[...document.querySelector(`.wave.${kind} path`).getAttribute('d')
      .matchAll(/M[\\d.]+ ([\\d.]+)V([\\d.]+)/g)].map(([, top, bottom]) => bottom - top))"""
    await asyncio.sleep(1)
    assert await page.evaluate(highest, "call") > 10
    assert await page.evaluate(highest, "you") < 2
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True)
    assert await page.evaluate(highest, "you") > 10
    assert voice_at(lab, "201") < 60
    assert len(await monitors(lab)) == 1
    await page.context.close()
