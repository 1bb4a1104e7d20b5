"""Do not monitor: who and what is exempt, for everybody, at once, also while a monitor runs."""

import asyncio
from typing import Any

import pytest

from adapter.core.audit import SYSTEM
from adapter.core.bars import Bars
from adapter.core.legs import HandedCall, Refusal
from adapter.core.monitor import EndReason
from adapter.core.unmonitored import Exempt, Unmonitored
from adapter.errors import StoreUnavailable
from adapter.monitoring.e164 import forms, listed
from tests.fake.pbx import settle
from tests.support.client import Client
from tests.support.site import Site, is_problem
from tests.unit.test_teams import Company, Queues, queues

__all__ = ["queues"]

LIST = "/do-not-monitor"


async def put(admin: Client, **given: Any) -> dict[str, Any]:
    """Replace the list."""
    status, body = await admin.ask("PUT", LIST, given)
    assert status == 200, body
    return body


async def start(client: Client, **more: Any) -> tuple[int, dict[str, Any]]:
    """Ask to listen to Sam."""
    return await client.post("/monitors", {"agent_extension": "101", **more})


@pytest.mark.parametrize(
    ("entry", "number", "hit"),
    [
        ("+12025550101", "2025550101", True),
        ("(202) 555-0101", "+1 202 555 0101", True),
        ("+12025550101", "12025550101", True),
        ("+12025550101", "+12025550102", False),
        ("+1202555*", "2025550101", True),
        ("+1202555*", "+12025560101", False),
        ("+12*", "201", False),
        ("+521*", "+52 1 55 1234 5678", True),
        ("+525512345678", "+52 1 55 1234 5678", True),
        ("201", "201", True),
        ("20*", "201", True),
        ("+12025550101", "", False),
        ("+12025550101", "anonymous", False),
        ("+12025550101", "alice2025550101", False),
    ],
)
def test_numbers_are_compared_as_numbers(entry: str, number: str, hit: bool) -> None:
    rules = Unmonitored(Bars(), lambda one, where: forms(one, where or "US"))
    rules.exempt = Exempt((listed(entry, "US"),))
    assert rules.forbids("c", frozenset(), [(number, "")]) is hit


@pytest.mark.parametrize("entry", ["", "*", "+", "+*", "alice", "+1202+5*", "2025550101x", "12*34", "**"])
def test_what_is_no_number_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="a number such as"):
        listed(entry, "US")


async def test_the_list_is_kept_as_it_is_compared(site: Site) -> None:
    admin = await site.client("admin")
    sam = next(user.id for user in await site.store.people.all() if user.username == "sam")
    assert (await admin.get(LIST))[1] == {"numbers": [], "user_ids": []}
    kept = await put(admin, numbers=["(202) 555-0101", "+1 202 555 0101", "+1202555*"], user_ids=[sam])
    assert kept == {"numbers": ["+12025550101", "+1202555*"], "user_ids": [sam]}
    assert (await admin.get(LIST))[1] == kept
    assert (await put(admin, numbers=[]))["user_ids"] == [sam]
    for name, value in (("numbers", "nobody"), ("user_ids", "nobody"), ("numbers", "+1\r\n2"), ("people", "x")):
        wrong = {name: [value]}
        is_problem(await admin.ask("PUT", LIST, wrong), 422, "invalid")
    entries = (await admin.get("/audit?action=do_not_monitor.changed"))[1]["entries"]
    assert [entry["reason"] for entry in entries] == [
        "removed +12025550101; removed +1202555*",
        "added +12025550101; added +1202555*; added sam",
    ]


@pytest.mark.parametrize("name", ["admin", "mona"])
async def test_nobody_may_monitor_them(site: Site, name: str) -> None:
    site.talk("2025550101")
    admin, asker = await site.client("admin"), await site.client(name)
    await put(admin, numbers=["+12025550101"])
    (call,) = await asker.calls()
    assert call["monitorable"] is False
    is_problem(await start(asker), 409, "not_monitorable")
    is_problem(await asker.post("/monitors", {"customer_number": "2025550101"}), 409, "not_monitorable")
    is_problem(await start(asker, device="PJSIP/999"), 403, "forbidden")
    assert site.pbx.did == []
    await put(admin, numbers=[])
    assert (await asker.calls())[0]["monitorable"] is True
    assert (await start(asker))[0] == 201


