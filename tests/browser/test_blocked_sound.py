"""Sound that the browser blocks until somebody clicks, with the browser's own defaults: no test opens it by a flag."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.phones import assert_voice, open_call, received, start, untouched
from tests.support.lab import Lab

BLOCKED = "Your browser plays no sound before you click."
ARRIVES = "Connected. Sound is arriving."


async def never_clicked(browser: Browser, lab: Lab, script: str = "") -> Page:
    """Mona's page, signed in by a cookie, in a browser whose page nobody has touched; don't look before it must."""
    mona = await lab.client("mona")
    context = await browser.new_context(base_url=lab.base, locale="en-US", permissions=["microphone"])
    cookies = [{"name": one.key, "value": one.value, "url": lab.base} for one in mona.http.cookie_jar]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    await context.add_init_script("localStorage.setItem('device', 'browser');" + script)
    page = await context.new_page()
    await page.goto("/")
    for _ in range(100):
        status, _ = await mona.post("/monitors", {"agent_extension": "101", "device": "browser"})
        if status == 201:
            break
        await asyncio.sleep(0.1)
    await untouched(lab)
    return page


async def test_a_page_that_was_never_clicked_says_so_and_sends_its_silence(lab: Lab, speaking: Browser) -> None:
    """Seen: "Connected. No sound yet." for good, and not one packet sent."""
    await lab.talk("201", "101")
    page = await never_clicked(speaking, lab)
    assert await received(lab, "blocked") < 2
    await expect(page.get_by_text(BLOCKED)).to_be_visible()
    await expect(page.get_by_text("Connected.")).to_have_count(0)
    await page.get_by_role("button", name="Click to hear").click()
    await expect(page.get_by_text(ARRIVES)).to_be_visible()
    await expect(page.get_by_role("button", name="Click to hear")).to_have_count(0)
    assert await received(lab, "clicked") < 2
    await page.get_by_role("button", name="Talk to Agent").click()
    await assert_voice(lab, p101=True, p201=False)
    await page.context.close()


@pytest.mark.parametrize("gesture", ["click", "key"])
async def test_any_gesture_helps(lab: Lab, speaking: Browser, gesture: str) -> None:
    await lab.talk("201", "101")
    page = await never_clicked(speaking, lab)
    await expect(page.get_by_text(BLOCKED)).to_be_visible()
    if gesture == "click":
        await page.mouse.click(400, 400)
    else:
        await page.keyboard.press("x")
    await expect(page.get_by_text(ARRIVES)).to_be_visible()
    await page.context.close()


async def test_a_browser_that_can_make_no_frames_sends_them_after_the_click(lab: Lab, speaking: Browser) -> None:
    """Those without Chromium's generator of tracks: until then Asterisk gets nothing, and the page claims nothing."""
    await lab.talk("201", "101")
    page = await never_clicked(speaking, lab, "delete window.MediaStreamTrackGenerator;")
    await expect(page.get_by_text(BLOCKED)).to_be_visible()
    await page.get_by_role("button", name="Click to hear").click()
    await expect(page.get_by_text(ARRIVES)).to_be_visible()
    assert await received(lab, "after") < 2
    await page.context.close()


async def test_loaded_clicked_and_heard(lab: Lab, speaking: Browser) -> None:
    """The usual way: who signs in has clicked."""
    await lab.talk("201", "101")
    mona = await lab.client("mona")
    context = await speaking.new_context(base_url=lab.base, locale="en-US")
    cookies = [{"name": one.key, "value": one.value, "url": lab.base} for one in mona.http.cookie_jar]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    page = await context.new_page()
    await page.goto("/")
    await open_call(page)
    await start(page)
    await context.close()
