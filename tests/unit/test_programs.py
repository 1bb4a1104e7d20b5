"""Programs at the contract: tokens and what they may do, hooks, the audit, requests that are sent twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.receiver import EVERYTHING, Receiver
from tests.support.site import Site, is_problem


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A CRM's receiver."""
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def program(site: Site, **body: Any) -> tuple[Client, dict[str, Any]]:
    """A client that comes with a token, and the token's answer."""
    admin = await site.client("admin")
    status, made = await admin.post("/tokens", {"name": "crm", **body})
    assert status == 201, made
    client = await site.client()
    client.http.headers["Authorization"] = f"Bearer {made['token']}"
    return client, made


# --- tokens


async def test_a_users_token_has_the_users_rights(site: Site) -> None:
    site.talk()
    client, made = await program(site, user="mona")
    assert (await client.get("/session"))[1]["user"]["username"] == "mona"
    call = await site.call_id(client)
    status, monitor = await client.post("/monitors", {"call_id": call})
    assert (status, monitor["supervisor"]["name"]) == (201, "Mona")
    await settle()
    assert (await client.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}))[1]["mode"] == "whisper"
    mona = await site.client("mona")
    assert (await mona.get("/monitors"))[1]["monitors"][0]["id"] == monitor["id"]
    is_problem(await client.get("/users"), 403, "forbidden")
    is_problem(await client.delete("/session"), 403, "forbidden")
    is_problem(await client.post("/session/password", {"current": "x", "new": "long enough"}), 403, "forbidden")
    stream = await client.events()
    admin = await site.client("admin")
    (token,) = (await admin.get("/tokens"))[1]["tokens"]
    assert token["last_used_at"]
    assert "token" not in token
    assert (await admin.delete(f"/tokens/{made['id']}"))[0] == 204
    await stream.ended()
    is_problem(await client.get("/calls"), 401, "not_authenticated")
    is_problem(await admin.delete(f"/tokens/{made['id']}"), 404, "not_found")


async def test_administration_needs_the_scope(site: Site) -> None:
    site.talk()
    mona = await site.client("mona")
    _, monitor = await mona.post("/monitors", {"call_id": await site.call_id(mona)})
    plain, _ = await program(site, user="admin")
    is_problem(await plain.get("/users"), 403, "forbidden")
    is_problem(await plain.delete(f"/monitors/{monitor['id']}"), 403, "forbidden")
    full, _ = await program(site, user="admin", scopes=["monitor", "admin"])
    assert (await full.get("/users"))[0] == 200
    assert (await full.delete(f"/monitors/{monitor['id']}"))[0] == 204
    agents, _ = await program(site, user="sam", scopes=["monitor", "admin"])
    is_problem(await agents.get("/users"), 403, "forbidden")
    figures, _ = await program(site, user="admin", scopes=["metrics"])
    for path in ("/calls", "/monitors", "/session", "/audit"):
        is_problem(await figures.get(path), 403, "forbidden")


