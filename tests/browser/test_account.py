"""Account: users, their rights and their editor, by hand in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Dialog, Page, Request, expect

from tests.browser.conftest import SignIn
from tests.support.client import Client
from tests.support.lab import Lab

GOOD = "several good words"


@asynccontextmanager
async def somebody(admin: Client, username: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
    """An account for the length of a block."""
    new = {"username": username, "name": username.capitalize(), "role": "agent", "password": GOOD, **more}
    status, user = await admin.post("/users", new)
    assert status == 201, user
    try:
        yield user
    finally:
        await admin.delete(f"/users/{user['id']}")


async def in_german(page: Page) -> None:
    """The same page in German."""
    await page.evaluate("localStorage.setItem('language', 'de')")
    await page.reload()
    await expect(page.get_by_role("link", name="Konto")).to_be_visible()


async def focused(page: Page) -> str:
    """What has the focus: its tag, and its name or text."""
    found: str = await page.evaluate(
        "(({tagName, name, textContent}) => `${tagName} ${name || textContent}`)(document.activeElement)"
    )
    return found


async def open_users(page: Page) -> None:
    """As one comes there."""
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", name="My Account")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="mona")).to_be_visible()


async def edit(page: Page, username: str) -> None:
    """By the pencil of somebody's row."""
    await page.get_by_role("row").filter(has_text=username).get_by_role("button", name="Edit user").click()
    await expect(page.get_by_role("form", name="Edit user")).to_be_visible()


async def test_an_administrator_gives_and_takes_the_right(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "102")
    await lab.phone("101")
    page, sam = await sign_in("admin"), await sign_in("sam")
    calls = sam.get_by_role("listbox", name="Active calls").get_by_role("option")
    await expect(calls).to_have_count(0)

    async def give(checked: bool) -> None:
        await edit(page, "sam")
        await expect(page.get_by_role("group", name="Agent Permissions")).to_be_visible()
        await page.get_by_label("Give agent ability to monitor any call using softphone").set_checked(checked)
        await page.get_by_role("button", name="Save User").click()
        await expect(page.get_by_role("status").filter(has_text="Sam was saved.")).to_be_visible()

    await open_users(page)
    row = page.get_by_role("row").filter(has_text="sam")
    await expect(row).not_to_contain_text("May monitor")
    await give(True)
    await expect(row).to_contain_text("May monitor")
    await calls.filter(has_text="Ana").click()
    await sam.get_by_role("button", name="Call Monitoring").click()
    await sam.get_by_role("button", name="Talk to Agent").click()
    await expect(sam.get_by_text("Only Ana hears you.")).to_be_visible()
    await give(False)
    await expect(calls).to_have_count(0)
    await expect(sam.get_by_role("button", name="Call Monitoring")).to_have_count(0)
    assert "cm-" not in await lab.pbx.cli("core show channels concise")


