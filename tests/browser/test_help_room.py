"""Who asks for help takes nobody's place: nothing moves under the pointer, the list stays, and one click goes there."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.listed import NARROW, WIDE, At, at, place, row, rows, talks, top
from tests.browser.test_quality import assert_accessible
from tests.support.centre import FIRST, Centre
from tests.support.client import Client
from tests.support.lab import Lab

__all__ = ["at", "place"]

REQUESTS = "Agents ask for help"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
WORDS = "The customer wants the manager, is getting loud, and I do not know the rule for goodwill refunds"


async def asking(place: Centre, count: int) -> list[Client]:
    """The first so many agents have accounts, and are signed in."""
    admin = await place.site.client("admin")
    clients = []
    for number in range(count):
        user = {"username": f"agent{number}", "name": place.name(number), "role": "agent", "can_monitor": False}
        phone = {"extension": str(FIRST + number), "devices": [f"PJSIP/{FIRST + number}"]}
        assert (await admin.post("/users", {**user, **phone, "password": f"secret-agent{number}"}))[0] == 201
        clients.append(await place.site.client(f"agent{number}"))
    return clients


async def close_all(place: Centre) -> None:
    """An administrator closes every request."""
    admin = await place.site.client("admin")
    for request in (await admin.get("/help"))[1]["help"]:
        assert (await admin.delete(f"/help/{request['id']}"))[0] == 204


async def test_nothing_moves_under_the_pointer_when_requests_come_and_go(place: Centre, at: At) -> None:
    under = 10
    talks(place, 60)
    agents = await asking(place, 3)
    page = await at()
    requests = page.get_by_role("region", name=REQUESTS).get_by_role("listitem")
    await row(page, under).hover()
    before = await top(row(page, under))
    for count, agent in enumerate(agents, 1):
        await agent.post("/help", {"note": WORDS})
        await expect(requests).to_have_count(count)
        await page.evaluate(PAINTED)
        assert await top(row(page, under)) == before
    await close_all(place)
    await expect(requests).to_have_count(0)
    await page.evaluate(PAINTED)
    assert await top(row(page, under)) == before

    for agent in agents:
        await agent.post("/help", {})
    await expect(requests).to_have_count(3)
    await page.mouse.move(1000, 400)
    await page.reload()
    await row(page, under).hover()
    before = await top(row(page, under))
    await close_all(place)
    await expect(requests).to_have_count(0)
    await page.evaluate(PAINTED)
    assert await top(row(page, under)) == before, "there was nothing to scroll"
    await page.mouse.move(1000, 400)
    await expect(rows(page).first).to_be_in_viewport()
    for _ in range(100):
        if await top(row(page, under)) < before:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the pointer has left, and the room is still kept")


async def test_a_press_that_was_meant_for_the_list_takes_no_request_that_came_there(place: Centre, at: At) -> None:
    talks(place, 3)
    (agent,) = await asking(place, 1)
    page = await at()
    requests = page.get_by_role("region", name=REQUESTS)
    await agent.post("/help", {})
    take = requests.get_by_role("button", name="Take", exact=True)
    await take.hover()
    await close_all(place)
    await expect(requests).to_have_count(0)
    await agent.post("/help", {})
    await expect(take).to_be_visible()
    await page.mouse.down()
    await page.mouse.up()
    await asyncio.sleep(1)
    admin = await place.site.client("admin")
    assert [one["state"] for one in (await admin.get("/help"))[1]["help"]] == ["open"]
    await take.click(position={"x": 3, "y": 3})
    await expect(requests.get_by_text("Taken by Admin")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_with_many_requests_there_is_still_a_list_and_a_way_elsewhere(place: Centre, at: At, scheme: str) -> None:
    talks(place, 20)
    page = await at(color_scheme=scheme)
    for agent in await asking(place, 6):
        await agent.post("/help", {"note": WORDS})
    await expect(page.get_by_role("region", name=REQUESTS).get_by_role("listitem")).to_have_count(6)
    for size in (WIDE, NARROW):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await rows(page).nth(1).scroll_into_view_if_needed()
        await expect(rows(page).nth(1)).to_be_in_viewport(ratio=1)
        await assert_accessible(page)
        await page.get_by_role("link", name="Floor").click()
        await expect(page.get_by_role("region", name=REQUESTS)).to_be_visible()
        await assert_accessible(page)
        await page.get_by_role("link", name="Inbox").click()


async def test_taking_ends_what_one_listens_to_and_says_so(lab: Lab, sign_in: SignIn) -> None:
    await asyncio.gather(lab.talk("201", "101"), lab.talk("202", "102"))
    await lab.phone("302")
    mona, sam = await sign_in("mona"), await lab.client("sam")
    await open_agent(mona, "Ana")
    await mona.get_by_role("button", name="Call Monitoring").click()
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    await mona.get_by_role("button", name="Talk to Agent").click()
    await expect(mona.get_by_text("Only Ana hears you.")).to_be_visible()
    await sam.post("/help", {"note": "A complaint"})
    requests = mona.get_by_role("region", name=REQUESTS)
    await requests.get_by_role("button", name="Sam", exact=True).click()
    await expect(mona.get_by_role("heading", name="Sam with 201")).to_be_visible()
    # What stands in another call's panel has the colour and the icon of who hears me.
    await expect(mona.locator(".panel .sentence.whisper")).to_have_text("Whispering to AnaSwitch to this call")
    take = requests.get_by_role("button", name="Take", exact=True)
    await expect(take).to_have_attribute("title", "Ends your monitoring of Ana first.")
    await take.dblclick()
    await expect(mona.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(mona.get_by_text("Listening to Sam")).to_be_visible()
    await expect(requests.get_by_text("Taken by Mona")).to_be_visible()
    admin = await lab.client("admin")
    assert len((await admin.get("/monitors"))[1]["monitors"]) == 1


async def open_agent(page: Page, agent: str) -> None:
    """The call of this agent."""
    await page.get_by_role("option").filter(has_text=agent).click()
