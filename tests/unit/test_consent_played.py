"""Consent at a PBX and by the contract: what is played to whom, and what becomes of it; over a fake PBX. Sound is
measured in tests/asterisk/coaching/test_consent.py."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from adapter.asterisk import wire
from adapter.asterisk.consent import Tones
from adapter.core.audit import Action
from adapter.core.call import Direction
from adapter.core.consent import Announcement, ConsentRule, Listener, Sound
from adapter.core.consentschedule import FIRST
from adapter.core.legs import LegNames, ear_of, is_aside, is_leg, is_test, tone_of
from adapter.core.record import Record
from adapter.core.teams import Team, memberships
from adapter.core.userevents import ToneNews, ToneTold
from adapter.errors import PbxRefused, PbxUnavailable
from adapter.monitoring.consent import NO_FILE, ConsentTones
from adapter.monitoring.consentports import Outcome, Sounds
from adapter.monitoring.consentrules import ConsentRules
from tests.fake.pbx import FakePbx, settle
from tests.fake.scene import SAM, START
from tests.support.programs import hook
from tests.support.receiver import Receiver
from tests.support.site import Site, is_problem
from tests.unit.test_consent import BEEP, SAID


class Figures:
    """Counts nothing twice."""

    def __init__(self) -> None:
        self.found: list[tuple[Sound, Outcome]] = []

    def sounded(self, sound: Sound, outcome: Outcome) -> None:
        self.found.append((sound, outcome))


class Floor:
    """A board, and what plays there; a beep is due every 60 ms, and settling takes 80."""

    def __init__(self, **sounds: Any) -> None:
        self.pbx, self.rules, self.figures = FakePbx(), ConsentRules(), Figures()
        self.written: list[Record] = []
        self.played = self.pbx.tones.played
        self.tones = ConsentTones(
            self.pbx.board,
            self.pbx.tones,
            self.rules,
            Sounds(**{"announcement": "custom/recorded", **sounds}),
            self.written.append,
            self.figures,
            lambda: START,
            0.2,
        )
        self.pbx._hear = self.hear

    def hear(self, events: Any) -> None:
        """As a node does."""
        self.pbx.board.apply(events)
        self.tones.heard(events)

    def to(self) -> list[str]:
        """Which channels heard something."""
        return [channel for _, channel, _ in self.played]


@pytest.fixture
async def floor() -> AsyncIterator[Floor]:
    """An empty one."""
    floor = Floor()
    floor.tones.start()
    yield floor
    await floor.tones.close()


async def until(wanted: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not wanted():  # noqa: ASYNC110 - a list has no event
            await asyncio.sleep(0.01)


async def test_who_is_covered_hears_it_and_nobody_else(floor: Floor) -> None:
    customer, agent = floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    floor.rules.put([ConsentRule(Sound.BEEP, Listener.AGENT, 15, direction=Direction.OUTBOUND)])
    await asyncio.sleep(FIRST + 0.2)
    assert floor.played == []
    floor.rules.put([BEEP])
    await until(lambda: len(floor.played) == 2)
    assert sorted(floor.to()) == sorted([customer, agent])
    assert {sound for _, _, sound in floor.played} == {"beep"}
    await until(lambda: floor.figures.found == [(Sound.BEEP, Outcome.PLAYED)])
    floor.pbx.scene.gone(customer, agent)
    floor.pbx.run()
    floor.tones._look_at_all()  # as after each hundred calls
    assert floor.tones._schedule.size == 0
    assert floor.tones._playing == {}


async def test_a_teams_rule_holds_for_its_members_as_soon_as_they_are(floor: Floor) -> None:
    floor.rules.put([ConsentRule(Sound.BEEP, Listener.AGENT, 15, team_id="t1")])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await asyncio.sleep(FIRST + 0.2)
    assert floor.played == []
    teams = memberships([Team("t1", "Sales", members=frozenset({SAM.id}))])
    board = floor.pbx.board
    sam = replace(board.directory.users[SAM.id], teams=teams[SAM.id])
    people = {**board.directory.users, SAM.id: sam}
    board.set_directory(type(board.directory).of(people.values()), frozenset({SAM.id}), START)
    await until(lambda: len(floor.played) == 1)


async def test_an_announcement_is_kept_at_the_channels_and_not_repeated(floor: Floor) -> None:
    floor.rules.put([SAID])
    customer, agent = floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: len(floor.pbx.tones.marks) == 2)
    await until(lambda: set(floor.pbx.tones.marks.values()) == {Announcement.HEARD})
    assert {sound for _, _, sound in floor.played} == {"custom/recorded"}
    floor.pbx.down()
    floor.pbx.up_again()
    await asyncio.sleep(FIRST + 0.3)
    assert sorted(floor.to()) == sorted([customer, agent]), "this run, or one before, has played it"


async def test_what_was_heard_was_heard_though_asterisk_cant_keep_it(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(channel: str) -> bool:
        raise PbxUnavailable("the connection broke in this moment")

    monkeypatch.setattr(floor.pbx.tones, "announced", lost)
    floor.rules.put([SAID])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: floor.figures.found == [(Sound.ANNOUNCEMENT, Outcome.PLAYED)])
    assert floor.written == []
    assert floor.tones._schedule.next_at() is None, "it is not played again"


async def test_an_announcement_that_a_former_run_plays_is_waited_for(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.monitoring.consent.LOOK_AGAIN", 0.05)
    floor.rules.put([SAID])
    customer, _ = floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.tones.marks[customer] = Announcement.PLAYS
    floor.pbx.run()
    await asyncio.sleep(FIRST + 0.3)
    assert floor.played == []
    floor.pbx.tones.marks[customer] = Announcement.NOT_HEARD
    await until(lambda: len(floor.played) == 2)


async def test_other_people_in_the_call_end_the_sound_at_once(floor: Floor) -> None:
    floor.pbx.tones.plays = False
    floor.rules.put([BEEP])
    customer, agent = floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: len(floor.played) == 2)
    scene = floor.pbx.scene
    new = scene.channel("PJSIP/202")
    scene.up(new)
    scene.change(new, linkedid=scene.channels[agent].linkedid)
    scene.leave("b1", customer)
    scene.enter("b1", new)
    scene.gone(customer)
    floor.pbx.run()
    await until(lambda: len(floor.pbx.tones.stopped) == 2)
    assert set(floor.pbx.tones.stopped) == {tone for tone, _, _ in floor.played}
    await until(lambda: floor.figures.found == [(Sound.BEEP, Outcome.CUT_SHORT)])
    assert floor.written == []


async def test_what_could_not_be_played_is_counted_and_written_once(floor: Floor) -> None:
    floor.pbx.tones.error = PbxRefused("no")
    floor.rules.put([replace(BEEP, every_seconds=1)])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: len(floor.figures.found) == 2)
    assert set(floor.figures.found) == {(Sound.BEEP, Outcome.FAILED)}
    ((entry,),) = [record.entries for record in floor.written]
    assert (entry.action, entry.target, entry.reason) == (Action.CONSENT_FAILED, "beep", "no")
    assert entry.subject.agent == "sam"
    floor.pbx.tones.error = None
    await until(lambda: (Sound.BEEP, Outcome.PLAYED) in floor.figures.found)


async def test_what_breaks_off_without_a_reason_is_a_failure(floor: Floor) -> None:
    floor.pbx.tones.plays = False
    floor.rules.put([replace(BEEP, to=Listener.AGENT)])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: len(floor.played) == 1)
    floor.pbx.tones.tell(floor.played[0][0], ToneNews.GONE)
    await until(lambda: floor.figures.found == [(Sound.BEEP, Outcome.FAILED)])


async def test_without_an_announcement_in_the_configuration_it_is_said() -> None:
    floor = Floor(announcement="")
    floor.tones.start()
    floor.rules.put([SAID])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: floor.written)
    assert floor.written[0].entries[0].reason == NO_FILE
    assert floor.played == []
    await floor.tones.close()


async def test_where_the_pbx_is_gone_nothing_is_asked_and_then_it_goes_on(floor: Floor) -> None:
    floor.rules.put([BEEP])
    floor.pbx.scene.answered_call("201", "101", "b1")
    floor.pbx.run()
    await until(lambda: len(floor.played) == 2)
    floor.pbx.down()
    assert floor.tones._schedule.next_at() is None
    floor.pbx.up_again()
    await until(lambda: len(floor.played) == 4)


# --- names, and what Asterisk is asked


def test_channels_that_play_are_nobodys() -> None:
    tone = LegNames.of(b"k").tone_id("0" * 32)
    for one in (tone, ear_of(tone)):
        assert tone_of(one) == tone
        assert is_aside(one)
        assert not is_leg(one)
        assert not is_test(one)
    assert tone_of("cmtone-x") is None
    assert not is_aside("1700000000.1")
    fields = {"Uniqueid": tone, "Channel": "Local/heard@call-monitor-consent-1;1", "Linkedid": tone}
    for name in ("Newchannel", "Newstate", "BridgeEnter", "Hold"):
        assert wire.translate({"Event": name, "BridgeUniqueid": "b", **fields}, START) is None
    spies = {"Event": "ChanSpyStart", "SpyerUniqueid": ear_of(tone), "SpyeeUniqueid": "a"}
    assert wire.translate(spies, START) == ToneTold(START, tone, ToneNews.ATTACHED)
    assert wire.translate({**spies, "Event": "ChanSpyStop"}, START) is None
    assert wire.translate({"Event": "Hangup", "Uniqueid": ear_of(tone)}, START) == ToneTold(START, tone, ToneNews.GONE)
    said = {"Event": "UserEvent", "UserEvent": "CallMonitorPlayed", "Uniqueid": tone}
    for status, news in (("SUCCESS", ToneNews.PLAYED), ("FAILED", ToneNews.FAILED)):
        assert wire.translate({**said, "Status": status}, START) == ToneTold(START, tone, news)
    answered = {"Event": "OriginateResponse", "Uniqueid": tone, "Response": "Success"}
    assert wire.translate(answered, START) is None
    failed = ToneTold(START, tone, ToneNews.FAILED)
    assert wire.translate({**answered, "Response": "Failure"}, START) == failed
    snapshot = wire.snapshot(START, [fields], [], [], restarted=False)
    assert snapshot.channels == ()


class Asked:
    """What acts, and keeps what it was asked."""

    def __init__(self, *values: str) -> None:
        self.did: list[tuple[str, dict[str, str]]] = []
        self.variables: list[str] = []
        self.values = list(values)

    async def act(self, name: str, *fields: tuple[str, str]) -> dict[str, str]:
        self.variables += [value for field, value in fields if field == "Variable"]
        self.did.append((name, dict(fields)))
        if name == "Getvar":
            value = self.values.pop(0)
            if value == "gone":
                raise PbxRefused("No such channel")
            return {"Value": value}
        return {}

    async def act_now(self, name: str, *fields: tuple[str, str]) -> dict[str, str]:
        return await self.act(name, *fields)


async def test_what_asterisk_is_asked() -> None:
    tone = LegNames.of(b"k").tone_id("1" * 32)
    asked = Asked()
    await Tones(asked).play(tone, "agent.1", "beep")
    ((name, fields),) = asked.did
    assert (name, fields["ChannelId"], fields["OtherChannelId"]) == ("Originate", tone, ear_of(tone))
    assert {"CM_TARGET=agent.1", "CM_SOUND=beep", "CM_MARK=", "CDR_PROP(disable)=1"} <= set(asked.variables)
    asked = Asked()
    await Tones(asked).play(tone, "agent.1", "custom/x", keepers=["agent.1"])
    assert [name for name, _ in asked.did] == ["Setvar", "Originate"]
    assert {"CM_MARK=announced", "CM_FAR="} <= set(asked.variables)
    asked = Asked()
    await Tones(asked).play(tone, "local.1", "custom/x", keepers=["local.1", "customer.1"])
    kept = [fields["Channel"] for name, fields in asked.did if name == "Setvar"]
    assert kept == ["local.1", "customer.1"]
    assert {"CM_MARK=announced", "CM_FAR=customer.1"} <= set(asked.variables)
    with pytest.raises(Exception, match="uniqueid"):
        await Tones(asked).play(tone, "/.*/", "beep")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["gone"], Announcement.NOT_HEARD),
        ([""], Announcement.NOT_HEARD),
        (["announced"], Announcement.HEARD),
        ([LegNames.of(b"k").tone_id("1" * 32), "beep"], Announcement.PLAYS),
        ([LegNames.of(b"k").tone_id("1" * 32), "gone"], Announcement.NOT_HEARD),
        (["/.*/"], Announcement.NOT_HEARD),
    ],
)
async def test_what_a_former_run_left(values: list[str], found: Announcement) -> None:
    assert await Tones(Asked(*values)).announcement("agent.1") is found


# --- the contract


async def test_rules_are_kept_in_their_order(site: Site, receiver: Receiver) -> None:
    admin = await site.client("admin")
    await hook(admin, receiver, events=["consent.changed"])
    assert (await admin.get("/consent"))[1] == {"rules": []}
    team = (await admin.post("/teams", {"name": "Sales", "members": []}))[1]["id"]
    given = [
        {"team_id": team, "sound": "none"},
        {"queue": " Support ", "direction": "inbound", "sound": "beep", "to": "agent", "every_seconds": 30},
        {"sound": "beep"},
    ]
    status, kept = await admin.ask("PUT", "/consent", {"rules": given})
    assert status == 200
    blank = {"queue": None, "team_id": None, "direction": None, "to": "both", "every_seconds": None}
    assert kept["rules"] == [
        {**blank, "team_id": team, "sound": "none"},
        {**blank, "queue": "Support", "direction": "inbound", "sound": "beep", "to": "agent", "every_seconds": 30},
        {**blank, "sound": "beep", "every_seconds": 15},
    ]
    assert (await admin.get("/consent"))[1] == kept
    assert [rule.sound for rule in site.service._shared.consent.rules] == ["none", "beep", "beep"]
    assert (await admin.ask("PUT", "/consent", {"rules": kept["rules"]}))[1] == kept
    await receiver.until(1)
    ((_, event),) = receiver.accepted
    assert (event["type"], event["data"]) == ("consent.changed", {"rules": kept["rules"], "by": "admin"})
    (entry,) = (await admin.get("/audit?action=consent.changed"))[1]["entries"]
    told = "team Sales: none; queue Support, inbound: beep every 30 s to agent; all calls: beep every 15 s to both"
    assert (entry["actor"], entry["reason"]) == ("admin", told)
    assert (await admin.delete(f"/teams/{team}"))[0] == 204
    assert (await admin.get("/consent"))[1]["rules"] == kept["rules"][1:], "it covered nobody any more"


@pytest.mark.parametrize(
    ("rule", "field", "kind"),
    [
        ({"sound": "none", "every_seconds": 15}, "rules.0.every_seconds", "only_beeps"),
        ({"sound": "announcement", "every_seconds": 15}, "rules.0.every_seconds", "only_beeps"),
        ({"sound": "announcement", "to": "agent"}, "rules.0.to", "for_both"),
        ({"sound": "announcement"}, "rules.0.sound", "no_announcement"),
        ({"sound": "beep", "team_id": "nobody"}, "rules.0.team_id", "unknown_team"),
        ({"sound": "beep", "every_seconds": 4}, "rules.0.every_seconds", "out_of_range"),
        ({"sound": "beep", "every_seconds": 121}, "rules.0.every_seconds", "out_of_range"),
        ({"sound": "beep", "queue": " "}, "rules.0.queue", "blank"),
        ({"sound": "beep", "when": "always"}, "rules.0.when", "unknown_field"),
        ({"sound": "song"}, "rules.0.sound", "not_a_choice"),
        ({}, "rules.0.sound", "required"),
    ],
)
async def test_what_is_no_rule_changes_nothing(site: Site, rule: dict[str, Any], field: str, kind: str) -> None:
    admin = await site.client("admin")
    await admin.ask("PUT", "/consent", {"rules": [{"sound": "beep"}]})
    status, problem = await admin.ask("PUT", "/consent", {"rules": [rule]})
    is_problem((status, problem), 422, "invalid")
    assert [(error["field"], error["type"]) for error in problem["errors"]] == [(field, kind)]
    assert [one["sound"] for one in (await admin.get("/consent"))[1]["rules"]] == ["beep"]


async def test_a_rule_plays_in_calls_that_run_and_its_failure_is_in_the_audit(site: Site) -> None:
    admin, mona = await site.client("admin"), await site.client("mona")
    customer, agent = site.talk()
    is_problem(await mona.ask("PUT", "/consent", {"rules": []}), 403, "forbidden")
    is_problem(await mona.get("/consent"), 403, "forbidden")
    await admin.ask("PUT", "/consent", {"rules": [{"sound": "beep"}]})
    await until(lambda: len(site.pbx.tones.played) == 2)
    assert sorted(channel for _, channel, _ in site.pbx.tones.played) == sorted([customer, agent])
    assert len(await mona.calls()) == 1
    assert (await mona.get("/monitors"))[1]["monitors"] == []
    site.pbx.tones.error = PbxUnavailable("down")
    site.talk("202", "102", "b2")
    await asyncio.sleep(FIRST + 0.3)
    await settle()
    await site.recorder.settled()
    (entry,) = (await admin.get("/audit?action=consent.failed"))[1]["entries"]
    assert (entry["actor"], entry["result"], entry["agent"]) == ("system", "failed", "ana")
