"""Embeds at the contract: a link is opened once, its session is for one call, and ends with all that it hangs on."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from adapter.store import Store
from adapter.store.embed_tables import EmbedRow
from adapter.web import app, openapi
from adapter.web.embedaccess import ALLOWED
from adapter.web.embedded import Sites
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.clock import real
from tests.support.programs import program
from tests.support.site import Site, is_problem, settings

EVERYTHING = select(*EmbedRow.__table__.columns)
CRM = "https://crm.example"
DOCUMENT = openapi.document(app.all_routes())


async def link(site: Site, crm: Client, supervisor: str = "mona", **more: Any) -> str:
    """A new link to Sam's call; what stands behind its #."""
    call = next(call.id for call in site.board.calls() if call.agent.extension == "101")
    status, made = await crm.post("/embeds", {"call_id": call, "supervisor": supervisor, "origin": CRM, **more})
    assert status == 201, made
    url, _, secret = made["url"].partition("#")
    assert url == f"{site.base}/embed?origin=https%3A%2F%2Fcrm.example"
    return str(secret)


async def opened(site: Site, secret: str, base: str = "") -> tuple[int, dict[str, Any]]:
    """What the frame's page asks first."""
    client = await site.client()
    headers = {"Origin": base or site.base, "Sec-Fetch-Site": "same-origin"}
    return await client.ask("POST", "/embeds/session", {"link": secret, "origin": CRM}, headers=headers)


async def frame(site: Site, secret: str) -> Client:
    """A frame that opened its link."""
    status, session = await opened(site, secret)
    assert status == 201, session
    client = await site.client()
    client.http.headers["Authorization"] = f"Bearer {session['token']}"
    return client


async def crm_of(site: Site, **body: Any) -> tuple[Client, str]:
    """The CRM's program, and its token's id."""
    client, made = await program(site, **{"may_act_for": ["mona", "coach"], **body})
    return client, made["id"]


@pytest.fixture
async def crm(site: Site) -> Client:
    """The CRM, while Sam talks."""
    client, _ = await crm_of(site)
    site.talk()
    return client


async def ended(client: Client) -> None:
    """This session is nobody's any more."""
    is_problem(await client.get("/calls/x"), 401, "not_authenticated")


async def test_a_link_is_opened_once_and_its_session_monitors(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    mona = await frame(site, secret)
    is_problem(await opened(site, secret), 410, "link_used")
    stream = await mona.events()
    snapshot = stream.events[0][2]
    assert (snapshot["user"]["username"], len(snapshot["calls"]), snapshot["monitors"]) == ("mona", 1, [])
    call = snapshot["calls"][0]["id"]
    status, monitor = await mona.post("/monitors", {"call_id": call})
    assert status == 201, monitor
    await settle()
    told = await stream.until(lambda kind, data: kind == "snapshot" and bool(data["monitors"]))
    assert told["monitors"][0]["id"] == monitor["id"]
    assert (await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}))[0] == 200
    await stream.until(lambda kind, data: kind == "snapshot" and data["monitors"][0:1][0]["mode"] == "whisper", 2)
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    over = await stream.until(lambda kind, data: kind == "monitor.ended")
    assert (over["id"], over["ended_reason"]) == (monitor["id"], "stopped")
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert set(stream.kinds()) == {"snapshot", "monitor.ended"}
    assert [number for number, _, _ in stream.events] == list(range(1, len(stream.events) + 1))


