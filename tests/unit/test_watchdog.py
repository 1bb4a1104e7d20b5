"""The invariant: what differs between the model and Asterisk, seen twice, is made safe and counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from adapter import errors
from adapter.core import events as ev
from adapter.core.invariant import Difference, Fault, LegObserver, Model, differences
from adapter.core.lifecycle import end_wanted, made_silent
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, MonitorState, Notice, Supervisor
from adapter.health import watchdog as module
from adapter.health.watchdog import Watchdog
from tests.fake.pbx import WORDS, settle
from tests.fake.scene import ADMIN, COACH, PEOPLE, START, Scene, numbering
from tests.fake.world import World

IS_SPY = numbering().is_spy
LEG = WORDS.legs.leg_id("1" * 32)

pytestmark = pytest.mark.usefixtures("virtual_time")


def monitor(mode: Mode, *, keypad: bool = True, leg: str = LEG) -> Monitor:
    """One that is live."""
    return Monitor(
        id="m1",
        pbx="lab",
        call_id="c",
        conversation_id="v",
        target="17.2",
        leg=leg,
        supervisor=Supervisor("u", "U"),
        device="PJSIP/301",
        keypad=keypad,
        mode=mode,
        state=MonitorState.LIVE,
        started_at=START,
    )


def channel(uniqueid: str, extension: str = "", context: str = "phones", bridge: str | None = None) -> ev.KnownChannel:
    """One that Asterisk lists."""
    made = Scene()
    uid = made.channel("301", uniqueid=uniqueid)
    return ev.KnownChannel(made.channels[uid]._replace(context=context, extension=extension), bridge, START, False)


def leg(extension: str, uniqueid: str = LEG) -> ev.KnownChannel:
    """A supervisor's leg that Asterisk lists."""
    return channel(uniqueid, extension, "call-monitor")


def found(
    listed: Sequence[ev.KnownChannel],
    *monitors: Monitor,
    channels: Sequence[str] = (),
    heard: Sequence[ev.Event] = (),
) -> set[tuple[Fault, str]]:
    """What differs."""
    observer = LegObserver(WORDS)
    observer.apply(heard)
    model = Model(monitors, channels, observer.observed)
    return {(d.fault, d.uniqueid) for d in differences(model, listed, WORDS, IS_SPY)}


def started(extension: str) -> ev.SpyStarted:
    """Asterisk says that ChanSpy runs."""
    return ev.SpyStarted(START, LEG, "17.2", "call-monitor", extension)


def digit(number: str, uniqueid: str = LEG) -> ev.DigitReceived:
    """Asterisk says that a digit arrived."""
    return ev.DigitReceived(START, uniqueid, number)


@pytest.mark.parametrize(
    ("heard", "mode", "listed", "differs"),
    [
        ([started("silent-keypad")], Mode.SILENT, "silent-keypad", False),
        ([started("silent-keypad"), digit("6")], Mode.BARGE, "silent-keypad", False),
        ([started("silent-keypad"), digit("6")], Mode.SILENT, "silent-keypad", True),
        ([started("silent-keypad"), digit("6"), digit("4")], Mode.WHISPER, "silent-keypad", True),
        ([started("silent-keypad"), digit("6"), digit("7")], Mode.BARGE, "silent-keypad", False),
        ([started("barge-keypad")], Mode.SILENT, "barge-keypad", True),
        ([ev.Snapshot(START, False, (leg("silent-keypad"),), {}, frozenset())], Mode.BARGE, "silent-keypad", False),
        (
            [ev.Snapshot(START, False, (leg("silent-keypad"),), {}, frozenset()), digit("5")],
            Mode.BARGE,
            "silent-keypad",
            True,
        ),
        ([started("silent"), digit("6")], Mode.SILENT, "silent", False),
        ([started("silent")], Mode.SILENT, "whisper", True),
        ([], Mode.SILENT, "barge", True),
        ([started("whisper")], Mode.WHISPER, "over", True),
    ],
)
def test_the_mode(heard: list[ev.Event], mode: Mode, listed: str, differs: bool) -> None:
    keypad = "keypad" in listed
    fault = Fault.LEG_ASTRAY if listed == "over" else Fault.MODE_DIFFERS
    expected = {(fault, LEG)} if differs else set()
    assert found([leg(listed)], monitor(mode, keypad=keypad), heard=heard) == expected


