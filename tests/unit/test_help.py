"""Asking for help: who sees it, who comes first, what the others are told, and what a death leaves of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapter.asterisk.wire import translate
from adapter.core.audit import SYSTEM
from adapter.core.monitor import Supervisor
from adapter.core.pbx import DeviceState
from adapter.core.userevents import HelpAsked
from adapter.monitoring import help as desk_of
from tests.fake.pbx import settle
from tests.fake.scene import START
from tests.support.client import Client
from tests.support.site import Site, is_problem
from tests.support.waiting import until
from tests.unit.test_teams import Company, Queues, queues

__all__ = ["queues"]


async def ask(client: Client, note: str | None = None) -> dict[str, Any]:
    """Ask for help."""
    status, request = await client.post("/help", {"note": note} if note else {})
    assert status == 201, request
    return request


async def shown(client: Client) -> list[tuple[str, str | None]]:
    """State and who comes, of all that this person sees."""
    status, body = await client.get("/help")
    assert status == 200, body
    return [(one["state"], one["taken_by"] and one["taken_by"]["name"]) for one in body["help"]]


def of_help(kind: str, _: Any) -> bool:
    return kind.startswith("help.")


def figures(site: Site) -> str:
    """Prometheus' text."""
    return site.service.metrics.exposition(None).decode()  # type: ignore[arg-type]


async def test_it_is_counted_who_waits_and_for_how_long(site: Site) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    request = await ask(sam)
    assert 'call_monitor_help_waiting{pbx="lab"} 1.0' in figures(site)
    assert "call_monitor_help_take_seconds_count 0.0" in figures(site)
    site.now += timedelta(seconds=40)
    assert (await mona.post(f"/help/{request['id']}/take", {}))[0] == 201
    assert 'call_monitor_help_waiting{pbx="lab"} 0.0' in figures(site)
    assert 'call_monitor_help_take_seconds_bucket{le="30.0"} 0.0' in figures(site)
    assert 'call_monitor_help_take_seconds_bucket{le="60.0"} 1.0' in figures(site)
    await sam.delete(f"/help/{request['id']}")
    assert "call_monitor_help_take_seconds_count 1.0" in figures(site)


async def test_somebody_comes(site: Site) -> None:
    site.talk()
    sam, ana, mona, coach = [await site.client(name) for name in ("sam", "ana", "mona", "coach")]
    streams = {name: await client.events() for name, client in (("sam", sam), ("ana", ana), ("mona", mona))}
    request = await ask(sam, "A complaint")
    assert (request["state"], request["note"], request["agent"]["name"]) == ("open", "A complaint", "Sam")
    for name in ("sam", "mona"):
        assert (await streams[name].until(of_help))["id"] == request["id"]
    assert await shown(sam) == await shown(mona) == await shown(coach) == [("open", None)]
    assert await shown(ana) == []
    assert (await sam.post("/help", {"note": "Again"}))[0] == 200
    status, monitor = await mona.post(f"/help/{request['id']}/take", {"mode": "whisper"})
    assert (status, monitor["mode"], monitor["call_id"], monitor["state"]) == (
        *(201, "whisper", request["call_id"], "connecting"),
    )
    assert await shown(sam) == await shown(coach) == [("taken", "Mona")]
    site.tick()
    is_problem(await coach.post(f"/help/{request['id']}/take", {}), 409, "already_taken")
    is_problem(await mona.post(f"/help/{request['id']}/take", {}), 409, "already_monitoring")
    taken = await streams["sam"].until(lambda kind, one: kind == "help.updated" and one["state"] == "taken")
    assert "live_at" not in taken
    await site.recorder.settled()
    site.tick()
    site.pbx.scene.gone(*list(site.pbx.scene.channels))
    site.pbx.run()
    assert await streams["sam"].until(lambda kind, _: kind == "help.removed") == {"id": request["id"]}
    assert await shown(sam) == []
    assert not any(of_help(kind, None) for kind in streams["ana"].kinds())
    admin = await site.client("admin")
    entries = (await admin.get("/audit"))[1]["entries"][::-1]
    told = [(one["action"], one["actor"], one["result"]) for one in entries if one["action"].startswith("help.")]
    assert told == [
        ("help.requested", "sam", "ok"),
        ("help.taken", "mona", "ok"),
        *[("help.taken", name, "refused") for name in ("coach", "mona")],
        ("help.closed", "system", "ok"),
    ]


