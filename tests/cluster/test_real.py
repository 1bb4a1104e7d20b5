"""Two adapters, two real Asterisks, real phones: clicks at either, pages at either, and the death of an owner."""

import asyncio
import signal
import time

import pytest

from adapter.asterisk import tones
from tests.support.adapters import Adapters, live_again, longest_gap, pressed
from tests.support.lab import assert_hears
from tests.support.pbxes import VOICES, listen

SOON = 15.0
"""Seconds until another adapter must have what a dead one had; the aim of six is measured, not asserted: a test machine
that is busy is no fault of ours."""


@pytest.mark.parametrize("desk", ["321", "301"])
async def test_a_click_at_one_adapter_for_a_call_at_the_others_pbx(both: Adapters, desk: str) -> None:
    """The desk phone of the call's own PBX, and one behind the trunk."""
    _, other = await both.apart("pbx1")
    customer, agent = await both.talk("221", "121")
    phone = await both.phone(desk)
    boss = await both.at(other, "max1" if desk == "321" else "admin")
    monitor = await boss.monitor(await boss.call("121"))
    assert (monitor["pbx"], monitor["mode"]) == ("pbx1", "silent")
    heard = await listen(customer, agent, phone)
    assert_hears(heard, **{f"p{desk}": {"121", "221"}, "p121": {"221"}, "p221": {"121"}})
    await boss.switch(monitor, "whisper")
    heard = await listen(customer, agent, phone)
    assert_hears(heard, **{f"p{desk}": {"121", "221"}, "p121": {"221", desk}, "p221": {"121"}})
    await boss.switch(monitor, "barge")
    heard = await listen(customer, agent, phone)
    assert_hears(heard, **{f"p{desk}": {"121", "221"}, "p121": {"221", desk}, "p221": {"121", desk}})
    await boss.switch(monitor, "silent")
    mark = phone.mark()
    assert (await boss.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await phone.seen("CALL_CLOSED", mark)
    assert (await boss.until_ended(monitor))["ended_reason"] == "stopped"
    heard = await listen(customer, agent)
    assert_hears(heard, p121={"221"}, p221={"121"})


async def test_pages_at_both_adapters_are_told(both: Adapters) -> None:
    """Of the call, of a monitor that was clicked at the other adapter; and the agent of who talks, never of silence."""
    owner, other = await both.apart("pbx1")
    await both.phone("321")
    boss, agent = await both.at(other, "max1"), await both.at(other, "sam1")
    pages = [await (await both.at(one, "admin")).events() for one in (owner, other)]
    own = await agent.events()
    await both.talk("221", "121")
    monitor = await boss.monitor(await boss.call("121"))
    for page in pages:
        await page.until(lambda kind, data: kind == "call.updated" and data["pbx"] == "pbx1")
        await page.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    assert {"coach.joined", "monitor.updated"}.isdisjoint(own.kinds())
    await boss.switch(monitor, "whisper")
    joined = await own.until(lambda kind, data: kind == "coach.joined")
    assert (joined["supervisor"]["name"], joined["mode"]) == ("Max1", "whisper")
    assert joined["monitor_id"] != monitor["id"]
    await boss.delete(f"/monitors/{monitor['id']}")
    for page in pages:
        await page.until(lambda kind, data: kind == "monitor.ended" and data["id"] == monitor["id"])
    await own.until(lambda kind, data: kind == "coach.left")


async def test_the_owner_is_killed_while_somebody_listens(both: Adapters) -> None:
    """The other adapter has the PBX and the monitor within seconds; the sound has no gap; it can be steered there."""
    owner, other = await both.apart("pbx1")
    customer, agent = await both.talk("221", "121")
    phone = await both.phone("321")
    boss = await both.at(other, "max1")
    page = await (await both.at(other, "mona")).events()
    monitor = await boss.monitor(await boss.call("121"))
    call = await boss.call("121")
    await asyncio.sleep(1)
    ear, seen = phone.ear(), len(page.events)
    killed = both.kill(owner)
    await both.gone(owner)
    took = await live_again(boss, page, seen, monitor, killed)
    await asyncio.sleep(1)
    sound, lasted = phone.heard(ear), time.monotonic() - killed
    gaps = {number: longest_gap(sound, VOICES[number]) for number in ("221", "121")}
    print(f"live again after {took:.2f} s; longest gap of sound {gaps} s in {lasted:.1f} s")
    assert took < SOON
    assert len(sound) / 2 / tones.RATE > lasted - 1.5, "the phone heard something all the time"
    assert max(gaps.values()) <= 0.2, gaps
    again = (await boss.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["mode"], again["reason"]) == ("silent", "made_safe"), "a key may have been pressed meanwhile"
    assert (await boss.call("121"))["id"] == call["id"]
    await page.until(lambda kind, data: kind == "monitor.updated" and data["id"] == monitor["id"], seen)
    await pressed(boss, monitor, "whisper")
    heard = await listen(customer, agent, phone)
    assert_hears(heard, p121={"221", "321"}, p221={"121"}, p321={"121", "221"})
    assert (await boss.delete(f"/monitors/{monitor['id']}"))[0] == 204
    audit = (await (await both.at(other, "admin")).get("/audit?limit=50"))[1]["entries"]
    actions = [one["action"] for one in audit if one["monitor_id"] == monitor["id"]]
    assert actions[-2:] == ["monitor.started", "monitor.requested"]
    assert actions.count("monitor.taken_up") == 1
    assert actions.count("monitor.ended") == 1


async def test_the_other_adapter_is_killed_and_nobody_notices_who_listens(both: Adapters) -> None:
    """An adapter that does not own the call's PBX only has pages: who reloads theirs at the owner goes on."""
    owner, other = await both.apart("pbx1")
    await both.talk("221", "121")
    phone = await both.phone("321")
    boss = await both.at(other, "max1")
    monitor = await boss.monitor(await boss.call("121"))
    await asyncio.sleep(1)
    ear = phone.ear()
    both.kill(other)
    await both.gone(other)
    boss = await both.at(owner, "max1")
    assert (await boss.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"
    await boss.switch(monitor, "whisper")
    await boss.switch(monitor, "silent")
    await asyncio.sleep(0.5)
    assert longest_gap(phone.heard(ear), VOICES["221"]) <= 0.2
    await boss.delete(f"/monitors/{monitor['id']}")


async def test_an_owner_that_is_stopped_cleanly_hands_over(both: Adapters) -> None:
    """SIGTERM, as at an upgrade: another adapter has its PBX, and new clicks work there."""
    owner, other = await both.apart("pbx1")
    await both.talk("221", "121")
    await both.phone("321")
    boss = await both.at(other, "max1")
    await boss.call("121")
    both.kill(owner, signal.SIGTERM)
    admin = await both.at(other, "admin")
    end = time.monotonic() + SOON
    while await both.owner_of("pbx1", admin) != other:
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    await both.all_owned(admin)
    monitor = await boss.monitor(await boss.call("121"), "whisper")
    assert (await boss.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await both.gone(owner)
