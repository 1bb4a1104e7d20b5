"""The keys of the list: they act on the marked call, and the focus is never lost."""

import asyncio

from playwright.async_api import expect

from tests.browser.listed import (
    MARKED,
    NARROW,
    At,
    at,
    place,
    row,
    rows,
    talks,
)
from tests.browser.test_quality import assert_accessible
from tests.support.centre import NAMES, Centre

__all__ = ["at", "place"]


FOCUSED = "document.activeElement.getAttribute('aria-label')"


async def test_the_keyboard_is_at_the_list_from_the_start(place: Centre, at: At) -> None:
    talks(place, 30)
    page = await at()
    await expect(rows(page)).to_have_count(30)
    for key, number in (("ArrowDown", 1), ("End", 29), ("ArrowUp", 28), ("Home", 0), ("ArrowUp", 0)):
        await page.keyboard.press(key)
        assert f"+1202555{number:04}" in await page.evaluate(MARKED)
        await expect(row(page, number)).to_be_in_viewport(ratio=1)
    await page.keyboard.press("PageDown")
    assert await page.evaluate(MARKED) != await rows(page).first.inner_text()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="+12025550001")).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Inbox").click()
    await expect(page.get_by_role("listbox")).to_be_focused()


async def test_m_monitors_the_marked_call_and_no_other(place: Centre, at: At) -> None:
    talks(place, 4)
    page = await at()
    await row(page, 3).click()
    await expect(page.get_by_role("heading", name="+12025550003")).to_be_visible()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("m")
    await expect(page.get_by_role("heading", name="+12025550001")).to_be_visible()
    await expect(row(page, 1)).to_contain_text("Admin · silent")
    await expect(rows(page).filter(has_text="Admin")).to_have_count(1)


async def test_when_the_marked_call_ends_m_monitors_nothing_and_the_focus_stays(place: Centre, at: At) -> None:
    talks(place, 4)
    page = await at()
    await row(page, 3).click()
    await page.mouse.move(1200, 400)
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    place.end(1)
    place.tell()
    await expect(rows(page)).to_have_count(3)
    await page.keyboard.press("m")
    await page.keyboard.press("Enter")
    await asyncio.sleep(0.3)
    await expect(page.get_by_role("button", name="Call Monitoring")).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_role("heading", name="+12025550003")).to_be_visible()
    assert (await (await place.site.client("admin")).get("/monitors"))[1]["monitors"] == []
    assert await page.evaluate(FOCUSED) == "Active calls"
    await page.keyboard.press("ArrowDown")
    assert "+12025550002" in await page.evaluate(MARKED)
    for _ in range(3):
        place.end(0)
    place.tell()
    await expect(rows(page)).to_have_count(0)
    assert await page.evaluate(FOCUSED) == "Active calls"


async def test_with_nothing_marked_m_means_the_open_call(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await row(page, 1).click()
    await page.mouse.move(1200, 400)
    await page.keyboard.press("m")
    await expect(row(page, 1)).to_contain_text("Admin · silent")
    place.hold(2)
    place.tell()
    await page.get_by_role("radio", name="On hold").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("+12025550002")
    await page.keyboard.press("m")  # the focus is at the filter, not in the list
    monitoring = page.get_by_role("button", name="Call Monitoring")
    await expect(monitoring).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_role("heading", name="+12025550001")).to_be_visible()


async def test_after_the_marked_call_no_other_is_marked_by_itself(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await expect(rows(page)).to_have_count(3)
    await page.keyboard.press("ArrowDown")
    assert "+12025550001" in await page.evaluate(MARKED)
    place.end(1)
    place.tell()
    await expect(page.locator("li.over")).to_have_count(1)
    await expect(page.locator("li.over")).to_have_count(0)
    assert await page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") is None
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Choose a call from the list.")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    assert "+12025550002" in await page.evaluate(MARKED)


async def test_searching_filters_and_sorting_by_keyboard(place: Centre, at: At) -> None:
    talks(place, 6)
    place.hold(2)
    place.tell()
    page = await at()
    await expect(rows(page)).to_have_count(6)
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search calls")).to_be_focused()
    await page.keyboard.type("+1 202 555 0004")
    await expect(rows(page)).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="+12025550004")).to_be_visible()
    await page.get_by_label("Search calls").fill("nobody at all")
    await expect(page.get_by_text("No call matches the filter.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(rows(page)).to_have_count(6)
    show = page.get_by_role("radiogroup", name="Show")
    await show.get_by_role("radio", name="All 6").focus()
    await page.keyboard.press("ArrowRight")
    await expect(show.get_by_role("radio", name="My team 0")).to_be_checked()
    await expect(rows(page)).to_have_count(0)
    await page.keyboard.press("ArrowRight")
    await expect(show.get_by_role("radio", name="On hold 1")).to_be_focused()
    await expect(rows(page)).to_have_count(1)
    await show.get_by_role("radio", name="All").click()
    await page.get_by_label("Sort").select_option("byAgent")
    names = [await one.locator(".agent").inner_text() for one in await rows(page).all()]
    assert names == sorted(NAMES[:6])


async def test_the_keys_are_on_a_sheet(place: Centre, at: At) -> None:
    talks(place, 1)
    page = await at()
    sheet = page.get_by_role("dialog", name="Keyboard")
    await expect(page.get_by_role("listbox")).to_be_focused()
    await page.keyboard.press("?")
    await expect(sheet.get_by_role("heading", name="In the list")).to_be_visible()
    await assert_accessible(page, "dialog")
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(page.get_by_role("listbox")).to_be_focused()
    await page.get_by_role("button", name="Keyboard").click()
    await sheet.get_by_role("button", name="Close").click()
    await expect(sheet).to_have_count(0)


async def test_on_a_narrow_screen_the_panel_comes_over_the_list(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at(viewport=NARROW)
    await row(page, 1).click()
    await expect(page.get_by_role("heading", name="+12025550001")).to_be_in_viewport()
    await expect(page.get_by_role("listbox")).to_be_hidden()
    assert await page.evaluate(FOCUSED) == "Chosen call"
    await page.get_by_role("button", name="Back").click()
    await expect(row(page, 1)).to_be_visible()
    await expect(page.get_by_role("listbox")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_focused()
