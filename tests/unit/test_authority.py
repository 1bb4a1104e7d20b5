"""Whose call it is, whose leg it is, and what follows when either changes hands: the rules, and star codes."""

import asyncio
from dataclasses import replace

import pytest

from adapter.core import events as ev
from adapter.core.events import ChannelState
from adapter.core.journal import TRANSFERRED
from adapter.core.legs import HandedCall, LegNames, Refusal, is_leg, is_test, tag_of
from adapter.core.modes import Mode
from adapter.core.monitor import EndReason, Monitor, Notice
from adapter.core.origins import Origins
from adapter.doctor.pbx import name_of_run
from adapter.errors import PbxTimeout
from adapter.phones import own_call
from adapter.store.audit import Filter
from adapter.store.tables import AuditRow
from adapter.wiring import spy_dialplan
from tests.fake.pbx import WORDS, settle
from tests.fake.scene import ADMIN, COACH, MONA, START, Scene
from tests.fake.world import World, world
from tests.support.site import Site

__all__ = ["world"]

HEX = "0123456789abcdef" * 2

# --- whose leg


@pytest.mark.parametrize(
    "uniqueid",
    ["cm-east-1795642260.2", "cm-1795642260.2", "cm-", f"cm-{HEX}0", f"cm-{HEX[:-1]}", f"cm-0123abcd-{HEX}.1", "17.1"],
)
def test_a_prefix_alone_is_no_leg(uniqueid: str) -> None:
    assert not is_leg(uniqueid)
    assert not WORDS.legs.is_ours(uniqueid)
    assert not WORDS.legs.is_others(uniqueid)


def test_legs_are_told_apart_by_installation() -> None:
    one, other = (spy_dialplan("call-monitor", key * 32).legs for key in (b"a", b"b"))
    leg = one.leg_id(HEX)
    assert is_leg(leg)
    assert (one.is_ours(leg), one.is_others(leg)) == (True, False)
    assert (other.is_ours(leg), other.is_others(leg)) == (False, True)
    assert (tag_of(leg), len(one.tag)) == (one.tag, 8)
    assert LegNames.of(b"a" * 32) == one
    old = f"cm-{HEX}"  # of a version that gave no tag: whose it is, only a monitor tells
    assert (is_leg(old), one.is_ours(old), one.is_others(old)) == (True, False, False)


def test_a_systemname_does_not_hide_a_pbx_from_us() -> None:
    assert is_test(f"{name_of_run()}-e")
    assert not is_test("cmdoctor-1795642260.2")
    assert not is_test("cmdoctor-east-1795642260.2")


async def test_legs_of_another_installation_are_left_alone_and_told_of_once(world: World) -> None:
    theirs = f"cm-0123abcd-{HEX}"
    assert not WORDS.legs.is_ours(theirs)
    scene = world.pbx.scene
    scene.channel("302", uniqueid=theirs)
    world.pbx.run()
    scene.change(theirs, context="call-monitor", extension="barge", state=ChannelState.UP)
    world.pbx.run()
    world.board.apply([ev.SpyStarted(START, theirs, world.agent, "call-monitor", "barge")])
    world.pbx.down()
    world.pbx.up_again()
    await settle()
    assert "hangup" not in world.pbx.did
    assert theirs in scene.channels
    assert list(world.board.place.remarks) == ["legs of another installation are at this PBX (0123abcd)"]
    assert [call.agent.extension for call in world.board.calls()] == ["101"]


async def test_whoever_stands_where_legs_listen_is_hung_up(world: World) -> None:
    for number, event in enumerate(("change", "spy", "answered")):
        stray = world.pbx.scene.channel("102", uniqueid=f"17.9{number}")
        world.pbx.run()
        if event == "change":
            world.pbx.scene.change(stray, context="call-monitor", extension="barge")
            world.pbx.run()
        elif event == "spy":
            world.board.apply([ev.SpyStarted(START, stray, world.agent, "call-monitor", "barge")])
        else:
            world.board.apply([ev.OriginateAnswered(START, stray, "call-monitor", "barge")])
        await settle()
        assert stray not in world.pbx.scene.channels
    assert world.pbx.did == ["hangup"] * 3


