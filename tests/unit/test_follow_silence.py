"""Nobody ever sees a follow of themselves: an administrator who is followed, in two worlds, byte for byte."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.store import Store
from tests.fake.pbx import settle
from tests.support.client import Client, Stream
from tests.support.clock import FakeClock
from tests.support.site import Site
from tests.support.waiting import until

OPAQUE = re.compile(r"[0-9a-f]{32}|[0-9a-f]{24}|whsec_[\w+/=]+")
TIMES = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z")
READS = (
    *("/follows", "/monitors", "/calls", "/agents", "/queues", "/help", "/webhooks", "/tokens", "/users", "/health"),
    *("/audit?action=follow.started", "/audit?action=follow.ended", "/session", "/do-not-monitor"),
)


class Looker:
    """An administrator who is an agent too (104), and what they are told."""

    def __init__(self, client: Client) -> None:
        self.client, self.told = client, list[str]()
        self.stream: Stream | None = None

    async def look(self, *paths: str) -> None:
        """Everything that they can ask for."""
        for path in (*READS, *paths):
            self.told.append(f"{path} {await self.client.get(path)}")

    def all(self) -> str:
        """With opaque ids by the order in which they appear."""
        assert self.stream is not None
        for _, kind, data in self.stream.events:
            if kind == "snapshot":  # in the order of their ids, which are random
                data["agents"].sort(key=lambda agent: agent["extension"])
        text = "\n".join([*self.told, json.dumps([list(one) for one in self.stream.events])])
        known: dict[str, str] = {}
        text = OPAQUE.sub(lambda found: known.setdefault(found[0], f"id{len(known)}"), text)
        return TIMES.sub("then", text)


async def play(site: Site, *, follow: bool) -> tuple[str, dict[str, Any]]:
    """One history; what the administrator saw, and what the follow became."""
    admin, mona, coach = await site.client("admin"), await site.client("mona"), await site.client("coach")
    await admin.patch(f"/users/{admin.user['id']}", {"device": "PJSIP/104", "extension": "104"})
    looker = Looker(admin)
    looker.stream = await admin.events()
    running: dict[str, Any] = {}
    hidden = "f" * 32
    if follow:
        status, running = await mona.post("/follows", {"agent_user_id": admin.user["id"]})
        assert status == 201, running
        hidden = running["id"]
    await settle()
    await looker.look(f"/follows/{hidden}")
    looker.told.append(str((await admin.delete(f"/follows/{hidden}"))[0]))
    customer, agent = site.pbx.scene.answered_call("201", "104", "b3")
    site.pbx.run()
    for _ in range(4):
        await settle()
        await site.recorder.settled()
    await looker.look(f"/follows/{hidden}")
    if follow:
        (seen,) = (await mona.get("/follows"))[1]["follows"]
        assert (seen["state"], seen["agent"]["user_id"]) == ("listening", admin.user["id"])
        (monitor,) = (await mona.get("/monitors"))[1]["monitors"]
        assert monitor["follow_id"] == running["id"]
        assert len((await coach.get("/follows"))[1]["follows"]) == 1, "others see it"
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    if follow:
        leg = next(iter(site.pbx.legs))
        site.pbx.waits(leg)
    for _ in range(4):
        await settle()
        await site.recorder.settled()
    await looker.look(f"/follows/{hidden}", "/audit?action=monitor.started", "/audit?action=monitor.ended")
    if follow:
        assert (await mona.delete(f"/follows/{running['id']}"))[0] == 204
        running = (await mona.get(f"/follows/{running['id']}"))[1]
    await settle()
    await looker.look(f"/follows/{hidden}")
    site.pbx.scene.answered_call("202", "103", "b4")
    site.pbx.run()
    last = ("call.updated", "active")  # the stream tells in order: when this is there, all before it is too
    await looker.stream.until(
        lambda kind, data: (kind, data.get("state")) == last and data["customer"]["number"] == "202"
    )
    return looker.all(), running


async def world(path: Path, *, follow: bool) -> str:
    """One world on a database of its own."""
    clock = FakeClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    store = await Store.open(f"sqlite+aiosqlite:///{path}", clock=clock.now, passing=clock.passing)
    site = Site(store, time=clock)
    runner = await site.start()
    try:
        told, over = await play(site, follow=follow)
        if follow:
            assert (over["state"], over["ended_reason"]) == ("ended", "stopped")
            assert over["id"] not in told
            admin = await site.client("admin")
            table = await (await admin.http.get(admin.base + "/audit.csv")).text()
            assert "follow.started" not in table, "afterwards neither"
            assert not re.search("mona.*follow.ended", table)
        return told
    finally:
        await site.close(runner)


async def test_an_administrator_never_learns_that_they_are_followed(tmp_path: Path) -> None:
    followed = await world(tmp_path / "one.sqlite", follow=True)
    alone = await world(tmp_path / "other.sqlite", follow=False)
    for one, other in zip(followed.splitlines(), alone.splitlines(), strict=True):
        if one != other:
            at = next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
            pytest.fail(f"{one[max(0, at - 200) : at + 200]}\nis not\n{other[max(0, at - 200) : at + 200]}")
    assert "listening" not in followed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_refusals_about_them_are_hidden_too(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    sam = (await mona.get("/session"))[1]
    assert sam
    status, _ = await mona.post("/follows", {"agent_user_id": admin.user["id"], "device": "PJSIP/101"})
    assert status == 403
    await site.recorder.settled()
    assert (await admin.get("/audit?action=follow.started"))[1]["entries"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_account_that_they_make_meanwhile_sees_no_more_than_they(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    status, running = await mona.post("/follows", {"agent_user_id": admin.user["id"]})
    assert status == 201
    await settle()
    new = {"username": "second", "name": "S", "role": "administrator", "password": "secret-second"}
    assert (await admin.post("/users", new))[0] == 201
    second = await site.client("second")
    assert (await second.get("/follows"))[1]["follows"] == []
    assert (await second.get(f"/follows/{running['id']}"))[0] == 404
    assert (await second.get("/audit?action=follow.started"))[1]["entries"] == []
    assert (await (await site.client("coach")).get("/follows"))[1]["follows"] != []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_supervisors_account_that_they_change_ends_it(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    _, running = await mona.post("/follows", {"agent_user_id": admin.user["id"]})
    await settle()
    assert (await admin.patch(f"/users/{mona.user['id']}", {"name": "Moni"}))[0] == 200
    for _ in range(5):
        await settle()
    over = (await mona.get(f"/follows/{running['id']}"))[1]
    assert (over["state"], over["ended_reason"]) == ("ended", "permission_revoked")


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_hooks_tell_them_nothing_of_its_monitors_until_it_is_over(site: Site) -> None:
    """A hook from before is told, and its deliveries are not shown; one that they made meanwhile is told afterwards."""
    admin, mona = await site.client("admin"), await site.client("mona")
    await admin.patch(f"/users/{admin.user['id']}", {"device": "PJSIP/104", "extension": "104"})
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["call.ended", "monitor.started", "monitor.ended"]}
    before = (await admin.post("/webhooks", hook))[1]["id"]
    status, follow = await mona.post("/follows", {"agent_user_id": admin.user["id"]})
    assert status == 201, follow
    await settle()
    during = (await admin.post("/webhooks", hook))[1]["id"]
    customer, agent = site.pbx.scene.answered_call("201", "104", "b3")
    site.pbx.run()
    await until(lambda: any(one.live for one in site.board.monitors()), "nobody listens")
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    site.pbx.waits(next(iter(site.pbx.legs)))
    await until(lambda: not list(site.board.monitors()), "it still listens")
    await site.recorder.settled()

    async def told(hook_id: str) -> list[str]:
        return sorted(row.type for _, row in await site.store.outbox.page(hook_id, 100, None, []))

    async def listed(client: Client, hook_id: str) -> list[str]:
        rows = (await client.get(f"/webhooks/{hook_id}/deliveries"))[1]["deliveries"]
        return sorted(row["type"] for row in rows)

    assert await told(before) == ["call.ended", "monitor.ended", "monitor.started"]
    assert await listed(admin, before) == ["call.ended"]
    assert await told(during) == ["call.ended"]
    assert (await mona.delete(f"/follows/{follow['id']}"))[0] == 204
    await site.recorder.settled()
    assert await told(during) == ["call.ended", "monitor.ended", "monitor.started"]
