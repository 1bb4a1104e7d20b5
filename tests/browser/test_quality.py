"""What everybody needs of a page: nothing for axe to find (test_axe.py looks with it), a strict policy."""

import asyncio
from pathlib import Path

import aiohttp
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.support.lab import Lab

AXE = Path(__file__).parents[2] / "adapter/web/page/node_modules/axe-core/axe.min.js"


async def with_axe(page: Page) -> None:
    """axe is in this page; half a megabyte, so only once."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(await asyncio.to_thread(AXE.read_text))


async def assert_accessible(page: Page, within: str = "html") -> None:
    """axe finds nothing (WCAG 2.2 A and AA, best practices), whatever its weight, within this part of the page."""
    await with_axe(page)
    result = await page.evaluate("within => axe.run(within)", within)
    found = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]]
    assert not found, found


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
