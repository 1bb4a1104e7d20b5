"""The adapter killed and stopped for real: calls and monitors go on, and are taken up again."""

import asyncio
import itertools
import random
import time

import aiohttp
import pytest

from adapter.lab.phones import Phone
from tests.asterisk.faults.support import channels, command, killed, legs, no_legs, told, until_mode
from tests.support.client import Client
from tests.support.lab import Lab, assert_hears, listen


async def test_a_call_that_was_up_before_the_adapter_started_keeps_its_id(own: Lab) -> None:
    await own.talk("201", "101")
    admin = await own.client("admin")
    before = await admin.call("101")
    await own.adapter.stop()
    await own.start_adapter()
    after = await admin.call("101")
    for field in ("id", "conversation_id", "agent", "customer", "direction", "state", "barge_reaches_customer"):
        assert after[field] == before[field], field


async def test_a_clean_stop_ends_monitors_and_says_so_after_the_restart(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await own.adapter.stop()
    assert await legs(own) == []
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"


HEARD = {
    "silent": {"p101": {"201"}, "p201": {"101"}},
    "whisper": {"p101": {"201", "301"}, "p201": {"101"}},
    "barge": {"p101": {"201", "301"}, "p201": {"101", "301"}},
}


def heard(mode: str, phone: str) -> dict[str, set[str]]:
    """Who hears whom, with this phone as the supervisor's."""
    there = {key: {phone if who == "301" else who for who in speakers} for key, speakers in HEARD[mode].items()}
    return {**there, f"p{phone}": {"101", "201"}}


async def taken_up_again(own: Lab, admin: Client, phone: str, mode: str, after: str) -> None:
    """A monitor of this mode is the same one after a kill, and in the mode that it is to have then."""
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone(phone)
    rang = supervisor.rang()
    monitor = await admin.monitor(await admin.call("101"), mode)
    await killed(own)
    everyone = (customer, agent, supervisor)
    assert_hears(await listen(*everyone), **heard(mode, phone))  # calls and monitors go on without the adapter
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["state"], again["mode"], again["started_at"]) == ("live", after, monitor["started_at"])
    assert_hears(await listen(*everyone), **heard(after, phone))
    if mode != after:
        entries = (await admin.get("/audit?action=monitor.mode_changed&limit=1"))[1]["entries"]
        assert [(row["mode"], row["reason"], row["actor"]) for row in entries] == [(after, "made_safe", "system")]
    await admin.switch(monitor, "whisper")
    await admin.switch(monitor, "silent")
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    assert supervisor.rang() == rang + 1
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert await told(await own.client("admin"), monitor, "monitor.started") == 1


@pytest.mark.parametrize("mode", ["silent", "whisper", "barge"])
async def test_a_killed_adapter_takes_a_leg_with_keypad_up_in_silence(own: Lab, mode: str) -> None:
    """A key may have been pressed meanwhile, also one that closed the microphone."""
    await taken_up_again(own, await own.client("admin"), "301", mode, "silent")


@pytest.mark.usefixtures("mona_again")
@pytest.mark.parametrize("mode", ["silent", "whisper"])
async def test_a_killed_adapter_takes_a_leg_without_keypad_up_as_it_is(own: Lab, mode: str) -> None:
    """Mona may not barge, so no key can have changed what her leg does."""
    admin, mona = await own.client("admin"), await own.client("mona")
    await admin.patch(f"/users/{mona.user['id']}", {"modes": ["silent", "whisper"]})
    await taken_up_again(own, mona, "302", mode, mode)


async def test_killed_in_the_moment_of_going_live(own: Lab) -> None:
    """What was confirmed may not be recorded yet: the leg is taken up all the same, and in silence."""
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    stream, call = await admin.events(), await admin.call("101")
    _, monitor = await admin.post("/monitors", {"call_id": call["id"], "mode": "barge"})
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert again["state"] == "live"
    assert_hears(await listen(customer, agent), **HEARD[again["mode"]])
    assert await told(admin, monitor, "monitor.started") == 1


async def test_a_clean_stop_leaves_monitors_running_where_the_setting_says_so(own: Lab) -> None:
    await own.adapter.stop()
    own.conf.write_text(own.conf.read_text().replace("[monitoring]", '[monitoring]\non_stop = "leave"'))
    await own.start_adapter()
    customer, agent = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    await own.adapter.stop()
    assert len(await legs(own)) == 1
    await own.start_adapter()
    again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
    assert (again["state"], again["mode"]) == ("live", "silent"), "a key may have been pressed meanwhile"
    assert_hears(await listen(customer, agent), **HEARD["silent"])


async def test_a_key_pressed_while_the_adapter_was_dead_is_undone(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await killed(own)
    await supervisor.dtmf("6")
    assert_hears(await listen(customer, agent), p101={"201", "301"}, p201={"101", "301"})
    await own.start_adapter()
    await until_mode(admin, monitor, "silent")
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})