def test_legs_without_monitors_and_monitors_without_legs() -> None:
    assert found([leg("silent-keypad")]) == {(Fault.STRANGER, LEG)}
    assert found([leg("barge", "17.9")]) == {(Fault.STRANGER, "17.9")}, "whatever its name"
    assert found([leg("said-forbidden", "17.9")]) == set(), "it only hears why not"
    assert found([], monitor(Mode.SILENT)) == {(Fault.LEG_MISSING, LEG)}
    bridged = channel(LEG, "silent-keypad", "call-monitor", "b1")
    assert found([bridged]) == set(), "it took a call over"
    assert found([channel(LEG, "102")], channels=[LEG]) == set(), "it took a call over, and is being transferred"
    assert found([leg("barge", "17.1")], channels=["17.1"]) == {(Fault.STRANGER, "17.1")}, "a party sent to listen"
    for change in ({"ending": EndReason.STOPPED}, {"state": MonitorState.CONNECTING}):
        assert found([], replace(monitor(Mode.SILENT), **change)) == set()


def test_channels() -> None:
    assert found([channel("17.1")], channels=["17.1"]) == set()
    assert found([channel("17.1")]) == {(Fault.CHANNEL_UNKNOWN, "17.1")}
    assert found([], channels=["17.1"]) == {(Fault.CHANNEL_GHOST, "17.1")}
    assert found([channel("17.1", "*55101")]) == set(), "a star code is no call"


def test_a_leg_that_is_gone_is_forgotten() -> None:
    observer = LegObserver(WORDS)
    observer.apply([started("barge"), ev.ChannelGone(START, LEG, 16, "", "")])
    assert observer.observed == {}


# --- seen twice, and repaired


LATE = 0.05
"""Seconds that an end may take here."""


class Guarded(World):
    """A world with its watchdog."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[Fault] = []
        self.polls = 0
        self.dog = Watchdog(
            self.board, self.pbx, self.monitoring.ending, WORDS, IS_SPY, lambda: START, 0.01, LATE, self.polled
        )

    def polled(self, found: Sequence[Fault]) -> None:
        self.polls += 1
        self.counted += found

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Let it look until something is so."""
        for _ in range(500):
            if wanted():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.pbx.did)


@pytest.fixture
async def guarded(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guarded]:
    """A world whose watchdog looks often."""
    monkeypatch.setattr(module, "AGAIN", 0.01)
    world = Guarded()
    yield world
    await world.dog.close()
    await world.monitoring.close()


async def test_what_is_well_is_left_alone(guarded: Guarded) -> None:
    live = await guarded.live()
    guarded.dog.start()
    await guarded.until(lambda: guarded.polls > 3)
    assert guarded.counted == []
    assert guarded.board.monitor(live.id) == live
    assert guarded.pbx.did == ["originate silent keypad"]


async def test_another_mode_is_made_silent_and_the_supervisor_is_told(guarded: Guarded) -> None:
    live = await guarded.live()
    guarded.dog.apply([ev.SpyStarted(START, live.leg, live.target, "call-monitor", "silent-keypad")])
    guarded.dog.apply([ev.DigitReceived(START, live.leg, "6")])  # which the model was not told of
    guarded.dog.start()
    await guarded.until(lambda: Fault.MODE_DIFFERS in guarded.counted)
    guarded.dog.apply([ev.DigitReceived(START, live.leg, "4")])
    await settle()
    made = guarded.board.monitor(live.id)
    assert made is not None
    assert (made.mode, made.notice) == (Mode.SILENT, Notice.MADE_SAFE)
    assert "digit silent" in guarded.pbx.did


async def test_a_mode_that_can_not_be_made_silent_ends_the_leg(guarded: Guarded) -> None:
    live = await guarded.live(COACH)
    guarded.pbx.modes[live.leg] = Mode.BARGE
    guarded.pbx.confirms = False
    guarded.dog.start()
    await guarded.until(lambda: "hangup" in guarded.pbx.did)
    assert "move silent" in guarded.pbx.did


async def test_a_leg_that_is_not_there_ends_its_monitor(guarded: Guarded) -> None:
    live = await guarded.live()
    del guarded.pbx.scene.channels[live.leg]
    guarded.dog.start()
    await guarded.until(lambda: guarded.last(live).ended)
    assert guarded.last(live).ended_reason is EndReason.ERROR
    assert guarded.counted[0] is Fault.LEG_MISSING


