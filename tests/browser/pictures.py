"""`make pictures`: the page from a real lab, and sixty calls; light and dark, in four widths, into docs/pictures/."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from adapter.asterisk import tones
from adapter.lab.provision import provision
from tests.browser.conftest import FLAGS, chromium_path, sign_in_by_hand, speaking_flags
from tests.browser.phones import at_the_page, open_call, start
from tests.support.centre import centre
from tests.support.floor import busy
from tests.support.lab import Lab

FOLDER = Path(__file__).parents[2] / "docs/pictures"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 760}
MIDDLE, HUGE = {"width": 768, "height": 900}, {"width": 2560, "height": 1300}
CALLS = 62


async def signed_in(browser: Browser, lab: Lab, username: str, size: dict[str, int], scheme: str) -> Page:
    """Somebody at the page."""
    options = {"viewport": size, "color_scheme": scheme, "locale": "en-US", "base_url": lab.base}
    page = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]
    await sign_in_by_hand(page, username)
    return page


async def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """One picture."""
    await page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)


async def take(lab: Lab, browser: Browser) -> None:
    """Walk through the states with a desk phone."""
    for customer, agent in (("201", "101"), ("202", "102"), ("104", "103")):
        await lab.talk(customer, agent)
    await lab.phone("301")
    admin = await signed_in(browser, lab, "admin", WIDE, "light")
    sam = await signed_in(browser, lab, "sam", NARROW, "light")
    await admin.get_by_role("option").filter(has_text="Sam").click()
    await admin.get_by_role("button", name="Call Monitoring").click()
    await expect(admin.get_by_text("Nobody hears you.")).to_be_visible()
    await shoot(admin, "silent-light-wide")
    await coaching(lab, admin)
    await admin.get_by_role("button", name="Talk to Agent").click()
    await expect(sam.get_by_text("Admin is talking to you.")).to_be_visible()
    await sam.wait_for_timeout(500)  # the list has moved down, and is painted anew
    await shoot(sam, "agent-light-narrow")
    dark = await signed_in(browser, lab, "admin", WIDE, "dark")
    await expect(dark.get_by_text("Only Sam hears you.")).to_be_visible()
    await shoot(dark, "whisper-dark-wide")
    await dark.keyboard.press("?")
    await shoot(dark, "keys-dark-wide")
    await dark.keyboard.press("Escape")
    narrow = await signed_in(browser, lab, "admin", NARROW, "dark")
    await expect(narrow.get_by_text("Only Sam hears you.")).to_be_visible()
    await shoot(narrow, "whisper-dark-narrow")
    await narrow.get_by_role("button", name="Back to the list").click()
    await shoot(narrow, "list-dark-narrow")
    await admin.get_by_role("link", name="Account").click()
    await admin.get_by_role("row").filter(has_text="mona").get_by_role("button", name="Edit user").click()
    await shoot(admin, "account-light-wide")
    await records(lab, admin, narrow)


async def coaching(lab: Lab, admin: Page) -> None:
    """Who asks for help, and notes: while one listens, and all of them."""
    for username, words in (("ana", "A refund over my limit"), ("lee", "")):
        await (await lab.client(username)).post("/help", {"note": words} if words else {})
    (call,) = [
        one for one in (await (await lab.client("admin")).get("/calls"))[1]["calls"] if one["agent"]["name"] == "Sam"
    ]
    notes = f"/calls/{call['id']}/notes"
    api = await lab.client("admin")
    await api.post(notes, {"text": "Named the rule, and let the customer finish.", "visible_to_agent": True})
    await api.post(notes, {"mark": True})
    await admin.get_by_role("option").filter(has_text="Ana").click()
    await admin.get_by_role("option").filter(has_text="Sam").click()
    await expect(admin.get_by_role("region", name="Notes").get_by_role("listitem")).to_have_count(2)
    await shoot(admin, "coaching-light-wide")
    size, scheme = admin.viewport_size, "dark"
    await admin.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await admin.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await admin.get_by_role("button", name="Back to the list").click()
    await shoot(admin, "help-dark-narrow")
    await admin.set_viewport_size(size)  # type: ignore[arg-type]
    await admin.emulate_media(color_scheme="light")
    await admin.get_by_role("link", name="Coaching").click()
    await expect(admin.get_by_label("Released to Sam").last).to_be_checked()
    await shoot(admin, "notes-light-wide")
    await admin.get_by_role("link", name="Inbox").click()
    await admin.get_by_role("option").filter(has_text="Sam").click()
    for request in (await api.get("/help"))[1]["help"]:
        await api.delete(f"/help/{request['id']}")


async def records(lab: Lab, admin: Page, narrow: Page) -> None:
    """The audit, webhooks and tokens."""
    api = await lab.client("admin")
    everything = ["call.started", "call.answered", "call.ended", "monitor.started", "monitor.ended"]
    await api.post("/webhooks", {"url": "http://127.0.0.1:9/hooks/calls", "events": everything})
    await api.post("/tokens", {"name": "CRM", "may_act_for": ["mona"]})
    await api.patch(f"/monitors/{(await api.get('/monitors'))[1]['monitors'][0]['id']}", {"mode": "barge"})
    await asyncio.sleep(0.3)
    await admin.goto("/#/account/audit")
    await expect(admin.get_by_role("row").filter(has_text="monitor.mode_changed").first).to_be_visible()
    await shoot(admin, "audit-light-wide")
    await narrow.goto("/#/account/webhooks")
    await expect(narrow.get_by_role("row").filter(has_text="hooks/calls")).to_be_visible()
    await shoot(narrow, "webhooks-dark-narrow")
    await admin.goto("/#/account/tokens/new")
    await expect(admin.get_by_label("Mona (mona)")).to_be_visible()
    await shoot(admin, "tokens-light-wide")


async def softphone(lab: Lab) -> None:
    """The page as a phone: joined, taken over, and without its server."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "voice.wav"
        tones.tone(wav, 300, 10)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=speaking_flags(wav))
            page = await at_the_page(browser, lab)
            await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
            await open_call(page)
            await start(page)
            await page.get_by_role("button", name="Join the call").click()
            await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
            await asyncio.sleep(6)
            await shoot(page, "softphone-light-wide")
            await page.get_by_role("button", name="Take over the call").click()
            await shoot(page, "take-over-light-wide")
            await page.get_by_role("button", name="Yes, take over").click()
            await expect(page.get_by_role("button", name="Hang up")).to_be_visible()
            await page.set_viewport_size(MIDDLE)  # type: ignore[arg-type]
            await asyncio.sleep(3)
            await shoot(page, "taken-over-light-middle")
            await lab.adapter.stop()
            await expect(page.get_by_text("The connection to the server was lost")).to_be_visible()
            await page.emulate_media(color_scheme="dark")
            await shoot(page, "lost-dark-middle")
            await browser.close()


