"""Barred over HTTP: devices, ids of talks, and what somebody in a conversation may still do to others' accounts."""

import asyncio

from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem


async def program(site: Site, admin: Client, **body: object) -> Client:
    """A client with a new token."""
    status, made = await admin.post("/tokens", {"name": "new", **body})
    assert status == 201, made
    client = await site.client()
    client.http.headers["Authorization"] = f"Bearer {made['token']}"
    return client


async def test_devices_over_http(site: Site) -> None:
    admin = await site.client("admin")
    me = f"/users/{admin.user['id']}"
    body = {"username": "x", "name": "X", "role": "agent", "password": "quiet-harbour-9"}
    is_problem(await admin.post("/users", {**body, "device": "pjsip/101"}), 409, "conflict")
    is_problem(await admin.post("/users", {**body, "devices": ["PJSIP/7", "Pjsip/101"]}), 409, "conflict")
    status, made = await admin.post("/users", {**body, "devices": ["pjsip/7", "PJSIP/8"]})
    assert (status, made["device"], made["devices"]) == (201, "PJSIP/7", ["PJSIP/7", "PJSIP/8"])
    status, changed = await admin.patch(me, {"device": "pjsip/0301"})
    assert (status, changed["devices"]) == (200, ["PJSIP/0301"])
    assert (await admin.patch(me, {"devices": ["PJSIP/301", "pjsip/90301"]}))[1]["device"] == "PJSIP/301"
    assert (await admin.patch(me, {"device": None}))[1]["devices"] == ["PJSIP/90301"]
    is_problem(await admin.patch(me, {"devices": None}), 422, "invalid")
    is_problem(await admin.patch(me, {"devices": ["301"]}), 422, "invalid")
    site.talk()
    await admin.patch(me, {"devices": ["PJSIP/301", "PJSIP/90301"]})
    is_problem(await admin.post("/monitors", {"agent_extension": "101", "device": "PJSIP/102"}), 403, "forbidden")
    status, monitor = await admin.post("/monitors", {"agent_extension": "101", "device": "pjsip/90301"})
    assert (status, monitor["device"]) == (201, "PJSIP/90301")


async def test_each_talk_has_an_id_of_its_own(site: Site) -> None:
    sam, admin, mona = [await site.client(name) for name in ("sam", "admin", "mona")]
    site.talk("301", "101")
    stream = await sam.events()
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    talks = []
    for _ in range(2):
        assert (await admin.get("/monitors"))[1]["monitors"] == []
        mark = len(stream.events)
        await mona.switch(monitor, "whisper")
        joined = await stream.until(lambda kind, _: kind == "coach.joined", mark)
        (shown,) = (await admin.get("/monitors"))[1]["monitors"]
        (call,) = await sam.calls()
        assert joined["monitor_id"] == shown["id"] == call["monitors"][0]["id"] != monitor["id"]
        status, found = await sam.get(f"/monitors/{shown['id']}")
        assert (status, found["id"], found["mode"]) == (200, shown["id"], "whisper")
        await mona.switch(monitor, "barge")
        (again,) = (await admin.get("/monitors"))[1]["monitors"]
        assert (again["id"], again["mode"]) == (shown["id"], "barge")
        for client in (sam, admin):
            is_problem(await client.get(f"/monitors/{monitor['id']}"), 404, "not_found")
        await mona.switch(monitor, "silent")
        left = await stream.until(lambda kind, _: kind == "coach.left", mark)
        removed = await stream.until(lambda kind, _: kind == "monitor.removed", mark)
        assert left["monitor_id"] == removed["id"] == shown["id"]
        is_problem(await sam.get(f"/monitors/{shown['id']}"), 404, "not_found")
        talks.append(shown["id"])
    assert talks[0] != talks[1]
    assert monitor["id"] not in stream.raw.decode()
    await mona.switch(monitor, "whisper")
    (shown,) = (await admin.get("/monitors"))[1]["monitors"]
    is_problem(await admin.patch(f"/monitors/{shown['id']}", {"mode": "silent"}), 403, "forbidden")
    assert (await admin.delete(f"/monitors/{shown['id']}"))[0] == 204
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"


