"""Following an agent at a real Asterisk: rung once, heard call by call from the first word on, and never by anybody."""

import asyncio
import time

from adapter.lab.phones import Phone
from tests.support.client import Client, Json
from tests.support.lab import Lab, assert_hears, listen


async def follow(client: Client, agent: str, **more: object) -> Json:
    """Follow this agent (by username); returns the follow once its phone waits, or listens."""
    admin_sees = (await client.get("/agents"))[1]["agents"]
    user_id = next(one["user_id"] for one in admin_sees if one["extension"] == agent)
    status, body = await client.post("/follows", {"agent_user_id": user_id, **more})
    assert status == 201, body
    assert (body["state"], body["monitor_id"], body["agent"]["extension"]) == ("connecting", None, agent)
    return await until(client, body, "waiting", "listening")


async def until(client: Client, follow: Json, *states: str, deadline: float = 30) -> Json:
    """A follow once it is in one of these states."""
    end = time.monotonic() + deadline
    while True:
        status, body = await client.get(f"/follows/{follow['id']}")
        assert status == 200, body
        if body["state"] in states:
            return body
        assert body["state"] != "ended", str(body)
        assert time.monotonic() < end, f"not {states} but {body}"
        await asyncio.sleep(0.03)


async def call(lab: Lab, customer: str, agent: str) -> tuple[Phone, Phone]:
    """A customer calls an agent, who answers."""
    return await lab.talk(customer, agent)


async def hung_up(phone: Phone) -> None:
    """This phone's call is over, also on its side."""
    mark = phone.mark()
    await phone.hangup()
    await phone.seen("CALL_CLOSED", mark)


async def test_several_calls_in_a_row_by_one_leg(lab: Lab) -> None:
    """Rung once; each call by a monitor of its own, silent, and nobody hears; between them nothing is heard."""
    phone = await lab.phone("302")
    await lab.phones("201", "202", "101")
    mona = await lab.client("mona")
    rang = phone.rang()
    running = await follow(mona, "101")
    assert running["state"] == "waiting"
    seen: list[str] = []
    for customer in ("201", "202", "201"):
        caller, sam = await call(lab, customer, "101")
        listening = await until(mona, running, "listening")
        seen.append(listening["monitor_id"])
        monitor = await mona.until(listening["monitor_id"], "live")
        assert (monitor["follow_id"], monitor["mode"], monitor["device"]) == (running["id"], "silent", "PJSIP/302")
        heard = await listen(caller, sam, phone)
        assert_hears(heard, **{"p101": {customer}, f"p{customer}": {"101"}, "p302": {"101", customer}})
        await hung_up(caller)
        ended = await mona.until_ended(monitor)
        assert (ended["ended_reason"], ended["follow_id"]) == ("call_ended", running["id"])
        assert (await until(mona, running, "waiting"))["monitor_id"] is None
        assert_hears(await listen(phone), p302=set())
    assert len(set(seen)) == 3, "each call has a monitor of its own"
    assert phone.rang() == rang + 1, "the phone was rung once"
    status, _ = await mona.delete(f"/follows/{running['id']}")
    assert status == 204
    over = (await mona.get(f"/follows/{running['id']}"))[1]
    assert (over["state"], over["ended_reason"]) == ("ended", "stopped")
    assert (await mona.delete(f"/follows/{running['id']}"))[0] == 204, "again is no change"


async def test_a_call_that_runs_is_the_first_and_can_be_coached(lab: Lab) -> None:
    customer, sam = await call(lab, "201", "101")
    await lab.phone("302")
    mona = await lab.client("mona")
    await mona.call("101")
    running = await follow(mona, "101", calls=1)
    monitor = await mona.until((await until(mona, running, "listening"))["monitor_id"], "live")
    for mode, agent, far in (("whisper", {"201", "302"}, {"101"}), ("barge", {"201", "302"}, {"101", "302"})):
        await mona.switch(monitor, mode)
        assert_hears(await listen(customer, sam), p101=agent, p201=far)
    await hung_up(customer)
    assert (await mona.until_ended(monitor))["ended_reason"] == "call_ended"
    assert (await ended(mona, running))["ended_reason"] == "call_ended", "it was for the next call only"


