"""Notes and marks: who writes them, who sees them and when, what the audit, hooks and retention have of them."""

from datetime import timedelta
from typing import Any

import pytest

from adapter.core.notes import MOST
from adapter.store.notes import NoteFilter
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem
from tests.unit.test_teams import Company, Queues, queues

__all__ = ["queues"]


async def write(client: Client, call_id: str, **body: Any) -> dict[str, Any]:
    """Write about a call."""
    status, note = await client.post(f"/calls/{call_id}/notes", body)
    assert status == 201, note
    return note


async def notes_of(client: Client, query: str = "") -> list[str | None]:
    """The words of all that this person sees, newest first."""
    status, body = await client.get(f"/notes{query}")
    assert status == 200, body
    return [note["text"] for note in body["notes"]]


async def over(site: Site) -> None:
    """Everybody hangs up."""
    site.pbx.scene.gone(*list(site.pbx.scene.channels))
    site.pbx.run()
    await settle()


async def test_a_note_says_which_call_and_its_second(site: Site) -> None:
    site.talk("2025550101")
    mona = await site.client("mona")
    (call,) = await mona.calls()
    site.now += timedelta(seconds=90)
    note = await write(mona, call["id"], text="Greeted by name", mark=True)
    assert note["call_seconds"] >= 90
    told = {name: note[name] for name in ("call_id", "author", "agent", "customer", "text", "mark", "visible_to_agent")}
    assert told == {
        "call_id": call["id"],
        "author": {"user_id": mona.user["id"], "name": "Mona"},
        "agent": call["agent"],
        "customer": call["customer"],
        "text": "Greeted by name",
        "mark": True,
        "visible_to_agent": False,
    }
    assert (await mona.get(f"/notes/{note['id']}"))[1] == note
    assert (await mona.get(f"/notes?call_id={call['id']}"))[1] == {"notes": [note], "next_cursor": None}


async def test_who_may_write(site: Site) -> None:
    site.talk("301", "101")
    site.talk("201", "102", "b2")
    sam, admin, coach = [await site.client(name) for name in ("sam", "admin", "coach")]
    own, other = [call["id"] for call in sorted(await coach.calls(), key=lambda call: call["agent"]["extension"])]
    words = {"text": "x"}
    is_problem(await sam.post(f"/calls/{own}/notes", words), 403, "forbidden")
    is_problem(await admin.post(f"/calls/{own}/notes", words), 409, "own_call")
    is_problem(await coach.post("/calls/none/notes", words), 404, "not_found")
    for wrong in ({}, {"text": " "}, {"text": "a\rb"}, {"text": "x" * (MOST + 1)}, {"mark": False}, {"call": "x"}):
        is_problem(await coach.post(f"/calls/{own}/notes", wrong), 422, "invalid")
    await admin.ask("PUT", "/do-not-monitor", {"numbers": ["201"]})
    is_problem(await admin.post(f"/calls/{other}/notes", words), 409, "not_monitorable")
    await write(coach, own, text="two\nlines")
    await write(coach, own, mark=True)
    assert {*await notes_of(coach)} == {None, "two\nlines"}


async def test_the_agent_sees_what_was_released_once_it_is_over(site: Site) -> None:
    site.talk()
    sam, ana, mona, coach, admin = [await site.client(name) for name in ("sam", "ana", "mona", "coach", "admin")]
    call_id = await site.call_id(mona)
    released = await write(mona, call_id, text="Well done", visible_to_agent=True)
    hidden = await write(mona, call_id, text="Watch this")
    assert await notes_of(coach) == await notes_of(admin) == ["Watch this", "Well done"]
    assert await notes_of(sam) == await notes_of(ana) == []
    is_problem(await sam.get(f"/notes/{released['id']}"), 404, "not_found")
    await over(site)
    assert await notes_of(sam) == ["Well done"]
    assert await notes_of(ana) == []
    is_problem(await sam.get(f"/notes/{hidden['id']}"), 404, "not_found")
    is_problem(await sam.patch(f"/notes/{released['id']}", {"text": "Best"}), 403, "forbidden")
    is_problem(await sam.delete(f"/notes/{hidden['id']}"), 404, "not_found")
    assert (await mona.patch(f"/notes/{hidden['id']}", {"visible_to_agent": True}))[0] == 200
    assert await notes_of(sam) == ["Watch this", "Well done"]


async def test_out_of_sight_nothing_is_over(site: Site) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    await write(mona, await site.call_id(mona), text="Well done", visible_to_agent=True)
    site.pbx.down()
    assert await notes_of(sam) == []


async def test_an_administrator_is_an_agent_too(site: Site) -> None:
    """Who is told of in a note sees it as agents do, whatever their rights, and takes nothing of it away."""
    admin, mona = await site.client("admin"), await site.client("mona")
    sam = next(user.id for user in await site.store.people.all() if user.username == "sam")
    await admin.patch(f"/users/{sam}", {"role": "administrator"})
    site.talk()
    boss = await site.client("sam")
    note = await write(mona, await site.call_id(mona), text="Watch this")
    await over(site)
    assert await notes_of(boss) == []
    is_problem(await boss.delete(f"/notes/{note['id']}"), 404, "not_found")
    assert (await mona.patch(f"/notes/{note['id']}", {"visible_to_agent": True}))[0] == 200
    is_problem(await boss.delete(f"/notes/{note['id']}"), 403, "forbidden")