async def test_a_stranger_is_hung_up(guarded: Guarded) -> None:
    stranger = leg("whisper", "17.99")
    guarded.pbx.scene.channels["17.99"] = stranger.channel
    guarded.dog.start()
    await guarded.until(lambda: "17.99" not in guarded.pbx.scene.channels)
    assert guarded.counted[0] is Fault.STRANGER


async def test_missing_events_mean_connecting_anew_and_ever_less_often(guarded: Guarded) -> None:
    live = await guarded.live()
    guarded.dog.start()
    for count in range(1, 4):
        guarded.pbx.scene.channel("104", dials="201")
        guarded.pbx.scene.take()  # nobody is told
        await guarded.until(lambda count=count: guarded.pbx.did.count("reconnect") == count)  # type: ignore[misc]
        await guarded.until(lambda: len(guarded.board.channels()) == len(guarded.pbx.scene.channels) - 1)
        assert guarded.dog.blind is (count > 1)
    assert guarded.board.monitor(live.id) is not None
    assert set(guarded.counted) == {Fault.CHANNEL_UNKNOWN}


async def test_what_changed_between_the_looks_is_in_flight(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await guarded.live()
    seen = iter([frozenset({Difference(Fault.MODE_DIFFERS, live.leg, told)}) for told in ("one", "another")])

    async def look() -> frozenset[Difference]:
        return next(seen)

    monkeypatch.setattr(guarded.dog, "_poll", look)
    await guarded.dog._poll_twice()
    assert (guarded.counted, guarded.pbx.did) == ([], ["originate silent keypad"])


async def test_of_what_was_made_safe_is_told_when_asterisk_confirmed_it(guarded: Guarded) -> None:
    live = await guarded.live()
    guarded.pbx.confirms = False
    guarded.board.step(made_silent(live), START)
    await settle()
    assert guarded.last(live).notice is None, "nothing is confirmed yet"
    guarded.board.apply([ev.DigitReceived(START, live.leg, "4")])
    assert guarded.last(live).notice is Notice.MADE_SAFE


async def test_one_that_can_not_be_repaired_keeps_no_other_from_it(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1 odd", "17.99"):  # in the order in which they are repaired
        guarded.pbx.scene.channels[name] = leg("whisper", name).channel
    hang_up = guarded.pbx.end_leg

    async def end_leg(uniqueid: str) -> bool:
        if uniqueid != "17.99":
            raise errors.Invalid("This is not a channel's uniqueid.")
        return await hang_up(uniqueid)

    monkeypatch.setattr(guarded.pbx, "end_leg", end_leg)
    guarded.dog.start()
    await guarded.until(lambda: "17.99" not in guarded.pbx.scene.channels)
    guarded.pbx.scene.channels.clear()


# --- ends that don't come


async def test_an_end_that_is_late_is_asked_for_again(guarded: Guarded) -> None:
    """One lost answer to Hangup left a leg up, and whoever had lost the right went on listening."""
    monitor = await guarded.live()
    guarded.pbx.confirms = False
    guarded.dog.start()
    guarded.people_changed([user for user in PEOPLE if user.id != ADMIN.id])
    await settle()
    assert guarded.pbx.did.count("hangup") == 1
    await asyncio.sleep(LATE / 2)
    assert guarded.pbx.did.count("hangup") == 1, "not before its time"
    await guarded.until(lambda: guarded.pbx.did.count("hangup") > 1)
    guarded.pbx.confirms = True
    await guarded.until(lambda: guarded.last(monitor).ended)
    assert guarded.last(monitor).ended_reason is EndReason.PERMISSION_REVOKED
    assert set(guarded.counted) == {Fault.ENDING_LATE}


async def test_an_end_that_nobody_told_of_is_one(guarded: Guarded) -> None:
    monitor = await guarded.live()
    guarded.pbx.confirms = False
    guarded.dog.start()
    guarded.board.step(end_wanted(monitor, EndReason.STOPPED), START)
    guarded.pbx.scene.channels.pop(monitor.leg)
    await guarded.until(lambda: guarded.last(monitor).ended)
    assert guarded.last(monitor).ended_reason is EndReason.STOPPED
