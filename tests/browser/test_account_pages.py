"""Account: what all of its pages promise: in reach, by keyboard, nothing for axe to find; passwords, signing in."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import SignIn
from tests.browser.test_account import GOOD, edit, in_german, open_users, somebody
from tests.browser.test_quality import assert_accessible
from tests.support.lab import Lab


async def test_the_search(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await open_users(page)
    rows = page.get_by_role("row").filter(has=page.get_by_role("button", name="Edit user"))
    everybody = await rows.count()
    for text, who in (("MON", "Mona"), ("302", "Mona"), ("pjsip/102", "Ana"), ("kim", "Kim")):
        await page.get_by_label("Search users").fill(text)
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text(who)
        await expect(page.get_by_text(f"1 of {everybody}")).to_be_visible()
    await page.get_by_label("Search users").fill("nobody of that name")
    await expect(page.get_by_text("Nobody matches this search.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
async def test_the_pencil_is_in_reach(lab: Lab, sign_in: SignIn, width: int) -> None:
    page = await sign_in("admin", viewport={"width": width, "height": 720})
    await open_users(page)
    pencil = page.get_by_role("row").filter(has_text="Admin").first.get_by_role("button", name="Edit user")
    box = await pencil.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    for part in (
        "users",
        "audit",
        "webhooks",
        "tokens",
        "cluster",
        "password",
        "users/new",
        "tokens/new",
        "webhooks/new",
    ):
        await page.goto(f"/#/account/{part}")
        await expect(page.get_by_role("heading", level=2)).to_be_visible()
        wide = await page.evaluate(
            "[document.documentElement, document.querySelector('.account-page')]"
            ".map(element => element.scrollWidth - element.clientWidth)"
        )
        assert wide == [0, 0], (part, width)


async def test_messages_do_not_outlive_their_page(lab: Lab, sign_in: SignIn) -> None:
    admin = await lab.client("admin")
    async with somebody(admin, "elsa"):
        page = await sign_in("admin")
        await open_users(page)
        await edit(page, "elsa")
        await page.get_by_label("Extension").fill("194")
        await page.get_by_role("button", name="Save User").click()
        said = page.get_by_role("status").filter(has_text="Elsa was saved.")
        await expect(said).to_be_visible()
        await page.get_by_role("link", name="Audit").click()
        await expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        await expect(said).to_have_count(0)
        await page.get_by_role("link", name="Users").click()
        await expect(page.get_by_role("row").filter(has_text="elsa")).to_be_visible()
        await expect(said).to_have_count(0)


async def test_the_focus_is_never_lost(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await page.get_by_role("link", name="Account").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=2, name="Users")).to_be_focused()
    for part in ("Audit", "Users", "Webhooks", "API tokens"):
        await page.get_by_role("link", name=part).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=2, name=part)).to_be_focused()
        await expect(page.get_by_role("link", name=part)).to_have_attribute("aria-current", "page")
    await page.get_by_role("button", name="Add token").press("Enter")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="API tokens")).to_be_focused()
    await page.get_by_role("link", name="My password").press("Enter")
    await expect(page.get_by_label("Current password")).to_be_focused()
    await page.get_by_role("link", name="Users").press("Enter")
    await page.get_by_role("row").filter(has_text="sam").get_by_role("button", name="Edit user").press("Enter")
    await expect(page.get_by_role("heading", name="Edit user")).to_be_focused()
    await page.get_by_label("Name", exact=True).press("Escape")
    await expect(page.get_by_role("heading", name="Users")).to_be_focused()


async def test_ones_own_password(lab: Lab, sign_in: SignIn, chromium: Browser) -> None:
    admin = await lab.client("admin")
    async with somebody(admin, "elsa"):
        page = await chromium.new_page(base_url=lab.base, locale="en-US")
        await page.goto("/")
        await page.get_by_label("Username").fill("elsa")
        await page.get_by_label("Password").fill("not this one")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
        await page.get_by_label("Password").fill(GOOD)
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Account").click()
        current, new = page.get_by_label("Current password"), page.get_by_label("New password")

        async def change(old: str, fresh: str) -> None:
            await current.fill(old)
            await new.fill(fresh)
            await page.get_by_role("button", name="Change password").click()

        await change("wrong", "other good words")
        await expect(current).to_have_accessible_description("The current password is wrong.")
        await expect(current).to_be_focused()
        await change(GOOD, "elsa1234567")
        await expect(new).to_be_focused()
        await expect(new).to_have_accessible_description(re.compile("This is the username"))
        await change(GOOD, "other good words")
        await expect(page.get_by_text("Your password was changed")).to_be_visible()
        await expect(current).to_have_value("")
        await page.context.close()


async def test_agents_have_none_of_it(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("sam")
    await page.goto("/#/account/audit")
    await expect(page.get_by_role("heading", name="My Account")).to_be_visible()
    await expect(page.get_by_role("heading", name="My password")).to_be_visible()
    await expect(page.get_by_role("link", name="Audit")).to_have_count(0)
    await expect(page.get_by_role("table")).to_have_count(0)


async def test_too_many_attempts_say_when_to_try_again(lab: Lab, chromium: Browser) -> None:
    page = await chromium.new_page(base_url=lab.base, locale="en-US")
    await page.goto("/")
    await expect(page.get_by_label("Username")).to_have_attribute("autocomplete", "username")
    await expect(page.get_by_label("Password")).to_have_attribute("autocomplete", "current-password")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Username")).to_have_accessible_description("This is required.")
    await page.get_by_label("Username").fill("nobody.at.all")
    alert, slowed = page.get_by_role("alert"), page.get_by_text("Too many failed attempts. Try again in")
    for number in range(12):
        await page.get_by_label("Password").fill(f"guess number {number}")
        async with page.expect_response("**/api/v1/session") as answer:
            await page.keyboard.press("Enter")
        if (await answer.value).status == 429:
            break
    else:
        pytest.fail("nothing slowed it down")
    await expect(slowed).to_be_visible()
    await expect(alert).to_have_text("You can try again now.", timeout=60_000)
    await page.close()


PAGES = ["users", "users/new", "users/{sam}", "audit", "webhooks", "webhooks/new", "tokens", "tokens/new", "password"]


@pytest.mark.parametrize(
    ("scheme", "language"),
    [
        ("light", "en"),
        ("dark", "de"),
        pytest.param("light", "de", marks=pytest.mark.soak),
        pytest.param("dark", "en", marks=pytest.mark.soak),
    ],
)
async def test_axe_finds_nothing_at_all(
    lab: Lab, chromium: Browser, sign_in: SignIn, scheme: str, language: str
) -> None:
    blank = await chromium.new_page(base_url=lab.base, color_scheme=scheme)  # type: ignore[arg-type]
    await blank.goto("/")
    await blank.locator("button").click()  # with an error at a field
    await expect(blank.locator("[aria-invalid]").first).to_be_visible()
    await assert_accessible(blank)
    await blank.close()
    admin = await lab.client("admin")
    _, hook = await admin.post("/webhooks", {"url": "http://127.0.0.1:9/", "events": ["call.started"]})
    _, token = await admin.post("/tokens", {"name": "CRM", "may_act_for": ["mona"]})
    await admin.post(f"/webhooks/{hook['id']}/ping", {})
    sam = next(user["id"] for user in (await admin.get("/users"))[1]["users"] if user["username"] == "sam")
    page = await sign_in("admin", color_scheme=scheme)
    if language == "de":
        await in_german(page)
    for part in [*PAGES, f"webhooks/{hook['id']}", f"webhooks/{hook['id']}/deliveries"]:
        await page.goto(f"/#/account/{part.format(sam=sam)}")
        await expect(page.locator(".account-page h2")).to_be_visible()
        await expect(page.locator(".account-page").locator("table, form").first).to_be_visible()
        await assert_accessible(page)
    await page.goto("/#/account/users/new")
    await page.locator(".account-page [type=submit]").click()
    await expect(page.locator("[aria-invalid]").first).to_be_visible()
    await assert_accessible(page)
    await page.goto(f"/#/account/users/{sam}")
    await page.locator(".access .danger").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await assert_accessible(page)
    await admin.delete(f"/webhooks/{hook['id']}")
    await admin.delete(f"/tokens/{token['id']}")
