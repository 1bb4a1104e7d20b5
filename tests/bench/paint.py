"""How soon the page is painted: a browser without anything in its cache, at a real adapter of its own process.

The times are the page's own (Paint Timing, first-contentful-paint, W3C), from the start of the navigation: waiting for
a core that others use is in them. Beside them is the CPU time of the page's main thread, in which it is not.
"""

import gzip
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from adapter.lab.provision import provision
from tests.browser.conftest import FLAGS, chromium_path, sign_in_by_hand
from tests.support.lab import Lab

TIMES = 20
STATIC = Path(__file__).parents[2] / "adapter/web/static"
PAINTED = """() => new Promise(done => new PerformanceObserver(list => {
  const entry = list.getEntries().find(({ name }) => name === 'first-contentful-paint');
  if (entry) done(entry.startTime);
}).observe({ type: 'paint', buffered: true }))"""


async def measure() -> dict[str, dict[str, float]]:
    """Both first pages that somebody sees, and what is loaded for them."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(provision(), Path(folder))
        async with lab.running(), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            for caller, called in (("201", "101"), ("202", "102"), ("104", "103")):
                await lab.talk(caller, called)
            page = await browser.new_page(locale="en-US")
            await sign_in_by_hand(page, "admin", lab.base)
            state: Any = await page.context.storage_state()
            await page.context.close()
            title = "First paint, cold cache (aim: under 500 ms)"
            figures = {
                **await _paints(browser, lab, "signing in", None, "form"),
                **await _paints(browser, lab, "the inbox", state, "[role=option]"),
            }
            await browser.close()
    return {title: figures, "What is loaded, gzipped (aim: script and style under 200 kB)": sizes()}


async def _paints(browser: Browser, lab: Lab, name: str, state: Any, shown: str) -> dict[str, float]:
    """Each time in a context of its own, which begins with an empty cache."""
    paints, ready, cpu = [], [], []
    for _ in range(TIMES):
        context: BrowserContext = await browser.new_context(base_url=lab.base, locale="en-US", storage_state=state)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        await page.goto("/", wait_until="commit")
        paints.append(float(await page.evaluate(PAINTED)))
        await expect(page.locator(shown).first).to_be_visible()
        ready.append(float(await page.evaluate("performance.now()")))
        told: Any = (await session.send("Performance.getMetrics"))["metrics"]
        cpu.append(1000 * next(float(one["value"]) for one in told if one["name"] == "TaskDuration"))
        await context.close()
    return {
        f"{name}: first contentful paint, p50 (ms)": statistics.median(paints),
        f"{name}: first contentful paint, p95 (ms)": _p95(paints),
        f"{name}: all of it is there, p50 (ms)": statistics.median(ready),
        f"{name}: all of it is there, p95 (ms)": _p95(ready),
        f"{name}: CPU of the page's main thread until then, p50 (ms)": statistics.median(cpu),
        f"{name}: the same, p95 (ms)": _p95(cpu),
    }


def _p95(took: list[float]) -> float:
    return sorted(took)[int(0.95 * len(took))]


def sizes() -> dict[str, float]:
    """Kilobytes of the bundle."""
    files = {name: (STATIC / name).read_bytes() for name in ("page.js", "page.css")}
    return {f"{name} (kB)": len(gzip.compress(content, 9)) / 1000 for name, content in files.items()}
