"""Who talks with a customer does not leave them by a slip: signing out asks, and what else ends the call is said."""

from playwright.async_api import Browser, Page, expect

from tests.browser.phones import assert_voice, at_the_page, open_call, start
from tests.browser.test_quality import assert_accessible
from tests.browser.test_taken_over import take_over
from tests.support.client import Json
from tests.support.lab import Lab


async def own_call(lab: Lab, browser: Browser) -> Page:
    """Mona's page, with the call that she took over."""
    await lab.talk("201", "101")
    page = await at_the_page(browser, lab)
    await open_call(page)
    await start(page)
    region = await take_over(page)
    await expect(region.get_by_text("The customer hears you.")).to_be_visible()
    return page


async def mona(lab: Lab) -> tuple[str, Json]:
    """Her account's address, and nothing changed."""
    users = (await (await lab.client("admin")).get("/users"))[1]["users"]
    return next((f"/users/{one['id']}", one) for one in users if one["username"] == "mona")


async def test_signing_out_asks_while_a_customer_hears_me(lab: Lab, speaking: Browser) -> None:
    page = await own_call(lab, speaking)
    sign_out = page.get_by_role("button", name="Sign out", exact=True)
    question = page.get_by_role("dialog")
    await sign_out.click()
    await expect(question).to_contain_text("You are talking with 201. Signing out ends that call.")
    await expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    await assert_accessible(page)
    await page.keyboard.press("Enter")
    await expect(question).to_have_count(0)
    await assert_voice(lab, p201=True)
    mark = lab.known("201").mark()
    await sign_out.click()
    await question.get_by_role("button", name="Yes, sign out").click()
    await lab.known("201").seen("CALL_CLOSED", mark)
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.context.close()


async def test_signing_out_asks_while_the_agent_hears_me_and_not_while_nobody_does(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("You are talking in the call of Sam.")
    await page.keyboard.press("Escape")
    await page.keyboard.press("s")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.context.close()


async def test_a_right_that_is_taken_away_says_that_the_call_went_with_it(lab: Lab, speaking: Browser) -> None:
    page = await own_call(lab, speaking)
    address, _ = await mona(lab)
    mark = lab.known("201").mark()
    admin = await lab.client("admin")
    assert (await admin.patch(address, {"can_monitor": False}))[0] == 200
    try:
        alert = page.get_by_role("alert").filter(has_text="Your right to monitor was taken away")
        await expect(alert).to_contain_text("your call with 201 has ended with it.")
        await lab.known("201").seen("CALL_CLOSED", mark)
        await expect(page.get_by_role("region", name="You are talking with 201")).to_have_count(0)
        await assert_accessible(page)
        await alert.get_by_role("button", name="Close").click()
        await expect(alert).to_have_count(0)
    finally:
        await admin.patch(address, {"can_monitor": True})
    await page.context.close()


async def test_a_session_that_ends_says_that_the_call_went_with_it(lab: Lab, speaking: Browser) -> None:
    page = await own_call(lab, speaking)
    mark = lab.known("201").mark()
    other = await page.context.request.delete(lab.base + "/api/v1/session", headers={"Origin": lab.base})
    assert other.ok
    await expect(page.locator(".signin [role=status]")).to_have_text(
        "Your session has ended. Sign in again. Your call with 201 has ended with it."
    )
    await lab.known("201").seen("CALL_CLOSED", mark)
    await page.context.close()
