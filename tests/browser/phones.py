"""A browser that is a phone: somebody at the page with it, and what real phones and Asterisk hear of them.

Playwright's own looks at a page (and `evaluate`) count as gestures of the person: where the browser is to block sound,
nothing may look before it has.
"""

import asyncio
import time
from pathlib import Path
from typing import Protocol

import psutil
from playwright.async_api import Browser, BrowserContext, Dialog, Page, Playwright, async_playwright, expect

from adapter.asterisk import tones
from tests.browser.conftest import VOICE, chromium_path, sign_in_by_hand, speaking_flags
from tests.support.lab import Lab

GONE = 12
"""Seconds until a page that is gone is told from one that comes back: it has ten; the rest is for a busy machine."""


class Served(Protocol):
    """A lab, of one PBX or of several."""

    @property
    def base(self) -> str:
        """Where its page is."""


async def at_the_page(
    browser: Browser, lab: Served, username: str = "mona", *, microphone: bool = True, script: str = "", base: str = ""
) -> Page:
    """Somebody at the page with this browser as their phone, registered."""
    permissions = ["microphone"] if microphone else []
    context = await browser.new_context(base_url=base or lab.base, locale="en-US", permissions=permissions)
    if not microphone:
        await context.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
        )
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    # A tone is no voice: what the browser does against noise and echo would take it away.
    await context.add_init_script(
        "const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = () => real({audio: {echoCancellation: false, noiseSuppression: false,"
        " autoGainControl: false}});"
        if microphone
        else ""
    )
    await context.add_init_script(script)
    page = await context.new_page()
    await sign_in_by_hand(page, username)
    return page


async def open_call(page: Page) -> None:
    """Choose Sam's call, with this browser ready."""
    await page.get_by_role("option").filter(has_text="Sam").click()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()


async def start(page: Page) -> None:
    """Listen, until sound arrives."""
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(page.get_by_text("Connected. Sound is arriving.")).to_be_visible()


async def assert_voice(lab: Lab, **heard: bool) -> None:
    """`p101=True`: phone 101 hears the browser's tone."""
    await asyncio.sleep(1.2)
    for key, wanted in heard.items():
        level = voice_at(lab, key.removeprefix("p"))
        assert (level > 600) if wanted else (level < 60), f"{key}: {level:.0f}"


async def leg(lab: Lab) -> str:
    """The name of the browser's channel at Asterisk."""
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    return next(line.partition("!")[0] for line in lines if line.startswith("PJSIP/cm-web-"))


async def received(lab: Lab, name: str) -> float:
    """How loud the browser's tone is in what Asterisk itself receives from the browser."""
    wav = lab.folder / f"{name}.wav"
    channel = await leg(lab)
    await lab.pbx.cli(f"mixmonitor start {channel} {lab.folder}/both-{name}.wav,r({wav})")
    await asyncio.sleep(1.2)
    await lab.pbx.cli(f"mixmonitor stop {channel}")
    await asyncio.sleep(0.3)
    pcm = (await asyncio.to_thread(wav.read_bytes))[44:]
    assert len(pcm) > 8000, "the browser sends no frames"
    return tones.levels(pcm[-12_800:], [VOICE])[VOICE]


async def monitors(lab: Lab) -> list[str]:
    """Ids of the monitors that run."""
    admin = await lab.client("admin")
    return [monitor["id"] for monitor in (await admin.get("/monitors"))[1]["monitors"]]


async def untouched(lab: Lab, *former: str) -> None:
    """Wait for a new monitor that is live without a look at the page: Playwright's own looks count as gestures."""
    admin = await lab.client("admin")
    end = time.monotonic() + 20
    while not [
        monitor
        for monitor in (await admin.get("/monitors"))[1]["monitors"]
        if monitor["id"] not in former and monitor["state"] == "live"
    ]:
        assert time.monotonic() < end, "nobody listens"
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)


def voice_at(lab: Lab, number: str, seconds: float = 0.8) -> float:
    """How loud the browser's tone was at a phone in the last moments."""
    phone = lab.known(number)
    pcm = phone.heard()[-int(seconds * 16000) :]
    return tones.levels(pcm, [VOICE])[VOICE]


def leaves(page: Page) -> list[str]:
    """Whoever is asked whether to leave the page does; which dialogs there were."""
    seen: list[str] = []

    async def accept(dialog: Dialog) -> None:
        seen.append(dialog.type)
        await dialog.accept()

    page.on("dialog", accept)
    return seen


async def a_browser_of_its_own(tmp_path: Path) -> tuple[BrowserContext, Playwright, int]:
    """A browser process that may be killed, and its pid."""
    playwright = await async_playwright().start()
    profile = tmp_path / "profile"
    wav = tmp_path / "tone.wav"
    tones.tone(wav, VOICE, 30)
    context = await playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_path(), args=speaking_flags(wav), permissions=["microphone"], locale="en-US"
    )
    processes = (p for p in psutil.process_iter(["cmdline"]) if str(profile) in " ".join(p.info["cmdline"] or []))
    main = next(p for p in processes if "--type=" not in " ".join(p.info["cmdline"]))
    return context, playwright, main.pid