async def test_it_comes_before_what_the_call_and_the_supervisor_do(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    await put(admin, numbers=["202"])
    site.talk("201", "101")
    site.talk("202", "102", "b2")
    assert (await start(mona))[0] == 201
    is_problem(await mona.post("/monitors", {"agent_extension": "102"}), 409, "not_monitorable")
    ringing = site.pbx.scene.channel("202", dials="103")
    site.pbx.scene.dial(ringing, site.pbx.scene.channel("103", linked=ringing))
    site.pbx.run()
    is_problem(await mona.post("/monitors", {"agent_extension": "103"}), 409, "not_monitorable")


async def test_a_person_on_the_list_protects_the_whole_conversation(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    ana = next(user.id for user in await site.store.people.all() if user.username == "ana")
    scene = site.pbx.scene
    scene.answered_call("102", "101")
    site.pbx.run()
    await put(admin, user_ids=[ana])
    assert [call["monitorable"] for call in await mona.calls()] == [False, False]
    is_problem(await start(mona), 409, "not_monitorable")


async def test_a_star_code_is_refused_too(site: Site) -> None:
    site.talk("2025550101")
    await put(await site.client("admin"), numbers=["+1202555*"])
    (node,) = site.service.nodes
    leg = site.pbx.scene.channel("302", dials="*55101")
    site.pbx.run()
    await node.star_codes.handle(HandedCall(leg, "PJSIP/302", ("silent", "101"), "*55101"))
    assert site.pbx.told == [(leg, Refusal.FORBIDDEN)]
    await site.recorder.settled()
    entries = (await (await site.client("admin")).get("/audit?action=monitor.requested"))[1]["entries"]
    assert [(one["reason"], one["via"]) for one in entries] == [("not_monitorable", "star code")]


async def test_a_running_monitor_ends_when_the_list_changes(site: Site) -> None:
    site.talk("2025550101")
    admin, mona = await site.client("admin"), await site.client("mona")
    stream = await mona.events()
    _, monitor = await start(mona)
    await settle()
    await put(admin, numbers=["+12025550101"])
    ended = await stream.until(lambda kind, _: kind == "monitor.ended")
    assert (ended["id"], ended["ended_reason"]) == (monitor["id"], EndReason.NOT_MONITORABLE)
    assert site.pbx.did[-1] == "hangup"


async def test_it_ends_when_the_call_becomes_one(site: Site) -> None:
    """The customer is transferred from Sam's desk to a call with somebody on the list, and Sam stays in it."""
    admin, mona = await site.client("admin"), await site.client("mona")
    ana = next(user.id for user in await site.store.people.all() if user.username == "ana")
    await put(admin, user_ids=[ana])
    customer, sam = site.talk("201")
    _, monitor = await start(mona)
    await settle()
    scene = site.pbx.scene
    scene.leave("b1", customer)
    joined = scene.channel("102", linked=customer)
    scene.up(joined)
    scene.enter("b1", joined)
    site.pbx.run()
    await settle()
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "not_monitorable"
    assert site.pbx.scene.channels.keys() >= {sam, joined}


async def test_another_process_changes_the_list(site: Site) -> None:
    site.talk("2025550101")
    mona = await site.client("mona")
    _, monitor = await start(mona)
    await settle()
    await site.store.exempt.put(["+12025550101"], [], SYSTEM)
    async with asyncio.timeout(10):
        ended = await mona.until_ended(monitor)
    assert ended["ended_reason"] == "not_monitorable"


async def test_a_program_exempts_one_call_through_its_transfers(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    status, made = await admin.post("/tokens", {"name": "crm", "may_act_for": ["mona"]})
    assert status == 201
    crm = await site.client()
    crm.http.headers["Authorization"] = f"Bearer {made['token']}"
    customer, _ = site.talk("201")
    call_id = await site.call_id(mona)
    where = f"/calls/{call_id}/do-not-monitor"
    _, monitor = await start(mona)
    await settle()
    is_problem(await mona.ask("PUT", where), 403, "forbidden")
    for _ in range(2):
        assert (await crm.ask("PUT", where))[0] == 204
    await settle()
    assert (await mona.get(f"/monitors/{monitor['id']}"))[1]["ended_reason"] == "not_monitorable"
    is_problem(await start(mona), 409, "not_monitorable")
    # Lee's own conversation becomes part of it: a consultation that is joined.
    scene = site.pbx.scene
    other, lee = scene.answered_call("202", "103", "b2")
    site.pbx.run()
    assert [call["monitorable"] for call in await mona.calls()] == [False, True]
    scene.change(lee, linkedid=customer)
    scene.leave("b2", lee)
    scene.enter("b1", lee)
    scene.gone(other)
    site.pbx.run()
    await settle()
    assert [call["monitorable"] for call in await mona.calls()] == [False, False]
    assert (await crm.delete(where))[0] == 204
    assert all(call["monitorable"] for call in await mona.calls())
    entries = (await admin.get("/audit?action=do_not_monitor.changed"))[1]["entries"]
    assert [(one["reason"], one["call_id"]) for one in entries if one["actor"] == "token crm"] == [
        ("this call, -", call_id),
        ("this call, +", call_id),
    ]


async def test_it_holds_from_the_first_moment_of_another_run(site: Site) -> None:
    customer, _ = site.talk("201")
    admin, mona = await site.client("admin"), await site.client("mona")
    call_id = await site.call_id(mona)
    assert (await admin.ask("PUT", f"/calls/{call_id}/do-not-monitor"))[0] == 204
    _, calls = await site.store.exempt.load()
    assert [one.call_id for one in calls.values()] == [call_id]
    site.pbx.down()
    site.pbx.up_again()
    assert (await mona.calls())[0]["monitorable"] is False
    assert customer


async def test_out_of_the_scope_is_the_reason_where_it_is_both(site: Site, queues: Queues) -> None:
    """Of a call that is none of one's teams' any more nothing is told, not even that nobody may monitor it."""
    company = await Company(site).begin()
    admin, coach = company.admin, company.coach
    monitor = await coach.monitor(await coach.call("101"))
    await put(admin, numbers=["201"])
    assert (await coach.until_ended(monitor))["ended_reason"] == "not_monitorable"
    is_problem(await start(coach), 409, "not_monitorable")
    await put(admin, numbers=[])
    await company.change(members=[], queues=["sales"])
    queues.of[company.sam] = "sales"
    for held in (True, False):  # something that has the call looked at
        site.pbx.scene.hold(company.sam, held)
        site.pbx.run()
    monitor = await coach.monitor(await coach.call("101"))
    queues.of[company.sam] = None
    site.service.unmonitored.exempt = Exempt(("201",))
    site.pbx.scene.hold(company.sam, True)
    site.pbx.run()
    assert (await coach.until_ended(monitor))["ended_reason"] == "permission_revoked"
    is_problem(await start(coach), 404, "not_found")


async def test_what_was_kept_holds_though_it_can_not_be_read_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered as it is: kept and in force, never 503."""
    site.talk("201", "101")
    admin = await site.client("admin")
    call = await admin.call("101")
    really = site.store.exempt.version

    async def away() -> str:
        raise StoreUnavailable("The database does not answer.")

    async def monitorable() -> bool:
        monkeypatch.setattr(site.store.exempt, "version", really)
        await site.service.coaching.rules.refresh()
        said = [(await admin.call("101"))["monitorable"]]
        monkeypatch.setattr(site.store.exempt, "version", away)
        return said == [True]

    monkeypatch.setattr(site.store.exempt, "version", away)
    path = f"/calls/{call['id']}/do-not-monitor"
    for ask, after in (
        (("PUT", path), False),
        (("DELETE", path), True),
        (("PUT", path), False),
        (("DELETE", path), True),
    ):
        assert (await admin.ask(*ask))[0] == 204
        assert (await admin.call("101"))["monitorable"] is after
        assert await monitorable() is after
    await put(admin, numbers=["201"])
    assert (await admin.call("101"))["monitorable"] is False
    assert await monitorable() is False
