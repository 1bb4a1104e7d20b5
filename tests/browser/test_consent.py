"""Account, Consent: rules are made, ordered, refused where they are wrong, and kept; at both widths accessible."""

from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.listed import NARROW, WIDE
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab


async def test_rules_are_made_ordered_and_kept(lab: Lab, sign_in: SignIn) -> None:
    admin = await lab.client("admin")
    status, team = await admin.post("/teams", {"name": "Renewals"})
    assert status == 201, team
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Consent").click()
    try:
        await expect(page.get_by_text("There are no rules")).to_be_visible()
        for _ in range(2):
            await page.get_by_role("button", name="Add a rule").click()
        first, second = (page.get_by_role("group", name=f"Rule {number}") for number in (1, 2))
        await first.get_by_label("Direction").select_option("outbound")
        await first.get_by_label("Sound").select_option(label="Announcement at the start, to both")
        await expect(first.get_by_label("Seconds between beeps")).to_have_count(0)
        await second.get_by_label("Team").select_option(label="Renewals")
        await second.get_by_label("Queue").fill("support")
        await second.get_by_label("Seconds between beeps").fill("4")
        await page.get_by_role("button", name="Save").click()
        await expect(second.get_by_text("A whole number from 5 to 120")).to_be_visible()
        await expect(second.get_by_label("Seconds between beeps")).to_be_focused()
        for size in (WIDE, NARROW):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            await assert_accessible(page)
        await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        await second.get_by_label("Seconds between beeps").fill("20")
        await second.get_by_label("Who hears them").select_option(label="The agent only")
        await page.get_by_role("button", name="Save").click()
        await expect(first.get_by_text("names no announcement")).to_be_visible()
        await first.get_by_label("Sound").select_option(label="None")
        await page.get_by_role("button", name="Move Rule 2 up").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("The rules are saved and in force.")).to_be_visible()
        rules = (await admin.get("/consent"))[1]["rules"]
        beep = {"queue": "support", "team_id": team["id"], "direction": None, "to": "agent", "every_seconds": 20}
        none = {"queue": None, "team_id": None, "direction": "outbound", "to": "both", "every_seconds": None}
        assert rules == [{**beep, "sound": "beep"}, {**none, "sound": "none"}]
        await page.reload()
        await expect(first.get_by_label("Queue")).to_have_value("support")
        await page.get_by_role("link", name="Audit").click()
        await expect(page.get_by_text("Admin changed the rules of consent").first).to_be_visible()
    finally:
        await admin.ask("PUT", "/consent", {"rules": []})
        await admin.delete(f"/teams/{team['id']}")
