"""Pausing monitoring: who may, until when, what becomes of who listens, and that nobody learns whether anybody did."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from adapter.core import events as ev
from adapter.core.legs import HandedCall, Refusal
from adapter.core.record import RecordState
from adapter.core.shield import read_mark, used
from adapter.core.userevents import ShieldAsked
from adapter.errors import PbxTimeout, StoreUnavailable
from adapter.monitoring import shielddesk
from tests.fake.pbx import settle
from tests.fake.scene import START
from tests.support.client import Client, Json
from tests.support.programs import program
from tests.support.site import Site, is_problem


async def pause(who: Client, call_id: str, **body: Any) -> tuple[int, Json]:
    """Ask for it."""
    return await who.post(f"/calls/{call_id}/shield", body)


async def resume(who: Client, call_id: str) -> tuple[int, Json]:
    """Take it back."""
    return await who.delete(f"/calls/{call_id}/shield")


async def until(wanted: Any, deadline: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + deadline
    while not wanted():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def entries(admin: Client, *fields: str) -> list[tuple[Any, ...]]:
    """What the audit has of shields, oldest first."""
    rows = (await admin.get("/audit"))[1]["entries"][::-1]
    return [tuple(row[name] for name in fields) for row in rows if row["action"].startswith("shield.")]


@pytest.fixture
async def busy(site: Site) -> tuple[Site, str, dict[str, Client], Json]:
    """Sam talks to a customer, and Mona whispers."""
    site.talk()
    who = {name: await site.client(name) for name in ("admin", "sam", "ana", "mona", "coach")}
    monitor = await who["mona"].monitor(await who["mona"].call("101"), "whisper")
    return site, monitor["call_id"], who, monitor


Busy = tuple[Site, str, dict[str, Client], Json]


# --- what it does


async def test_legs_hear_nothing_until_it_is_over_and_come_back_silent(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    stream, told = await who["mona"].events(), await who["sam"].events()
    status, answer = await pause(who["sam"], call_id, seconds=60)
    assert status == 200
    one = (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]
    assert (one["shielded"], one["mode"], one["audible"], one["reason"]) == (True, "silent", False, "shielded")
    assert site.pbx.did[-1] == "shield"
    assert (await who["sam"].call("101", state=None))["shielded_until"] == answer["shielded_until"]
    await told.until(lambda kind, data: kind == "coach.left")
    await told.until(lambda kind, data: kind == "call.updated" and data["shielded_until"] == answer["shielded_until"])
    assert await resume(who["sam"], call_id) == (204, {})
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["audible"] and not data["shielded"], 3)
    one = (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]
    assert (one["shielded"], one["mode"], one["audible"]) == (False, "silent", True)
    assert site.pbx.did[-1] == "move silent"
    assert (await who["sam"].call("101", state=None))["shielded_until"] is None
    assert not any(site.pbx.marks.values())


async def test_nothing_begins_and_nobody_talks_meanwhile(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    _, request = await who["sam"].post("/help", {})
    await pause(who["sam"], call_id)
    did = list(site.pbx.did)
    for answer in (
        await who["admin"].post("/monitors", {"call_id": call_id}),
        await who["coach"].post(f"/help/{request['id']}/take", {}),
        await who["mona"].patch(f"/monitors/{monitor['id']}", {"mode": "barge"}),
        await who["mona"].patch(f"/monitors/{monitor['id']}", {"mode": "silent"}),
        await who["mona"].post(f"/monitors/{monitor['id']}/takeover", {}),
    ):
        is_problem(answer, 409, "shielded")
    leg = site.pbx.scene.channel("301", dials="*55101")
    site.pbx.run()
    (node,) = site.service.nodes
    await node.star_codes.handle(HandedCall(leg, "PJSIP/301", ("silent", "101"), "*55101"))
    assert site.pbx.told[-1] == (leg, Refusal.FORBIDDEN)
    assert site.pbx.did == did
    assert (await who["admin"].get("/help"))[1]["help"][0]["state"] == "open"


async def test_keys_of_a_shielded_leg_do_nothing(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    await pause(who["sam"], call_id)
    (known,) = site.board.monitors()
    for digit in "564":
        site.pbx._hear([digit_of(site, known.leg, digit)])
    await settle()
    one = (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]
    assert (one["mode"], one["shielded"], one["state"]) == ("silent", True, "live")


def digit_of(site: Site, leg: str, digit: str) -> Any:
    """The leg received a digit."""

    return ev.DigitReceived(site.pbx.scene.now, leg, digit)


async def test_a_leg_that_does_not_move_is_hung_up_before_the_answer(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    site.pbx.moves = False
    assert (await pause(who["sam"], call_id))[0] == 200
    assert site.pbx.did[-2:] == ["shield", "hangup"]
    ended = (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]
    assert (ended["state"], ended["ended_reason"]) == ("ended", "shielded")


async def test_a_phone_that_rings_is_hung_up_before_the_answer(site: Site) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    site.pbx.answers = False
    _, rings = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    assert (await pause(sam, rings["call_id"]))[0] == 200
    assert (await mona.get(f"/monitors/{rings['id']}"))[1]["ended_reason"] == "shielded"


async def test_what_is_not_even_hung_up_is_said_and_it_stays_on(busy: Busy) -> None:
    site, call_id, who, monitor = busy
    site.pbx.confirms = False
    is_problem(await pause(who["sam"], call_id), 504, "pbx_timeout")
    is_problem(await who["admin"].post("/monitors", {"call_id": call_id}), 409, "shielded")
    assert (await who["sam"].call("101", state=None))["shielded_until"] is None, "nobody is told what is not confirmed"
    site.pbx.confirms = True
    (known,) = site.board.monitors()
    site.pbx.gone(known.leg)
    await until(lambda: site.board.call(call_id).shield_confirmed)  # type: ignore[union-attr]
    assert (await who["sam"].call("101", state=None))["shielded_until"] is not None
    assert (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "shielded"


@pytest.mark.parametrize("listens", [True, False])
async def test_an_asterisk_that_does_not_answer_is_told_alike(site: Site, listens: bool) -> None:
    site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    if listens:
        await mona.monitor(await mona.call("101"))
    site.pbx.error = PbxTimeout("frozen")
    body = is_problem(await pause(sam, (await sam.calls())[0]["id"]), 504, "pbx_timeout")
    assert set(body) == {"type", "title", "status", "detail", "code"}


async def test_it_is_answered_at_a_fixed_time_and_asterisk_is_asked_alike(site: Site) -> None:
    site.talk()
    sam, mona, coach = [await site.client(name) for name in ("sam", "mona", "coach")]
    call_id = (await sam.calls())[0]["id"]
    asked: list[list[str]] = []
    took: list[float] = []
    move = site.pbx.shield_leg

    async def counted(leg: str) -> bool:
        asked[-1].append(leg)
        return await move(leg)

    site.pbx.shield_leg = counted  # type: ignore[method-assign]
    for joins in (None, mona, coach):
        if joins is not None:
            await joins.monitor(await joins.call("101"))
        asked.append([])
        began = time.monotonic()
        assert (await pause(sam, call_id))[0] == 200
        took.append(time.monotonic() - began)
        began = time.monotonic()
        assert (await resume(sam, call_id))[0] == 204
        took.append(time.monotonic() - began)
        await until(lambda: not any(one.to_shield or one.reattach for one in site.board.monitors()))
    assert [len(legs) for legs in asked] == [8, 8, 8]
    assert min(took) >= 0.2


# --- until when


async def test_its_time_ends_it_and_the_longest_wish_counts(busy: Busy) -> None:
    site, call_id, who, _ = busy
    await pause(who["sam"], call_id, seconds=600)
    crm, _ = await program(site, may_act_for=["mona"], scopes=["shield"])
    assert (await pause(crm, call_id, seconds=60))[0] == 200
    first = site.board.call(call_id).shielded_until  # type: ignore[union-attr]
    assert first is not None
    assert (await resume(crm, call_id))[0] == 204
    assert site.board.call(call_id).shielded_until == first, "Sam's still holds"  # type: ignore[union-attr]
    assert (await pause(who["sam"], call_id, seconds=1))[0] == 200
    await until(lambda: not site.board.call(call_id).shielded)  # type: ignore[union-attr]
    await site.recorder.settled()
    assert (await entries(who["admin"], "action", "reason", "actor"))[-1] == ("shield.ended", "time", "system")


async def test_it_is_the_whole_conversations_through_a_transfer_and_over_with_it(busy: Busy) -> None:
    site, call_id, who, _ = busy
    await pause(who["sam"], call_id)
    scene = site.pbx.scene
    customer = next(one for one, channel in scene.channels.items() if channel.number == "201")
    sam = next(one for one, channel in scene.channels.items() if channel.number == "101")
    joined = scene.channel("102", linked=customer)
    scene.up(joined)
    scene.enter("b1", joined)
    scene.leave("b1", sam)
    scene.gone(sam)
    site.pbx.run()
    await settle()
    call = await who["mona"].call("102", state=None)
    assert call["shielded_until"] is not None
    assert site.pbx.marks[joined], "who comes is marked too"
    is_problem(await who["mona"].post("/monitors", {"call_id": call["id"]}), 409, "shielded")
    scene.gone(customer, joined)
    site.pbx.run()
    await site.recorder.settled()
    assert (await entries(who["admin"], "action", "reason"))[-1] == ("shield.ended", "call_ended")
    assert site.service.shields.shields.running == {}


async def test_who_comes_in_with_another_call_is_moved_too(site: Site) -> None:
    """Mona listens to Lee's call, which is joined with Sam's shielded one."""
    customer, _ = site.talk()
    sam, mona = await site.client("sam"), await site.client("mona")
    await pause(sam, (await sam.calls())[0]["id"])
    other, _ = site.talk("202", "103", "b2")
    monitor = await mona.monitor(await mona.call("103"), "barge")
    scene = site.pbx.scene
    scene.change(other, linkedid=customer)
    scene.leave("b2", other)
    scene.enter("b1", other)
    lee = next(one for one, channel in scene.channels.items() if channel.number == "103")
    scene.change(lee, linkedid=customer)
    scene.leave("b2", lee)
    scene.enter("b1", lee)
    site.pbx.run()
    await settle()
    await until(lambda: all(one.shielded for one in site.board.monitors()))
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["shielded"] is True


# --- who may


async def test_the_agent_administrators_and_tokens_with_the_scope_may(busy: Busy) -> None:
    site, call_id, who, _ = busy
    is_problem(await pause(await site.client(), call_id), 401, "not_authenticated")
    is_problem(await pause(who["mona"], call_id), 403, "forbidden")
    is_problem(await pause(who["ana"], call_id), 404, "not_found")
    is_problem(await pause(who["admin"], "5f" * 12), 404, "not_found")
    service, _ = await program(site, name="m", may_act_for=["mona"], scopes=["monitor"])
    is_problem(await pause(service, call_id), 403, "forbidden")
    figures, _ = await program(site, name="f", may_act_for=["mona"], scopes=["metrics"])
    is_problem(await pause(figures, call_id), 403, "forbidden")
    theirs, _ = await program(site, name="a", user="ana", scopes=["shield"])
    is_problem(await pause(theirs, call_id), 404, "not_found")
    for body in ({"seconds": 0}, {"seconds": 3601}, {"seconds": "5"}, {"seconds": 1.5}, {"reason": "a\r\nb"}, {"x": 1}):
        is_problem(await pause(who["sam"], call_id, **body), 422, "invalid")
    assert site.pbx.marks == {}
    tokens = [await program(site, name=name, user=name, scopes=["shield"]) for name in ("sam", "mona", "admin")]
    tokens += [await program(site, name="s", may_act_for=["mona"], scopes=["shield"])]
    for client in [who["sam"], who["admin"], *(token[0] for token in tokens)]:
        status, answer = await pause(client, call_id)
        assert (status, set(answer)) == (200, {"shielded_until"})
        assert (await resume(client, call_id))[0] == 204
    await until(lambda: not site.board.call(call_id).shielded)  # type: ignore[union-attr]
    is_problem(await tokens[0][0].get("/calls"), 403, "forbidden")


async def test_only_who_set_it_and_the_agent_lift_it(busy: Busy) -> None:
    site, call_id, who, _ = busy
    crm, _ = await program(site, may_act_for=["mona"], scopes=["shield"])
    await pause(crm, call_id)
    is_problem(await resume(who["admin"], call_id), 403, "forbidden")
    await pause(who["admin"], call_id)
    assert (await resume(who["admin"], call_id))[0] == 204
    assert site.board.call(call_id).shielded, "the program's holds on"  # type: ignore[union-attr]
    assert (await resume(who["sam"], call_id))[0] == 204
    assert not site.board.call(call_id).shielded  # type: ignore[union-attr]
    assert (await resume(who["sam"], call_id))[0] == 204, "again is no change"


async def test_a_team_bounds_the_agents_total(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shielddesk, "TOTAL", 60.0)
    site, call_id, who, _ = busy
    status, team = await who["admin"].post(
        "/teams", {"name": "Sales", "members": [who["sam"].user["id"]], "shield_seconds": 100}
    )
    assert (status, team["shield_seconds"]) == (201, 100)
    await pause(who["sam"], call_id, seconds=3600)
    until_when = site.board.call(call_id).shielded_until  # type: ignore[union-attr]
    assert until_when is not None
    assert until_when - site.now == timedelta(seconds=100)
    site.now += timedelta(seconds=60)
    await resume(who["sam"], call_id)
    await pause(who["sam"], call_id, seconds=3600)
    assert site.board.call(call_id).shielded_until - site.now == timedelta(seconds=40)  # type: ignore[union-attr, operator]
    site.now += timedelta(seconds=50)
    await resume(who["sam"], call_id)
    is_problem(await pause(who["sam"], call_id), 409, "shield_limit")
    assert (await pause(who["admin"], call_id))[0] == 200, "of the agent's own wishes only"
    await resume(who["sam"], call_id)
    status, _ = await who["admin"].patch(f"/teams/{team['id']}", {"shield_seconds": None})
    assert status == 200
    assert (await pause(who["sam"], call_id))[0] == 200


def test_what_overlaps_counts_once_and_only_today() -> None:
    noon = START.replace(hour=12)

    def at(*seconds: int) -> tuple[Any, Any]:
        return (noon + timedelta(seconds=seconds[0]), noon + timedelta(seconds=seconds[1]))

    assert used([at(0, 10), at(5, 20), at(30, 31)], noon + timedelta(hours=1)) == timedelta(seconds=21)
    assert used([at(0, 100)], noon + timedelta(seconds=40)) == timedelta(seconds=40)
    assert used([at(0, 100)], noon + timedelta(days=1)) == timedelta()


@pytest.mark.parametrize(
    "text", ["", "x", "1 2", "a 2 user u", "1 0 user u", "1 3601 user u", "1 2 ", "-1 2 user u", "9" * 14 + " 2 user u"]
)
def test_a_mark_of_somebody_else_is_none(text: str) -> None:
    assert read_mark(text) is None


# --- what is written


async def test_audit_and_hooks_say_it_and_nothing_of_who_listened(busy: Busy) -> None:
    site, call_id, who, _ = busy
    await pause(who["sam"], call_id, reason="Card")
    await resume(who["sam"], call_id)
    await site.recorder.settled()
    assert await entries(who["admin"], "action", "actor", "result", "reason", "call_id", "monitor_id", "agent") == [
        ("shield.started", "sam", "ok", "Card", call_id, None, "sam"),
        ("shield.ended", "sam", "ok", "lifted", call_id, None, "sam"),
    ]


async def test_it_needs_no_record(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    site, call_id, who, monitor = busy
    write = site.recorder._writer.write

    async def away(*args: Any, **more: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(site.recorder._writer, "write", away)
    site.service.boards.set_record(RecordState(False, site.now))
    assert (await pause(who["sam"], call_id))[0] == 200
    assert (await who["mona"].get(f"/monitors/{monitor['id']}"))[1]["shielded"] is True
    assert (await resume(who["sam"], call_id))[0] == 204
    monkeypatch.setattr(site.recorder._writer, "write", write)
    await site.recorder.settled()
    assert [row[0] for row in await entries(who["admin"], "action")] == ["shield.started", "shield.ended"]


async def test_what_ended_long_ago_is_deleted(busy: Busy) -> None:
    site, call_id, who, _ = busy
    await pause(who["sam"], call_id)
    await site.recorder.settled()
    (left,) = await site.store.shields.unfinished()
    assert (left.call_id, left.own, left.by.actor) == (call_id, True, "sam")
    await resume(who["sam"], call_id)
    await site.recorder.settled()
    await site.store.shields.forget(site.now)
    assert await site.store.shields.unfinished() == []
    await site.store.shields.forget(site.now + timedelta(days=3))


# --- phones and the dialplan


async def test_a_phones_code_pauses_and_resumes_and_is_told(busy: Busy) -> None:
    site, call_id, who, _ = busy
    agent = next(one for one, channel in site.pbx.scene.channels.items() if channel.number == "101")
    site.pbx._hear([ShieldAsked(START, agent, "toggle", "")])
    await until(lambda: site.pbx.outcomes == [(agent, "paused")])
    assert site.board.call(call_id).shielded  # type: ignore[union-attr]
    site.pbx._hear([ShieldAsked(START, agent, "toggle", "")])
    await until(lambda: site.pbx.outcomes[1:] == [(agent, "resumed")])
    site.pbx.confirms = False
    site.pbx._hear([ShieldAsked(START, agent, "toggle", ""), ShieldAsked(START, "nobody", "pause", "")])
    await until(lambda: sorted(site.pbx.outcomes[2:]) == sorted([(agent, "failed"), ("nobody", "failed")]))
    await site.recorder.settled()
    assert (await entries(who["admin"], "action", "actor", "via"))[0] == ("shield.started", "sam", "phone")


async def test_the_dialplan_pauses_for_so_long_and_the_agent_may_resume(busy: Busy) -> None:
    site, call_id, who, _ = busy
    customer = next(one for one, channel in site.pbx.scene.channels.items() if channel.number == "201")
    site.pbx._hear([ShieldAsked(START, customer, "pause", "20")])
    await until(lambda: site.pbx.outcomes == [(customer, "paused")])
    call = site.board.call(call_id)
    assert call is not None
    assert call.shielded_until is not None
    assert call.shielded_until - site.now == timedelta(seconds=20)
    is_problem(await resume(who["admin"], call_id), 403, "forbidden")
    site.pbx._hear([ShieldAsked(START, customer, "resume", "")])
    await until(lambda: site.pbx.outcomes[1:] == [(customer, "resumed")])
    assert not site.board.call(call_id).shielded  # type: ignore[union-attr]
    site.pbx._hear([ShieldAsked(START, customer, "what", "")])
    await settle()
    assert len(site.pbx.outcomes) == 2
