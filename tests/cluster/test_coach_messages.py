"""Messages between supervisor and agent with several adapters: the supervisor's page at one, the agent's at another."""

from pathlib import Path

import pytest

from adapter import errors
from adapter.core.audit import By, Via
from adapter.core.messages import CoachMessage, MessageRequest, Sender
from adapter.core.modes import Mode
from adapter.core.monitor import Monitor
from adapter.core.ownership import Term
from adapter.fleet.messages import Action, Why
from tests.cluster.test_forward import World, nats, world
from tests.fake.pbx import settle
from tests.fake.scene import ADMIN, MONA, SAM, START
from tests.support.nats import NatsServer
from tests.support.several import Several, cluster_url, installation, server, several
from tests.support.site import is_problem
from tests.support.waiting import until
from tests.unit.test_kept_messages import stored

__all__ = ["cluster_url", "nats", "server", "several", "world"]


async def test_three_adapters_carry_it_to_those_two_alone(several: Several) -> None:
    owner, hers = await several.two()
    his = await several.adapter()
    several.call_at("north")
    sam, mona = await his.client("sam"), await hers.client("mona")
    everywhere = [await one.client(name) for one in (owner, hers, his) for name in ("admin", "coach", "ana")]
    call = await mona.call("101")
    await sam.call("101")
    streams = [await client.events() for client in (sam, mona, *everywhere)]
    monitor = await mona.monitor(call)
    mine, answer = f"/monitors/{monitor['id']}/messages", f"/calls/{call['id']}/messages"
    is_problem(await mona.post(mine, {"text": "x"}), 409, "not_talking")
    before = await sam.post(answer, {"text": "x"})
    is_problem(before, 409, "not_talking")

    await mona.switch(monitor, "whisper")
    joined = await streams[0].until(lambda kind, _: kind == "coach.joined")
    key = {"headers": {"Idempotency-Key": "one"}}
    sent = await mona.ask("POST", mine, {"text": "Offer a refund"}, **key)
    assert sent[0] == 201, sent
    told = await streams[0].until(lambda kind, _: kind == "message.sent")
    assert told == {**sent[1], "monitor_id": joined["monitor_id"]}
    elsewhere = await owner.client("mona")
    assert await elsewhere.ask("POST", mine, {"text": "Offer a refund"}, **key) == sent, "sent again by another adapter"
    status, said = await sam.post(answer, {"text": "How much?", "monitor_id": joined["monitor_id"]})
    assert status == 201, said
    await streams[1].until(lambda kind, one: kind == "message.sent" and one["from"] == "agent")
    for one in (owner, hers, his):
        for name, url in (("mona", mine), ("sam", answer)):
            client = await one.client(name)
            await until(lambda one=one: len(list(one.service.boards.board("north").messages)) == 2, "not seen")  # type: ignore[misc]
            texts = [message["text"] for message in (await client.get(url))[1]["messages"]]
            assert texts == ["Offer a refund", "How much?"]

    await mona.switch(monitor, "silent")
    gone = await streams[0].until(lambda kind, _: kind == "monitor.removed")
    assert gone == {"id": joined["monitor_id"]}
    assert await sam.post(answer, {"text": "x"}) == before
    assert (await sam.get(answer))[1] == {"messages": []}
    is_problem(await mona.post(mine, {"text": "x"}), 409, "not_talking")
    assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
    for one in (owner, hers, his):
        await until(lambda one=one: not list(one.service.boards.board("north").messages), "kept")  # type: ignore[misc]
    await settle()
    for stream in streams[2:]:
        assert b"refund" not in stream.raw
        assert b"message" not in b"".join(line for line in stream.raw.splitlines() if line.startswith(b"event:"))


