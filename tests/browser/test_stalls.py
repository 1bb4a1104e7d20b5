"""A network that stalls or breaks: what is short ends nothing, and after what is long the page listens again."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, Error, Page, expect

from adapter.web import sipline
from tests.browser.conftest import sign_in_by_hand
from tests.browser.phones import GONE, a_browser_of_its_own, assert_voice, at_the_page, monitors, open_call, start
from tests.browser.test_taken_over import take_over
from tests.support.cable import Cable
from tests.support.lab import Lab, assert_hears, listen

STALL = 3.0
"""Seconds that end nothing."""
NETWORK = "--utility-sub-type=network.mojom.NetworkService"
"""The process through which all of Chromium's network goes, sound too."""


@contextlib.contextmanager
def stalled(pid: int) -> Iterator[None]:
    """Nothing comes and goes: packets of sound, SIP, events; the page itself runs on."""
    network = next(one for one in psutil.Process(pid).children(recursive=True) if NETWORK in one.cmdline())
    network.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        network.send_signal(signal.SIGCONT)


@pytest.fixture
async def stalling(lab: Lab, tmp_path: Path) -> AsyncIterator[tuple[Page, int]]:
    """Mona whispers, in a browser whose network can be stopped; its main process."""
    await lab.talk("201", "101")
    context, playwright, pid = await a_browser_of_its_own(tmp_path)
    await context.add_init_script("localStorage.setItem('device', 'browser')")
    await context.add_init_script(
        "const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = () => real({audio: {echoCancellation: false, noiseSuppression: false,"
        " autoGainControl: false}});"
    )
    page = await context.new_page()
    await sign_in_by_hand(page, "mona", lab.base)
    await open_call(page)
    await start(page)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    yield page, pid
    with contextlib.suppress(Error):
        await context.close()
    await playwright.stop()


async def test_a_short_stall_of_the_network_ends_nothing(lab: Lab, stalling: tuple[Page, int]) -> None:
    page, pid = stalling
    await assert_voice(lab, p101=True, p201=False)
    before = await monitors(lab)
    with stalled(pid):
        await asyncio.sleep(STALL)
    await asyncio.sleep(sipline.PATIENCE - STALL + 2)
    assert await monitors(lab) == before
    await assert_voice(lab, p101=True, p201=False)
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    await page.get_by_role("button", name="Call Monitoring").click()
    await expect(page.get_by_text("Monitoring has stopped.")).to_be_visible()


async def test_after_a_long_stall_the_page_listens_again_in_silence(lab: Lab, stalling: tuple[Page, int]) -> None:
    page, pid = stalling
    (before,) = await monitors(lab)
    began = time.monotonic()
    with stalled(pid):
        while await monitors(lab):
            assert time.monotonic() - began < GONE
            await asyncio.sleep(0.1)
        print(f"a network that is away: the monitor ended after {time.monotonic() - began:.1f} s")
        await asyncio.sleep(4)
    began = time.monotonic()
    while not (now := await monitors(lab)):
        assert time.monotonic() - began < 30
        await asyncio.sleep(0.1)
    assert now != [before]
    await expect(page.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(page.get_by_text("Connected. Sound is arriving.")).to_be_visible()
    print(f"after it, the page listened again within {time.monotonic() - began:.1f} s")
    customer, agent = lab.known("201"), lab.known("101")
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)


async def cabled(lab: Lab, browser: Browser) -> tuple[Page, Cable]:
    """Mona listens, and her page reaches the server by a cable; sound goes straight to Asterisk."""
    cable = Cable(lab.http_port)
    await cable.plug()
    await lab.talk("201", "101")
    page = await at_the_page(browser, lab, base=f"http://127.0.0.1:{cable.port}")
    await open_call(page)
    await start(page)
    return page, cable


@contextlib.asynccontextmanager
async def unplugged(cable: Cable, seconds: float) -> AsyncIterator[None]:
    """The cable is out for so long, whatever what is done meanwhile takes: longer would be another test."""
    await cable.unplug()

    async def again() -> None:
        await asyncio.sleep(seconds)
        await cable.plug()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(again())
        yield


async def test_a_connection_that_breaks_and_comes_back_ends_nothing(lab: Lab, speaking: Browser) -> None:
    page, cable = await cabled(lab, speaking)
    await page.get_by_role("button", name="Talk to Agent").click()
    await expect(page.get_by_text("Only Sam hears you.")).to_be_visible()
    before = await monitors(lab)
    async with unplugged(cable, STALL):
        await assert_voice(lab, p101=True, p201=False)
    await expect(page.get_by_text("is interrupted and being restored")).to_have_count(0, timeout=15_000)
    await asyncio.sleep(sipline.PATIENCE)
    assert await monitors(lab) == before
    region = await take_over(page)
    await cable.unplug()
    await expect(region.get_by_text("is interrupted and being restored")).to_be_visible()
    await cable.plug()
    await expect(region.get_by_text("is interrupted and being restored")).to_have_count(0, timeout=15_000)
    await assert_voice(lab, p201=True)
    mark = lab.known("201").mark()
    await region.get_by_role("button", name="Hang up").click()
    await lab.known("201").seen("CALL_CLOSED", mark)  # its BYE passes, though the dialog began on another socket
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible()
    await page.context.close()
    await cable.close()


async def test_what_asterisk_says_meanwhile_is_told_afterwards(lab: Lab, speaking: Browser) -> None:
    """The customer hangs up while the page's connection is away: the page's call ends, and it is free again."""
    page, cable = await cabled(lab, speaking)
    await cable.unplug()
    await lab.known("201").hangup()
    await asyncio.sleep(1)
    await cable.plug()
    await expect(page.get_by_text("Ready: you can listen to calls in this browser.")).to_be_visible(timeout=20_000)
    await lab.talk("202", "101")
    await expect(page.get_by_role("option").filter(has_text="202")).to_have_count(1)
    await expect(page.get_by_role("option").filter(has_text="201")).to_have_count(0)
    await open_call(page)
    await start(page)
    await page.context.close()
    await cable.close()
