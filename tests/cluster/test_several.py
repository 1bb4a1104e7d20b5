"""Two adapters side by side: each shows all PBXes, a click works at either, and one takes over when the other dies."""

from tests.support.several import Several, cluster_url, server, several
from tests.support.site import is_problem

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
    assert about == ["monitor.requested", "monitor.started", "monitor.mode_changed", "monitor.ended"]
