"""How monitors begin and end for real: devices, races, rights, transfers and the lease of a talk."""

import asyncio

from adapter.asterisk import tones
from tests.support.lab import QUIET, TONES, Lab, assert_hears, listen


async def test_a_phone_that_is_not_registered(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.unregister("301")
    await asyncio.sleep(0.3)
    admin = await lab.client("admin")
    status, body = await admin.post("/monitors", {"call_id": (await admin.call("101"))["id"]})
    assert (status, body["code"]) == (409, "device_unavailable")
    assert (await admin.get("/monitors"))[1] == {"monitors": []}


async def test_a_phone_that_is_in_use_and_one_that_declines(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.talk("301", "102")
    admin = await lab.client("admin")
    call = await admin.call("101")
    assert (await admin.post("/monitors", {"call_id": call["id"]}))[1]["code"] == "device_unavailable"
    mark = (phone := await lab.phone("302", "manual")).mark()
    mona = await lab.client("mona")
    status, monitor = await mona.post("/monitors", {"call_id": call["id"]})
    assert status == 201
    await phone.seen("CALL_INCOMING", mark)
    await phone.hangup()
    assert (await mona.until_ended(monitor))["ended_reason"] == "busy"


async def test_a_phone_that_never_answers(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.phone("302", "manual")
    mona = await lab.client("mona")
    call = await mona.call("101")
    _, monitor = await mona.post("/monitors", {"call_id": call["id"]})
    status, body = await mona.patch(f"/monitors/{monitor['id']}", {"mode": "whisper"})
    assert (status, body["code"]) == (409, "not_live")
    status, body = await mona.post("/monitors", {"call_id": call["id"]})
    assert (status, body["code"]) == (409, "already_monitoring")
    assert (await mona.until_ended(monitor))["ended_reason"] == "no_answer"


async def test_stopped_while_it_rings(lab: Lab) -> None:
    await lab.talk("201", "101")
    phone = await lab.phone("302", "manual")
    mona = await lab.client("mona")
    call, mark = await mona.call("101"), phone.mark()
    _, monitor = await mona.post("/monitors", {"call_id": call["id"]})
    await phone.seen("CALL_INCOMING", mark)
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    assert (await mona.until_ended(monitor))["ended_reason"] == "stopped"
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    await phone.seen("CALL_CLOSED", mark)


async def test_stopped_before_the_phone_can_even_ring(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.phone("302", "manual")
    mona = await lab.client("mona")
    call = await mona.call("101")
    for _ in range(5):
        _, monitor = await mona.post("/monitors", {"call_id": call["id"]})
        assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
        assert (await mona.until_ended(monitor))["ended_reason"] == "stopped"
        assert "cm-" not in await lab.pbx.cli("core show channels concise")


async def test_the_call_ends_while_the_supervisors_phone_rings(lab: Lab) -> None:
    customer, _ = await lab.talk("201", "101")
    phone = await lab.phone("302", "manual")
    mona = await lab.client("mona")
    mark = phone.mark()
    _, monitor = await mona.post("/monitors", {"call_id": (await mona.call("101"))["id"]})
    await phone.seen("CALL_INCOMING", mark)
    await customer.hangup()
    assert (await mona.until_ended(monitor))["ended_reason"] == "call_ended"
    await phone.seen("CALL_CLOSED", mark)


async def test_the_call_ends_the_phone_hangs_up_and_patch_after_the_end(lab: Lab) -> None:
    customer, _ = await lab.talk("201", "101")
    phone = await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"))
    await phone.hangup()
    assert (await admin.until_ended(monitor))["ended_reason"] == "supervisor_hung_up"
    monitor = await admin.monitor(await admin.call("101"), "whisper")
    await customer.hangup()
    assert (await admin.until_ended(monitor))["ended_reason"] == "call_ended"
    status, body = await admin.patch(f"/monitors/{monitor['id']}", {"mode": "silent"})
    assert (status, body["code"]) == (409, "call_ended")


async def test_two_clicks_at_once_make_one_monitor(lab: Lab) -> None:
    await lab.talk("201", "101")
    phone = await lab.phone("301")
    admin = await lab.client("admin")
    call, rang = await admin.call("101"), phone.rang()
    answers = await asyncio.gather(*(admin.post("/monitors", {"call_id": call["id"]}) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409, 409]
    assert {body["code"] for status, body in answers if status == 409} == {"already_monitoring"}
    monitor = next(body for status, body in answers if status == 201)
    await admin.until(monitor["id"], "live")
    assert phone.rang() == rang + 1
    switches = [admin.patch(f"/monitors/{monitor['id']}", {"mode": m}) for m in ("whisper", "barge", "silent") * 3]
    assert {status for status, _ in await asyncio.gather(*switches)} == {200}


async def test_a_right_that_is_taken_away_ends_the_monitor(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    await lab.phone("302")
    admin, mona = await lab.client("admin"), await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    stream = await mona.events()
    path = f"/users/{mona.user['id']}"
    try:
        assert (await admin.patch(path, {"modes": ["silent", "whisper"]}))[0] == 200
        ended = await admin.until_ended(monitor, deadline=5)
        assert ended["ended_reason"] == "permission_revoked"
        assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
        await admin.patch(path, {"can_monitor": False})
        assert (await mona.post("/monitors", {"agent_extension": "101"}))[1]["code"] == "forbidden"
        fresh = await stream.until(lambda kind, data: kind == "snapshot" and not data["user"]["can_monitor"])
        assert fresh["calls"] == []
    finally:
        await admin.patch(path, {"can_monitor": True, "modes": ["silent", "whisper", "barge"]})


async def test_the_agents_blind_transfer_ends_the_monitor_and_barge_reaches_nobody_after(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    other = await lab.phone("102")
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    place, mark = customer.ear(), other.mark()
    await asyncio.sleep(0.4)
    assert tones.loudest(customer.heard(place), TONES["301"]) > QUIET
    await agent.transfer("102")
    assert (await admin.until_ended(monitor))["ended_reason"] == "call_ended"
    await other.seen("CALL_ESTABLISHED", mark)
    heard = await listen(customer, other)
    assert_hears(heard, p201={"102"}, p102={"201"})
    call = await admin.call("102")
    assert call["customer"]["number"] == "201"
    await admin.monitor(call)
    assert_hears(await listen(customer, other, supervisor), p201={"102"}, p102={"201"}, p301={"102", "201"})


async def test_the_agents_attended_transfer_leaves_nobody_listening_and_nobody_heard(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    other, _ = await lab.phones("102", "301")
    admin = await lab.client("admin")
    first = await admin.call("101")
    monitor = await admin.monitor(first, "barge")
    await agent.hold()
    mark, heard_by = other.mark(), agent.mark()
    await agent.dial("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await agent.seen("CALL_ESTABLISHED", heard_by)
    consult = await admin.call("102")
    assert consult["direction"] == "internal"
    assert consult["conversation_id"] != first["conversation_id"]
    await agent.transfer_to_consulted("102")
    assert (await admin.until_ended(monitor))["ended_reason"] == "call_ended"
    end = asyncio.get_running_loop().time() + 30
    while (call := await admin.call("102"))["customer"]["number"] != "201":
        assert asyncio.get_running_loop().time() < end, call
        await asyncio.sleep(0.1)
    assert (call["id"], call["direction"]) == (consult["id"], "inbound")
    assert [c["agent"]["extension"] for c in await admin.calls()] == ["102"]
    assert_hears(await listen(customer, other), p201={"102"}, p102={"201"})


async def test_the_customers_transfer_ends_the_lease_and_the_next_talk_reaches_who_is_there(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    other, supervisor = await lab.phones("102", "301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    stream = await admin.events()
    mark = other.mark()
    await customer.transfer("102")
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert told["reason"] == "bridge_changed"
    await other.seen("CALL_ESTABLISHED", mark)
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102"}, p102={"101"}, p301={"101", "102"})
    place = customer.ear()
    await admin.switch(monitor, "barge")
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102", "301"}, p102={"101", "301"}, p301={"101", "102"})
    assert tones.loudest(customer.heard(place), TONES["301"]) < QUIET, "the former party hears the supervisor"


async def test_the_customers_attended_transfer_while_barging(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    other, supervisor = await lab.phones("102", "301")
    admin = await lab.client("admin")
    monitor = await admin.monitor(await admin.call("101"), "barge")
    stream = await admin.events()
    await customer.hold()
    mark, heard_by = other.mark(), customer.mark()
    await customer.dial("102")
    await other.seen("CALL_ESTABLISHED", mark)
    await customer.seen("CALL_ESTABLISHED", heard_by)
    place, mark = customer.ear(), customer.mark()
    await customer.transfer_to_consulted("102")
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert told["reason"] == "bridge_changed"
    await customer.seen("CALL_CLOSED", mark)
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102"}, p102={"101"}, p301={"101", "102"})
    await admin.switch(monitor, "barge")
    heard = await listen(agent, other, supervisor)
    assert_hears(heard, p101={"102", "301"}, p102={"101", "301"}, p301={"101", "102"})
    assert tones.loudest(customer.heard(place), TONES["301"]) < QUIET, "the former party hears the supervisor"


async def test_the_agent_is_told_of_talk_and_of_nothing_else(lab: Lab) -> None:
    await lab.talk("201", "101")
    await lab.phones("301", "302")
    admin, sam = await lab.client("admin"), await lab.client("sam")
    call = await sam.call("101")
    stream = await sam.events()
    monitor = await admin.monitor(call)
    path = f"/monitors/{monitor['id']}"
    assert (await sam.get(path))[0] == 404
    assert (await sam.call("101"))["monitors"] == []
    await asyncio.sleep(0.3)
    assert stream.kinds() == ["snapshot"]
    await admin.switch(monitor, "whisper")
    joined = await stream.until(lambda kind, data: kind == "coach.joined")
    talk = joined.pop("monitor_id")
    assert talk != monitor["id"], "the agent would learn that one monitor went on"
    assert joined == {
        "call_id": call["id"],
        "supervisor": {"name": "Admin"},
        "mode": "whisper",
    }
    seen = (await sam.get(f"/monitors/{talk}"))[1]
    assert seen["started_at"] > monitor["live_at"], "the agent would learn how long it was silent"
    await admin.switch(monitor, "barge")
    await stream.until(lambda kind, data: kind == "coach.joined" and data["mode"] == "barge")
    await admin.switch(monitor, "silent")
    left = await stream.until(lambda kind, data: kind == "coach.left")
    assert left["mode"] == "barge"
    await admin.delete(path)
    await asyncio.sleep(0.3)
    assert [number for number, _, _ in stream.events] == list(range(1, len(stream.events) + 1))
    assert stream.kinds()[-3:] == ["monitor.removed", "call.updated", "coach.left"]
    assert {(await sam.get(each))[0] for each in (path, f"/monitors/{talk}")} == {404}


async def test_ones_own_conversation_is_not_monitored(lab: Lab) -> None:
    await lab.talk("301", "101")
    admin = await lab.client("admin")
    status, body = await admin.post("/monitors", {"agent_extension": "101"})
    assert (status, body["code"]) == (409, "own_call")


async def test_in_a_conference_only_the_agent_hears_and_the_page_knows_before(lab: Lab) -> None:
    one, two, three = await lab.phones("101", "102", "103")
    for phone in (one, two, three):
        mark = phone.mark()
        await phone.dial("600")
        await phone.seen("CALL_ESTABLISHED", mark)
    supervisor = await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")
    assert call["barge_reaches_customer"] is False
    end = asyncio.get_running_loop().time() + 30
    while (await listen(one))["101"]["102"] < 1500:  # ConfBridge first tells who came first that nobody else is there
        assert asyncio.get_running_loop().time() < end
    monitor = await admin.monitor(call, "barge")
    heard = await listen(one, two, three, supervisor)
    assert heard["101"]["301"] > 3000
    assert heard["102"]["301"] < QUIET
    assert heard["103"]["301"] < QUIET
    assert heard["301"]["102"] > 1500
    status, body = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, body["code"]) == (409, "conflict")
    stream = await admin.events()
    await three.hangup()  # somebody leaves: the talk was meant for others
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert told["reason"] == "bridge_changed"
    heard = await listen(one, two)
    assert heard["101"]["301"] < QUIET


async def test_a_third_party_that_joins_ends_the_lease_and_barge_reaches_the_agent_alone(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    third, supervisor = await lab.phone("103"), await lab.phone("301")
    admin = await lab.client("admin")
    call = await admin.call("101")
    monitor = await admin.monitor(call, "barge")
    stream, mark = await admin.events(), third.mark()
    lines = (await lab.pbx.cli("core show channels concise")).splitlines()
    channel = next(line.partition("!")[0] for line in lines if line.startswith("PJSIP/101-"))
    for module in ("app_bridgeaddchan.so", "res_clioriginate.so"):
        assert "Loaded" in await lab.pbx.cli(f"module load {module}")
    await lab.pbx.cli(f"channel originate PJSIP/103 application BridgeAdd {channel}")
    await third.seen("CALL_ESTABLISHED", mark)
    told = await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent")
    assert told["reason"] == "bridge_changed"
    heard = await listen(customer, agent, third, supervisor)
    for number in ("101", "201", "103"):
        assert heard[number]["301"] < QUIET, f"{number} hears the supervisor"
    assert (await admin.call("101"))["barge_reaches_customer"] is False
    place = customer.ear(), third.ear()
    await admin.switch(monitor, "barge")
    heard = await listen(customer, agent, third, supervisor)
    assert heard["101"]["301"] > 3000
    for phone, ear in ((customer, place[0]), (third, place[1])):
        assert tones.loudest(phone.heard(ear), TONES["301"]) < QUIET
    since = len(stream.events)
    await third.hangup()  # two again: what was said to one is not said to both unasked
    await stream.until(lambda kind, data: kind == "monitor.updated" and data["mode"] == "silent", since)
    end = asyncio.get_running_loop().time() + 30
    while not (await admin.call("101"))["barge_reaches_customer"]:  # Asterisk's bridge mixes on for a moment
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.05)
    await admin.switch(monitor, "barge")
    assert_hears(await listen(customer, agent), p101={"201", "301"}, p201={"101", "301"})


async def test_taking_a_call_over(lab: Lab) -> None:
    customer, agent = await lab.talk("201", "101")
    supervisor = await lab.phone("301")
    admin, sam = await lab.client("admin"), await lab.client("sam")
    stream, call = await sam.events(), await admin.call("101")
    monitor = await admin.monitor(call, "whisper")
    status, body = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, body["code"]) == (409, "conflict")
    await admin.switch(monitor, "barge")
    mark = agent.mark()
    status, taken = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, taken["state"], taken["ended_reason"]) == (200, "ended", "took_over"), taken
    await agent.seen("CALL_CLOSED", mark)
    await stream.until(lambda kind, data: kind == "coach.left" and data["mode"] == "barge")
    await stream.until(lambda kind, data: kind == "call.removed" and data["id"] == call["id"])
    assert_hears(await listen(customer, supervisor), p201={"301"}, p301={"201"})
    status, body = await admin.post(f"/monitors/{monitor['id']}/takeover", {})
    assert (status, body["code"]) == (409, "call_ended")
    mark = supervisor.mark()
    await customer.hangup()
    await supervisor.seen("CALL_CLOSED", mark)


async def test_taking_over_a_call_that_the_agent_made(lab: Lab) -> None:
    agent, customer = await lab.talk("101", "201")
    supervisor = await lab.phone("302")
    mona = await lab.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    mark = agent.mark()
    assert (await mona.post(f"/monitors/{monitor['id']}/takeover", {}))[0] == 200
    await agent.seen("CALL_CLOSED", mark)
    assert_hears(await listen(customer, supervisor), p201={"302"}, p302={"201"})
