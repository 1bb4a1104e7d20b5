"""The audit at the contract: who listened to whom, by pages and as a table, and who sees nothing of it."""

from typing import Any

import aiohttp
import pytest

from adapter.errors import StoreUnavailable
from adapter.store.audit import Audit
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.programs import hook
from tests.support.receiver import Receiver
from tests.support.site import Site, is_problem


async def entries(admin: Client, query: str = "") -> list[dict[str, Any]]:
    """What the audit shows."""
    status, body = await admin.get(f"/audit?{query}")
    assert status == 200, body
    found: list[dict[str, Any]] = body["entries"]
    return found


async def test_who_listened_to_whom_and_by_whose_leave(site: Site) -> None:
    site.talk()
    admin, mona, sam = await site.client("admin"), await site.client("mona"), await site.client("sam")
    await admin.patch(f"/users/{sam.user['id']}", {"can_monitor": True, "modes": ["silent"]})
    site.talk("202", "102", "b2")
    is_problem(await sam.post("/monitors", {"agent_extension": "102", "mode": "barge"}), 403, "forbidden")
    status, monitor = await sam.post("/monitors", {"agent_extension": "102"})
    assert status == 201
    await settle()
    is_problem(await mona.delete(f"/monitors/{monitor['id']}"), 403, "forbidden")
    await admin.delete(f"/monitors/{monitor['id']}")
    await admin.post("/session", {"username": "mona", "password": "wrong"})
    await admin.post("/session", {"username": "my secret phrase", "password": "wrong"})
    await site.recorder.settled()
    rows = await entries(admin, "supervisor=sam")
    told = [(row["action"], row["actor"], row["agent"], row["mode"], row["result"], row["reason"]) for row in rows]
    assert [one for one in told if one[4] == "ok"] == [
        ("monitor.requested", "sam", "ana", "silent", "ok", None),
        ("monitor.ended", "admin", "ana", "silent", "ok", "stopped"),
        ("monitor.started", "sam", "ana", "silent", "ok", None),
    ], "by time: the fake PBX's own clock is another than the adapter's"
    assert [one for one in told if one[4] != "ok"] == [
        ("monitor.ended", "mona", "ana", None, "refused", "forbidden"),
        ("monitor.requested", "sam", "ana", "barge", "refused", "forbidden"),
    ]
    (granted,) = (row for row in rows if row["action"] == "monitor.requested" and row["result"] == "ok")
    assert granted["allowed_by"] == "granted by admin"
    assert granted["customer"] == "202"
    assert len(await entries(admin, "agent=102")) == 5
    logins = await entries(admin, "action=session.login")
    assert [(row["actor"], row["result"]) for row in logins[:2]] == [("unknown", "refused"), ("mona", "refused")]
    (changed,) = await entries(admin, "action=user.changed")
    assert changed["reason"] == "can_monitor: false → true; modes: silent whisper barge → silent"
    assert (await site.store.audit.verify()).faults == []
    is_problem(await sam.get("/audit"), 403, "forbidden")
    is_problem(await sam.get("/audit.csv"), 403, "forbidden")


async def test_the_audit_by_pages_and_as_a_table(site: Site) -> None:
    admin = await site.client("admin")
    for _ in range(5):
        await site.client("mona")
    whole = await entries(admin)
    pages, cursor = [], ""
    while True:
        _, body = await admin.get(f"/audit?limit=4{cursor}")
        pages += body["entries"]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert pages == whole
    async with admin.http.get(admin.base + "/audit.csv?action=session.login&supervisor=x") as answer:
        assert len((await answer.text()).splitlines()) == 1
    async with admin.http.get(admin.base + "/audit.csv?supervisor=nobody") as answer:
        assert len((await answer.text()).splitlines()) == 1
    for edge in ("until=9999-12-31T23:59:59-23:59", "since=0001-01-01T00:00:00%2B14:00"):
        for table in ("/audit", "/audit.csv"):
            is_problem(await admin.get(f"{table}?{edge}"), 422, "invalid")
    async with admin.http.get(admin.base + "/audit.csv") as answer:
        lines = (await answer.text("utf-8-sig")).splitlines()
        assert answer.content_type == "text/csv"
        assert len(lines) == len(whole) + 1
        assert lines[0].startswith("id,at,actor,via,action")
    for wrong in (
        "limit=0",
        "limit=x",
        "since=yesterday",
        "action=x",
        "cursor=x",
        "limit=1&limit=2",
        "x=1",
    ):
        is_problem(await admin.get(f"/audit?{wrong}"), 422, "invalid")


async def test_in_a_conversation_one_sees_nothing_of_who_listens_to_it(site: Site, receiver: Receiver) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    made = await hook(admin, receiver)
    customer, agent = site.talk("301", "101")
    before = await entries(admin)
    _, monitor = await mona.post("/monitors", {"agent_extension": "101"})
    await settle()
    await site.recorder.settled()
    await receiver.until(3)
    assert await entries(admin) == before
    deliveries = f"/webhooks/{made['id']}/deliveries"
    kinds = [d["type"] for d in (await admin.get(deliveries))[1]["deliveries"]]
    assert kinds == ["call.answered", "call.started"]
    is_problem(await admin.post(f"{deliveries}/{receiver.ids[-1]}/retry", {}), 404, "not_found")
    site.pbx.down()
    await settle()
    assert await entries(admin) == before
    site.pbx.up_again()
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert await entries(admin) == before
    site.pbx.scene.gone(customer, agent)
    site.pbx.run()
    await site.recorder.settled()
    assert {row["action"] for row in await entries(admin)} > {"monitor.requested", "monitor.started", "monitor.ended"}


async def test_a_table_that_breaks_off_does_not_pass_for_a_whole_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await site.client("admin")
    for _ in range(3):
        await site.client("mona")
    page, pages = Audit.page, []

    async def fails_later(self: Audit, *wanted: Any) -> Any:
        pages.append(wanted)
        if len(pages) > 1:
            raise StoreUnavailable("The database is away.")
        return await page(self, *wanted)

    monkeypatch.setattr("adapter.store.audit.PAGE", 2)
    monkeypatch.setattr(Audit, "page", fails_later)
    async with admin.http.get(admin.base + "/audit.csv") as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.text()
    is_problem(await admin.get("/audit.csv"), 503, "store_unavailable")
