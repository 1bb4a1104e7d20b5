"""The HTTP contract without a PBX: every row of the error table, sessions, accounts, streams."""

import asyncio
import gzip
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from adapter import errors
from adapter.core.pbx import DeviceState
from adapter.core.people import Role
from adapter.store import Store
from adapter.store.people import NewUser
from adapter.web.stream import QUEUE
from adapter.web.throttle import FREE
from tests.fake.pbx import settle
from tests.support.clock import real
from tests.support.site import PEOPLE, Site, is_problem


async def test_400_malformed(site: Site) -> None:
    mona = await site.client("mona")
    nobody = await site.client()
    for text in ("", "{", "[]", "7", '{"a":1,"a":2}', '{"a":NaN}', "[" * 30_000, '"x"', "\xff"):
        for client in (mona, nobody):
            path = "/monitors" if client is mona else "/session"
            is_problem(await client.ask("POST", path, data=text.encode("latin-1")), 400, "malformed")
    sam = await site.client("sam")
    is_problem(await sam.ask("POST", "/monitors", data="{"), 400, "malformed")


async def test_401_not_authenticated_comes_before_everything(site: Site) -> None:
    nobody = await site.client()
    for method, path in (
        ("GET", "/session"),
        ("DELETE", "/session"),
        ("POST", "/session/password"),
        ("GET", "/users"),
        ("POST", "/users"),
        ("GET", "/users/x"),
        ("PATCH", "/users/x"),
        ("DELETE", "/users/x"),
        ("GET", "/calls"),
        ("GET", "/calls/x"),
        ("GET", "/monitors"),
        ("POST", "/monitors"),
        ("GET", "/monitors/x"),
        ("PATCH", "/monitors/x"),
        ("DELETE", "/monitors/x"),
        ("GET", "/events"),
    ):
        is_problem(await nobody.ask(method, path, data="{"), 401, "not_authenticated")
    wrong = {"username": "sam", "password": "wrong"}
    is_problem(await nobody.post("/session", wrong), 401, "not_authenticated")
    is_problem(await nobody.post("/session", {"username": "x", "password": "x"}), 401, "not_authenticated")


async def test_403_forbidden(site: Site) -> None:
    site.talk()
    admin, sam, coach = await site.client("admin"), await site.client("sam"), await site.client("coach")
    call = await site.call_id(admin)
    is_problem(await sam.post("/monitors", {"nonsense": 1}), 403, "forbidden")
    is_problem(await sam.get("/users"), 403, "forbidden")
    is_problem(await sam.post("/users", {}), 403, "forbidden")
    is_problem(await sam.patch(f"/users/{sam.user['id']}", {"can_monitor": True}), 403, "forbidden")
    is_problem(await coach.post("/monitors", {"call_id": call, "mode": "barge"}), 403, "forbidden")
    is_problem(await coach.post("/monitors", {"call_id": call, "device": "PJSIP/301"}), 403, "forbidden")
    _, mine = await admin.post("/monitors", {"call_id": call})
    is_problem(await coach.patch(f"/monitors/{mine['id']}", {"mode": "whisper"}), 403, "forbidden")
    is_problem(await coach.delete(f"/monitors/{mine['id']}"), 403, "forbidden")
    foreign = {"Origin": "http://evil.example"}
    body = {"username": "x"}
    is_problem(await admin.ask("POST", "/users", body, headers=foreign), 403, "forbidden")
    is_problem(await admin.ask("DELETE", "/session", headers={"Sec-Fetch-Site": "cross-site"}), 403, "forbidden")
    own = {"Origin": site.base}
    is_problem(await admin.ask("POST", "/users", body, headers=own), 422, "invalid")


async def test_404_not_found(site: Site) -> None:
    site.talk()
    admin, ana = await site.client("admin"), await site.client("ana")
    call = await site.call_id(admin)
    for answer in (
        await admin.get("/calls/none"),
        await ana.get(f"/calls/{call}"),
        await admin.get("/monitors/none"),
        await admin.patch("/monitors/none", {"mode": "silent"}),
        await admin.delete("/monitors/none"),
        await admin.post("/monitors", {"call_id": "none"}),
        await admin.get("/users/none"),
        await admin.patch("/users/none", {"name": "X"}),
        await admin.delete("/users/none"),
        await admin.get("/nothing/here"),
    ):
        is_problem(answer, 404, "not_found")
    is_problem(await admin.ask("PUT", "/calls"), 405, "method_not_allowed")


