"""A real Chromium at the lab's page."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from adapter.asterisk import tones
from adapter.lab import people
from tests.support.lab import Lab

expect.set_options(timeout=20_000)
OFF = (
    # Two pages of its own that each new window makes for its address bar, which nobody sees: they take as long as ours.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    # What Playwright switches off (its `chromiumSwitches`), for ours replaces its list.
    *("AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose"),
    *("HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying"),
    *("OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
"""Chromium's features that are switched off."""
FLAGS = [
    f"--disable-features={','.join(OFF)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


VOICE = 2711
"""The speaking browser's tone, in hertz: another prime than those of `TONES`."""


def speaking_flags(wav: Path) -> list[str]:
    """A microphone that plays this file."""
    return [
        *FLAGS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={wav}",
    ]


async def sign_in_by_hand(page: Page, username: str, base: str = "") -> None:
    """Fill in the form as one of the lab's people."""
    await page.goto(base + "/")
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("Password").fill(people.password(username))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("link", name="Inbox")).to_be_visible()


SignIn = Callable[..., Awaitable[Page]]


def chromium_path() -> str:
    """The system's Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, "No Chromium on this machine. Install it: sudo apt-get install chromium"
    return path


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def speaking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A Chromium whose microphone says a tone, for ever."""
    wav: Path = tmp_path_factory.mktemp("voice") / "tone.wav"
    tones.tone(wav, VOICE, 30)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=speaking_flags(wav))
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def pages(lab: Lab, chromium: Browser) -> AsyncIterator[SignIn]:
    """People at browsers of their own, signed in by hand; nothing may go wrong in their consoles."""
    contexts = []
    problems: list[str] = []

    async def open_page(username: str, **options: object) -> Page:
        context = await chromium.new_context(base_url=lab.base, locale="en-US", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        await sign_in_by_hand(page, username)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert problems == []


@pytest.fixture
async def sign_in(lab: Lab, chromium: Browser) -> AsyncIterator[SignIn]:
    """Somebody at the page of the lab that all share."""
    async with pages(lab, chromium) as open_page:
        yield open_page


@pytest.fixture
async def sign_in_own(own: Lab, chromium: Browser) -> AsyncIterator[SignIn]:
    """Somebody at the page of this test's own lab."""
    async with pages(own, chromium) as open_page:
        yield open_page
