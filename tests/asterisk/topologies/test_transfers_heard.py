"""Whom the agent talks with changes under a monitor: both sides are heard all the same, and each mode reaches whom it
says. By sound, and several times in a row: it is a matter of chance (RTP sequence numbers) where it goes wrong."""

import asyncio
import time

import pytest

from tests.support.client import Client, Json
from tests.support.flows import keys
from tests.support.lab import Lab, assert_hears, listen


async def attached(admin: Client, monitor: Json) -> None:
    """Wait until what the mode promises can be heard."""
    end = time.monotonic() + 30
    while not (await admin.get(f"/monitors/{monitor['id']}"))[1]["audible"]:
        assert time.monotonic() < end, "it never attached anew"
        await asyncio.sleep(0.02)


@pytest.mark.timeout(180)
async def test_transfers_in_a_row(own: Lab) -> None:
    await transferred(own, 7)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_sixty_transfers_in_a_row(own: Lab) -> None:
    await transferred(own, 60)


async def transferred(own: Lab, times: int) -> None:
    """102, who talks with 101, sends them to 103, who sends them to 104, and so on; two supervisors listen to 101.

    Two, because the second one's audiohook would keep alive what the first one's fresh attachment is to end.
    """
    others = ("102", "103", "104")
    await own.phones("101", "301", "302", *others)
    _, agent = await own.talk("102", "101")
    supervisor, admin = own.known("301"), await own.client("admin")
    second, mona = own.known("302"), await own.client("mona")
    monitor = await admin.monitor(await admin.call("101"))
    beside = await mona.monitor(await mona.call("101"))
    wrong: list[str] = []
    for number in range(times):
        now, then = own.known(others[number % 3]), own.known(others[(number + 1) % 3])
        mark = then.mark()
        await now.transfer(then.number)
        await then.seen("CALL_ESTABLISHED", mark)
        await attached(admin, monitor)
        await attached(mona, beside)
        both = {"101", then.number}
        try:
            assert_hears(await listen(agent, supervisor, second), p101={then.number}, p301=both, p302=both)
            mode = ("whisper", "barge")[number % 2]
            await admin.switch(monitor, mode)
            heard = await listen(agent, then, supervisor)
            hears = {"101", "301"} if mode == "barge" else {"101"}
            assert_hears({"x": heard[then.number]}, px=hears)
            assert_hears(heard, p101={then.number, "301"}, p301=both)
        except AssertionError as problem:
            wrong.append(f"{number}: {problem}")
        if number % 3:  # a transfer in silence and one in a talk
            await admin.switch(monitor, "silent")
    assert not wrong


@pytest.mark.parametrize("how", ["consultation", "keys"])
async def test_after_a_transfer_by_feature_codes_both_are_heard(lab: Lab, how: str) -> None:
    """*2, and its end; ## by the other party. The supervisor was there before, silent."""
    await lab.phones("103", "301")
    other, agent = await lab.talk("102", "101")
    supervisor, admin = lab.known("301"), await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    third = lab.known("103")
    mark = third.mark()
    await keys(other, "*2103" if how == "consultation" else "##103")
    await third.seen("CALL_ESTABLISHED", mark)
    if how == "consultation":
        await other.hangup()
    await asyncio.sleep(0.3)
    await attached(admin, monitor)
    assert_hears(await listen(agent, third, supervisor), p101={"103"}, p103={"101"}, p301={"101", "103"})
    await admin.switch(monitor, "whisper")
    heard = await listen(agent, third, supervisor)
    assert_hears(heard, p101={"103", "301"}, p103={"101"}, p301={"101", "103"})
    await admin.switch(monitor, "barge")
    heard = await listen(agent, third, supervisor)
    assert_hears(heard, p101={"103", "301"}, p103={"101", "301"}, p301={"101", "103"})
