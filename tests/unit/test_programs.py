"""Programs at the contract: tokens and what they may do, requests that are sent twice, figures."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.fake.pbx import settle
from tests.support.programs import program
from tests.support.site import Site, is_problem

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
