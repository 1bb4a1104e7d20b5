"""The ten listed behaviours of panoramisk 1.4 (../shared/asterisk-facts.md): one test each, named after it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from adapter.asterisk.ami import AmiAddress, AmiConnection, AuthenticationFailed
from adapter.asterisk.splitter import Message
from adapter.errors import Invalid, PbxRefused, PbxTimeout, PbxUnavailable
from tests.fake.ami_server import Action, AmiServer, Peer, agree, ignore, refuse_login


class Heard:
    """What a connection told us."""

    def __init__(self) -> None:
        self.events: list[Message] = []
        self.lost: list[str] = []
        self.news = asyncio.Event()
        self.over = asyncio.Event()

    def on_events(self, events: list[Message]) -> None:
        self.events += events
        self.news.set()

    def on_lost(self, why: str) -> None:
        self.lost.append(why)
        self.over.set()

    async def until(self, count: int) -> list[Message]:
        """Wait for so many events."""
        while len(self.events) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)
        return self.events


@asynccontextmanager
async def connected(server: AmiServer) -> AsyncIterator[tuple[AmiConnection, Heard]]:
    """A logged-in connection to a scripted server."""
    heard = Heard()
    async with server.running():
        address = AmiAddress("127.0.0.1", server.port, "call-monitor", "s3cret-of-the-test")
        connection = await AmiConnection.open(address, heard.on_events, heard.on_lost, 2)
        try:
            yield connection, heard
        finally:
            connection.close()


async def test_guard_01_successfully_queued_does_not_drop_the_link() -> None:
    async def queued(peer: Peer, action: Action) -> None:
        message = "Originate successfully queued"
        await peer.say("Response: Success", f"ActionID: {action['ActionID']}", f"Message: {message}")

    async with connected(AmiServer(queued)) as (ami, heard):
        for name in ("Originate", "PlayDTMF", "Atxfer"):
            assert (await ami.action(name, [("Channel", "PJSIP/301")], deadline=2))["Response"] == "Success"
        assert heard.lost == []


async def test_guard_02_a_raising_reader_does_not_abort_the_link_and_order_is_kept() -> None:
    server = AmiServer()
    seen: list[str] = []

    def reader(events: list[Message]) -> None:
        seen.extend(event["Uniqueid"] for event in events)
        raise RuntimeError("a fault of the reader")

    async with server.running():
        address = AmiAddress("127.0.0.1", server.port, "u", "s")
        lost: list[str] = []
        ami = await AmiConnection.open(address, reader, lost.append, 2)
        for number in range(50):
            await server.peers[0].say("Event: Newstate", f"Uniqueid: {number}")
        await ami.action("Ping", deadline=2)
        assert seen == [str(number) for number in range(50)]
        assert lost == []
        ami.close()


async def test_guard_03_unanswered_actions_are_not_sent_again() -> None:
    server = AmiServer(ignore)
    async with connected(server) as (ami, heard):
        waiting = [asyncio.ensure_future(ami.action("Redirect", [("Channel", str(n))], deadline=5)) for n in range(20)]
        await asyncio.sleep(0.1)
        server.peers[0].hang_up()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {PbxTimeout}
        assert len(heard.lost) == 1
        with pytest.raises(PbxUnavailable):
            await ami.action("Redirect", [("Channel", "x")], deadline=1)
        address = AmiAddress("127.0.0.1", server.port, "u", "s")
        server.script = agree
        again = await AmiConnection.open(address, heard.on_events, heard.on_lost, 2)
        await again.action("Ping", deadline=2)
        again.close()
    assert len(server.heard("Redirect")) == 20


async def test_guard_04_everything_has_a_deadline_and_a_given_up_action_leaves_nothing() -> None:
    server = AmiServer(ignore)
    async with connected(server) as (ami, heard):
        with pytest.raises(PbxTimeout, match="Ping"):
            await ami.action("Ping", deadline=0.05)
        with pytest.raises(PbxTimeout):
            await ami.listing("CoreShowChannels", deadline=0.05)
        late = server.actions[-1]["ActionID"]
        await server.peers[0].say("Event: Newstate", f"ActionID: {late}", "Uniqueid: 1")
        assert (await heard.until(1))[0]["Uniqueid"] == "1"

    writers: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda reader, writer: writers.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(PbxTimeout):
        await AmiConnection.open(AmiAddress("127.0.0.1", port, "u", "s"), heard.on_events, heard.on_lost, 0.1)
    silent.close()
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    with pytest.raises(PbxUnavailable):
        await AmiConnection.open(AmiAddress("127.0.0.1", port, "u", "s"), heard.on_events, heard.on_lost, 1)


async def test_guard_05_live_events_are_not_swallowed_while_a_list_is_read() -> None:
    async def listing(peer: Peer, action: Action) -> None:
        mine = f"ActionID: {action['ActionID']}"
        await peer.say("Response: Success", mine, "EventList: start", "Message: Channels will follow")
        await peer.say("Event: CoreShowChannel", mine, "Channel: PJSIP/101-1", "Uniqueid: 1")
        await peer.say("Event: Hangup", "Channel: PJSIP/101-1", "Uniqueid: 1")
        await peer.say("Event: CoreShowChannel", mine, "Channel: PJSIP/102-1", "Uniqueid: 2")
        await peer.say("Event: CoreShowChannelsComplete", mine, "EventList: Complete", "ListItems: 2")
        before = f"ActionID: {server.actions[0]['ActionID']}"
        await peer.say("Event: OriginateResponse", before, "Response: Failure", "Uniqueid: cm-x")

    server = AmiServer(listing)
    async with connected(server) as (ami, heard):
        items = await ami.listing("CoreShowChannels", deadline=2)
        assert [item["Uniqueid"] for item in items] == ["1", "2"]
        await heard.until(2)
        assert [event["Event"] for event in heard.events] == ["Hangup", "OriginateResponse"]


async def test_guard_06_an_event_is_no_success() -> None:
    async def event_first(peer: Peer, action: Action) -> None:
        mine = f"ActionID: {action['ActionID']}"
        await peer.say("Event: OriginateResponse", mine, "Response: Failure", "Uniqueid: cm-x", "Reason: 0")
        await peer.say("Response: Error", mine, "Message: Extension does not exist.")

    async with connected(AmiServer(event_first)) as (ami, heard):
        with pytest.raises(PbxRefused, match="Extension does not exist"):
            await ami.action("Originate", deadline=2)
        assert heard.events[0]["Response"] == "Failure"


@pytest.mark.parametrize(
    "value",
    ["x\r\nAction: Command", "x\ny", "x\0y", "x\x1by", "x\u2028y", None, 7, "x" * 1100, "Ж" * 600],
)
async def test_guard_07_nothing_that_could_start_a_line_is_sent(value: object) -> None:
    server = AmiServer()
    async with connected(server) as (ami, _):
        fields = [("Channel", value)]
        with pytest.raises(Invalid):
            await ami.action("Hangup", fields, deadline=1)  # type: ignore[arg-type]
        with pytest.raises(Invalid):
            await ami.action("Hangup", [("Chan: x\r\nnel", "y")], deadline=1)
        with pytest.raises(Invalid):
            await ami.action("Originate", [("Variable", f"V{n}=1") for n in range(101)], deadline=1)
        assert fields == [("Channel", value)]
        await ami.action("Ping", deadline=1)
    assert [action["Action"] for action in server.actions] == ["Login", "Ping"]


async def test_guard_08_characters_split_over_chunks_survive() -> None:
    server = AmiServer()
    async with connected(server) as (_, heard):
        message = "Event: NewCallerid\r\nUniqueid: 1\r\nCallerIDName: Жанна 𝄞\r\n\r\n".encode()
        for place in range(len(message)):
            await server.peers[0].raw(message[place : place + 1])
            if place % 7 == 0:
                await asyncio.sleep(0)
        assert (await heard.until(1))[0]["CallerIDName"] == "Жанна 𝄞"


async def test_guard_09_wrong_credentials_are_told_once_and_no_secret_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = AmiServer(refuse_login)
    heard = Heard()
    async with server.running():
        address = AmiAddress("127.0.0.1", server.port, "call-monitor", "s3cret-of-the-test")
        with pytest.raises(AuthenticationFailed):
            await AmiConnection.open(address, heard.on_events, heard.on_lost, 2)
        await asyncio.sleep(0.3)
    assert len(server.heard("Login")) == 1
    assert "s3cret-of-the-test" not in caplog.text + repr(address)


async def test_guard_10_a_large_message_costs_linear_time_and_an_endless_one_ends_the_link() -> None:
    server = AmiServer()
    async with connected(server) as (ami, heard):
        peer = server.peers[0]
        costs: dict[int, list[float]] = {400_000: [], 3_200_000: []}
        for size in (*costs, *costs, *costs):
            began = time.process_time()  # of this process alone, however busy the machine is
            await peer.raw(b"Event: Newstate\r\nUniqueid: 1\r\nBlob: " + b"x" * size + b"\r\n\r\n")
            await ami.action("Ping", deadline=20)
            costs[size].append(time.process_time() - began)
        assert len(heard.events) == 6
        small, large = (min(measured) for measured in costs.values())
        assert large < 40 * max(small, 0.002), costs
        await peer.raw(b"Event: Newstate\r\n" + b"x" * 5_000_000)
        await asyncio.wait_for(heard.over.wait(), 10)
    assert "more than" in heard.lost[0]


async def test_a_cancellation_that_comes_with_the_answer_is_not_lost() -> None:
    """Whoever closes a connection cancels what waits for an answer, once; were that lost, closing would never end."""
    async with AmiServer(ignore).running() as server:
        connection = await AmiConnection.open(
            AmiAddress("127.0.0.1", server.port, "u", "s"), lambda messages: None, lambda why: None, 3.0
        )
        asking = asyncio.ensure_future(connection.action("Ping", deadline=5))
        await asyncio.sleep(0)
        (action,) = connection._pending.values()
        action.future.set_result({"Response": "Success"})
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        connection.close()
