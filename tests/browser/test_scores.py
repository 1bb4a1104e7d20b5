"""A form is defined, a call is scored, the call ends over it and nothing is lost; the agent reads and answers."""

from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_inbox import open_call
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab

GREETING, NUMBER = "Greeting by name", "Asked for the number?"


async def define(page: Page) -> None:
    """The administrator defines the form anew."""
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Score form").click()
    await expect(page.get_by_role("button", name="Add a question")).to_be_visible()
    for number, (text, kind) in enumerate(((GREETING, "rating"), (NUMBER, "yes_no")), 1):
        await page.get_by_role("button", name="Add a question").click()
        await page.get_by_label(f"Question {number}", exact=True).fill(text)
        await page.get_by_label(f"Kind of answer to Question {number}", exact=True).select_option(kind)
    await assert_accessible(page)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The form is saved: version")).to_be_visible()


async def test_scores_notes_that_outlive_their_call_and_the_agents_answer(lab: Lab, sign_in: SignIn) -> None:
    admin = await lab.client("admin")
    await admin.ask("PUT", "/score-form", {"questions": []})
    try:
        await define(await sign_in("admin"))
        _, agent = await lab.talk("201", "101")
        mona, sam = await sign_in("mona"), await sign_in("sam")
        await open_call(mona)
        await mona.get_by_label("Note about Sam").fill("Said goodbye too early")
        await mona.get_by_text("Score", exact=True).click()
        await mona.get_by_role("group", name=GREETING).get_by_label("4", exact=True).check()
        await mona.get_by_role("group", name=NUMBER).get_by_label("No", exact=True).check()
        await mona.get_by_label("Sam can read it after the call").check()
        await assert_accessible(mona)
        await agent.hangup()
        left = mona.get_by_role("region", name="Your note about Sam with 201 is not saved, and the call has ended.")
        await expect(left.get_by_label("Note about Sam")).to_have_value("Said goodbye too early")
        await mona.get_by_role("link", name="Coaching").click()
        await left.get_by_label("Note about Sam").fill("Said goodbye too early, else well done")
        await assert_accessible(mona)
        await left.get_by_role("button", name="Save note").click()
        await expect(left).to_have_count(0)
        await sam.get_by_role("link", name="Coaching").click()
        note = sam.get_by_role("listitem").filter(has_text="else well done")
        await expect(note.get_by_text("4 / 5")).to_be_visible()
        await expect(note.get_by_text("No", exact=True)).to_be_visible()
        await note.get_by_role("button", name="Answer").click()
        await sam.get_by_label("Your answer").fill("The line was bad")
        await sam.get_by_role("button", name="Send").click()
        await expect(note.get_by_text("The line was bad")).to_be_visible()
        await assert_accessible(sam)
        await mona.get_by_role("link", name="Inbox").click()
        await mona.get_by_role("link", name="Coaching").click()
        await expect(mona.get_by_role("listitem").filter(has_text="The line was bad")).to_have_count(1)
        await mona.get_by_label("Not answered yet").check()
        await expect(mona.get_by_role("listitem").filter(has_text="The line was bad")).to_have_count(0)
    finally:
        await admin.ask("PUT", "/score-form", {"questions": []})
