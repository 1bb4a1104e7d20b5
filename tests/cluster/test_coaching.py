"""Coaching with several adapters: help is asked for, seen and taken at any of them; the list holds at all of them."""

import asyncio

from adapter.core.userevents import HelpAsked
from adapter.errors import PbxTimeout
from tests.support.clock import real
from tests.support.several import Several, cluster_url, server, several
from tests.support.site import is_problem
from tests.support.waiting import Lateness, until

__all__ = ["cluster_url", "server", "several"]

SOON = 1.0
"""Seconds in which another adapter must have heard of it, on a machine that is idle."""


async def test_help_by_a_phone_is_seen_and_taken_at_any_adapter(several: Several) -> None:
    north, south = await several.two()
    _, agent = several.call_at("north")
    sam, mona, coach = await north.client("sam"), await south.client("mona"), await north.client("coach")
    call = await mona.call("101")
    stream = await mona.events()
    async with Lateness() as late:
        several.pbxes["north"]._hear([HelpAsked(real(), agent)])
        late.begin()
        request = await stream.until(lambda kind, _: kind == "help.updated")
        assert late.took < late.allows(SOON)
    assert (request["call_id"], request["state"], request["agent"]["name"]) == (call["id"], "open", "Sam")
    await until(lambda: bool(north.service.boards.help), "its own adapter does not show it")
    told = await sam.events()
    both = await asyncio.gather(*(one.post(f"/help/{request['id']}/take", {}) for one in (mona, coach)))
    assert sorted(status for status, _ in both) == [201, 409]
    is_problem(next(one for one in both if one[0] == 409), 409, "already_taken")
    assert len(several.pbxes["north"].legs) == 1, "two came, or the wrong PBX rang"
    assert not several.pbxes["south"].legs
    winner = "Mona" if both[0][0] == 201 else "Coach"
    for one in (north, south):
        await until(lambda one=one: [r.state.value for r in one.service.boards.help.values()] == ["taken"], "not told")  # type: ignore[misc]
    (mine,) = (await sam.get("/help"))[1]["help"]
    assert mine["taken_by"]["name"] == winner
    several.pbxes["north"].scene.gone(*list(several.pbxes["north"].scene.channels))
    several.pbxes["north"].run()
    await told.until(lambda kind, _: kind == "help.removed")
    await until(lambda: not south.service.boards.help, "it is not over at the other adapter")