async def test_who_may_ask_and_for_what(site: Site) -> None:
    sam, mona, admin = [await site.client(name) for name in ("sam", "mona", "admin")]
    is_problem(await sam.post("/help", {}), 409, "call_not_active")
    ringing = site.pbx.scene.channel("201", dials="101")
    site.pbx.scene.dial(ringing, site.pbx.scene.channel("101", linked=ringing))
    site.pbx.run()
    is_problem(await sam.post("/help", {}), 409, "call_not_active")
    site.pbx.scene.gone(*list(site.pbx.scene.channels))
    site.talk("202")
    for wrong in ({"note": ""}, {"note": "x" * 201}, {"note": "a\nb"}, {"words": "x"}):
        is_problem(await sam.post("/help", wrong), 422, "invalid")
    await admin.ask("PUT", "/do-not-monitor", {"numbers": ["202"]})
    is_problem(await sam.post("/help", {}), 409, "not_monitorable")
    await admin.ask("PUT", "/do-not-monitor", {"numbers": []})
    request = await ask(sam)
    is_problem(await sam.post(f"/help/{request['id']}/take", {}), 403, "forbidden")
    is_problem(await mona.delete(f"/help/{request['id']}"), 403, "forbidden")
    is_problem(await mona.post("/help/none/take", {}), 404, "not_found")
    assert (await sam.delete(f"/help/{request['id']}"))[0] == 204
    is_problem(await mona.post(f"/help/{request['id']}/take", {}), 404, "not_found")
    assert (await ask(sam))["id"] != request["id"]


async def test_others_in_the_conversation_see_it_open(site: Site) -> None:
    """Mona talks with Sam: whether Coach has come is none of her business."""
    site.talk("302", "101")
    sam, mona, coach, admin = [await site.client(name) for name in ("sam", "mona", "coach", "admin")]
    request = await ask(sam, "A complaint")
    stream = await mona.events()
    before = (await mona.get("/help"))[1]
    assert (await coach.post(f"/help/{request['id']}/take", {}))[0] == 201
    await settle()
    assert await shown(sam) == [("taken", "Coach")]
    assert (await mona.get("/help"))[1] == before
    is_problem(await mona.post(f"/help/{request['id']}/take", {}), 409, "own_call")
    assert (await sam.post("/help", {"note": "Again"}))[1]["id"] == request["id"]
    assert await shown(admin) == [("open", None)]
    assert (await mona.get("/help"))[1] == before
    assert not any(of_help(kind, None) for kind in stream.kinds())
    await admin.post(f"/help/{request['id']}/take", {})
    assert (await mona.get("/help"))[1] == before


async def test_two_at_once_one_wins(site: Site) -> None:
    site.talk()
    sam, mona, coach, admin = [await site.client(name) for name in ("sam", "mona", "coach", "admin")]
    request = await ask(sam)
    answers = await asyncio.gather(*(one.post(f"/help/{request['id']}/take", {}) for one in (mona, coach, admin)))
    assert sorted(status for status, _ in answers) == [201, 409, 409]
    assert {body["code"] for status, body in answers if status == 409} == {"already_taken"}
    assert len(list(site.board.monitors())) == 1


async def test_who_can_not_come_leaves_it_open(site: Site) -> None:
    site.talk()
    sam, mona, coach = [await site.client(name) for name in ("sam", "mona", "coach")]
    request = await ask(sam)
    site.pbx.device = DeviceState.UNREGISTERED
    is_problem(await mona.post(f"/help/{request['id']}/take", {}), 409, "device_unavailable")
    site.pbx.device = DeviceState.AVAILABLE
    assert await shown(sam) == [("open", None)]
    assert (await coach.post(f"/help/{request['id']}/take", {}))[0] == 201
    assert await shown(sam) == [("taken", "Coach")]


async def test_another_adapter_takes_it(site: Site) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    request = await ask(sam)
    stream = await sam.events()
    await site.store.help.take(request["id"], Supervisor("u", "Zoe", "zoe"), "m" * 32, SYSTEM)
    is_problem(await mona.post(f"/help/{request['id']}/take", {}), 409, "already_taken")
    taken = await stream.until(lambda kind, one: kind == "help.updated" and one["state"] == "taken")
    assert taken["taken_by"] == {"user_id": "u", "name": "Zoe"}
    await site.store.help.close(request["id"], SYSTEM)
    await stream.until(lambda kind, _: kind == "help.removed")