async def many(browser: Browser, folder: str) -> None:
    """Sixty calls of a busy day, as wide as screens are."""
    async with centre(f"sqlite+aiosqlite:///{folder}/many.sqlite") as place:
        for number in range(CALLS):
            place.begin(ago=timedelta(seconds=17 * (CALLS - number)), ringing=number > CALLS - 6)
        for held in (3, 9, 14, 30):
            place.hold(held)
        place.tell()
        for size, scheme, name in ((HUGE, "light", "calls-light-huge"), (WIDE, "dark", "calls-dark-wide")):
            options = {"viewport": size, "color_scheme": scheme, "locale": "en-US"}
            page = await browser.new_page(base_url=place.site.base, **options)  # type: ignore[arg-type]
            await page.goto("/")
            await shoot(page, f"sign-in-{scheme}")
            await page.get_by_label("Username").fill("admin")
            await page.get_by_label("Password").fill("secret-admin")
            await page.get_by_role("button", name="Sign in").click()
            rows = page.get_by_role("listbox", name="Active calls").get_by_role("option")
            await expect(rows).to_have_count(CALLS)
            await rows.nth(4).click()
            await shoot(page, name)


async def floors(browser: Browser, folder: str) -> None:
    """The floor and the wall."""
    async with centre(f"sqlite+aiosqlite:///{folder}/floor.sqlite", agents=60) as place:
        busy(place, queues=7, talking=34)
        admin = await place.site.client("admin")
        _, made = await admin.post("/tokens", {"name": "lobby", "may_act_for": [], "scopes": ["wall"]})
        sizes = ((WIDE, "light", "light-wide"), (WIDE, "dark", "dark-wide"), (NARROW, "light", "light-narrow"))
        for size, scheme, name in sizes:
            options = {"viewport": size, "color_scheme": scheme, "locale": "en-US"}
            page = await browser.new_page(base_url=place.site.base, **options)  # type: ignore[arg-type]
            await page.goto("/")
            await page.get_by_label("Username").fill("admin")
            await page.get_by_label("Password").fill("secret-admin")
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("link", name="Floor").click()
            await expect(page.locator(".agents .tile")).to_have_count(60)
            if name != "light-wide":
                await page.get_by_role("button", name="Support").click()
            await shoot(page, f"floor-{name}")
            if size is WIDE:
                await page.goto(f"/#/wall/{made['token']}")
                await expect(page.locator(".wall-agents li").first).to_be_visible()
                await shoot(page, f"wall-{name}")
            await page.close()


async def main() -> None:
    """Run a lab and a browser for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            await many(browser, folder)
            await floors(browser, folder)
            lab = Lab(provision(), Path(folder))
            await lab.start()
            try:
                await take(lab, browser)
                await browser.close()
                await softphone(lab)
            finally:
                await lab.close_clients()
                await lab.stop()


if __name__ == "__main__":
    asyncio.run(main())
