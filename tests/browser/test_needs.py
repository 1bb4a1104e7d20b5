"""Which call needs me, in a real browser: marked with the reason, sorted by it, told where it is wanted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, expect

from adapter.core.talk import Talk
from tests.browser.listed import At, at, place, row, rows
from tests.support.centre import Centre

__all__ = ["at", "place"]

TOLD = """() => {
  window.told = [];
  window.Notification = class {
    static permission = 'granted';
    static requestPermission = () => Promise.resolve('granted');
    constructor(title, options) { told.push([title, options.body]); }
  };
}"""
"""Notifications are kept instead of shown: a browser without a desktop has no place for them."""


async def limit(page: Page, name: str, value: int) -> None:
    """Set one of the limits."""
    await page.get_by_role("button", name="Limits").click()
    await page.get_by_label(name).fill(str(value))
    await page.get_by_role("button", name="Done").click()


async def test_a_call_that_rings_for_long_is_marked_and_comes_first(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=300))
    place.begin(ago=timedelta(seconds=200))
    place.begin(ago=timedelta(seconds=60), ringing=True)
    place.tell()
    page = await at()
    await expect(row(page, 2)).to_contain_text("Rings too long")
    await expect(row(page, 0)).not_to_contain_text("too long")
    await page.get_by_label("Sort").select_option("needsMe")
    await expect(rows(page).first).to_contain_text("+12025550002")
    await limit(page, "Rings longer than (seconds)", 0)
    await expect(row(page, 2)).not_to_contain_text("Rings too long")
    await page.reload()
    await expect(rows(page)).to_have_count(3)
    await expect(row(page, 2)).not_to_contain_text("Rings too long")


async def test_a_notification_names_the_agent_and_no_customer(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=30))
    place.tell()
    page = await at()
    await page.evaluate(TOLD)
    await limit(page, "On hold longer than (seconds)", 1)
    await page.get_by_role("button", name="Limits").click()
    await page.get_by_label("Show a desktop notification").check()
    await page.keyboard.press("Escape")
    place.hold(0)
    place.tell()
    await expect(row(page, 0)).to_contain_text("On hold too long")
    await page.wait_for_function("told.length")
    assert await page.evaluate("told") == [["Ana María Fernández's call needs you", "On hold too long"]]


def hears(place: Centre, number: int, **told: Any) -> None:
    """Who talks in the call at this place, as Asterisk would tell it."""
    board = place.site.board
    call = next(call for call in board.calls() if call.uniqueid == place.calls[number][1])
    board.talks[call.id] = Talk(datetime.now(UTC) - timedelta(minutes=5), **told)
    board.look_again({call.conversation_id}, datetime.now(UTC))


async def test_who_talks_marks_sorts_and_shows_in_the_panel(place: Centre, at: At) -> None:
    for number in range(4):
        place.begin(ago=timedelta(seconds=300 - number))
    place.tell()
    now = datetime.now(UTC)
    hears(place, 1, agent_share=90, recent_share=95)
    hears(place, 2, agent_share=40, silent_since=now - timedelta(seconds=60))
    hears(place, 3, agent_share=50, together_since=now - timedelta(seconds=15))
    page = await at()
    await expect(row(page, 1)).to_contain_text("The agent talks most")
    await expect(row(page, 2)).to_contain_text("Nobody says anything")
    await expect(row(page, 3)).to_contain_text("Both talk at once")
    await page.get_by_label("Sort").select_option("needsMe")
    numbers = [place_of(text) for text in await rows(page).all_inner_texts()]
    assert numbers == [2, 3, 1, 0], "by how far over its limit: 60 of 20, 15 of 10, 90 of 80"
    await row(page, 1).click()
    panel = page.get_by_role("region", name="Chosen call")
    await expect(panel.get_by_role("heading", name="Who is talking")).to_be_visible()
    await expect(panel).to_contain_text("Lee 90 %")
    await expect(panel).to_contain_text("Other side 10 %")
    await expect(panel).to_contain_text("Agent in the last two minutes: 95 %")
    await limit(page, "The agent talks more than (percent)", 95)
    await expect(row(page, 1)).not_to_contain_text("The agent talks most")
    hears(place, 1, agent_share=90)
    await expect(panel).not_to_contain_text("two minutes")


def place_of(text: str) -> int:
    """Which call a row is, by its customer's number."""
    return int(text[text.index("+1202555") + 8 :][:4])


async def test_a_teams_limits_are_set_in_its_form(place: Centre, at: At) -> None:
    page = await at()
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Teams").click()
    await page.get_by_role("button", name="Add team").click()
    await page.get_by_label("Name", exact=True).fill("Sales")
    await page.get_by_text("Limits", exact=True).click()
    share = page.get_by_label("The agent talks more than (percent)")
    await share.fill("101")
    await page.get_by_role("button", name="Save Team").click()
    await expect(share).to_have_attribute("aria-invalid", "true")
    await share.fill("70")
    await page.get_by_label("New agent for (days)").fill("14")
    await page.get_by_role("button", name="Save Team").click()
    await expect(page.get_by_role("link", name="Sales")).to_be_visible()
    teams = await page.evaluate("fetch('/api/v1/teams').then((answer) => answer.json())")
    limits = {name: value for name, value in teams["teams"][0]["limits"].items() if value is not None}
    assert limits == {"agent_share_percent": 70, "new_agent_days": 14}


async def test_who_may_not_monitor_is_told_nothing(place: Centre, at: At) -> None:
    place.begin(ago=timedelta(seconds=60), ringing=True)
    place.tell()
    page = await at()
    await expect(row(page, 0)).to_contain_text("Rings too long")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Username").fill("sam")
    await page.get_by_label("Password").fill("secret-sam")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("listbox", name="Active calls")).to_be_attached()
    await expect(page.get_by_role("button", name="Limits")).to_have_count(0)
    assert "needsMe" not in await page.get_by_label("Sort").inner_html()
