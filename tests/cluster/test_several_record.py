"""What several adapters write: each fact once, deliveries once, one chain of the audit, nothing by the deposed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapter import cluster
from adapter.core.audit import Action, By, Entry, Via
from adapter.core.record import Record
from tests.support.client import Client
from tests.support.clock import real
from tests.support.receiver import EVERYTHING, Receiver
from tests.support.several import Several, cluster_url, server, several
from tests.support.waiting import until

__all__ = ["cluster_url", "server", "several"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


async def test_hooks_are_told_once_of_what_happens_at_any_pbx_through_a_failover(
    several: Several, receiver: Receiver
) -> None:
    north, south = await several.two()
    admin = await south.client("admin")
    status, hook = await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    assert status == 201
    receiver.secrets["hook"] = hook["secret"]
    several.call_at("north")
    _, agent = several.call_at("south", "202", "102")
    monitor = await admin.monitor(await admin.call("101"))
    await until(lambda: len(dict(receiver.accepted)) == 5, "two calls and a monitor began")
    await north.service.recorder.settled()
    await north.die()
    await until(lambda: south.owns("north", "south"), "nobody took it over")
    await admin.until(monitor["id"], "live")
    pbx = several.pbxes["north"]
    for channel in list(pbx.scene.channels):
        if not channel.startswith("cm-"):
            pbx.scene.gone(channel)
    pbx.run()
    await until(lambda: len(dict(receiver.accepted)) >= 7, "its end was not told")
    several.pbxes["south"].scene.gone(agent)
    several.pbxes["south"].run()
    await until(lambda: len(dict(receiver.accepted)) >= 8, "the other's end was not told")
    await asyncio.sleep(0.5)
    told = dict(receiver.accepted)  # what was under way as one died is delivered again, under its id
    assert len(told) == 8
    of_north = [body["type"] for body in told.values() if (body["data"].get("pbx")) == "north"]
    assert sorted(of_north) == sorted(
        [*("call.started", "call.answered", "monitor.started"), *("monitor.ended", "call.ended")]
    )
    assert receiver.problems == []


async def test_both_write_into_one_audit_at_once_and_it_is_whole(several: Several) -> None:
    both = await several.two()

    async def write(one: int) -> None:
        for number in range(30):
            who = By(f"adapter{one}", Via.ADAPTER)
            entry = Entry(at=real(), by=who, action=Action.STOPPED_ALL, reason=str(number))
            both[one].service.recorder.note(Record(entries=[entry]))
            await both[one].service.recorder.write_now()

    await asyncio.gather(write(0), write(1))
    verdict = await both[0].store.audit.verify()
    assert verdict.faults == []
    assert verdict.entries >= 60


async def test_a_deposed_owner_writes_nothing_more_of_its_pbx(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    admin = await south.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await north.service.recorder.settled()
    before = (await admin.get("/audit"))[1]["entries"]
    owners, terms = south.store.owners, None
    while terms is None:  # its owner lives and renews, so it may take some tries
        terms = await owners.take(south.claims._member, ["north"], await owners.look(), real())
    board = north.service.nodes.node("north").board  # type: ignore[union-attr]
    running = board.monitor(monitor["id"])
    assert running is not None
    north.service.recorder.note(Record(monitors={running.id: running}, entries=[]))
    await until(lambda: not north.claims.owns("north"), "it does not learn of it")
    await until(lambda: north.service.recorder.size == 0, "it still has something to write")
    assert "give up" in several.pbxes["north"].did
    await until(lambda: south.owns("north", "south"), "it is not taken up")
    after = (await admin.get("/audit"))[1]["entries"]
    new = [entry["action"] for entry in after if entry["id"] not in {one["id"] for one in before}]
    assert "monitor.ended" not in new
    assert (await admin.until(monitor["id"], "live"))["live_at"] == monitor["live_at"]


async def test_a_request_that_comes_again_at_another_adapter_starts_no_second_monitor(several: Several) -> None:
    north, south = await several.two()
    several.call_at("north")
    here, there = await north.client("admin"), await south.client("admin")
    call = await there.call("101")
    several.pbxes["north"].answers = False
    same = {"headers": {"Idempotency-Key": "once"}}
    body = {"call_id": call["id"]}
    answers = await asyncio.gather(
        here.ask("POST", "/monitors", body, **same), there.ask("POST", "/monitors", body, **same)
    )
    assert [status for status, _ in answers] == [201, 201], answers
    assert answers[0][1]["id"] == answers[1][1]["id"]
    assert len(several.pbxes["north"].legs) == 1


async def test_what_was_made_is_kept_for_as_long_as_a_conversation_lasts_anywhere(
    several: Several, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    _, south = await several.two()
    talking = several.call_at("north")
    admin = await south.client("admin")
    await admin.call("101")
    new = {"username": "new", "name": "New", "role": "agent", "password": "secret-new-one"}
    assert (await admin.post("/users", new))[0] == 201
    await asyncio.sleep(1)
    assert await south.store.left.makings() != [], "Sam still talks"
    several.pbxes["north"].scene.gone(*talking)
    several.pbxes["north"].run()
    end = asyncio.get_running_loop().time() + 30
    while await south.store.left.makings():
        assert asyncio.get_running_loop().time() < end, "it is kept for ever"
        await asyncio.sleep(0.1)


async def test_what_was_made_where_a_pbx_is_out_of_sight_shows_no_silent_monitor_at_its_owner(several: Several) -> None:
    """Somebody who is monitored makes a token in another's name at the other adapter, and asks the owner with it."""
    north, south = await several.two()
    admin, sam = await north.client("admin"), await south.client("sam")
    assert (await admin.patch(f"/users/{sam.user['id']}", {"role": "administrator"}))[0] == 200
    several.call_at("north")
    mona = await north.client("mona")
    monitor = await mona.monitor(await mona.call("101"))
    several.nats.kill()
    await until(lambda: not south.sees())
    status, token = await sam.post("/tokens", {"name": "spy", "scopes": ["monitor"], "user": "mona"})
    assert status == 201, token
    stranger = Client(admin.base.removesuffix("/api/v1"))
    asked = await stranger.ask("GET", "/monitors", headers={"Authorization": f"Bearer {token['token']}"})
    await stranger.close()
    assert asked[0] == 200, asked
    assert monitor["id"] in str(await mona.get("/monitors"))
    assert monitor["id"] not in str(asked), "the token shows what its maker is not to see"
