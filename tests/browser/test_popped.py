"""Links of other programs that open a call in the page: before and after signing in, and never to listen."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, expect

from adapter.lab import people
from tests.browser.conftest import SignIn
from tests.support.lab import Lab


async def monitors(lab: Lab) -> list[object]:
    """All that listens."""
    found: list[object] = (await (await lab.client("admin")).get("/monitors"))[1]["monitors"]
    return found


async def linkedid(lab: Lab, caller: str) -> str:
    """Asterisk's id of the conversation that this phone began: its own channel's."""
    listed = await lab.pbx.cli("core show channels concise")
    return next(line.split("!")[-1] for line in listed.splitlines() if line.startswith(f"PJSIP/{caller}-"))


async def pop(page: Page, link: str) -> None:
    """The link is followed where the page is open already."""
    await page.evaluate("link => { location.hash = link }", link)


async def test_a_link_leads_on_after_signing_in(lab: Lab, chromium: Browser) -> None:
    await lab.talk("201", "101")
    await lab.talk("202", "102")
    context = await chromium.new_context(base_url=lab.base, locale="en-US")
    page = await context.new_page()
    await page.goto("/#/calls/by?number=202")
    await page.get_by_label("Username").fill("mona")
    await page.get_by_label("Password").fill(people.password("mona"))
    await page.get_by_role("button", name="Sign in").click()
    panel = page.get_by_role("region", name="Chosen call")
    await expect(panel.get_by_role("heading", name="Ana with 202")).to_be_visible()
    await expect(panel.get_by_role("button", name="Call Monitoring")).to_have_attribute("aria-pressed", "false")
    await expect(page).to_have_url(re.compile("#/inbox$"))
    await asyncio.sleep(1)
    assert await monitors(lab) == []
    await pop(page, f"#/calls/by?linkedid={await linkedid(lab, '201')}")
    await expect(panel.get_by_role("heading", name="Sam with 201")).to_be_visible()
    await context.close()


async def test_none_and_several_are_said(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("101", "102")
    await lab.talk("203", "103")
    page = await sign_in("mona")
    rows = page.locator("ul[role=listbox] > [role=option]")
    await expect(rows).to_have_count(2)
    await pop(page, "#/calls/by?number=%2B12025550100")
    said = page.get_by_role("status").filter(has_text="No active call matches +12025550100.")
    await expect(said).to_be_visible()
    await said.get_by_role("button", name="Close").click()
    await expect(said).to_have_count(0)
    await pop(page, f"#/calls/by?linkedid={await linkedid(lab, '101')}")  # both ends of an internal call
    await expect(page.get_by_text(re.compile("^2 calls match"))).to_be_visible()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Ana")
    await page.get_by_role("button", name="Show all calls").click()
    await expect(rows).to_have_count(2)
    assert await monitors(lab) == []


@pytest.mark.parametrize("query", ["", "?agent=101", "?number=1&linkedid=2"])
async def test_a_link_that_names_nothing_is_said(lab: Lab, sign_in: SignIn, query: str) -> None:
    page = await sign_in("mona")
    await pop(page, "#/calls/by" + query)
    await expect(page.get_by_text("This link names no call")).to_be_visible()
