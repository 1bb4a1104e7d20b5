"""The link over a scripted Asterisk: no gap and no ghost, growing pauses, wrong secrets, an ARI that talks nonsense."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from adapter.asterisk.ami import AmiAddress
from adapter.asterisk.ari import Ari
from adapter.asterisk.connection import Connection, LinkSettings
from adapter.asterisk.link import DIGIT_GAP, MANY_DIGITS, Link
from adapter.core.events import Event, Snapshot
from adapter.core.legs import LegRequest
from adapter.core.modes import Mode
from adapter.core.pbx import DeviceState, LinkState, PbxState
from adapter.core.people import Directory
from adapter.errors import Invalid, PbxRefused, PbxTimeout, PbxUnavailable
from adapter.monitoring.board import Board
from tests.fake.ami_server import Action, AmiServer, Peer, agree, ignore, refuse_login
from tests.fake.pbx import WORDS
from tests.fake.scene import PEOPLE, START, numbering

CHANNEL = ("Channel: PJSIP/101-00000001", "ChannelState: 6", "Uniqueid: 17.1", "Linkedid: 17.1", "Duration: 00:00:05")


class World:
    """A link, what it told, and the board that took it."""

    def __init__(self, port: int, **more: float) -> None:
        self.board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTING, START), WORDS)
        self.states: list[LinkState] = []
        self.events: list[Event] = []
        address = AmiAddress("127.0.0.1", port, "u", "s")
        settings = LinkSettings("lab", address, "http://127.0.0.1:9/ari", "u", "s", **more)  # type: ignore[arg-type]
        self.connection = Connection(settings, self.take, self.state, lambda: datetime.now(UTC))
        self.link = Link(settings, self.connection)

    def take(self, events: Sequence[Event]) -> None:
        self.events += events
        self.board.apply(events)

    def state(self, state: PbxState) -> None:
        self.states.append(state.state)
        self.board.set_pbx(state)

    async def until(self, state: LinkState, times: int = 1) -> None:
        """Wait until the link has been in this state so often."""
        async with asyncio.timeout(10):
            while self.states.count(state) < times:  # noqa: ASYNC110 - the states are a plain list
                await asyncio.sleep(0.01)


@asynccontextmanager
async def world(server: AmiServer, **more: float) -> AsyncIterator[World]:
    """A link that is started and closed."""
    async with server.running():
        made = World(server.port, **more)
        made.connection.start()
        try:
            yield made
        finally:
            await asyncio.wait_for(made.connection.close(), 5)


def lists(*live: tuple[str, ...]) -> object:
    """A script that lists one channel, with live events between the list's items."""

    async def script(peer: Peer, action: Action) -> None:
        mine, name = f"ActionID: {action['ActionID']}", action["Action"]
        if not name.endswith(("Channels", "List")):
            await agree(peer, action)
            return
        await peer.say("Response: Success", mine, "EventList: start")
        if name == "CoreShowChannels":
            await peer.say("Event: CoreShowChannel", mine, *CHANNEL)
            for event in live:
                await peer.say(*event)
        await peer.say(f"Event: {name}Complete", mine, "EventList: Complete", "ListItems: 1")

    return script


async def test_a_channel_that_ends_while_it_is_listed_is_no_ghost() -> None:
    hangup = ("Event: Hangup", *CHANNEL, "Cause: 16")
    async with world(AmiServer(lists(hangup))) as made:  # type: ignore[arg-type]
        await made.until(LinkState.CONNECTED)
        assert isinstance(made.events[0], Snapshot)
        assert len(made.events[0].channels) == 1
        assert not made.board.channels()


async def test_a_channel_that_begins_while_it_is_listed_is_no_gap() -> None:
    new = tuple(line.replace("17.1", "17.9").replace("00000001", "00000009") for line in CHANNEL)
    async with world(AmiServer(lists(("Event: Newchannel", *new)))) as made:  # type: ignore[arg-type]
        await made.until(LinkState.CONNECTED)
        assert set(made.board.channels()) == {"17.1", "17.9"}


async def test_after_a_loss_the_model_is_new_and_nothing_is_sent_again() -> None:
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server) as made:
        await made.until(LinkState.CONNECTED)
        server.peers[-1].hang_up()
        await made.until(LinkState.CONNECTED, 2)
        assert made.states[:5] == [
            LinkState.CONNECTED,
            LinkState.DOWN,
            LinkState.CONNECTING,
            LinkState.CONNECTED,
        ]
        assert len(made.board.channels()) == 1
        assert len(server.heard("Login")) == 2


async def test_a_half_open_peer_is_noticed() -> None:
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server, ping_interval=0.1, ping_deadline=0.1) as made:
        await made.until(LinkState.CONNECTED)
        server.script = ignore
        await made.until(LinkState.DOWN)
        with pytest.raises(PbxUnavailable):
            await made.link.end_leg("cm-x")


async def test_wrong_credentials_are_not_hammered() -> None:
    server = AmiServer(refuse_login)
    async with world(server) as made:
        await made.until(LinkState.DOWN)
        await asyncio.sleep(0.5)
        assert len(server.heard("Login")) == 1


