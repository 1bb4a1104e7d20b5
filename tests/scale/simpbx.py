"""Simulated PBXes: AMI and ARI as far as the adapter uses them, calls at a rate, and monitors that answer.

`python -m tests.scale.simpbx` reads one line of JSON (`{"pbxes", "calls", "rate", "floor"}`, the last with the numbers
of queues, members and waiting callers of each PBX, or empty), tells where its PBXes listen, and
then obeys one line at a time: `{"rate": …}` (events a second and PBX) is answered by how many events were sent so far.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable

from aiohttp import web

from adapter.tasks import BackgroundTasks
from tests.scale.calls import EVENTS, SimulatedCall, event
from tests.scale.floor import SimulatedFloor

Action = dict[str, list[str]]
TICK = 0.02
"""Seconds between looks what is due: Asterisk, too, writes what happens together."""
ACTIONS = ("Originate", "PlayDTMF", "Redirect", "Hangup", "Bridge", "Ping", "Getvar")
CRLF = "\r\n"
TECHNOLOGY = "BridgeTechnology: simple_bridge\r\n"
RINGS = 0.05
"""Seconds until a supervisor's phone answers."""


class Leg:
    """A supervisor's leg."""

    def __init__(self, uniqueid: str, device: str, extension: str, target: str) -> None:
        self.uniqueid, self.name = uniqueid, f"{device}-0000000{len(uniqueid)}"
        self.extension, self.target = extension, target

    def headers(self, before: str = "", state: str = "6") -> str:
        """The channel's headers, each with `before` before its name."""
        number = self.name.partition("/")[2].partition("-")[0]
        fields = {
            "Channel": self.name,
            "ChannelState": state,
            "CallerIDNum": number,
            "CallerIDName": number,
            "ConnectedLineNum": "<unknown>",
            "ConnectedLineName": "<unknown>",
            "Context": "call-monitor",
            "Exten": self.extension,
            "Uniqueid": self.uniqueid,
            "Linkedid": self.uniqueid,
        }
        return "".join(f"{before}{name}: {value}\r\n" for name, value in fields.items())


