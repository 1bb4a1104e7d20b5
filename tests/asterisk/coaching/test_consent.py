"""Announcements and beeps at a real Asterisk, by sound: who hears them and who doesn't, how often, through transfers
and the adapter's death; and that a monitor hears the call as if there were none."""

import array
import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.asterisk import tones
from adapter.core.legs import is_aside
from adapter.lab.phones import Phone
from adapter.lab.provision import Toolchain
from tests.asterisk.faults.support import channels, killed
from tests.asterisk.topologies.test_transfers_heard import attached
from tests.support.client import Client, Json
from tests.support.lab import LOUD, QUIET, Lab, assert_hears, listen

BEEP, SAID = 523, 619
"""What the beep and the announcement sound like, in hertz: no phone's voice, nor a harmonic of one."""
BEEP_SECONDS, SAID_SECONDS = 0.4, 2.0
EVERY = 5
"""Seconds between beeps: as often as a rule may have it."""
SETTLED = 6.0
"""Seconds after a change of the people in a call until its next sound (`monitoring.talkdetect.settling`)."""
LATE = 20.0
"""Seconds that a busy machine may take longer."""
Ear = tuple[Path | None, int]


@pytest.fixture
async def floor(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab with sounds that can be measured; each test sets its rules."""
    for name, hertz, seconds in (("beep", BEEP, BEEP_SECONDS), ("said", SAID, SAID_SECONDS)):
        whole = tones.read(tones.tone(tmp_path / "whole.wav", hertz, seconds))
        tones.write(tmp_path / f"{name}.wav", whole[: round(seconds * tones.RATE)])
    lab = Lab(toolchain, tmp_path)
    sounds = f'\n[consent]\nbeep = "{tmp_path}/beep"\nannouncement = "{tmp_path}/said"\n'
    lab.conf.write_text(lab.conf.read_text() + sounds)
    async with lab.running():
        yield lab


async def put(admin: Client, *rules: Json) -> None:
    """These are the rules from now on."""
    status, answer = await admin.ask("PUT", "/consent", {"rules": list(rules)})
    assert status == 200, answer


def bursts(pcm: bytes, hertz: int) -> list[float]:
    """When this tone begins in what was heard, in seconds: a quarter of full level after half a second without it."""
    found, last = [], -1.0
    for at, level in levels(pcm, hertz):
        if level > LOUD / 2:
            if at - last > 0.5:
                found.append(at)
            last = at
    return found


def levels(pcm: bytes, hertz: int) -> list[tuple[float, float]]:
    """The level of a tone every 50 ms, by the second."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    starts = range(0, len(samples) - tones.WINDOW + 1, tones.WINDOW // 2)
    return [(start / tones.RATE, tones.goertzel(samples[start : start + tones.WINDOW], hertz)) for start in starts]


async def heard(phone: Phone, ear: Ear, hertz: int, times: int, deadline: float) -> list[float]:
    """Wait until a phone has heard this tone so often."""
    end = time.monotonic() + deadline + LATE
    while len(found := bursts(phone.heard(ear), hertz)) < times:
        assert time.monotonic() < end, f"{phone.number} heard it at {found} only"
        await asyncio.sleep(0.1)
    return found


def silent(phone: Phone, ear: Ear, *hertz: int) -> None:
    """This phone heard none of these tones for 0.3 s: a click, of which a busy machine makes some, has all of them."""
    for one in hertz:
        found = [level for _, level in levels(phone.heard(ear), one)]
        level = max((min(found[at : at + 5]) for at in range(len(found) - 4)), default=0.0)
        assert level < QUIET, f"{phone.number} heard {one} Hz at {level:.0f}"


async def called(lab: Lab, number: str) -> tuple[Phone, Phone]:
    """Customer 201 and agent 101, who talk after this was dialled."""
    customer, agent = await lab.phones("201", "101")
    mark = agent.mark()
    await customer.dial(number)
    await agent.seen("CALL_ESTABLISHED", mark)
    return customer, agent


async def nothing_left(lab: Lab) -> None:
    """No channel of ours that plays is there."""
    end = time.monotonic() + LATE
    while found := [one for one in await channels(lab) if is_aside(one)]:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_beeps_to_both_and_a_monitor_hears_the_call_as_before(floor: Lab) -> None:
    admin, sam = await floor.client("admin"), await floor.client("sam")
    supervisor = await floor.phone("301")
    async with floor.tapped("101", "201") as taps:
        customer, agent = await floor.talk("201", "101")
        marks = [tap.mark() for tap in taps]
        await put(admin, {"sound": "beep", "to": "both", "every_seconds": EVERY})
        for phone in (customer, agent):
            await heard(phone, (None, 0), BEEP, 1, 5)
        events = await sam.events()
        known = len(events.events)
        monitor = await admin.monitor(await admin.call("101"))
        ears = {phone.number: phone.ear() for phone in (customer, agent, supervisor)}
        for phone in (customer, agent):
            found = await heard(phone, ears[phone.number], BEEP, 3, 3 * EVERY)
            gaps = [later - before for before, later in itertools.pairwise(found)]
            assert all(gap > EVERY - 1 for gap in gaps), gaps
        silent(supervisor, ears[supervisor.number], BEEP)
        for mode in ("silent", "whisper", "barge", "silent"):
            await admin.switch(monitor, mode)
            hears = {"silent": set(), "whisper": {"101"}, "barge": {"101", "201"}}[mode]
            assert_hears(
                await listen(agent, customer, supervisor),
                p101={"201"} | ({"301"} if "101" in hears else set()),
                p201={"101"} | ({"301"} if "201" in hears else set()),
                p301={"101", "201"},
            )
        assert (await admin.delete(f"/monitors/{monitor['id']}"))[0] == 204
        await heard(agent, agent.ear(), BEEP, 1, EVERY)
        for tap, mark in zip(taps, marks, strict=True):
            assert tap.trace(mark).seamless, "nothing shows in RTP but the sound: neither beeps nor the monitor"
        shown = [kind for kind in events.kinds(known) if not kind.startswith("coach.")]
        assert "call.started" not in shown
        assert "call.ended" not in shown
        assert len(await admin.calls()) == 1
        await agent.hangup()
    await nothing_left(floor)


@pytest.mark.timeout(180)
async def test_beeps_to_the_agent_alone_and_calls_that_no_rule_covers(floor: Lab) -> None:
    admin = await floor.client("admin")
    await put(
        admin,
        {"direction": "outbound", "sound": "none"},
        {"sound": "beep", "to": "agent", "every_seconds": EVERY},
    )
    customer, agent = await floor.talk("201", "101")
    other, outside = await floor.talk("102", "202")
    ears = {phone.number: phone.ear() for phone in (customer, agent, other, outside)}
    await heard(agent, ears[agent.number], BEEP, 3, 3 * EVERY)
    silent(customer, ears[customer.number], BEEP, SAID)
    for phone in (other, outside):
        silent(phone, ears[phone.number], BEEP, SAID)
    await customer.hold()  # baresip itself hears nothing any more after its own hold
    await admin.call("101", "held")
    ear = agent.ear()
    await asyncio.sleep(EVERY + 2)
    silent(agent, ear, BEEP)
    await customer.resume()
    await heard(agent, agent.ear(), BEEP, 1, EVERY)
    await put(admin)
    await asyncio.sleep(1.0)
    ear = agent.ear()
    await asyncio.sleep(EVERY + 2)
    silent(agent, ear, BEEP)
    assert_hears(await listen(agent), p101={"201"})
    await nothing_left(floor)


@pytest.mark.timeout(240)
async def test_an_announcement_once_to_both_also_after_a_transfer_and_the_adapters_death(floor: Lab) -> None:
    admin = await floor.client("admin")
    await put(admin, {"sound": "announcement"})
    second = await floor.phone("102")
    customer, agent = await floor.talk("201", "101")
    for phone in (customer, agent):
        await heard(phone, (None, 0), SAID, 1, 5)
    await asyncio.sleep(SAID_SECONDS)
    assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
    await killed(floor)
    await floor.start_adapter()
    admin = await floor.client("admin")
    await admin.call("101")
    mark = second.mark()
    await agent.transfer("102")
    await second.seen("CALL_ESTABLISHED", mark)
    await admin.call("102")
    await asyncio.sleep(SETTLED + SAID_SECONDS)
    assert len(bursts(customer.heard((None, 0)), SAID)) == 1
    silent(second, (None, 0), SAID)
    assert_hears(await listen(second, customer), p102={"201"}, p201={"102"})
    first = await floor.phone("202")
    mark = agent.mark()
    await first.dial("101")
    await agent.seen("CALL_ESTABLISHED", mark)
    await heard(first, (None, 0), SAID, 1, 5)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", ["101", "510"])
async def test_an_announcement_during_which_the_adapter_dies_is_heard_once(floor: Lab, number: str) -> None:
    """Also where a queue rings through Local channels, so that the customer's is in another bridge than the agent's."""
    admin = await floor.client("admin")
    await put(admin, {"sound": "announcement"})
    customer, agent = await called(floor, number)
    await heard(customer, (None, 0), SAID, 1, 5)
    assert floor.adapter.process is not None
    floor.adapter.process.kill()
    await floor.adapter.process.wait()
    await floor.start_adapter()
    await (await floor.client("admin")).call("101")
    await asyncio.sleep(SAID_SECONDS + 4)
    for phone in (customer, agent):
        assert len(bursts(phone.heard((None, 0)), SAID)) == 1, phone.number


@pytest.mark.timeout(240)
async def test_after_the_adapters_death_and_the_connections_loss_beeps_go_on(floor: Lab) -> None:
    admin = await floor.client("admin")
    await put(admin, {"sound": "beep", "every_seconds": EVERY})
    customer, agent = await floor.talk("201", "101")
    await heard(customer, (None, 0), BEEP, 1, 5)
    await killed(floor)
    await floor.start_adapter()
    for phone in (customer, agent):
        await heard(phone, phone.ear(), BEEP, 2, 2 * EVERY)
    await agent.hangup()
    await nothing_left(floor)
    text = (floor.folder / "adapter.log").read_text()
    assert "did not hear its sound" not in text


@pytest.mark.timeout(600)
async def test_after_transfers_while_beeps_play_monitors_hear_both_and_are_heard(floor: Lab) -> None:
    """A hook that stays on the channel makes them half deaf; what plays when the bridge changes is hung up at once."""
    admin, mona = await floor.client("admin"), await floor.client("mona")
    await put(admin, {"sound": "beep", "to": "both", "every_seconds": EVERY})
    others = ("102", "103", "104")
    await floor.phones("101", "301", "302", *others)
    _, agent = await floor.talk("102", "101")
    supervisor, second = floor.known("301"), floor.known("302")
    monitor = await admin.monitor(await admin.call("101"))
    wrong: list[str] = []
    for number in range(6):
        now, then = floor.known(others[number % 3]), floor.known(others[(number + 1) % 3])
        await heard(agent, agent.ear(), BEEP, 1, EVERY + SETTLED)  # it begins: most of it is to come
        mark = then.mark()
        await now.transfer(then.number)
        await then.seen("CALL_ESTABLISHED", mark)
        await attached(admin, monitor)
        beside = await mona.monitor(await mona.call("101"))
        await attached(mona, beside)
        both = {"101", then.number}
        try:
            assert_hears(await listen(agent, supervisor, second), p101={then.number}, p301=both, p302=both)
            mode = ("whisper", "barge")[number // 2 % 2]
            await admin.switch(monitor, mode)
            at_them = await listen(agent, then, supervisor)
            hears = {"101", "301"} if mode == "barge" else {"101"}
            assert_hears({"x": at_them[then.number]}, px=hears)
            assert_hears(at_them, p101={then.number, "301"}, p301=both)
        except AssertionError as problem:
            wrong.append(f"{number}: {problem}")
        await admin.switch(monitor, "silent")
        assert (await mona.delete(f"/monitors/{beside['id']}"))[0] == 204
    assert not wrong


@pytest.mark.timeout(180)
async def test_three_in_a_call_all_hear_it(floor: Lab) -> None:
    """A conference room: barge would reach the agent only."""
    admin = await floor.client("admin")
    await put(admin, {"sound": "beep", "to": "both", "every_seconds": EVERY})
    phones = await floor.phones("101", "102", "103")
    for phone in phones:
        mark = phone.mark()
        await phone.dial("600")
        await phone.seen("CALL_ESTABLISHED", mark)
    ears = {phone.number: phone.ear() for phone in phones}
    for phone in phones:
        await heard(phone, ears[phone.number], BEEP, 2, 2 * EVERY + SETTLED)


@pytest.mark.timeout(120)
async def test_what_can_not_be_played_is_in_the_audit_and_harms_nothing(floor: Lab) -> None:
    admin = await floor.client("admin")
    (floor.folder / "said.wav").unlink()
    await put(admin, {"sound": "announcement"})
    customer, agent = await floor.talk("201", "101")
    end = time.monotonic() + 30
    while not (entries := (await admin.get("/audit?action=consent.failed"))[1]["entries"]):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    assert (entries[0]["result"], entries[0]["agent"], entries[0]["target"]) == ("failed", "sam", "announcement")
    assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("number", "queue"), [("500", "agents"), ("510", "agents-local")])
async def test_a_queues_rule_also_where_it_rings_through_local_channels(floor: Lab, number: str, queue: str) -> None:
    admin = await floor.client("admin")
    await put(admin, {"queue": queue.upper(), "sound": "beep", "to": "both", "every_seconds": EVERY})
    customer, agent = await called(floor, number)
    second = await floor.phone("202")
    for phone in (customer, agent):
        await heard(phone, (None, 0), BEEP, 2, 2 * EVERY + SETTLED)
    assert_hears(await listen(agent, customer), p101={"201"}, p201={"101"})
    mark = agent.mark()
    await customer.hangup()
    await agent.seen("CALL_CLOSED", mark)
    mark = agent.mark()
    await second.dial("101")
    await agent.seen("CALL_ESTABLISHED", mark)
    ear = agent.ear()
    await asyncio.sleep(EVERY + 2)
    silent(agent, ear, BEEP)
    silent(second, (None, 0), BEEP)
