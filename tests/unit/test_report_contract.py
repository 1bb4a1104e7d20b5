"""The report at the contract: what the audit's entries add up to, who gets it, and what is in nobody's report."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest

from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem
from tests.unit.test_teams import Company, Queues, queues

__all__ = ["queues"]


def passes(site: Site, **time: float) -> None:
    """Time passes, for the adapter and for its PBX, whose clock ticks with every channel too."""
    site.now += timedelta(**time)
    scene = site.pbx.scene
    scene.later += site.now - scene.now


async def report(client: Client, query: str = "") -> dict[str, Any]:
    """The report."""
    status, body = await client.get(f"/reports/coaching{query}")
    assert status == 200, body
    return body


def by_name(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in body["rows"]}


async def entries(admin: Client) -> list[dict[str, Any]]:
    """The whole audit, oldest first."""
    _, body = await admin.get("/audit?limit=1000")
    assert body["next_cursor"] is None
    found: list[dict[str, Any]] = body["entries"]
    return found[::-1]


def added_up(rows: list[dict[str, Any]], who: str) -> dict[str, Counter[str]]:
    """The figures by agent or supervisor, from nothing but what the audit shows."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    open_since: dict[str, dict[str, Any]] = {}
    asked: dict[str, Any] = {}
    for row in rows:
        kind, key = row["action"], row[who]
        if kind.startswith("monitor.") and row["result"] == "ok" and row["mode"] and kind != "monitor.requested":
            if (before := open_since.pop(row["monitor_id"], None)) is not None:
                spent = datetime.fromisoformat(row["at"]) - datetime.fromisoformat(before["at"])
                sums[key][f"{before['mode']}_seconds"] += spent.total_seconds()  # type: ignore[assignment]
            if kind != "monitor.ended":
                open_since[row["monitor_id"]] = row
            sums[key]["monitors"] += kind == "monitor.started"
            sums[key]["takeovers"] += row["reason"] == "took_over"
        if row["result"] == "ok" and kind == "note.created":
            sums[key]["notes"] += 1
        if row["result"] == "ok" and kind == "help.requested":
            asked[row["target"]] = row
            sums[key]["help_requests"] += who == "agent"
        if row["result"] == "ok" and kind == "help.taken":
            sums[key]["help_requests"] += who == "supervisor"
            asked.pop(row["target"])
    if who == "supervisor" and asked:
        sums[""]["help_requests"] += len(asked)
    return {key: counts for key, counts in sums.items() if counts.total()}


def close_to(row: dict[str, Any], counts: Counter[str]) -> None:
    for name in ("monitors", "takeovers", "help_requests", "notes"):
        assert row[name] == counts[name], name
    for mode in ("silent", "whisper", "barge"):
        assert row[f"{mode}_seconds"] == pytest.approx(counts[f"{mode}_seconds"], abs=0.0005), mode


async def coach_a_while(site: Site) -> None:
    """Two supervisors, two agents, every mode, a take-over, a refusal, help that came and help that did not, notes."""
    sam, ana, mona, coach = [await site.client(name) for name in ("sam", "ana", "mona", "coach")]
    site.talk("201", "101", "b1")
    site.talk("202", "102", "b2")
    passes(site)
    calls = {call["agent"]["extension"]: call["id"] for call in await mona.calls()}
    _, request = await sam.post("/help", {"note": "A complaint"})
    passes(site, seconds=7, microseconds=1234)
    status, monitor = await mona.post(f"/help/{request['id']}/take", {})
    assert status == 201, monitor
    await settle()
    passes(site, seconds=4.5)
    assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}))[0] == 200
    _, other = await coach.post("/monitors", {"agent_extension": "102"})
    await settle()
    passes(site, minutes=2, milliseconds=3)
    is_problem(await coach.patch(f"/monitors/{other['id']}", {"mode": "barge"}), 403, "forbidden")
    assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[0] == 200
    assert (await mona.post(f"/calls/{calls['101']}/notes", {"text": "Well done"}))[0] == 201
    assert (await coach.post(f"/calls/{calls['102']}/notes", {"mark": True}))[0] == 201
    assert (await ana.post("/help", {}))[0] == 201
    passes(site, seconds=30)
    assert (await mona.post(f"/monitors/{monitor['id']}/takeover", {}))[0] == 200
    assert (await coach.delete(f"/monitors/{other['id']}"))[0] == 204
    passes(site, seconds=1)
    await settle()
    site.pbx.scene.gone(*list(site.pbx.scene.channels))
    site.pbx.run()
    await settle()
    await site.recorder.settled()


async def test_it_is_what_the_audits_entries_add_up_to(site: Site) -> None:
    await coach_a_while(site)
    admin = await site.client("admin")
    rows = await entries(admin)
    usernames = {"Sam": "sam", "Ana": "ana", "Mona": "mona", "Coach": "coach", "": ""}
    for who in ("agent", "supervisor"):
        body, expected = await report(admin, f"?by={who}"), added_up(rows, who)
        shown = by_name(body)
        assert {usernames[name] for name in shown} == expected.keys()
        for name, row in shown.items():
            close_to(row, expected[usernames[name]])
        close_to(body["totals"], sum(expected.values(), Counter()))
        assert body["totals"]["median_seconds_to_help"] == pytest.approx(median([7.001]), abs=0.0011)
        assert body["totals"]["calls"] == 2
    sam = by_name(await report(admin))["Sam"]
    assert (sam["silent_seconds"], sam["whisper_seconds"], sam["barge_seconds"]) == (4.5, 120.003, 30.0)
    assert sam["id"] == next(user["id"] for user in (await admin.get("/users"))[1]["users"] if user["name"] == "Sam")
    (week,) = (await report(admin, "?by=week"))["rows"]
    assert {name: week[name] for name in body["totals"]} == body["totals"]


