"""Several PBXes at the page: where each call is, what is said of one that is away, and where somebody's phone is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from adapter.store import Store
from tests.browser.test_quality import assert_accessible
from tests.support.across import TwoSites
from tests.support.clock import FakeClock, real


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[TwoSites]:
    """An adapter with two PBXes, `north` and `south`; nobody talks yet."""
    clock = FakeClock(real())
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/two.sqlite", clock=clock.now, passing=clock.passing)
    site = TwoSites(store, softphone={"enabled": False}, endpoints={"agents": ["PJSIP/1??"]})
    listener = await site.start()
    yield site
    await site.close(listener)


async def admin(browser: Browser, site: TwoSites) -> Page:
    """The administrator at the page."""
    page = await (await browser.new_context(base_url=site.base, locale="en-US")).new_page()
    await page.goto("/")
    await page.get_by_label("Username").fill("admin")
    await page.get_by_label("Password").fill("secret-admin")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("listbox", name="Active calls")).to_be_attached()
    return page


async def test_a_row_and_the_panel_say_where_a_call_is(two: TwoSites, chromium: Browser) -> None:
    two.across("201", "102")
    await two.told()
    page = await admin(chromium, two)
    row = page.get_by_role("option").filter(has_text="201")
    await expect(row.locator(".pbx")).to_have_text("south")
    await row.click()
    await expect(page.locator(".panel header .pbx")).to_have_text("south")
    await expect(page.locator(".panel header .pbx")).to_have_attribute("title", "At south")
    await assert_accessible(page)
    await page.context.close()


async def test_an_account_says_at_which_pbx_its_phone_is(two: TwoSites, chromium: Browser) -> None:
    page = await admin(chromium, two)
    await page.goto("/#/account/users")
    mona = page.get_by_role("row").filter(has_text="mona")
    await mona.get_by_role("button", name="Edit user").click()
    await page.get_by_label("PBX").select_option("south")
    await page.get_by_role("button", name="Save User").click()
    await expect(mona).to_contain_text("south")
    users = (await (await two.client("admin")).get("/users"))[1]["users"]
    assert {one["username"]: one["pbx"] for one in users}["mona"] == "south"
    await mona.get_by_role("button", name="Edit user").click()
    await expect(page.get_by_label("PBX")).to_have_value("south")
    await assert_accessible(page)
    await page.get_by_label("PBX").select_option("The PBX of the call")
    await page.get_by_role("button", name="Save User").click()
    await expect(mona).not_to_contain_text("south")
    await page.context.close()
