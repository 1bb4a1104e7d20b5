"""Help in a real browser: told at once to whoever supervises the agent, and to everybody while nobody comes."""

import asyncio

from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_needs import TOLD, limit
from tests.support.lab import Lab

AGAIN = "Help not taken: tell again"


async def wants_notifications(page: Page, seconds: int) -> None:
    """Notifications, and again after so many seconds."""
    await page.evaluate(TOLD)
    await limit(page, AGAIN, seconds)
    await page.get_by_role("button", name="Limits").click()
    await page.get_by_label("Show a desktop notification").check()
    await page.keyboard.press("Escape")


async def until_told(page: Page, count: int) -> list[list[str]]:
    """The first so many notifications; the page's policy lets no expression be waited for."""
    for _ in range(600):
        if len(told := await page.evaluate("told")) >= count:
            return list(told[:count])
        await asyncio.sleep(0.1)
    raise AssertionError(f"{told} is all")


async def test_who_waits_is_told_again_and_stands_on_the_floor_too(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    mona, sam = await sign_in("mona"), await lab.client("sam")
    await wants_notifications(mona, 2)
    await mona.get_by_role("link", name="Floor").click()
    await sam.post("/help", {"note": "A complaint"})
    requests = mona.get_by_role("region", name="Agents ask for help")
    await expect(requests.get_by_text("A complaint")).to_be_visible()
    assert await until_told(mona, 2) == [
        ["Sam asks for help", "A complaint"],
        ["Sam still waits for help", "A complaint"],
    ]
    await requests.get_by_role("button", name="Take", exact=True).click()
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    told = await mona.evaluate("told.length")
    await mona.wait_for_timeout(4500)
    assert await mona.evaluate("told.length") == told, "somebody has come"


async def test_supervisors_of_the_team_are_first_in_line(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    admin, sam = await lab.client("admin"), await lab.client("sam")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    team = {"name": "Sales", "members": [ids["sam"]], "supervisors": [ids["mona"]]}
    status, made = await admin.post("/teams", team)
    assert status == 201, made
    try:
        first, other = await sign_in("mona"), await sign_in("admin")
        await wants_notifications(first, 600)
        await wants_notifications(other, 6)
        await sam.post("/help", {})
        await until_told(first, 1)
        await expect(other.get_by_role("region", name="Agents ask for help")).to_be_visible()
        assert await other.evaluate("told") == []
        assert await until_told(other, 1) == [["Sam asks for help", ""]]
        assert len(await first.evaluate("told")) == 1
    finally:
        await admin.delete(f"/teams/{made['id']}")
