"""The three buttons under hurried hands: what one deliberate press asked for is done, and nothing else is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import SignIn
from tests.support.client import Client
from tests.support.lab import Lab, assert_hears, listen

PATCHES = "**/api/v1/monitors/*"
NAMES = ("Talk to Agent", "Join the call", "Return to silent monitoring")


def button(page: Page, name: str) -> Locator:
    """One of the three."""
    return page.get_by_role("button", name=name, exact=True)


async def listening(page: Page, agent: str = "Sam") -> None:
    """Monitor the agent's call, silently."""
    await page.get_by_role("option").filter(has_text=agent).click()
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()


@pytest.fixture
async def page(lab: Lab, sign_in: SignIn) -> Page:
    """An administrator who listens to Sam's call with 201, with a desk phone."""
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await listening(page)
    return page


@pytest.fixture
async def admin(lab: Lab) -> Client:
    """The same person at the API."""
    return await lab.client("admin")


async def modes(admin: Client) -> list[str]:
    """The modes that Asterisk confirmed of the monitor that runs, by the audit, oldest first."""
    (monitor,) = (await admin.get("/monitors"))[1]["monitors"]
    entries = (await admin.get("/audit?action=monitor.mode_changed"))[1]["entries"]
    return [entry["mode"] for entry in reversed(entries) if entry["monitor_id"] == monitor["id"]]


@contextlib.asynccontextmanager
async def slow(page: Page, seconds: float) -> AsyncIterator[list[str]]:
    """Each change of mode is answered so much later than Asterisk confirmed it; what was asked is listed."""
    asked: list[str] = []

    async def later(route: Route) -> None:
        if route.request.method == "PATCH":
            asked.append((route.request.post_data_json or {})["mode"])
            answer = await route.fetch()
            await asyncio.sleep(seconds)
            await route.fulfill(response=answer)
        else:
            await route.continue_()

    await page.route(PATCHES, later)
    yield asked
    await page.unroute_all(behavior="wait")


async def settled(page: Page) -> None:
    """Longer than the group rests."""
    await expect(page.get_by_role("group", name="Who hears you")).to_have_attribute("aria-busy", "false")
    await asyncio.sleep(0.8)


async def test_a_double_click_on_any_of_them_is_one_press(page: Page, admin: Client) -> None:
    await button(page, "Talk to Agent").dblclick()
    await settled(page)
    assert await modes(admin) == ["whisper"]
    await button(page, "Join the call").dblclick()
    await settled(page)
    assert await modes(admin) == ["whisper", "barge"]
    await button(page, "Return to silent monitoring").dblclick()
    await settled(page)
    assert await modes(admin) == ["whisper", "barge", "silent"]
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()