async def test_of_two_that_open_a_link_at_once_one_wins(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    found = await asyncio.gather(*(opened(site, secret) for _ in range(8)))
    assert sorted(status for status, _ in found) == [201] + [410] * 7
    admin = await site.client("admin")
    entries = (await admin.get("/audit"))[1]["entries"]
    told = [(one["action"], one["result"], one["reason"]) for one in entries if one["action"].startswith("embed.")]
    assert sorted(told) == sorted(
        [
            ("embed.created", "ok", None),
            ("embed.opened", "ok", None),
            *[("embed.refused", "refused", "link_used")] * 7,
        ]
    )


async def test_a_link_expires(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    site.now += timedelta(seconds=61)
    is_problem(await opened(site, secret), 410, "link_expired")
    is_problem(await opened(site, secret), 410, "link_expired")


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_order_a_link_is_opened_once_and_only_in_time(site: Site, crm: Client, seed: int) -> None:
    """Links of different ages, tried again and again, while time passes and somebody sets the clock."""
    chance = random.Random(seed)
    known: list[list[Any]] = []  # secret, age in seconds, whether it was opened
    for _ in range(60):
        what = chance.choice(["make", "open", "open", "pass", "set"])
        if what == "make" or not known:
            known.append([await link(site, crm), 0, False])
        elif what == "open":
            one = chance.choice(known)
            site.service.coaching.groups.embeds.throttle._failures.clear()  # each try is somebody else's
            status, answer = await opened(site, one[0])
            wanted = "link_used" if one[2] else "link_expired" if one[1] >= 60 else None
            assert (status, answer.get("code")) == ((410, wanted) if wanted else (201, None)), one
            one[2] = one[2] or status == 201
        elif what == "pass":
            span = chance.choice([1, 10, 29, 30, 31, 59, 60])
            site.time.passes(timedelta(seconds=span))
            for one in known:
                one[1] += span
        else:
            site.time.jumps(-timedelta(seconds=chance.choice([1, 3600])))  # nothing is valid again by that


async def test_who_tries_a_used_link_again_and_again_is_slowed_down_and_fills_no_audit(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    assert (await opened(site, secret))[0] == 201
    answers = [await opened(site, secret) for _ in range(30)]
    assert {status for status, _ in answers} == {410, 429}
    refused = [answer for status, answer in answers if status == 410]
    _, told = await (await site.client("admin")).get("/audit?action=embed.refused")
    assert len(told["entries"]) == len(refused) < 15
    assert (await opened(site, await link(site, crm)))[0] == 201, "another link can be opened"


async def test_only_the_page_that_it_was_made_for_can_open_it(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    client = await site.client()
    for origin in ("https://other.example", "https://evil.example", "null"):
        body = {"link": secret, "origin": origin}
        is_problem(await client.post("/embeds/session", body), 403, "forbidden")
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await client.ask("POST", "/embeds/session", {"link": secret, "origin": CRM}, headers=foreign)
        is_problem(answer, 403, "forbidden")
    is_problem(await opened(site, "cml_of-nobody"), 401, "not_authenticated")
    assert (await opened(site, secret))[0] == 201


async def test_who_may_make_links_and_for_which_calls(site: Site, crm: Client) -> None:
    call = next(iter(site.board.calls())).id
    body = {"call_id": call, "supervisor": "mona", "origin": CRM}
    for name in ("admin", "mona", "sam"):
        is_problem(await (await site.client(name)).post("/embeds", body), 403, "forbidden")
    user_token, _ = await program(site, user="mona")
    is_problem(await user_token.post("/embeds", body), 403, "forbidden")
    figures, _ = await crm_of(site, scopes=["metrics"])
    is_problem(await figures.post("/embeds", body), 403, "forbidden")
    is_problem(await crm.post("/embeds", body | {"supervisor": "admin"}), 403, "forbidden")
    is_problem(await crm.post("/embeds", body | {"call_id": "of-nobody"}), 404, "not_found")
    for wrong in ({"origin": "https://evil.example"}, {"origin": None}, {"supervisor": ""}, {"call_id": "\n"}):
        is_problem(await crm.post("/embeds", body | wrong), 422, "invalid")
    assert (await crm.post("/embeds", body))[0] == 201


async def test_of_ones_own_call_and_of_one_that_rings_there_is_none(site: Site) -> None:
    crm, _ = await crm_of(site)
    site.talk("302", "101")
    call = next(iter(site.board.calls())).id
    is_problem(await crm.post("/embeds", {"call_id": call, "supervisor": "mona", "origin": CRM}), 409, "own_call")
    a = site.pbx.scene.channel("202", dials="102")
    b = site.pbx.scene.channel("102", linked=a)
    site.pbx.scene.dial(a, b)
    site.pbx.run()
    (ringing,) = [one.id for one in site.board.calls() if one.agent.extension == "102"]
    answer = await crm.post("/embeds", {"call_id": ringing, "supervisor": "mona", "origin": CRM})
    is_problem(answer, 409, "call_not_active")


async def test_every_other_route_is_refused_whatever_the_supervisor_may(site: Site, crm: Client) -> None:
    """Walks all of the contract, as an administrator in a frame."""
    service, _ = await crm_of(site, may_act_for=["admin"])
    admin = await frame(site, await link(site, service, "admin"))
    asked = set()
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path.removeprefix(app.PREFIX)}"
            if not operation["security"] or name in ALLOWED:
                continue
            asked.add(name)
            where = site.base + path.replace("{id}", "x").replace("{delivery_id}", "x")
            async with admin.http.request(method, where, json={}) as answer:
                assert (answer.status, (await answer.json())["code"]) == (403, "forbidden"), name
    assert len(asked) > 60
    assert not asked & ALLOWED.keys()


async def test_another_call_is_not_there_for_it(site: Site, crm: Client) -> None:
    site.talk("202", "102", "b2")
    mona = await frame(site, await link(site, crm))
    calls = {call.agent.extension: call.id for call in site.board.calls()}
    whole = await site.client("mona")
    other = calls["102"]
    assert (await mona.get(f"/calls/{calls['101']}"))[0] == 200
    for method, path, body in (
        ("GET", f"/calls/{other}", None),
        ("POST", "/monitors", {"call_id": other}),
        ("POST", "/monitors", {"agent_extension": "101"}),
        ("POST", "/monitors", {"customer_number": "201"}),
        ("POST", f"/calls/{other}/shield", {}),
        ("DELETE", f"/calls/{other}/shield", None),
        ("POST", "/help/of-nobody/take", {}),
    ):
        is_problem(await mona.ask(method, path, body), 404, "not_found")
    status, monitor = await whole.post("/monitors", {"call_id": other})
    assert status == 201
    await settle()
    stream = await mona.events()
    assert stream.events[0][2]["monitors"] == []
    is_problem(await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}), 404, "not_found")
    is_problem(await mona.delete(f"/monitors/{monitor['id']}"), 404, "not_found")
    is_problem(await mona.post("/monitors", {"call_id": calls["101"]}), 409, "already_monitoring")


async def test_nobody_elses_monitor_is_in_its_hand_or_sight(site: Site) -> None:
    service, _ = await crm_of(site, may_act_for=["admin"])
    site.talk()
    admin, mona = await frame(site, await link(site, service, "admin")), await site.client("mona")
    status, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    await settle()
    is_problem(await admin.delete(f"/monitors/{monitor['id']}"), 404, "not_found")
    stream = await admin.events()
    shown = [stream.events[0][2], (await admin.get(f"/calls/{monitor['call_id']}"))[1]]
    assert monitor["id"] in str(await (await site.client("admin")).calls())
    assert monitor["id"] not in str(shown)
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"


@pytest.mark.parametrize("how", ["inactive", "right", "password", "own password", "token", "removed", "hour", "origin"])
async def test_it_ends_with_what_it_hangs_on(site: Site, how: str) -> None:
    crm, token = await crm_of(site)
    site.talk()
    mona, admin = await frame(site, await link(site, crm)), await site.client("admin")
    stream = await mona.events()
    me = stream.events[0][2]["user"]["id"]
    match how:
        case "inactive":
            assert (await admin.patch(f"/users/{me}", {"active": False}))[0] == 200
        case "right":
            assert (await admin.patch(f"/users/{me}", {"can_monitor": False}))[0] == 200
        case "password":
            assert (await admin.patch(f"/users/{me}", {"password": "another-secret-one"}))[0] == 200
        case "own password":
            body = {"current": "secret-mona", "new": "another-secret-one"}
            assert (await (await site.client("mona")).post("/session/password", body))[0] == 204
        case "token":
            assert (await admin.delete(f"/tokens/{token}"))[0] == 204
        case "removed":
            assert (await admin.delete(f"/users/{me}"))[0] == 204
        case "hour":
            site.now += timedelta(minutes=61)
            site.service.revocation._forget()  # as it does by itself within five seconds
        case "origin":
            assert site.access.embeds is not None
            site.access.embeds.sites = Sites(())
    await stream.ended()
    await ended(mona)


async def test_when_the_call_is_over_it_lives_on_for_five_minutes(site: Site) -> None:
    crm, _ = await crm_of(site)
    a, b = site.talk()
    mona = await frame(site, await link(site, crm))
    stream = await mona.events()
    call = stream.events[0][2]["calls"][0]["id"]
    site.pbx.scene.gone(a, b)
    site.pbx.run()
    await stream.until(lambda kind, data: kind == "snapshot" and data["calls"] == [])
    is_problem(await mona.get(f"/calls/{call}"), 404, "not_found")
    site.time.passes(timedelta(seconds=299))
    is_problem(await mona.get(f"/calls/{call}"), 404, "not_found")
    site.time.passes(timedelta(seconds=2))
    await ended(mona)
    await stream.ended()


async def test_it_goes_with_a_transfer(site: Site) -> None:
    crm, _ = await crm_of(site)
    a, b = site.talk()
    mona = await frame(site, await link(site, crm))
    stream = await mona.events()
    scene = site.pbx.scene
    c = scene.channel("102", linked=a)
    scene.leave("b1", b)
    scene.gone(b)
    scene.dial(a, c)
    scene.up(c)
    scene.dialled(a, c)
    scene.enter("b1", c)
    site.pbx.run()
    told = await stream.until(
        lambda kind, data: kind == "snapshot" and [one["agent"]["extension"] for one in data["calls"]] == ["102"]
    )
    status, monitor = await mona.post("/monitors", {"call_id": told["calls"][0]["id"]})
    assert status == 201, monitor
    await settle()
    await stream.until(lambda kind, data: kind == "snapshot" and bool(data["monitors"]))


async def test_only_an_administrators_frame_pauses_monitoring(site: Site) -> None:
    crm, _ = await crm_of(site, may_act_for=["mona", "admin"])
    site.talk()
    call = next(iter(site.board.calls())).id
    mona, admin = await frame(site, await link(site, crm)), await frame(site, await link(site, crm, "admin"))
    is_problem(await mona.post(f"/calls/{call}/shield", {}), 403, "forbidden")
    assert (await admin.post(f"/calls/{call}/shield", {}))[0] == 200
    assert (await admin.delete(f"/calls/{call}/shield"))[0] == 204


async def test_help_is_taken_in_a_frame(site: Site, crm: Client) -> None:
    sam = await site.client("sam")
    assert (await sam.post("/help", {"note": "A complaint"}))[0] == 201
    mona = await frame(site, await link(site, crm))
    stream = await mona.events()
    (asked,) = stream.events[0][2]["help"]
    status, monitor = await mona.post(f"/help/{asked['id']}/take", {})
    assert status == 201, monitor
    told = await stream.until(lambda kind, data: kind == "snapshot" and data["help"][0]["state"] == "taken")
    assert told["help"][0]["taken_by"]["name"] == "Mona"


async def test_whoever_is_in_that_call_learns_of_it_when_it_is_over(site: Site) -> None:
    crm, _ = await crm_of(site)
    a, b = site.talk("301", "101")  # the administrator's own conversation
    secret = await link(site, crm)
    await frame(site, secret)
    await opened(site, secret)
    is_problem(
        await crm.post("/embeds", {"call_id": "of-nobody", "supervisor": "mona", "origin": CRM}), 404, "not_found"
    )
    admin = await site.client("admin")

    async def told() -> list[str]:
        await site.recorder.settled()
        entries = (await admin.get("/audit"))[1]["entries"]
        return sorted(one["action"] for one in entries if one["action"].startswith("embed.") and one["call_id"])

    assert await told() == []
    site.pbx.scene.gone(a, b)
    site.pbx.run()
    assert await told() == ["embed.created", "embed.opened", "embed.refused"]


async def test_what_somebody_in_the_call_made_since_it_began_makes_no_links_and_shows_nothing(site: Site) -> None:
    site.talk("301", "101")  # the administrator's own conversation
    crm, _ = await crm_of(site)
    call = next(iter(site.board.calls())).id
    is_problem(await crm.post("/embeds", {"call_id": call, "supervisor": "mona", "origin": CRM}), 403, "forbidden")


async def test_browsers_are_sent_to_the_address_that_is_configured(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real)
    site = Site(store, http={"public_origin": "https://calls.example"}, embed={"origins": [CRM]})
    runner = await site.start()
    try:
        crm, _ = await crm_of(site)
        site.talk()
        body = {"call_id": next(iter(site.board.calls())).id, "supervisor": "mona"}  # one origin: it need not be named
        status, made = await crm.post("/embeds", body)
        assert status == 201, made
        assert made["url"].startswith("https://calls.example/embed?origin=https%3A%2F%2Fcrm.example#cml_")
    finally:
        await site.close(runner)


async def test_where_no_site_is_configured_frames_are_off_and_it_is_said_how_to_turn_them_on(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real)
    site = Site(store, embed={})
    runner = await site.start()
    try:
        crm, _ = await crm_of(site)
        site.talk()
        body = {"call_id": next(iter(site.board.calls())).id, "supervisor": "mona"}
        assert "[embed] origins" in is_problem(await crm.post("/embeds", body), 403, "forbidden")["detail"]
        is_problem(await opened(site, "cml_of-nobody"), 401, "not_authenticated")
    finally:
        await site.close(runner)


@pytest.mark.parametrize(
    "wrong",
    [
        *("https://crm.example/", "https://*.example", "crm.example", "https://CRM.example", "https://crm.example:443"),
        *(
            "http://crm.example:80",
            "https://crm.example; script-src *",
            "https://a b",
            "ftp://a",
            "https://a:99999",
            "*",
        ),
    ],
)
def test_an_origin_is_written_as_browsers_do(wrong: str) -> None:
    with pytest.raises(ValidationError, match="origins"):
        settings(embed={"origins": [wrong]})
    good = ["https://crm.example", "http://localhost:8080", "https://[2001:db8::1]:8443", "http://127.0.0.1:1"]
    assert settings(embed={"origins": good}).embed.origins == good


async def test_secrets_are_kept_as_hashes_only(site: Site, crm: Client) -> None:
    secret = await link(site, crm)
    _, session = await opened(site, secret)
    async with site.store.database.read() as work:
        rows = [dict(row._mapping) for row in await work.execute(EVERYTHING)]
    assert len(rows) == 1
    assert secret not in str(rows)
    assert session["token"] not in str(rows)


async def test_frames_have_a_policy_of_their_own_and_every_other_page_none(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "embed.html").write_text("built")
    monkeypatch.setattr("adapter.web.pagefiles.STATIC", tmp_path)
    client = await site.client()
    for query, ancestors in (
        ("?origin=https%3A%2F%2Fcrm.example", f"{CRM} https://around.example"),
        ("?origin=https%3A%2F%2Fother.example", "https://other.example https://around.example"),
        ("", "'none'"),
        ("?origin=https%3A%2F%2Fevil.example", "'none'"),
        ("?origin=*", "'none'"),
        ("?origin=https%3A%2F%2Fcrm.example%3B+script-src+*", "'none'"),
    ):
        async with client.http.get(f"{site.base}/embed{query}") as answer:
            policy = answer.headers["Content-Security-Policy"].split("; ")
            assert ("X-Frame-Options" in answer.headers) is (ancestors == "'none'"), query
            assert [one for one in policy if "ancestors" in one] == [f"frame-ancestors {ancestors}"]
            assert [one for one in policy if one.startswith("script-src")] == ["script-src 'self'"]
    for path in ("/", "/api/docs", "/static/embed.js", "/api/v1/calls", "/nothing"):
        async with client.http.get(site.base + path) as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"
