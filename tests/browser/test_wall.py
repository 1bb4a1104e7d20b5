"""The wall display in a real browser: with its token and nobody signed in, without customers; and its outages."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_quality import assert_accessible
from tests.support.centre import Centre, centre
from tests.support.floor import busy


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Centre]:
    """A busy centre of more agents than one page of the wall has room for."""
    async with centre(f"sqlite+aiosqlite:///{tmp_path}/data.sqlite", 60) as made:
        busy(made, queues=7)
        yield made


async def token(place: Centre) -> tuple[str, str]:
    """A wall's: its id, and the secret."""
    admin = await place.site.client("admin")
    status, made = await admin.post("/tokens", {"name": "lobby", "may_act_for": [], "scopes": ["wall"]})
    assert status == 201
    return made["id"], made["token"]


async def screen(place: Centre, chromium: Browser, scheme: str = "light") -> tuple[Page, list[str]]:
    """A screen on which nobody signed in, and the addresses that it asks for."""
    size = {"width": 1920, "height": 1080}
    options = {"base_url": place.site.base, "viewport": size, "locale": "en-US", "color_scheme": scheme}
    page = await chromium.new_page(**options)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return page, asked


async def test_its_token_is_entered_once_and_ends_it(place: Centre, chromium: Browser) -> None:
    token_id, secret = await token(place)
    page, asked = await screen(place, chromium)
    await page.goto("/#/wall")
    await page.get_by_label("Token").fill("cm_of_nobody")
    await page.get_by_role("button", name="Show the wall").click()
    await expect(page.get_by_text("This token is unknown, revoked or expired")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_label("Token").fill(secret)
    await page.get_by_role("button", name="Show the wall").click()
    queues = page.get_by_role("list", name="Queues")
    await expect(queues.get_by_role("listitem").first).to_contain_text(re.compile("Support.*6.*waiting", re.DOTALL))
    await page.reload()
    await expect(queues).to_contain_text("Support")
    assert not any(secret in url for url in asked)
    admin = await place.site.client("admin")
    assert (await admin.delete(f"/tokens/{token_id}"))[0] == 204
    await expect(page.get_by_text("This token is unknown, revoked or expired")).to_be_visible()
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_shows_no_customer_and_keeps_the_token_out_of_addresses(
    place: Centre, chromium: Browser, scheme: str
) -> None:
    _, secret = await token(place)
    page, asked = await screen(place, chromium, scheme)
    answers: list[str] = []
    await page.goto(f"/#/wall/{secret}")
    agents = page.get_by_role("list", name="Agents").last
    await expect(agents.get_by_role("listitem").first).to_contain_text("Ringing")
    await expect(page.get_by_text(re.compile("^1 of "))).to_be_visible()
    assert page.url.endswith("/#/wall")
    assert not any(secret in url for url in asked)
    answers.append(await page.content())
    customers = [call["customer"] for call in await (await place.site.client("admin")).calls()]
    numbers = [one["number"] for one in customers if one["number"].startswith("+")]
    assert numbers
    assert not any(number in answers[0] for number in numbers)
    assert "Dana Ortiz" in json.dumps(customers)
    assert "Dana Ortiz" not in answers[0]
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    place.site.pbx.down()
    await expect(agents.get_by_role("listitem")).to_have_count(0)
    await expect(page.get_by_role("status")).to_contain_text("Out of reach")
    await page.close()
