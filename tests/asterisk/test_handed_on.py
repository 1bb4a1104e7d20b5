"""A supervisor's leg that changes hands: whoever gets it hears nothing and says nothing, and the audit tells it."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adapter.lab.provision import Toolchain
from tests.asterisk.authority import MORE, listening, nobody_listens
from tests.asterisk.faults.support import no_legs
from tests.asterisk.test_handset import audited, one
from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen
from tests.support.rawphone import raw_phone
from tests.support.somebody import somebody_does


@pytest.fixture(scope="module")
async def east_lab(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """One lab for all these tests."""
    async with Lab(toolchain, tmp_path_factory.mktemp("east"), MORE).running() as lab:
        yield lab


@pytest.fixture
async def east(east_lab: Lab) -> AsyncIterator[Lab]:
    """The lab, with a call of 201 and 103."""
    await east_lab.talk("201", "103")
    yield east_lab
    await east_lab.tidy()


async def ended_as_transferred(admin: Client, monitor: Json, **wanted: str) -> None:
    """The contract's list of reasons has none for it; the audit says what it was."""
    assert (await admin.until_ended(monitor))["ended_reason"] == "error"
    end = time.monotonic() + 30
    while True:
        rows = (await admin.get("/audit?action=monitor.ended&limit=500"))[1]["entries"]
        mine = (row for row in rows if row["monitor_id"] == monitor["id"])
        told = [{name: row[name] for name in ("reason", "result", *wanted)} for row in mine]
        if told == [{"reason": "transferred", "result": "failed", **wanted}]:
            return
        assert time.monotonic() < end, told
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("way", ["page", "star code"])
async def test_a_leg_that_is_transferred_is_gone_at_once(east: Lab, way: str) -> None:
    """Mona joins the call, consults 102, who may not monitor, and connects the two."""
    phone, other = await east.phone("302"), await east.phone("102")
    mona, admin = await east.client("mona"), await east.client("admin")
    if way == "page":
        monitor = await mona.monitor(await mona.call("103"), "barge")
    else:
        await phone.dial("*57103")
        monitor = await one(mona)
    marks = phone.mark(), other.mark()
    await phone.dial("102")
    await phone.seen("CALL_ESTABLISHED", marks[0])
    mark = other.mark()
    await phone.transfer_to_consulted("102")
    await other.seen("CALL_CLOSED", mark, 5)
    assert await listening(east) == []
    await ended_as_transferred(admin, monitor, actor="mona", target="PJSIP/102")
    assert_hears(await listen(east.known("201"), east.known("103")), p201={"103"}, p103={"201"})
    await no_legs(east)


async def test_a_leg_that_somebody_else_picks_up_is_gone_at_once(east: Lab) -> None:
    phone, other = await east.phone("302", "manual"), await east.phone("102")
    mona, admin = await east.client("mona"), await east.client("admin")
    call, mark = await mona.call("103"), phone.mark()
    status, monitor = await mona.post("/monitors", {"call_id": call["id"], "mode": "barge"})
    assert status == 201
    await phone.seen("CALL_INCOMING", mark)
    marks = phone.mark(), other.mark()
    await other.dial("*8")
    await other.seen("CALL_CLOSED", marks[1], 5)
    await ended_as_transferred(admin, monitor, actor="ana", target="PJSIP/102")
    assert await listening(east) == []
    assert_hears(await listen(east.known("201"), east.known("103")), p201={"103"}, p103={"201"})
    await phone.seen("CALL_CLOSED", marks[0])


async def test_a_phone_that_sends_the_ringing_elsewhere_rings_nobody(east: Lab) -> None:
    """A 302 names 102's number: 102 does not ring, and the monitor ends."""
    other, admin, mona = await east.phone("102", "manual"), await east.client("admin"), await east.client("mona")
    call, mark = await mona.call("103"), other.mark()
    async with raw_phone(east, "302") as phone:
        phone.forwards_to = "102"
        status, monitor = await mona.post("/monitors", {"call_id": call["id"], "mode": "barge"})
        assert status == 201
        assert (await mona.until_ended(monitor))["ended_reason"] == "device_unavailable"
        assert phone.rang == 1
    await asyncio.sleep(0.5)
    assert other.rang(mark) == 0
    await audited(admin, "action=monitor.ended", monitor_id=monitor["id"], reason="device_unavailable")


@pytest.mark.parametrize("where", ["104", "*57103"])
async def test_a_leg_that_somebody_redirects_ends(east: Lab, where: str) -> None:
    """Another program sends it into a call, or to a code."""
    await east.phone("302")
    await east.phone("104", "auto")
    mona, admin = await east.client("mona"), await east.client("admin")
    monitor = await mona.monitor(await mona.call("103"), "barge")
    (leg,) = await listening(east)
    channel = leg.partition("!")[0]
    await somebody_does(east, "Redirect", Channel=channel, Context="lab-supervisors", Exten=where, Priority="1")
    await ended_as_transferred(admin, monitor)
    assert await listening(east) == []


async def test_somebody_sent_where_legs_listen_is_hung_up_at_once(east: Lab) -> None:
    """Not at the watchdog's next look, which takes seconds."""
    other = await east.phone("102", "auto")
    lines = (await east.pbx.cli("core show channels concise")).splitlines()
    target = next(line.rpartition("!")[2] for line in lines if line.startswith("PJSIP/103-"))
    mark, told = other.mark(), (east.folder / "adapter.log").stat().st_size
    there = {"Context": "call-monitor", "Exten": "barge", "Priority": "1", "Variable": f"CM_TARGET={target}"}
    await somebody_does(east, "Originate", Channel="PJSIP/102", **there, Async="true")
    await other.seen("CALL_ESTABLISHED", mark)
    await other.seen("CALL_CLOSED", mark)
    await nobody_listens(east)
    assert "Asterisk and the model differ" not in (east.folder / "adapter.log").read_text()[told:]
