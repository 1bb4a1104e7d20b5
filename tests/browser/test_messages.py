"""A supervisor and the agent whom they talk to write to each other, in two real browsers at a real Asterisk."""

from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import SignIn
from tests.browser.listed import NARROW, WIDE
from tests.browser.test_quality import assert_accessible
from tests.browser.test_talk import button, listening
from tests.support.lab import Lab

POSTS = "**/api/v1/monitors/*/messages"


def field(page: Page, name: str) -> Locator:
    """Where the next message to this person is written."""
    return page.get_by_role("textbox", name=f"Message to {name}")


def log(page: Page, name: str) -> Locator:
    """What was written with this person."""
    return page.get_by_role("log", name=f"Messages with {name}")


async def test_they_write_to_each_other_while_the_agent_hears_her(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    mona, sam = await sign_in("mona"), await sign_in("sam")
    await listening(mona)
    await expect(field(mona, "Sam")).not_to_be_editable()
    await expect(mona.get_by_text("You can write only while Sam hears you.")).to_be_visible()
    await expect(sam.get_by_role("textbox", name="Message to")).to_have_count(0)

    await button(mona, "Talk to Agent").click()
    alert = sam.get_by_role("alert").filter(has_text="Mona")
    await expect(alert).to_be_visible()
    await field(mona, "Sam").click()
    await mona.keyboard.type("Just my main tip: smile", delay=20)  # m, t, j and s are keys of the page elsewhere
    await mona.keyboard.press("Enter")
    await expect(log(sam, "Mona").get_by_text("Just my main tip: smile")).to_be_visible()
    await expect(log(mona, "Sam").get_by_text("Just my main tip: smile")).to_be_visible()
    await expect(field(mona, "Sam")).to_have_value("")
    await expect(field(mona, "Sam")).to_be_focused()
    await expect(button(mona, "Talk to Agent")).to_have_attribute("aria-pressed", "true")

    await field(sam, "Mona").click()
    await sam.keyboard.type("How much?")
    await sam.keyboard.press("Shift+Enter")
    await sam.keyboard.type("He asks for 20.")
    await sam.keyboard.press("Enter")
    told = log(mona, "Sam").get_by_text("How much?")
    await expect(told).to_be_visible()
    assert await told.inner_text() == "How much?\nHe asks for 20."
    await field(mona, "Sam").fill("Twenty is fine")
    await mona.keyboard.press("Enter")
    await mona.keyboard.press("Enter")
    await expect(log(sam, "Mona").get_by_text("Twenty is fine")).to_be_visible()
    for page in (mona, sam):
        for size in (WIDE, NARROW):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            await assert_accessible(page)
        await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    await sam.reload()
    await expect(log(sam, "Mona").get_by_role("paragraph")).to_have_count(3)
    await expect(log(mona, "Sam").get_by_role("paragraph")).to_have_count(3)

    await mona.keyboard.press("Escape")
    await mona.keyboard.press("s")
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(alert).to_have_count(0)
    await expect(sam.get_by_role("region", name="Messages with Mona")).to_have_count(0)
    assert "Twenty" not in await sam.content()
    await expect(log(mona, "Sam").get_by_role("paragraph")).to_have_count(3)
    await expect(field(mona, "Sam")).not_to_be_editable()
    await button(mona, "Talk to Agent").click()
    await expect(field(sam, "Mona")).to_be_visible()
    await expect(log(sam, "Mona")).to_have_count(0)


async def test_what_could_not_be_sent_stays_and_arrives_once(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    mona, sam = await sign_in("mona"), await sign_in("sam")
    await listening(mona)
    await button(mona, "Talk to Agent").click()
    await expect(field(sam, "Mona")).to_be_visible()

    async def unheard(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await mona.route(POSTS, unheard)
    await field(mona, "Sam").fill("Only once")
    await mona.keyboard.press("Enter")
    problem = mona.get_by_role("region", name="Messages", exact=True).get_by_role("alert")
    await expect(problem).to_contain_text("It is not known whether this was sent.")
    await expect(field(mona, "Sam")).to_have_value("Only once")
    await mona.unroute(POSTS)
    await mona.keyboard.press("Enter")
    await expect(field(mona, "Sam")).to_have_value("")
    await expect(problem).to_have_count(0)
    await field(mona, "Sam").fill("The next one")
    await mona.keyboard.press("Enter")
    await expect(log(sam, "Mona").get_by_text("The next one")).to_be_visible()
    await expect(log(sam, "Mona").get_by_role("paragraph")).to_have_count(2)


async def test_both_are_told_for_how_long_it_is_kept_before_they_write(own: Lab, sign_in_own: SignIn) -> None:
    """And it is: read by the supervisor and administrators when the monitor has ended, and by nobody of the call."""
    await own.adapter.stop()
    own.conf.write_text(own.conf.read_text().replace("[coaching]\n", "[coaching]\nmessage_keep_days = 30\n"))
    await own.start_adapter()
    await own.talk("201", "101")
    await own.phone("302")
    mona, sam = await sign_in_own("mona"), await sign_in_own("sam")
    await listening(mona)
    await button(mona, "Talk to Agent").click()
    kept = "You and {} can read this, and later administrators. It is kept for 30 days."
    await expect(mona.get_by_text(kept.format("Sam"))).to_be_visible()
    await expect(sam.get_by_text(kept.format("Mona"))).to_be_visible()
    for page in (mona, sam):
        await expect(page.get_by_text("It is not kept.")).to_have_count(0)
    await field(mona, "Sam").fill("Offer a refund")
    await mona.keyboard.press("Enter")
    await expect(log(sam, "Mona").get_by_text("Offer a refund")).to_be_visible()
    await sam.get_by_label("Language").select_option("de")
    german = "Sie und Mona können das lesen, später auch Administratoren. Es wird 30 Tage aufbewahrt."
    await expect(sam.get_by_text(german)).to_be_visible()
    api = await own.client("mona")
    (monitor,) = (await api.get("/monitors"))[1]["monitors"]
    assert (await api.delete(f"/monitors/{monitor['id']}"))[0] == 204
    _, body = await api.get(f"/monitors/{monitor['id']}/messages")
    assert [one["text"] for one in body["messages"]] == ["Offer a refund"]
    assert (await (await own.client("sam")).get(f"/monitors/{monitor['id']}/messages"))[0] == 404

    boss = await sign_in_own("admin")
    await boss.goto("/#/account/audit")
    await boss.get_by_role("button", name="Messages").click()
    dialog = boss.get_by_role("dialog", name="Messages")
    await expect(dialog.get_by_text("Offer a refund")).to_be_visible()
    await expect(dialog.get_by_text("Mona")).to_be_visible()
    await assert_accessible(boss)
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)


async def test_on_a_phone_s_width_the_agent_still_sees_the_call(lab: Lab, sign_in: SignIn) -> None:
    """The alert, the messages, asking for help and pausing stand above the list: its head must not cover the row."""
    await lab.talk("201", "101")
    await lab.phone("302")
    mona, sam = await lab.client("mona"), await sign_in("sam", viewport={"width": 360, "height": 760})
    await mona.monitor(await mona.call("101"), "whisper")
    await expect(field(sam, "Mona")).to_be_visible()
    row = sam.get_by_role("option").filter(has_text="201")
    head, place = await sam.locator(".list-head").bounding_box(), await row.bounding_box()
    assert head is not None
    assert place is not None
    assert place["y"] >= head["y"] + head["height"] - 1
    chips = await sam.locator(".which").bounding_box()
    assert chips is not None
    assert chips["y"] + chips["height"] <= place["y"] + 1
