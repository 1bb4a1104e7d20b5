"""Account, Cluster: which adapter looks after which phone system; what is wrong is said in words, not only shown."""

import json
import os

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import SignIn
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab

SHOTS = os.environ.get("SHOTS")
"""The folder for pictures of it, for whoever wants to look."""


def member(name: str, second: int, *owns: str, host: str = "calls1", version: str = "0.1.0") -> dict[str, object]:
    """An adapter whose last sign of life was in this second."""
    times = {"started_at": "2026-11-26T06:00:00.000Z", "seen_at": f"2026-11-26T07:00:{second:02}.000Z"}
    return {"id": name, "host": host, "pid": 4000 + ord(name), "version": version, "owns": list(owns)} | times


def pbx(number: int, state: str, owner: str | None) -> dict[str, object]:
    """A phone system."""
    names = {"id": f"pbx{number}", "name": ("Haifa", "Berlin", "Lima")[number]}
    return names | {"state": state, "since": "2026-11-26T06:30:00.000Z", "owner": owner}


THREE = {
    "members": [
        member("a", 30, "pbx0"),
        member("b", 30, "pbx2", host="calls2", version="0.2.0"),
        member("c", 12, host="calls2", version="0.2.0"),
    ],
    "pbxs": [pbx(0, "connected", "a"), pbx(1, "down", None), pbx(2, "connecting", "b")],
}


async def open_cluster(page: Page) -> None:
    """By the menu."""
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Cluster").click()
    await expect(page.get_by_role("heading", level=2, name="Cluster")).to_be_focused()


async def test_one_adapter(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await open_cluster(page)
    systems, adapters = (page.get_by_role("table", name=name) for name in ("Phone systems", "Adapters"))
    await expect(systems.get_by_role("row")).to_have_count(2)
    await expect(systems.get_by_role("row").last).to_contain_text("connected")
    await expect(adapters.get_by_role("row")).to_have_count(2)
    await expect(adapters.get_by_role("row").last).to_contain_text("lab")
    await expect(page.get_by_text("There is one adapter.")).to_be_visible()
    await assert_accessible(page)


@pytest.mark.parametrize("width", [360, 768, 1440])
async def test_three_and_one_of_them_dead(lab: Lab, sign_in: SignIn, width: int) -> None:
    page = await sign_in("admin", viewport={"width": width, "height": 800})
    answer = dict(THREE)

    async def told(route: Route) -> None:
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))

    await page.route("**/api/v1/cluster", told)
    await open_cluster(page)
    row = page.get_by_role("row")
    await expect(row.filter(has_text="Haifa").first).to_contain_text("calls1")
    await expect(row.filter(has_text="Berlin").first).to_contain_text("not reachable")
    await expect(row.filter(has_text="Berlin").first).to_contain_text("nobody")
    await expect(row.filter(has_text="Lima").first).to_contain_text("calls2 (process 4098)")
    await expect(row.filter(has_text="process 4099").first).to_contain_text("none for 18 s")
    await expect(row.filter(has_text="process 4099").first).to_contain_text("no phone system")
    await assert_accessible(page)
    wide = "[document.documentElement, document.querySelector('.account-page')].map(e => e.scrollWidth - e.clientWidth)"
    assert await page.evaluate(wide) == [0, 0]
    if SHOTS:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=f"{SHOTS}/{width}-{scheme}.png")
    answer["pbxs"] = [pbx(number, "connected", "a") for number in range(3)]  # read anew by itself
    await expect(row.filter(has_text="Berlin").first).to_contain_text("connected")


async def test_it_is_for_administrators(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("mona")
    await page.goto("/#/account/cluster")
    await expect(page.get_by_role("heading", level=2, name="My password")).to_be_visible()
    await expect(page.get_by_role("link", name="Cluster")).to_have_count(0)
