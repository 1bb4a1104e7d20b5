"""Webhooks at the contract: told in order, again and by hand, tried, changed, and delayed by nobody else's."""

import asyncio
from typing import Any

from tests.fake.pbx import settle
from tests.support.programs import hook
from tests.support.receiver import EVERYTHING, Receiver
from tests.support.site import Site, is_problem


async def test_a_call_and_its_monitor_are_told_of_in_order(site: Site, receiver: Receiver) -> None:
    admin = await site.client("admin")
    made = await hook(admin, receiver)
    assert "secret" not in (await admin.get(f"/webhooks/{made['id']}"))[1]
    customer, agent = site.talk()
    _, monitor = await admin.post("/monitors", {"agent_extension": "101", "mode": "silent"})
    await settle()
    await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
    await admin.delete(f"/monitors/{monitor['id']}")
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    await receiver.until(6)
    monitored = ["monitor.started", "monitor.mode_changed", "monitor.ended"]
    assert receiver.types() == ["call.started", "call.answered", *monitored, "call.ended"]
    assert receiver.problems == []
    bodies = [body for _, body in receiver.accepted]
    assert all(body.keys() == {"type", "timestamp", "data"} for body in bodies)
    changed = bodies[3]["data"]
    assert (changed["mode"], changed["previous_mode"], changed["id"]) == ("barge", "silent", monitor["id"])
    assert changed["call"]["agent"]["extension"] == "101"
    for _ in range(200):  # what was accepted is noted a moment later
        _, listing = await admin.get(f"/webhooks/{made['id']}/deliveries?limit=4")
        states = [delivery["state"] for delivery in listing["deliveries"]]
        if states == ["delivered"] * 4:
            break
        await asyncio.sleep(0.02)
    assert states == ["delivered"] * 4
    assert listing["deliveries"][0]["id"] == receiver.ids[-1]
    status, rest = await admin.get(f"/webhooks/{made['id']}/deliveries?limit=4&cursor={listing['next_cursor']}")
    assert (status, len(rest["deliveries"]), rest["next_cursor"]) == (200, 2, None)


async def test_a_receiver_that_fails_gets_it_later_and_by_hand(site: Site, receiver: Receiver) -> None:
    admin = await site.client("admin")
    made = await hook(admin, receiver, events=["call.started"])
    receiver.mood = 500
    site.talk()
    for _ in range(200):
        if receiver.tries:
            break
        await asyncio.sleep(0.02)
    for _ in range(200):
        _, listing = await admin.get(f"/webhooks/{made['id']}/deliveries")
        if listing["deliveries"] and listing["deliveries"][0]["attempts"]:
            break
        await asyncio.sleep(0.02)
    (delivery,) = listing["deliveries"]
    assert (delivery["state"], delivery["status"], delivery["answer"]) == ("due", 500, "mood 500")
    assert delivery["next_attempt_at"]
    for _ in range(200):
        if (await admin.get(f"/webhooks/{made['id']}"))[1]["failing_since"]:
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("the hook does not say since when it fails")
    receiver.mood = 200
    path = f"/webhooks/{made['id']}/deliveries/{delivery['id']}/retry"
    assert (await admin.post(path, {}))[0] == 202
    await receiver.until(1)
    for _ in range(200):  # a retry that is asked for while a try is on its way is that try
        _, listing = await admin.get(f"/webhooks/{made['id']}/deliveries")
        if listing["deliveries"][0]["state"] == "delivered":
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError(f"what was accepted is not delivered: {listing}")
    assert (await admin.post(path, {}))[0] == 202
    for _ in range(200):
        if len(receiver.accepted) == 2:
            break
        await asyncio.sleep(0.02)
    assert [event_id for event_id, _ in receiver.accepted] == [delivery["id"]] * 2
    is_problem(await admin.post(f"/webhooks/{made['id']}/deliveries/none/retry", {}), 404, "not_found")


async def test_a_dead_receiver_delays_nobody_else(site: Site, receiver: Receiver) -> None:
    admin = await site.client("admin")
    slow = Receiver()
    slow.mood, slow.slowness = "slow", 60.0
    await slow.start()
    await hook(admin, slow)
    await admin.post("/webhooks", {"url": "http://127.0.0.1:1/", "events": EVERYTHING})
    await hook(admin, receiver)
    for number in range(10):
        site.pbx.scene.gone(*site.talk(bridge=f"b{number}"))
        site.pbx.run()
    await receiver.until(30, deadline=20)
    assert slow.accepted == []
    await slow.stop()


async def test_hooks_are_changed_tried_and_removed(site: Site, receiver: Receiver) -> None:
    admin, sam = await site.client("admin"), await site.client("sam")
    made = await hook(admin, receiver, enabled=False)
    path = f"/webhooks/{made['id']}"
    site.talk()
    status, ping = await admin.post(f"{path}/ping", {})
    assert (status, ping["delivered"], ping["status"], ping["answer"]) == (200, True, 200, "thanks")
    receiver.mood = "redirect"
    _, ping = await admin.post(f"{path}/ping", {})
    assert (ping["delivered"], ping["status"]) == (False, 302)
    assert "redirects" in ping["answer"]
    receiver.mood = 200
    assert receiver.types() == ["ping"]
    status, changed = await admin.patch(path, {"enabled": True, "events": ["call.ended"]})
    assert (status, changed["enabled"], changed["events"]) == (200, True, ["call.ended"])
    await site.recorder.settled()
    assert [d["type"] for d in (await admin.get(f"{path}/deliveries"))[1]["deliveries"]] == ["ping", "ping"]
    good = {"url": receiver.url(), "events": ["call.ended"]}
    wrongs: list[dict[str, Any]] = [{"url": "ftp://x"}, {"url": "http://u:p@x/"}, {"events": []}, {"events": ["x"]}]
    for wrong in (*wrongs, {"enabled": "yes"}):
        is_problem(await admin.patch(path, wrong), 422, "invalid")
        is_problem(await admin.post("/webhooks", {**good, **wrong}), 422, "invalid")
    is_problem(await sam.get("/webhooks"), 403, "forbidden")
    is_problem(await sam.post("/webhooks", {}), 403, "forbidden")
    assert (await admin.delete(path))[0] == 204
    for answer in (await admin.get(path), await admin.delete(path), await admin.post(f"{path}/ping", {})):
        is_problem(answer, 404, "not_found")
