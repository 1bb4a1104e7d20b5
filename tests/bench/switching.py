"""How fast a click is, beside the raw action on the same Asterisk in the same run: switching, and first audio."""

import asyncio
import statistics
import time
from collections.abc import Awaitable
from pathlib import Path

from adapter.asterisk import tones
from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.asterisk.splitter import Message
from adapter.lab.phones import Phone
from adapter.lab.provision import Toolchain
from tests.bench import softphone
from tests.support.client import Client
from tests.support.lab import TONES, Lab
from tests.support.legs import leg_of
from tests.support.receiver import EVERYTHING, Receiver

SWITCHES, STARTS = 60, 8
PACE = 0.06
"""Seconds between two requests."""


class RawAmi:
    """AMI without an adapter between: what is the least that Asterisk itself takes."""

    def __init__(self) -> None:
        self.events: list[Message] = []
        self.news = asyncio.Event()

    def heard(self, events: list[Message]) -> None:
        self.events += events
        self.news.set()

    async def until(self, name: str, place: int) -> None:
        """Wait for an event of this name."""
        while not any(event["Event"] == name for event in self.events[place:]):
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 5)


def summary(milliseconds: list[float]) -> dict[str, float]:
    """The best, the median, and the worst of twenty."""
    ordered = sorted(milliseconds)
    return {
        "best (ms)": ordered[0],
        "median (ms)": statistics.median(ordered),
        "p95 (ms)": ordered[int(len(ordered) * 0.95) - 1],
    }


async def measure(toolchain: Toolchain, folder: Path) -> dict[str, dict[str, float]]:
    """All figures that need the real thing."""
    lab = Lab(toolchain, folder)
    await lab.start()
    try:
        await lab.talk("201", "101")
        phone = await lab.phone("301")
        admin = await lab.client("admin")
        raw = RawAmi()
        address = AmiAddress("127.0.0.1", lab.pbx.ports.ami, lab.pbx.username, lab.pbx.ami_secret)
        ami = await AmiConnection.open(address, raw.heard, lambda why: None, 3)
        switch = await _switches(admin, ami, raw)
        switch |= await _beside_receivers(lab, admin)
        start = await _starts(lab, admin, ami, phone)
        ami.close()
        desk = start["POST to first audio at the supervisor"]["median (ms)"]
        return {**switch, **start, **await softphone.starts(lab, desk)}
    finally:
        await lab.close_clients()
        await lab.stop()


async def _switches(admin: Client, ami: AmiConnection, raw: RawAmi) -> dict[str, dict[str, float]]:
    """Clicks and raw digits in turn, `PACE` apart, at both paces: nothing else happens, or the adapter is kept busy.

    After a pause every hop is a wake-up and everything in the caches is gone, which costs as much again; beside other
    work neither shows. Closer than 45 ms Asterisk itself holds digits back (AST_MIN_DTMF_GAP).
    """
    monitor = await admin.monitor(await admin.call("101"))
    leg = await leg_of(ami, monitor["id"])
    found: dict[str, dict[str, float]] = {}
    for pace, pause in (("idle", _nothing), ("busy", _busy)):
        clicks, direct, bare = [], [], []
        for number in range(SWITCHES):
            await pause(admin)
            clicks.append(await _took(admin.switch(monitor, ("whisper", "silent")[number % 2])))
            await pause(admin)
            direct.append(await _took(_digit(ami, raw, leg)))
            await pause(admin)
            bare.append(await _took(_bare(admin)))
        found |= {
            f"PATCH to confirmed mode, its entry written ({pace})": summary(clicks),
            f"raw PlayDTMF to DTMFEnd ({pace})": summary(direct),
            f"an answer of ours with nothing in it, GET /healthz ({pace})": summary(bare),
            f"PATCH beside raw ({pace}; aim: within 3)": {
                "ratio of medians": statistics.median(clicks) / statistics.median(direct),
                "ratio of the best": min(clicks) / min(direct),
            },
        }
    await admin.delete(f"/monitors/{monitor['id']}")
    return found


