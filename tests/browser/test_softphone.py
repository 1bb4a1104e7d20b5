"""The page as a phone: listening, whispering, joining with nothing but a browser, and sound proved at real phones."""

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, BrowserContext, Dialog, Error, Page, Playwright, async_playwright, expect

from adapter.asterisk import tones
from tests.browser.conftest import FLAGS, chromium_path, sign_in_by_hand
from tests.browser.test_quality import assert_accessible
from tests.support.lab import TONES, Lab, assert_hears, listen

VOICE = 2711
"""The browser's tone, in hertz: another prime."""
GONE = 12
"""Seconds until a page that is gone is told from one that comes back: it has ten; the rest is for a busy machine."""


def speaking_flags(wav: Path) -> list[str]:
    """A microphone that plays this file."""
    return [
        *FLAGS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={wav}",
    ]


@pytest.fixture(scope="session")
async def speaking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A Chromium whose microphone says a tone, for ever."""
    wav: Path = tmp_path_factory.mktemp("voice") / "tone.wav"
    tones.tone(wav, VOICE, 30)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=speaking_flags(wav))
        yield browser
        await browser.close()


ULAW_ONLY = """
const real = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description, ...more) {
  const opus = /a=rtpmap:(\\d+) opus/.exec(description.sdp)?.[1];
  const sdp = description.sdp.replace(new RegExp(`^(m=audio .*?) ${opus}\\\\b`, "m"), "$1");
  return real.call(this, { type: description.type, sdp }, ...more);
};
"""
"""A browser that leaves opus out of Asterisk's offer."""


async def at_the_page(
    browser: Browser, lab: Lab, username: str = "mona", *, microphone: bool = True, script: str = ""
) -> Page:
    """Somebody at the page with this browser as their phone, registered."""
    permissions = ["microphone"] if microphone else []
    context = await browser.new_context(base_url=lab.base, locale="en-US", permissions=permissions)
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


def voice_at(lab: Lab, number: str, seconds: float = 0.8) -> float:
    """How loud the browser's tone was at a phone in the last moments."""
    phone = lab.known(number)
    pcm = phone.heard()[-int(seconds * 16000) :]
    return tones.levels(pcm, [VOICE])[VOICE]


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