async def test_409_of_monitors(site: Site) -> None:
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    call = await site.call_id(admin)
    site.pbx.answers = False
    status, first = await admin.post("/monitors", {"call_id": call})
    assert (status, first["state"], first["mode"]) == (201, "connecting", "silent")
    is_problem(await admin.post("/monitors", {"call_id": call}), 409, "already_monitoring")
    is_problem(await admin.patch(f"/monitors/{first['id']}", {"mode": "barge"}), 409, "not_live")
    site.pbx.device = DeviceState.UNREGISTERED
    is_problem(await mona.post("/monitors", {"call_id": call}), 409, "device_unavailable")
    assert (await admin.delete(f"/monitors/{first['id']}"))[0] == 204
    is_problem(await admin.patch(f"/monitors/{first['id']}", {"mode": "barge"}), 409, "call_ended")
    assert (await admin.delete(f"/monitors/{first['id']}"))[0] == 204
    ringing = site.pbx.scene.channel("202", dials="102")
    site.pbx.scene.dial(ringing, site.pbx.scene.channel("102", linked=ringing))
    site.pbx.run()
    is_problem(await mona.post("/monitors", {"agent_extension": "102"}), 409, "call_not_active")
    site.talk("301", "103", "b3")
    is_problem(await admin.post("/monitors", {"agent_extension": "103"}), 409, "own_call")
    site.talk("201", "104", "b4")
    body = is_problem(await mona.post("/monitors", {"customer_number": "201"}), 409, "ambiguous")
    assert {found["agent"]["extension"] for found in body["calls"]} == {"101", "104"}


async def test_of_one_active_and_one_held_call_of_an_agent_the_active_one_is_meant(site: Site) -> None:
    scene, mona = site.pbx.scene, await site.client("mona")
    for customer, bridge in (("201", "b1"), ("202", "b2")):
        _, agent = scene.answered_call(customer, "101", bridge)
        site.pbx.run()
        if customer == "201":
            scene.hold(agent)
            site.pbx.run()
    status, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    (call,) = (call for call in await mona.calls() if call["id"] == monitor["call_id"])
    assert (call["customer"]["number"], call["state"]) == ("202", "active")


async def test_two_active_calls_of_an_agent_are_ambiguous(site: Site) -> None:
    site.talk("201", "101", "b1")
    site.talk("202", "101", "b2")
    mona = await site.client("mona")
    is_problem(await mona.post("/monitors", {"agent_extension": "101"}), 409, "ambiguous")


async def test_409_conflict_of_accounts(site: Site) -> None:
    admin = await site.client("admin")
    new = {"username": "SAM", "name": "Other", "role": "agent", "password": "long enough"}
    is_problem(await admin.post("/users", new), 409, "conflict")
    is_problem(await admin.post("/users", {**new, "username": "new", "extension": "101"}), 409, "conflict")
    mine = f"/users/{admin.user['id']}"
    for change in ({"role": "agent"}, {"active": False}):
        is_problem(await admin.patch(mine, change), 409, "conflict")
    is_problem(await admin.delete(mine), 409, "conflict")
    assert (await admin.get(mine))[1]["role"] == "administrator"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"call_id": "x", "agent_extension": "101"},
        {"call_id": "x", "mode": "shout"},
        {"call_id": "x", "mode": None},
        {"call_id": 7},
        {"call_id": "x\r\nAction: Command"},
        {"customer_number": "1\n2"},
        {"customer_number": ""},
        {"agent_extension": "101\r"},
        {"agent_extension": "1 0"},
        {"call_id": "x", "device": "PJSIP/301\r\nApplication: System"},
        {"call_id": "x", "device": "301"},
        {"call_id": "x", "extra": 1},
    ],
)
async def test_422_of_monitors(site: Site, body: dict[str, Any]) -> None:
    mona = await site.client("mona")
    found = is_problem(await mona.post("/monitors", body), 422, "invalid")
    assert found["errors"]
    assert {"field", "message", "type"} == set(found["errors"][0]) - {"limit"}
    assert site.pbx.did == []


