"""Pausing monitoring at a real Asterisk: what the supervisor hears, and who hears the supervisor, before and after."""

import asyncio
import random
import sqlite3
import time
from pathlib import Path

import pytest

from adapter.asterisk import tones
from tests.asterisk.faults.support import no_legs
from tests.support.client import Client, Json
from tests.support.flows import keys
from tests.support.lab import QUIET, TONES, Lab, assert_hears, listen


async def pause(who: Client, call: Json, **body: object) -> Json:
    """Pause monitoring of this call."""
    status, answer = await who.post(f"/calls/{call['id']}/shield", body)
    assert status == 200, answer
    return answer


async def resume(who: Client, call: Json) -> None:
    """Resume it."""
    assert await who.delete(f"/calls/{call['id']}/shield") == (204, {})


async def seen(client: Client, monitor: Json, *, shielded: bool, deadline: float = 30) -> Json:
    """The monitor, once its leg is where it hears nothing, or hears again."""
    end = time.monotonic() + deadline
    while True:
        one: Json = (await client.get(f"/monitors/{monitor['id']}"))[1]
        if one["shielded"] is shielded and (shielded or one["audible"]):
            return one
        assert time.monotonic() < end, one
        await asyncio.sleep(0.05)


async def shown(client: Client, agent: str, *, paused: bool, deadline: float = 30) -> Json:
    """The call of this agent, once it says that monitoring is paused, or no longer."""
    end = time.monotonic() + deadline
    while True:
        one = await client.call(agent, state=None)
        if (one["shielded_until"] is not None) is paused:
            return one
        assert time.monotonic() < end, one
        await asyncio.sleep(0.05)


async def test_nothing_is_heard_while_it_lasts_and_afterwards_silently(lab: Lab) -> None:
    customer, sam = await lab.talk("201", "101")
    supervisor = await lab.phone("302")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    monitor = await mona.monitor(call, "whisper")
    everyone = (customer, sam, supervisor)
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201", "302"}, p302={"101", "201"})
    answer = await pause(agent, call, seconds=60, reason="Card number")
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302=set())
    shielded = (await mona.get(f"/monitors/{monitor['id']}"))[1]
    assert (shielded["shielded"], shielded["mode"], shielded["state"]) == (True, "silent", "live")
    assert (await mona.call("101"))["shielded_until"] == answer["shielded_until"]
    for answered in (
        await mona.patch(f"/monitors/{monitor['id']}", {"mode": "barge"}),
        await mona.post(f"/monitors/{monitor['id']}/takeover", {}),
        await (await lab.client("admin")).post("/monitors", {"agent_extension": "101"}),
    ):
        assert (answered[0], answered[1]["code"]) == (409, "shielded")
    for key in "56":
        await supervisor.dtmf(key)
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302=set())
    await resume(agent, call)
    again = await seen(mona, monitor, shielded=False)
    assert again["mode"] == "silent"
    assert_hears(await listen(*everyone), p201={"101"}, p101={"201"}, p302={"101", "201"})
    await mona.switch(monitor, "barge")
    assert_hears(await listen(*everyone), p201={"101", "302"}, p101={"201", "302"})


