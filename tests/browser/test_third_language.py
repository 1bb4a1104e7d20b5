"""A further language is one file and two lines: with words 40 % longer nothing is left in English, or cut.

The file is made here from the English one, in letters of its own, and the page is built with it; a real adapter serves
everything else. Its code is Greek's, so that dates (the browser's own) have no Latin letters either.
"""

import asyncio
import re
import shutil
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.browser.listed import NARROW, At, at, place, talks
from tests.support.centre import NAMES, Centre

__all__ = ["at", "place"]

PAGE = Path(__file__).parents[2] / "adapter/web/page"
NODE = Path(sys.executable).parent / "node"
MAKE = """
import { writeFileSync } from "node:fs";
import { en } from "./src/words/en.ts";
const LETTERS = "áƀçđéƒğħíĵķļɱñóþɋřšťúṽŵẋýž";
const letter = (one) => LETTERS["abcdefghijklmnopqrstuvwxyz".indexOf(one.toLowerCase())] ?? one;
const longer = (word) => {
  const more = 1 + Math.ceil(0.4 * word.length);
  const text = [...word].map(letter).join("");
  return text.replace(/(\\p{L})(\\P{L}*)$/u, (_, last, rest) => last.repeat(more) + rest);
};
const all = (text) => text.split(" ").map(longer).join(" ");
const other = (text) => text.split(/(\\{\\w+\\})/).map((part) => (part.startsWith("{") ? part : all(part))).join("");
const words = Object.fromEntries(Object.entries(en).map(([name, text]) => [name, other(text)]));
const type = 'import type { Words } from "./en";\\n\\n';
writeFileSync("src/words/el.ts", type + "export const el: Words = " + JSON.stringify(words, null, 2));
"""
DATA = (
    *(*NAMES, "Dana Ortiz", "Hill & Co. Estate Agents", "Nguyễn Thị Hoa"),
    *"Admin admin Mona mona Coach coach Sam sam Ana ana PJSIP CRM crm.example https hooks calls".split(),
    *("Deutsch", "English"),
)
"""What is no word of the page's: people, what they typed, names of things."""
CODES = re.compile(r"[a-z_]+\.[a-z_]+|^(monitor|admin|metrics|wall|shield): |mm/dd/yyyy")
"""Names of the API's own: actions, events, scopes."""
SAID = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest("script, noscript, code, .raw")) found.push(node.textContent.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "aria-description"]) {
    for (const element of document.body.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name));
  }
  return [...found, document.title];
}"""
TEXTS = "button, a, label, legend, h1, h2, h3, p, small, dt, dd, th, td, b, select, time"
CUT = """(texts) => {
  const found = [];
  const tell = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 140)}`);
  const style = (element) => getComputedStyle(element);
  const scrolls = (element) => element && (style(element).overflowX !== "visible" || scrolls(element.parentElement));
  const room = document.documentElement;
  if (room.scrollWidth > innerWidth) found.push(`the page is ${room.scrollWidth} wide`);
  for (const each of document.body.querySelectorAll(texts)) {
    const box = each.getBoundingClientRect();
    const seen = box.width > 0 && each.checkVisibility({ visibilityProperty: true });
    if (!seen || each.closest(".hidden, thead")) continue;
    const shows = style(each).overflowX === "visible" && style(each).display !== "inline";
    if (shows && each.scrollWidth > each.clientWidth + 1) tell("wider than its box", each);
    else if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(each.parentElement)) tell("outside", each);
  }
  return found;
}"""


async def run(*command: str, folder: Path) -> None:
    """A program of the page's build."""
    process = await asyncio.create_subprocess_exec(*command, cwd=folder)
    assert await process.wait() == 0, command


@pytest.fixture(scope="module")
async def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's script with the third language, in a file."""
    folder = tmp_path_factory.mktemp("page")
    await asyncio.to_thread(shutil.copytree, PAGE / "src", folder / "src")
    (folder / "node_modules").symlink_to((PAGE / "node_modules").resolve())
    (folder / "make.mjs").write_text(MAKE)
    await run(str(NODE), "make.mjs", folder=folder)
    index = folder / "src/words/index.ts"
    text = index.read_text()
    for old, new in (
        ('import { de } from "./de";', 'import { de } from "./de";\nimport { el } from "./el";'),
        ('de: "Deutsch" };', 'de: "Deutsch", el: "Ελληνικά" };'),
        ("= { en, de };", "= { en, de, el };"),
    ):
        assert old in text
        text = text.replace(old, new)
    index.write_text(text)
    esbuild = folder / "node_modules/.bin/esbuild"
    for entry, made in (("src/main.tsx", "page.js"), ("src/embed/main.tsx", "embed.js")):
        await run(
            *(str(esbuild), entry, "--log-level=warning", "--bundle", "--target=es2022", "--define:global=window"),
            *("--jsx=automatic", "--jsx-import-source=preact", f"--outfile={made}"),
            folder=folder,
        )
    return folder / "page.js"


async def look(page: Page | Frame, where: str) -> None:
    """Nothing in English, nothing cut, at 360 px."""
    said: list[str] = await page.evaluate(SAID)
    left = []
    for text in said:
        rest = CODES.sub("", text)
        for known in sorted(DATA, key=len, reverse=True):
            rest = rest.replace(known, "")
        if re.search(r"[A-Za-z]{3,}", rest):
            left.append(text)
    assert not left, (where, left)
    cut = await page.evaluate(CUT, TEXTS)
    assert not cut, (where, cut)


async def test_another_language_is_whole_and_fits(place: Centre, at: At, bundle: Path) -> None:
    talks(place, 9)
    place.begin(ringing=True)
    place.hold(1)
    place.between(10, 11)
    place.tell()
    people = {user.username: user.id for user in await place.site.store.people.all()}
    admin = await place.site.client("admin")
    assert (await admin.patch(f"/users/{people['sam']}", {"device": "PJSIP/1002"}))[0] == 200
    page = await at(viewport=NARROW)
    await page.route("**/static/page.js*", lambda route: route.fulfill(path=bundle))
    await page.reload()
    await page.locator(".language select").select_option("el")
    await expect(page.locator("html[lang=el] .rail")).to_be_visible()
    await expect(page.locator("[role=option]")).to_have_count(11)
    await look(page, "list")
    await page.locator("[role=option]").filter(has_text="Sam").click()
    await look(page, "panel")
    await page.locator(".toggle").click()
    await expect(page.locator(".sentence.silent")).to_be_visible()
    await look(page, "silent")
    for key, mode in (("t", "whisper"), ("j", "barge")):
        await page.locator(f".talk button[aria-keyshortcuts={key}][aria-disabled=false]").click()
        await expect(page.locator(f".sentence.{mode}")).to_be_visible()
        await page.locator(".messages textarea").fill("Sam")
        await page.keyboard.press("Enter")
        await expect(page.locator(".messages .log")).to_be_visible()
        await look(page, mode)
    place.site.service.boards.message_days = 30
    await page.reload()
    await expect(page.locator(".messages form")).to_contain_text("30")
    await look(page, "messages that are kept")
    await page.locator(".panel footer [aria-haspopup]").click()
    await look(page, "taking over")
    await page.keyboard.press("Escape")
    await page.locator(".rail [aria-haspopup]").click()
    await look(page, "stop all")
    await page.keyboard.press("Escape")
    await page.locator(".panel .back").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await look(page, "keys")
    await page.keyboard.press("Escape")
    api = await place.site.client("admin")
    mona = next(one["id"] for one in (await api.get("/users"))[1]["users"] if one["username"] == "mona")
    assert (await api.ask("PUT", "/consent", {"rules": [{"sound": "beep"}]}))[0] == 200
    parts = (
        "users",
        "users/new",
        f"users/{mona}",
        "consent",
        "audit",
        "webhooks",
        "webhooks/new",
        "tokens",
        "tokens/new",
    )
    for part in (*parts, "password"):
        await page.goto(f"/#/account/{part}")
        await expect(page.locator(".account-page h2")).to_be_visible()
        await expect(page.locator(".account-page").locator("table, form, .empty").first).to_be_visible()
        await look(page, part)
    await page.goto("/#/account/users/new")
    await page.locator(".account-page [type=submit]").click()
    await expect(page.locator("[aria-invalid]").first).to_be_visible()
    await look(page, "errors")
    for link in ("#/calls/by?number=999", "#/calls/by"):
        await page.goto(f"/{link}")
        await expect(page.locator(".popped")).to_be_visible()
        await look(page, link)
    await page.goto("/#/inbox")
    await page.locator(".rail > button").last.click()
    await page.locator("dialog .danger, .signin").first.wait_for()
    if await page.get_by_role("dialog").count():
        await look(page, "signing out")
        await page.locator("dialog .danger").click()
    await expect(page.locator(".signin")).to_be_visible()
    await look(page, "signing in")


AROUND = "https://crm.example"
"""The page around a frame; nobody is asked for it."""


async def test_so_is_a_frame_in_a_crms_page(place: Centre, chromium: Browser, bundle: Path) -> None:
    talks(place, 1)
    admin = await place.site.client("admin")
    (call,) = await admin.calls()
    _, token = await admin.post("/tokens", {"name": "crm", "may_act_for": ["admin"]})
    crm = await place.site.client()
    crm.http.headers["Authorization"] = f"Bearer {token['token']}"
    status, made = await crm.post("/embeds", {"call_id": call["id"], "supervisor": "admin", "origin": AROUND})
    assert status == 201, made
    context = await chromium.new_context(locale="el-GR", viewport=NARROW)  # type: ignore[arg-type]
    # Without it Chromium loads no frame of this machine into a page that is not (docs/crm.md).
    await context.grant_permissions(["local-network-access"], origin=AROUND)
    page = await context.new_page()
    body = f"""<iframe width="280" height="600" src="{made["url"]}"></iframe>"""
    await page.route(f"{AROUND}/", lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.route("**/static/embed.js*", lambda route: route.fulfill(path=bundle.with_name("embed.js")))
    await page.goto(f"{AROUND}/")
    inside = page.frame_locator("iframe")
    await inside.locator(".toggle[aria-disabled=false]").click()
    await expect(inside.locator(".sentence.silent")).to_be_visible()
    frame = next(one for one in page.frames if one.url.startswith(place.site.base))
    await look(frame, "silent")
    await inside.locator(".talk button[aria-keyshortcuts=j][aria-disabled=false]").click()
    await expect(inside.locator(".sentence.barge")).to_be_visible()
    await look(frame, "barge")
    await page.reload()  # the same link
    await expect(inside.locator("[role=alert]")).to_be_visible()
    await look(next(one for one in page.frames if one.url.startswith(place.site.base)), "used")
    await context.close()