async def test_a_death_of_the_owner_loses_what_was_written_and_says_so(several: Several) -> None:
    owner, hers = await several.two()
    several.call_at("north")
    sam, mona = await hers.client("sam"), await hers.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "whisper")
    mine = f"/monitors/{monitor['id']}/messages"
    assert (await mona.post(mine, {"text": "Lost"}))[0] == 201
    stream = await sam.events()
    assert [one["text"] for one in stream.events[0][2]["messages"]] == ["Lost"]
    await owner.die()
    await until(lambda: hers.owns("north", "south"), "nobody took it over")
    assert not any(list(board.messages) for board in hers.service.boards)
    assert (await mona.events()).events[0][2]["messages"] == []
    fresh = await stream.until(lambda kind, one: kind == "snapshot" and not one["messages"])
    assert b"Lost" not in str(fresh).encode()


async def test_the_owner_stores_what_any_adapter_is_asked_to_send(cluster_url: str, tmp_path: Path) -> None:
    """Stored when it is answered, read afterwards at any, and told to everybody at any before."""
    kept = {"message_keep_days": 30, "shield_answer_seconds": 0.4}
    with NatsServer.running(tmp_path) as nats:
        async with installation(cluster_url, nats, coaching=kept) as several:
            owner, hers = await several.two()
            several.call_at("north")
            sam, mona, admin = await hers.client("sam"), await hers.client("mona"), await owner.client("admin")
            for client in (sam, mona):
                assert (await client.events()).events[0][2]["message_keep_days"] == 30
            call = await mona.call("101")
            monitor = await mona.monitor(call, "whisper")
            mine, answer = f"/monitors/{monitor['id']}/messages", f"/calls/{call['id']}/messages"
            key = {"headers": {"Idempotency-Key": "one"}}
            sent = await mona.ask("POST", mine, {"text": "Offer a refund"}, **key)
            assert sent[0] == 201, sent
            assert (await sam.post(answer, {"text": "How much?"}))[0] == 201
            assert await stored(hers.store) == ["Offer a refund", "How much?"]

            (node,) = [one for one in owner.service.nodes if one.id == "north"]
            real, node.coach_messages._kept = node.coach_messages._kept, Broken()
            is_problem(await mona.post(mine, {"text": "Lost"}), 503, "record_unavailable")
            north = owner.service.boards.board("north")
            assert north is not None
            assert [one.text for one in north.messages] == ["Offer a refund", "How much?"]
            node.coach_messages._kept = real

            await owner.die()
            await until(lambda: hers.owns("north", "south"), "nobody took it over")
            assert not any(list(board.messages) for board in hers.service.boards)
            admin = await hers.client("admin")
            await until(lambda: any(one.live for one in hers.service.boards.monitors()), "it was not taken up")
            (running,) = (await mona.get("/monitors"))[1]["monitors"]
            assert running["id"] == monitor["id"]
            await mona.switch(running, "whisper")
            assert await mona.ask("POST", mine, {"text": "Offer a refund"}, **key) == sent, "it was sent before"
            assert (await mona.post(mine, {"text": "Twenty is fine"}))[0] == 201
            assert (await mona.delete(f"/monitors/{monitor['id']}"))[0] == 204
            await hers.service.recorder.settled()
            texts = ["Offer a refund", "How much?", "Twenty is fine"]
            assert await stored(hers.store) == texts
            for client in (mona, admin):
                assert [one["text"] for one in (await client.get(mine))[1]["messages"]] == texts
            is_problem(await sam.get(mine), 404, "not_found")


async def test_who_looks_after_the_pbx_no_more_stores_nothing(cluster_url: str, tmp_path: Path) -> None:
    kept = {"message_keep_days": 30, "shield_answer_seconds": 0.4}
    with NatsServer.running(tmp_path) as nats:
        async with installation(cluster_url, nats, coaching=kept) as several:
            owner, _ = await several.two()
            store = owner.store.coach_messages.within(lambda pbxes: dict.fromkeys(pbxes, Term(0, "of yesterday")))
            message = CoachMessage(
                id="m1",
                pbx="north",
                monitor_id="m",
                call_id="c",
                talk="t",
                agent_id="a",
                at=START,
                sender=Sender.SUPERVISOR,
                author_id="s",
                author_name="M",
                text="Too late",
            )
            with pytest.raises(errors.StoreUnavailable):
                await store.keep(message, "k", "sam")
            assert await stored(owner.store) == []
            await owner.store.coach_messages.keep(message, "k", "sam")
            with pytest.raises(errors.StoreUnavailable):
                await store.take_back(message)
            assert await stored(owner.store) == ["Too late"]


