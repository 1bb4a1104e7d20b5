"""The report on the page: what took place is in its picture, its table and its file; axe finds nothing."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_axe import BOTH, look, speaks
from tests.support.client import Client
from tests.support.lab import Lab


async def some_coaching(lab: Lab) -> Client:
    """Mona listens to Sam, whispers and stops; who it was."""
    await lab.talk("201", "101")
    await lab.phone("302")
    mona = await lab.client("mona")
    status, monitor = await mona.post("/monitors", {"agent_extension": "101", "device": "PJSIP/302"})
    assert status == 201, monitor
    stream = await mona.events()
    at = f"/monitors/{monitor['id']}"
    await stream.until(lambda _, data: any(m.get("state") == "live" for m in [data, *data.get("monitors", [])]))
    assert (await mona.patch(at, {"mode": "whisper"}))[0] == 200
    assert (await mona.delete(at))[0] == 204
    return mona


def clock(seconds: float) -> str:
    """As the page writes it."""
    whole = int(seconds + 0.5)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


async def cells(page: Page, name: str) -> list[str]:
    """One row of the table."""
    row = page.get_by_role("table", name="Report").get_by_role("row").filter(has_text=name)
    return [text.strip() for text in await row.get_by_role("cell").all_inner_texts()]


async def test_what_took_place_is_shown(lab: Lab, sign_in: SignIn, tmp_path: Path) -> None:
    mona = await some_coaching(lab)
    page = await sign_in("mona")
    await page.get_by_role("link", name="Coaching").click()
    await page.get_by_role("link", name="Report").click()
    table = page.get_by_role("table", name="Report")
    await expect(table.get_by_role("row").filter(has_text="Sam")).to_have_count(1)
    row: dict[str, Any] = next(one for one in (await mona.get("/reports/coaching"))[1]["rows"] if one["name"] == "Sam")
    shown = await cells(page, "Sam")
    assert shown == [
        *(str(row["calls"]), str(row["monitors"])),
        *(clock(row[f"{mode}_seconds"]) for mode in ("silent", "whisper", "barge")),
        *(str(row["takeovers"]), str(row["help_requests"])),
        clock(row["median_seconds_to_help"]) if row["median_seconds_to_help"] is not None else "\N{EN DASH}",
        str(row["notes"]),
    ]
    assert row["whisper_seconds"] > 0
    bar = page.get_by_role("img", name=f"Sam: Silent {clock(row['silent_seconds'])}")
    await expect(bar).to_have_count(1)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="CSV").click()
    await (await coming.value).save_as(tmp_path / "coaching.csv")
    lines = list(csv.DictReader(io.StringIO((tmp_path / "coaching.csv").read_text("utf-8-sig"))))
    saved = next(line for line in lines if line["name"] == "Sam")
    assert {name: saved[name] for name in ("monitors", "silent_seconds", "whisper_seconds")} == {
        name: str(row[name]) for name in ("monitors", "silent_seconds", "whisper_seconds")
    }
    await page.get_by_label("By", exact=True).select_option("supervisor")
    await expect(table.get_by_role("row").filter(has_text="Mona")).to_have_count(1)
    await page.get_by_label("To", exact=True).fill("2020-01-01")
    await expect(page.get_by_text("The end lies before the beginning.")).to_be_visible()
    await expect(table).to_have_count(0)
    await page.get_by_label("From", exact=True).fill("2019-12-01")
    await expect(page.get_by_text("Nothing took place in this time.")).to_be_visible()


async def test_agents_have_no_report(lab: Lab, sign_in: SignIn) -> None:
    page = await sign_in("sam")
    await page.goto(lab.base + "/#/coaching/report")
    await expect(page.get_by_role("heading", name="Coaching")).to_be_visible()
    await expect(page.get_by_role("link", name="Report")).to_have_count(0)
    await expect(page.get_by_text("What supervisors wrote about your calls")).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), BOTH)
async def test_axe_finds_nothing(lab: Lab, sign_in: SignIn, language: str, scheme: str) -> None:
    await some_coaching(lab)
    page = await sign_in("mona")
    await speaks(page, language)
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await page.goto(lab.base + "/#/coaching/report")
    await expect(page.locator(".bars li")).not_to_have_count(0)
    await look(page)
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(
        "document.querySelector('.coaching').scrollWidth <= document.querySelector('.coaching').clientWidth"
    )
