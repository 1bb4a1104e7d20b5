"""Pausing monitoring of a call between two PBXes: supervisors at either end hear nothing, and hear again."""

import asyncio
import time

from tests.support.client import Client, Json
from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen


async def shielded(client: Client, monitor: Json, *, wanted: bool, deadline: float = 30) -> None:
    """Until this leg is where it hears nothing, or hears again."""
    end = time.monotonic() + deadline
    while True:
        one = (await client.get(f"/monitors/{monitor['id']}"))[1]
        if one["shielded"] is wanted and (wanted or one["audible"]):
            return
        assert time.monotonic() < end, one
        await asyncio.sleep(0.05)


async def test_both_ends_of_a_call_over_a_trunk_are_paused(pair: Several) -> None:
    here, there = await pair.talk("101", "121")
    names = {"mona": ("302", "101"), "admin": ("301", "101"), "max1": ("321", "121")}
    phones = [await pair.phone(phone, "auto") for phone, _ in names.values()]
    clients = {name: await pair.client(name) for name in names}
    sam = await pair.client("sam")
    monitors = {}
    for name, (_, agent) in names.items():
        monitors[name] = await clients[name].monitor(await clients[name].call(agent))
    both = {"101", "121"}
    talk = {"p101": {"121"}, "p121": {"101"}}
    assert_hears(await listen(here, there, *phones), p302=both, p301=both, p321=both, **talk)
    call = await sam.call("101", state=None)
    status, answer = await sam.post(f"/calls/{call['id']}/shield", {"seconds": 60})
    assert status == 200, answer
    silence: set[str] = set()
    assert_hears(await listen(here, there, *phones), p302=silence, p301=silence, p321=silence, **talk)
    for name, client in clients.items():
        await shielded(client, monitors[name], wanted=True)
    assert (await sam.delete(f"/calls/{call['id']}/shield"))[0] == 204
    for name, client in clients.items():
        await shielded(client, monitors[name], wanted=False)
    assert_hears(await listen(here, there, *phones), p302=both, p301=both, p321=both, **talk)