async def test_a_hurried_hand_that_goes_on_to_the_next_button(page: Page, admin: Client) -> None:
    """Wherever the pointer lands within the rest, nothing more talks; silence always works."""
    await button(page, "Talk to Agent").click()
    for name in NAMES[:2] * 2:
        await button(page, name).click(force=True)
    await settled(page)
    assert await modes(admin) == ["whisper"]
    await button(page, "Join the call").click()
    await expect(button(page, "Join the call")).to_have_attribute("aria-pressed", "true")
    await button(page, "Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await button(page, "Talk to Agent").click(force=True)
    await settled(page)
    assert await modes(admin) == ["whisper", "barge", "silent"]


async def test_keys_twice_held_down_and_mixed(page: Page, admin: Client) -> None:
    await page.keyboard.press("t")
    await page.keyboard.press("j")
    await page.keyboard.press("t")
    await settled(page)
    assert await modes(admin) == ["whisper"]
    await page.keyboard.down("j")
    for _ in range(20):
        await page.keyboard.down("j")  # as a key that is held down repeats
        await page.keyboard.down("t")
    await page.keyboard.up("j")
    await page.keyboard.up("t")
    await settled(page)
    assert await modes(admin) == ["whisper", "barge"]
    await page.keyboard.press("s")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await settled(page)
    await button(page, "Talk to Agent").focus()
    for _ in range(20):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    await settled(page)
    assert await modes(admin) == ["whisper", "barge", "silent", "whisper"]


async def test_a_double_tap(lab: Lab, sign_in: SignIn, admin: Client) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin", has_touch=True, viewport={"width": 360, "height": 740})
    await listening(page)
    await button(page, "Talk to Agent").scroll_into_view_if_needed()
    box = await button(page, "Talk to Agent").bounding_box()
    assert box
    for _ in range(3):
        await page.touchscreen.tap(box["x"] + 40, box["y"] + 20)
    await settled(page)
    assert await modes(admin) == ["whisper"]


async def test_each_is_always_in_its_place(page: Page) -> None:
    async def places() -> list[Any]:
        return [await button(page, name).bounding_box() for name in NAMES]

    before = await places()
    assert all(before)
    for name in NAMES:
        if name != NAMES[2] or await button(page, name).is_enabled():
            await button(page, name).click()
        assert await places() == before
        await expect(button(page, name)).to_have_attribute("aria-pressed", "true")
        assert await places() == before


async def test_silence_while_a_talk_is_not_confirmed_yet(lab: Lab, page: Page, admin: Client) -> None:
    async with slow(page, 1.0) as asked:
        await button(page, "Join the call").click()
        await page.keyboard.press("s")
        await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
        await settled(page)
        assert asked[:2] == ["barge", "silent"]
        assert set(asked[2:]) <= {"silent"}
    assert (await modes(admin))[-1] == "silent"
    assert_hears(await listen(lab.known("101"), lab.known("201")), p101={"201"}, p201={"101"})


async def test_a_silence_that_is_not_confirmed_is_said_and_tried_again(page: Page, admin: Client) -> None:
    await button(page, "Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await page.route(PATCHES, lambda route: route.abort())
    await page.keyboard.press("s")
    await expect(page.get_by_text("did not confirm the silence: somebody may still hear you")).to_be_visible()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_have_count(0)
    assert await modes(admin) == ["barge"]
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()


async def test_silence_works_behind_a_dialog_and_nothing_else_does(page: Page, admin: Client) -> None:
    await button(page, "Join the call").click()
    await expect(page.get_by_text("Sam and the customer hear you.")).to_be_visible()
    await settled(page)
    await page.get_by_role("button", name="Take over the call").click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("t")
    await settled_elsewhere()
    assert await modes(admin) == ["barge"]
    await page.keyboard.press("s")
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    assert await modes(admin) == ["barge", "silent"]


async def test_what_somebody_lacks_is_disabled_and_says_why(lab: Lab, sign_in: SignIn, admin: Client) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    mona = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "mona")
    await admin.patch(f"/users/{mona['id']}", {"modes": ["silent", "whisper"]})
    try:
        page = await sign_in("mona")
        await listening(page)
        join = button(page, "Join the call")
        await expect(join).to_be_disabled()
        await expect(join).to_have_accessible_description("You have no right to this.")
        await page.keyboard.press("j")
        await button(page, "Talk to Agent").click()
        await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    finally:
        await admin.patch(f"/users/{mona['id']}", {"modes": ["silent", "whisper", "barge"]})


async def test_my_monitoring_stays_in_sight(lab: Lab, page: Page, admin: Client) -> None:
    """On another call and on another page, in the tab's title, with silence and the way out."""
    await lab.talk("202", "102")
    mine = page.get_by_role("region", name="My monitoring")
    await expect(mine).to_contain_text("Listening to Sam")
    await button(page, "Talk to Agent").click()
    await expect(mine).to_contain_text("Whispering to Sam")
    await expect(page).to_have_title("Only Sam hears you. - Call coaching")
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", name="My Account")).to_be_visible()
    await expect(mine).to_contain_text("Whispering to Sam")
    await page.keyboard.press("j")
    await settled_elsewhere()
    assert await modes(admin) == ["whisper"], "what talks needs the panel in sight"
    await mine.get_by_role("button", name="Silent").click()
    await expect(mine).to_contain_text("Listening to Sam")
    await expect(mine.get_by_role("button", name="Silent")).to_have_count(0)
    await mine.get_by_role("button", name="Go to call").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.get_by_role("option").filter(has_text="Ana").click()
    await expect(page.get_by_role("group", name="Who hears you")).to_have_count(0)
    await page.keyboard.press("t")
    await settled_elsewhere()
    assert await modes(admin) == ["whisper", "silent"]
    await page.get_by_role("button", name="Switch to this call").click()
    await expect(mine).to_contain_text("Listening to Ana")
    await mine.get_by_role("button", name="Stop").click()
    await expect(mine).to_have_count(0)
    assert (await admin.get("/monitors"))[1]["monitors"] == []
    await expect(page).to_have_title("Call coaching")


async def settled_elsewhere() -> None:
    """As long as a press would take to be confirmed, several times over."""
    await asyncio.sleep(0.8)


async def test_a_double_click_on_the_toggle_starts_once_and_stops_once(
    lab: Lab, sign_in: SignIn, admin: Client
) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    page = await sign_in("admin")
    await page.get_by_role("option").filter(has_text="Sam").click()
    toggle = page.get_by_role("button", name="Call Monitoring")
    await toggle.dblclick()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await asyncio.sleep(0.8)
    await expect(toggle).to_have_attribute("aria-pressed", "true")
    await toggle.dblclick()
    await expect(toggle).to_have_attribute("aria-pressed", "false")
    await asyncio.sleep(0.8)
    await expect(toggle).to_have_attribute("aria-pressed", "false")
    assert (await admin.get("/monitors"))[1]["monitors"] == []


async def test_closing_the_page_while_somebody_hears_me_is_asked_about(page: Page) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def dismissed(dialog: Any) -> None:
        asked.put_nowait(dialog.type)
        await dialog.dismiss()

    page.on("dialog", dismissed)
    await button(page, "Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.close(run_before_unload=True)
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    assert await asyncio.wait_for(asked.get(), 10) == "beforeunload"