async def test_an_account_from_its_making_to_its_end(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    await open_users(page)
    await page.get_by_role("button", name="Add user").click()
    form = page.get_by_role("form", name="Add user")
    await expect(form.get_by_label("Name", exact=True)).to_be_focused()
    await form.get_by_label("Name", exact=True).fill("<img src=x onerror=alert(1)>")
    await form.get_by_label("Username").fill("temporary")
    await form.get_by_label("New password").fill("first secret")
    await form.get_by_label("Devices").fill("pjsip/191\nPJSIP/191-web")
    await page.get_by_role("button", name="Save User").click()
    row = page.get_by_role("row").filter(has_text="temporary")
    await expect(row).to_contain_text("<img src=x")
    await expect(row).to_contain_text("PJSIP/191, PJSIP/191-web")
    await edit(page, "temporary")
    await page.get_by_role("button", name="Deactivate").click()
    asked = page.get_by_role("dialog", name="Deactivate <img")
    await expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(asked).to_have_count(0)
    await expect(page.get_by_text("This account is active")).to_be_visible()
    await page.get_by_role("button", name="Deactivate").click()
    await page.get_by_role("button", name="Yes, deactivate").click()
    await expect(page.get_by_text("was deactivated.")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await expect(row).to_contain_text("Inactive")
    await edit(page, "temporary")
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_text("was activated.")).to_be_visible()
    await page.get_by_role("button", name="Delete user").click()
    await page.get_by_role("button", name="Yes, delete").click()
    await expect(page.get_by_text("was deleted.")).to_be_visible()
    await expect(row).to_have_count(0)


async def test_each_editor_has_an_address(lab: Lab, sign_in: SignIn) -> None:
    admin = await lab.client("admin")
    async with somebody(admin, "elsa", extension="192") as elsa:
        page = await sign_in("admin")
        await open_users(page)
        await page.get_by_role("link", name="Elsa").click()
        await expect(page.get_by_label("Extension")).to_have_value("192")
        assert page.url.endswith(f"#/account/users/{elsa['id']}")
        await page.reload()
        await expect(page.get_by_label("Extension")).to_have_value("192")
        await page.go_back()
        await expect(page.get_by_role("row").filter(has_text="elsa")).to_be_visible()
        other = await page.context.new_page()
        await other.goto(f"/#/account/users/{elsa['id']}")
        await expect(other.get_by_role("form", name="Edit user").get_by_label("Username")).to_have_value("elsa")
        await other.goto("/#/account/users/new")
        await expect(other.get_by_role("form", name="Add user")).to_be_visible()
        await other.goto("/#/account/users/nobody")
        await expect(other.get_by_text("There is no such user.")).to_be_visible()


async def test_what_is_not_saved_is_asked_about(lab: Lab, sign_in: SignIn) -> None:
    admin = await lab.client("admin")
    async with somebody(admin, "elsa"):
        page = await sign_in("admin")
        await open_users(page)
        await edit(page, "elsa")
        name, question = page.get_by_label("Name", exact=True), page.get_by_role("dialog", name="Leave without saving?")
        await page.get_by_role("link", name="Audit").click()  # nothing was changed: nothing is asked
        await expect(page.get_by_role("heading", name="Audit")).to_be_focused()
        await page.go_back()
        await name.fill("Elsa Somebody")

        async def stays() -> None:
            await expect(question.get_by_role("button", name="Stay here")).to_be_focused()
            await page.keyboard.press("Enter")
            await expect(question).to_have_count(0)
            await expect(name).to_have_value("Elsa Somebody")
            assert "/users/" in page.url

        await page.get_by_role("link", name="Webhooks").click()
        await stays()
        await page.get_by_role("link", name="Inbox").click()
        await stays()
        await page.go_back()
        await stays()
        await name.press("Escape")
        await expect(question).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(question).to_have_count(0)
        asked: list[str] = []

        async def dismiss(dialog: Dialog) -> None:
            asked.append(dialog.type)
            await dialog.dismiss()

        page.on("dialog", dismiss)
        async with page.expect_event("dialog"):
            await page.evaluate("setTimeout(() => location.reload())")
        assert asked == ["beforeunload"]
        await expect(name).to_have_value("Elsa Somebody")
        await page.get_by_role("button", name="Cancel").click()
        await question.get_by_role("button", name="Leave", exact=True).click()
        await expect(page.get_by_role("row").filter(has_text="elsa")).not_to_contain_text("Somebody")
        await page.reload()
        assert asked == ["beforeunload"], "there is nothing to lose any more"


async def test_only_what_was_changed_is_sent(lab: Lab, sign_in: SignIn) -> None:
    """Two administrators at once: neither takes back what the other did."""
    admin = await lab.client("admin")
    async with somebody(admin, "elsa", extension="192", devices=["PJSIP/192"]) as elsa:
        page = await sign_in("admin")
        sent: list[Any] = []

        def note(request: Request) -> None:
            if request.method == "PATCH":
                sent.append(request.post_data_json)

        page.on("request", note)
        await page.goto(f"/#/account/users/{elsa['id']}")
        await expect(page.get_by_label("Extension")).to_have_value("192")
        await admin.patch(f"/users/{elsa['id']}", {"can_monitor": True, "name": "Elsa Two"})
        await page.get_by_label("Extension").fill("193")
        await page.get_by_role("button", name="Save User").click()
        await expect(page.get_by_text("Elsa Two was saved.")).to_be_visible()
        assert sent == [{"extension": "193"}]
        _, now = await admin.get(f"/users/{elsa['id']}")
        assert (now["name"], now["can_monitor"], now["extension"]) == ("Elsa Two", True, "193")
        await edit(page, "elsa")
        await page.get_by_role("button", name="Save User").click()
        await expect(page.get_by_text("Nothing was changed.")).to_be_visible()
        assert len(sent) == 1


async def test_errors_are_in_words_at_their_field(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")

    async def wrong(label: str, text: str) -> None:
        field = page.get_by_label(label, exact=True)
        await expect(field).to_be_focused()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description(text)

    async def save(**fields: str) -> None:
        for label, text in fields.items():
            await page.get_by_label(label.replace("_", " "), exact=True).fill(text)
        await page.get_by_role("button", name=save_user).click()

    save_user = "Save User"
    await page.goto("/#/account/users/new")
    await save()
    await wrong("Name", "This is required.")
    await save(Name="Max", Username="mona", New_password="short")
    await wrong(
        "New password", "At least 10 characters Use at least 10 characters: several words are easy to remember."
    )
    await save(New_password=GOOD)
    await wrong("Username", "This is taken. Choose another.")
    await save(Username="max", Devices="PJSIP/199\n302")
    await wrong(
        "Devices",
        "Asterisk endpoints such as PJSIP/101, one per line. The first one rings."
        " An Asterisk endpoint with its technology is needed, such as PJSIP/101.",
    )
    await save(Devices="PJSIP/302")
    await expect(page.get_by_label("Devices")).to_have_accessible_description(
        "Asterisk endpoints such as PJSIP/101, one per line. The first one rings. This is taken. Choose another."
    )
    await expect(page.get_by_label("Username")).not_to_have_attribute("aria-invalid", "true")
    page.on("dialog", lambda dialog: dialog.accept())
    await in_german(page)
    save_user = "Benutzer speichern"
    await save(Name="Max", Benutzername="mona", Neues_Passwort="short")
    await wrong(
        "Neues Passwort",
        "Mindestens 10 Zeichen Mindestens 10 Zeichen sind nötig. Mehrere Wörter sind leicht zu merken.",
    )
    await save(Neues_Passwort=GOOD)
    await wrong("Benutzername", "Das ist schon vergeben. Wählen Sie etwas anderes.")


async def test_the_last_administrator_stays(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("admin")
    refusal = page.get_by_role("alert").filter(has_text="This is the last active administrator.")
    await open_users(page)
    await edit(page, "301")
    await expect(page.get_by_label("Give agent ability to monitor any call using softphone")).to_be_disabled()
    await page.get_by_label("Role").select_option("agent")
    await page.get_by_role("button", name="Save User").click()
    await expect(refusal).to_have_count(1)
    await page.get_by_label("Role").select_option("administrator")
    for button, yes in (("Deactivate", "Yes, deactivate"), ("Delete user", "Yes, delete")):
        await page.reload()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_text("This is your own account: you will be signed out.")).to_be_visible()
        await page.get_by_role("button", name=yes).click()
        await expect(refusal).to_have_count(1)
        assert "BODY" not in await focused(page)
    await in_german(page)
    await page.get_by_role("button", name="Benutzer löschen").click()
    await page.get_by_role("button", name="Ja, löschen").click()
    await expect(page.get_by_role("alert").filter(has_text="Das ist der letzte aktive Administrator.")).to_be_visible()