class Broken:
    """A log that keeps nothing."""

    async def keep(self, message: CoachMessage, conversation_id: str, agent: str) -> CoachMessage:
        raise errors.StoreRefused("never")

    async def take_back(self, message: CoachMessage) -> None:
        raise AssertionError("there is nothing to take back")


# --- between the owner and another adapter


async def whispering(world: World) -> Monitor:
    """The administrator whispers to Sam, by a click at the other adapter."""
    monitor = await world.live()
    return await world.remote.switch(ADMIN, monitor.id, Mode.WHISPER)


def wish(text: str = "Offer a refund", one: str = "m1") -> MessageRequest:
    return MessageRequest(id=one, sender=Sender.SUPERVISOR, text=text)


async def test_what_comes_when_it_is_silent_is_refused_and_never_sent_late(world: World) -> None:
    monitor = await whispering(world)
    sent = await world.remote.messages.send(ADMIN, monitor.id, wish())
    assert sent.text == "Offer a refund"
    assert list(world.other.board.messages) == list(world.owner.board.messages) == [sent], "seen when it was answered"
    await world.owner.supervision.switch(ADMIN, monitor.id, Mode.SILENT)
    with pytest.raises(errors.NotTalking):
        await world.remote.messages.send(ADMIN, monitor.id, wish("Too late", "m2"))
    answer = MessageRequest(id="m3", sender=Sender.AGENT, text="Yes", talk=monitor.talk)
    with pytest.raises(errors.NotTalking):
        await world.remote.messages.send(SAM, monitor.id, answer)
    with pytest.raises(errors.NotTalking):
        await world.remote.messages.send(SAM, "of nobody", answer)
    with pytest.raises(errors.Forbidden):
        await world.remote.messages.send(MONA, monitor.id, wish("Not mine", "m4"))
    await world.owner.supervision.switch(ADMIN, monitor.id, Mode.WHISPER)
    await settle()
    assert [one.text for one in world.owner.board.messages] == ["Offer a refund"]


async def test_a_command_that_comes_twice_or_late_sends_nothing_more(world: World) -> None:
    monitor = await whispering(world)
    command = world.command(
        action=Action.MESSAGE, monitor=monitor.id, mode=None, message=wish(), by=By("admin", Via.SESSION)
    )
    world.send(command)
    world.send(command)
    await until(lambda: world.owner.sealer.ignored[Why.REPLAYED] == 1, "the second was not noticed")
    await until(lambda: len(list(world.owner.board.messages)) == 1, "it was not sent")
    world.ahead = 60.0
    world.send(world.command(action=Action.MESSAGE, id="late", monitor=monitor.id, message=wish("Late", "m2")))
    await until(lambda: world.owner.sealer.ignored[Why.STALE] == 1, "it was not too late")
    world.send(world.command(action=Action.MESSAGE, id="empty", monitor=monitor.id))
    await settle()
    assert [one.text for one in world.owner.board.messages] == ["Offer a refund"]


async def test_who_missed_some_has_them_with_the_snapshot(world: World) -> None:
    monitor = await whispering(world)
    await world.remote.messages.send(ADMIN, monitor.id, wish())
    await world.cable.unplug()
    await until(lambda: not world.other.board.in_sight, "it still sees the owner")
    await world.owner.messages.send(ADMIN, monitor.id, wish("Meanwhile", "m2"))
    assert [one.text for one in world.other.board.messages] == ["Offer a refund"]
    told: list[str] = []
    world.other.board.subscribe(lambda changes: told.extend(one.text for one in changes.messages))
    await world.cable.plug()
    await until(lambda: [one.text for one in world.other.board.messages] == ["Offer a refund", "Meanwhile"], "missed")
    assert told == ["Meanwhile"]
