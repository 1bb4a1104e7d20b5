"""Star codes at a real phone for calls at another PBX: one ticket over the trunk, and nobody is shown any of it."""

import asyncio

from tests.support.lab import assert_hears
from tests.support.pbxes import Several, listen


async def test_a_star_code_listens_to_an_agent_of_the_other_pbx(pair: Several) -> None:
    customer, agent = await pair.talk("221", "121")
    phone = await pair.phone("301")
    admin, mona = await pair.client("admin"), await pair.client("mona")
    stream = await mona.events()
    mark = phone.mark()
    await phone.dial("*55121")
    await phone.seen("CALL_ESTABLISHED", mark)
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["state"] == "live")
    assert_hears(await listen(customer, agent, phone), p301={"221", "121"}, p121={"221"}, p221={"121"})
    (monitor,) = (await admin.get("/monitors"))[1]["monitors"]
    assert monitor["pbx"] == "pbx1"
    await admin.switch(monitor, "whisper")
    await phone.dtmf("6")
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "barge")
    assert_hears(await listen(customer, agent, phone), p121={"221", "301"}, p221={"121", "301"})
    assert {call["pbx"] for call in await admin.calls()} == {"pbx1"}
    await phone.dtmf("*")
    assert (await admin.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    await phone.seen("CALL_CLOSED", mark)
    shown = {data["pbx"] for _, kind, data in stream.events if kind == "call.updated"}
    assert shown <= {"pbx1"}


async def test_a_ticket_that_somebody_made_up_opens_nothing(pair: Several) -> None:
    await pair.talk("221", "121")
    await pair.pbxes[0].cli(f"channel originate PJSIP/cmticket{'0' * 40}@to-pbx1 application Wait 3")
    await asyncio.sleep(1)
    assert "ChanSpy" not in await pair.pbxes[1].cli("core show channels concise")