async def test_a_time_takes_of_a_monitor_what_lies_within(site: Site) -> None:
    begin = site.now
    await coach_a_while(site)
    admin = await site.client("admin")

    def at(seconds: float) -> str:
        return (begin + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    whole = (await report(admin))["totals"]
    for edge in (0, 3, 7.5, 9, 60, 140, 162, 300):
        before, after = [(await report(admin, f"?{one}={at(edge)}"))["totals"] for one in ("until", "since")]
        for name in ("monitors", "takeovers", "help_requests", "notes"):
            assert before[name] + after[name] == whole[name], (name, edge)
        for mode in ("silent", "whisper", "barge"):
            name = f"{mode}_seconds"
            assert before[name] + after[name] == pytest.approx(whole[name], abs=0.002), (name, edge)
    middle = by_name(await report(admin, f"?since={at(60)}&until={at(70)}"))
    assert {name: row["whisper_seconds"] + row["silent_seconds"] for name, row in middle.items()} == {
        "Sam": pytest.approx(10),
        "Ana": pytest.approx(10),
    }
    assert {row["monitors"] for row in middle.values()} == {0}
    is_problem(await admin.get("/reports/coaching?since=yesterday"), 422, "invalid")
    is_problem(await admin.get("/reports/coaching?by=customer"), 422, "invalid")


async def test_nobody_gets_what_concerns_themselves(site: Site) -> None:
    """Sam is an administrator and an agent: nothing of Sam's calls is in a row or in the totals."""
    admin = await site.client("admin")
    sam = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "sam")
    await admin.patch(f"/users/{sam['id']}", {"role": "administrator"})
    await coach_a_while(site)
    boss = await site.client("sam")
    for by in ("agent", "supervisor", "team", "week"):
        mine, theirs = await report(boss, f"?by={by}"), await report(admin, f"?by={by}")
        assert mine["totals"]["monitors"] == sum(row["monitors"] for row in mine["rows"]) == 1, by
        assert theirs["totals"]["monitors"] == 2, by
        assert "Sam" not in by_name(mine)
    assert list(by_name(await report(boss))) == ["Ana"]


async def test_a_conversation_that_one_is_in_counts_once_it_has_ended(site: Site) -> None:
    """The administrator talks to Sam, and can't find out that Mona listens to both."""
    admin, mona = await site.client("admin"), await site.client("mona")
    legs = site.talk("301", "101")
    passes(site)
    before = await report(admin)
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    passes(site, seconds=5)
    await mona.delete(f"/monitors/{monitor['id']}")
    await site.recorder.settled()
    assert await report(admin) == before
    assert by_name(await report(mona))["Sam"]["silent_seconds"] == 5
    site.pbx.scene.gone(*legs)
    site.pbx.run()
    await settle()
    await site.recorder.settled()
    assert by_name(await report(admin))["Sam"]["silent_seconds"] == 5


async def test_who_gets_it(site: Site) -> None:
    sam = await site.client("sam")
    is_problem(await sam.get("/reports/coaching"), 403, "forbidden")
    is_problem(await sam.get("/reports/coaching.csv"), 403, "forbidden")


async def test_a_span_that_ends_before_it_begins_is_refused(site: Site) -> None:
    admin = await site.client("admin")
    backwards = "since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z"
    is_problem(await admin.get(f"/reports/coaching.csv?{backwards}"), 422, "invalid")
    for path in ("/reports/coaching", "/audit", "/notes"):
        is_problem(await admin.get(f"{path}?{backwards}"), 422, "invalid")
        assert (await admin.get(f"{path}?since=2026-02-01T00:00:00Z"))[0] == 200


async def test_a_scope_bounds_it(site: Site, queues: Queues) -> None:
    """Coach looks after Sam's team: what Mona did there counts, what she did with Ana does not."""
    company = await Company(site).begin()
    mona = await site.client("mona")
    passes(site)
    for extension in ("101", "102"):
        _, monitor = await mona.post("/monitors", {"agent_extension": extension})
        await settle()
        passes(site, seconds=3)
        await mona.delete(f"/monitors/{monitor['id']}")
        await settle()
    await site.recorder.settled()
    for by in ("agent", "supervisor", "team"):
        body = await report(company.coach, f"?by={by}")
        assert body["totals"]["monitors"] == 1, by
        assert (await report(company.admin, f"?by={by}"))["totals"]["monitors"] == 2
    assert list(by_name(await report(company.coach, "?by=team"))) == ["Sales"]
    assert list(by_name(await report(company.admin, "?by=team"))) == ["Sales", ""]


async def test_as_a_table(site: Site) -> None:
    """Names that a spreadsheet would calculate are text."""
    admin = await site.client("admin")
    sam = next(user for user in (await admin.get("/users"))[1]["users"] if user["username"] == "sam")
    await admin.patch(f"/users/{sam['id']}", {"name": "=1+1"})
    await coach_a_while(site)
    async with admin.http.get(admin.base + "/reports/coaching.csv?by=agent") as answer:
        assert (answer.status, answer.content_type) == (200, "text/csv")
        assert "coaching.csv" in answer.headers["Content-Disposition"]
        lines = (await answer.text("utf-8-sig")).splitlines()
    assert lines[0].split(",")[:5] == ["id", "name", "calls", "monitors", "silent_seconds"]
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["'=1+1", "Ana"]
    body = await report(admin)
    assert lines[1].split(",")[2:5] == [str(body["rows"][0][name]) for name in ("calls", "monitors", "silent_seconds")]
