"""Stop all monitoring: every leg at once, whatever is away; and nobody learns by it who listens to them."""

import asyncio
from typing import Any

import pytest

from adapter.core.monitor import EndReason
from adapter.core.record import RecordState
from adapter.errors import StoreUnavailable
from tests.fake.pbx import settle
from tests.support.client import Client, Json
from tests.support.programs import program
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_nodes import Two, two

__all__ = ["two"]

WHY = {"reason": "The court's order of today"}


async def stop_all(who: Client, why: Json = WHY) -> tuple[int, Json]:
    """Ask for it."""
    return await who.post("/monitors/stop-all", why)


async def entries(admin: Client, *fields: str, query: str = "") -> list[tuple[Any, ...]]:
    """What the audit shows of it: the wish, then the ends by time (the fake PBX's clock is not the adapter's)."""
    rows = (await admin.get(f"/audit{query}"))[1]["entries"][::-1]
    rows.sort(key=lambda row: row["action"] != STOPPED)
    return [tuple(row[name] for name in fields) for row in rows if row["action"] in ("monitor.ended", STOPPED)]


STOPPED = "monitor.stopped_all"


@pytest.fixture
async def busy(site: Site) -> tuple[Site, Client, list[Json]]:
    """Mona and Coach listen to two calls; the administrator to none."""
    site.talk()
    site.talk("202", "102", "b2")
    admin, mona, coach = [await site.client(name) for name in ("admin", "mona", "coach")]
    running = [await mona.monitor(await mona.call("101"), "barge"), await coach.monitor(await coach.call("102"))]
    return site, admin, running


async def test_every_monitor_ends_and_each_end_says_by_whom_and_why(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, running = busy
    stream = await admin.events()
    assert await stop_all(admin) == (200, {"stopped": 2})
    assert (await admin.get("/monitors"))[1] == {"monitors": []}
    for monitor in running:
        ended = (await admin.get(f"/monitors/{monitor['id']}"))[1]
        assert (ended["state"], ended["ended_reason"]) == ("ended", "stopped")
        await stream.until(lambda kind, data, m=monitor: kind == "monitor.ended" and data["id"] == m["id"])  # type: ignore[misc]
    assert site.pbx.did.count("hangup") == 2
    assert site.pbx.legs.keys().isdisjoint(site.pbx.scene.channels)
    told = await entries(admin, "action", "actor", "result", "reason")
    assert told == [(STOPPED, "admin", "ok", WHY["reason"]), *[("monitor.ended", "admin", "ok", WHY["reason"])] * 2]
    assert {row[0] for row in await entries(admin, "monitor_id")} == {None, *(one["id"] for one in running)}
    assert len((await admin.get(f"/audit?action={STOPPED}"))[1]["entries"]) == 1


async def test_asked_again_or_twice_at_once_it_is_the_same(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, _ = busy
    end, both = site.pbx.end_leg, asyncio.Barrier(4)

    async def slow(leg: str) -> bool:
        await both.wait()  # two legs, hung up for two requests
        return await end(leg)

    site.pbx.end_leg = slow  # type: ignore[method-assign]
    answers = await asyncio.gather(stop_all(admin), stop_all(admin))
    assert list(answers) == [(200, {"stopped": 2})] * 2
    assert await stop_all(admin) == (200, {"stopped": 0})
    assert [row[0] for row in await entries(admin, "action")].count("monitor.ended") == 2


async def test_a_phone_that_still_rings_is_hung_up_too(site: Site) -> None:
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    site.pbx.answers = False
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    assert (await stop_all(admin))[0] == 200
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "stopped"


async def test_who_asked_to_monitor_before_it_does_not_begin_after_it(site: Site) -> None:
    """The start waits for the phone's state while everything is stopped."""
    site.talk()
    admin, mona = await site.client("admin"), await site.client("mona")
    asked, stopped = asyncio.Event(), asyncio.Event()
    ask = site.pbx.device_state

    async def slow(device: str) -> Any:
        asked.set()
        await stopped.wait()
        return await ask(device)

    site.pbx.device_state = slow  # type: ignore[method-assign]
    start = asyncio.ensure_future(mona.post("/monitors", {"agent_extension": "101"}))
    await asked.wait()
    assert (await stop_all(admin))[0] == 200
    stopped.set()
    is_problem(await start, 409, "conflict")
    assert site.pbx.did == []
    assert (await mona.get("/monitors"))[1]["monitors"] == []
    assert (await mona.post("/monitors", {"agent_extension": "101"}))[0] == 201, "a later one may"


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"reason": None}, {"reason": 7}, {**WHY, "now": True}),
        *({"reason": text} for text in ("", " ", "\u2800", "\t", "a\r\nAction: x", "x" * 201)),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_reason_is_needed(busy: tuple[Site, Client, list[Json]], body: Json) -> None:
    _, admin, _ = busy
    is_problem(await stop_all(admin, body), 422, "invalid")
    assert len((await admin.get("/monitors"))[1]["monitors"]) == 2


