"""Which call needs me, in a real browser: marked with the reason, sorted by it, told where it is wanted."""

from datetime import timedelta

from playwright.async_api import Page, expect

from tests.browser.listed import At, at, place, row, rows
from tests.support.centre import Centre

__all__ = ["at", "place"]

TOLD = """() => {
  window.told = [];
  window.Notification = class {
    static permission = 'granted';
    static requestPermission = () => Promise.resolve('granted');
    constructor(title, options) { told.push([title, options.body]); }
  };
}"""
"""Notifications are kept instead of shown: a browser without a desktop has no place for them."""


async def limit(page: Page, name: str, value: int) -> None:
    """Set one of the limits."""
    await page.get_by_role("button", name="Limits").click()
    await page.get_by_label(name).fill(str(value))
    await page.get_by_role("button", name="Done").click()


async def test_a_call_that_rings_for_long_is_marked_and_comes_first(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=300))
    place.begin(ago=timedelta(seconds=200))
    place.begin(ago=timedelta(seconds=60), ringing=True)
    place.tell()
    page = await at()
    await expect(row(page, 2)).to_contain_text("Rings too long")
    await expect(row(page, 0)).not_to_contain_text("too long")
    await page.get_by_label("Sort").select_option("needsMe")
    await expect(rows(page).first).to_contain_text("+12025550002")
    await limit(page, "Rings longer than (seconds)", 0)
    await expect(row(page, 2)).not_to_contain_text("Rings too long")
    await page.reload()
    await expect(rows(page)).to_have_count(3)
    await expect(row(page, 2)).not_to_contain_text("Rings too long")


async def test_a_notification_names_the_agent_and_no_customer(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=30))
    place.tell()
    page = await at()
    await page.evaluate(TOLD)
    await limit(page, "On hold longer than (seconds)", 1)
    await page.get_by_role("button", name="Limits").click()
    await page.get_by_label("Show a desktop notification").check()
    await page.keyboard.press("Escape")
    place.hold(0)
    place.tell()
    await expect(row(page, 0)).to_contain_text("On hold too long")
    await page.wait_for_function("told.length")
    assert await page.evaluate("told") == [["Ana María Fernández's call needs you", "On hold too long"]]


async def test_who_may_not_monitor_is_told_nothing(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=60), ringing=True)
    place.tell()
    page = await at()
    await expect(row(page, 0)).to_contain_text("Rings too long")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Username").fill("sam")
    await page.get_by_label("Password").fill("secret-sam")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("listbox", name="Active calls")).to_be_attached()
    await expect(page.get_by_role("button", name="Limits")).to_have_count(0)
    assert "needsMe" not in await page.get_by_label("Sort").inner_html()
