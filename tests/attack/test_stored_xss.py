"""Attack: markup and tricks in what strangers may write, looked at in a real browser: a caller's name in a real SIP
INVITE, names of people and tokens, URLs and answers of hooks."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.attack.sip import outside
from tests.browser.conftest import chromium, sign_in_by_hand
from tests.support.client import Client
from tests.support.lab import Lab

__all__ = ["chromium"]

IMG = "<img src=x onerror=window.pwned=1>"
SCRIPT = "</td><script>window.pwned=1</script>"
SVG = "<svg/onload=window.pwned=1>"
QUOTE = "\"' onmouseover=window.pwned=1 x='"
TEMPLATE = "{{7*7}}${7*7}"
INJECTED = "document.querySelectorAll('img[src=x],body script,svg[onload],[onmouseover],[onerror]').length"
WATCH = """
window.pwned = 0; window.violations = [];
addEventListener('securitypolicyviolation', event => window.violations.push(event.violatedDirective));
"""


class Watched:
    """A page in which nothing of theirs may run or come to be."""

    def __init__(self, page: Page) -> None:
        self.page, self.problems = page, list[str]()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(f"dialog {dialog.message}"))
        page.on("console", self._said)

    def _said(self, said: ConsoleMessage) -> None:
        """Our API's own refusals (of a call that has just ended) are in Chromium's console too, and no fault."""
        is_refusal = said.text.startswith("Failed to load resource") and "/api/v1/" in said.location["url"]
        if said.type == "error" and not is_refusal:
            self.problems.append(said.text)

    async def shows(self, *texts: str) -> None:
        """These stand there literally, and did nothing."""
        for text in texts:
            await expect(self.page.locator("body")).to_contain_text(text)
        found: dict[str, Any] = await self.page.evaluate(
            f"({{pwned: window.pwned, violations: window.violations, injected: {INJECTED}}})"
        )
        assert found == {"pwned": 0, "violations": [], "injected": 0}

    async def open(self, link: str) -> None:
        """A page of the account."""
        await self.page.get_by_role("link", name=link).click()


async def watched(lab: Lab, browser: Browser, who: str) -> Watched:
    """Somebody at a browser of their own."""
    context = await browser.new_context(base_url=lab.base, locale="en-US")
    page = await context.new_page()
    await page.add_init_script(WATCH)
    found = Watched(page)
    await sign_in_by_hand(page, who)
    return found


@pytest.fixture
async def names(lab: Lab) -> AsyncIterator[Client]:
    """Mona and Sam have bad names for the length of a test."""
    admin = await lab.client("admin")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    for username, name in (("mona", SCRIPT), ("sam", QUOTE)):
        assert (await admin.patch(f"/users/{ids[username]}", {"name": name}))[0] == 200
    yield admin
    for username in ("mona", "sam"):
        assert (await admin.patch(f"/users/{ids[username]}", {"name": username.capitalize()}))[0] == 200


async def test_a_caller_named_img_onerror(lab: Lab, chromium: Browser, names: Client) -> None:
    await lab.phones("101", "302")
    mona = await lab.client("mona")
    boss, agent = await watched(lab, chromium, "admin"), await watched(lab, chromium, "sam")
    async with outside(lab) as caller:
        assert await caller.call("101", f'"{IMG}"'.encode()) == 200
        call = await mona.call("101")
        assert call["customer"]["name"] == IMG
        for at in (boss, agent):
            await at.shows(IMG)
        await mona.monitor(call, "whisper")
        await agent.shows(f"{SCRIPT} is talking to you")
        await boss.page.get_by_role("option").filter(has_text="209").click()
        await boss.shows(IMG, QUOTE, SCRIPT)
        line = boss.page.get_by_role("region", name="This call").get_by_role("listitem")
        await expect(line.first).to_be_visible()  # a call that is over by then has none
    await boss.open("Account")
    await boss.open("Audit")
    await boss.shows("monitor.started", "209")
    assert boss.problems + agent.problems == []


async def test_names_urls_and_hooks_answers(lab: Lab, chromium: Browser, names: Client) -> None:
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=500, text=IMG + SCRIPT + TEMPLATE, content_type="text/html")

    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    url = f"http://127.0.0.1:{port}/'\"><{SVG[1:]}"
    status, hook = await names.post("/webhooks", {"url": url, "events": ["call.started"]})
    assert status == 201, hook
    status, token = await names.post("/tokens", {"name": IMG, "may_act_for": ["mona"]})
    assert status == 201, token
    await names.post(f"/webhooks/{hook['id']}/ping", {})
    boss = await watched(lab, chromium, "admin")
    await boss.open("Account")
    await boss.open("Webhooks")
    await boss.shows(url)
    row = boss.page.get_by_role("row").filter(has_text=str(port))
    await row.get_by_role("button", name="Send test").click()
    await boss.shows(IMG)
    await row.get_by_role("button", name="Deliveries").click()
    await boss.shows(IMG + SCRIPT + TEMPLATE)
    await boss.open("API tokens")
    await boss.shows(IMG)
    await boss.open("Audit")
    await boss.shows(url, IMG)
    await boss.page.goto("/#/account")
    await boss.shows(QUOTE, SCRIPT)
    assert boss.problems == []
    await names.delete(f"/webhooks/{hook['id']}")
    await names.delete(f"/tokens/{token['id']}")
    await runner.cleanup()


BIDI = "\u202eevil\u202c \u2066x\u2069\u200f"
ANSI = "\x1b[2J\x1b[31mred"


async def test_a_callers_name_can_not_hide_turn_around_or_forge(lab: Lab) -> None:
    """Control and bidirectional characters, through SIP, AMI, the API, the log and the CSV."""
    await lab.phone("101")
    admin = await lab.client("admin")
    log = lab.folder / "adapter.log"
    before = len(log.read_bytes())
    async with outside(lab) as caller:
        name = f"=cmd|'/C calc'!A0 {BIDI}{ANSI}\u2028\x85\u0085 end"
        assert await caller.call("101", f'"{name}"'.encode()) == 200
        call = await admin.call("101")
        shown = call["customer"]["name"]
        assert shown.startswith("=cmd|"), shown
        assert shown.endswith("end"), shown
        assert shown.isprintable(), repr(shown)
        assert "evil" in shown
    lines = log.read_bytes()[before:].decode().splitlines()
    assert lines, "the call itself is told of"
    for line in lines:
        assert isinstance(json.loads(line), dict), line
        assert "\x1b" not in line
