"""The flows of the inbox, by hand, in a real browser, with sound proved at real phones."""

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.support.lab import Lab, assert_hears, listen


def calls(page: Page) -> Locator:
    """The rows of the inbox."""
    return page.get_by_role("listbox", name="Active calls").get_by_role("option")


async def open_call(page: Page, agent: str = "Sam") -> None:
    """Click the agent's call in the inbox."""
    await calls(page).filter(has_text=agent).click()


async def test_listen_whisper_join_and_out_again(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    page, sam = await sign_in("admin"), await sign_in("sam")
    row = page.get_by_role("option").filter(has_text="201").filter(has_text="Sam")
    await expect(row).to_have_count(1)
    await row.click()
    monitoring = page.get_by_role("button", name="Call Monitoring")
    await expect(monitoring).to_have_attribute("aria-pressed", "false")
    everyone = (agent, customer, supervisor)

    await monitoring.click()
    await expect(monitoring).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    assert_hears(await listen(*everyone), p101={"201"}, p201={"101"}, p301={"101", "201"})
    assert await sam.get_by_role("alert").all_inner_texts() in ([""], ["", ""])

    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await expect(sam.get_by_text("Admin is talking to you. The customer can't hear it.")).to_be_visible()
    assert_hears(await listen(*everyone), p101={"201", "301"}, p201={"101"})

    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await expect(sam.get_by_text("Admin has joined the call.")).to_be_visible()
    assert_hears(await listen(*everyone), p101={"201", "301"}, p201={"101", "301"})

    await page.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(sam.get_by_text("Admin")).to_have_count(0)
    assert_hears(await listen(*everyone), p101={"201"}, p201={"101"})

    await monitoring.click()
    await expect(monitoring).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()


async def test_on_hold_nobody_is_said_to_hear(lab: Lab, sign_in: SignIn) -> None:
    """Seen: a whisper into a hold reached nobody, while the page said that the agent hears it."""
    customer, _ = await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await open_call(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await customer.hold()
    await expect(page.get_by_text("The call is on hold: nobody may hear what you say now.")).to_be_visible()
    await expect(page.get_by_text("Only Sam hears you.")).to_have_count(0)
    await customer.resume()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()


async def test_by_keyboard_alone(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await expect(page.get_by_role("option").filter(has_text="201")).to_have_count(1)
    await page.get_by_role("listbox").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="201")).to_be_visible()
    await page.keyboard.press("m")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.keyboard.press("j")  # too soon
    await expect(page.get_by_role("button", name="Join the call")).to_be_enabled()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    assert_hears(await listen(agent, customer), p101={"201", "301"}, p201={"101", "301"})
    await page.keyboard.press("s")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.keyboard.press("m")
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()


async def test_without_the_right_only_own_calls_and_no_button(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.talk("202", "102")
    sam, mona = await sign_in("sam"), await sign_in("mona")
    await expect(calls(mona)).to_have_count(2)
    await expect(calls(sam)).to_have_count(1)
    await open_call(sam)
    await expect(sam.get_by_role("heading", name="201")).to_be_visible()
    await expect(sam.get_by_role("button", name="Call Monitoring")).to_have_count(0)


async def test_a_phone_that_is_off_is_told_in_plain_words(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.unregister("301")
    page = await sign_in("admin")
    await open_call(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Your phone 301 isn't registered. Switch it on")).to_be_visible()


async def test_a_reload_brings_the_panel_back_and_a_second_tab_shows_the_same(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await open_call(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    second = await page.context.new_page()
    await second.goto("/")
    await expect(second.get_by_text("Only Sam hears you.")).to_be_visible()
    await second.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await page.go_back()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()


async def test_the_pbx_goes_and_comes_back_under_an_open_page(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    page = await sign_in("admin")
    await expect(calls(page)).to_have_count(1)
    await lab.pbx.kill()
    try:
        await expect(page.get_by_text("The phone system can't be reached.")).to_be_visible()
        await expect(calls(page)).to_have_count(0)
    finally:
        await lab.pbx.start()
        for number in ("201", "101"):
            await lab.unregister(number)
    await expect(page.get_by_text("The phone system can't be reached.")).to_have_count(0, timeout=20_000)
    await lab.talk("201", "101")
    await expect(calls(page)).to_have_count(1)


async def test_the_server_goes_and_comes_back_under_an_open_page(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    page = await sign_in("admin")
    await lab.adapter.stop()
    try:
        await expect(page.get_by_text("The connection to the server was lost")).to_be_visible()
    finally:
        await lab.start_adapter()
    await expect(page.get_by_text("The connection to the server was lost")).to_have_count(0, timeout=20_000)
    await expect(calls(page)).to_have_count(1)


async def test_narrow_dark_and_another_language(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    size = {"width": 360, "height": 720}
    page = await sign_in("admin", viewport=size, color_scheme="dark")
    await open_call(page)
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    await page.get_by_label("Language").select_option("de")
    await expect(page.get_by_role("link", name="Eingang")).to_be_visible()


async def test_taking_a_call_over(lab: Lab, sign_in: SignIn) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    page = await sign_in("admin")
    await open_call(page)
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_role("button", name="Take over")).to_have_count(0)
    await page.get_by_role("button", name="Join the call").click()
    mark = agent.mark()
    await page.get_by_role("button", name="Take over the call").click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    await page.get_by_role("button", name="Yes, take over").click()
    await expect(page.get_by_text("You have taken over the call.")).to_be_visible()
    await agent.seen("CALL_CLOSED", mark)
    assert_hears(await listen(customer, supervisor), p201={"301"}, p301={"201"})