@pytest.mark.parametrize(
    "change",
    [
        {"username": "a b"},
        {"name": "x\r\ny"},
        {"name": ""},
        {"role": "king"},
        {"password": "short"},
        {"extension": "1;2"},
        {"device": "PJSIP/1,2"},
        {"device": "x\ny/1"},
        {"can_monitor": "yes"},
        {"modes": ["silent", "shout"]},
        {"id": "other"},
    ],
)
async def test_422_of_accounts(site: Site, change: dict[str, Any]) -> None:
    admin = await site.client("admin")
    new = {"username": "new", "name": "New", "role": "agent", "password": "long enough"}
    is_problem(await admin.post("/users", {**new, **change}), 422, "invalid")
    is_problem(await admin.patch(f"/users/{admin.user['id']}", change), 422, "invalid")
    assert len((await admin.get("/users"))[1]["users"]) == len(PEOPLE)


async def test_429_slows_down_known_and_unknown_names_alike(site: Site) -> None:
    nobody = await site.client()
    for name in ("sam", "nobody-of-that-name"):
        for _ in range(FREE):
            wrong = {"username": name, "password": "wrong"}
            is_problem(await nobody.post("/session", wrong), 401, "not_authenticated")
        async with nobody.http.post(nobody.base + "/session", json={"username": name, "password": "x"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_many_requests")
            assert int(answer.headers["Retry-After"]) >= 1
    await site.client("ana")


async def test_503_and_504(site: Site) -> None:
    site.talk()
    admin = await site.client("admin")
    call = await site.call_id(admin)
    _, monitor = await admin.post("/monitors", {"call_id": call})
    await settle()
    site.pbx.confirms = False
    body = is_problem(await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}), 504, "pbx_timeout")
    assert body["monitor"]["mode"] == "silent"
    site.pbx.confirms = True
    site.pbx.down()
    for method, path, sent in (
        ("POST", "/monitors", {"call_id": call}),
        ("PATCH", f"/monitors/{monitor['id']}", {"mode": "barge"}),
        ("DELETE", f"/monitors/{monitor['id']}", None),
        ("GET", f"/calls/{call}", None),
    ):
        async with admin.http.request(method, admin.base + path, json=sent) as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "pbx_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
    status, listing = await admin.get("/calls")
    assert (status, listing["calls"], listing["pbx"]["state"]) == (200, [], "down")


async def test_the_order_of_refusals(site: Site) -> None:
    site.talk("301", "101")
    site.talk("202", "102", "b2")
    admin = await site.client("admin")
    own = next(call for call in await admin.calls() if call["agent"]["extension"] == "101")
    wish = {"call_id": own["id"], "device": "PJSIP/999"}
    is_problem(await admin.post("/monitors", wish), 409, "own_call")
    site.pbx.device = DeviceState.UNREGISTERED
    other = {"agent_extension": "102", "device": "PJSIP/999"}
    is_problem(await admin.post("/monitors", other), 403, "forbidden")
    coach = await site.client("coach")
    site.pbx.answers, site.pbx.device = False, DeviceState.AVAILABLE
    assert (await coach.post("/monitors", {"agent_extension": "102"}))[0] == 201
    is_problem(await coach.post("/monitors", {"agent_extension": "102", "mode": "barge"}), 403, "forbidden")
    is_problem(await coach.post("/monitors", {"agent_extension": "102"}), 409, "already_monitoring")


async def test_sessions_end_where_they_should(site: Site) -> None:
    one, two = await site.client("sam"), await site.client("sam")
    stream = await two.events()
    change = {"current": "wrong", "new": "another secret"}
    is_problem(await one.post("/session/password", change), 401, "not_authenticated")
    assert (await one.post("/session/password", {**change, "current": "secret-sam"}))[0] == 204
    await stream.ended()
    assert (await one.get("/session"))[1]["user"]["username"] == "sam"
    assert (await two.get("/session"))[0] == 401
    fresh = await site.client()
    await fresh.sign_in("Sam", "another secret")
    assert (await fresh.delete("/session"))[0] == 204
    assert (await fresh.get("/session"))[0] == 401
    admin = await site.client("admin")
    stream = await one.events()
    assert (await admin.patch(f"/users/{one.user['id']}", {"active": False}))[0] == 200
    await stream.ended()
    assert (await one.get("/session"))[0] == 401


