"""axe finds nothing at all: in each state of a call and each dialog, narrow and wide, light and dark, in two languages.

The account's pages are in test_account_pages.py, the list's in test_list.py.
"""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.listed import NARROW, WIDE
from tests.browser.phones import at_the_page
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab

BOTH = (("en", "light"), ("de", "dark"))
"""Contrast is the scheme's, names are the language's: each is looked at once."""


async def speaks(page: Page, language: str) -> None:
    """The page in this language."""
    await page.get_by_label("Language").select_option(language)
    await expect(page.locator(f"html[lang={language}] .rail")).to_be_visible()


async def look(page: Page) -> None:
    """axe at a wide and at a narrow window."""
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await assert_accessible(page)
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]


async def dialog(page: Page, opener: str) -> None:
    """The dialog that this opens, looked at and left."""
    await page.locator(opener).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def press(page: Page, key: str) -> None:
    """One of the three buttons, until it is confirmed and the group is free again."""
    await page.locator(f".talk button[aria-keyshortcuts={key}][aria-disabled=false]").click()
    await expect(page.locator(f".talk button[aria-keyshortcuts={key}].toned")).to_be_visible()
    await expect(page.locator(".talk button[aria-disabled=false]").first).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), BOTH)
async def test_nothing_in_any_state_of_a_call(lab: Lab, speaking: Browser, language: str, scheme: str) -> None:
    for caller, called in (("201", "101"), ("202", "102"), ("104", "103")):
        await lab.talk(caller, called)
    page = await at_the_page(speaking, lab)
    await speaks(page, language)
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await look(page)
    await page.get_by_role("option").filter(has_text="Sam").click()
    await expect(page.locator(".panel .hint")).to_be_visible()
    await look(page)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look(page)
    await page.keyboard.press("Escape")
    await expect(page.locator(".toggle[aria-disabled=false]")).to_be_visible()
    await page.locator(".toggle").click()
    await expect(page.locator(".sentence.silent")).to_be_visible()
    await look(page)
    await dialog(page, ".phonebox button")
    await press(page, "t")
    await expect(page.locator(".sentence.whisper")).to_be_visible()
    await look(page)
    await page.get_by_role("option").filter(has_text="Ana").click()
    await expect(page.locator(".sentence.whisper")).to_be_visible()
    await look(page)
    await page.locator(".bar .acts button").first.click()
    await press(page, "j")
    await expect(page.locator(".sentence.barge")).to_be_visible()
    await look(page)
    await dialog(page, ".panel footer [aria-haspopup]")
    await dialog(page, ".rail > button:last-of-type")
    await page.locator(".panel footer [aria-haspopup]").click()
    await page.locator("dialog .danger").click()
    await expect(page.locator(".talking-with")).to_be_visible()
    await look(page)
    await page.locator(".talking-with button").nth(1).click()
    await look(page)
    await page.goto("/#/account")
    await look(page)
    await page.context.close()


@pytest.mark.parametrize(("language", "scheme"), BOTH)
async def test_nothing_for_the_agent_in_an_outage_and_in_the_rail(
    own: Lab, sign_in_own: SignIn, language: str, scheme: str
) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    api = await own.client("admin")
    (call,) = (await api.get("/calls"))[1]["calls"]
    pages: list[Page] = []
    for who in ("admin", "sam"):
        page = await sign_in_own(who, color_scheme=scheme)
        await speaks(page, language)
        pages.append(page)
    admin, sam = pages
    await dialog(admin, ".rail [aria-haspopup]")
    started = (await api.post("/monitors", {"call_id": call["id"]}))[1]
    await expect(admin.locator(".bar.silent time")).to_have_text("00:02")
    for mode in ("whisper", "barge"):
        await api.patch(f"/monitors/{started['id']}", {"mode": mode})
        await expect(sam.locator(f".told .{mode}")).to_be_visible()
        await look(sam)
    await admin.locator(".bar .acts button").first.click()
    await look(admin)
    await own.adapter.stop()
    for page in pages:
        await expect(page.locator(".told .warning")).to_be_visible()
        await look(page)
