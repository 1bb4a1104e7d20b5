"""The list of calls in a real browser: how much of it is seen, what a row says, and room for a thousand."""

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignIn
from tests.browser.listed import (
    BAR,
    NARROW,
    WIDE,
    At,
    at,
    place,
    row,
    rows,
    talks,
    top,
)
from tests.browser.test_quality import assert_accessible
from tests.support.centre import NAMES, Centre
from tests.support.lab import Lab

__all__ = ["at", "place"]


async def test_twenty_calls_are_in_view_each_in_one_line(place: Centre, at: At) -> None:
    talks(place, 30)
    page = await at()
    await expect(rows(page)).to_have_count(30)
    inbox = await page.get_by_role("main").bounding_box()
    assert inbox
    await page.set_viewport_size({"width": 1440, "height": round(900 + 900 - BAR - inbox["height"])})
    listed = await page.get_by_role("listbox").bounding_box()
    boxes = [await one.bounding_box() for one in await rows(page).all()]
    assert listed
    assert {box and box["height"] for box in boxes} == {34}
    seen = [box for box in boxes if box and box["y"] + box["height"] <= listed["y"] + listed["height"]]
    assert len(seen) >= 20
    assert seen[0]["width"] > 500


@pytest.mark.parametrize("touch", [True, False])
async def test_two_lines_and_room_for_a_finger_on_a_narrow_screen(place: Centre, at: At, touch: bool) -> None:
    talks(place, 3)
    page = await at(viewport=NARROW, has_touch=touch, is_mobile=touch)
    await expect(rows(page)).to_have_count(3)
    name, number = await top(page.get_by_text(NAMES[1], exact=True)), await top(page.get_by_text("+12025550001"))
    assert number >= name + 16
    height = await rows(page).first.bounding_box()
    assert height
    assert height["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_a_row_says_who_talks_to_whom_and_who_listens(place: Centre, at: At) -> None:
    talks(place, 8)
    place.hold(1)
    place.begin(ringing=True)
    place.tell()
    mona = await place.site.client("mona")
    call = next(one for one in await mona.calls() if one["customer"]["number"] == "+12025550002")
    started = (await mona.post("/monitors", {"call_id": call["id"]}))[1]
    page = await at()
    await expect(row(page, 2)).to_contain_text("Mona · silent")
    await mona.patch(f"/monitors/{started['id']}", {"mode": "whisper"})
    await expect(row(page, 2)).to_have_accessible_name(
        re.compile(rf"^Active {NAMES[2]} \+12025550002 Mona · whisper \d\d:\d\d$")
    )
    await expect(row(page, 1)).to_have_accessible_name(
        re.compile(rf"^On hold {NAMES[1]} \+12025550001 Dana Ortiz 02:\d\d$")
    )
    await expect(rows(page).last).to_have_accessible_name(re.compile(rf"^Ringing {NAMES[8]} "))
    await expect(rows(page).filter(has_text="Anonymous")).to_contain_text(NAMES[7])
    await expect(page.get_by_text("9 calls, 1 on hold, 1 monitored", exact=True)).to_be_visible()
    assert await row(page, 1).locator(".agent").evaluate("each => +getComputedStyle(each).fontWeight") >= 600


async def test_an_internal_call_is_one_row_and_either_end_can_be_coached(place: Centre, at: At) -> None:
    talks(place, 2)
    place.between(4, 5)
    place.tell()
    page = await at()
    await expect(rows(page)).to_have_count(3)
    pair = rows(page).filter(has_text=NAMES[4])
    for text in (NAMES[5], "1004", "1005"):
        await expect(pair).to_contain_text(text)
    said = page.locator(".panel h1")
    await pair.click()
    await expect(said).to_contain_text(f"{NAMES[4]} with")
    await pair.get_by_text(NAMES[5]).click()
    await expect(said).to_contain_text(f"{NAMES[5]} with")
    await page.get_by_role("button", name=f"Coach {NAMES[4]}").click()
    await expect(said).to_contain_text(f"{NAMES[4]} with")
    await page.get_by_role("listbox").focus()
    for key in ("End", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    await expect(said).to_contain_text(f"{NAMES[5]} with")
    await expect(pair).to_have_attribute("aria-selected", "true")


async def test_my_team_is_the_servers(place: Centre, at: At) -> None:
    """The calls of the teams that I supervise; a change of a team shows by itself."""
    admin = await place.site.client("admin")
    lee = {"username": "lee", "name": "Lee", "role": "agent", "password": "several good words", "device": "PJSIP/1001"}
    _, agent = await admin.post("/users", lee)
    talks(place, 3)
    page = await at()
    await page.get_by_role("radio", name="My team 0").click()
    await expect(rows(page)).to_have_count(0)
    made = {"name": "Mine", "members": [agent["id"]], "supervisors": [admin.user["id"]]}
    _, team = await admin.post("/teams", made)
    await page.get_by_role("radio", name="My team 1").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("Lee")
    await page.reload()
    await expect(page.get_by_role("radio", name="My team 1")).to_be_visible()
    await admin.patch(f"/teams/{team['id']}", {"members": []})
    await expect(page.get_by_role("radio", name="My team 0")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_axe_finds_nothing_in_the_list(place: Centre, at: At, scheme: str, size: dict[str, int]) -> None:
    page = await at(color_scheme=scheme, viewport=size)
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    await assert_accessible(page, ".list")
    talks(place, 9)
    place.begin(ringing=True)
    place.hold(1)
    place.between(10, 11)
    place.tell()
    for name, number, mode in (("mona", 2, "whisper"), ("coach", 3, "silent"), ("admin", 4, "barge")):
        client = await place.site.client(name)
        call = next(one for one in await client.calls() if one["customer"]["number"].endswith(str(number)))
        monitor = (await client.post("/monitors", {"call_id": call["id"]}))[1]
        await client.patch(f"/monitors/{monitor['id']}", {"mode": mode})
    await expect(row(page, 4)).to_contain_text("Admin · barge")
    await row(page, 5).hover()
    place.end(6)
    place.tell()
    await expect(page.locator("li.over")).to_have_count(1)
    await assert_accessible(page, ".list")


async def test_the_list_says_why_it_is_empty(place: Centre, at: At) -> None:
    page = await at()
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    place.site.pbx.down()
    await expect(page.get_by_text("No calls to show while the phone system is away.")).to_be_visible()


async def test_the_list_of_a_real_lab(lab: Lab, sign_in: SignIn) -> None:
    await lab.talk("201", "101")
    await lab.talk("104", "103")
    page = await sign_in("admin")
    await expect(rows(page)).to_have_count(2)
    pair = rows(page).filter(has_text="Kim").filter(has_text="103")
    await expect(pair).to_contain_text("Lee")
    await expect(pair).to_contain_text("104")
    await expect(rows(page).filter(has_text="Sam").filter(has_text="201")).to_have_count(1)


MOST = """
window.most = 0;
new MutationObserver(changes => {
  const added = changes.flatMap(each => [...each.addedNodes]).filter(each => each.nodeName === 'LI');
  most = Math.max(most, added.length);
}).observe(document.querySelector('[role=listbox]'), { childList: true });
"""
"""How many rows came into the page in one task; set anew when this runs again."""


async def test_a_thousand_calls_are_all_there_and_come_in_slices(place: Centre, at: At) -> None:
    """How long each task takes is told by `make bench` (part `page`)."""
    page = await at()
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    await page.evaluate(MOST)
    for number in range(1000):
        place.begin(ago=timedelta(seconds=1000 - number))
    place.tell()
    await expect(rows(page)).to_have_count(1000)
    at_once = 100  # `MANY` of slices.ts: so many, as the stream may bring them on a busy machine, need no slices
    assert 0 < await page.evaluate("window.most") <= at_once
    await page.get_by_label("Search calls").fill("nobody at all")
    await expect(page.get_by_text("No call matches the filter.")).to_be_visible()
    await page.evaluate(MOST)
    await page.get_by_label("Search calls").fill("")
    await expect(rows(page)).to_have_count(1000)
    assert 0 < await page.evaluate("window.most") <= 40
    for number in range(60):
        place.hold(number)
        place.tell()
        await asyncio.sleep(0.05)
    await expect(page.get_by_role("listbox").get_by_text("On hold")).to_have_count(60)


async def test_what_went_wrong_with_one_call_is_not_said_of_another(place: Centre, at: At) -> None:
    """Seen in a long day: "The call has ended." below a call that ran."""
    talks(place, 2)
    place.begin(ringing=True)
    place.tell()
    page = await at()
    said = page.locator(".panel .said [role=alert].problem")
    await row(page, 2).click()
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(said).not_to_be_empty()
    await row(page, 0).click()
    await expect(said).to_be_empty()
    await row(page, 2).click()
    await expect(said).not_to_be_empty()