async def test_pauses_grow() -> None:
    made = World(1, first_pause=0.1, longest_pause=2.0)
    pauses = [max(made.connection._pause(n) for _ in range(20)) for n in range(1, 8)]
    assert pauses[0] < 0.21
    assert pauses[3] > pauses[0]
    assert max(pauses) <= 2.0


async def test_legs_are_asked_for_with_clean_values_only() -> None:
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server) as made:
        await made.until(LinkState.CONNECTED)
        name = 'Sam" <666>\\ Жанна'
        await made.link.start_leg(LegRequest("cm-1", "PJSIP/301", "17.1", Mode.BARGE, True, name, "101", 20))
        sent = server.heard("Originate")[0]
        assert sent["CallerID"] == '"Sam 666 Жанна" <101>'
        assert (sent["Exten"], sent["Context"], sent["ChannelId"]) == ("barge-keypad", "call-monitor", "cm-1")
        for target in ("17.1,qw", "*", "17.1\r\nX: y", ""):
            with pytest.raises(Invalid):
                await made.link.start_leg(LegRequest("cm-1", "PJSIP/301", target, Mode.BARGE, True, "x", "1", 20))
        assert len(server.heard("Originate")) == 1


async def test_digits_keep_their_distance_and_the_first_does_not_wait() -> None:
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server) as made:
        await made.until(LinkState.CONNECTED)
        clock = asyncio.get_running_loop().time
        began = clock()
        for mode in (Mode.WHISPER, Mode.BARGE, Mode.SILENT):
            await made.link.switch_leg("cm-1", mode, keypad=True, reattach=False)
        assert clock() - began >= 0.09
        assert [action["Digit"] for action in server.heard("PlayDTMF")] == ["5", "6", "4"]


async def test_a_leg_that_is_no_more_is_told_from_a_refusal() -> None:
    """The words are Asterisk 22's, each action has its own."""
    words = {
        "PlayDTMF": "Channel not found",
        "Redirect": "Channel does not exist: cm-1",
        "Hangup": "No such channel",
    }

    async def script(peer: Peer, action: Action) -> None:
        if (why := words.get(action["Action"])) is None:
            await lists()(peer, action)  # type: ignore[operator]
        else:
            await peer.say("Response: Error", f"ActionID: {action['ActionID']}", f"Message: {why}")

    async with world(AmiServer(script)) as made:
        await made.until(LinkState.CONNECTED)
        for reattach in (False, True):
            assert not await made.link.switch_leg("cm-1", Mode.SILENT, keypad=True, reattach=reattach)
        assert not await made.link.end_leg("cm-1")
        words.update(dict.fromkeys(words, "Permission denied"))
        for reattach in (False, True):
            with pytest.raises(PbxRefused):
                await made.link.switch_leg("cm-1", Mode.SILENT, keypad=True, reattach=reattach)


async def test_digits_of_legs_that_are_over_are_forgotten() -> None:
    server = AmiServer(lists())  # type: ignore[arg-type]
    async with world(server) as made:
        await made.until(LinkState.CONNECTED)
        for number in range(2 * MANY_DIGITS):
            await made.link.switch_leg(f"cm-{number}", Mode.WHISPER, keypad=True, reattach=False)
            if number % 50 == 0:
                await asyncio.sleep(2 * DIGIT_GAP)
        assert len(made.link._digits) <= MANY_DIGITS


@asynccontextmanager
async def ari(answer: object) -> AsyncIterator[Ari]:
    """An ARI whose server answers like this."""
    app = web.Application()
    app.router.add_get("/ari/{rest:.*}", answer)  # type: ignore[arg-type]
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    client = Ari(f"http://127.0.0.1:{runner.addresses[0][1]}/ari", "u", "s", 0.3)
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


NONSENSE = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"state":7}',
    '{"state":"unknown"}',
    '{"channel_ids":["1"]}',
    "\x00",
    "[" * 5000,
]


@pytest.mark.parametrize("text", [*NONSENSE, '{"state":"online"'])
async def test_nonsense_from_ari_is_no_answer(text: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    async with ari(answer) as client:
        assert await client.device_state("PJSIP/301") is DeviceState.UNKNOWN
        with pytest.raises(PbxUnavailable):
            await client.version()


async def test_ari_that_refuses_or_never_answers() -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"message": "no"}, status=401)

    async def sleep(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with ari(refuse) as client:
        with pytest.raises(PbxUnavailable, match=r"ari\.conf"):
            await client.version()
    async with ari(sleep) as client:
        with pytest.raises(PbxTimeout):
            await client.version()
        assert await client.device_state("PJSIP/301") is DeviceState.UNKNOWN


@pytest.mark.parametrize("device", ["301", "PJSIP/../../x", "PJSIP/a b", "PJSIP/301?x=1", ""])
async def test_a_device_that_is_none_is_not_asked_for(device: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"state": "online", "channel_ids": []})

    async with ari(answer) as client:
        assert await client.device_state(device) is DeviceState.UNKNOWN
        assert asked == []
        assert await client.device_state("PJSIP/301") is DeviceState.AVAILABLE
        assert len(asked) == 1