async def test_its_time_ends_it_and_a_phone_that_rings_is_hung_up(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.phone("301", "manual")
    supervisor = await lab.phone("302")
    agent, mona, admin = [await lab.client(name) for name in ("sam", "mona", "admin")]
    call = await mona.call("101")
    monitor = await mona.monitor(call, "barge")
    status, rings = await admin.post("/monitors", {"agent_extension": "101"})
    assert status == 201
    await pause(agent, call, seconds=4)
    assert (await admin.get(f"/monitors/{rings['id']}"))[1]["ended_reason"] == "shielded"
    assert_hears(await listen(supervisor), p302=set())
    assert (await seen(mona, monitor, shielded=False))["mode"] == "silent"
    assert (await shown(agent, "101", paused=False))["id"] == call["id"]
    assert_hears(await listen(supervisor), p302={"101", "201"})


async def test_a_desk_phone_pauses_with_its_code_and_a_star_code_leg_is_moved(lab: Lab) -> None:
    customer, sam = await lab.talk("201", "101")
    supervisor = await lab.phone("302")
    mona, agent = await lab.client("mona"), await lab.client("sam")
    call = await mona.call("101")
    await supervisor.dial("*57101")
    end = time.monotonic() + 30
    while not (running := [one for one in (await mona.get("/monitors"))[1]["monitors"] if one["state"] == "live"]):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    (monitor,) = running
    assert_hears(await listen(customer, sam), p201={"101", "302"}, p101={"201", "302"})
    await keys(sam, "*3")
    await seen(mona, monitor, shielded=True)
    assert (await shown(agent, "101", paused=True))["id"] == call["id"]
    await asyncio.sleep(1.5)  # the beep
    assert_hears(await listen(customer, sam, supervisor), p201={"101"}, p101={"201"}, p302=set())
    other = await lab.phone("301")
    mark = other.mark()
    await other.dial("*55101")
    await other.seen("CALL_CLOSED", mark)
    assert len((await mona.get("/monitors"))[1]["monitors"]) == 1, "a star code is refused meanwhile"
    await keys(sam, "*3")
    await shown(agent, "101", paused=False)
    await seen(mona, monitor, shielded=False)
    await asyncio.sleep(2)  # the beeps
    assert_hears(await listen(customer, sam, supervisor), p201={"101"}, p101={"201"}, p302={"101", "201"})


async def test_the_customer_can_not_pause_it(lab: Lab) -> None:
    customer, _ = await lab.talk("201", "101")
    mona = await lab.client("mona")
    await mona.call("101")
    await keys(customer, "*3")
    await asyncio.sleep(2)
    assert (await mona.call("101"))["shielded_until"] is None


async def test_it_holds_through_a_transfer(lab: Lab) -> None:
    """Sam pauses, and sends the customer on to Ana: nobody may listen to her either, until it is over."""
    customer, sam = await lab.talk("201", "101")
    ana = await lab.phone("102")
    supervisor = await lab.phone("302")
    agent, mona = await lab.client("sam"), await lab.client("mona")
    call = await mona.call("101")
    await mona.monitor(call, "whisper")
    answer = await pause(agent, call, seconds=120)
    mark = ana.mark()
    await sam.transfer("102")
    await ana.seen("CALL_ESTABLISHED", mark)
    there = await shown(mona, "102", paused=True)
    assert there["shielded_until"] == answer["shielded_until"]
    await no_legs(lab)
    status, problem = await mona.post("/monitors", {"call_id": there["id"]})
    assert (status, problem["code"]) == (409, "shielded")
    assert_hears(await listen(customer, ana), p201={"102"}, p102={"201"})
    theirs = await lab.client("ana")
    await resume(theirs, there)
    monitor = await mona.monitor(await mona.call("102"))
    assert_hears(await listen(supervisor), p302={"102", "201"})
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204


async def test_recordings_of_the_operators_are_silent_too(own: Lab) -> None:
    """Both legs' recordings, begun before: the setting has them muted, and they go on afterwards."""
    await own.adapter.stop()
    own.conf.write_text(own.conf.read_text().replace("[coaching]\n", "[coaching]\nshield_pauses_recordings = true\n"))
    await own.start_adapter()
    await own.talk("201", "101")
    files = {number: own.folder / f"recorded-{number}.wav" for number in ("101", "201")}
    for number, file in files.items():
        lines = (await own.pbx.cli("core show channels concise")).splitlines()
        (name,) = [line.partition("!")[0] for line in lines if f"/{number}-" in line]
        await own.pbx.cli(f"mixmonitor start {name} {file}")
    agent = await own.client("sam")
    call = await agent.call("101")
    end = time.monotonic() + 30
    while any(level(file, 0, recorded(file), voice) < 10 * QUIET for file in files.values() for voice in files):
        assert time.monotonic() < end, "recorded before"
        await asyncio.sleep(0.2)
    await pause(agent, call)
    start = {number: recorded(file) for number, file in files.items()}
    await asyncio.sleep(3)
    stop = {number: recorded(file) for number, file in files.items()}
    await resume(agent, call)
    await asyncio.sleep(1)
    after = {number: recorded(file) for number, file in files.items()}
    await asyncio.sleep(2.5)
    for number, file in files.items():
        for voice in files:
            assert level(file, start[number] + 8000, stop[number], voice) < QUIET, "silent while it is paused"
            assert level(file, after[number], recorded(file), voice) > 10 * QUIET, "and afterwards again"


def recorded(file: Path) -> int:
    """Bytes of sound in a recording that goes on."""
    return max(0, file.stat().st_size - 44) if file.exists() else 0


def level(file: Path, start: int, stop: int, voice: str) -> float:
    """How loud a voice is in a part of a recording."""
    sound = file.read_bytes()[44:][start // 2 * 2 : stop // 2 * 2]
    return tones.levels(sound, [TONES[voice]])[TONES[voice]]


# --- the adapter dies


async def kill(lab: Lab) -> None:
    """SIGKILL, now."""
    await lab.close_clients()
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()


async def test_a_new_run_knows_it_from_asterisk_alone(own: Lab) -> None:
    """Killed, and nothing of it is in the database: as if it had been away all the while."""
    await own.talk("201", "101")
    supervisor = await own.phone("302")
    agent, mona = await own.client("sam"), await own.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    answer = await pause(agent, await agent.call("101"), seconds=300)
    await kill(own)
    with sqlite3.connect(own.folder / "adapter.sqlite") as database:
        assert database.execute("DELETE FROM shields").rowcount == 1
    database.close()
    assert_hears(await listen(supervisor), p302=set())
    await own.start_adapter()
    agent, mona = await own.client("sam"), await own.client("mona")
    call = await shown(mona, "101", paused=True)
    assert abs(seconds_of(call["shielded_until"]) - seconds_of(answer["shielded_until"])) <= 1
    await seen(mona, monitor, shielded=True)
    assert_hears(await listen(supervisor), p302=set())
    await resume(agent, call)
    await seen(mona, monitor, shielded=False)
    assert_hears(await listen(supervisor), p302={"101", "201"})


def seconds_of(text: str) -> int:
    """The seconds within an hour."""
    return int(text[14:16]) * 60 + int(text[17:19])


async def killed_at_random(own: Lab, times: int, seed: int) -> None:
    """The agent pauses and resumes while a supervisor barges; the adapter is killed at any moment of it.

    From a 200 to the next resume, whatever dies in between, neither hears the other.
    """
    chance = random.Random(seed)
    _, sam = await own.talk("201", "101")
    supervisor = await own.phone("302")
    for _ in range(times):
        agent, mona = await own.client("sam"), await own.client("mona")
        call = await agent.call("101", state=None)
        if call["shielded_until"] is not None:
            await resume(agent, call)
        running = (await mona.get("/monitors"))[1]["monitors"]
        monitor = running[0] if running else await mona.monitor(await mona.call("101"), "whisper")
        await seen(mona, monitor, shielded=False)
        await mona.switch(monitor, chance.choice(["whisper", "barge", "silent"]))
        asked = asyncio.ensure_future(agent.post(f"/calls/{call['id']}/shield", {"seconds": 600}))
        paused = chance.random() < 0.5
        if paused:
            assert (await asked)[0] == 200
        else:
            await asyncio.sleep(chance.uniform(0, 0.3))
        await kill(own)
        await asyncio.gather(asked, return_exceptions=True)
        if paused:
            assert_hears(await listen(supervisor, sam), p302=set(), p101={"201"})
        await own.start_adapter()
        if paused:
            mona = await own.client("mona")
            await shown(mona, "101", paused=True)
            assert_hears(await listen(supervisor, sam), p302=set(), p101={"201"})


@pytest.mark.timeout(240)
async def test_killed_at_random_moments(own: Lab) -> None:
    await killed_at_random(own, 5, seed=random.SystemRandom().randrange(1_000_000))


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_a_hundred_times(own: Lab) -> None:
    own.seconds = 1800
    await killed_at_random(own, 100, seed=random.SystemRandom().randrange(1_000_000))
