"""Random hands at the three buttons: clicks, double clicks, keys, with confirmations that come late.

Whatever they do, each mode that talks and was asked for is one deliberate press, two are never nearer than the rest,
and a silence that was pressed last is silence at the phones.
"""

import asyncio
import random
from typing import Any, TypedDict

import pytest
from playwright.async_api import Browser, Page

from tests.browser.phones import assert_voice, at_the_page, open_call, start
from tests.support.lab import Lab

HANDS = 20
"""So many at one call: the phones' voices end after `lab.SECONDS`, and with them the call."""
REST = 0.6
"""Seconds (`REST_MS` of page/src/core/talk.ts)."""
KEYS = {"t": "whisper", "j": "barge", "s": "silent"}
NAMES = {"Talk to Agent": "whisper", "Join the call": "barge", "Return to silent monitoring": "silent"}
SPY = """
window.told = [];
const tell = (what, mode, more) => told.push({what, mode, at: performance.now() / 1000, ...more});
const MODES = {t: 'whisper', j: 'barge', s: 'silent'};
addEventListener('keydown', event => {
  if (MODES[event.key]) tell('press', MODES[event.key], {repeated: event.repeat});
}, true);
addEventListener('click', event => {
  const key = event.target.closest('.talk button')?.getAttribute('aria-keyshortcuts');
  if (key) tell('press', MODES[key], {repeated: event.detail > 1});
}, true);
const real = window.fetch;
window.fetch = async (...asked) => {
  if (asked[1]?.method !== 'PATCH') return real(...asked);
  tell('asked', JSON.parse(asked[1].body).mode);
  const answer = await real(...asked);
  await new Promise(done => setTimeout(done, window.late ?? 0));
  tell('answered', JSON.parse(asked[1].body).mode);
  return answer;
};
const put = RTCRtpSender.prototype.replaceTrack;
RTCRtpSender.prototype.replaceTrack = function (track) {
  tell(window.microphones?.has(track) ? 'opened' : 'closed', null);
  return put.call(this, track);
};
window.microphones = new Set();
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (...wanted) => {
  const stream = await ask(...wanted);
  stream.getAudioTracks().forEach(track => microphones.add(track));
  return stream;
};
"""
"""Writes down each press, each request and its answer (kept back for `late` milliseconds), and the microphone."""


class Told(TypedDict):
    """One of them."""

    what: str
    mode: str
    at: float
    repeated: bool


async def act(page: Page, chance: random.Random) -> None:
    """Something that a hurried hand does."""
    await page.evaluate("late => { window.late = late }", chance.choice([0, 0, 50, 300, 900]))
    what = chance.random()
    if what < 0.4:
        await page.keyboard.press(chance.choice("ttjjs"))
    elif what < 0.5:
        key = chance.choice("tj")
        for _ in range(3):
            await page.keyboard.down(key)
        await page.keyboard.up(key)
    else:
        button = page.get_by_role("button", name=chance.choice([*NAMES]), exact=True)
        clicks = chance.choice([1, 1, 2, 3])
        await button.click(click_count=clicks, delay=5, force=True)
    await asyncio.sleep(chance.choice([0, 0.02, 0.1, 0.4, 0.8]))


def check(told: list[Told]) -> int:
    """Every request that talks has its press; returns how many there were."""
    talks = [(place, one) for place, one in enumerate(told) if one["what"] == "asked" and one["mode"] != "silent"]
    used: set[int] = set()
    for place, ask in talks:
        # The second click of two may come before the request leaves: the microphone is asked for first.
        pressed = [at for at, one in enumerate(told[:place]) if one["what"] == "press" and one["mode"] == ask["mode"]]
        deliberate = [at for at in pressed if not told[at]["repeated"] and at not in used]
        assert deliberate, ask
        used.add(deliberate[-1])
        between = [one for one in told[deliberate[-1] : place] if one["what"] == "press" and one["mode"] == "silent"]
        assert not between, (ask, between)
        before = [one for one in told[:place] if one["what"] in ("asked", "answered")]
        assert not before or ask["at"] - before[-1]["at"] >= REST - 0.02, (ask, before[-1])
    hushed = False
    for one in told:
        hushed = one["mode"] == "silent" if one["what"] == "press" and one["mode"] == "silent" else hushed
        hushed = hushed and not (one["what"] == "asked" and one["mode"] != "silent")
        assert not (one["what"] == "opened" and hushed), "silence was pressed last, and the microphone opened"
    return len(talks)


async def hurry(lab: Lab, browser: Browser, seeds: range) -> int:
    """So many hands, one after the other, at one monitor. Returns how often one talked."""
    await lab.talk("201", "101")
    page = await at_the_page(browser, lab, script=SPY)
    await open_call(page)
    await start(page)
    talks = 0
    for seed in seeds:
        chance = random.Random(seed)
        await page.evaluate("told.length = 0")
        for _ in range(chance.randint(3, 6)):
            await act(page, chance)
        await page.keyboard.press("s")
        await asyncio.sleep(1.6)
        told: Any = await page.evaluate("told")
        talks += check(told)
        await page.get_by_text("Nobody hears you.").wait_for()
    await assert_voice(lab, p101=False, p201=False)
    await page.context.close()
    return talks


async def test_random_hands_open_no_microphone_that_was_not_asked_for(lab: Lab, speaking: Browser) -> None:
    assert await hurry(lab, speaking, range(HANDS)) > HANDS / 2


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1000, 1500, HANDS))
async def test_five_hundred_of_them(lab: Lab, speaking: Browser, first: int) -> None:
    assert await hurry(lab, speaking, range(first, first + HANDS)) > HANDS / 2