async def test_only_administrators_may_and_refusals_are_entries(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, _ = busy
    is_problem(await stop_all(await site.client()), 401, "not_authenticated")
    service, _ = await program(site, may_act_for=["mona"], scopes=["monitor"])
    plain, _ = await program(site, user="admin")
    for who in (await site.client("mona"), await site.client("sam"), service, plain):
        is_problem(await stop_all(who, {}), 403, "forbidden")
    assert len((await admin.get("/monitors"))[1]["monitors"]) == 2
    await site.recorder.settled()
    refused = await entries(admin, "action", "result", "reason", "via")
    assert refused == [(STOPPED, "refused", "forbidden", way) for way in ("session", "session", "token", "token")]
    full, _ = await program(site, user="admin", scopes=["monitor", "admin"])
    assert await stop_all(full) == (200, {"stopped": 2})


async def test_what_asterisk_does_not_confirm_is_said_and_ends_later(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, running = busy
    end, ends = site.pbx.end_leg, []

    async def deaf_for_one(leg: str) -> bool:
        ends.append(leg)
        return await end(leg) if len(ends) == 1 else True

    site.pbx.end_leg = deaf_for_one  # type: ignore[method-assign]
    body = is_problem(await stop_all(admin), 504, "pbx_timeout")
    assert (body["stopped"], [one["state"] for one in body["monitors"]]) == (1, ["live"])
    (left,) = body["monitors"]
    await site.recorder.settled()
    assert await entries(admin, "action", "result", "reason") == [
        (STOPPED, "ok", WHY["reason"]),
        ("monitor.ended", "ok", WHY["reason"]),
        ("monitor.ended", "failed", "pbx_timeout"),
    ]
    site.pbx.end_leg = end  # type: ignore[method-assign]
    assert await stop_all(admin) == (200, {"stopped": 1})
    assert (await admin.get(f"/monitors/{left['id']}"))[1]["ended_reason"] == "stopped"
    assert {one["id"] for one in running} >= {left["id"]}


async def test_what_is_out_of_sight_ends_as_soon_as_it_is_back(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, running = busy
    site.pbx.down()
    body = is_problem(await stop_all(admin), 504, "pbx_timeout")
    assert (body["stopped"], len(body["monitors"])) == (0, 2)
    assert "hangup" not in site.pbx.did
    site.pbx.up_again()
    await settle()
    for monitor in running:
        assert (await admin.until_ended(monitor))["ended_reason"] == "stopped"
    assert site.pbx.did.count("hangup") == 2


async def test_what_is_given_up_as_lost_is_not_called_gone(busy: tuple[Site, Client, list[Json]]) -> None:
    site, admin, running = busy
    site.pbx.down()
    asked = asyncio.ensure_future(stop_all(admin))
    (node,) = site.service.nodes
    await until(lambda: all(one.ending for one in node.board.monitors()), "it does not begin")
    for monitor in running:
        node.supervision.ending.now(monitor["id"], EndReason.PBX_LOST)
    body = is_problem(await asked, 504, "pbx_timeout")
    assert body["stopped"] == 0
    assert (await admin.get(f"/monitors/{running[0]['id']}"))[1]["state"] == "ended"


async def test_at_every_pbx_and_one_that_is_away_hinders_no_other(two: Two) -> None:
    two.calls_at("north", "201", "101")
    two.calls_at("south", "202", "102")
    admin, mona, coach = [await two.client(name) for name in ("admin", "mona", "coach")]
    north, south = await mona.monitor(await mona.call("101")), await coach.monitor(await coach.call("102"))
    two.pbxes["north"].down()
    body = is_problem(await stop_all(admin), 504, "pbx_timeout")
    assert (body["stopped"], [one["id"] for one in body["monitors"]]) == (1, [north["id"]])
    assert (await admin.get(f"/monitors/{south['id']}"))[1]["ended_reason"] == "stopped"
    two.pbxes["north"].up_again()
    await admin.until_ended(north)


async def test_it_needs_no_record(busy: tuple[Site, Client, list[Json]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is away, which is known; what happened is written on its return."""
    site, admin, _ = busy
    write = site.recorder._writer.write

    async def away(*args: Any, **more: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(site.recorder._writer, "write", away)
    site.service.boards.set_record(RecordState(False, site.now))
    assert await stop_all(admin) == (200, {"stopped": 2})
    assert site.pbx.did.count("hangup") == 2
    monkeypatch.setattr(site.recorder._writer, "write", write)
    await site.recorder.settled()
    assert [row[0] for row in await entries(admin, "reason")] == [WHY["reason"]] * 3


# --- silence


async def test_whoever_is_in_a_conversation_learns_nothing_of_who_listens_to_it(site: Site) -> None:
    """The same answer, entries and stream whether somebody listened or not, also where Asterisk confirms nothing."""
    customer, agent = site.talk("301", "101")  # the administrator talks to Sam
    site.talk("202", "102", "b2")
    admin, mona = await site.client("admin"), await site.client("mona")
    stream = await admin.events()
    monitor = await mona.monitor(next(call for call in await mona.calls() if call["agent"]["extension"] == "101"))
    site.pbx.confirms = False
    before = len(stream.events)
    assert await stop_all(admin) == (200, {"stopped": 0}), "nothing to wait for that they may know of"
    assert site.pbx.did[-1] == "hangup", "it ends all the same"
    site.pbx.confirms = True
    await asyncio.sleep(0.3)  # the deadline of the one that they can't know of has passed: that is an entry too
    site.pbx.gone(monitor_leg(site, monitor))
    assert (await mona.until_ended(monitor))["ended_reason"] == "stopped"
    await site.recorder.settled()
    assert await entries(admin, "action") == [(STOPPED,)]
    assert stream.kinds(before) == []
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    await site.recorder.settled()
    assert await entries(admin, "action", "result", "actor") == [
        (STOPPED, "ok", "admin"),
        ("monitor.ended", "ok", "admin"),
        ("monitor.ended", "failed", "admin"),
    ]


def monitor_leg(site: Site, monitor: Json) -> str:
    """The leg of a monitor that runs."""
    found = site.board.monitor(monitor["id"])
    assert found is not None
    return found.leg


async def test_who_hears_the_supervisor_may_count_them(site: Site) -> None:
    """Of monitors on their conversation people see those that talk."""
    site.talk("301", "101")
    admin, mona = await site.client("admin"), await site.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    assert await stop_all(admin) == (200, {"stopped": 1})
    assert (await mona.until_ended(monitor))["ended_reason"] == "stopped"


async def test_another_who_is_in_a_conversation_learns_nothing_by_anybodys_stop(site: Site) -> None:
    """Coach talks to Ana and is an administrator; Mona listens to them; the other administrator stops everything."""
    site.talk("303", "102")
    admin, mona, coach = [await site.client(name) for name in ("admin", "mona", "coach")]
    await admin.patch(f"/users/{coach.user['id']}", {"role": "administrator"})
    monitor = await mona.monitor(await mona.call("102"))
    site.pbx.confirms = False
    is_problem(await stop_all(admin), 504, "pbx_timeout")
    await site.recorder.settled()
    assert await entries(coach, "action", "result") == [(STOPPED, "ok")], "as if there had been nothing to stop"
    assert ("monitor.ended", "failed") in await entries(admin, "action", "result")
    site.pbx.gone(monitor_leg(site, monitor))
