"""`make pictures`: the page's main states from a real lab, light and dark, wide and narrow, into docs/pictures/."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from adapter.asterisk import tones
from adapter.lab.provision import provision
from tests.browser.conftest import FLAGS, chromium_path, sign_in_by_hand, speaking_flags
from tests.browser.phones import at_the_page, open_call, start
from tests.support.lab import Lab

FOLDER = Path(__file__).parents[2] / "docs/pictures"
WIDE, NARROW = {"width": 1100, "height": 620}, {"width": 380, "height": 760}


async def signed_in(browser: Browser, lab: Lab, username: str, size: dict[str, int], scheme: str) -> Page:
    """Somebody at the page."""
    options = {"viewport": size, "color_scheme": scheme, "locale": "en-US", "base_url": lab.base}
    page = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]
    await sign_in_by_hand(page, username)
    return page


async def take(lab: Lab, browser: Browser) -> None:
    """Walk through the states."""
    for customer, agent in (("201", "101"), ("202", "102"), ("104", "103")):
        await lab.talk(customer, agent)
    await lab.phone("301")
    admin = await signed_in(browser, lab, "admin", WIDE, "light")
    sam = await signed_in(browser, lab, "sam", NARROW, "light")
    await admin.get_by_role("option").filter(has_text="Sam").click()
    await admin.get_by_role("button", name="Call Monitoring").click()
    await expect(admin.get_by_text("Nobody hears you.")).to_be_visible()
    await admin.screenshot(path=FOLDER / "silent-light-wide.png")
    await admin.get_by_role("button", name="Talk to Agent").click()
    await expect(sam.get_by_text("Admin is talking to you.")).to_be_visible()
    await sam.screenshot(path=FOLDER / "agent-light-narrow.png")
    dark = await signed_in(browser, lab, "admin", WIDE, "dark")
    await expect(dark.get_by_text("Only Sam hears you.")).to_be_visible()
    await dark.screenshot(path=FOLDER / "whisper-dark-wide.png")
    narrow = await signed_in(browser, lab, "admin", NARROW, "dark")
    await expect(narrow.get_by_text("Only Sam hears you.")).to_be_visible()
    await narrow.screenshot(path=FOLDER / "whisper-dark-narrow.png")
    await admin.get_by_role("link", name="Account").click()
    await admin.get_by_role("row").filter(has_text="mona").get_by_role("button", name="Edit user").click()
    await admin.get_by_text("Which modes").click()
    await admin.screenshot(path=FOLDER / "account-light-wide.png", full_page=True)
    await records(lab, admin, narrow)


async def records(lab: Lab, admin: Page, narrow: Page) -> None:
    """The audit, webhooks and tokens."""
    api = await lab.client("admin")
    everything = ["call.started", "call.answered", "call.ended", "monitor.started", "monitor.ended"]
    await api.post("/webhooks", {"url": "http://127.0.0.1:9/hooks/calls", "events": everything})
    await api.post("/tokens", {"name": "CRM", "may_act_for": ["mona"]})
    await api.patch(f"/monitors/{(await api.get('/monitors'))[1]['monitors'][0]['id']}", {"mode": "barge"})
    await asyncio.sleep(0.3)
    await admin.get_by_role("link", name="Audit").click()
    await expect(admin.get_by_role("row").filter(has_text="monitor.mode_changed").first).to_be_visible()
    await admin.screenshot(path=FOLDER / "audit-light-wide.png")
    await narrow.goto("/#/account/webhooks")
    await expect(narrow.get_by_role("row").filter(has_text="hooks/calls")).to_be_visible()
    await narrow.screenshot(path=FOLDER / "webhooks-dark-narrow.png")
    await admin.goto("/#/account/tokens")
    await admin.get_by_role("button", name="Add token").click()
    await admin.get_by_label("Mona (mona)").check()
    await admin.screenshot(path=FOLDER / "tokens-light-wide.png")


async def softphone(lab: Lab) -> None:
    """The page as a phone, joined."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "voice.wav"
        tones.tone(wav, 300, 10)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=speaking_flags(wav))
            page = await at_the_page(browser, lab)
            await page.set_viewport_size({"width": 1100, "height": 620})
            await open_call(page)
            await start(page)
            await page.get_by_role("button", name="Join the call").click()
            await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
            await asyncio.sleep(0.5)
            await page.screenshot(path=FOLDER / "softphone-light-wide.png")
            await browser.close()


async def main() -> None:
    """Run a lab and a browser for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(provision(), Path(folder))
        await lab.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
                await take(lab, browser)
                await softphone(lab)
                await browser.close()
        finally:
            await lab.close_clients()
            await lab.stop()


if __name__ == "__main__":
    asyncio.run(main())
