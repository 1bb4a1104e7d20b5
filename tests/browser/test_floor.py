"""The Floor page in a real browser: who does what, what is over its limit, one step to each call, and it is still."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.listed import NARROW, At, at
from tests.browser.test_quality import assert_accessible
from tests.support.centre import Centre, centre
from tests.support.floor import busy

__all__ = ["at"]

AGENTS = 40


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Centre]:
    """A call centre with agents, in which nobody talks yet."""
    async with centre(f"sqlite+aiosqlite:///{tmp_path}/data.sqlite", AGENTS) as made:
        yield made


async def floor_of(page: Page) -> Locator:
    """Go to the floor by the rail; its agents."""
    await page.get_by_role("link", name="Floor").click()
    grid = page.get_by_role("grid", name="Agents")
    await expect(grid.get_by_role("row").nth(1)).to_be_visible()
    return grid


def agent(grid: Locator, name: str) -> Locator:
    """The row of the agent with exactly this name."""
    return grid.get_by_role("row").filter(has=grid.page.get_by_role("gridcell", name=name, exact=True))


async def names(grid: Locator) -> list[str]:
    """Agents in the order in which they are shown."""
    return await grid.locator(".tile b").all_inner_texts()


async def test_what_agents_do_and_which_queue_is_over_its_limit(place: Centre, at: At) -> None:
    floor = busy(place)
    page = await at()
    grid = await floor_of(page)
    await expect(agent(grid, "Lee")).to_contain_text("On call")
    await expect(agent(grid, "Jo Whitfield")).to_contain_text(re.compile(r"On hold.*\+12025550003", re.DOTALL))
    await expect(agent(grid, "Lee 2")).to_contain_text("On call")
    queues = page.get_by_role("region", name="Queues").get_by_role("button")
    await expect(queues.first).to_contain_text(
        re.compile("Support.*6 waiting.*Waits too long, Too many wait", re.DOTALL)
    )
    await expect(page.get_by_text("1 over a limit")).to_be_visible()
    while floor.joined:
        floor.leave()
    await expect(page.get_by_text("0 callers wait")).to_be_visible()


async def test_one_click_or_enter_leads_to_the_call(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    grid = await floor_of(page)
    await agent(grid, "Kim").click()
    await expect(page.get_by_role("heading", name="Kim with +12025550002")).to_be_visible()
    await page.go_back()
    await expect(grid).to_be_focused()
    await page.keyboard.press("Home")
    for _ in range(len(await names(grid))):
        marked = grid.locator(".tile.marked")
        if "opens" in (await marked.get_attribute("class") or "") and "Jo Whitfield" in await marked.inner_text():
            break
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=re.compile("^Jo Whitfield"))).to_be_visible()


async def test_arrows_walk_as_the_grid_looks(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    grid = await floor_of(page)
    await expect(grid).to_be_focused()
    await page.keyboard.press("Home")
    first = await grid.locator(".tile.marked").bounding_box()
    await page.keyboard.press("ArrowDown")
    below = await grid.locator(".tile.marked").bounding_box()
    await page.keyboard.press("ArrowRight")
    beside = await grid.locator(".tile.marked").bounding_box()
    assert first
    assert below
    assert beside
    assert (below["x"], below["y"] > first["y"]) == (first["x"], True)
    assert (beside["y"], beside["x"] > below["x"]) == (below["y"], True)
    marked = await grid.get_attribute("aria-activedescendant")
    assert marked == await grid.locator(".tile.marked").get_attribute("id")


async def test_filters_search_and_order(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    grid = await floor_of(page)
    held = page.get_by_role("radio", name="On hold")
    count = int((await held.inner_text()).split()[-1])
    assert count > 0
    await held.click()
    await expect(grid.locator(".tile")).to_have_count(count)
    await page.get_by_role("radio", name=re.compile("^All")).click()
    await page.keyboard.press("/")
    await page.keyboard.type("+1 202 555 0002")
    await expect(grid.locator(".tile")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.get_by_label("Queue", exact=True).select_option("Support")
    await expect(page.get_by_role("group", name="Waiting in Support")).to_contain_text("+1202556")
    shown = len(await names(grid))
    assert 0 < shown < AGENTS
    await page.get_by_role("button", name=re.compile("^Support")).click()
    await expect(grid.locator(".tile")).to_have_count(AGENTS)
    await page.get_by_label("Sort agents").select_option("byExtension")
    assert await grid.locator(".number").first.inner_text() == "1000"


async def test_who_waits_leads_to_the_agent_whose_phone_rings(place: Centre, at: At) -> None:
    floor = busy(place, talking=0)
    page = await at()
    await floor_of(page)
    floor.join(2, number="+12025550000")
    place.begin(ago=timedelta(seconds=3), ringing=True)
    place.tell()
    await page.get_by_role("button", name=re.compile("^Billing")).click()
    await page.get_by_role("button", name="Rings at Ana María Fernández").click()
    await expect(page.get_by_role("heading", name="Ana María Fernández with +12025550000")).to_be_visible()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
async def test_nothing_moves_under_the_hand(place: Centre, at: At, by: str) -> None:
    floor = busy(place)
    page = await at()
    grid = await floor_of(page)
    await page.get_by_label("Sort agents").select_option("byState")
    if by == "pointer":
        await agent(grid, "Kim").hover()
    else:
        await grid.focus()
        await page.keyboard.press("Home")
    before = await names(grid)
    for number in (3, 10, 17):
        place.hold(number, held=False)
    floor.pause(27)
    floor.pause(35)
    place.begin()
    place.tell()
    await expect(grid.get_by_text("On hold")).to_have_count(1)
    assert await names(grid) == before
    again = page.get_by_role("button", name="Sort anew")
    await expect(again).to_be_visible()
    await page.keyboard.press("n")
    await expect(again).to_have_count(0)
    assert await names(grid) != before
    assert sorted(await names(grid)) == sorted(before)


async def test_a_pbx_that_is_away_hides_its_agents_and_says_so(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    grid = await floor_of(page)
    place.site.pbx.down()
    await expect(page.get_by_text("No agents to show while the phone system is away.")).to_be_visible()
    await expect(grid.locator(".tile")).to_have_count(0)
    await expect(page.get_by_role("region", name="Queues")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, {"width": 768, "height": 900}, {"width": 2560, "height": 1300}])
async def test_axe_finds_nothing_at_any_width(place: Centre, at: At, scheme: str, size: dict[str, int]) -> None:
    busy(place)
    page = await at(viewport=size, color_scheme=scheme)
    await floor_of(page)
    await page.get_by_role("button", name=re.compile("^Support")).click()
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Limits", exact=True).click()
    await assert_accessible(page)


async def test_german_is_whole(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    await page.get_by_label("Language").select_option("de")
    await page.get_by_role("link", name="Agenten").click()
    await expect(page.get_by_role("grid", name="Agenten")).to_contain_text("Im Gespräch")
    await expect(page.get_by_role("region", name="Warteschlangen")).to_contain_text("Wartet zu lange")


async def test_who_may_not_monitor_has_no_floor(place: Centre, at: At) -> None:
    busy(place)
    page = await at()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Username").fill("sam")
    await page.get_by_label("Password").fill("secret-sam")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("link", name="Inbox")).to_be_visible()
    await expect(page.get_by_role("link", name="Floor")).to_have_count(0)
    await page.goto("/#/floor")
    await expect(page.get_by_role("listbox", name="Active calls")).to_be_attached()