async def test_a_microphone_closed_by_key_while_the_adapter_was_dead_stays_closed(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await killed(own)
    await supervisor.dtmf("4")
    assert_hears(await listen(customer, agent), **HEARD["silent"])
    await own.start_adapter()
    assert_hears(await listen(customer, agent), **HEARD["silent"])
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "silent"


async def test_a_talk_whose_listeners_changed_while_the_adapter_was_dead_is_silent(own: Lab) -> None:
    customer, agent = await own.talk("201", "101")
    other, supervisor = await own.phones("102", "301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    await killed(own)
    mark = other.mark()
    await customer.transfer("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await own.start_adapter()
    await until_mode(admin, monitor, "silent")
    assert_hears(await listen(agent, other), p101={"102"}, p102={"101"})
    await admin.switch(monitor, "barge")
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102", "301"}, p102={"101", "301"})


@pytest.mark.usefixtures("mona_again")
async def test_who_lost_the_right_while_the_adapter_was_dead_is_hung_up(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("302")
    mona, admin = await own.client("mona"), await own.client("admin")
    monitor = await mona.monitor(await mona.call("101"), "whisper")
    await killed(own)
    await command(own, "user", "revoke", "mona")
    await own.start_adapter()
    await no_legs(own)
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "permission_revoked"


async def test_a_monitor_that_ended_while_the_adapter_was_dead(own: Lab) -> None:
    customer, _ = await own.talk("201", "101")
    await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await killed(own)
    await customer.hangup()
    await own.start_adapter()
    assert (await admin.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "adapter_stopped"
    assert (await admin.get("/monitors"))[1]["monitors"] == []


@pytest.mark.usefixtures("mona_again")
async def test_changes_on_the_command_line_act_at_once(own: Lab) -> None:
    await own.talk("201", "101")
    await own.phone("302")
    mona = await own.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    await command(own, "user", "revoke", "mona")
    await no_legs(own)
    admin = await own.client("admin")
    assert (await admin.until_ended(monitor))["ended_reason"] == "permission_revoked"


async def test_killed_at_any_moment_of_switching(own: Lab) -> None:
    await killed_while_switching(own, 3)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_killed_thirty_times_while_switching(own: Lab) -> None:
    await killed_while_switching(own, 30)


async def killed_while_switching(own: Lab, times: int) -> None:
    """What is shown after each restart is what is heard, and the phone is never dialled again."""
    customer, agent = await own.talk("201", "101")
    supervisor = await own.phone("301")
    admin = await own.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    rang, chance = supervisor.rang(), random.Random(times)

    async def click() -> None:
        for mode in itertools.cycle(("whisper", "barge", "silent")):
            try:
                await admin.patch(f"/monitors/{monitor['id']}", {"mode": mode})
            except aiohttp.ClientError:
                return

    for _ in range(times):
        clicking = asyncio.gather(click())
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        assert own.adapter.process is not None
        own.adapter.process.kill()
        await asyncio.gather(own.adapter.process.wait(), clicking)
        await own.start_adapter()
        again = (await admin.get(f"/monitors/{monitor['id']}"))[1]
        assert again["state"] == "live"
        assert_hears(await listen(customer, agent), **HEARD[again["mode"]])
    assert supervisor.rang() == rang
    assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204


async def stray(lab: Lab, number: str, target: str, name: str) -> None:
    """A phone is sent into the monitor dialplan by somebody else than the adapter."""
    where = {"context": "call-monitor", "extension": "barge-keypad", "priority": 1}
    what = {"endpoint": f"PJSIP/{number}", "channelId": name, **where, "variables": {"CM_TARGET": target}}
    login = {"Authorization": aiohttp.encode_basic_auth(lab.pbx.username, lab.pbx.ari_secret)}
    url = f"{lab.pbx.ari_url}/channels"
    async with aiohttp.ClientSession(headers=login) as http, http.post(url, json=what) as answer:
        assert answer.status == 200, await answer.text()


async def agents_uniqueid(lab: Lab) -> str:
    """The uniqueid of 101's channel, as Asterisk's own command line tells it."""
    return next(uniqueid for uniqueid, name in (await channels(lab)).items() if name.startswith("PJSIP/101-"))


async def gone(lab: Lab, name: str, phone: Phone, mark: int) -> None:
    """Wait until Asterisk has no channel of this name, and what the phone has heard of it since the mark is over.

    A leg that is hung up as soon as it appears may be gone before its phone was rung: then there is nothing to close.
    """
    end = time.monotonic() + 15
    while name in await channels(lab):
        assert time.monotonic() < end, f"{name} is still there"
        await asyncio.sleep(0.05)
    if phone.mark() > mark:
        await phone.seen("CALL_CLOSED", mark)


@pytest.mark.parametrize("name", ["cm-stray", "stray", f"cm-{'0' * 31}"])
async def test_a_leg_that_belongs_to_nobody_is_hung_up(own: Lab, name: str) -> None:
    """While the adapter runs, and when it finds one at its start."""
    customer, agent = await own.talk("201", "101")
    phone = await own.phone("301", "auto")
    target, admin, mark = await agents_uniqueid(own), await own.client("admin"), phone.mark()
    await stray(own, "301", target, name)
    await gone(own, name, phone, mark)
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
    assert (await admin.get("/monitors"))[1]["monitors"] == []
    await own.adapter.stop()
    mark = phone.mark()
    await stray(own, "301", target, f"{name}-2")
    await phone.seen("CALL_ESTABLISHED", mark)
    assert f"{name}-2" in await channels(own)
    await own.start_adapter()
    await gone(own, f"{name}-2", phone, mark)
    assert_hears(await listen(customer, agent), p101={"201"}, p201={"101"})