class SimulatedPbx:
    """One PBX."""

    def __init__(self, calls: int, rate: float, floor: SimulatedFloor | None = None) -> None:
        self.rate, self.sent = rate, 0
        self._floor, self._floors_turn = floor, False
        self._places = calls
        self._serial = 0
        self._calls: dict[int, SimulatedCall] = {}
        """By place."""
        self._legs: dict[str, Leg] = {}
        self._next, self._step = 0, 0
        self._owed = -random.uniform(0, EVENTS + 2)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks = BackgroundTasks("simulated")
        for place in range(calls):
            self._begin(place)

    # --- calls

    def _begin(self, place: int) -> SimulatedCall:
        self._serial += 1
        call = self._calls[place] = SimulatedCall(self._serial, place, time.monotonic(), up=True)
        return call

    async def run(self) -> None:
        """Let calls end and begin at the rate, one place after another; each is held once meanwhile."""
        then = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self._owed = min(self._owed + (now - then) * self.rate, 50.0 * EVENTS)
            then = now
            said = []
            while self._owed >= 0 and self._places:
                said.append(self._next_thing())
            self._say("".join(said))

    def _next_thing(self) -> str:
        """Of the calls and of the queues in turn, where there are queues."""
        self._floors_turn = self._floor is not None and not self._floors_turn
        if self._floor is None or not self._floors_turn:
            return self._one()
        text = self._floor.one()
        self._owed -= text.count("Event: ")
        return text

    def _one(self) -> str:
        """The next thing that happens to a call."""
        call = self._calls[self._next]
        step, self._step = self._step, (self._step + 1) % 3
        if step < 2:
            self._owed -= 1
            return call.held(step == 0)
        self._next = (self._next + 1) % self._places
        self._owed -= EVENTS - 2
        legs = [leg for leg in self._legs.values() if leg.target == call.uniqueid(True)]
        return call.ended() + "".join(map(self._over, legs)) + self._begin(call.place).answered()

    def _over(self, leg: Leg) -> str:
        del self._legs[leg.uniqueid]
        leg.extension = "over"
        return event("ChanSpyStop", leg.headers("Spyer")) + event("Hangup", leg.headers(), "Cause: 16\r\n")

    def _say(self, text: str) -> None:
        if not text:
            return
        self.sent += text.count("Event: ")
        data = text.encode()
        for writer in self._writers:
            writer.write(data)

    # --- AMI

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One AMI session."""
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action: Action = {}
                for line in text.strip().split("\r\n"):
                    name, _, value = line.partition(": ")
                    action.setdefault(name, []).append(value)
                writer.write(self._answer(action).encode())
                if action["Action"] == ["Login"]:
                    self._writers.add(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, action: Action) -> str:
        (name,), (tag,) = action["Action"], action["ActionID"]
        lists: dict[str, Callable[[], list[str]]] = {
            "CoreShowChannels": self._channels,
            "BridgeList": self._bridges,
            "DeviceStateList": list,
            "Status": list,
            "BridgeInfo": list,
            "QueueStatus": lambda: list(self._floor.listed(action.get("Queue"))) if self._floor else [],
        }
        tagged = f"{CRLF}ActionID: {tag}{CRLF}"
        if name in lists:
            items = "".join(f"{item.replace(CRLF, tagged, 1)}{CRLF}" for item in lists[name]())
            end = f"Event: {name}Complete\r\nActionID: {tag}\r\nEventList: Complete\r\n{TECHNOLOGY}\r\n"
            return f"Response: Success\r\nActionID: {tag}\r\nEventList: start\r\n\r\n{items}{end}"
        said = self._do(name, action)
        return f"Response: Success\r\nActionID: {tag}\r\n{said}\r\n"

    def _do(self, name: str, action: Action) -> str:
        loop = asyncio.get_running_loop()
        match name:
            case "CoreStatus":
                return "CoreStartupDate: 2026-01-01\r\nCoreStartupTime: 00:00:00\r\n"
            case "ListCommands":
                return "".join(f"{one}: x\r\n" for one in ACTIONS)
            case "Originate":
                loop.call_later(RINGS, self._rang, action)
            case "PlayDTMF":
                loop.call_soon(self._digit, action["Channel"][0], action["Digit"][0])
            case "Redirect":
                loop.call_soon(self._moved, action["Channel"][0], action["Exten"][0])
            case "Hangup":
                loop.call_soon(self._hung_up, action["Channel"][0])
        return "Value: \r\n" if name == "Getvar" else "Message: done\r\n"

    def _channels(self) -> list[str]:
        legs = [f"Event: CoreShowChannel\r\n{leg.headers()}Application: ChanSpy\r\n" for leg in self._legs.values()]
        return [line for call in self._calls.values() for line in call.listed()] + legs

    def _bridges(self) -> list[str]:
        return [f"Event: BridgeListItem\r\n{call.bridge}" for call in self._calls.values()]

    # --- monitors

    def _rang(self, action: Action) -> None:
        target = next(one.partition("=")[2] for one in action["Variable"] if one.startswith("CM_TARGET="))
        leg = Leg(action["ChannelId"][0], action["Channel"][0], action["Exten"][0], target)
        self._legs[leg.uniqueid] = leg
        answered = f"Response: Success\r\nReason: 4\r\nActionID: {action['ActionID'][0]}\r\n"
        self._say(
            event("Newchannel", leg.headers(state="0"))
            + event("Newstate", leg.headers(state="5"))
            + event("OriginateResponse", answered, leg.headers())
            + event("Newstate", leg.headers())
            + self._spying(leg)
        )

    def _spying(self, leg: Leg) -> str:
        return event("ChanSpyStart", leg.headers("Spyer"), f"SpyeeUniqueid: {leg.target}\r\n")

    def _digit(self, uniqueid: str, digit: str) -> None:
        if (leg := self._legs.get(uniqueid)) is not None:
            self._say(event("DTMFEnd", leg.headers(), f"Digit: {digit}\r\nDurationMs: 1\r\nDirection: Received\r\n"))

    def _moved(self, uniqueid: str, extension: str) -> None:
        if (leg := self._legs.get(uniqueid)) is not None:
            leg.extension = extension
            self._say(self._spying(leg))

    def _hung_up(self, uniqueid: str) -> None:
        if (leg := self._legs.get(uniqueid)) is not None:
            self._say(self._over(leg))


# --- ARI


async def _info(request: web.Request) -> web.Response:
    return web.json_response({"system": {"version": "22.10.1"}})


async def _endpoint(request: web.Request) -> web.Response:
    return web.json_response({"state": "online", "channel_ids": []})


async def _application(request: web.Request) -> web.Response:
    return web.json_response({"name": "call-monitor", "channel_ids": []})


async def _events(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


async def _ari() -> int:
    app = web.Application()
    app.router.add_get("/ari/asterisk/info", _info)
    app.router.add_get("/ari/endpoints/{technology}/{name}", _endpoint)
    app.router.add_get("/ari/applications/{name}", _application)
    app.router.add_get("/ari/events", _events)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])


async def main() -> None:
    """What the process does."""
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    order = json.loads(await reader.readline())
    pbxes = [
        SimulatedPbx(order["calls"], order["rate"], SimulatedFloor(*order["floor"]) if order["floor"] else None)
        for _ in range(order["pbxes"])
    ]
    servers = [await asyncio.start_server(pbx.serve, "127.0.0.1", 0) for pbx in pbxes]
    told = {"ami": [server.sockets[0].getsockname()[1] for server in servers], "ari": await _ari()}
    print(json.dumps(told), flush=True)
    tasks = BackgroundTasks("simulated")
    for pbx in pbxes:
        tasks.start(pbx.run(), "calls")
    while line := await reader.readline():
        for pbx in pbxes:
            pbx.rate = json.loads(line).get("rate", pbx.rate)
        print(json.dumps({"sent": sum(pbx.sent for pbx in pbxes)}), flush=True)
    await tasks.close()


if __name__ == "__main__":
    asyncio.run(main())
