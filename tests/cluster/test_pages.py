"""The page as a phone through any adapter: its leg is the PBX's owner's, and lives through the owner's death."""

import asyncio
import time

from adapter.phones.browser import Softphone
from tests.support.client import Client, Json
from tests.support.endpoints import Memory
from tests.support.several import Adapter, Several, cluster_url, server, several
from tests.support.waiting import until

__all__ = ["cluster_url", "server", "several"]


async def page_at(adapter: Adapter, client: Client, pbx: str) -> Softphone:
    """This person's page is a phone at that PBX, through this adapter."""
    status, told = await client.post(f"/softphone?pbx={pbx}", None)
    assert (status, told["pbx"]) == (200, pbx)
    pages = adapter.service.page_phones
    assert pages is not None
    phones = pages.phones_at(pbx)
    (phone,) = (phone for phone in phones._phones.values() if phone.endpoint == told["endpoint"])
    phones.connected(phone, lambda: None)
    return phone


async def listens(several: Several, client: Client) -> Json:
    call = await client.call("101")
    status, monitor = await client.post("/monitors", {"call_id": call["id"], "device": "browser"})
    assert (status, monitor["device"]) == (201, "browser"), monitor
    await becomes(client, monitor, state="live")
    return monitor


def made_at(several: Several, pbx: str) -> list[str]:
    endpoints = several.pbxes[pbx].endpoints
    assert isinstance(endpoints, Memory)
    return [name for name in endpoints.there if name.startswith("cm-web-") and name.count("-") == 4]


async def becomes(client: Client, monitor: Json, **wanted: str) -> None:
    """Wait until the monitor is so."""
    end = time.monotonic() + 30
    while True:
        _, told = await client.get(f"/monitors/{monitor['id']}")
        if all(told.get(name) == value for name, value in wanted.items()):
            return
        assert time.monotonic() < end, str(told)
        await asyncio.sleep(0.05)


async def test_a_page_is_a_phone_at_a_pbx_that_another_adapter_looks_after(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    mona = await south.client("mona")
    phone = await page_at(south, mona, "north")
    assert made_at(several, "north") == [phone.endpoint]
    monitor = await listens(several, mona)
    (leg,) = several.pbxes["north"].legs.values()
    assert leg.device == phone.device
    there = await north.client("admin")
    assert (await there.get(f"/monitors/{monitor['id']}"))[1]["state"] == "live"
    pages = south.service.page_phones
    assert pages is not None
    assert phone.hang_up is not None
    pages.phones_at("north").disconnected(phone, phone.hang_up)
    await becomes(there, monitor, ended_reason="supervisor_hung_up")


async def test_the_owner_dies_and_the_page_goes_on_listening(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    mona = await south.client("mona")
    phone = await page_at(south, mona, "north")
    monitor = await listens(several, mona)
    admin = await south.client("admin")
    end = time.monotonic() + 30
    while not any(one["action"] == "monitor.started" for one in (await admin.get("/audit"))[1]["entries"]):
        assert time.monotonic() < end, "it is not written"
        await asyncio.sleep(0.05)
    (leg,) = several.pbxes["north"].legs
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took over", 20)
    await becomes(mona, monitor, state="live")
    assert made_at(several, "north") == [phone.endpoint]
    assert several.pbxes["north"].legs.keys() == {leg}, "the same leg"


async def test_the_pages_adapter_dies_and_what_it_served_ends(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    mona = await south.client("mona")
    await page_at(south, mona, "north")
    monitor = await listens(several, mona)
    there = await north.client("admin")
    await south.die()
    await becomes(there, monitor, ended_reason="supervisor_hung_up")
    await until(lambda: not made_at(several, "north"), "the dead adapter's page can still be rung")
