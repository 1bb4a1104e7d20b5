"""What everybody needs of a page: nothing serious for axe to find, a strict policy."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SignIn
from tests.support.lab import Lab

AXE = Path(__file__).parents[2] / "adapter/web/page/node_modules/axe-core/axe.min.js"


async def with_axe(page: Page) -> None:
    """axe is in this page; half a megabyte, so only once."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(await asyncio.to_thread(AXE.read_text))


async def assert_accessible(
    page: Page, impacts: tuple[str, ...] = ("serious", "critical"), within: str = "html"
) -> None:
    """axe finds nothing of these impacts (WCAG 2.2 A and AA, and its best practices) within this part of the page."""
    await with_axe(page)
    result = await page.evaluate("within => axe.run(within)", within)
    bad = [found for found in result["violations"] if found["impact"] in impacts]
    assert not bad, [(found["id"], [node["html"][:120] for node in found["nodes"]]) for found in bad]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(lab: Lab, chromium: Browser, sign_in: SignIn, scheme: str) -> None:
    blank = await chromium.new_page(base_url=lab.base, color_scheme=scheme)  # type: ignore[arg-type]
    await blank.goto("/")
    await expect(blank.get_by_role("button", name="Sign in")).to_be_visible()
    await assert_accessible(blank)
    await blank.close()
    await lab.talk("201", "101")
    await lab.phone("301")
    page, sam = await sign_in("admin", color_scheme=scheme), await sign_in("sam", color_scheme=scheme)
    await page.get_by_role("option").filter(has_text="Sam").click()
    await assert_accessible(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(sam.get_by_text("Admin is talking to you.")).to_be_visible()
    await assert_accessible(page)
    await assert_accessible(sam)
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("row").filter(has_text="sam")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Add user").click()
    await assert_accessible(page)


async def test_the_page_talks_to_its_own_server_only(lab: Lab, sign_in: SignIn) -> None:
    async with aiohttp.ClientSession() as http, http.get(lab.base + "/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    page = await sign_in("admin")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await expect(page.get_by_role("link", name="Inbox")).to_be_visible()
    assert asked
    assert all(url.startswith((lab.base, "data:")) for url in asked)
