"""Account: the audit, webhooks and API tokens by hand in a real browser, and the API's description."""

import re

import aiohttp
from playwright.async_api import Browser, expect

from tests.browser.conftest import SignIn
from tests.browser.test_account import in_german
from tests.support.lab import Lab
from tests.support.receiver import Receiver


async def test_an_administrator_sees_who_listened_to_whom(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    await admin.delete(f"/monitors/{monitor['id']}")
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Audit").click()
    await page.get_by_label("Agent").fill("101")
    await page.get_by_label("Action", exact=True).select_option(label="No longer monitors")
    await page.get_by_role("button", name="Show", exact=True).click()
    row = page.get_by_role("row").filter(has_text="monitor.ended").first
    await expect(row).to_contain_text("Admin stopped monitoring Sam's call with 201")
    await expect(row).to_contain_text("admin → sam (101) → 201")
    await expect(row).to_contain_text("at the page")
    await expect(row).to_contain_text("Done")
    await expect(page.get_by_role("row").filter(has_text="monitor.started")).to_have_count(0)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download as CSV").click()
    path = await (await download.value).path()
    assert "monitor.ended" in path.read_text()
    assert "session.login" not in path.read_text()
    await page.get_by_label("Supervisor").fill("nobody")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("Nothing found.")).to_be_visible()


