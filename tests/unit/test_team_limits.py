"""Limits of teams: in the API, the store and on the command line; what is wrong changes nothing."""

from dataclasses import fields
from pathlib import Path

from adapter.core.audit import Action
from adapter.core.team_limits import MOST, NAMES, NO_LIMITS, TeamLimits, limits_kept, limits_view, with_limits
from adapter.store import Store
from adapter.store.audit import Filter
from adapter.store.teams import NewTeam, TeamChange
from adapter.web import teamlimits
from tests.support.site import Site, is_problem
from tests.unit.test_cli import Call, call, conf
from tests.unit.test_cli_teams import Cli
from tests.unit.test_teams_store import people, supervised

__all__ = ["call", "conf"]


def test_every_limit_has_a_bound_and_a_place_in_the_api() -> None:
    assert set(MOST) == set(NAMES) == set(teamlimits.TeamLimits.model_fields) == set(teamlimits.SetLimits.model_fields)
    assert all(field.default is None for field in fields(TeamLimits))


def test_what_was_kept_is_read_as_far_as_it_is_possible() -> None:
    kept = {"held_seconds": 30, "of a later version": 3, "transferred": 100, "waiting": True, "ringing_seconds": "9"}
    assert limits_kept(kept) == TeamLimits(held_seconds=30)
    limits = with_limits(TeamLimits(held_seconds=30, waiting=0), {"held_seconds": None, "transferred": 2})
    assert limits == TeamLimits(waiting=0, transferred=2)


async def test_the_store_keeps_them_and_tells_supervisors_at_once(store: Store) -> None:
    ids = await people(store, "boss", "mona")
    team = await store.teams.create(NewTeam(name="Sales", supervisors=[ids["mona"]], limits={"held_seconds": 30}))
    assert (await store.teams.all()) == [team]
    assert team.limits == TeamLimits(held_seconds=30)
    before = await supervised(store, "mona")
    await store.teams.change(team.id, TeamChange(limits={"silence_seconds": 0, "held_seconds": 40}))
    after = await supervised(store, "mona")
    assert before != after, "her page is shown afresh by that"
    assert (before.people, before.queues, before.teams) == (after.people, after.queues, after.teams)
    await store.teams.change(team.id, TeamChange(name="Sales North"))
    (kept,) = await store.teams.all()
    assert kept.limits == TeamLimits(silence_seconds=0, held_seconds=40)
    await store.teams.change(team.id, TeamChange(limits={"silence_seconds": None, "held_seconds": None}))
    assert (await store.teams.all())[0].limits == NO_LIMITS
    told = [row.reason for row in await store.audit.page(Filter(), 10) if row.action == Action.TEAM_CHANGED]
    assert told[-1] == "limit held_seconds: 30 → 40; limit silence_seconds: none → 0"


async def test_by_the_contract(site: Site) -> None:
    admin = await site.client("admin")
    status, made = await admin.post("/teams", {"name": "Sales", "limits": {"agent_share_percent": 80}})
    assert (status, made["limits"]) == (201, {**limits_view(NO_LIMITS), "agent_share_percent": 80})
    url = f"/teams/{made['id']}"
    status, changed = await admin.patch(url, {"limits": {"silence_seconds": 15}})
    assert (status, changed["limits"]["silence_seconds"], changed["limits"]["agent_share_percent"]) == (200, 15, 80)
    status, changed = await admin.patch(url, {"limits": {"agent_share_percent": None}})
    assert changed["limits"] == {**limits_view(NO_LIMITS), "silence_seconds": 15}
    for wrong, field in (
        ({"silence_seconds": -1}, "limits.silence_seconds"),
        ({"agent_share_percent": 101}, "limits.agent_share_percent"),
        ({"held_seconds": 86401}, "limits.held_seconds"),
        ({"held_seconds": 1.5}, "limits.held_seconds"),
        ({"held_seconds": True}, "limits.held_seconds"),
        ({"held_seconds": "9"}, "limits.held_seconds"),
        ({"holding": 1}, "limits.holding"),
        ([], "limits"),
    ):
        answer = await admin.patch(url, {"limits": wrong})
        assert is_problem(answer, 422, "invalid"), answer
        assert answer[1]["errors"][0]["field"] == field
    assert (await admin.get(url))[1] == changed
    assert (await admin.get("/teams"))[1] == {"teams": [changed]}
    coach = await site.client("coach")
    assert is_problem(await coach.patch(url, {"limits": {"silence_seconds": 1}}), 403, "forbidden")


def test_on_the_command_line(conf: Path, call: Call) -> None:
    cli = Cli(conf, call)
    cli.people("boss", "sam")
    cli.done("team", "add", "Sales", "--member", "sam", "--limit", "held_seconds=30", "--limit", "transferred=0")
    assert "  limits:      held_seconds=30, transferred=0" in cli.done("team", "list").splitlines()
    cli.done("team", "change", "Sales", "--limit", "held_seconds=", "--limit", "new_agent_days=14")
    listed = cli.done("team", "list")
    assert "  limits:      transferred=0, new_agent_days=14" in listed.splitlines()
    for wrong in ("held=3", "held_seconds", "held_seconds=-1", "held_seconds=1e3", "agent_share_percent=101"):
        status, text = cli("team", "change", "Sales", "--limit", wrong)
        assert status == 2, text
    assert cli.done("team", "list") == listed