async def test_an_idle_session_ends_and_its_stream_too(site: Site) -> None:
    sam, ana = await site.client("sam"), await site.client("ana")
    stream = await sam.events()
    site.now += timedelta(hours=13)
    await site.service.revocation.apply()
    await stream.ended()
    assert (await ana.get("/session"))[0] == 401


async def test_the_cookie(site: Site) -> None:
    client = await site.client()
    body = {"username": "sam", "password": "secret-sam"}
    async with client.http.post(client.base + "/session", json=body) as answer:
        cookie = answer.cookies["cm_session"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert (await answer.json())["user"] == {
            "id": (await answer.json())["user"]["id"],
            "username": "sam",
            "name": "Sam",
            "role": "agent",
            "extension": "101",
            "device": "PJSIP/101",
            "devices": ["PJSIP/101"],
            "pbx": None,
            "can_monitor": False,
            "modes": ["silent", "whisper", "barge"],
            "scope": "all",
            "active": True,
            "phone_message": True,
        }


async def test_accounts_are_made_changed_and_removed(site: Site) -> None:
    admin = await site.client("admin")
    new = {"username": "new", "name": "New", "role": "agent", "password": "long enough", "extension": "109"}
    status, made = await admin.post("/users", {**new, "can_monitor": True, "modes": ["whisper"]})
    assert (status, made["modes"], made["active"]) == (201, ["silent", "whisper"], True)
    path = f"/users/{made['id']}"
    status, changed = await admin.patch(path, {"extension": None, "name": "Newer"})
    assert (status, changed["extension"], changed["name"], changed["can_monitor"]) == (200, None, "Newer", True)
    person = await site.client()
    await person.sign_in("new", "long enough")
    assert (await admin.patch(path, {"password": "yet another"}))[0] == 200
    assert (await person.get("/session"))[0] == 401
    assert (await admin.delete(path))[0] == 204
    assert (await admin.get(path))[0] == 404


async def test_somebody_who_goes_away_while_asking_is_no_error(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    mona = await site.client("mona")
    cookie = mona.http.cookie_jar.filter_cookies(URL(site.base))["cm_session"].value
    _, writer = await asyncio.open_connection("127.0.0.1", int(site.base.rpartition(":")[2]))
    head = f"Cookie: cm_session={cookie}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    writer.write(f"POST /api/v1/monitors HTTP/1.1\r\nHost: localhost\r\n{head}{{".encode())
    await writer.drain()
    await mona.get("/session")
    writer.transport.abort()
    await mona.get("/session")
    assert (await mona.get("/calls"))[0] == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert "error" not in capsys.readouterr().out


async def test_a_stream_that_can_not_keep_up_is_dropped_and_others_go_on(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    stream = await admin.events()
    slow = site.streams.join(mona.user["id"], "none")
    for number in range(QUEUE + 5):
        customer, agent = site.pbx.scene.answered_call("201", "101", f"b{number}")
        site.pbx.run()
        site.pbx.scene.gone(customer, agent)
        site.pbx.run()
        while number % 20 == 0 and stream.kinds().count("call.removed") <= number:
            await stream.until(lambda kind, data: kind == "call.removed", len(stream.events))
    assert slow.closed
    while stream.kinds().count("call.removed") < QUEUE + 5:
        await stream.until(lambda kind, data: kind == "call.removed", len(stream.events))
    assert [number for number, _, _ in stream.events] == list(range(1, len(stream.events) + 1))


async def test_a_stream_of_a_supervisor(site: Site) -> None:
    admin = await site.client("admin")
    stream = await admin.events()
    site.talk()
    await stream.until(lambda kind, data: kind == "call.updated" and data["state"] == "active")
    _, monitor = await admin.post("/monitors", {"call_id": await site.call_id(admin)})
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    site.pbx.gone(site.board.legs.leg_id(monitor["id"]))
    done = await stream.until(lambda kind, data: kind == "monitor.ended")
    assert done["ended_reason"] == "supervisor_hung_up"
    site.pbx.down()
    await stream.until(lambda kind, data: kind == "pbx.state" and data["state"] == "down")
    assert "call.removed" in stream.kinds()


async def test_a_connection_outlasts_every_kind_of_answer(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.listener.port)
    paths = (
        "/",
        "/static/page.css",
        "/healthz",
        "/static/page.js",
        "/nothing",
        "/static/nothing",
        "/openapi.json",
        "/",
    )
    statuses = []
    async with asyncio.timeout(20):
        for path in paths:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split("\r")[0]))
            statuses.append(head.split()[1])
    writer.close()
    assert statuses == ["200", "200", "200", "200", "404", "404", "200", "200"]


async def test_the_pages_files_are_sent_compressed_to_who_takes_it(site: Site) -> None:
    """The twins are made by the page's build; together they stay small (docs/design.md)."""
    total = 0
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        for name in ("page.js", "page.css"):
            async with http.get(f"{site.base}/static/{name}", headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.headers["Content-Encoding"] == "gzip"
                assert answer.headers["Vary"] == "Accept-Encoding"
                packed = await answer.read()
            async with http.get(f"{site.base}/static/{name}", headers={"Accept-Encoding": "identity"}) as answer:
                assert "Content-Encoding" not in answer.headers
                assert gzip.decompress(packed) == await answer.read()
            total += len(packed)
    assert total < 200_000


async def test_ready_and_alive(site: Site) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(site.base + "/healthz") as answer:
            assert answer.status == 200
        async with http.get(site.base + "/readyz") as answer:
            assert answer.status == 200
            usable = dict.fromkeys(("adapter", "database", "pbx", "ami", "ari"), "ok")
            assert await answer.json() == {"ready": True, "parts": usable}
        site.pbx.troubles.append("ari: not there")
        site.service.readiness.look()
        async with http.get(site.base + "/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"ready": False, "parts": usable | {"ari": "failing"}}
    site.pbx.troubles.append("monitors: those of a former run are being taken up")
    site.service.readiness.look()
    admin = await site.client("admin")
    status, body = await admin.get("/health")
    told = {part["name"]: part["problem"] for part in body["parts"]}
    assert (status, body["ready"], told["ari"], told["ami"]) == (200, False, "not there", None)
    assert told["monitors"] == "those of a former run are being taken up"
    assert body["remarks"] == []
    site.board.place.others.add("0123abcd")
    _, body = await admin.get("/health")
    assert body["remarks"] == ["lab: legs of another installation are at this PBX (0123abcd)"]
    is_problem(await (await site.client("mona")).get("/health"), 403, "forbidden")
    site.talk("301", "101")
    is_problem(await admin.get("/health"), 403, "forbidden")


async def test_the_first_administrator_is_set_up_once(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/empty.sqlite", clock=real)
    token = await store.installation.begin_setup()
    assert token
    new = NewUser(username="boss", name="Boss", role=Role.ADMINISTRATOR, password="long enough")
    with pytest.raises(errors.NotAuthenticated):
        await store.installation.finish_setup("wrong", new)
    with pytest.raises(errors.Invalid):
        await store.installation.finish_setup(token, replace(new, username="administrator", password="administrator"))
    await store.installation.finish_setup(token, new)
    with pytest.raises(errors.NotAuthenticated):
        await store.installation.finish_setup(token, new)
    assert await store.installation.begin_setup() is None
    await store.close()


async def test_what_nobody_foresaw_is_a_problem_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> list[object]:
        raise RuntimeError("an inner matter")

    admin = await site.client("admin")
    monkeypatch.setattr(site.store.people, "all", broken)
    body = is_problem(await admin.get("/users"), 500, "internal")
    assert "inner matter" not in json.dumps(body)
    is_problem(await admin.ask("POST", "/users", data=b"x" * 100_000), 413, "too_large")
