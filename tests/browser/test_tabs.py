"""One tab holds the phone: others leave it alone until they are asked, and ask before they end anything."""

import asyncio
import time

from playwright.async_api import Browser, Page, Request, expect

from tests.browser.phones import assert_voice, at_the_page, monitors, open_call, start
from tests.browser.test_taken_over import take_over
from tests.support.lab import Lab, listen

READY = "Ready: you can listen to calls in this browser."
ELSEWHERE = "Another tab of this browser is your phone."
USE = "Use this tab as my phone"


def phone_requests(page: Page) -> list[str]:
    """What this tab asks of the server for its phone, from now on."""
    seen: list[str] = []

    def look(request: Request) -> None:
        if request.url.endswith(("/softphone", "/sip")):
            seen.append(f"{request.method} {request.url.rpartition('/')[2]}")

    page.on("request", look)
    page.on("websocket", lambda socket: seen.append(f"socket {socket.url.rpartition('/')[2]}"))
    return seen


async def second_tab(page: Page) -> tuple[Page, list[str]]:
    """Another tab of the same browser, at the same call."""
    second = await page.context.new_page()
    seen = phone_requests(second)
    await second.goto("/")
    await second.get_by_role("option").filter(has_text="Sam").click()
    await expect(second.get_by_text(ELSEWHERE)).to_be_visible()
    return second, seen


async def test_a_second_tab_leaves_a_live_call_alone(lab: Lab, speaking: Browser) -> None:
    """Seen: it killed the call within 2 s, and both tabs then fought for the phone without end."""
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    before = await monitors(lab)
    second, seen = await second_tab(page)
    await asyncio.sleep(5)
    assert (await monitors(lab), seen) == (before, [])
    await assert_voice(lab, p101=True, p201=False)
    await second.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=True)
    await second.close()
    assert await monitors(lab) == before
    await page.context.close()


async def test_the_phone_moves_to_the_tab_that_wants_it(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    second, _ = await second_tab(page)
    mine = phone_requests(page)
    await second.get_by_role("button", name=USE).click()
    await expect(second.get_by_text(READY)).to_be_visible()
    await expect(page.get_by_text(ELSEWHERE)).to_be_visible()
    await start(second)
    await asyncio.sleep(4)
    assert mine == [], "the former tab leaves it alone"
    assert len(await monitors(lab)) == 1
    await second.get_by_role("button", name="Join the call").click()
    await assert_voice(lab, p101=True, p201=True)
    await page.context.close()


async def test_moving_a_phone_in_use_is_asked_about_and_ends_the_call(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    second, _ = await second_tab(page)
    await second.get_by_role("button", name=USE).click()
    dialog = second.get_by_role("dialog", name="Use this tab as your phone?")
    await expect(dialog).to_contain_text("The other tab is listening to a call.")
    await dialog.get_by_role("button", name="Cancel").click()
    await asyncio.sleep(1)
    assert len(await monitors(lab)) == 1
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    # The other tab's microphone is open: this one knows nothing of it, and must not say that nobody hears.
    await expect(second.get_by_text("Only Sam hears you.")).to_be_visible()
    await expect(second.get_by_text("Nobody hears you:")).to_have_count(0)
    await second.get_by_role("button", name=USE).click()
    await expect(dialog).to_contain_text("You are talking in the other tab.")
    await dialog.get_by_role("button", name="Cancel").click()
    await take_over(page)
    await second.get_by_role("button", name=USE).click()
    await expect(dialog).to_contain_text("That call ends when you move the phone.")
    await assert_voice(lab, p201=True)
    mark = lab.known("201").mark()
    await dialog.get_by_role("button", name="Yes, use this tab").click()
    await expect(page.get_by_text(ELSEWHERE)).to_be_visible()
    await lab.known("201").seen("CALL_CLOSED", mark)
    await lab.talk("202", "101")
    await open_call(second)
    await start(second)
    await page.context.close()


async def test_a_tab_that_is_gone_frees_the_phone_and_a_reload_keeps_it(lab: Lab, speaking: Browser) -> None:
    customer, agent = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    second, seen = await second_tab(page)
    before = await monitors(lab)
    await page.reload()
    end = time.monotonic() + 15
    while (now := await monitors(lab)) in ([], before):
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    await expect(second.get_by_text(ELSEWHERE)).to_be_visible()
    assert (seen, len(now)) == ([], 1)
    session = await page.context.new_cdp_session(page)
    crash = asyncio.ensure_future(session.send("Page.crash"))
    await expect(second.get_by_text(READY)).to_be_visible(timeout=15_000)
    crash.cancel()
    while await monitors(lab):
        assert time.monotonic() < end + 15
        await asyncio.sleep(0.1)
    await start(second)
    heard = await listen(customer, agent)
    assert heard["201"]["101"] > 3000
    await page.context.close()
