"""What everybody needs of a page: nothing serious for axe to find, a strict policy, and room for a thousand calls."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SignIn
from tests.support.lab import Lab
from tests.support.site import Site, site

__all__ = ["site"]
AXE = Path(__file__).parents[2] / "adapter/web/page/node_modules/axe-core/axe.min.js"


async def assert_accessible(page: Page) -> None:
    """axe finds nothing serious or critical (WCAG 2.2 A and AA)."""
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    result = await page.evaluate("axe.run()")
    bad = [found for found in result["violations"] if found["impact"] in ("serious", "critical")]
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


async def test_a_thousand_calls(site: Site, chromium: Browser) -> None:
    calls = [site.pbx.scene.answered_call("201", f"10{n % 4 + 1}", f"b{n}") for n in range(1000)]
    site.pbx.run()
    page = await chromium.new_page(base_url=site.base)
    await page.goto("/")
    await page.get_by_label("Username").fill("admin")
    await page.get_by_label("Password").fill("secret-admin")
    await page.get_by_role("button", name="Sign in").click()
    rows = page.get_by_role("listbox", name="Active calls").get_by_role("option")
    await expect(rows).to_have_count(1000)
    await page.evaluate(
        "window.long = []; new PerformanceObserver(list => list.getEntries().forEach(e => long.push(e.duration)))"
        ".observe({entryTypes: ['longtask']})"
    )
    for number in range(60):
        site.pbx.scene.hold(calls[number][0], held=True)
        site.pbx.run()
        await asyncio.sleep(0.05)
    await expect(page.get_by_role("listbox").get_by_text("On hold")).to_have_count(60)
    long = await page.evaluate("window.long")
    await page.evaluate(
        "new Promise(r => setTimeout(() => { const e = Date.now() + 150; while (Date.now() < e); r() }))"
    )
    await page.wait_for_function("count => window.long.length > count", arg=len(long))
    print(f"1,000 calls, 20 changes a second: {len(long)} tasks over 50 ms, the longest {max(long, default=0):.0f} ms")
    await page.get_by_label("Search calls").fill("nobody at all")
    await expect(page.get_by_text("No call matches the filter.")).to_be_visible()
    await page.close()
