"""How soon a follower hears a call beside a raw Redirect in the same call, and whether a pause tells who listened."""

import asyncio
import contextlib
import statistics
import time
from pathlib import Path

from adapter.asterisk import tones
from adapter.asterisk.ami import AmiAddress, AmiConnection
from adapter.errors import PbxRefused
from adapter.lab.phones import Phone
from adapter.lab.provision import Toolchain
from tests.bench.switching import RawAmi, summary
from tests.support.client import Client, Json
from tests.support.lab import TONES, Lab

CALLS, PAUSES = 10, 8
RAW = "bench-follower"
LISTENERS = {"mona": "302", "admin": "301", "ana": "102", "lee": "103", "kim": "104"}


async def measure(toolchain: Toolchain, folder: Path) -> dict[str, dict[str, float]]:
    """All of it, on one lab."""
    lab = Lab(toolchain, folder)
    await lab.start()
    try:
        return {**await _followed(lab), **await _paused(lab)}
    finally:
        await lab.close_clients()
        await lab.stop()


async def _followed(lab: Lab) -> dict[str, dict[str, float]]:
    """From the agent's answer to the customer's tone at the ear: a follow, and a leg moved by nothing but AMI."""
    customer, agent = await lab.phone("201"), await lab.phone("101", "manual")
    ear, bare = await lab.phone("302"), await lab.phone("301")
    raw = RawAmi()
    address = AmiAddress("127.0.0.1", lab.pbx.ports.ami, lab.pbx.username, lab.pbx.ami_secret)
    ami = await AmiConnection.open(address, raw.heard, lambda why: None, 3)
    await lab.pbx.cli("dialplan add extension raw,1,ChanSpy(${BENCH},quES) into bench")
    mona = await lab.client("mona")
    follow = await _follow(mona)
    by_follow: list[float] = []
    by_redirect: list[float] = []
    for _ in range(CALLS):
        await ami.action("Originate", _waiting_leg(), deadline=3)
        await asyncio.sleep(1.5)
        place, mark = len(raw.events), agent.mark()
        await customer.dial("101")
        await agent.seen("CALL_INCOMING", mark)
        called = await _channel(raw, place)
        await ami.action("Setvar", [("Channel", RAW), ("Variable", "BENCH"), ("Value", called)], deadline=3)
        place, ears = len(raw.events), (ear.ear(), bare.ear())
        began = time.perf_counter()
        heard = [asyncio.create_task(_first(phone, at, began)) for phone, at in zip((ear, bare), ears, strict=True)]
        await agent.answer()
        await raw.until("BridgeEnter", place)
        where = [("Context", "bench"), ("Exten", "raw"), ("Priority", "1")]
        await ami.action("Redirect", [("Channel", RAW), *where], deadline=3)
        for found, task in zip((by_follow, by_redirect), heard, strict=True):
            found.append(await task)
        await customer.hangup()
        with contextlib.suppress(PbxRefused):  # ChanSpy leaves by itself
            await ami.action("Hangup", [("Channel", RAW)], deadline=3)
        await _waits(mona, follow)
    await mona.delete(f"/follows/{follow['id']}")
    ami.close()
    await agent.stop()
    ratio = statistics.median(by_follow) / statistics.median(by_redirect)
    return {
        "The agent's answer to first audio at a follower": summary(by_follow),
        "the same at a leg that raw AMI redirects": summary(by_redirect),
        "those two beside each other (aim: within 1.2)": {"ratio of medians": ratio},
    }


async def _channel(raw: RawAmi, place: int) -> str:
    """The uniqueid of the agent's channel."""
    for _ in range(100):
        for event in raw.events[place:]:
            if event.get("Channel", "").startswith("PJSIP/101-"):
                return event["Uniqueid"]
        await asyncio.sleep(0.02)
    raise AssertionError("the agent is not called")


def _waiting_leg() -> list[tuple[str, str]]:
    answers = "PJSIP_HEADER(add,Call-Info)=<sip:bench>\\;answer-after=0"
    return [
        *(("Channel", "PJSIP/301"), ("ChannelId", RAW), ("Application", "Wait"), ("Data", "600")),
        *(("Async", "true"), ("Variable", answers)),
    ]


async def _follow(mona: Client) -> Json:
    agents = (await mona.get("/agents"))[1]["agents"]
    sam = next(one["user_id"] for one in agents if one["extension"] == "101")
    status, follow = await mona.post("/follows", {"agent_user_id": sam})
    assert status == 201, follow
    await _waits(mona, follow)
    return follow


async def _waits(mona: Client, follow: Json) -> None:
    for _ in range(200):
        if (await mona.get(f"/follows/{follow['id']}"))[1]["state"] == "waiting":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the follow does not wait")


async def _first(phone: Phone, since: tuple[Path | None, int], began: float) -> float:
    """Milliseconds until the customer's tone is in what the phone hears."""
    while time.perf_counter() - began < 10:
        pcm = phone.heard(since)
        if len(pcm) >= 2 * tones.WINDOW and tones.loudest(pcm, TONES["201"]) > 1000:
            return 1000 * (time.perf_counter() - began)
        await asyncio.sleep(0.002)
    raise AssertionError(f"no audio at {phone.number}")


async def _paused(lab: Lab) -> dict[str, dict[str, float]]:
    """The same request with nobody, one and five listening: its time must not tell them apart."""
    await lab.talk("202", "101")
    admin, sam = await lab.client("admin"), await lab.client("sam")
    for user in (await admin.get("/users"))[1]["users"]:
        if user["username"] in LISTENERS and user["role"] == "agent":
            await admin.patch(f"/users/{user['id']}", {"can_monitor": True})
    call = await admin.call("101")
    found, listening = {}, 0
    for wanted in (0, 1, 5):
        for name, number in [*LISTENERS.items()][listening:wanted]:
            await lab.phone(number)
            await (await lab.client(name)).monitor(call)
        listening = wanted
        took = []
        for _ in range(PAUSES):
            began = time.perf_counter()
            status, answer = await sam.post(f"/calls/{call['id']}/shield", {})
            took.append(1000 * (time.perf_counter() - began))
            assert status == 200, answer
            await sam.delete(f"/calls/{call['id']}/shield")
            await asyncio.sleep(1)
        found[f"A pause is answered, {wanted} listening"] = summary(took)
    return found
