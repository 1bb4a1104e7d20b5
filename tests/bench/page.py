"""What the page costs the browser: 1,000 calls at once, each change while 60 are shown, and each on a large floor.

Time is CPU time of the page's main thread, as Chromium counts it: waiting for a core that others use is no cost of the
page (CDP: Performance.enable with threadTicks, and the trace's `tdur` of each task).
"""

import asyncio
import json
import random
import statistics
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

from tests.browser.conftest import FLAGS, chromium_path
from tests.support.centre import Centre, centre
from tests.support.floor import Floor, busy

CALLS, CHANGES, PACE = 60, 300, 0.05
"""Calls on the list, changes that are measured, seconds between two."""
MANY = 1000
AGENTS, QUEUES, TALKING = 500, 30, 250
"""Of the floor."""
PARTS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
LONG = 50
"""Milliseconds from which on a task is long (W3C, Long Tasks)."""


async def sign_in(page: Page, base: str) -> None:
    """The administrator of a `Site`."""
    await page.goto(base)
    await page.get_by_label("Username").fill("admin")
    await page.get_by_label("Password").fill("secret-admin")
    await page.get_by_role("button", name="Sign in").click()


async def spent(session: CDPSession) -> float:
    """Milliseconds of script, style and layout so far."""
    told = {one["name"]: one["value"] for one in (await session.send("Performance.getMetrics"))["metrics"]}
    return float(1000 * sum(told[part] for part in PARTS))


async def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Both, each with an adapter and a page of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        found = {}
        async with centre(f"sqlite+aiosqlite:///{folder}/changes.sqlite") as place:
            found[f"{CALLS} calls, {1 / PACE:.0f} changes a second (aim: p95 under 8 ms)"] = await _changes(
                browser, place
            )
        async with centre(f"sqlite+aiosqlite:///{folder}/many.sqlite") as place:
            found[f"{MANY} calls (aim: no task over 50 ms)"] = await _many(browser, place)
        async with centre(f"sqlite+aiosqlite:///{folder}/floor.sqlite", AGENTS) as place:
            title = (
                f"The floor: {AGENTS} agents, {QUEUES} queues, {1 / PACE:.0f} changes a second (aim: p95 under 8 ms)"
            )
            found[title] = await _floor(browser, place)
        await browser.close()
    return found


async def _floor(browser: Browser, place: Centre) -> dict[str, float]:
    floor = busy(place, QUEUES, TALKING)
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await sign_in(page, place.site.base)
    await page.get_by_role("link", name="Floor").click()
    await expect(page.locator(".agents .tile")).to_have_count(AGENTS)
    await asyncio.sleep(1)
    dice = random.Random(1)
    figures = await _each(page, lambda number: floor_change(floor, dice, number))
    await page.close()
    return figures


def floor_change(floor: Floor, dice: random.Random, number: int) -> None:
    """In turn: a pause, somebody who waits, somebody who gives up, and a call."""
    place, agent = floor.place, dice.randrange(AGENTS)
    if number % 4 == 0:
        floor.pause(agent, paused=not floor.is_paused(agent))
    elif number % 4 == 1:
        floor.join(dice.randrange(QUEUES))
    elif number % 4 == 2 and floor.joined:
        floor.leave(dice.randrange(len(floor.joined)))
    elif number % 8 == 3:
        place.begin()
        place.tell()
    else:
        place.end(dice.randrange(len(place.calls)))
        place.tell()


async def _changes(browser: Browser, place: Centre) -> dict[str, float]:
    for number in range(CALLS):
        place.begin(ago=timedelta(seconds=15 * (CALLS - number)))
    place.tell()
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await sign_in(page, place.site.base)
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(CALLS)
    await asyncio.sleep(1)
    dice, held = random.Random(1), set[str]()
    figures = await _each(page, lambda number: change(place, dice, held, number))
    await page.close()
    return figures


async def _each(page: Page, act: Callable[[int], None]) -> dict[str, float]:
    """What each of some changes costs."""
    session, took = await page.context.new_cdp_session(page), []
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await spent(session)
    for number in range(CHANGES):
        act(number)
        await asyncio.sleep(PACE)
        after = await spent(session)
        took.append(after - before)
        before = after
    took.sort()
    return {
        "script, style and layout for each change, p50 (ms)": statistics.median(took),
        "p95 (ms)": took[int(0.95 * len(took))],
        "longest (ms)": took[-1],
    }


def change(place: Centre, dice: random.Random, held: set[str], number: int) -> None:
    """Hold and back for most; every fifth change a call ends or another begins."""
    if number % 10 == 4:
        place.end(dice.randrange(len(place.calls)))
    elif number % 10 == 9:
        place.begin()
    else:
        at = dice.randrange(len(place.calls))
        channel = place.calls[at][0]
        place.hold(at, held=channel not in held)
        held ^= {channel}
    place.tell()


async def _many(browser: Browser, place: Centre) -> dict[str, float]:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await sign_in(page, place.site.base)
    await expect(page.get_by_text("No active calls right now.")).to_be_visible()
    for number in range(MANY):
        place.begin(ago=timedelta(seconds=MANY - number))
    await browser.start_tracing(page=page, categories=["toplevel"])
    place.tell()
    rows = page.get_by_role("listbox").get_by_role("option")
    await expect(rows).to_have_count(MANY)
    await page.reload()
    await expect(rows).to_have_count(MANY)
    await asyncio.sleep(1)
    first = tasks(await browser.stop_tracing())
    await browser.start_tracing(page=page, categories=["toplevel"])
    for number in range(60):
        place.hold(number)
        place.tell()
        await asyncio.sleep(PACE)
    later = tasks(await browser.stop_tracing())
    await page.close()
    return {
        f"first rendering: tasks over {LONG} ms": sum(took > LONG for took in first),
        "the longest of all (ms)": max(first),
        f"20 changes a second: tasks over {LONG} ms": sum(took > LONG for took in later),
        "the longest of all (ms) ": max(later),
    }


def tasks(trace: bytes) -> list[float]:
    """CPU milliseconds of each task on a page's main thread."""
    events = json.loads(trace)["traceEvents"]
    mains = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    return [
        each.get("tdur", 0) / 1000
        for each in events
        if each["name"].endswith("RunTask") and (each["pid"], each["tid"]) in mains
    ]