async def test_the_keypad_skips_a_call_and_leaves(lab: Lab) -> None:
    """# waits for the next call, * leaves: while a call is heard, and while the phone waits."""
    phone, mona = await lab.phone("302"), await lab.client("mona")
    await lab.phones("201", "202", "101")
    running = await follow(mona, "101")
    first, _ = await call(lab, "201", "101")
    skipped = (await until(mona, running, "listening"))["monitor_id"]
    await phone.dtmf("#")
    assert (await mona.until_ended({"id": skipped}))["ended_reason"] == "stopped"
    await until(mona, running, "waiting")
    assert_hears(await listen(phone), p302=set())
    await hung_up(first)
    second, sam = await call(lab, "202", "101")
    heard = (await until(mona, running, "listening"))["monitor_id"]
    assert heard != skipped
    assert_hears(await listen(phone, sam), p302={"101", "202"}, p101={"202"})
    mark = phone.mark()
    await phone.dtmf("*")
    await phone.seen("CALL_CLOSED", mark)
    assert (await ended(mona, running))["ended_reason"] == "supervisor_hung_up"
    assert (await mona.until_ended({"id": heard}))["ended_reason"] == "supervisor_hung_up"
    assert_hears(await listen(sam, second), p101={"202"}, p202={"101"})
    await hung_up(second)
    again = await follow(mona, "101")
    mark = phone.mark()
    await phone.dtmf("*")
    await phone.seen("CALL_CLOSED", mark)
    assert (await ended(mona, again))["ended_reason"] == "supervisor_hung_up"


async def test_a_star_code_follows(lab: Lab) -> None:
    phone, mona = await lab.phone("302"), await lab.client("mona")
    await lab.phones("201", "101")
    await phone.dial("*58101")
    end = time.monotonic() + 30
    while not (found := (await mona.get("/follows"))[1]["follows"]) or found[0]["state"] != "waiting":
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)
    caller, sam = await call(lab, "201", "101")
    await until(mona, found[0], "listening")
    assert_hears(await listen(caller, sam, phone), p101={"201"}, p201={"101"}, p302={"101", "201"})
    await hung_up(caller)
    await until(mona, found[0], "waiting")
    await hung_up(phone)
    over = await ended(mona, found[0])
    assert over["ended_reason"] == "supervisor_hung_up"


async def ended(client: Client, follow: Json, deadline: float = 30) -> Json:
    """A follow once it has ended."""
    end = time.monotonic() + deadline
    while (over := (await client.get(f"/follows/{follow['id']}"))[1])["state"] != "ended":
        assert time.monotonic() < end, over
        await asyncio.sleep(0.05)
    return over


async def test_it_lives_through_the_adapters_death_and_a_reload(own: Lab) -> None:
    """Killed while it waits, while it listens, and while the call ends: the same leg goes on, and hears no more."""
    phone = await own.phone("302")
    await own.phones("201", "202", "101")
    mona = await own.client("mona")
    running = await follow(mona, "101")
    mona = await killed(own)
    caller, sam = await call(own, "201", "101")
    monitor = (await until(mona, running, "listening"))["monitor_id"]
    assert_hears(await listen(caller, sam, phone), p101={"201"}, p201={"101"}, p302={"101", "201"})
    mona = await killed(own)
    assert (await until(mona, running, "listening"))["monitor_id"] == monitor
    assert_hears(await listen(caller, sam, phone), p101={"201"}, p201={"101"}, p302={"101", "201"})
    await own.pbx.cli("core reload")
    await hung_up(caller)
    await until(mona, running, "waiting")
    caller, sam = await call(own, "202", "101")
    monitor = (await until(mona, running, "listening"))["monitor_id"]
    await own.close_clients()
    assert own.adapter.process is not None
    own.adapter.process.kill()
    await own.adapter.process.wait()
    await hung_up(caller)
    assert_hears(await listen(phone), p302=set())
    await own.start_adapter()
    mona = await own.client("mona")
    assert (await mona.until_ended({"id": monitor}))["ended_reason"] == "call_ended"
    await until(mona, running, "waiting")
    caller, sam = await call(own, "201", "101")
    await until(mona, running, "listening")
    assert_hears(await listen(caller, sam, phone), p101={"201"}, p201={"101"}, p302={"101", "201"})
    assert phone.rang() == 1
    assert (await mona.delete(f"/follows/{running['id']}"))[0] == 204
    assert_hears(await listen(caller, sam), p101={"201"}, p201={"101"})


async def killed(lab: Lab) -> Client:
    """kill -9 at once, and another adapter in its place; Mona, signed in."""
    await lab.close_clients()
    assert lab.adapter.process is not None
    lab.adapter.process.kill()
    await lab.adapter.process.wait()
    await lab.start_adapter()
    return await lab.client("mona")


async def test_a_followed_call_is_taken_over(lab: Lab) -> None:
    """The supervisor stays on the line with the customer, and the follow is over by that."""
    customer, sam = await call(lab, "201", "101")
    ear = await lab.phone("302")
    mona = await lab.client("mona")
    running = await follow(mona, "101")
    monitor = await mona.until((await until(mona, running, "listening"))["monitor_id"], "live")
    await mona.switch(monitor, "barge")
    mark = sam.mark()
    status, taken = await mona.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, taken["ended_reason"]) == (200, "took_over"), taken
    await sam.seen("CALL_CLOSED", mark)
    assert (await ended(mona, running))["ended_reason"] == "took_over"
    assert_hears(await listen(customer, ear), p201={"302"}, p302={"201"})
    await hung_up(customer)
