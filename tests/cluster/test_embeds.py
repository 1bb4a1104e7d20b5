"""Links for a CRM's page at two adapters: one use altogether, a session that works at either, an end at both."""

import asyncio
from typing import Any

from tests.support.client import Client
from tests.support.several import Adapter, Several, cluster_url, server, several
from tests.support.site import is_problem

__all__ = ["cluster_url", "server", "several"]

ORIGIN = "https://crm.example"


def nobody(adapter: Adapter) -> Client:
    """Somebody who did not sign in there."""
    client = Client(f"http://127.0.0.1:{adapter.listener.port}")
    adapter.clients.append(client)
    return client


async def opened(adapter: Adapter, secret: str) -> tuple[int, dict[str, Any]]:
    """What the frame's page asks first, at this adapter."""
    client = nobody(adapter)
    return await client.post("/embeds/session", {"link": secret, "origin": ORIGIN})


def holding(adapter: Adapter, secret: str) -> Client:
    """A client with this secret."""
    client = nobody(adapter)
    client.http.headers["Authorization"] = f"Bearer {secret}"
    return client


async def test_one_of_two_adapters_opens_a_link_and_either_serves_its_session(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin = await north.client("admin")
    status, token = await admin.post("/tokens", {"name": "crm", "may_act_for": ["mona"]})
    assert status == 201, token
    crm = holding(south, token["token"])
    call = (await (await south.client("admin")).call("101"))["id"]
    body = {"call_id": call, "supervisor": "mona", "origin": ORIGIN}
    for _ in range(5):
        status, made = await crm.post("/embeds", body)
        assert status == 201, made
        secret = made["url"].partition("#")[2]
        answers = await asyncio.gather(*(opened(one, secret) for one in (north, south) * 3))
        assert sorted(status for status, _ in answers) == [201, 410, 410, 410, 410, 410]
    (session,) = [answer for status, answer in answers if status == 201]
    frames = [holding(one, session["token"]) for one in (south, north)]
    streams = [await frame.events() for frame in frames]
    status, monitor = await frames[0].post("/monitors", {"call_id": call})
    assert status == 201, monitor
    for stream in streams:
        await stream.until(lambda kind, data: kind == "snapshot" and bool(data["monitors"]))
    assert (await frames[1].delete(f"/monitors/{monitor['id']}"))[0] == 204
    for stream in streams:
        told = await stream.until(lambda kind, data: kind == "monitor.ended")
        assert told["ended_reason"] == "stopped"
    assert (await admin.delete(f"/tokens/{token['id']}"))[0] == 204
    for stream, frame in zip(streams, frames, strict=True):
        await stream.ended()
        is_problem(await frame.get(f"/calls/{call}"), 401, "not_authenticated")