async def test_in_somebody_elses_name_nothing_is_seen(site: Site) -> None:
    """Seen: an administrator in a call made a token in a monitor's name, and saw the silent monitor with it."""
    admin, mona = await site.client("admin"), await site.client("mona")
    own, other = site.talk("301", "101"), site.talk("201", "102", "b2")
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    token = await program(site, admin, user="mona")
    service = await program(site, admin, may_act_for=["mona"])
    figures = await program(site, admin, may_act_for=[], scopes=["metrics"])
    assert (await token.get("/monitors"))[1]["monitors"] == []
    assert all(call["monitors"] == [] for call in await token.calls())
    is_problem(await token.get(f"/monitors/{monitor['id']}"), 404, "not_found")
    for path in (f"/monitors/{monitor['id']}", "/monitors/nothing"):
        is_problem(await token.delete(path), 404, "not_found")
    is_problem(await token.post("/monitors", {"agent_extension": "102"}), 403, "forbidden")
    wish = {"agent_extension": "102", "supervisor": "mona"}
    is_problem(await service.post("/monitors", wish), 403, "forbidden")
    async with figures.http.get(site.base + "/metrics") as answer:
        assert answer.status == 403
    status, shown = await mona.get(f"/monitors/{monitor['id']}")
    assert (status, shown["state"]) == (200, "live"), "she herself goes on"
    assert (await mona.switch(monitor, "whisper"))["mode"] == "whisper"
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    is_problem(await service.post("/monitors", wish), 403, "forbidden")
    site.pbx.scene.gone(*own)
    site.pbx.run()
    assert (await service.post("/monitors", wish))[0] == 201, "it is over"
    assert other


async def test_a_new_password_from_somebody_in_another_call_keeps_nobody_from_their_own_monitor(site: Site) -> None:
    """Seen: she was heard, was told that nothing ran, and could neither be silent nor end it."""
    admin, mona = await site.client("admin"), await site.client("mona")
    site.talk("301", "101")
    site.talk("201", "102", "b2")
    _, monitor = await mona.post("/monitors", {"agent_extension": "102", "mode": "barge"})
    await settle()
    assert (await admin.patch(f"/users/{mona.user['id']}", {"password": "quiet-harbour-9"}))[0] == 200
    mona = await site.client()
    assert (await mona.post("/session", {"username": "mona", "password": "quiet-harbour-9"}))[0] == 200
    path = f"/monitors/{monitor['id']}"
    assert [shown["mode"] for shown in (await mona.get("/monitors"))[1]["monitors"]] == ["barge"]
    assert (await mona.patch(path, {"mode": "silent"}))[1]["mode"] == "silent"
    assert (await mona.delete(path))[0] == 204
    is_problem(await mona.post("/monitors", {"agent_extension": "102"}), 403, "forbidden")


async def test_a_phone_that_changed_hands_starts_nothing(site: Site) -> None:
    """Whether it is busy would tell whether its former owner listens."""
    admin, mona = await site.client("admin"), await site.client("mona")
    site.talk("301", "101")
    site.talk("201", "102", "b2")
    assert (await admin.patch(f"/users/{mona.user['id']}", {"devices": []}))[0] == 200
    assert (await admin.patch(f"/users/{admin.user['id']}", {"devices": ["PJSIP/302"]}))[0] == 200
    is_problem(await admin.post("/monitors", {"agent_extension": "101"}), 409, "own_call")
    is_problem(await admin.post("/monitors", {"agent_extension": "102"}), 403, "forbidden")


async def test_who_left_can_t_listen_to_it(site: Site) -> None:
    coach = await site.client("coach")
    customer, _ = site.talk("303", "101")
    call = site.board.calls()
    (call_id,) = [one.id for one in call]
    third = site.pbx.scene.channel("201", linked=customer)
    site.pbx.scene.up(third)
    site.pbx.scene.enter("b1", third)
    site.pbx.scene.gone(customer)
    site.pbx.run()
    is_problem(await coach.post("/monitors", {"call_id": call_id}), 409, "own_call")


async def test_readiness_asks_nobody(site: Site) -> None:
    """A database that hangs delays no answer: it is a variable that is read."""
    lock = asyncio.Lock()
    async with lock:
        site.store.people.version = lock.acquire  # type: ignore[assignment, method-assign]
        async with asyncio.timeout(5), (await site.client()).http.get(site.base + "/readyz") as answer:
            assert answer.status == 200