async def _took(work: Awaitable[object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await work
    return 1000 * (time.perf_counter() - began)


async def _digit(ami: AmiConnection, raw: RawAmi, leg: str) -> None:
    """Barge, which no click asks for: so every click has something to switch."""
    place = len(raw.events)
    fields = [("Channel", leg), ("Digit", "6"), ("Duration", "1"), ("Receive", "true")]
    await ami.action("PlayDTMF", fields, deadline=3)
    await raw.until("DTMFEnd", place)


async def _bare(admin: Client) -> None:
    async with admin.http.get(admin.base.removesuffix("/api/v1") + "/healthz") as answer:
        await answer.read()


async def _nothing(_: Client) -> None:
    await asyncio.sleep(PACE)


async def _busy(admin: Client) -> None:
    end = time.perf_counter() + PACE
    while time.perf_counter() < end:
        await _bare(admin)


async def _beside_receivers(lab: Lab, admin: Client) -> dict[str, dict[str, float]]:
    """The same clicks with nobody listening to hooks, and beside slow, failing and dead receivers and 10 calls/s."""
    monitor = await admin.monitor(await admin.call("101"))
    await lab.phones("103", "104")
    await lab.pbx.cli("module load res_clioriginate.so")
    calls = [asyncio.get_running_loop().create_task(_calls(lab, number)) for number in ("103", "104")]
    idle = await _clicks(admin, monitor)
    receivers = [Receiver() for _ in range(3)]
    receivers[0].mood, receivers[1].mood, receivers[2].mood = "slow", 500, "flapping"
    for receiver in receivers:
        await receiver.start()
        await admin.post("/webhooks", {"url": receiver.url(), "events": EVERYTHING})
    await admin.post("/webhooks", {"url": "http://127.0.0.1:9/", "events": EVERYTHING})
    await asyncio.sleep(3)
    beside = await _clicks(admin, monitor)
    for task in calls:
        task.cancel()
    await admin.delete(f"/monitors/{monitor['id']}")
    for hook in (await admin.get("/webhooks"))[1]["webhooks"]:
        await admin.delete(f"/webhooks/{hook['id']}")
    for receiver in receivers:
        await receiver.stop()
    ratio = statistics.median(beside) / statistics.median(idle)
    return {
        "PATCH beside 8 calls/s, no hooks": summary(idle),
        "PATCH beside 8 calls/s and a slow, a failing, a flapping and a dead receiver": summary(beside),
        "those two beside each other (aim: 1)": {"ratio of medians": ratio},
    }


async def _calls(lab: Lab, number: str) -> None:
    while True:
        await lab.pbx.cli(f"channel originate Local/{number}@lab-outside application Wait 0.1")
        await asyncio.sleep(0.25)


async def _clicks(admin: Client, monitor: dict[str, object]) -> list[float]:
    clicks = []
    for number in range(SWITCHES):
        began = time.perf_counter()
        await admin.switch(monitor, ("whisper", "silent")[number % 2])
        clicks.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(0.1)
    return clicks


async def _starts(lab: Lab, admin: Client, ami: AmiConnection, phone: Phone) -> dict[str, dict[str, float]]:
    call = await admin.call("101")
    agent = next(
        item["Uniqueid"]
        for item in await ami.listing("CoreShowChannels", deadline=3)
        if item["Channel"].startswith("PJSIP/101-")
    )
    clicks, direct = [], []
    for number in range(STARTS):
        began = await _quiet(phone)
        _, monitor = await admin.post("/monitors", {"call_id": call["id"]})
        clicks.append(await _first_audio(phone, began))
        await admin.delete(f"/monitors/{monitor['id']}")
        began = await _quiet(phone)
        await ami.action(
            "Originate",
            [
                ("Channel", "PJSIP/301"),
                ("Application", "ChanSpy"),  # not in the monitor dialplan, where the adapter hangs up strangers
                ("Data", f"{agent},quESx(*)d"),
                ("ChannelId", f"bench-{number}"),
                ("Async", "true"),
                ("Variable", "PJSIP_HEADER(add,Call-Info)=<sip:bench>\\;answer-after=0"),
            ],
            deadline=3,
        )
        direct.append(await _first_audio(phone, began))
        await ami.action("Hangup", [("Channel", f"bench-{number}")], deadline=3)
    ratio = statistics.median(clicks) / statistics.median(direct)
    return {
        "POST to first audio at the supervisor": summary(clicks),
        "raw Originate to first audio": summary(direct),
        "those two beside each other (aim: within 1.1)": {"ratio of medians": ratio},
    }


Start = tuple[float, Path | None]
"""When the clock was started, and the phone's latest recording then."""


async def _quiet(phone: Phone) -> Start:
    """Let the phone come to rest (its recordings are named by the second), then start the clock."""
    await asyncio.sleep(1.3)
    return time.perf_counter(), phone.ear()[0]


async def _first_audio(phone: Phone, start: Start) -> float:
    """Milliseconds until the phone's next recording has the customer's tone in it."""
    began, known = start
    while True:
        dump = phone.ear()[0]
        if dump is not None and dump != known:
            pcm = phone.heard()
            if len(pcm) >= 2 * tones.WINDOW and tones.loudest(pcm, TONES["201"]) > 1000:
                return 1000 * (time.perf_counter() - began)
        assert time.perf_counter() - began < 10, "no audio"
        await asyncio.sleep(0.002)