async def test_a_service_token_acts_for_those_it_may(site: Site) -> None:
    site.talk()
    site.talk("202", "102", "b2")
    client, made = await program(site, may_act_for=["mona", "Sam"])
    assert (made["user"], made["may_act_for"]) == (None, ["mona", "sam"])
    wish = {"agent_extension": "101"}
    is_problem(await client.post("/monitors", wish), 422, "invalid")
    is_problem(await client.post("/monitors", {**wish, "supervisor": "coach"}), 403, "forbidden")
    is_problem(await client.post("/monitors", {**wish, "supervisor": "nobody"}), 403, "forbidden")
    is_problem(await client.post("/monitors", {**wish, "supervisor": "sam"}), 403, "forbidden")
    status, monitor = await client.post("/monitors", {**wish, "supervisor": "MONA"})
    assert (status, monitor["supervisor"]["name"]) == (201, "Mona")
    await settle()
    coach = await site.client("coach")
    _, foreign = await coach.post("/monitors", {"agent_extension": "102"})
    assert [m["id"] for m in (await client.get("/monitors"))[1]["monitors"]] == [monitor["id"]]
    shown = {call["agent"]["extension"]: call["monitors"] for call in await client.calls()}
    assert [len(shown["101"]), len(shown["102"])] == [1, 0]
    for method in ("GET", "DELETE", "PATCH"):
        body = {"mode": "whisper"} if method == "PATCH" else None
        is_problem(await client.ask(method, f"/monitors/{foreign['id']}", body), 404, "not_found")
    assert (await client.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}))[1]["mode"] == "barge"
    for path in ("/users", "/audit", "/session", "/events"):
        is_problem(await client.get(path), 403, "forbidden")
    mona = await site.client("mona")
    assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "silent"}))[0] == 200
    is_problem(await mona.post("/monitors", {**wish, "supervisor": "mona"}), 403, "forbidden")
    assert (await client.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert (await client.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "user": "mona", "may_act_for": ["mona"]},
        {"name": "x", "user": "mona", "scopes": ["fly"]},
        {"name": "x", "user": "mona", "scopes": []},
        {"name": "x\n", "user": "mona"},
        {"name": "x", "user": "mona", "expires_at": "tomorrow"},
        {"name": "x", "user": "mona", "expires_at": "2030-01-01T00:00:00"},
    ],
)
async def test_422_of_tokens(site: Site, body: dict[str, Any]) -> None:
    admin = await site.client("admin")
    is_problem(await admin.post("/tokens", body), 422, "invalid")


async def test_a_token_for_nobody_or_with_too_much(site: Site) -> None:
    admin = await site.client("admin")
    for body in ({"user": "nobody"}, {"may_act_for": ["mona", "nobody"]}):
        is_problem(await admin.post("/tokens", {"name": "x", **body}), 404, "not_found")
    service = {"name": "x", "may_act_for": ["mona"], "scopes": ["admin"]}
    is_problem(await admin.post("/tokens", service), 403, "forbidden")
    assert (await admin.get("/tokens"))[1]["tokens"] == []


async def test_an_expired_token_and_a_deactivated_user(site: Site) -> None:
    soon = (site.now + timedelta(minutes=1)).isoformat()
    client, _ = await program(site, user="mona", expires_at=soon)
    assert (await client.get("/calls"))[0] == 200
    site.now += timedelta(minutes=2)
    is_problem(await client.get("/calls"), 401, "not_authenticated")
    client, _ = await program(site, user="mona")
    admin, mona = await site.client("admin"), await site.client("mona")
    assert (await admin.patch(f"/users/{mona.user['id']}", {"active": False}))[0] == 200
    is_problem(await client.get("/calls"), 401, "not_authenticated")
    nobody = await site.client()
    for value in ("Bearer x", "Bearer ", "bearer cm_x"):
        is_problem(await nobody.ask("GET", "/calls", headers={"Authorization": value}), 401, "not_authenticated")


async def test_a_customer_is_found_by_number_in_any_spelling(site: Site) -> None:
    site.talk("2025550101", "101")
    site.talk("3125550101", "102", "b2")
    mona, sam = await site.client("mona"), await site.client("sam")
    for number in ("+1 (202) 555-0101", "202-555-0101", "12025550101"):
        status, monitor = await mona.post("/monitors", {"customer_number": number})
        assert status == 201, monitor
        assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
        is_problem(await sam.post("/monitors", {"customer_number": number}), 403, "forbidden")
    is_problem(await mona.post("/monitors", {"customer_number": "5550101"}), 404, "not_found")
    is_problem(await sam.post("/monitors", {"customer_number": "none at all"}), 403, "forbidden")


# --- Idempotency-Key


async def test_the_same_key_gives_the_same_answer(site: Site) -> None:
    site.talk()
    mona, coach = await site.client("mona"), await site.client("coach")
    wish, key = {"agent_extension": "101"}, {"Idempotency-Key": "abc"}
    both = await asyncio.gather(*(mona.ask("POST", "/monitors", wish, headers=key) for _ in range(5)))
    assert [status for status, _ in both] == [201] * 5
    assert len({monitor["id"] for _, monitor in both}) == 1
    await settle()
    assert site.pbx.did.count("originate silent keypad") == 1
    other = {"agent_extension": "102"}
    is_problem(await mona.ask("POST", "/monitors", other, headers=key), 422, "invalid")
    status, others = await coach.ask("POST", "/monitors", wish, headers=key)
    assert (status, others["id"] != both[0][1]["id"]) == (201, True)
    assert (await mona.delete(f"/monitors/{both[0][1]['id']}"))[0] == 204
    assert await mona.ask("POST", "/monitors", wish, headers=key) == both[0]
    for wrong in ("", "x" * 256):
        is_problem(await mona.ask("POST", "/monitors", wish, headers={"Idempotency-Key": wrong}), 422, "invalid")


