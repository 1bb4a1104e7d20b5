"""What the tests of call flows say often: who is shown, and the adapter's death in the middle of it."""

import asyncio
import re
import signal
import time
from typing import Any

from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def shown(admin: Client, agent: str, number: str, direction: str, state: str = "active") -> Json:
    """The agent's call, once it is with this customer, in this direction and state; and no other call of theirs."""
    end, found = time.monotonic() + 30, list[Json]()
    while time.monotonic() < end:
        found = [call for call in await admin.calls() if call["agent"]["extension"] == agent]
        told = [(call["customer"]["number"], call["direction"], call["state"]) for call in found]
        if told == [(number, direction, state)]:
            return found[0]
        await asyncio.sleep(0.05)
    raise AssertionError(f"{agent} is not {state} with {number}, {direction}: {found}")


async def free(lab: Lab, *agents: str) -> None:
    """Of the queues' members only these are there, and Asterisk knows that: a moment after they have registered.

    Another test's phone would answer instead, and a queue rings only those who are free when an attempt begins.
    """
    for other in {"101", "102", "103", "104"} - {*agents}:
        await lab.unregister(other)
    end = time.monotonic() + 30
    while True:
        told = await lab.pbx.cli("queue show agents")
        if all(re.search(rf"PJSIP/{agent}\b.*Not in use", told) for agent in agents):
            return
        assert time.monotonic() < end, told
        await asyncio.sleep(0.05)


async def no_call_of(admin: Client, *agents: str) -> None:
    """These agents have no call, at once and a moment later."""
    end = time.monotonic() + 30
    while found := [call for call in await admin.calls() if call["agent"]["extension"] in agents]:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert not [call for call in await admin.calls() if call["agent"]["extension"] in agents]


def facts(call: Json) -> Json:
    """What a restart must not change. Times are Asterisk's, in whole seconds, when they are read again."""
    kept: dict[str, Any] = {name: call[name] for name in ("id", "conversation_id", "agent", "customer")}
    kept |= {name: call[name] for name in ("direction", "state", "barge_reaches_customer")}
    return {**kept, "monitors": sorted((one["id"], one["mode"], one["state"]) for one in call["monitors"])}


async def same_after_death(lab: Lab, admin: Client) -> None:
    """kill -9 of the adapter: when it is back, every call and every monitor is as it was."""
    before = {call["id"]: facts(call) for call in await admin.calls()}
    assert before
    assert lab.adapter.process is not None
    lab.adapter.process.send_signal(signal.SIGKILL)
    await lab.adapter.process.wait()
    await lab.start_adapter()
    end = time.monotonic() + 30
    after: Json = {}
    while after != before and time.monotonic() < end:
        after = {call["id"]: facts(call) for call in await admin.calls()}
        await asyncio.sleep(0.05)
    assert after == before, f"was {before}, is {after}"


async def only_hear_each_other(lab: Lab, one: str, other: str) -> None:
    """Two phones hear each other and nobody else."""
    heard = await listen(lab.known(one), lab.known(other))
    assert_hears(heard, **{f"p{one}": {other}, f"p{other}": {one}})