async def test_help_lives_through_the_death_of_the_owner_and_phones_ask_the_next_one(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    _, other = several.call_at("north", "202", "102", "b2")
    sam, mona = await south.client("sam"), await south.client("mona")
    status, request = await sam.post("/help", {"note": "A complaint"})
    assert status == 201, request
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    assert list(south.service.boards.help) == [request["id"]]
    several.pbxes["north"]._hear([HelpAsked(real(), other)])
    await until(lambda: len(south.service.boards.help) == 2, "the new owner does not hear phones")
    assert (await mona.post(f"/help/{request['id']}/take", {}))[0] == 201


async def test_nobody_on_the_list_is_heard_whichever_adapter_is_asked(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north", "2025550101")
    admin, mona = await south.client("admin"), await north.client("mona")
    call = await mona.call("101")
    monitor = await mona.monitor(call)
    async with Lateness() as late:
        assert (await admin.ask("PUT", "/do-not-monitor", {"numbers": ["2025550101"]}))[0] == 200
        late.begin()
        ended = await mona.until(monitor["id"], "ended")
        assert late.took < late.allows(SOON)
    assert ended["ended_reason"] == "not_monitorable"
    for client in (admin, mona):
        is_problem(await client.post("/monitors", {"call_id": call["id"]}), 409, "not_monitorable")
    await until(lambda: [one.monitorable for one in south.service.boards.calls()] == [False], "the mirror says else")
    assert (await admin.ask("PUT", "/do-not-monitor", {"numbers": []}))[0] == 200
    await until(lambda: [one.monitorable for one in north.service.boards.calls()] == [True], "it holds on")
    await until(lambda: [one.monitorable for one in south.service.boards.calls()] == [True], "the mirror holds on")
    assert (await admin.ask("PUT", f"/calls/{call['id']}/do-not-monitor"))[0] == 204
    await until(lambda: [one.monitorable for one in north.service.boards.calls()] == [False], "the owner has not heard")
    is_problem(await mona.post("/monitors", {"call_id": call["id"]}), 409, "not_monitorable")


async def test_notes_are_read_at_any_adapter_and_by_nobody_while_one_does_not_know_who_talks(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    mona, coach = await south.client("mona"), await south.client("coach")
    call = await mona.call("101")
    status, note = await mona.post(f"/calls/{call['id']}/notes", {"text": "Greeted by name"})
    assert status == 201, note
    assert (await coach.get(f"/notes/{note['id']}"))[1] == note
    there = await north.client("coach")
    assert [one["text"] for one in (await there.get("/notes"))[1]["notes"]] == ["Greeted by name"]
    await north.die()
    await until(lambda: south.service.boards.blind, "it sees what nobody tells")
    for path in ("/notes", f"/notes/{note['id']}", "/notes/none"):
        is_problem(await coach.get(path), 503, "pbx_unavailable")
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    assert (await coach.get(f"/notes/{note['id']}"))[1] == note


async def test_monitoring_is_paused_at_any_adapter_and_holds_at_all_of_them(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    sam, mona, coach = await south.client("sam"), await south.client("mona"), await north.client("coach")
    call = await mona.call("101")
    monitor = await mona.monitor(call, "barge")
    status, answer = await sam.post(f"/calls/{call['id']}/shield", {"seconds": 60})
    assert status == 200, answer
    assert several.pbxes["north"].did[-1] == "shield", "by the owner of the PBX"
    one = (await mona.get(f"/monitors/{monitor['id']}"))[1]
    assert (one["shielded"], one["mode"]) == (True, "silent")
    assert (await sam.call("101", state=None))["shielded_until"] == answer["shielded_until"]
    for client in (mona, coach):
        body = {"call_id": call["id"]} if client is coach else {"mode": "whisper"}
        ask = client.post("/monitors", body) if client is coach else client.patch(f"/monitors/{monitor['id']}", body)
        is_problem(await ask, 409, "shielded")
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    (again,) = [one for one in south.service.boards.calls() if one.id == call["id"]]
    assert again.shielded, "the new owner has forgotten it"
    is_problem(await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"}), 409, "shielded")
    assert (await sam.delete(f"/calls/{call['id']}/shield"))[0] == 204
    await until(lambda: not any(one.shielded for one in south.service.boards.monitors()), "it does not listen again")


async def test_an_owner_that_does_not_answer_is_no_pause(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    sam = await south.client("sam")
    call = await sam.call("101", state=None)
    several.pbxes["north"].error = PbxTimeout("frozen")
    is_problem(await sam.post(f"/calls/{call['id']}/shield", {}), 504, "pbx_timeout")
    several.pbxes["north"].error = None
    await until(lambda: bool(north.service.shields.shields.running), "what is not confirmed is off")


async def test_rules_of_consent_hold_at_all_adapters_and_the_owner_plays(several: Several) -> None:
    north, south = await several.two()
    tones = several.pbxes["north"].tones
    customer, agent = several.call_at("north")
    admin = await south.client("admin")
    assert (await admin.ask("PUT", "/consent", {"rules": [{"sound": "beep", "every_seconds": 5}]}))[0] == 200
    await until(lambda: len(tones.played) == 2, "the owner has not heard of the rules")
    assert sorted(channel for _, channel, _ in tones.played) == sorted([customer, agent]), "each of them once"
    assert (await (await north.client("admin")).get("/consent"))[1]["rules"][0]["every_seconds"] == 5
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    known = len(tones.played)
    await until(lambda: len(tones.played) >= known + 2, "the new owner does not go on")
    assert several.pbxes["south"].tones.played == []