# --- legs that change hands


async def test_a_transferred_leg_ends_and_so_does_who_got_it(world: World) -> None:
    monitor = await world.live(MONA, Mode.BARGE)
    other = world.pbx.scene.channel("102", linked="17.50")
    world.pbx.run()
    event = ev.HandedOn(START, (monitor.leg, "17.51"), "PJSIP/302-00000001", "PJSIP/102-00000002", other)
    world.board.apply([event])
    await settle()
    over = world.last(monitor)
    assert (over.ended_reason, over.handed_on, over.by.actor, over.by.via) == (
        EndReason.ERROR,
        "PJSIP/102",
        "mona",
        "phone",
    )
    assert not {monitor.leg, other} & world.pbx.scene.channels.keys()


async def test_without_a_word_of_the_transfer_the_leg_that_hangs_up_elsewhere_tells_it(world: World) -> None:
    """An eventfilter of before lets no AttendedTransfer through."""
    monitor = await world.live(MONA, Mode.BARGE)
    world.pbx.scene.channels.pop(monitor.leg)
    world.board.apply([ev.ChannelGone(START, monitor.leg, 16, "lab-agents", "")])
    await settle()
    assert (world.last(monitor).ended_reason, world.last(monitor).handed_on) == (EndReason.ERROR, "")


async def test_a_leg_that_is_bridged_unasked_was_no_take_over(world: World) -> None:
    monitor = await world.live(MONA, Mode.BARGE)
    leg = world.pbx.scene.channels[monitor.leg]
    world.board.apply([ev.BridgeEntered(START, "b9", "simple_bridge", leg)])
    assert (world.last(monitor).ended_reason, world.last(monitor).handed_on) == (EndReason.ERROR, "")


async def test_a_take_over_that_comes_late_is_one(world: World) -> None:
    monitor = await world.live(MONA, Mode.BARGE)
    world.pbx.confirms = False
    taking = asyncio.ensure_future(world.monitoring.take_over(MONA, monitor.id))
    with pytest.raises(PbxTimeout):
        await taking
    world.board.apply([ev.BridgeEntered(START, "b9", "simple_bridge", world.pbx.scene.channels[monitor.leg])])
    assert (world.last(monitor).ended_reason, world.last(monitor).by.actor) == (EndReason.TOOK_OVER, "mona")


async def test_who_took_a_call_over_is_never_hung_up_for_where_they_stand(world: World) -> None:
    """Their channel keeps its place in the dialplan, in the bridge and between two."""
    monitor = await world.live(ADMIN, Mode.BARGE)
    await world.monitoring.take_over(ADMIN, monitor.id)
    leg = world.pbx.scene.channels[monitor.leg]
    world.board.apply([ev.ChannelChanged(START, leg), ev.BridgeLeft(START, "b2", leg), ev.ChannelChanged(START, leg)])
    await settle()
    assert world.pbx.did[-1] == "join"


# --- after a death or a lost link


async def back(world: World, monitor: Monitor) -> Monitor:
    """The link is lost and comes back."""
    world.pbx.down()
    world.pbx.up_again()
    await settle()
    return world.last(monitor)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_leg_with_keypad_is_made_silent_and_told(world: World, mode: Mode) -> None:
    monitor = await back(world, await world.live(ADMIN, mode))
    assert (monitor.live, monitor.mode, monitor.notice) == (True, Mode.SILENT, Notice.MADE_SAFE)


async def test_a_leg_without_keypad_keeps_its_mode_and_is_not_moved(world: World) -> None:
    before = await world.live(COACH, Mode.WHISPER)
    did = list(world.pbx.did)
    monitor = await back(world, before)
    assert (monitor.live, monitor.mode, monitor.notice, monitor.by) == (True, Mode.WHISPER, None, before.by)
    assert monitor.confirmed > before.confirmed
    assert world.pbx.did == did