async def test_changed_by_its_author_and_by_administrators(site: Site) -> None:
    site.talk()
    mona, coach, admin = [await site.client(name) for name in ("mona", "coach", "admin")]
    note = await write(mona, await site.call_id(mona), text="one")
    at = f"/notes/{note['id']}"
    is_problem(await coach.patch(at, {"text": "two"}), 403, "forbidden")
    is_problem(await mona.patch(at, {"text": None}), 422, "invalid")
    assert (await mona.patch(at, {"text": "two"}))[1]["text"] == "two"
    assert (await admin.patch(at, {"mark": True, "text": None}))[1]["text"] is None
    is_problem(await coach.delete(at), 403, "forbidden")
    assert (await admin.delete(at))[0] == 204
    is_problem(await mona.get(at), 404, "not_found")
    await site.recorder.settled()
    entries = (await admin.get("/audit?agent=sam"))[1]["entries"]
    told = [(one["action"], one["actor"], one["reason"], one["result"]) for one in entries]
    assert [one for one in told if one[3] == "ok" and one[0].startswith("note.")] == [
        ("note.deleted", "admin", None, "ok"),
        ("note.changed", "admin", "text mark", "ok"),
        ("note.changed", "mona", "text", "ok"),
        ("note.created", "mona", None, "ok"),
    ]
    assert ("note.changed", "coach", "forbidden", "refused") in told
    assert "two" not in str(entries)


async def test_hooks_are_told_in_their_order(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    kinds = ["call.started", "note.created", "note.changed", "note.deleted", "call.ended"]
    _, hook = await admin.post("/webhooks", {"url": "http://127.0.0.1:9/x", "events": kinds})
    site.talk()
    note = await write(mona, await site.call_id(mona), text="one")
    await mona.patch(f"/notes/{note['id']}", {"text": "two"})
    await mona.delete(f"/notes/{note['id']}")
    await over(site)
    await site.recorder.settled()
    rows = (await site.store.outbox.page(hook["id"], 10, None, []))[::-1]
    assert [event.type for _, event in rows] == kinds
    assert {event.lane for _, event in rows} == {note["call_id"]}
    assert "one" in rows[1][1].body
    assert "two" not in rows[3][1].body


async def test_pages_and_filters(site: Site) -> None:
    site.talk("201", "101")
    site.talk("202", "102", "b2")
    mona = await site.client("mona")
    calls = {call["agent"]["extension"]: call["id"] for call in await mona.calls()}
    for number in range(5):
        await write(mona, calls["101" if number % 2 else "102"], text=str(number))
        site.now += timedelta(seconds=1)
    assert await notes_of(mona, "?agent=sam") == ["3", "1"]
    assert await notes_of(mona, "?agent=102&limit=1") == ["4"]
    _, first = await mona.get("/notes?limit=3")
    assert await notes_of(mona, f"?limit=3&cursor={first['next_cursor']}") == ["1", "0"]
    middle = first["notes"][2]["at"]
    assert await notes_of(mona, f"?since={middle}") == ["4", "3", "2"]
    assert await notes_of(mona, f"?until={middle}") == ["1", "0"]
    is_problem(await mona.get("/notes?cursor=abc"), 404, "not_found")


async def test_old_notes_go(site: Site) -> None:
    site.talk()
    mona = await site.client("mona")
    call_id, keep = await site.call_id(mona), timedelta(days=30)
    await write(mona, call_id, text="old")
    site.now += timedelta(days=31)
    await write(await site.client("mona"), call_id, text="new")  # the session of a month ago has ended
    sweep = site.store.notes.sweep
    assert await sweep(keep, 0.1, site.now - timedelta(days=20), site.now) == 0, "one of two clocks says it is not old"
    assert await sweep(keep, 0.1, site.now, site.now) == 1
    assert [note.text for note in await site.store.notes.page(NoteFilter(), 10)] == ["new"]


@pytest.mark.parametrize("name", ["scopes", "service"])
async def test_tokens(site: Site, name: str) -> None:
    """A token of a person has that person's notes; a service none."""
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    await write(mona, await site.call_id(mona), text="one")
    body = {"user": "mona"} if name == "scopes" else {"may_act_for": ["mona"]}
    _, made = await admin.post("/tokens", {"name": "x", **body})
    client = await site.client()
    client.http.headers["Authorization"] = f"Bearer {made['token']}"
    if name == "scopes":
        assert await notes_of(client) == ["one"]
    else:
        is_problem(await client.get("/notes"), 403, "forbidden")


async def test_who_may_monitor_their_teams_only_reads_of_those(site: Site) -> None:
    """Also of calls that are long over, by the agent and the queue of the call when it was written."""
    company = await Company(site).begin()
    coach, mona = company.coach, await site.client("mona")
    his = await write(mona, company.calls["Sam"], text="of Sam")
    hers = await write(mona, company.calls["Ana"], text="of Ana")
    is_problem(await coach.post(f"/calls/{company.calls['Ana']}/notes", {"text": "x"}), 404, "not_found")
    for _ in range(2):
        assert await notes_of(coach) == ["of Sam"]
        assert (await coach.get(f"/notes/{his['id']}"))[0] == 200
        is_problem(await coach.get(f"/notes/{hers['id']}"), 404, "not_found")
        assert await notes_of(coach, "?agent=ana") == await notes_of(coach, f"?call_id={company.calls['Ana']}") == []
        await over(site)
    await company.change(members=[company.ids["ana"]])
    assert await notes_of(coach) == ["of Ana"]
    assert await notes_of(mona) == ["of Ana", "of Sam"]


async def test_a_queue_brings_notes_into_a_scope(site: Site, queues: Queues) -> None:
    company = await Company(site).begin()
    queues.of[company.ana] = "Sales"
    site.pbx.scene.hold(company.ana, True)
    site.pbx.run()
    mona = await site.client("mona")
    await write(mona, company.calls["Ana"], text="of Ana")
    assert await notes_of(company.coach) == []
    await company.change(members=[], queues=["sales"])
    assert await notes_of(company.coach) == ["of Ana"]
    await over(site)
    assert await notes_of(company.coach) == ["of Ana"]
