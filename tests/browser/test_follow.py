"""Following an agent, and pausing monitoring, in real browsers, with the sound at the phones."""

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.phones import at_the_page
from tests.browser.test_inbox import open_call
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab, assert_hears, listen


def bar(page: Page) -> Locator:
    """One's own monitoring."""
    return page.get_by_role("region", name="My monitoring")


async def test_an_idle_agent_is_followed_from_the_floor_call_by_call(lab: Lab, sign_in: SignIn) -> None:
    await lab.phones("201", "202", "101")
    ear = await lab.phone("302")
    page, rang = await sign_in("mona"), ear.rang()
    await page.get_by_role("link", name="Floor").click()
    await page.get_by_role("row").filter(has_text="Sam").click()
    chosen = page.get_by_role("group", name="Sam")
    await chosen.get_by_role("button", name="Follow this agent").dblclick()
    await expect(bar(page)).to_contain_text("Following Sam. Waiting for the next call.")
    await assert_accessible(page)
    for customer in ("201", "202"):
        caller, sam = await lab.talk(customer, "101")
        await expect(bar(page)).to_contain_text("Listening to Sam")
        heard = await listen(caller, sam, ear)
        assert_hears(heard, **{"p101": {customer}, f"p{customer}": {"101"}, "p302": {"101", customer}})
        await caller.hangup()
        await expect(bar(page)).to_contain_text("Waiting for the next call.")
    assert ear.rang() == rang + 1
    await bar(page).get_by_role("button", name="Stop following").click()
    await expect(bar(page)).to_have_count(0)
    await expect(chosen.get_by_role("button", name="Follow this agent")).to_be_enabled()


async def test_a_call_is_followed_from_its_panel_and_then_coached(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    await lab.phone("302")
    page, sam = await sign_in("mona"), await sign_in("sam")
    await open_call(page)
    await page.get_by_label("The next call only").check()
    await page.get_by_role("button", name="Follow this agent").click()
    await expect(bar(page)).to_contain_text("Listening to Sam")
    await assert_accessible(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.").first).to_be_visible()
    await expect(sam.get_by_role("alert").filter(has_text="Mona is talking to you")).to_be_visible()
    assert_hears(await listen(customer, agent), p201={"101"}, p101={"201", "302"})
    await customer.hangup()
    await expect(bar(page)).to_have_count(0)  # it was for one call
    await expect(sam.get_by_role("alert").filter(has_text="Mona is talking to you")).to_have_count(0)


async def test_the_agent_pauses_monitoring_and_resumes_it(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    ear = await lab.phone("302")
    page, sam = await sign_in("mona"), await sign_in("sam")
    await open_call(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(bar(page)).to_contain_text("Listening to Sam")
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.").first).to_be_visible()
    await sam.get_by_role("button", name="Pause monitoring").dblclick()
    await expect(sam.get_by_role("button", name="Resume monitoring")).to_be_visible()
    await expect(page.get_by_role("region", name="Chosen call")).to_contain_text("Monitoring is paused until")
    assert_hears(await listen(customer, agent, ear), p201={"101"}, p101={"201"}, p302=set())
    for one in (page, sam):
        await assert_accessible(one)
    await expect(page.get_by_role("button", name="Talk to Agent")).to_be_disabled()
    await sam.get_by_role("button", name="Resume monitoring").click()
    await expect(sam.get_by_role("button", name="Pause monitoring")).to_be_visible()
    await expect(bar(page)).to_contain_text("Listening to Sam")
    assert_hears(await listen(customer, agent, ear), p201={"101"}, p101={"201"}, p302={"101", "201"})


async def test_the_page_as_phone_waits_and_listens(lab: Lab, speaking: Browser) -> None:
    """The leg is in the browser for longer than a call that nobody knows of may be, with no monitor."""
    await lab.phones("201", "101")
    page = await at_the_page(speaking, lab)
    await page.get_by_role("link", name="Floor").click()
    await page.get_by_role("row").filter(has_text="Sam").click()
    await page.get_by_role("group", name="Sam").get_by_role("button", name="Follow this agent").dblclick(delay=200)
    await expect(bar(page)).to_contain_text("Following Sam. Waiting for the next call.")
    await page.wait_for_timeout(5000)
    await expect(bar(page)).to_contain_text("Following Sam. Waiting for the next call.")
    for _ in range(2):
        customer, _ = await lab.talk("201", "101")
        await expect(bar(page)).to_contain_text("Listening to Sam")
        await customer.hangup()
        await expect(bar(page)).to_contain_text("Waiting for the next call.")
        await page.wait_for_timeout(4000)
    await bar(page).get_by_role("button", name="Stop following").click()
    await expect(bar(page)).to_have_count(0)
