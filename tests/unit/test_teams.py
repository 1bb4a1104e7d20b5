"""Teams and scopes by the contract, over the real store and a fake PBX: who sees what, and that changes act at once."""

from collections.abc import Callable
from typing import Any

import pytest

from adapter.core import calls
from adapter.core.bars import Who
from adapter.core.call import Call
from adapter.store.teams import TeamChange
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem


class Queues:
    """Which queue calls are of, by the agent's channel: what Asterisk tells of that is another matter."""

    def __init__(self) -> None:
        self.of: dict[str, str | None] = {}

    def make(self, **fields: Any) -> Call:
        """As the model makes a call."""
        return Call(**{**fields, "queue": self.of.get(fields["uniqueid"])})


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Queues:
    """The model's calls are of queues."""
    found = Queues()
    monkeypatch.setattr(calls, "Call", found.make)
    return found


class Company:
    """Coach looks after Sam's team; Sam and Ana each talk to a customer."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ids: dict[str, str] = {}

    async def begin(self) -> "Company":
        """People, calls, the team."""
        site = self.site
        self.admin = await site.client("admin")
        self.ids = {user["username"]: user["id"] for user in (await self.admin.get("/users"))[1]["users"]}
        self.customer, self.sam = site.talk("201", "101", "b1")
        self.other, self.ana = site.talk("202", "102", "b2")
        await settle()
        self.calls = {call["agent"]["name"]: call["id"] for call in await self.admin.calls()}
        self.team = await self.make("Sales", members=["sam"], supervisors=["coach"])
        assert (await self.scope("coach", "teams"))["scope"] == "teams"
        self.coach = await site.client("coach")
        return self

    async def make(self, name: str, **people: list[str]) -> dict[str, Any]:
        """A team, people by their names."""
        given: dict[str, Any] = {what: [self.ids.get(one, one) for one in names] for what, names in people.items()}
        status, made = await self.admin.post("/teams", {"name": name, **given})
        assert status == 201, made
        return made

    async def scope(self, who: str, scope: str) -> dict[str, Any]:
        """Somebody gets another scope."""
        status, user = await self.admin.patch(f"/users/{self.ids[who]}", {"scope": scope})
        assert status == 200, user
        return user

    async def change(self, **given: Any) -> None:
        """The team becomes another."""
        status, body = await self.admin.patch(f"/teams/{self.team['id']}", given)
        assert status == 200, body


@pytest.fixture
async def company(site: Site) -> Company:
    """Whom it is about."""
    return await Company(site).begin()


async def seen_by(client: Client) -> set[str]:
    """Whose calls somebody sees."""
    return {call["agent"]["name"] for call in await client.calls()}


async def test_teams_are_made_changed_and_removed(company: Company) -> None:
    admin, ids = company.admin, company.ids
    status, made = await admin.post("/teams", {"name": "Help", "queues": [" help", "HELP", "Hotline "]})
    assert (status, made["queues"]) == (201, ["help", "Hotline"])
    assert {"members": [], "supervisors": []}.items() <= made.items()
    url = f"/teams/{made['id']}"
    assert await admin.get(url) == (200, made)
    status, changed = await admin.patch(url, {"members": [ids["ana"], ids["sam"], ids["ana"]], "name": "Hilfe"})
    assert (status, changed["members"]) == (200, sorted([ids["ana"], ids["sam"]]))
    assert (await admin.get(url))[1] == changed == {**made, "name": "Hilfe", "members": changed["members"]}
    assert [team["name"] for team in (await admin.get("/teams"))[1]["teams"]] == ["Hilfe", "Sales"]
    await admin.patch(url, {"members": [ids["sam"]], "supervisors": [ids["mona"]], "queues": []})
    assert await admin.delete(url) == (204, {})
    for answer in (await admin.get(url), await admin.delete(url), await admin.patch(url, {"name": "X"})):
        is_problem(answer, 404, "not_found")
    await company.site.recorder.settled()
    told = [
        (entry["action"], entry["target"], entry["reason"])
        for entry in (await admin.get("/audit"))[1]["entries"]
        if entry["action"].startswith("team.") and entry["result"] == "ok"
    ]
    assert told == [
        ("team.deleted", "Hilfe", None),
        ("team.changed", "Hilfe", "members: -ana; queues: -Hotline -help; supervisors: +mona"),
        ("team.changed", "Help", "name: Help → Hilfe; members: +ana +sam"),
        ("team.created", "Help", "queues: +Hotline +help"),
        ("team.created", "Sales", "members: +sam; supervisors: +coach"),
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "X", "members": ["0" * 32]}, "members"),
        ({"name": "X", "members": ["nobody"]}, "members.0"),
        ({"name": "X", "supervisors": ["0" * 32]}, "supervisors"),
        ({"name": "X", "queues": ["a\r\nb"]}, "queues.0"),
        ({"name": "X", "queues": [" "]}, "queues.0"),
        ({"name": "X", "id": "1"}, "id"),
        ({}, "name"),
    ],
)
async def test_422_of_teams(company: Company, given: dict[str, Any], field: str) -> None:
    before = await company.site.store.teams.all()
    problem = is_problem(await company.admin.post("/teams", given), 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    if given:
        is_problem(await company.admin.patch(f"/teams/{company.team['id']}", given), 422, "invalid")
    assert await company.site.store.teams.all() == before


async def test_a_name_is_taken_in_any_case(company: Company) -> None:
    problem = is_problem(await company.admin.post("/teams", {"name": "SALES"}), 409, "conflict")
    assert problem["errors"][0]["field"] == "name"
    other = await company.make("Other")
    is_problem(await company.admin.patch(f"/teams/{other['id']}", {"name": "sales"}), 409, "conflict")
    await company.change(name="SALES")


async def test_who_reads_teams(company: Company) -> None:
    site = company.site
    await company.make("Other", members=["ana"])
    assert [team["name"] for team in (await company.coach.get("/teams"))[1]["teams"]] == ["Sales"]
    mona = await site.client("mona")
    assert (await mona.get("/teams"))[1]["teams"] == []
    for client in (company.coach, mona):
        is_problem(await client.get(f"/teams/{company.team['id']}"), 403, "forbidden")
    is_problem(await (await site.client("sam")).get("/teams"), 403, "forbidden")


async def test_an_administrators_scope_is_all(company: Company) -> None:
    assert (await company.scope("admin", "teams"))["scope"] == "all"
    assert await seen_by(company.admin) == {"Sam", "Ana"}
    is_problem(await company.admin.patch(f"/users/{company.ids['coach']}", {"scope": "some"}), 422, "invalid")


async def test_what_lies_outside_is_not_there(company: Company) -> None:
    coach, ana = company.coach, company.calls["Ana"]
    assert await seen_by(coach) == {"Sam"}
    for path in (f"/calls/{ana}", f"/calls/{ana}/timeline"):
        is_problem(await coach.get(path), 404, "not_found")
    nobody = is_problem(await coach.post("/monitors", {"call_id": "0" * 24}), 404, "not_found")
    for named in ({"call_id": ana}, {"agent_extension": "102"}, {"customer_number": "202"}):
        assert await coach.post("/monitors", named) == (404, nobody)
    mona = await company.site.client("mona")
    status, monitor = await mona.post("/monitors", {"agent_extension": "102"})
    assert status == 201
    await settle()
    assert (await coach.get("/monitors"))[1]["monitors"] == []
    for answer in (
        await coach.get(f"/monitors/{monitor['id']}"),
        await coach.patch(f"/monitors/{monitor['id']}", {"mode": "silent"}),
        await coach.delete(f"/monitors/{monitor['id']}"),
    ):
        is_problem(answer, 404, "not_found")
    # Of what is ended too, and again when it is over.
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    company.site.pbx.scene.gone(company.ana, company.other)
    company.site.pbx.run()
    await company.site.recorder.settled()
    is_problem(await coach.get(f"/monitors/{monitor['id']}"), 404, "not_found")


async def test_an_ended_monitor_of_ones_team_stays_to_be_seen(company: Company) -> None:
    mona = await company.site.client("mona")
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    assert (await company.coach.get(f"/monitors/{monitor['id']}"))[0] == 200
    company.site.pbx.scene.gone(company.sam, company.customer)
    company.site.pbx.run()
    await settle()
    await company.site.recorder.settled()
    status, over = await company.coach.get(f"/monitors/{monitor['id']}")
    assert (status, over["state"]) == (200, "ended")
    await company.change(members=[])
    is_problem(await company.coach.get(f"/monitors/{monitor['id']}"), 404, "not_found")


async def test_of_several_calls_only_ones_own_are_listed(company: Company) -> None:
    site = company.site
    site.talk("201", "103", "b3")  # the same customer at Lee, who is in no team and has no account
    await settle()
    status, monitor = await company.coach.post("/monitors", {"customer_number": "201"})
    assert (status, monitor["call_id"]) == (201, company.calls["Sam"])
    mona = await site.client("mona")
    problem = is_problem(await mona.post("/monitors", {"customer_number": "201"}), 409, "ambiguous")
    assert len(problem["calls"]) == 2


async def test_programs_see_no_more_than_whom_they_act_for(company: Company) -> None:
    site, admin = company.site, company.admin

    async def program(**body: Any) -> Client:
        _, made = await admin.post("/tokens", {"name": "p", **body})
        client = await site.client()
        client.http.headers["Authorization"] = f"Bearer {made['token']}"
        return client

    ana = company.calls["Ana"]
    for body in ({"user": "coach"}, {"may_act_for": ["coach"]}, {"may_act_for": ["coach", "sam"]}):
        client = await program(**body)
        assert await seen_by(client) == {"Sam"}
        is_problem(await client.get(f"/calls/{ana}"), 404, "not_found")
        is_problem(await client.get(f"/calls/{ana}/timeline"), 404, "not_found")
        given = {"supervisor": "coach"} if "may_act_for" in body else {}
        is_problem(await client.post("/monitors", {"call_id": ana, **given}), 404, "not_found")
    both = await program(may_act_for=["coach", "mona"])
    assert await seen_by(both) == {"Sam", "Ana"}
    is_problem(await both.post("/monitors", {"call_id": ana, "supervisor": "coach"}), 404, "not_found")
    for body in ({"user": "coach"}, {"may_act_for": ["mona", "coach"]}):
        figures = await program(scopes=["metrics"], **body)
        async with figures.http.get(site.base + "/metrics") as answer:
            assert answer.status == 403


async def test_a_change_acts_at_once(company: Company) -> None:
    coach, ids = company.coach, company.ids
    stream = await coach.events()
    status, monitor = await coach.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    await coach.until(monitor["id"], "live")
    await company.change(members=[ids["ana"]])
    await stream.until(lambda kind, data: kind == "snapshot" and [c["agent"]["name"] for c in data["calls"]] == ["Ana"])
    over = await coach.until_ended(monitor)
    assert over["ended_reason"] == "permission_revoked"
    assert "hangup" in company.site.pbx.did
    await company.scope("coach", "all")
    await stream.until(lambda kind, data: kind == "snapshot" and len(data["calls"]) == 2)
    assert (await coach.post("/monitors", {"agent_extension": "101"}))[0] == 201


Undoing = Callable[[Company], Any]
UNDOING: dict[str, Undoing] = {
    "no supervisor of it": lambda company: company.change(supervisors=[]),
    "no member of it": lambda company: company.change(members=[]),
    "no such team": lambda company: company.admin.delete(f"/teams/{company.team['id']}"),
    "no right": lambda company: company.admin.patch(f"/users/{company.ids['coach']}", {"can_monitor": False}),
    "no such agent": lambda company: company.admin.delete(f"/users/{company.ids['sam']}"),
    "another's phone": lambda company: company.admin.patch(f"/users/{company.ids['sam']}", {"devices": []}),
}


@pytest.mark.parametrize("how", UNDOING)
async def test_what_could_not_be_started_any_more_ends(company: Company, how: str) -> None:
    status, monitor = await company.coach.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    await company.coach.until(monitor["id"], "live")
    await UNDOING[how](company)
    over = await company.coach.until_ended(monitor)
    assert over["ended_reason"] == "permission_revoked"
    refused = (403, "forbidden") if how == "no right" else (404, "not_found")
    is_problem(await company.coach.post("/monitors", {"agent_extension": "101"}), *refused)


async def test_another_process_changes_a_team(company: Company) -> None:
    """The command line, or another adapter: within a second, by the polled version."""
    stream = await company.coach.events()
    status, monitor = await company.coach.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    await company.site.store.teams.change(company.team["id"], TeamChange(members=[]))
    over = await company.coach.until_ended(monitor)
    assert over["ended_reason"] == "permission_revoked"
    await stream.until(lambda kind, data: kind == "snapshot" and data["calls"] == [])


async def test_a_queues_calls_come_and_go(company: Company, queues: Queues) -> None:
    """A transfer that takes a call out of the scope ends the monitor, and it is no more to be seen."""
    site, coach = company.site, company.coach
    await company.change(queues=["Sales"], members=[])
    stream = await coach.events()
    assert await seen_by(coach) == set()
    queues.of[company.ana] = "SALES"
    site.pbx.scene.hold(company.ana)
    site.pbx.run()
    await stream.until(lambda kind, data: kind == "call.updated" and data["agent"]["name"] == "Ana")
    site.pbx.scene.hold(company.ana, False)
    site.pbx.run()
    await settle()
    status, monitor = await coach.post("/monitors", {"call_id": company.calls["Ana"], "mode": "whisper"})
    assert status == 201, monitor
    await coach.until(monitor["id"], "live")
    queues.of[company.ana] = None
    site.pbx.scene.leave("b2", company.other)
    site.pbx.run()
    over = await coach.until_ended(monitor)
    assert over["ended_reason"] == "permission_revoked"
    assert await seen_by(coach) == set()
    await stream.until(lambda kind, data: kind == "call.removed" and data["id"] == company.calls["Ana"])
    await stream.until(lambda kind, data: kind == "monitor.ended" and data["ended_reason"] == "permission_revoked")
    is_problem(await coach.get(f"/calls/{company.calls['Ana']}"), 404, "not_found")


async def test_a_time_line_tells_what_happened_in_the_scope(company: Company, queues: Queues) -> None:
    site, coach, scene = company.site, company.coach, company.site.pbx.scene
    await company.change(queues=["Sales"], members=[])
    mona = await site.client("mona")
    _, monitor = await mona.post("/monitors", {"call_id": company.calls["Ana"]})
    await settle()
    await mona.delete(f"/monitors/{monitor['id']}")
    queues.of[company.ana] = "Sales"
    scene.hold(company.ana)
    site.pbx.run()
    await settle()
    url = f"/calls/{company.calls['Ana']}/timeline"
    assert [entry["kind"] for entry in (await coach.get(url))[1]["entries"]] == ["rang", "answered", "held"]
    kinds = [entry["kind"] for entry in (await mona.get(url))[1]["entries"]]
    assert kinds == ["rang", "answered", "listening", "left", "held"]


async def test_ones_own_call_is_ones_own(company: Company) -> None:
    """Whose scope is teams sees their own leg as any agent does, and can't monitor it."""
    await company.admin.patch(f"/users/{company.ids['ana']}", {"can_monitor": True, "scope": "teams"})
    ana = await company.site.client("ana")
    assert await seen_by(ana) == {"Ana"}
    is_problem(await ana.post("/monitors", {"call_id": company.calls["Ana"]}), 409, "own_call")
    is_problem(await ana.post("/monitors", {"call_id": company.calls["Sam"]}), 404, "not_found")


async def test_who_is_in_a_conversation_can_make_nobody_look(company: Company) -> None:
    """An administrator who talks with Sam puts him into Coach's team: she is barred, and sees no silent monitor."""
    site = company.site
    await company.change(members=[company.ids["ana"]])
    await site.client("mona")
    site.talk("301", "104", "b4")  # the administrator's own phone
    await settle()
    own = next(call for call in await company.admin.calls() if call["agent"]["extension"] == "104")
    mona = await site.client("mona")
    status, monitor = await mona.post("/monitors", {"call_id": own["id"]})
    assert status == 201
    await settle()
    await company.change(members=[company.ids["ana"]], queues=["any"])
    await company.scope("coach", "all")
    assert monitor["id"] not in str(await company.coach.get("/monitors"))
    other = await company.make("More", supervisors=["mona"])
    assert other["supervisors"] == [company.ids["mona"]]
    assert site.service.boards.bars.barred(Who(company.ids["mona"]), own["conversation_id"])
