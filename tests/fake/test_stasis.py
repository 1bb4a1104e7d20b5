"""The Stasis application over a scripted ARI: taken away, lost without a word, and calls that wait in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from adapter.asterisk import stasis as module
from adapter.asterisk.ari import Ari
from adapter.asterisk.fence import Fence
from adapter.asterisk.stasis import APPLICATION, GONE, TAKEN, Stasis
from adapter.core.legs import HandedCall
from adapter.errors import PbxUnavailable


def channel(uniqueid: str, *arguments: str, application: str = "Stasis") -> dict[str, Any]:
    """A channel as ARI shows it."""
    data = ",".join((APPLICATION, *arguments))
    plan = {"exten": "*22101", "app_name": application, "app_data": data}
    return {"id": uniqueid, "name": "PJSIP/302-0000001a", "dialplan": plan}


class Asterisk:
    """ARI as far as the application needs it."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.known = True
        self.channels: dict[str, dict[str, Any]] = {}

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.known = True
        async for _ in socket:
            pass
        return socket

    async def application(self, request: web.Request) -> web.Response:
        if not self.known:
            return web.json_response({"message": "no"}, status=404)
        return web.json_response({"name": APPLICATION, "channel_ids": list(self.channels)})

    async def channel(self, request: web.Request) -> web.Response:
        found = self.channels.get(request.match_info["id"])
        return web.json_response(found or {}, status=200 if found else 404)

    async def start(self, call: dict[str, Any]) -> None:
        """Tell of a call."""
        arguments = call["dialplan"]["app_data"].split(",")[1:]
        await self.sockets[-1].send_json({"type": "StasisStart", "channel": call, "args": arguments})

    async def replaced(self, application: str = APPLICATION) -> None:
        """Tell that somebody else has the application now."""
        await self.sockets[-1].send_json({"type": "ApplicationReplaced", "application": application})


class World:
    """The application under test, and what was asked of it."""

    def __init__(self, asterisk: Asterisk, url: str) -> None:
        self.asterisk = asterisk
        self.calls: list[HandedCall] = []
        self.doubts = 0
        self.refused = False
        self.ari = Ari(url, "u", "s", 2.0)
        self.stasis = Stasis(self.ari, self.take, Fence(self.need, self.doubt))

    async def take(self, call: HandedCall) -> None:
        self.calls.append(call)

    def need(self) -> None:
        if self.refused:
            raise PbxUnavailable("another adapter may be there")

    def doubt(self) -> None:
        self.doubts += 1

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not wanted():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.01)

    async def registered(self, times: int) -> None:
        """Wait until it was registered so often, and works."""
        await self.until(lambda: len(self.asterisk.sockets) == times and self.stasis.problem is None)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Registered once."""
    monkeypatch.setattr(module, "PAUSE", 0.05)
    monkeypatch.setattr(module, "CHECK", 0.1)
    asterisk, app = Asterisk(), web.Application()
    app.router.add_get("/ari/events", asterisk.events)
    app.router.add_get("/ari/applications/{name}", asterisk.application)
    app.router.add_get("/ari/channels/{id}", asterisk.channel)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = World(asterisk, f"http://127.0.0.1:{runner.addresses[0][1]}/ari")
    made.stasis.start()
    await made.registered(1)
    yield made
    await asyncio.wait_for(made.stasis.close(), 5)
    await made.ari.close()
    await runner.cleanup()


async def test_taken_away_it_is_doubted_told_and_taken_back(world: World) -> None:
    problems: list[str | None] = []
    tell = world.stasis._tell
    world.stasis._tell = lambda problem: (problems.append(problem), tell(problem))[1]  # type: ignore[method-assign,func-returns-value]
    await world.asterisk.replaced()
    await world.registered(2)
    assert world.doubts == 1
    assert problems == [TAKEN, None]


async def test_it_is_not_taken_back_while_another_adapter_may_own_the_pbx(world: World) -> None:
    world.refused = True
    await world.asterisk.replaced()
    await world.until(lambda: world.stasis.problem == "another adapter may be there")
    await asyncio.sleep(0.3)
    assert len(world.asterisk.sockets) == 1
    world.refused = False
    await world.registered(2)


async def test_who_takes_it_again_and_again_is_answered_more_and_more_slowly(world: World) -> None:
    pauses = [world.stasis._pause() for _ in range(12)]
    assert pauses[:4] == [0.0, module.PAUSE, 2 * module.PAUSE, 4 * module.PAUSE]
    assert max(pauses) <= module.LONGEST_PAUSE


async def test_lost_without_a_word_it_is_registered_again(world: World) -> None:
    """Who took it went away, and Asterisk told us neither: our WebSocket stands, and no call would ever come."""
    world.asterisk.known = False
    await world.until(lambda: world.stasis.problem == GONE or len(world.asterisk.sockets) == 2)
    await world.registered(2)
    await world.asterisk.start(channel("17.1", "silent", "101"))
    await world.until(lambda: len(world.calls) == 1)


async def test_somebody_elses_application_is_no_loss(world: World) -> None:
    await world.asterisk.replaced("another")
    await world.asterisk.start(channel("17.1", "silent", "101"))
    await world.until(lambda: len(world.calls) == 1)
    assert len(world.asterisk.sockets) == 1
    assert world.doubts == 0


async def test_a_call_that_waits_is_found_and_handled_once(world: World) -> None:
    waiting = channel("17.2", "whisper", "103")
    world.asterisk.channels["17.2"] = waiting
    await world.until(lambda: len(world.calls) == 1)
    assert world.calls == [HandedCall("17.2", "PJSIP/302", ("whisper", "103"), "*22101")]
    await world.asterisk.start(waiting)  # Asterisk's own word of it was under way
    await world.asterisk.start(channel("17.3", "silent", "101"))
    await world.until(lambda: len(world.calls) == 2)
    assert world.calls[1].uniqueid == "17.3"
    world.asterisk.channels["17.3"] = channel("17.3", "silent", "101")
    await asyncio.sleep(0.3)
    assert len(world.calls) == 2
    del world.asterisk.channels["17.3"]
    await world.asterisk.start(channel("17.3", "silent", "101"))  # the same channel dials another code
    await world.until(lambda: len(world.calls) == 3)


@pytest.mark.parametrize(
    "found",
    [
        channel("17.4", "silent", "101", application="Playback"),
        {"id": "17.4"},
        {"id": "17.4", "name": "x", "dialplan": None},
        {"id": "17.4", "name": "x", "dialplan": {"exten": "*22101", "app_name": "Stasis", "app_data": "another"}},
    ],
)
async def test_a_channel_that_is_elsewhere_is_let_alone(world: World, found: dict[str, Any]) -> None:
    world.asterisk.channels["17.4"] = found
    world.asterisk.channels["17.5"] = channel("17.5", "silent", "101")
    await world.until(lambda: len(world.calls) == 1)
    assert world.calls[0].uniqueid == "17.5"
