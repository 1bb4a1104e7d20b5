"""`audible` and `barge_reaches_customer` are what they are now: on hold, beside recordings, after a third party."""

import asyncio
import time

from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def until_monitor(admin: Client, monitor: Json, **wanted: object) -> None:
    """Wait until the monitor is so."""
    await _until(admin, f"/monitors/{monitor['id']}", wanted)


async def until_call(admin: Client, call: Json, **wanted: object) -> None:
    """Wait until the call is so."""
    await _until(admin, f"/calls/{call['id']}", wanted)


async def _until(admin: Client, path: str, wanted: dict[str, object]) -> None:
    end = time.monotonic() + 30
    while (now := (await admin.get(path))[1]) | wanted != now:
        assert time.monotonic() < end, now
        await asyncio.sleep(0.05)


async def channel_of(lab: Lab, number: str) -> str:
    """The name of a phone's channel."""
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    return next(line.partition("!")[0] for line in lines if line.startswith(f"PJSIP/{number}-"))


async def test_while_somebody_holds_nobody_can_be_heard(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")
    monitor = await admin.monitor(call, "whisper")
    await until_monitor(admin, monitor, audible=True)
    for holder in (customer, agent):
        await holder.hold()
        await until_monitor(admin, monitor, audible=False, mode="whisper")
        await until_call(admin, call, state="held")
        await holder.resume()
        await until_monitor(admin, monitor, audible=True, mode="whisper")
    await until_call(admin, call, state="active")


async def test_a_recording_on_the_agents_channel_and_then_a_transfer(lab: Lab) -> None:
    """What was measured: after it half of the attachments hear the agent only, and are heard by nobody."""
    customer, _ = await lab.talk("201", "101")
    other, _ = await lab.phones("102", "301")
    admin = await lab.client("admin")
    await lab.pbx.cli(f"mixmonitor start {await channel_of(lab, '101')} {lab.folder}/recorded.wav")
    monitor = await admin.monitor(await admin.call("101"))
    await until_monitor(admin, monitor, audible=True)
    mark = other.mark()
    await customer.transfer("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await until_monitor(admin, monitor, audible=False)
    await asyncio.sleep(0.5)
    assert not (await admin.get(f"/monitors/{monitor['id']}"))[1]["audible"], "it is claimed all the same"
    await admin.delete(f"/monitors/{monitor['id']}")
    again = await admin.monitor(await admin.call("101"))
    await asyncio.sleep(0.5)
    assert not (await admin.get(f"/monitors/{again['id']}"))[1]["audible"], "a fresh leg meets the same"


async def test_a_recording_on_the_other_channel_hinders_nothing(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    other, supervisor = await lab.phones("102", "301")
    admin = await lab.client("admin")
    await lab.pbx.cli(f"mixmonitor start {await channel_of(lab, '201')} {lab.folder}/recorded.wav")
    monitor = await admin.monitor(await admin.call("101"))
    mark = other.mark()
    await customer.transfer("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await until_monitor(admin, monitor, audible=True)
    await admin.switch(monitor, "whisper")
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102", "301"}, p102={"101"}, p301={"101", "102"})
