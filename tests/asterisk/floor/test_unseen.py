"""A supervisor listens at a phone that takes calls from queues: Asterisk says that it is in use, we say nothing."""

import asyncio

from tests.asterisk.faults.support import command
from tests.asterisk.floor.support import Floor, agree, state_of, truth
from tests.support.lab import Lab


async def test_who_listens_at_their_own_phone_is_free_for_everybody(own: Lab) -> None:
    await command(own, "user", "grant", "lee")
    await own.talk("201", "101")
    await own.phone("103")
    admin, lee = await own.client("admin"), await own.client("lee")
    floor = await Floor.of(admin)
    await state_of(own, admin, "103", "available", floor)
    before = [(await admin.get(path))[1] for path in ("/agents", "/queues")]
    mark = len(floor.stream.events)
    monitor = await lee.monitor(await lee.call("101"))
    assert monitor["mode"] == "silent"
    told = await truth(own)
    assert told.devices["PJSIP/103"] == "INUSE", "otherwise this shows nothing"
    await asyncio.sleep(2.5)  # queues are asked for again meanwhile
    assert [(await admin.get(path))[1] for path in ("/agents", "/queues")] == before
    assert (await lee.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await agree(own, admin, floor)
    assert [(await admin.get(path))[1] for path in ("/agents", "/queues")] == before
    assert not [kind for kind in floor.stream.kinds(mark) if kind.startswith(("agent.", "queue."))]