async def test_a_leg_without_keypad_whose_listeners_changed_is_silent(world: World) -> None:
    monitor = await world.live(COACH, Mode.WHISPER)
    world.pbx.scene.bridges[world.customer] = "b7"
    monitor = await back(world, monitor)
    assert (monitor.live, monitor.mode, monitor.notice) == (True, Mode.SILENT, Notice.BRIDGE_CHANGED)


async def test_a_leg_without_keypad_that_is_louder_than_confirmed_is_silent(world: World) -> None:
    monitor = await world.live(COACH, Mode.SILENT)
    world.pbx.stands(monitor.leg, "whisper")
    monitor = await back(world, monitor)
    assert (monitor.live, monitor.mode, monitor.notice) == (True, Mode.SILENT, Notice.MADE_SAFE)


async def test_a_leg_that_is_elsewhere_is_ended(world: World) -> None:
    monitor = await world.live(COACH, Mode.SILENT)
    there = world.pbx.scene.channels[monitor.leg]
    world.pbx.scene.channels[monitor.leg] = there._replace(context="lab-agents", extension="102")
    assert (await back(world, monitor)).handed_on == ""
    assert monitor.leg not in world.pbx.scene.channels


# --- whose call


def told(*events: ev.Event) -> Origins:
    """What was seen of all channels."""
    found = Origins()
    found.apply(events)
    return found


def test_only_a_call_that_its_phone_made_to_the_code_is_its_own() -> None:
    scene = Scene()
    own = scene.channel("302", dials="*57103")
    born = scene.take()
    assert told(*born).doubt(own, "*57103") is None
    called = scene.channel("103")
    leg = scene.channels[own]
    spoilt: list[ev.Event] = [
        ev.DialBegan(START, leg, scene.channels[called]),
        ev.DialBegan(START, scene.channels[called], leg),
        ev.DialBegan(START, None, leg),
        ev.BridgeEntered(START, "b1", "simple_bridge", leg),
        ev.ChannelChanged(START, leg._replace(name="PJSIP/101-00000009")),
        ev.ChannelChanged(START, leg._replace(linkedid="17.0")),
        ev.HandedOn(START, (own,), "PJSIP/101-1", "PJSIP/102-1", called),
        ev.HandedOn(START, (called,), "PJSIP/101-1", "PJSIP/302-1", own),
        ev.ChannelGone(START, own, 16, "", ""),
        ev.Snapshot(START, False, (), {}, frozenset()),
    ]
    for event in spoilt:
        assert told(*born, event).doubt(own, "*57103"), event
    assert told(*born).doubt(own, "*57104")
    assert told().doubt(own, "*57103")
    assert told(*born, ev.ChannelChanged(START, leg._replace(state=ChannelState.UP))).doubt(own, "*57103") is None


@pytest.mark.parametrize("state", [ChannelState.DOWN, ChannelState.RINGING, ChannelState.UP])
def test_a_channel_that_was_made_for_the_phone_is_not_its_call(state: ChannelState) -> None:
    scene = Scene()
    uid = scene.channel("302", dials="*57103")
    (created,) = scene.take()
    assert isinstance(created, ev.ChannelCreated)
    made = created.channel._replace(state=state)
    assert told(ev.ChannelCreated(START, made)).doubt(uid, "*57103")
    part = created.channel._replace(linkedid="17.0")
    assert told(ev.ChannelCreated(START, part)).doubt(uid, "*57103")


async def newest(site: Site) -> AuditRow:
    """The newest entry of the audit."""
    await site.recorder.settled()
    (row,) = await site.store.audit.page(Filter(), 1)
    return row


async def dialled(site: Site, **changes: object) -> str:
    """302 dials *57101; what the handed call has otherwise. Returns what was spoken."""
    leg = site.pbx.scene.channel("302", dials="*57101")
    site.pbx.run()
    call = HandedCall(leg, "PJSIP/302", ("barge", "101"), "*57101")
    hand_over = site.pbx.hand_over
    assert hand_over is not None
    await hand_over(replace(call, **changes))  # type: ignore[arg-type]
    await settle()
    return str(dict(site.pbx.told).get(leg, ""))


