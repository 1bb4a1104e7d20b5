"""A call centre and its list in a real browser: what the tests of the list share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.centre import Centre, centre

AGENTS = 12
BAR = 44
"""Pixels of the bar that stands above everything while one monitors."""
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 360, "height": 720}
At = Callable[..., Awaitable[Page]]
MARKED = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.innerText"
"""The text of the marked row."""


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