async def test_what_was_not_done_may_be_tried_again_with_the_same_key(site: Site) -> None:
    site.talk()
    mona, key = await site.client("mona"), {"Idempotency-Key": "abc"}
    wish = {"agent_extension": "101"}
    site.pbx.down()
    is_problem(await mona.ask("POST", "/monitors", wish, headers=key), 503, "pbx_unavailable")
    site.pbx.up_again()
    assert (await mona.ask("POST", "/monitors", wish, headers=key))[0] == 201


async def test_a_death_between_the_wish_and_the_answer(site: Site) -> None:
    site.talk()
    mona = await site.client("mona")
    wish, key = {"agent_extension": "101"}, {"Idempotency-Key": "abc"}
    status, monitor = await mona.ask("POST", "/monitors", wish, headers=key)
    assert status == 201
    async with site.store.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE answers SET status = NULL, answer = NULL")
    status, again = await mona.ask("POST", "/monitors", wish, headers=key)
    assert (status, again["id"]) == (201, monitor["id"])
    assert len(site.pbx.legs) == 1


# --- hooks


async def hook(admin: Client, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """A receiver, entered."""
    status, made = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING, **more})
    assert status == 201, made
    receiver.secrets["hook"] = made["secret"]
    return made


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
    assert receiver.types() == [*EVERYTHING[:2], *EVERYTHING[3:], "call.ended"]
    assert receiver.problems == []
    bodies = [body for _, body in receiver.accepted]
    assert all(body.keys() == {"type", "timestamp", "data"} for body in bodies)
    changed = bodies[3]["data"]
    assert (changed["mode"], changed["previous_mode"], changed["id"]) == ("barge", "silent", monitor["id"])
    assert changed["call"]["agent"]["extension"] == "101"
    status, listing = await admin.get(f"/webhooks/{made['id']}/deliveries?limit=4")
    assert [d["state"] for d in listing["deliveries"]] == ["delivered"] * 4
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


# --- audit


async def entries(admin: Client, query: str = "") -> list[dict[str, Any]]:
    """What the audit shows."""
    status, body = await admin.get(f"/audit?{query}")
    assert status == 200, body
    found: list[dict[str, Any]] = body["entries"]
    return found


async def test_who_listened_to_whom_and_by_whose_leave(site: Site) -> None:
    site.talk()
    admin, mona, sam = await site.client("admin"), await site.client("mona"), await site.client("sam")
    await admin.patch(f"/users/{sam.user['id']}", {"can_monitor": True, "modes": ["silent"]})
    site.talk("202", "102", "b2")
    is_problem(await sam.post("/monitors", {"agent_extension": "102", "mode": "barge"}), 403, "forbidden")
    status, monitor = await sam.post("/monitors", {"agent_extension": "102"})
    assert status == 201
    await settle()
    is_problem(await mona.delete(f"/monitors/{monitor['id']}"), 403, "forbidden")
    await admin.delete(f"/monitors/{monitor['id']}")
    await admin.post("/session", {"username": "mona", "password": "wrong"})
    await admin.post("/session", {"username": "my secret phrase", "password": "wrong"})
    await site.recorder.settled()
    rows = await entries(admin, "supervisor=sam")
    told = [(row["action"], row["actor"], row["agent"], row["mode"], row["result"], row["reason"]) for row in rows]
    assert told == [
        ("monitor.ended", "admin", "ana", "silent", "ok", "stopped"),
        ("monitor.ended", "mona", "ana", None, "refused", "forbidden"),
        ("monitor.started", "sam", "ana", "silent", "ok", None),
        ("monitor.requested", "sam", "ana", "silent", "ok", None),
        ("monitor.requested", "sam", "ana", "barge", "refused", "forbidden"),
    ]
    assert rows[3]["allowed_by"] == "granted by admin"
    assert rows[3]["customer"] == "202"
    assert len(await entries(admin, "agent=102")) == 5
    logins = await entries(admin, "action=session.login")
    assert [(row["actor"], row["result"]) for row in logins[:2]] == [("unknown", "refused"), ("mona", "refused")]
    (changed,) = await entries(admin, "action=user.changed")
    assert changed["reason"] == "can_monitor: false → true; modes: silent whisper barge → silent"
    assert (await site.store.audit.verify()).faults == []
    is_problem(await sam.get("/audit"), 403, "forbidden")
    is_problem(await sam.get("/audit.csv"), 403, "forbidden")