async def test_a_star_code_that_its_phone_dialled_is_taken(site: Site) -> None:
    site.talk()
    await dialled(site)
    (monitor,) = site.board.monitors()
    assert (monitor.mode, monitor.by.via) == (Mode.BARGE, "star code")


@pytest.mark.parametrize(
    ("says", "changes", "actor"),
    [
        ({"BLINDTRANSFER": "PJSIP/101-00000003"}, {}, "sam"),
        ({"TRANSFERERNAME": "PJSIP/102-00000003"}, {}, "ana"),
        ({"FORWARDERNAME": "PJSIP/209-00000003"}, {}, "phone PJSIP/209"),
        ({"ATTENDEDTRANSFER": "PJSIP/101-00000003"}, {}, "sam"),
        ({"SIPTRANSFER": "yes"}, {}, "mona"),
        ({"DIALEDPEERNUMBER": "302"}, {}, "mona"),
        ({"REDIRECTING(from-num)": "101"}, {}, "mona"),
        ({"CHANNEL(state)": "Up"}, {}, "mona"),
        ({"CHANNEL(linkedid)": "17.0"}, {}, "mona"),
        ({}, {"replaced": "PJSIP/101-00000003"}, "sam"),
        ({}, {"extension": "*57102"}, "mona"),
        ({}, {"arguments": ("not-own", "barge", "101")}, "mona"),
        ({}, {"uniqueid": "17.77"}, "mona"),
        ({}, {"endpoint": "Message/ast_msg_queue"}, "phone Message/ast_msg_queue"),
        ({}, {"endpoint": "Local/*57101@x"}, "phone Local/*57101@x"),
    ],
)
async def test_what_is_not_the_phones_own_call_is_refused_and_told_of_whom(
    site: Site, says: dict[str, str], changes: dict[str, object], actor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_call, "TOLD_LATE", 0.02)
    site.talk()
    site.pbx.says = says
    spoken = await dialled(site, **changes)
    assert list(site.board.monitors()) == []
    row = await newest(site)
    assert (row.actor, row.via, row.reason, row.target) == (actor, "star code", "not_own_call", "101")
    assert spoken == ("" if "uniqueid" in changes else Refusal.FORBIDDEN)


async def test_where_asterisk_does_not_say_what_it_is_the_answer_is_no(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mute(channel: str, names: object) -> dict[str, str]:
        raise PbxTimeout("no answer")

    monkeypatch.setattr(site.pbx, "variables", mute)
    site.talk()
    spoken = await dialled(site)
    assert ((await newest(site)).reason, spoken) == ("not_own_call", Refusal.FORBIDDEN)
    assert list(site.board.monitors()) == []


async def test_news_of_the_channel_may_come_later_than_the_call(site: Site) -> None:
    site.talk()
    leg = site.pbx.scene.channel("302", dials="*57101")
    assert site.pbx.hand_over is not None
    handing = asyncio.ensure_future(site.pbx.hand_over(HandedCall(leg, "PJSIP/302", ("barge", "101"), "*57101")))
    await asyncio.sleep(0.05)
    assert list(site.board.monitors()) == []
    site.pbx.run()
    await handing
    await settle()
    assert [monitor.mode for monitor in site.board.monitors()] == [Mode.BARGE]


async def test_the_audit_says_transferred_and_to_whom(site: Site) -> None:
    site.talk()
    mona = await site.client("mona")
    monitor = await mona.monitor(await mona.call("101"), "barge")
    leg = site.board.legs.leg_id(monitor["id"])
    site.board.apply([ev.HandedOn(START, (leg,), "PJSIP/302-00000001", "PJSIP/102-00000002", "")])
    assert (await mona.until_ended(monitor))["ended_reason"] == "error"
    await site.recorder.settled()
    (row,) = await site.store.audit.page(Filter(action="monitor.ended"), 1)
    assert (row.reason, row.target, row.actor, row.via) == (TRANSFERRED, "PJSIP/102", "mona", "phone")