@pytest.mark.parametrize("codec", ["opus", "ulaw"])
async def test_listen_whisper_join_and_back_in_a_browser(lab: Lab, speaking: Browser, codec: str) -> None:
    customer, agent = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab, script=ULAW_ONLY if codec == "ulaw" else "")
    await open_call(page)
    await start(page)
    assert codec in await lab.pbx.cli(f"core show channel {await leg(lab)}")
    assert await received(lab, f"{codec}-first") < 2, "before the microphone was asked for"
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)
    await assert_accessible(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only the agent hears you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=False)
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("The agent and the customer hear you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=True)
    assert await received(lab, f"{codec}-talking") > 600
    await page.get_by_role("button", name="Return to silent monitoring").click()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await assert_voice(lab, p101=False, p201=False)
    assert await received(lab, f"{codec}-silent") < 2, "in silence nothing of the microphone reaches even Asterisk"
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
    await page.context.close()


async def test_without_a_microphone_one_listens_and_is_told_why_not_more(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab, microphone=False)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_role("alert").filter(has_text="Without a microphone")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await page.context.close()


def leaves(page: Page) -> list[str]:
    """Whoever is asked whether to leave the page does; which dialogs there were."""
    seen: list[str] = []

    async def accept(dialog: Dialog) -> None:
        seen.append(dialog.type)
        await dialog.accept()

    page.on("dialog", accept)
    return seen


async def monitors(lab: Lab) -> list[str]:
    """Ids of the monitors that run."""
    admin = await lab.client("admin")
    return [monitor["id"] for monitor in (await admin.get("/monitors"))[1]["monitors"]]


async def test_a_page_that_is_closed_ends_its_monitor_within_ten_seconds(lab: Lab, speaking: Browser) -> None:
    await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    began = time.monotonic()
    await page.close()
    while await monitors(lab):
        assert time.monotonic() - began < GONE
        await asyncio.sleep(0.1)
    await page.context.close()


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


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_a_browser_that_dies_or_falls_silent(lab: Lab, tmp_path: Path, how: str) -> None:
    """Killed: a crash. Frozen: nothing comes any more and nothing says so, as when the network is lost."""
    await lab.talk("201", "101")
    context, playwright, pid = await a_browser_of_its_own(tmp_path)
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    page = await context.new_page()
    await sign_in_by_hand(page, "mona", lab.base)
    await open_call(page)
    await start(page)
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    began = time.monotonic()
    while await monitors(lab):
        assert time.monotonic() - began < GONE
        await asyncio.sleep(0.1)
    print(f"{how}: the monitor ended after {time.monotonic() - began:.1f} s")
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    with contextlib.suppress(Error):
        await context.close()
    await playwright.stop()


async def test_three_supervisors_two_browsers_and_a_desk_phone(lab: Lab, speaking: Browser) -> None:
    customer, agent = await lab.talk("201", "101")
    admin = await lab.client("admin")
    users = (await admin.get("/users"))[1]["users"]
    ana = next(user for user in users if user["username"] == "ana")
    await admin.patch(f"/users/{ana['id']}", {"can_monitor": True})
    desk = await lab.phone("301")
    try:
        one, two = await at_the_page(speaking, lab), await at_the_page(speaking, lab, "ana")
        for page in (one, two):
            await open_call(page)
            await start(page)
        await admin.monitor(await admin.call("101"), "whisper")
        await two.get_by_role("button", name="Join the call").click()
        await expect(two.get_by_text("The agent and the customer hear you.")).to_be_visible()
        await assert_voice(lab, p101=True, p201=True)
        heard = await listen(customer, agent, desk)
        assert heard["101"]["301"] > 3000
        assert heard["201"]["301"] < 120
        await two.get_by_role("button", name="Return to silent monitoring").click()
        await expect(two.get_by_text("Nobody hears you.")).to_be_visible()
        await assert_voice(lab, p101=False, p201=False)
        assert len((await admin.get("/monitors"))[1]["monitors"]) == 3
        for page in (one, two):
            await page.context.close()
    finally:
        await admin.patch(f"/users/{ana['id']}", {"can_monitor": False})


@pytest.mark.timeout(90)
async def test_after_a_restart_of_asterisk_the_page_is_a_phone_again(own: Lab, speaking: Browser) -> None:
    page = await at_the_page(speaking, own)
    await own.talk("202", "101")
    await open_call(page)
    await own.pbx.kill()
    await expect(page.get_by_text("Ready: you can listen")).to_have_count(0)
    await own.pbx.start()
    for number in ("202", "101"):
        await own.unregister(number)
    await own.talk("201", "101")
    await page.get_by_role("option").filter(has_text="Sam").click()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible(timeout=30_000)
    await start(page)
    await page.context.close()


@pytest.mark.timeout(90)
async def test_after_a_death_of_the_adapter_the_page_is_a_phone_again(own: Lab, speaking: Browser) -> None:
    page = await at_the_page(speaking, own)
    await own.talk("201", "101")
    await open_call(page)
    await start(page)
    (before,) = await endpoints(own)
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await expect(page.get_by_text("who hears you is not known")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_have_count(0)
    await expect(page.get_by_role("button", name="Talk to Agent")).to_have_count(0)
    await own.start_adapter()
    await expect(page.get_by_text("who hears you is not known")).to_have_count(0, timeout=30_000)
    await expect(page.get_by_role("button", name="Call Monitoring", pressed=False)).to_be_visible()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible(timeout=30_000)
    assert before not in await endpoints(own)
    await expect(page.get_by_role("option").filter(has_text="Sam")).to_be_visible()
    await start(page)
    await page.context.close()


async def test_a_reload_listens_again_in_silence(lab: Lab, speaking: Browser) -> None:
    customer, agent = await lab.talk("201", "101")
    page = await at_the_page(speaking, lab)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.get_by_text("The agent and the customer hear you.")).to_be_visible()
    (before,) = await monitors(lab)
    asked = leaves(page)
    await page.reload()
    assert asked == ["beforeunload"]
    await untouched(lab, before)
    await page.get_by_role("button", name="Click to hear").click()
    await expect(page.get_by_text("Connected. Sound is arriving.")).to_be_visible()
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    (after,) = await monitors(lab)
    assert before != after
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)
    await page.context.close()


async def endpoints(lab: Lab) -> set[str]:
    """The ephemeral endpoints that Asterisk knows."""
    return set(re.findall(r"Endpoint: +(cm-web-[0-9a-f-]+)", await lab.pbx.cli("pjsip show endpoints")))


async def test_a_right_that_is_lost_and_a_sign_out_close_the_phone(lab: Lab, speaking: Browser) -> None:
    before = await endpoints(lab)
    page = await at_the_page(speaking, lab)
    admin = await lab.client("admin")
    await lab.talk("201", "101")
    await open_call(page)
    assert len(await endpoints(lab) - before) == 1
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    end = time.monotonic() + 5
    while await endpoints(lab) - before:
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    mona = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "mona")
    other = await at_the_page(speaking, lab)
    await open_call(other)
    await start(other)
    await admin.patch(f"/users/{mona['id']}", {"can_monitor": False})
    try:
        end = time.monotonic() + 5
        while await endpoints(lab) - before or await monitors(lab):
            assert time.monotonic() < end
            await asyncio.sleep(0.2)
    finally:
        await admin.patch(f"/users/{mona['id']}", {"can_monitor": True})
    await other.context.close()
    await page.context.close()
    assert VOICE not in TONES.values()
