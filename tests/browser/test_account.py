"""Account: the audit, webhooks and API tokens by hand in a real browser, and the API's description."""

import aiohttp
from playwright.async_api import Browser, expect

from tests.browser.conftest import SignIn
from tests.browser.test_quality import assert_accessible
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
    await page.get_by_label("Action", exact=False).and_(page.locator("select")).select_option("monitor.ended")
    await page.get_by_role("button", name="Show", exact=True).click()
    row = page.get_by_role("row").filter(has_text="monitor.ended").first
    await expect(row).to_contain_text("admin → sam (101) → 201")
    await expect(row).to_contain_text("stopped")
    await assert_accessible(page)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download as CSV").click()
    path = await (await download.value).path()
    assert "monitor.ended" in path.read_text()
    assert "session.login" not in path.read_text()
    await page.get_by_label("Supervisor").fill("nobody")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("Nothing found.")).to_be_visible()


async def test_a_webhook_is_made_tried_and_removed(lab: Lab, sign_in: SignIn) -> None:
    receiver = Receiver()
    await receiver.start()
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="Webhooks").click()
    await page.get_by_role("button", name="Add webhook").click()
    await assert_accessible(page)
    await page.get_by_label("URL").fill("http://user:pass@127.0.0.1/")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").filter(has_text="No user or password")).to_be_visible()
    await page.get_by_label("URL").fill(receiver.url())
    await page.get_by_role("button", name="Save").click()
    secret = await page.get_by_role("code").or_(page.locator("code")).first.inner_text()
    assert secret.startswith("whsec_")
    receiver.secrets["hook"] = secret
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("code")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text=receiver.url())
    await row.get_by_role("button", name="Send test").click()
    await expect(page.get_by_text("The receiver answered 200")).to_be_visible()
    await lab.talk("201", "101")
    await receiver.until(3)
    assert receiver.problems == []
    await row.get_by_role("button", name="Deliveries").click()
    await expect(page.get_by_role("row").filter(has_text="call.answered")).to_contain_text("Delivered")
    await assert_accessible(page)
    before = len(receiver.accepted)
    again = page.get_by_role("row").filter(has_text="call.started").get_by_role("button", name="Send again")
    await again.click()
    await expect(page.get_by_text("call.started is being sent again.")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await row.get_by_role("button", name="Remove").click()
    await row.get_by_role("button", name="Really remove?").click()
    await expect(row).to_have_count(0)
    assert len(receiver.accepted) == before + 1
    await receiver.stop()


async def test_a_token_is_made_used_and_revoked(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("link", name="API tokens").click()
    await page.get_by_role("button", name="Add token").click()
    await assert_accessible(page)
    await page.get_by_role("textbox", name="Name").fill("CRM")
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
        await assert_accessible(page)
        await row.get_by_role("button", name="Revoke").click()
        await row.get_by_role("button", name="Really revoke?").click()
        await expect(row).to_have_count(0)
        async with http.get(lab.base + "/api/v1/monitors") as answer:
            assert answer.status == 401


async def test_agents_have_none_of_it(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("sam")
    await page.goto("/#/account/audit")
    await expect(page.get_by_role("heading", name="My Account")).to_be_visible()
    await expect(page.get_by_role("link", name="Audit")).to_have_count(0)
    await expect(page.get_by_role("table")).to_have_count(0)


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
