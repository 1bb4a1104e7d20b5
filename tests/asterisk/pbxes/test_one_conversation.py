"""A call between two real PBXes is one conversation: nobody at either end sees a silent monitor at the other."""

from tests.support.client import Client
from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen
from tests.support.site import is_problem


async def seen(client: Client) -> tuple[int, int]:
    """How many monitors somebody sees, by themselves and on calls."""
    listed = (await client.get("/monitors"))[1]["monitors"]
    return len(listed), sum(len(call["monitors"]) for call in await client.calls())


async def test_an_administrator_at_the_other_end_sees_no_silent_monitor(pair: Several) -> None:
    """The administrator at pbx0 talks with an agent of pbx1, to whom a supervisor of pbx1 listens."""
    mine, agent = await pair.talk("301", "121")
    ear = await pair.phone("321")
    admin, max1, mona = [await pair.client(name) for name in ("admin", "max1", "mona")]
    stream = await admin.events()
    call = await max1.call("121")
    monitor = await max1.monitor(call)
    assert_hears(await listen(mine, agent, ear), p321={"301", "121"}, p121={"301"}, p301={"121"})
    assert [await seen(one) for one in (admin, max1, mona)] == [(0, 0), (1, 1), (1, 1)]
    is_problem(await admin.get(f"/monitors/{monitor['id']}"), 404, "not_found")
    is_problem(await admin.post("/monitors", {"call_id": call["id"]}), 409, "own_call")
    assert (await admin.get("/audit?action=monitor.requested&limit=1"))[1]["entries"] == [] or all(
        entry["call_id"] != call["id"] for entry in (await admin.get("/audit"))[1]["entries"]
    )
    assert "monitor" not in stream.raw.decode().replace('"monitors":[]', "").replace("can_monitor", "").replace(
        '"monitorable":', ""
    )
    await max1.switch(monitor, "whisper")
    assert_hears(await listen(mine, agent, ear), p121={"301", "321"}, p301={"121"})
    assert await seen(admin) == (1, 1), "the talk is no secret"
    await max1.switch(monitor, "silent")
    assert await seen(admin) == (0, 0)
    assert (await max1.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await mine.hangup()
    await agent.seen("CALL_CLOSED")


async def test_agents_at_both_ends_see_none(pair: Several) -> None:
    """101 talks with 121; Mona listens at 101's PBX, Max at 121's."""
    await pair.talk("101", "121")
    await pair.phones("302", "321")
    sam, sam1, mona, max1 = [await pair.client(name) for name in ("sam", "sam1", "mona", "max1")]
    streams = [await sam.events(), await sam1.events()]
    await mona.monitor(await mona.call("101"))
    await max1.monitor(await max1.call("121"))
    assert [await seen(one) for one in (sam, sam1, mona)] == [(0, 0), (0, 0), (2, 2)]
    for stream in streams:
        assert {kind for _, kind, _ in stream.events} <= {"snapshot", "call.updated"}