async def test_the_audit_in_words_in_both_languages(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    await mona.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
    await admin.delete(f"/monitors/{monitor['id']}")
    page = await sign_in("admin")
    await page.goto("/#/account/audit")
    day, rows = page.get_by_role("rowheader").first, page.get_by_role("row")
    await expect(day).to_contain_text("Today, ")
    started = rows.filter(has_text="monitor.started").first
    await expect(started).to_contain_text("Mona began to listen to Sam's call with 201")
    await expect(started).to_contain_text("Silent")
    await expect(rows.filter(has_text="monitor.mode_changed").first).to_contain_text("Mona joined Sam's call with 201")
    ended = rows.filter(has_text="monitor.ended").first
    await expect(ended).to_contain_text("Admin ended Mona's monitoring of Sam's call with 201")
    await expect(ended.locator("time")).to_have_text(re.compile(r"^\d{1,2}:\d\d:\d\d"))
    await expect(rows.filter(has_text="monitor.requested").first).to_contain_text("Mona asked to listen")
    await in_german(page)
    await expect(day).to_contain_text("Heute, ")
    await expect(started).to_contain_text("Mona begann, das Gespräch von Sam mit 201 mitzuhören")
    await expect(started).to_contain_text("auf der Seite")
    await expect(started).to_contain_text("Erledigt")
    await expect(page.get_by_label("Vorgang").locator("option").nth(1)).to_have_text("Wollte mithören")
    await expect(page.get_by_label("Vorgang").locator("option").nth(1)).to_have_attribute("value", "monitor.requested")


async def test_the_audit_by_pages(lab: Lab, sign_in: SignIn) -> None:
    """The focus stays where it was pressed, or goes to the heading when there is nothing more to press."""
    page = await sign_in("admin")
    none = ("reason", "target", "allowed_by", "call_id", "monitor_id", "supervisor", "agent", "agent_name", "mode")
    entry = {
        **dict.fromkeys((*none, "agent_extension", "customer", "via_detail", "unsure_since")),
        "at": "2026-01-31T12:00:00.000Z",
        "actor": "mona",
        "via": "session",
        "result": "ok",
    }
    pages = [
        {"entries": [{**entry, "id": "3", "action": "session.login"}], "next_cursor": "3"},
        {"entries": [{**entry, "id": "2", "action": "session.logout"}], "next_cursor": "2"},
        {"entries": [{**entry, "id": "1", "action": "shield.started"}], "next_cursor": None},
    ]
    served = iter(pages)
    await page.route("**/api/v1/audit?**", lambda route: route.fulfill(json=next(served)))
    await page.goto("/#/account/audit")
    more = page.get_by_role("button", name="Show more")
    await expect(page.get_by_text("Mona signed in")).to_be_visible()
    await more.press("Enter")
    await expect(page.get_by_text("Mona signed out")).to_be_visible()
    await expect(more).to_be_focused()
    await more.press("Enter")
    await expect(page.get_by_role("row").filter(has_text="shield.started")).to_be_visible()
    await expect(more).to_have_count(0)
    await expect(page.get_by_role("heading", name="Audit")).to_be_focused()
    await expect(page.get_by_role("rowheader")).to_have_count(1)


async def test_a_webhook_is_made_tried_and_removed(lab: Lab, sign_in: SignIn) -> None:
    receiver = Receiver()
    await receiver.start()
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Webhooks").click()
    await page.get_by_role("button", name="Add webhook").click()
    await expect(page.get_by_label("URL")).to_be_focused()
    await page.get_by_label("URL").fill("http://user:pass@127.0.0.1/")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("URL")).to_be_focused()
    await expect(page.get_by_label("URL")).to_have_accessible_description(re.compile("No user or password in the URL"))
    await page.get_by_label("URL").fill(receiver.url())
    await page.get_by_role("button", name="Save").click()
    secret = await page.get_by_role("code").or_(page.locator("code")).first.inner_text()
    assert secret.startswith("whsec_")
    receiver.secrets["hook"] = secret
    await page.get_by_role("link", name="Users").click()
    await page.get_by_role("dialog", name="Have you copied it?").get_by_role("button", name="Stay here").click()
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("code")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Webhooks")).to_be_focused()
    row = page.get_by_role("row").filter(has_text=receiver.url())
    await row.get_by_role("button", name="Send test").click()
    await expect(page.get_by_text("The receiver answered 200")).to_be_visible()
    await lab.talk("201", "101")
    await receiver.until(3)
    assert receiver.problems == []
    await row.get_by_role("button", name="Deliveries").click()
    await expect(page.get_by_role("row").filter(has_text="call.answered")).to_contain_text("Delivered")
    await page.reload()
    await expect(page.get_by_role("row").filter(has_text="call.answered")).to_contain_text("Delivered")
    before = len(receiver.accepted)
    again = page.get_by_role("row").filter(has_text="call.started").get_by_role("button", name="Send again")
    await again.click()
    await expect(page.get_by_text("call.started is being sent again.")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await row.get_by_role("button", name="Edit").click()
    await expect(page.get_by_label("URL")).to_have_value(receiver.url())
    await page.get_by_label("call.ended").uncheck()
    sent = []
    page.on("request", lambda request: sent.append(request.post_data_json) if request.method == "PATCH" else None)
    await page.get_by_role("button", name="Save").click()
    await expect(row).not_to_contain_text("call.ended")
    assert [list(body) for body in sent] == [["events"]]
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog", name="Remove this webhook?").get_by_role("button", name="Cancel").click()
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Yes, remove").click()
    await expect(row).to_have_count(0)
    await expect(page.get_by_role("heading", name="Webhooks")).to_be_focused()
    assert len(receiver.accepted) == before + 1
    await receiver.stop()


async def test_a_token_is_made_used_and_revoked(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="API tokens").click()
    await page.get_by_role("button", name="Add token").click()
    await page.get_by_role("textbox", name="Name").fill("CRM")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Admin (admin)")).to_be_focused()
    await expect(page.get_by_label("Admin (admin)")).to_have_accessible_description("Choose at least one.")
    await page.get_by_label("Mona (mona)").check()
    await page.get_by_role("button", name="Save").click()
    secret = await page.locator("code").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.get(lab.base + "/api/v1/monitors") as answer:
            assert answer.status == 200
        await page.get_by_role("button", name="Done").click()
        row = page.get_by_role("row").filter(has_text="CRM")
        await expect(row).to_contain_text("Service for mona")
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog", name="Revoke CRM?").get_by_role("button", name="Yes, revoke").click()
        await expect(row).to_have_count(0)
        async with http.get(lab.base + "/api/v1/monitors") as answer:
            assert answer.status == 401


async def test_the_apis_description_for_people(lab: Lab, chromium: Browser) -> None:
    page = await chromium.new_page(base_url=lab.base)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto("/api/docs")
    await expect(page.get_by_text("Ring the supervisor's phone and let it listen.")).to_be_visible()
    assert asked
    assert all(url.startswith((lab.base, "data:")) for url in asked), asked
    assert errors == []
    await page.close()
