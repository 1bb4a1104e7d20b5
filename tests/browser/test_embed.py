"""A call in a frame of a CRM's page, as docs/crm.md has it: by sound on a real Asterisk, in a real browser.

The CRM's page is at `localhost`, call-monitor at `127.0.0.1`: for a browser these are two sites, and neither a cookie
nor anything kept is shared between them.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from adapter.lab.ports import free_port
from tests.browser.listed import place, talks
from tests.browser.phones import assert_voice, at_the_page, open_call
from tests.browser.test_quality import AXE
from tests.support.centre import Centre
from tests.support.lab import Lab, assert_hears, listen

__all__ = ["place"]

DOCS = Path(__file__).parents[2] / "docs/crm.md"
FRAME = "#call"
NOTHING_KEPT = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("no", "SecurityError"); },
})"""
"""A browser that lets frames keep nothing: third-party cookies are blocked, and storage with them."""
LOOKS = [("light", "en-US", "Nobody hears you."), ("dark", "de-DE", "Niemand hört Sie.")]
"""Colour scheme, language, and what silence is called in it."""


def from_docs(folder: Path) -> Path:
    """The two files of the documentation, as somebody would copy them; the server's path."""
    blocks = dict(re.findall(r"^```(python|html)\n(.*?)^```$", DOCS.read_text(), re.M | re.S))
    (folder / "crm.html").write_text(blocks["html"])
    (folder / "crm.py").write_text(blocks["python"])
    return folder / "crm.py"


@asynccontextmanager
async def crm_at(lab: Lab, folder: Path, port: int, supervisor: str = "mona") -> AsyncIterator[str]:
    """The documentation's CRM, running; the address of its page."""
    admin = await lab.client("admin")
    body = {"name": f"crm at {port}", "may_act_for": [supervisor]}
    status, made = await admin.post("/tokens", body)
    assert status == 201, made
    more = {"CALLS": lab.base, "TOKEN": made["token"], "PORT": str(port), "SUPERVISOR": supervisor}
    server = await asyncio.create_subprocess_exec(
        *[sys.executable, str(from_docs(folder))], env={**os.environ, **more}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as http:
            for _ in range(300):
                try:
                    async with http.get(f"http://localhost:{port}/") as answer:
                        assert answer.status == 200
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.1)
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        await server.wait()
        assert (await admin.delete(f"/tokens/{made['id']}"))[0] == 204


@pytest.fixture
async def crm(lab: Lab, tmp_path: Path) -> AsyncIterator[str]:
    """The CRM of the configured origin."""
    async with crm_at(lab, tmp_path, lab.crm_port) as address:
        yield address


@pytest.fixture
async def page(chromium: Browser, crm: str) -> AsyncIterator[Page]:
    """The CRM's page in a browser that nobody signed in with."""
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(crm)
    yield page
    await context.close()
    assert problems == []


async def shown(page: Page, number: str = "201") -> FrameLocator:
    """The call with this customer in the frame."""
    await page.get_by_label("Number").fill(number)
    await page.get_by_role("button", name="Coach this call").click()
    frame = page.frame_locator(FRAME)
    await expect(frame.get_by_role("heading", name=f"with {number}")).to_be_visible()
    return frame


async def add_frame(page: Page, name: str, src: str, sandbox: str | None = None) -> None:
    """Another frame in this page, by a script of the page's own."""
    add = """([id, src, sandbox]) => {
        const frame = document.createElement("iframe");
        if (sandbox !== null) frame.sandbox = sandbox;
        document.body.append(Object.assign(frame, { id, src }));
    }"""
    await page.evaluate(add, [name, src, sandbox])


async def test_listen_whisper_join_and_out_by_sound(lab: Lab, page: Page) -> None:
    agent, customer = (await lab.talk("201", "101"))[::-1]
    mine = await lab.phone("302")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    frame, said = await shown(page), page.locator("#said")
    await expect(said).to_have_text("Monitoring: none")
    await frame.get_by_role("button", name="Call Monitoring").click()
    await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(said).to_have_text("Monitoring: silent")
    heard = await listen(agent, customer, mine)
    assert_hears(heard, p101={"201"}, p201={"101"}, p302={"101", "201"})
    await frame.get_by_role("button", name="Talk to Agent").dblclick()  # as in the page: one press
    await expect(frame.get_by_text("Only Sam hears you.")).to_be_visible()
    await expect(said).to_have_text("Monitoring: whisper")
    assert_hears(await listen(agent, customer), p101={"201", "302"}, p201={"101"})
    await frame.get_by_role("button", name="Join the call").click()
    await expect(said).to_have_text("Monitoring: barge")
    assert_hears(await listen(agent, customer), p101={"201", "302"}, p201={"101", "302"})
    await frame.get_by_role("button", name="Return to silent monitoring").click()
    await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
    assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
    await asyncio.sleep(0.7)
    await frame.get_by_role("button", name="Call Monitoring").click()
    await expect(frame.get_by_text("Monitoring has stopped.")).to_be_visible()
    await expect(said).to_have_text("Monitoring: none")
    admin = await lab.client("admin")
    assert (await admin.get("/monitors"))[1]["monitors"] == []
    assert await page.context.cookies() == []
    assert not any("cml_" in url.partition("#")[0] or "cme_" in url for url in addresses)


