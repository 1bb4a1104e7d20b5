"""The page as a phone where there are several PBXes: it registers at that of the call, at the click."""

import asyncio

from playwright.async_api import Browser, Page, expect

from adapter.asterisk import tones
from adapter.lab.phones import Phone
from tests.browser.conftest import VOICE, speaking
from tests.browser.phones import at_the_page
from tests.support.pbxes import Several

__all__ = ["speaking"]

READY = "Ready: you can listen to calls in this browser."


async def choose(page: Page, agent: str, but: str = "Nobody") -> None:
    await page.get_by_role("option").filter(has_text=agent, has_not_text=but).click()


async def listens(page: Page) -> None:
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(page.get_by_text("Connected. Sound is arriving.")).to_be_visible()


async def assert_voice(*heard: tuple[Phone, bool]) -> None:
    """Which phones hear the browser's tone."""
    await asyncio.sleep(1.5)
    for phone, wanted in heard:
        level = tones.levels(phone.heard()[-12_800:], [VOICE])[VOICE]
        assert (level > 600) if wanted else (level < 60), f"{phone.number}: {level:.0f}"


async def test_one_page_listens_to_calls_of_either_pbx_and_talks_to_their_agents(
    pair: Several, speaking: Browser
) -> None:
    near, far = await pair.talk("201", "101"), await pair.talk("221", "121")
    page = await at_the_page(speaking, pair)
    await choose(page, "Sam1")
    await expect(page.get_by_text(READY)).to_be_visible()
    await page.get_by_role("button", name="Call Monitoring").click()
    await listens(page)
    await assert_voice((far[0], False), (far[1], False))
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam1 hears you.")).to_be_visible()
    await assert_voice((far[0], False), (far[1], True), *((phone, False) for phone in near))
    await choose(page, "Sam", but="Sam1")
    await page.get_by_role("button", name="Switch to this call").click()
    await listens(page)
    await assert_voice(*((phone, False) for phone in (*near, *far)))
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await assert_voice((near[0], False), (near[1], True), *((phone, False) for phone in far))
    await page.context.close()


async def test_a_reload_listens_again_at_the_pbx_of_the_call(pair: Several, speaking: Browser) -> None:
    await pair.talk("221", "121")
    page = await at_the_page(speaking, pair)
    await choose(page, "Sam1")
    await expect(page.get_by_text(READY)).to_be_visible()
    await page.get_by_role("button", name="Call Monitoring").click()
    await listens(page)
    await page.reload()
    await listens(page)
    await page.context.close()


async def test_a_second_tab_has_the_phone_of_the_first_go_where_the_call_is(pair: Several, speaking: Browser) -> None:
    """And the first tab, which is the phone, holds the leg."""
    await pair.talk("221", "121")
    page = await at_the_page(speaking, pair)
    await choose(page, "Sam1")
    await expect(page.get_by_text(READY)).to_be_visible()
    other = await page.context.new_page()
    await other.goto("/")
    await choose(other, "Sam1")
    await expect(other.get_by_role("button", name="Use this tab as my phone")).to_be_visible()
    await other.get_by_role("button", name="Call Monitoring").click()
    await listens(page)
    await page.context.close()
