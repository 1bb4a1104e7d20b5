"""Account → Teams, and whose calls somebody may monitor, by hand in a real browser."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_quality import assert_accessible
from tests.support.client import Client
from tests.support.lab import Lab

PICTURES = os.environ.get("PICTURES", "")
"""A folder for pictures of what is looked at; none are taken without."""


async def picture(page: Page, name: str) -> None:
    """For people to look at."""
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.fixture
async def admin(lab: Lab) -> AsyncIterator[Client]:
    """What a test leaves is taken back: the lab is shared."""
    client = await lab.client("admin")
    yield client
    for team in (await client.get("/teams"))[1]["teams"]:
        await client.delete(f"/teams/{team['id']}")
    mona = (await people(client))["mona"]
    await client.patch(f"/users/{mona['id']}", {"scope": "all"})


async def people(admin: Client) -> dict[str, Any]:
    """All accounts by their names."""
    return {user["username"]: user for user in (await admin.get("/users"))[1]["users"]}


async def open_teams(page: Page) -> None:
    """As one comes there."""
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Teams").click()
    await expect(page.get_by_role("heading", name="Teams", exact=True)).to_be_focused()


async def test_a_team_from_its_making_to_its_end(lab: Lab, sign_in: SignIn, admin: Client) -> None:
    page = await sign_in("admin")
    await open_teams(page)
    await expect(page.get_by_text("There are no teams yet.")).to_be_visible()
    await page.get_by_role("button", name="Add team").click()
    form = page.get_by_role("form", name="Add team")
    name = form.get_by_label("Name", exact=True)
    await expect(name).to_be_focused()
    await page.get_by_role("button", name="Save Team").click()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await name.fill("Sales")
    members, supervisors = form.get_by_role("group", name="Members"), form.get_by_role("group", name="Supervisors")
    await members.get_by_label("Search members").fill("sam")
    await expect(members.get_by_role("checkbox")).to_have_count(1)
    await page.keyboard.press("Enter")  # it is no end of the form
    await members.get_by_role("checkbox", name="Sam").check()
    await members.get_by_label("Search members").fill("")
    await expect(members.get_by_role("checkbox")).to_have_count(len(await people(admin)))
    await form.get_by_label("Queues").fill("sales\n\nHotline ")
    await expect(supervisors.locator("label").filter(has_text="Mona")).to_contain_text("may monitor all calls")
    await expect(supervisors.locator("label").filter(has_text="Ana")).to_contain_text("may not monitor")
    await supervisors.get_by_role("checkbox", name="Mona").check()
    await page.get_by_role("button", name="Save Team").click()
    await expect(page.get_by_role("status").filter(has_text="Sales was added.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Sales")
    for text in ("Sam", "Mona", "Hotline, sales"):
        await expect(row).to_contain_text(text)

    await row.get_by_role("link", name="Sales").click()
    assert "#/account/teams/" in page.url
    await page.reload()  # its address is its own
    await expect(page.get_by_role("form", name="Edit team").get_by_label("Queues")).to_have_value("sales\nHotline")
    await page.get_by_role("checkbox", name="Ana").first.check()
    await page.keyboard.press("Escape")
    asked = page.get_by_role("dialog", name="Leave without saving?")
    await asked.get_by_role("button", name="Stay here").click()
    await page.get_by_role("button", name="Save Team").click()
    await expect(row).to_contain_text("Ana, Sam")

    await admin.post("/teams", {"name": "Help", "queues": ["help"]})
    await page.get_by_role("button", name="Add team").click()
    await page.get_by_label("Name", exact=True).fill("HELP")
    await page.get_by_role("button", name="Save Team").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Leave", exact=True).click()
    await page.get_by_label("Search teams").fill("ana sales")
    await expect(page.get_by_role("row").filter(has_text="Help")).to_have_count(0)
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog", name="Remove the team Sales?").get_by_role("button", name="Yes, remove").click()
    await expect(page.get_by_text("The team Sales was removed.")).to_be_visible()
    await expect(row).to_have_count(0)
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_text("Admin removed the team Sales")).to_be_visible()
    await expect(page.get_by_text("members: +ana")).to_be_visible()


async def test_a_supervisor_sees_their_teams(lab: Lab, sign_in: SignIn, admin: Client) -> None:
    """The scope is given in Edit user; what lies outside is gone at once, and what was monitored ends."""
    await lab.talk("201", "101")
    await lab.talk("202", "102")
    await lab.phone("302")
    ids = {name: user["id"] for name, user in (await people(admin)).items()}
    _, team = await admin.post("/teams", {"name": "Sales", "members": [ids["sam"]], "supervisors": [ids["mona"]]})
    page, mona = await sign_in("admin"), await sign_in("mona")
    calls = mona.get_by_role("listbox", name="Active calls").get_by_role("option")
    await expect(calls).to_have_count(2)
    await page.goto(f"/#/account/users/{ids['mona']}")
    group = page.get_by_role("group", name="Which calls")
    await expect(group.get_by_role("radio", name="All calls")).to_be_checked()
    await group.get_by_role("radio", name="Only calls of the teams").check()
    await page.get_by_role("button", name="Save User").click()
    await expect(page.get_by_role("row").filter(has_text="mona")).to_contain_text("May monitor their teams")
    await expect(calls).to_have_count(1)
    await expect(calls).to_contain_text("Sam")
    await calls.click()
    await mona.get_by_role("button", name="Call Monitoring").click()
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    await admin.patch(f"/teams/{team['id']}", {"members": [ids["ana"]]})
    await expect(calls).to_contain_text("Ana")
    await expect(mona.get_by_text("You may not monitor this call any more.")).to_be_visible()
    await page.goto(f"/#/account/users/{ids['admin']}")
    await expect(group.get_by_role("radio", name="All calls")).to_be_checked()
    await expect(group.get_by_role("radio", name="All calls")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_axe_finds_nothing(lab: Lab, sign_in: SignIn, admin: Client, scheme: str, width: int) -> None:
    ids = {name: user["id"] for name, user in (await people(admin)).items()}
    made = {"name": "Sales", "members": [ids["sam"], ids["ana"]], "supervisors": [ids["mona"]], "queues": ["sales"]}
    _, team = await admin.post("/teams", made)
    page = await sign_in("admin", color_scheme=scheme, viewport={"width": width, "height": 800})
    await open_teams(page)
    await expect(page.get_by_role("row").filter(has_text="Sales")).to_be_visible()
    await assert_accessible(page, ".account-page")
    await picture(page, f"teams_list_{scheme}_{width}")
    await page.goto(f"/#/account/teams/{team['id']}")
    await expect(page.get_by_role("form", name="Edit team")).to_be_visible()
    await assert_accessible(page, ".account-page")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await picture(page, f"teams_edit_{scheme}_{width}")
    await page.goto(f"/#/account/users/{ids['mona']}")
    await expect(page.get_by_role("group", name="Which calls")).to_be_visible()
    await assert_accessible(page, ".account-page")
    await page.get_by_role("group", name="Which calls").scroll_into_view_if_needed()
    await picture(page, f"teams_user_{scheme}_{width}")