async def test_a_link_is_of_use_once(lab: Lab, page: Page) -> None:
    await lab.talk("201", "101")
    await shown(page)
    url = str(await page.locator(FRAME).get_attribute("src"))
    await add_frame(page, "again", url)
    again = page.frame_locator("#again")
    await expect(again.get_by_role("alert")).to_have_text("This link was used already. Open the call in the CRM again.")
    top = await page.context.new_page()
    await top.goto(url)
    await expect(top.get_by_role("alert")).to_have_text("This page works inside your CRM only. Open the call there.")
    frames = [one for one in page.frames if one.url.startswith(lab.base)]
    assert len(frames) == 2
    assert not any("cml_" in one.url for one in frames)
    await page.get_by_role("button", name="Coach this call").click()  # another link, the same place
    await expect(page.frame_locator(FRAME).get_by_role("button", name="Call Monitoring")).to_have_attribute(
        "aria-disabled", "false"
    )


async def test_another_sites_page_can_show_no_frame(lab: Lab, page: Page, tmp_path: Path) -> None:
    """Neither one that the configuration does not name, whatever it says of itself, nor the right one in a sandbox."""
    await lab.talk("201", "101")
    await shown(page)
    named = str(await page.locator(FRAME).get_attribute("src")).partition("#")[0]
    foreign, messages = await page.context.new_page(), asyncio.Queue[str]()
    foreign.on("console", lambda message: messages.put_nowait(message.text))
    (tmp_path / "other").mkdir()
    port = free_port()
    async with crm_at(lab, tmp_path / "other", port) as address:
        await foreign.goto(address)
        await foreign.get_by_role("button", name="Coach this call").click()
        await expect(foreign.locator("#said")).to_contain_text("names no such page")
        for number, src in enumerate((named, f"{lab.base}/embed", f"{lab.base}/embed?origin=http://localhost:{port}")):
            while not messages.empty():
                messages.get_nowait()
            await add_frame(foreign, f"frame{number}", src + "#cml_x")
            text = await asyncio.wait_for(messages.get(), 20)
            assert "frame-ancestors" in text, text
            await expect(foreign.frame_locator(f"#frame{number}").locator("#page")).to_have_count(0)
    await add_frame(page, "box", named + "#cml_x", "allow-scripts")
    await expect(page.frame_locator("#box").locator("#page")).to_contain_text("sandboxes it")


@pytest.mark.parametrize(("outer", "seen"), [("https://around.example", True), ("https://evil.example", False)])
async def test_the_crms_page_may_be_a_frame_in_a_page_that_is_configured(
    place: Centre, chromium: Browser, outer: str, seen: bool
) -> None:
    talks(place, 1)
    admin = await place.site.client("admin")
    (call,) = await admin.calls()
    _, token = await admin.post("/tokens", {"name": "crm", "may_act_for": ["admin"]})
    crm, inner = await place.site.client(), "https://crm.example"
    crm.http.headers["Authorization"] = f"Bearer {token['token']}"
    status, made = await crm.post("/embeds", {"call_id": call["id"], "supervisor": "admin", "origin": inner})
    assert status == 201, made
    context = await chromium.new_context(locale="en-US")
    for site in (outer, inner):
        await context.grant_permissions(["local-network-access"], origin=site)
    page, messages = await context.new_page(), asyncio.Queue[str]()
    page.on("console", lambda message: messages.put_nowait(message.text))
    pages = {
        f"{outer}/": f'<iframe allow="local-network-access" src="{inner}/" width="420" height="520"></iframe>',
        f"{inner}/": f'<iframe src="{made["url"]}" width="400" height="500"></iframe>',
    }
    for address in pages:
        await page.route(address, lambda route: route.fulfill(body=pages[route.request.url], content_type="text/html"))
    await page.goto(f"{outer}/")
    frame = page.frame_locator("iframe").frame_locator("iframe")
    if seen:
        await expect(frame.get_by_role("button", name="Call Monitoring")).to_be_visible()
    else:
        assert "frame-ancestors" in await asyncio.wait_for(messages.get(), 20)
        await expect(frame.locator("#page")).to_have_count(0)
    await context.close()


