"""A long day in a hurry: 60 calls that change all the time, random hands at keyboard and mouse, windows of every size.

Nothing moves under the hand, nothing says two things at once, the focus is never lost, and nothing grows: not the heap,
not the document, not the listeners.
"""

import asyncio
import os
import random
import time
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.bench.page import change
from tests.browser.listed import At, at, place
from tests.support.centre import Centre

__all__ = ["at", "place"]

CALLS, PACE = 60, 0.2
"""Calls on the list, seconds between two changes."""
MINUTES = float(os.environ.get("WORK_MINUTES", "10"))
SEED = int(os.environ.get("WORK_SEED", "1"))
SIZES = ((1440, 900), (768, 900), (360, 720), (2560, 1300), (1100, 700))
KEYS = ("ArrowDown", "ArrowUp", "PageDown", "Home", "Enter", "m", "t", "j", "s", "n", "Escape", "ArrowRight")
"""Without Tab: after the last element it leaves the page."""
CONTRADICTIONS = """() => {
  const found = [];
  const TONES = ['silent', 'whisper', 'barge', 'taken', 'warning', 'unknown'];
  const tone = element => TONES.find(one => element.classList.contains(one));
  const bar = document.querySelector('.bar'), panel = document.querySelector('.panel');
  const sentence = panel?.querySelector('.talk') ? panel.querySelector('.sentence') : null;
  if (sentence && !bar) found.push('the panel says who hears me, the bar is not there');
  if (sentence && bar && tone(sentence) !== tone(bar)) found.push(`panel ${tone(sentence)}, bar ${tone(bar)}`);
  const pressed = panel ? [...panel.querySelectorAll('.talk [aria-pressed=true]')] : [];
  if (pressed.length > 1) found.push('two modes are pressed');
  const said = sentence && tone(sentence);
  if (pressed.length && said && !['warning', 'unknown', tone(pressed[0])].includes(said)) {
    found.push(`pressed ${tone(pressed[0])}, said ${said}`);
  }
  if (document.querySelectorAll('.bar').length > 1) found.push('two bars');
  if (panel?.querySelector('.running') && panel.textContent.includes('has ended')) found.push('ended and running');
  if (document.activeElement === document.body) found.push('the focus is at the body');
  const keys = [...document.querySelectorAll('[role=listbox] > li')].map(one => one.id);
  if (new Set(keys).size !== keys.length) found.push('a call is there twice');
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than its window');
  return found;
}"""
UNDER = "([x, y]) => document.elementFromPoint(x, y)?.closest('[role=option]')?.dataset.key ?? null"


