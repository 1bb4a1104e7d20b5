"""Nothing in the list of calls moves under the hand, and every call is shown in the end."""

import asyncio
from datetime import timedelta

import pytest
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
    top,
)
from tests.support.centre import Centre

__all__ = ["at", "place"]


FOLLOW = """element => {
  window.tops = new Set();
  const look = () => {
    tops.add(element.isConnected ? element.getBoundingClientRect().top : 'gone');
    requestAnimationFrame(look);
  };
  look();
}"""
"""Look at it in every frame, from now on."""
UNDER = """([x, y]) => {
  window.under = new Set();
  const look = () => {
    under.add(document.elementFromPoint(x, y).closest('li')?.dataset.key);
    requestAnimationFrame(look);
  };
  look();
}"""
"""What is at this point, in every frame."""


async def churn(place: Centre, times: int = 30) -> None:
    """Calls begin and end, 20 changes a second; the ten oldest stay."""
    for number in range(times):
        if number % 3 == 2:
            place.end(len(place.calls) // 2)
        else:
            place.begin()
        place.tell()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("sort", ["newest", "byAgent", "longest"])
async def test_neither_the_chosen_row_nor_what_is_under_the_pointer_moves(place: Centre, at: At, sort: str) -> None:
    """Seen: "newest first" moved the selected row by 372 px in 2 s."""
    talks(place, 14)
    page = await at()
    await page.get_by_label("Sort").select_option(sort)
    chosen = row(page, 5)
    await chosen.click()
    await chosen.evaluate(FOLLOW)
    over = await rows(page).nth(8).bounding_box()
    assert over
    point = [over["x"] + 30, over["y"] + 17]
    await page.mouse.move(*point)
    await page.evaluate(UNDER, point)
    await churn(place)
    assert len(await page.evaluate("[...tops]")) == 1
    assert len(await page.evaluate("[...under]")) == 1
    await page.mouse.move(1200, 400)
    await chosen.evaluate(FOLLOW)
    await churn(place)
    assert len(await page.evaluate("[...tops]")) == 1


async def test_new_calls_that_would_move_it_are_announced_and_shown_on_request(place: Centre, at: At) -> None:
    talks(place, 6)
    page = await at()
    await page.get_by_label("Sort").select_option("newest")
    await row(page, 2).click()
    await page.mouse.move(1200, 400)
    for seconds in (3, 2, 1):
        place.begin(ago=timedelta(seconds=seconds))
        place.tell()
    await expect(page.get_by_role("button", name="3 new calls")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="3 new calls")).to_have_count(1)
    await expect(rows(page)).to_have_count(6)
    await page.get_by_role("button", name="3 new calls").click()
    await expect(rows(page)).to_have_count(9)
    await expect(rows(page).first).to_contain_text("+12025550008")
    await expect(page.get_by_role("button", name="new call")).to_have_count(0)
    await expect(row(page, 2)).to_have_attribute("aria-selected", "true")


async def test_what_nobody_holds_is_shown_at_once(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await page.get_by_label("Sort").select_option("newest")
    place.begin()
    place.tell()
    await expect(rows(page).first).to_contain_text("+12025550003")
    await page.get_by_label("Sort").select_option("longest")
    await row(page, 0).click()
    place.begin()
    place.tell()
    await expect(rows(page).last).to_contain_text("+12025550004")
    await expect(page.get_by_role("button", name="new call")).to_have_count(0)


async def test_calls_that_come_below_what_is_seen_are_counted_too(place: Centre, at: At) -> None:
    talks(place, 30)
    page = await at()
    await expect(rows(page)).to_have_count(30)
    place.begin(ago=timedelta(seconds=1))  # of two that begin in the same millisecond either may be the first
    place.begin()
    place.tell()
    await expect(rows(page)).to_have_count(32)
    await page.get_by_role("button", name="2 new calls").click()
    await expect(row(page, 30)).to_be_in_viewport()
    await page.get_by_role("listbox").evaluate("list => list.scrollTo(0, 99999)")
    await expect(page.get_by_role("button", name="new call")).to_have_count(0)


async def test_a_call_that_ended_keeps_its_place_until_the_pointer_leaves(place: Centre, at: At) -> None:
    talks(place, 6)
    page = await at()
    below = row(page, 4)
    await below.hover()
    before = await top(below)
    place.end(1)
    place.tell()
    await expect(rows(page)).to_have_count(5)  # what has ended is no option
    await expect(page.locator("li.over")).to_contain_text("Ended")
    assert await top(below) == before
    await page.mouse.move(1200, 400)
    await expect(page.locator("li.over")).to_have_count(0)
    assert await top(below) == before - 34


async def test_a_call_that_ended_goes_after_a_few_seconds_under_a_pointer_at_rest(place: Centre, at: At) -> None:
    talks(place, 6)
    page = await at()
    await row(page, 1).hover()
    place.end(4)
    place.tell()
    await expect(page.locator("li.over")).to_have_count(1)
    await expect(page.locator("li.over")).to_have_count(0)


async def test_escape_gives_everything_its_place(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await page.get_by_label("Sort").select_option("newest")
    await expect(rows(page).first).to_contain_text("+12025550002")
    await page.get_by_role("listbox").focus()
    await page.keyboard.press("End")
    place.begin()
    place.tell()
    await expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(rows(page).first).to_contain_text("+12025550003")
    assert "+12025550000" in await page.evaluate(MARKED)


async def test_a_monitor_that_begins_elsewhere_does_not_cover_the_list(place: Centre, at: At) -> None:
    """On a narrow screen a finger may be about to come down; what is found when the page opens is shown."""
    talks(place, 3)
    page = await at(viewport=NARROW)
    await expect(rows(page)).to_have_count(3)
    client = await place.site.client("admin")
    await client.post("/monitors", {"call_id": (await client.calls())[1]["id"]})
    bar = page.get_by_role("region", name="My monitoring")
    await expect(bar).to_be_visible()
    await asyncio.sleep(0.5)
    await expect(rows(page).first).to_be_visible()
    await bar.get_by_role("button", name="Go to call").click()
    await expect(page.get_by_role("button", name="Call Monitoring")).to_be_visible()
    await page.get_by_role("button", name="Back to the list").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Call Monitoring")).to_be_visible()