async def test_it_is_open_again_after_a_death_between_taking_and_beginning(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_of, "UNBEGUN", desk_of.UNBEGUN * 0)
    site.talk()
    sam = await site.client("sam")
    request = await ask(sam)
    stream = await sam.events()
    await site.store.help.take(request["id"], Supervisor("u", "Zoe", "zoe"), "f" * 32, SYSTEM)
    site.now += timedelta(seconds=1)
    await stream.until(lambda kind, one: kind == "help.updated" and one["state"] == "taken")
    await stream.until(lambda kind, one: kind == "help.updated" and one["state"] == "open", since=2)


async def test_out_of_sight_nothing_is_closed_and_afterwards_it_is(site: Site) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    await ask(sam)
    site.pbx.down()
    assert await shown(sam) == [("open", None)]
    assert await shown(mona) == []
    site.pbx.up_again()
    assert await shown(mona) == [("open", None)]
    site.pbx.down()
    site.pbx.scene.channels.clear()
    site.pbx.up_again()
    await until(lambda: not site.service.boards.help)
    assert not await site.store.help.running()


async def test_a_phone_asks_by_its_code(site: Site) -> None:
    _, agent = site.talk()
    mona, sam = await site.client("mona"), await site.client("sam")
    (node,) = site.service.nodes
    stream = await mona.events()
    site.pbx._hear([HelpAsked(START, agent), HelpAsked(START, agent), HelpAsked(START, "nobody")])
    request = await stream.until(lambda kind, _: kind == "help.updated")
    assert (request["agent"]["name"], request["note"]) == ("Sam", None)
    assert await shown(sam) == [("open", None)]
    admin = await site.client("admin")
    entries = (await admin.get("/audit?action=help.requested"))[1]["entries"]
    assert [(one["actor"], one["via"]) for one in entries] == [("sam", "phone")]
    assert node.id == "lab"


def test_asterisk_tells_of_the_code() -> None:
    fields = {"Event": "UserEvent", "UserEvent": "CallMonitorHelp", "Uniqueid": "17.1", "Channel": "PJSIP/101-1"}
    assert translate(fields, START) == HelpAsked(START, "17.1")
    assert translate({**fields, "UserEvent": "Else"}, START) is None


async def test_only_those_in_whose_scope_the_call_is_see_it_and_come(site: Site) -> None:
    """Coach looks after Sam's team; Ana asks for help, too."""
    company = await Company(site).begin()
    coach, mona, stream = company.coach, await site.client("mona"), await company.coach.events()
    sam, ana = await site.client("sam"), await site.client("ana")
    hers, his = await ask(ana, "Not yours"), await ask(sam, "Yours")
    assert [one["id"] for one in (await coach.get("/help"))[1]["help"]] == [his["id"]]
    assert len(await shown(mona)) == 2
    is_problem(await coach.post(f"/help/{hers['id']}/take", {}), 404, "not_found")
    is_problem(await coach.delete(f"/help/{hers['id']}"), 404, "not_found")
    assert (await stream.until(of_help))["id"] == his["id"]
    await company.change(members=[company.ids["ana"]])
    assert [one["id"] for one in (await coach.get("/help"))[1]["help"]] == [hers["id"]]
    afresh = await stream.until(lambda kind, one: kind == "snapshot" and [r["id"] for r in one["help"]] == [hers["id"]])
    assert len(afresh["calls"]) == 1
    is_problem(await coach.post(f"/help/{his['id']}/take", {}), 404, "not_found")
    assert (await coach.post(f"/help/{hers['id']}/take", {}))[0] == 201
    assert sorted(await shown(mona), key=str) == [("open", None), ("taken", "Coach")]
    told = [data["id"] for _, kind, data in stream.events if kind.startswith("help.")]
    assert set(told) == {his["id"], hers["id"]}


async def test_a_request_leaves_the_scope_with_its_call(site: Site, queues: Queues) -> None:
    """By the call's queue: the rest of the team's supervisors are told nothing more of it."""
    customer, agent = site.talk()
    queues.of[agent] = "sales"
    site.pbx.scene.hold(agent, True)
    site.pbx.run()
    admin = await site.client("admin")
    ids = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    await admin.post("/teams", {"name": "Sales", "queues": ["SALES"], "supervisors": [ids["coach"]]})
    await admin.patch(f"/users/{ids['coach']}", {"scope": "teams"})
    coach, sam = await site.client("coach"), await site.client("sam")
    stream = await coach.events()
    request = await ask(sam)
    assert (await stream.until(of_help))["id"] == request["id"]
    queues.of[agent] = None
    site.pbx.scene.hold(agent, False)
    site.pbx.run()
    assert await stream.until(lambda kind, _: kind == "help.removed") == {"id": request["id"]}
    assert await shown(coach) == []
    assert await shown(sam) == [("open", None)]
    assert customer
