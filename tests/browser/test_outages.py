"""Outages: one state, one sentence, one thing to do; nothing runs on that may be over."""

import asyncio
import signal

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.test_talk import listening
from tests.support.lab import Lab

LOST = "The connection to the server was lost"


async def test_a_frozen_server_is_noticed_and_time_stands_still(own: Lab, sign_in_own: SignIn) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    page = await sign_in_own("admin")
    await listening(page)
    assert own.adapter.process is not None
    own.adapter.process.send_signal(signal.SIGSTOP)
    try:
        await expect(page.get_by_text(LOST)).to_be_visible(timeout=30_000)
        await expect(page.get_by_role("status").get_by_text("who hears you is not known")).to_be_visible()
        await expect(page.get_by_text("Nobody hears you.")).to_have_count(0)
        await expect(page.get_by_role("button", name="Talk to Agent")).to_be_disabled()
        await expect(page.get_by_role("button", name="Talk to Agent")).to_have_accessible_description(
            "Not while the connection is lost."
        )
        times = page.get_by_role("region", name="Chosen call").get_by_role("time")
        before = await times.all_inner_texts()
        assert before
        await asyncio.sleep(2.2)
        assert await times.all_inner_texts() == before
    finally:
        own.adapter.process.send_signal(signal.SIGCONT)
    await expect(page.get_by_text(LOST)).to_have_count(0, timeout=30_000)
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()


async def test_a_session_that_has_ended_leads_to_the_form(lab: Lab, sign_in: SignIn) -> None:
    """Seen: "Sign in first." without a form to do so."""
    await lab.talk("201", "101")
    page = await sign_in("admin")
    await expect(page.get_by_role("option").filter(has_text="Sam")).to_have_count(1)
    await page.context.clear_cookies()
    await page.get_by_role("option").filter(has_text="Sam").click()
    await expect(page.get_by_text("Your session has ended. Sign in again.")).to_be_visible()
    await page.get_by_label("Username").fill("admin")
    await page.get_by_label("Password").fill("lab-admin")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("option").filter(has_text="Sam")).to_have_count(1)


async def test_a_dead_pbx_while_i_listen(own: Lab, sign_in_own: SignIn) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    page = await sign_in_own("admin")
    await listening(page)
    await own.pbx.kill()
    await expect(page.get_by_text("The phone system can't be reached. Calls are shown again")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_have_count(0)
    await own.pbx.start()
    await expect(page.get_by_text("The phone system can't be reached. Calls are shown again")).to_have_count(
        0, timeout=30_000
    )