async def test_the_audit_by_pages_and_as_a_table(site: Site) -> None:
    admin = await site.client("admin")
    for _ in range(5):
        await site.client("mona")
    whole = await entries(admin)
    pages, cursor = [], ""
    while True:
        _, body = await admin.get(f"/audit?limit=4{cursor}")
        pages += body["entries"]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert pages == whole
    async with admin.http.get(admin.base + "/audit.csv?action=session.login&supervisor=x") as answer:
        assert len((await answer.text()).splitlines()) == 1
    async with admin.http.get(admin.base + "/audit.csv") as answer:
        lines = (await answer.text()).splitlines()
        assert answer.content_type == "text/csv"
        assert len(lines) == len(whole) + 1
        assert lines[0].startswith("id,at,actor,via,action")
    for wrong in (
        "limit=0",
        "limit=x",
        "since=yesterday",
        "action=x",
        "cursor=x",
        "limit=1&limit=2",
        "x=1",
    ):
        is_problem(await admin.get(f"/audit?{wrong}"), 422, "invalid")


async def test_in_a_conversation_one_sees_nothing_of_who_listens_to_it(site: Site, receiver: Receiver) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    made = await hook(admin, receiver)
    customer, agent = site.talk("301", "101")
    before = await entries(admin)
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    await site.recorder.settled()
    await receiver.until(3)
    assert await entries(admin) == before
    deliveries = f"/webhooks/{made['id']}/deliveries"
    kinds = [d["type"] for d in (await admin.get(deliveries))[1]["deliveries"]]
    assert kinds == ["call.answered", "call.started"]
    is_problem(await admin.post(f"{deliveries}/{receiver.ids[-1]}/retry", {}), 404, "not_found")
    site.pbx.down()
    await settle()
    assert await entries(admin) == before
    site.pbx.up_again()
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert await entries(admin) == before
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    await site.recorder.settled()
    assert {row["action"] for row in await entries(admin)} > {"monitor.requested", "monitor.started", "monitor.ended"}


# --- figures


async def test_metrics(site: Site) -> None:
    site.talk()
    admin = await site.client("admin")
    client, _ = await program(site, may_act_for=[], scopes=["metrics"])
    url = site.base + "/metrics"
    async with admin.http.get(url) as answer:
        assert answer.status == 403
    async with (await site.client()).http.get(url) as answer:
        assert answer.status == 401
    _, monitor = await admin.post("/monitors", {"agent_extension": "101"})
    await settle()
    await admin.patch(f"/monitors/{monitor['id']}", {"mode": "barge"})
    await admin.post("/monitors", {"agent_extension": "101"})
    async with client.http.get(url) as answer:
        text = await answer.text()
    for line in (
        'call_monitor_calls{state="active"} 1.0',
        'call_monitor_monitors{mode="barge"} 1.0',
        'call_monitor_monitors_started_total{mode="silent"} 1.0',
        "call_monitor_mode_switch_seconds_count 1.0",
        'call_monitor_refusals_total{code="already_monitoring"} 1.0',
        "call_monitor_ami_connected 1.0",
    ):
        assert line in text.splitlines(), text
    own, _ = await program(site, user="admin", scopes=["metrics"])
    async with own.http.get(url) as answer:
        assert answer.status == 200
    site.talk("301", "103", "b9")
    async with own.http.get(url) as answer:
        assert (answer.status, (json.loads(await answer.text()))["code"]) == (403, "forbidden")
