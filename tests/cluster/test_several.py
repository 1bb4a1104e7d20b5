"""Two adapters side by side: each shows all PBXes, a click works at either, and one takes over when the other dies."""

import asyncio
import time

from adapter.web.throttle import FREE
from tests.support.postgresql import PostgreSQL
from tests.support.several import Several, cluster_url, server, several
from tests.support.site import is_problem
from tests.support.waiting import Lateness, until

__all__ = ["cluster_url", "server", "several"]


async def test_a_click_at_either_adapter_is_done_at_the_pbx_of_the_call(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin = await south.client("admin")
    call = await admin.call("101")
    assert call["pbx"] == "north"
    monitor = await admin.monitor(call)
    assert (await admin.switch(monitor, "barge"))["mode"] == "barge"
    there = await north.client("admin")
    seen = (await there.get(f"/monitors/{monitor['id']}"))[1]
    assert (seen["mode"], seen["state"], seen["live_at"]) == ("barge", "live", monitor["live_at"])
    assert several.pbxes["north"].did == ["originate silent keypad", "digit barge"]
    is_problem(await there.post("/monitors", {"call_id": call["id"]}), 409, "already_monitoring")
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    for client in (admin, there):
        assert (await client.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"
    entries = (await there.get("/audit"))[1]["entries"]
    about = [entry["action"] for entry in reversed(entries) if entry["monitor_id"] == monitor["id"]]
    wanted = ["monitor.requested", "monitor.started", "monitor.mode_changed", "monitor.ended"]
    assert sorted(about) == sorted(wanted), "by time: the fake PBX's own clock is another than the adapter's"


async def test_the_pbx_of_one_that_dies_is_taken_over_with_its_monitors(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin = await south.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    stream = await admin.events()
    await north.service.recorder.settled()
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    last = len(stream.events)
    again = await admin.until(monitor["id"], "live")
    assert again["mode"] == "silent", "what was pressed at the keypad meanwhile nobody knows"
    assert (await admin.call("101"))["id"] == monitor["call_id"]
    assert (await admin.switch(monitor, "whisper"))["mode"] == "whisper"
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "whisper", last)
    entries = (await admin.get("/audit"))[1]["entries"]
    about = [entry["action"] for entry in reversed(entries) if entry["monitor_id"] == monitor["id"]]
    assert {"monitor.requested", "monitor.started", "monitor.taken_up"} <= set(about)


async def test_one_that_stops_in_order_hands_over_at_once_and_ends_nothing(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin = await south.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await north.stop()
    assert south.claims.owns("north"), "one that stops waits until another has what it had"
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    assert (await admin.until(monitor["id"], "live"))["started_at"] == monitor["started_at"]
    assert "hangup" not in several.pbxes["north"].did


async def test_where_all_stop_at_once_nothing_runs_on_unattended(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    several.call_at("south", "202", "102")
    admin, mona = await north.client("admin"), await south.client("mona")
    monitors = [await admin.monitor(await admin.call("101")), await mona.monitor(await mona.call("102"))]
    await asyncio.gather(north.stop(), south.stop())
    for pbx in several.pbxes.values():
        assert not [channel for channel in pbx.scene.channels if channel.startswith("cm-")]
    again = await several.adapter()
    await until(lambda: again.owns("north", "south"), "it does not take them")
    for who, monitor in (("admin", monitors[0]), ("mona", monitors[1])):
        client = await again.client(who)
        assert (await client.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"


async def test_all_that_start_again_take_up_what_there_was(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    several.call_at("south", "202", "102")
    admin, mona = await south.client("admin"), await north.client("mona")
    monitors = [await admin.monitor(await admin.call("101")), await mona.monitor(await mona.call("102"))]
    await asyncio.gather(north.service.recorder.settled(), south.service.recorder.settled())
    await asyncio.gather(north.die(), south.die())
    first, second = await several.two()
    for who, one, monitor in (("admin", first, monitors[0]), ("mona", second, monitors[1])):
        client = await one.client(who)
        assert (await client.until(monitor["id"], "live"))["live_at"] == monitor["live_at"]


async def test_without_nats_each_goes_on_with_its_own_and_hides_the_others(several: Several) -> None:
    _, south = await several.two()
    several.call_at("north")
    several.call_at("south", "202", "102")
    admin = await south.client("admin")
    far, near = await admin.call("101"), await admin.call("102")
    several.nats.kill()
    await until(lambda: not south.sees())
    assert [call["id"] for call in await admin.calls()] == [near["id"]]
    states = {one["id"]: one["state"] for one in (await admin.get("/calls"))[1]["pbxs"]}
    assert states == {"north": "down", "south": "connected"}
    is_problem(await admin.post("/monitors", {"call_id": far["id"]}), 503, "pbx_unavailable")
    is_problem(await admin.get("/audit"), 503, "pbx_unavailable")
    hook = {"url": "http://127.0.0.1:9/", "events": ["call.started"]}
    is_problem(await admin.post("/webhooks", hook), 503, "pbx_unavailable")
    monitor = await admin.monitor(near)
    body = is_problem(await admin.post("/monitors/stop-all", {"reason": "a test"}), 504, "pbx_timeout")
    assert body["stopped"] == 1
    assert "north" in body["detail"]
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"
    several.nats.start()
    await until(south.sees, "it does not come back")
    await admin.monitor(await admin.call("101"))
    assert (await admin.get("/audit"))[0] == 200


async def test_a_right_that_is_taken_away_at_one_adapter_ends_monitors_at_the_other(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin, mona = await south.client("admin"), await north.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    stream = await mona.events()
    since = len(stream.events)
    async with Lateness() as late:
        assert (await admin.patch(f"/users/{mona.user['id']}", {"can_monitor": False}))[0] == 200
        late.begin()
        ended = await stream.until(lambda kind, data: kind == "monitor.ended", since)
        assert (ended["id"], ended["ended_reason"]) == (monitor["id"], "permission_revoked")
        assert late.took < late.allows(1.0)
    assert (await admin.patch(f"/users/{mona.user['id']}", {"active": False}))[0] == 200
    await stream.ended()


async def test_all_are_stopped_from_either(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    several.call_at("south", "202", "102")
    admin, mona = await south.client("admin"), await north.client("mona")
    await admin.monitor(await admin.call("101"))
    await mona.monitor(await mona.call("102"))
    third = await north.client("admin")
    assert await third.post("/monitors/stop-all", {"reason": "a test"}) == (200, {"stopped": 2})
    assert several.pbxes["north"].legs.keys().isdisjoint(several.pbxes["north"].scene.channels)


async def test_of_two_starts_at_once_at_different_adapters_one_is_refused(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    several.call_at("south", "202", "102")
    here, there = await north.client("admin"), await south.client("admin")
    await here.call("102")
    await there.call("101")
    answers = await asyncio.gather(
        here.post("/monitors", {"agent_extension": "101"}), there.post("/monitors", {"agent_extension": "102"})
    )
    assert sorted(status for status, _ in answers) == [201, 409], answers


async def test_without_the_database_what_runs_goes_on_silence_works_and_nothing_begins(
    several: Several, server: PostgreSQL
) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin, mona = await north.client("admin"), await north.client("mona")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    server.halt()
    await until(lambda: not north.claims.holds("north"), "its term does not run out")
    assert (await admin.switch(monitor, "silent"))["mode"] == "silent"
    assert (await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[0] == 503
    assert (await mona.post("/monitors", {"agent_extension": "101"}))[0] == 503
    server.start()
    await until(lambda: north.claims.holds("north") and south.claims.holds("south"), "no new terms begin")
    await until(lambda: north.sees() and south.sees(), "they don't see each other again")
    assert (north.mine, south.mine) == (["north"], ["south"]), "who could not renew loses nothing for it"
    assert (await admin.until(monitor["id"], "live"))["live_at"] == monitor["live_at"]
    end = time.monotonic() + 30
    while (await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[0] != 200:
        assert time.monotonic() < end, "it can't be made louder again"
        await asyncio.sleep(0.2)


async def test_guesses_at_passwords_count_together(several: Several) -> None:
    north, south = await several.two()
    clients = [await one.client("mona") for one in (north, south)]
    wrong = {"username": "sam", "password": "not his password"}
    answers = [(await clients[number % 2].post("/session", wrong))[0] for number in range(FREE)]
    assert answers == [401] * FREE
    for client in clients:
        is_problem(await client.post("/session", wrong), 429, "too_many_requests")
