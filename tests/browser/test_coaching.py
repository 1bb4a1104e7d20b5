"""Coaching in two browsers: help is asked for and comes, notes are written and read, some may not be monitored."""

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.test_inbox import open_call
from tests.support.lab import Lab, assert_hears, listen


async def test_help_comes_notes_are_written_and_read(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    await lab.phone("302")
    sam, mona = await sign_in("sam"), await sign_in("mona")
    await sam.get_by_label("What is it about? In a few words").fill("A complaint")
    await sam.get_by_role("button", name="Ask for help", exact=True).click()
    await expect(sam.get_by_text("You have asked for help.")).to_be_visible()
    requests = mona.get_by_role("region", name="Agents ask for help")
    await expect(requests.get_by_text("A complaint")).to_be_visible()
    await requests.get_by_role("button", name="Take", exact=True).click()
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(sam.get_by_text("Mona comes to help.")).to_be_visible()
    await mona.get_by_role("button", name="Talk to Agent").click()
    await expect(mona.get_by_text("Only Sam hears you.")).to_be_visible()
    assert_hears(await listen(customer, agent), p201={"101"}, p101={"201", "302"})

    await mona.get_by_role("heading", name="Sam with 201").click()  # out of any field: what follows are keys
    await mona.keyboard.press("b")
    line = mona.get_by_role("region", name="This call")
    await expect(line.get_by_text("Mona marked")).to_be_visible()
    await mona.keyboard.press("n")
    await expect(mona.get_by_label("Note about Sam")).to_be_focused()
    await mona.keyboard.type("Well explained")
    await mona.get_by_label("Sam can read it after the call").check()
    await mona.get_by_role("button", name="Save note").click()
    await expect(line.get_by_text("Well explained")).to_be_visible()
    await expect(mona.get_by_label("Note about Sam")).to_have_value("")

    await sam.get_by_role("link", name="Coaching").click()
    await expect(sam.get_by_text("There are no notes yet.")).to_be_visible()
    await agent.hangup()
    await expect(mona.get_by_role("region", name="Agents ask for help")).to_have_count(0)
    await sam.get_by_role("link", name="Inbox").click()
    await sam.get_by_role("link", name="Coaching").click()
    await expect(sam.get_by_text("Well explained")).to_be_visible()
    await expect(sam.get_by_text("Marked")).to_have_count(0)


async def test_who_may_not_be_monitored(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Do not monitor").click()
    try:
        await page.get_by_label("Add a number").fill("201")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("The list is saved and in force.")).to_be_visible()
        await page.get_by_role("link", name="Inbox").click()
        await expect(page.get_by_role("option").filter(has_text="Not monitored")).to_have_count(1)
        await open_call(page)
        toggle = page.get_by_role("button", name="Call Monitoring")
        await expect(toggle).to_have_attribute("aria-disabled", "true")
        await expect(page.get_by_text("Nobody can listen to this call").first).to_be_visible()
    finally:
        await (await lab.client("admin")).ask("PUT", "/do-not-monitor", {"numbers": [], "user_ids": []})
    await expect(toggle).to_have_attribute("aria-disabled", "false")
