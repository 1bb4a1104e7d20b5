"""Asks Asterisk itself over an AMI connection of its own, and compares what the API says and the stream told."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from tests.support.client import Client, Json, Stream
from tests.support.lab import Lab

STATES = {
    "NOT_INUSE": "available",
    "UNAVAILABLE": "offline",
    "INVALID": "offline",
    "RINGING": "ringing",
    "INUSE": "on_call",
    "BUSY": "on_call",
    "RINGINUSE": "on_call",
    "ONHOLD": "held",
    "UNKNOWN": "unknown",
}
"""What a device's state means for whoever has no supervisor's leg at their phone."""
PATIENCE = 20.0
"""Seconds that a busy machine may take."""
AGENTS = ("101", "102", "103", "104")


async def ask(lab: Lab, action: str) -> list[Json]:
    """A list of Asterisk's, over a connection of its own, read by nothing of ours."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.pbx.ports.ami)
    login = f"Action: Login\r\nUsername: {lab.pbx.username}\r\nSecret: {lab.pbx.ami_secret}\r\nEvents: off\r\n\r\n"
    writer.write(f"{login}Action: {action}\r\nActionID: x\r\n\r\n".encode())
    found: list[Json] = []
    try:
        async with asyncio.timeout(20):
            await reader.readline()
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                one = {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
                if one.get("EventList") == "Complete":
                    return found
                assert one.get("Response") != "Error", one
                if one.get("ActionID") == "x" and "Event" in one:
                    found.append(one)
    finally:
        writer.close()


@dataclass
class Truth:
    """What Asterisk says."""

    queues: dict[str, Json] = field(default_factory=dict)
    members: dict[tuple[str, str], Json] = field(default_factory=dict)
    """By the queue's name and the agent's number."""
    devices: dict[str, str] = field(default_factory=dict)


async def truth(lab: Lab) -> Truth:
    """QueueStatus and DeviceStateList, now."""
    found = Truth()
    for one in await ask(lab, "QueueStatus"):
        if one["Event"] == "QueueParams":
            found.queues[one["Queue"]] = {
                "waiting": 0,
                "callers": [],
                "completed": int(one["Completed"]),
                "abandoned": int(one["Abandoned"]),
                "service_level_percent": float(one["ServicelevelPerf"]),
            }
        elif one["Event"] == "QueueMember":
            number = one["Location"].partition("/")[2].partition("@")[0]
            found.members[one["Queue"], number] = {
                "paused": one["Paused"] == "1",
                "pause_reason": one["PausedReason"] or None if one["Paused"] == "1" else None,
                "calls_taken": int(one["CallsTaken"]),
            }
        elif one["Event"] == "QueueEntry":
            found.queues[one["Queue"]]["waiting"] += 1
            found.queues[one["Queue"]]["callers"].append((int(one["Position"]), one["CallerIDNum"]))
    found.devices = {one["Device"]: one["State"] for one in await ask(lab, "DeviceStateList")}
    return found


def expected(told: Truth, held: Collection[str] = ()) -> Json:
    """What the API has to say then. `held`: whose calls are on hold, which PJSIP shows in no device's state."""
    agents: dict[str, Any] = {}
    for number in AGENTS:
        queues = {queue: member for (queue, of), member in told.members.items() if of == number}
        state = STATES[told.devices.get(f"PJSIP/{number}", "UNKNOWN")]
        if state == "available" and any(member["paused"] for member in queues.values()):
            state = "paused"
        if state == "on_call" and number in held:
            state = "held"
        agents[number] = {"state": state, "queues": queues}
    queues = {}
    for name, queue in told.queues.items():
        states = [agents[number]["state"] for of, number in told.members if of == name and number in agents]
        counts = {state: states.count(state) for state in ("available", "on_call", "paused")}
        queues[name] = {**queue, **counts}
    return {"agents": agents, "queues": queues}


def said(agents: list[Json], queues: list[Json]) -> Json:
    """The same of what the API says."""
    told = ("paused", "pause_reason", "calls_taken")
    return {
        "agents": {
            one["extension"]: {
                "state": one["state"],
                "queues": {place["name"]: {key: place[key] for key in told} for place in one["queues"]},
            }
            for one in agents
            if one["extension"] in AGENTS
        },
        "queues": {
            one["name"]: {
                "waiting": one["waiting"],
                "callers": [(caller["position"], caller["number"]) for caller in one["callers"]],
                **{key: one[key] for key in ("completed", "abandoned", "service_level_percent")},
                **{key: one[key] for key in ("available", "on_call", "paused")},
            }
            for one in queues
        },
    }


class Floor:
    """What one person is told by the stream, kept up as a page does."""

    def __init__(self, client: Client, stream: Stream) -> None:
        self.client, self.stream, self._read = client, stream, 0
        self.things: dict[str, dict[str, Json]] = {"agent": {}, "queue": {}}

    @classmethod
    async def of(cls, client: Client) -> "Floor":
        return cls(client, await client.events())

    def look(self) -> tuple[list[Json], list[Json]]:
        """What the events so far say."""
        for _, kind, data in self.stream.events[self._read :]:
            thing, _, what = kind.partition(".")
            if kind == "snapshot":
                self.things = {one: {x["id"]: x for x in data[f"{one}s"]} for one in ("agent", "queue")}
            elif thing in self.things:
                if what == "updated":
                    self.things[thing][data["id"]] = data
                else:
                    del self.things[thing][data["id"]]
        self._read = len(self.stream.events)
        return list(self.things["agent"].values()), list(self.things["queue"].values())


async def agree(lab: Lab, client: Client, floor: Floor | None = None, held: Collection[str] = ()) -> Json:
    """Wait until the API, and the stream, say what Asterisk says when it is asked; returns that."""
    end = time.monotonic() + PATIENCE
    while True:
        wanted = expected(await truth(lab), held)
        agents, queues = (await client.get("/agents"))[1]["agents"], (await client.get("/queues"))[1]["queues"]
        now = said(agents, queues)
        streamed = said(*floor.look()) if floor is not None else now
        if wanted == now == streamed:
            return dict(wanted)
        assert time.monotonic() < end, f"Asterisk:\n{wanted}\nGET:\n{now}\nevents:\n{streamed}"
        await asyncio.sleep(0.1)


async def state_of(lab: Lab, client: Client, number: str, wanted: str, floor: Floor | None = None) -> None:
    """Wait until an agent is in this state; all else agrees with Asterisk too."""
    end, held = time.monotonic() + PATIENCE, [number] if wanted == "held" else []
    while (found := (await agree(lab, client, floor, held))["agents"][number]["state"]) != wanted:
        assert time.monotonic() < end, f"{number} is {found}"
        await asyncio.sleep(0.1)


async def agent(client: Client, number: str) -> Json:
    """An agent by their number."""
    (found,) = [one for one in (await client.get("/agents"))[1]["agents"] if one["extension"] == number]
    return dict(found)
