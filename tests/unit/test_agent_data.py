"""What is kept of an agent's coaching: given out and deleted, but not of calls that still run, and not one's own."""

import json
from pathlib import Path

from tests.fake.pbx import settle
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_cli import Call, call, conf
from tests.unit.test_cli_teams import Cli
from tests.unit.test_notes import notes_of, over, write

__all__ = ["call", "conf"]


async def test_all_of_it_is_given_out_and_deleted(site: Site) -> None:
    site.talk("201", "101", "b1")
    site.talk("202", "102", "b2")
    admin, mona, sam = await site.client("admin"), await site.client("mona"), await site.client("sam")
    calls = {call["agent"]["extension"]: call["id"] for call in await mona.calls()}
    await write(mona, calls["101"], text="of Sam")
    await write(mona, calls["102"], text="of Ana")
    assert (await sam.post("/help", {"note": "A complaint"}))[0] == 201
    at = "/coaching/agents/Sam"
    running = (await admin.get(at))[1]
    assert (running["notes"], running["help"]) == ([], []), "the conversation goes on"
    assert (await admin.delete(at))[0] == 204
    assert len(await notes_of(mona)) == 2
    await over(site)
    await site.recorder.settled()
    await until(lambda: not site.service.boards.help, "the request closes with its call")
    kept = (await admin.get(at))[1]
    assert [note["text"] for note in kept["notes"]] == ["of Sam"]
    assert [one["note"] for one in kept["help"]] == ["A complaint"]
    is_problem(await mona.get(at), 403, "forbidden")
    is_problem(await admin.get("/coaching/agents/ADMIN"), 403, "forbidden")
    is_problem(await admin.get("/coaching/agents/nobody"), 404, "not_found")
    is_problem(await admin.delete("/coaching/agents/nobody"), 404, "not_found")
    is_problem(await admin.delete("/coaching/agents/admin"), 403, "forbidden")
    assert (await admin.delete(at))[0] == 204
    kept = (await admin.get(at))[1]
    assert (kept["notes"], kept["help"]) == ([], [])
    assert await notes_of(mona) == ["of Ana"]
    await site.recorder.settled()
    entries = (await admin.get("/audit?limit=200"))[1]["entries"]
    told = {(one["action"], one["target"], one["result"]) for one in entries if one["action"].startswith("coaching.")}
    assert told == {
        ("coaching.exported", "Sam", "ok"),
        ("coaching.deleted", "Sam", "ok"),
        ("coaching.exported", "Sam", "refused"),
        ("coaching.exported", "ADMIN", "refused"),
        ("coaching.exported", "nobody", "refused"),
        ("coaching.deleted", "nobody", "refused"),
        ("coaching.deleted", "admin", "refused"),
    }
    assert {"note.created", "help.requested"} <= {one["action"] for one in entries}, "the audit stays"
    assert "of Sam" not in str(entries)


async def test_nobody_gets_their_own_under_a_name_that_they_had_before(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    await admin.patch(f"/users/{admin.user['id']}", {"device": "PJSIP/104", "extension": "104"})
    site.pbx.scene.answered_call("201", "104", "b3")
    site.pbx.run()
    await settle()
    await write(mona, (await mona.call("104"))["id"], text="of the administrator")
    await over(site)
    await site.recorder.settled()
    assert (await admin.patch(f"/users/{admin.user['id']}", {"username": "renamed"}))[0] == 200
    for asked in (admin.get, admin.delete):
        is_problem(await asked("/coaching/agents/admin"), 404, "not_found")
    assert await notes_of(mona) == ["of the administrator"]


def test_on_the_command_line(conf: Path, call: Call) -> None:
    cli = Cli(conf, call)
    cli.people("boss", "sam")
    shown = cli.done("coaching", "export", "--agent", "sam")
    found, _ = json.JSONDecoder().raw_decode(shown[shown.index("{") :])
    assert found == {"agent": "sam", "notes": [], "help": [], "messages": []}
    assert cli("coaching", "delete", "--agent", "sam", stdin="n\n")[0] != 0
    assert "is deleted" in cli.done("coaching", "delete", "--agent", "sam", "--yes")
