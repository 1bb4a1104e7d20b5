"""How fast the first sound is in the browser, from the click; beside it stands the desk phone, in the same run."""

import statistics
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests.browser.conftest import chromium_path, speaking_flags
from tests.browser.phones import at_the_page, open_call
from tests.support.lab import Lab
from tests.support.pbxes import Several

STARTS = 8
CONNECTIONS = """
const Real = RTCPeerConnection;
window.connections = [];
window.RTCPeerConnection = function (...more) { const made = new Real(...more); connections.push(made); return made; };
window.RTCPeerConnection.prototype = Real.prototype;
"""
FIRST_SOUND = """async () => {
  const known = connections.length, began = performance.now();
  document.querySelector('button.toggle').click();
  for (;;) {
    const made = connections[known];
    for (const one of made ? (await made.getStats()).values() : []) {
      if (one.type === 'inbound-rtp' && one.totalAudioEnergy > 0) return performance.now() - began;
    }
    if (performance.now() - began > 10000) throw new Error('no sound');
    await new Promise(resolve => setTimeout(resolve, 3));
  }
}"""
"""Milliseconds from the click until sound with energy in it was played."""


async def starts(lab: Lab, desk: float) -> dict[str, dict[str, float]]:
    """`desk`: the median of the desk phone, milliseconds."""
    async with async_playwright() as playwright:
        flags = speaking_flags(Path("/dev/null"))
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        page = await at_the_page(browser, lab, script=CONNECTIONS)
        await open_call(page)
        found = [await _once(page) for _ in range(STARTS)]
        await browser.close()
    median = statistics.median(found)
    return {
        "click to first sound in the browser": {"median (ms)": median, "p95 (ms)": sorted(found)[-1]},
        "browser beside desk phone (aim: within 1.2)": {"ratio of medians": median / desk},
    }


async def moving(pair: Several) -> dict[str, dict[str, float]]:
    """Calls of two PBXes in turn, each clicked twice: where the page is registered elsewhere, and where it is there."""
    await pair.talk("201", "101")
    await pair.talk("221", "121")
    moved, there = [], []
    async with async_playwright() as playwright:
        flags = speaking_flags(Path("/dev/null"))
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        page = await at_the_page(browser, pair, script=CONNECTIONS)
        for start in range(STARTS):
            far = page.get_by_role("option").filter(has_text="Sam1")
            near = page.get_by_role("option").filter(has_text="Sam", has_not_text="Sam1")
            await (near if start % 2 else far).click()
            await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
            moved.append(await _once(page))
            there.append(await _once(page))
        await browser.close()
    one, other = statistics.median(moved), statistics.median(there)
    return {
        "registered at the PBX of the call": {"median (ms)": other, "p95 (ms)": sorted(there)[-1]},
        "registered at another PBX": {"median (ms)": one, "p95 (ms)": sorted(moved)[-1]},
        "another beside the call's own (aim: within 1.5)": {"ratio of medians": one / other},
    }


async def _once(page: Page) -> float:
    took: float = await page.evaluate(FIRST_SOUND)
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
    await expect(page.get_by_role("button", name="Call Monitoring")).to_be_enabled()
    return took