class Day:
    """One administrator at one page, and what was counted."""

    def __init__(self, page: Page, dice: random.Random) -> None:
        self.page, self.dice, self.done = page, dice, 0
        self.figures: list[dict[str, float]] = []
        self.log: list[str] = []

    async def act(self) -> None:
        """Something that a hurried hand does."""
        what = self.dice.choices(
            (self.keys, self.click, self.hover, self.search, self.filters, self.account, self.window, self.again),
            weights=(40, 20, 8, 6, 8, 4, 4, 1),
        )[0]
        self.log = [*self.log[-9:], what.__name__]
        try:
            await what()
        except Exception as problem:
            problem.add_note(f"after {self.done} acts: {', '.join(self.log)}")
            raise
        self.done += 1

    async def keys(self) -> None:
        for _ in range(self.dice.randint(1, 4)):
            key = self.dice.choice(KEYS)
            self.log.append(key)
            await self.page.keyboard.press(key)

    async def click(self) -> None:
        """What is under the pointer when it is pressed is what opens."""
        rows = self.page.locator("[role=option]")
        number = self.dice.randrange(12)
        if await rows.count() <= number or not await rows.nth(number).is_visible():
            return
        box = await rows.nth(number).bounding_box()
        if box is None:
            return
        spot = [box["x"] + 60, box["y"] + box["height"] / 2]
        await self.page.mouse.move(*spot)
        if await self.page.evaluate(UNDER, spot) is None:  # it lies below what is in view
            return
        await self.page.mouse.down()
        meant = await self.page.evaluate(UNDER, spot)
        await self.page.mouse.up()
        opened = "key => document.querySelector('li[aria-selected=true]')?.dataset.key === key"
        over = "key => !document.querySelector(`li[data-key='${key}']:not(.over)`)"
        if meant:
            await self.page.wait_for_function(f"key => ({opened})(key) || ({over})(key)", arg=meant, timeout=5000)

    async def hover(self) -> None:
        """A row under a pointer at rest stays there."""
        rows = self.page.locator("[role=option]")
        if not await rows.first.is_visible():
            return
        box = await rows.nth(min(4, await rows.count() - 1)).bounding_box()
        if box is None or box["y"] > 600:
            return
        spot = [box["x"] + 60, box["y"] + box["height"] / 2]
        await self.page.mouse.move(*spot)
        before = await self.page.evaluate(UNDER, spot)
        await asyncio.sleep(1.5)
        after = await self.page.evaluate(UNDER, spot)
        gone = before is not None and await self.page.locator(f"[data-key='{before}'][role=option]").count() == 0
        assert after == before or gone, f"{before} moved from under the pointer, {after} came"

    async def search(self) -> None:
        if await self.page.get_by_label("Search calls").is_visible():
            await self.page.keyboard.press("/")
            await self.page.keyboard.type(self.dice.choice(("202", "li", "zzz", "")))
            await self.page.keyboard.press("Escape")
            await self.page.keyboard.press("Escape")

    async def filters(self) -> None:
        choices = self.page.get_by_role("radio")
        if await choices.count() and await choices.first.is_visible():
            await choices.nth(self.dice.randrange(await choices.count())).click(timeout=5000)
            if self.dice.random() < 0.7:
                await choices.first.click(timeout=5000)

    async def account(self) -> None:
        part = self.dice.choice(("users", "audit", "webhooks", "tokens/new", "users/new"))
        await self.page.evaluate(f"location.hash = '#/account/{part}'")
        await expect(self.page.locator(".account-page h2")).to_be_visible()
        await self.page.evaluate("location.hash = '#/inbox'")
        await expect(self.page.locator(".inbox")).to_be_attached()

    async def window(self) -> None:
        width, height = self.dice.choice(SIZES)
        self.log.append(f"{width}")
        await self.page.set_viewport_size({"width": width, "height": height})

    async def again(self) -> None:
        """A reload, or a second tab for a moment."""
        if self.dice.random() < 0.5:
            await self.page.reload()
            await expect(self.page.locator("[role=option]").nth(20)).to_be_attached()
        else:
            tab = await self.page.context.new_page()
            await tab.goto(self.page.url)
            await expect(tab.locator(".rail")).to_be_visible()
            await tab.close()
        await expect(self.page.locator("[role=listbox]")).to_be_attached()

    async def check(self) -> None:
        """Nothing contradicts itself; what is on its way has a moment."""
        for _ in range(20):
            found = await self.page.evaluate(CONTRADICTIONS)
            if not found:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"after {self.done} acts ({', '.join(self.log)}): {found}")

    async def weigh(self, session: CDPSession) -> dict[str, float]:
        """Heap in MB, nodes and listeners, after the garbage was collected."""
        await session.send("HeapProfiler.collectGarbage")
        heap: Any = await session.send("Runtime.getHeapUsage")
        counts: Any = await session.send("Memory.getDOMCounters")
        weight = {"heap": heap["usedSize"] / 1e6, "nodes": counts["nodes"], "listeners": counts["jsEventListeners"]}
        self.figures.append(weight)
        return weight


async def changes(place: Centre, dice: random.Random) -> None:
    """Calls that change, end and begin, for ever; about sixty of them."""
    held: set[str] = set()
    number = 0
    while True:
        change(place, dice, held, number)
        number += 1
        await asyncio.sleep(PACE)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_long_day_in_a_hurry(place: Centre, at: At) -> None:
    for number in range(CALLS):
        place.begin(ago=timedelta(seconds=15 * (CALLS - number)))
    place.tell()
    page = await at()
    day = Day(page, random.Random(SEED))
    session = await page.context.new_cdp_session(page)
    busy = asyncio.create_task(changes(place, random.Random(SEED)))
    try:
        start = time.monotonic()
        end, warm = start + 60 * MINUTES, start + min(60, 15 * MINUTES)
        first: dict[str, float] | None = None
        weighed = time.monotonic()
        while time.monotonic() < end:
            await day.act()
            await day.check()
            if time.monotonic() > warm and (first is None or time.monotonic() - weighed > 120):
                weighed = time.monotonic()
                weight = await day.weigh(session)
                first = first or weight
                print(f"{weighed - start:5.0f} s, {day.done} acts: {weight}", flush=True)
        last = await day.weigh(session)
    finally:
        busy.cancel()
    print(f"{day.done} acts, first {first}, last {last}")
    assert first
    assert last["heap"] < first["heap"] + 4, day.figures
    assert last["nodes"] < 2 * first["nodes"] + 3000, day.figures
    assert last["listeners"] < 2 * first["listeners"] + 200, day.figures
