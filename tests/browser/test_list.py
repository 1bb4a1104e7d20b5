"""The list of calls in a real browser: how much of it is seen, that it keeps still under the hand, and its keys."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_quality import assert_accessible
from tests.support.centre import NAMES, Centre, centre
from tests.support.lab import Lab

AGENTS = 12
BAR = 44
"""Pixels of the bar that stands above everything while one monitors."""
EVERYTHING = ("minor", "moderate", "serious", "critical")
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 360, "height": 720}
At = Callable[..., Awaitable[Page]]
LONGEST, NEWEST = "longest", "newest"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Centre]:
    """A call centre in which nobody talks yet."""
    async with centre(f"sqlite+aiosqlite:///{tmp_path}/data.sqlite", AGENTS) as made:
        yield made


@pytest.fixture
async def at(place: Centre, chromium: Browser) -> AsyncIterator[At]:
    """Its administrator at a browser; nothing may go wrong in its console."""
    contexts = []
    problems: list[str] = []

    async def open_page(**options: Any) -> Page:
        context = await chromium.new_context(base_url=place.site.base, locale="en-US", **{"viewport": WIDE, **options})
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto("/")
        await page.get_by_label("Username").fill("admin")
        await page.get_by_label("Password").fill("secret-admin")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("listbox", name="Active calls")).to_be_attached()
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert problems == []


def talks(place: Centre, count: int, apart: int = 20) -> None:
    """So many calls, the oldest first."""
    for number in range(count):
        place.begin(ago=timedelta(seconds=apart * (count - number)))
        place.tell()


def rows(page: Page) -> Locator:
    """The calls that are shown."""
    return page.get_by_role("listbox", name="Active calls").get_by_role("option")


def row(page: Page, number: int) -> Locator:
    """The row of the call with this number, from 0."""
    return rows(page).filter(has_text=f"+1202555{number:04}")


async def top(found: Locator) -> float:
    """How far from the top of the window it is, pixels."""
    box = await found.bounding_box()
    assert box
    return box["y"]


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
FOCUSED = "document.activeElement.getAttribute('aria-label')"
MARKED = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.innerText"


async def churn(place: Centre, times: int = 30) -> None:
    """Calls begin and end, 20 changes a second; the ten oldest stay."""
    for number in range(times):
        if number % 3 == 2:
            place.end(len(place.calls) // 2)
        else:
            place.begin()
        place.tell()
        await asyncio.sleep(0.05)


async def test_twenty_calls_are_in_view_each_in_one_line(place: Centre, at: At) -> None:
    talks(place, 30)
    page = await at()
    await expect(rows(page)).to_have_count(30)
    inbox = await page.get_by_role("main").bounding_box()
    assert inbox
    await page.set_viewport_size({"width": 1440, "height": round(900 + 900 - BAR - inbox["height"])})
    listed = await page.get_by_role("listbox").bounding_box()
    boxes = [await one.bounding_box() for one in await rows(page).all()]
    assert listed
    assert {box and box["height"] for box in boxes} == {34}
    seen = [box for box in boxes if box and box["y"] + box["height"] <= listed["y"] + listed["height"]]
    assert len(seen) >= 20
    assert seen[0]["width"] > 500


@pytest.mark.parametrize("touch", [True, False])
async def test_two_lines_and_room_for_a_finger_on_a_narrow_screen(place: Centre, at: At, touch: bool) -> None:
    talks(place, 3)
    page = await at(viewport=NARROW, has_touch=touch, is_mobile=touch)
    await expect(rows(page)).to_have_count(3)
    name, number = await top(page.get_by_text(NAMES[1], exact=True)), await top(page.get_by_text("+12025550001"))
    assert number >= name + 16
    height = await rows(page).first.bounding_box()
    assert height
    assert height["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_a_row_says_who_talks_to_whom_and_who_listens(place: Centre, at: At) -> None:
    talks(place, 8)
    place.hold(1)
    place.begin(ringing=True)
    place.tell()
    mona = await place.site.client("mona")
    call = next(one for one in await mona.calls() if one["customer"]["number"] == "+12025550002")
    started = (await mona.post("/monitors", {"call_id": call["id"]}))[1]
    page = await at()
    await expect(row(page, 2)).to_contain_text("Mona · silent")
    await mona.patch(f"/monitors/{started['id']}", {"mode": "whisper"})
    await expect(row(page, 2)).to_have_accessible_name(
        re.compile(rf"^Active {NAMES[2]} \+12025550002 Mona · whisper \d\d:\d\d$")
    )
    await expect(row(page, 1)).to_have_accessible_name(
        re.compile(rf"^On hold {NAMES[1]} \+12025550001 Dana Ortiz 02:\d\d$")
    )
    await expect(rows(page).last).to_have_accessible_name(re.compile(rf"^Ringing {NAMES[8]} "))
    await expect(rows(page).filter(has_text="Anonymous")).to_contain_text(NAMES[7])
    await expect(page.get_by_text("9 calls, 1 on hold, 1 monitored", exact=True)).to_be_visible()
    assert await row(page, 1).locator(".agent").evaluate("each => +getComputedStyle(each).fontWeight") >= 600


async def test_an_internal_call_is_one_row_and_either_end_can_be_coached(place: Centre, at: At) -> None:
    talks(place, 2)
    place.between(4, 5)
    place.tell()
    page = await at()
    await expect(rows(page)).to_have_count(3)
    pair = rows(page).filter(has_text=NAMES[4])
    for text in (NAMES[5], "1004", "1005"):
        await expect(pair).to_contain_text(text)
    said = page.locator(".panel .whose p")
    await pair.click()
    await expect(said).to_contain_text(f"{NAMES[4]} (1004)")
    await pair.get_by_text(NAMES[5]).click()
    await expect(said).to_contain_text(f"{NAMES[5]} (1005)")
    await page.get_by_role("button", name=f"Coach {NAMES[4]}").click()
    await expect(said).to_contain_text(f"{NAMES[4]} (1004)")
    await page.get_by_role("listbox").focus()
    for key in ("End", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    await expect(said).to_contain_text(f"{NAMES[5]} (1005)")
    await expect(pair).to_have_attribute("aria-selected", "true")


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
    place.begin()
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
    await page.keyboard.press("ArrowDown")
    place.end(1)
    place.tell()
    await expect(page.locator("li.over")).to_have_count(1)
    await expect(page.locator("li.over")).to_have_count(0)
    assert await page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") is None
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Choose a call from the list.")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    assert "+12025550002" in await page.evaluate(MARKED)


async def test_escape_gives_everything_its_place(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await page.get_by_label("Sort").select_option("newest")
    await page.get_by_role("listbox").focus()
    await page.keyboard.press("End")
    place.begin()
    place.tell()
    await expect(page.get_by_role("button", name="1 new call")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(rows(page).first).to_contain_text("+12025550003")
    assert "+12025550000" in await page.evaluate(MARKED)


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


async def test_my_team_is_remembered(place: Centre, at: At) -> None:
    talks(place, 3)
    page = await at()
    await row(page, 1).click()
    await page.get_by_label(f"{NAMES[1]} is in my team").check()
    await page.reload()
    await page.get_by_role("radio", name="My team 1").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text(NAMES[1])


async def test_the_keys_are_on_a_sheet(place: Centre, at: At) -> None:
    talks(place, 1)
    page = await at()
    sheet = page.get_by_role("dialog", name="Keyboard")
    await page.keyboard.press("?")
    await expect(sheet.get_by_role("heading", name="In the list")).to_be_visible()
    await assert_accessible(page, EVERYTHING, "dialog")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_axe_finds_nothing_in_the_list(place: Centre, at: At, scheme: str, size: dict[str, int]) -> None:
    page = await at(color_scheme=scheme, viewport=size)
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    await assert_accessible(page, EVERYTHING, ".list")
    talks(place, 9)
    place.begin(ringing=True)
    place.hold(1)
    place.between(10, 11)
    place.tell()
    for name, number, mode in (("mona", 2, "whisper"), ("coach", 3, "silent"), ("admin", 4, "barge")):
        client = await place.site.client(name)
        call = next(one for one in await client.calls() if one["customer"]["number"].endswith(str(number)))
        monitor = (await client.post("/monitors", {"call_id": call["id"]}))[1]
        await client.patch(f"/monitors/{monitor['id']}", {"mode": mode})
    if size is NARROW:
        await page.get_by_role("button", name="Back").click()
    await expect(row(page, 4)).to_contain_text("Admin · barge")
    await row(page, 5).hover()
    place.end(6)
    place.tell()
    await expect(page.locator("li.over")).to_have_count(1)
    await assert_accessible(page, EVERYTHING, ".list")


async def test_the_list_says_why_it_is_empty(place: Centre, at: At) -> None:
    page = await at()
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    place.site.pbx.down()
    await expect(page.get_by_text("No calls to show while the phone system is away.")).to_be_visible()


async def test_the_list_of_a_real_lab(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.talk("104", "103")
    page = await sign_in("admin")
    await expect(rows(page)).to_have_count(2)
    pair = rows(page).filter(has_text="Kim").filter(has_text="103")
    await expect(pair).to_contain_text("Lee")
    await expect(pair).to_contain_text("104")
    await expect(rows(page).filter(has_text="Sam").filter(has_text="201")).to_have_count(1)


MOST = """
window.most = 0;
new MutationObserver(changes => {
  const added = changes.flatMap(each => [...each.addedNodes]).filter(each => each.nodeName === 'LI');
  most = Math.max(most, added.length);
}).observe(document.querySelector('[role=listbox]'), { childList: true });
"""
"""How many rows came into the page in one task; set anew when this runs again."""


async def test_a_thousand_calls_are_all_there_and_come_in_slices(place: Centre, at: At) -> None:
    """How long each task takes is told by `make bench` (part `page`)."""
    page = await at()
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    await page.evaluate(MOST)
    for number in range(1000):
        place.begin(ago=timedelta(seconds=1000 - number))
    place.tell()
    await expect(rows(page)).to_have_count(1000)
    assert 0 < await page.evaluate("window.most") <= 40
    await page.get_by_label("Search calls").fill("nobody at all")
    await expect(page.get_by_text("No call matches the filter.")).to_be_visible()
    await page.evaluate(MOST)
    await page.get_by_label("Search calls").fill("")
    await expect(rows(page)).to_have_count(1000)
    assert 0 < await page.evaluate("window.most") <= 40
    for number in range(60):
        place.hold(number)
        place.tell()
        await asyncio.sleep(0.05)
    await expect(page.get_by_role("listbox").get_by_text("On hold")).to_have_count(60)
