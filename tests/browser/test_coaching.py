"""Coaching in two browsers: help comes, it is whispered and written, notes are read, and the report has it all."""

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.listed import NARROW, WIDE
from tests.browser.test_inbox import open_call
from tests.browser.test_messages import field, log
from tests.browser.test_quality import assert_accessible
from tests.browser.test_report import cells
from tests.support.lab import Lab, assert_hears, listen


async def of_sam(lab: Lab) -> dict[str, int]:
    """How often he asked for help, and how many notes there are about him, by the report."""
    _, report = await (await lab.client("mona")).get("/reports/coaching")
    rows = [row for row in report["rows"] if row["name"] == "Sam"]
    return {what: sum(row[what] for row in rows) for what in ("help_requests", "notes", "monitors")}


async def test_help_comes_notes_are_written_and_read(lab: Lab, sign_in: SignIn) -> None:
    before = await of_sam(lab)
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

    await field(mona, "Sam").fill("Offer a refund")
    await mona.keyboard.press("Enter")
    await expect(log(sam, "Mona").get_by_text("Offer a refund")).to_be_visible()
    await field(sam, "Mona").fill("All of it?")
    await sam.keyboard.press("Enter")
    await expect(log(mona, "Sam").get_by_text("All of it?")).to_be_visible()

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
    notes = mona.get_by_role("region", name="Notes")
    await expect(notes.get_by_label("Released to Sam").first).to_be_checked()
    await expect(notes.get_by_label("Released to Sam").last).not_to_be_checked()
    for size in (WIDE, NARROW):
        await mona.set_viewport_size(size)  # type: ignore[arg-type]
        await assert_accessible(mona)
    await mona.set_viewport_size(WIDE)  # type: ignore[arg-type]

    await sam.get_by_role("link", name="Coaching").click()
    await expect(sam.get_by_text("There are no notes yet.")).to_be_visible()
    await agent.hangup()
    await expect(mona.get_by_role("region", name="Agents ask for help")).to_have_count(0)
    await sam.get_by_role("link", name="Inbox").click()
    await sam.get_by_role("link", name="Coaching").click()
    await expect(sam.get_by_text("Well explained")).to_be_visible()
    await expect(sam.get_by_text("Marked")).to_have_count(0)

    after = await of_sam(lab)
    assert {what: after[what] - before[what] for what in after} == {"help_requests": 1, "notes": 2, "monitors": 1}
    await mona.get_by_role("link", name="Coaching").click()
    await mona.get_by_role("link", name="Report").click()
    await expect(mona.get_by_role("table", name="Report").get_by_role("row").filter(has_text="Sam")).to_have_count(1)
    shown = await cells(mona, "Sam")
    assert (shown[1], shown[-1]) == (str(after["monitors"]), str(after["notes"]))


async def test_after_a_note_the_focus_is_where_it_was_and_removing_asks(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    mona = await sign_in("mona")
    listed = mona.get_by_role("listbox", name="Active calls")
    await expect(listed.get_by_role("option")).to_have_count(1)
    await mona.keyboard.press("m")
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    notes = mona.get_by_role("region", name="Notes")
    for text, leave in (("First", "Enter"), ("Never sent", "Escape")):
        await mona.keyboard.press("n")
        await mona.keyboard.type(text)
        await mona.keyboard.press(leave)
        await expect(listed).to_be_focused()
    await expect(notes.get_by_role("listitem")).to_have_count(1)
    remove = notes.get_by_role("button", name="Remove the note")
    await remove.click()
    await mona.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(notes.get_by_role("listitem")).to_have_count(1)
    await mona.get_by_role("link", name="Coaching").click()
    await expect(mona.get_by_text("First", exact=True)).to_be_visible()
    for size in (WIDE, NARROW):
        await mona.set_viewport_size(size)  # type: ignore[arg-type]
        await assert_accessible(mona)
    await mona.get_by_label("Notes about an agent").fill("nobody is called so")
    await expect(mona.get_by_text("Nothing found.")).to_be_visible()
    await mona.get_by_label("Notes about an agent").fill("")
    await mona.get_by_role("button", name="Remove the note").first.click()
    await mona.get_by_role("button", name="Yes, remove").click()
    await expect(mona.get_by_text("First", exact=True)).to_have_count(0)


async def test_who_may_not_be_monitored(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Do not monitor").click()
    try:
        for number in ("+12025550101", "hello there"):
            await page.get_by_label("Add a number").fill(number)
            await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_label("Add a person").select_option(label="Ana (ana)")
        await page.get_by_role("button", name="Save").click()
        numbers = page.get_by_role("list", name="Numbers")
        await expect(numbers.locator(".problem")).to_have_text("hello there")
        for size in (WIDE, NARROW):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            await assert_accessible(page)
        await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        for entry in ("+12025550101", "hello there", "Ana (ana)"):
            await page.get_by_role("button", name=f"Remove {entry} from the list").click()
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
