"""A supervisor who may monitor their team's calls only, at a real Asterisk: transfers, changes of teams, star codes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.asterisk.faults.support import no_legs
from tests.support.client import Client
from tests.support.flows import keys
from tests.support.lab import Lab, assert_hears, listen


class Team:
    """Mona looks after these people."""

    def __init__(self, admin: Client, ids: dict[str, str]) -> None:
        self.admin, self.ids, self.id = admin, ids, ""

    async def has(self, *names: str, queues: tuple[str, ...] = ()) -> None:
        """From now on."""
        members = [self.ids[name] for name in names]
        if self.id:
            change = {"members": members, "queues": list(queues)}
            assert (await self.admin.patch(f"/teams/{self.id}", change))[0] == 200
        else:
            made = {"name": "Sales", "members": members, "supervisors": [self.ids["mona"]]}
            self.id = (await self.admin.post("/teams", made))[1]["id"]


@pytest.fixture
async def team(lab: Lab) -> AsyncIterator[Team]:
    """Of Sam; what a test leaves is taken back."""
    admin = await lab.client("admin")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    made = Team(admin, ids)
    await made.has("sam")
    assert (await admin.patch(f"/users/{ids['mona']}", {"scope": "teams"}))[0] == 200
    yield made
    await admin.patch(f"/users/{ids['mona']}", {"scope": "all"})
    await admin.delete(f"/teams/{made.id}")


async def test_a_transfer_to_somebody_else_ends_it_and_tells_nothing(lab: Lab, team: Team) -> None:
    """Sam sends the customer on to Lee, who is in no team of Mona's: her phone is released, and Lee's call is none."""
    await lab.phone("103")
    _, sam = await lab.talk("201", "101")
    supervisor, mona = await lab.phone("302"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "whisper")
    stream, mark = await mona.events(), supervisor.mark()
    await keys(sam, "##103")
    lees = await team.admin.call("103")
    assert lees["customer"]["number"] == "201"
    over = await mona.until_ended(monitor)
    assert over["ended_reason"] == "call_ended", "Sam's own leg is over"
    await supervisor.seen("CALL_CLOSED", mark)
    await no_legs(lab)
    assert await mona.calls() == []
    assert (await mona.get(f"/calls/{lees['id']}"))[0] == 404
    for named in ({"call_id": lees["id"]}, {"agent_extension": "103"}, {"customer_number": "201"}):
        assert (await mona.post("/monitors", named))[1]["code"] == "not_found"
    await stream.until(lambda kind, data: kind == "call.removed")
    assert b"Lee" not in stream.raw
    assert lees["id"].encode() not in stream.raw


async def test_a_customer_who_comes_to_the_team_is_seen(lab: Lab, team: Team) -> None:
    """And the other way round: from Lee to Sam. What Lee's call was is not told."""
    await lab.phone("101")
    _, lee = await lab.talk("201", "103")
    mona = await lab.client("mona")
    stream = await mona.events()
    assert await mona.calls() == []
    lees = await team.admin.call("103")
    await keys(lee, "##101")
    call = await mona.call("101")
    assert call["customer"]["number"] == "201"
    await stream.until(lambda kind, data: kind == "call.updated" and data["state"] == "active")
    assert lees["id"].encode() not in stream.raw


async def test_a_member_who_leaves_the_team_is_heard_no_more(lab: Lab, team: Team) -> None:
    """While Mona barges: within a second nobody hears her, and her phone is released."""
    customer, sam = await lab.talk("201", "101")
    supervisor, mona = await lab.phone("302"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    assert_hears(await listen(customer, sam), p201={"101", "302"}, p101={"201", "302"})
    mark, stream = supervisor.mark(), await mona.events()
    began = time.monotonic()
    await team.has("ana")
    await no_legs(lab, deadline=1)
    assert time.monotonic() - began < 3, "one second, and what a busy machine takes"
    assert (await mona.until_ended(monitor))["ended_reason"] == "permission_revoked"
    await supervisor.seen("CALL_CLOSED", mark)
    await stream.until(lambda kind, data: kind == "snapshot" and data["calls"] == [])
    assert_hears(await listen(customer, sam), p201={"101"}, p101={"201"})
    assert len(await team.admin.calls()) == 1, "the call goes on"
    entries = (await team.admin.get("/audit?action=monitor.ended"))[1]["entries"]
    assert (entries[0]["reason"], entries[0]["supervisor"]) == ("permission_revoked", "mona")


async def test_a_star_code_finds_no_call_outside(lab: Lab, team: Team) -> None:
    await asyncio.gather(lab.talk("201", "101"), lab.talk("202", "103"))
    phone, mona = await lab.phone("302"), await lab.client("mona")
    mark = phone.mark()
    await phone.dial("*55103")
    await phone.seen("CALL_ESTABLISHED", mark)  # something is said
    await phone.seen("CALL_CLOSED", mark, 15)
    assert (await mona.get("/monitors"))[1]["monitors"] == []
    rows = (await team.admin.get("/audit?action=monitor.requested"))[1]["entries"]
    assert (rows[0]["result"], rows[0]["reason"], rows[0]["via"]) == ("refused", "not_found", "star code")
    mark = phone.mark()
    await phone.dial("*55101")
    await phone.seen("CALL_ESTABLISHED", mark)
    end = time.monotonic() + 8
    while not [one for one in (await mona.get("/monitors"))[1]["monitors"] if one["state"] == "live"]:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_queues_calls_are_the_teams_whoever_answers(lab: Lab, team: Team) -> None:
    """And of the agents nobody, nor any other queue: nobody is a member of the team."""
    await team.has(queues=("AGENTS",))
    for other in ("102", "103", "104"):
        await lab.unregister(other)
    sam, supervisor = await lab.phone("101"), await lab.phone("302")
    mona = await lab.client("mona")
    stream = await mona.events()
    assert ([one["name"] for one in (await mona.get("/queues"))[1]["queues"]], await mona.calls()) == (["agents"], [])
    customer = await lab.phone("201")
    mark = sam.mark()
    await customer.dial("500")
    await sam.seen("CALL_ESTABLISHED", mark)
    call = await mona.call("101")
    assert (call["queue"], call["customer"]["number"]) == ("agents", "201")
    assert (await mona.get("/agents"))[1]["agents"] == [], "Sam is no member of the team"
    monitor = await mona.monitor(call, "barge")
    assert_hears(await listen(customer, sam), p201={"101", "302"}, p101={"201", "302"})
    mark = supervisor.mark()
    await team.has(queues=("agents-local",))
    await supervisor.seen("CALL_CLOSED", mark)
    assert (await mona.until_ended(monitor))["ended_reason"] == "permission_revoked"
    assert_hears(await listen(customer, sam), p201={"101"}, p101={"201"})
    assert await mona.calls() == []
    await stream.until(
        lambda kind, data: kind == "snapshot" and [q["name"] for q in data["queues"]] == ["agents-local"]
    )
