"""Two installations at one Asterisk: each leaves the other's legs alone, and takes them for no calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapter.lab import people
from adapter.lab.ports import free_port
from adapter.lab.run import adapter_conf, ready
from tests.support.cheap import cheap_hashes
from tests.support.client import Client
from tests.support.forkserver import ForkedAdapter
from tests.support.lab import Lab, assert_hears, listen

TOLD = "legs of another installation are at this PBX"


@asynccontextmanager
async def another(lab: Lab) -> AsyncIterator[tuple[str, Path]]:
    """A second installation with a database of its own: where it listens, and its log."""
    folder, port = lab.folder / "another", free_port()
    folder.mkdir()
    conf = adapter_conf(folder, lab.pbx, port)
    with cheap_hashes():
        await people.seed(conf)
    adapter = ForkedAdapter(conf, folder / "adapter.log")
    try:
        await adapter.start()
        assert await ready(port, asyncio.Event())
        yield f"http://127.0.0.1:{port}", folder / "adapter.log"
    finally:
        await adapter.stop()


async def test_each_leaves_the_others_legs_alone(own: Lab) -> None:
    customer, agent = await own.talk("201", "103")
    await own.phones("301", "302")
    mona = await own.client("mona")
    first = await mona.monitor(await mona.call("103"), "barge")
    async with another(own) as (base, log):
        admin = await Client(base).sign_in("admin", people.password("admin"))
        (call,) = await admin.calls()
        assert call["agent"]["extension"] == "103"
        second = await admin.monitor(call, "barge")
        await asyncio.sleep(7)  # a look of each watchdog, and the second look that a repair needs
        expected = {"p201": {"103", "301", "302"}, "p103": {"201", "301", "302"}}
        assert_hears(await listen(customer, agent), **expected)
        for client, monitor in ((mona, first), (admin, second)):
            assert (await client.get(f"/monitors/{monitor['id']}"))[1]["mode"] == "barge"
            assert len((await client.get("/monitors"))[1]["monitors"]) == 1
            assert len(await client.calls()) == 1
        assert (await admin.delete(f"/monitors/{second['id']}"))[0] == 204
        third = await admin.monitor(call)
        assert (await admin.delete(f"/monitors/{third['id']}"))[0] == 204
        await admin.close()
        assert log.read_text().count(TOLD) == 1
    assert (await mona.get(f"/monitors/{first['id']}"))[1]["state"] == "live"  # the other stopped
    assert (own.folder / "adapter.log").read_text().count(TOLD) == 1
    await mona.switch(first, "silent")
    assert_hears(await listen(customer, agent), p201={"103"}, p103={"201"})