async def test_what_ends_it_is_said(lab: Lab, page: Page) -> None:
    caller, _ = await lab.talk("201", "101")
    await lab.phone("302")
    frame = await shown(page)
    await frame.get_by_role("button", name="Call Monitoring").click()
    await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
    await caller.hangup()
    await expect(frame.get_by_role("heading", name="This call has ended.")).to_be_visible()
    await expect(frame.get_by_text("The call has ended.")).to_be_visible()
    admin = await lab.client("admin")
    mona = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "mona")
    await admin.patch(f"/users/{mona['id']}", {"can_monitor": False})
    try:
        await expect(frame.get_by_role("alert")).to_contain_text("session has ended")
        await expect(page.locator("#said")).to_have_text("Closed: not_authenticated")
    finally:
        await admin.patch(f"/users/{mona['id']}", {"can_monitor": True})


@pytest.mark.parametrize(("scheme", "locale", "silent"), LOOKS)
async def test_it_fits_280_pixels_and_axe_finds_nothing(
    lab: Lab, crm: str, chromium: Browser, scheme: str, locale: str, silent: str
) -> None:
    await lab.talk("201", "101")
    await lab.phone("302")
    context = await chromium.new_context(locale=locale, color_scheme=scheme)  # type: ignore[arg-type]
    await context.add_init_script(NOTHING_KEPT)
    page = await context.new_page()
    await page.goto(crm)
    await page.evaluate("document.getElementById('call').width = 280")
    await page.get_by_role("button", name="Coach this call").click()
    frame = page.frame_locator(FRAME)
    await frame.locator(".toggle[aria-disabled=false]").click()
    await expect(frame.get_by_text(silent)).to_be_visible()
    inner = next(one for one in page.frames if one.url.startswith(lab.base))
    assert await inner.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = """[...document.querySelectorAll("button, h1, p, select")]
        .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)"""
    assert await inner.evaluate(cut) == []
    await inner.evaluate(await asyncio.to_thread(AXE.read_text))
    result = await inner.evaluate("axe.run('html', {iframes: false})")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]] == []


async def test_an_administrator_takes_a_request_for_help_and_pauses_monitoring_there(
    lab: Lab, chromium: Browser, tmp_path: Path
) -> None:
    agent, customer = (await lab.talk("201", "101"))[::-1]
    mine = await lab.phone("301")
    sam = await lab.client("sam")
    assert (await sam.post("/help", {"note": "A complaint"}))[0] == 201
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    async with crm_at(lab, tmp_path, lab.crm_port, "admin") as address:
        await page.goto(address)
        frame = await shown(page)
        await expect(frame.get_by_text("Sam asks for help. A complaint")).to_be_visible()
        await frame.get_by_role("button", name="Take").click()
        await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
        await expect(frame.get_by_text("Taken by Admin")).to_be_visible()
        assert (await sam.get("/help"))[1]["help"][0]["taken_by"]["name"] == "Admin"
        assert_hears(await listen(agent, customer, mine), p101={"201"}, p201={"101"}, p301={"101", "201"})
        await asyncio.sleep(0.7)
        await frame.get_by_role("button", name="Pause monitoring").click()
        await expect(frame.get_by_text("Monitoring is paused until")).to_be_visible()
        assert_hears(await listen(agent, customer, mine), p101={"201"}, p201={"101"}, p301=set())
        await frame.get_by_role("button", name="Resume monitoring").click()
        await expect(frame.get_by_text("Monitoring is paused until")).to_have_count(0)
        await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
        assert_hears(await listen(mine), p301={"101", "201"})
    await context.close()


async def test_the_sound_can_be_at_the_tab_with_the_whole_page(lab: Lab, page: Page, speaking: Browser) -> None:
    """The frame is the remote control of a browser that is a phone elsewhere; its microphone obeys the same rules."""
    agent, customer = (await lab.talk("201", "101"))[::-1]
    phone = await at_the_page(speaking, lab, "mona")
    await open_call(phone)
    frame = await shown(page)
    await frame.get_by_label("Listen with").select_option("Browser tab with call coaching")
    await frame.get_by_role("button", name="Call Monitoring").click()
    await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
    await expect(phone.get_by_text("Nobody hears you.").first).to_be_visible()
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    await assert_voice(lab, p101=False, p201=False)
    await frame.get_by_role("button", name="Talk to Agent").click()
    await expect(frame.get_by_text("Only Sam hears you.")).to_be_visible()
    await assert_voice(lab, p101=True, p201=False)
    await frame.get_by_role("button", name="Return to silent monitoring").click()
    await expect(frame.get_by_text("Nobody hears you.")).to_be_visible()
    await assert_voice(lab, p101=False, p201=False)
    await phone.context.close()
