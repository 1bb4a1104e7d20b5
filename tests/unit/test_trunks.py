"""Calls between two PBXes are one conversation; the far half of a leg that is rung over a trunk is no call."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.core.bars import Who
from adapter.core.legs import HandedCall
from adapter.core.pbx import DeviceState
from adapter.store import Store
from tests.fake.pbx import FakePbx, settle
from tests.support.across import TwoSites
from tests.support.client import Client
from tests.support.clock import real
from tests.support.site import is_problem


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[TwoSites]:
    """Fresh for each test."""
    site = TwoSites(await Store.open(f"sqlite+aiosqlite:///{tmp_path}/test.sqlite", clock=real))
    runner = await site.start()
    yield site
    await site.close(runner)


async def modes(client: Client) -> list[str]:
    """The modes of all monitors that somebody sees."""
    return [monitor["mode"] for monitor in (await client.get("/monitors"))[1]["monitors"]]


async def call_at(client: Client, pbx: str) -> dict[str, object]:
    """The only call there."""
    (call,) = [call for call in await client.calls() if call["pbx"] == pbx]
    return call


async def test_who_is_at_the_other_end_is_in_it(two: TwoSites) -> None:
    two.across("101", "301")
    await two.told()
    admin, mona, coach = [await two.client(name) for name in ("admin", "mona", "coach")]
    call = await call_at(mona, "north")
    monitor = await mona.monitor(call)
    assert [await modes(one) for one in (mona, coach, admin)] == [["silent"], ["silent"], []]
    assert (await call_at(coach, "north"))["monitors"] != (await call_at(admin, "north"))["monitors"] == []
    is_problem(await admin.post("/monitors", {"call_id": call["id"]}), 409, "own_call")
    is_problem(await admin.get(f"/monitors/{monitor['id']}"), 404, "not_found")
    await mona.switch(monitor, "whisper")
    assert [await modes(one) for one in (coach, admin)] == [["whisper"], ["whisper"]]


async def test_whoever_comes_later_at_the_other_pbx_sees_it_no_more(two: TwoSites) -> None:
    first = two.across("101", "102")
    await two.told()
    admin, mona = await two.client("admin"), await two.client("mona")
    stream = await admin.events()
    await mona.monitor(await call_at(mona, "north"))
    shown = await stream.until(lambda kind, data: kind == "monitor.updated")
    south = two.pbxes["south"]
    joins = south.scene.channel("301", linked=first.into)
    south.scene.up(joins)
    south.scene.enter("b1", joins)
    south.run()
    assert (await stream.until(lambda kind, data: kind == "monitor.removed"))["id"] == shown["id"]
    assert await modes(admin) == []


async def test_until_it_is_known_where_a_trunk_leads_only_its_own_supervisor_sees_a_silent_monitor(
    two: TwoSites,
) -> None:
    north, south = two.pbxes["north"], two.pbxes["south"]
    south.down()
    call = two.across("101", "301")
    await two.told()
    mona, coach, admin = [await two.client(name) for name in ("mona", "coach", "admin")]
    monitor = await mona.monitor(await call_at(mona, "north"))
    assert [await modes(one) for one in (mona, coach, admin)] == [["silent"], [], []]
    await mona.switch(monitor, "whisper")
    assert [await modes(one) for one in (coach, admin)] == [["whisper"], ["whisper"]], "what talks is no secret"
    await mona.switch(monitor, "silent")
    entries = (await coach.get("/calls"))[1]["calls"]
    assert [one["monitors"] for one in entries] == [[]]
    south.up_again()
    south.dialogs[call.into] = ("call-1", "")
    await two.told()
    assert [await modes(one) for one in (mona, coach, admin)] == [["silent"], ["silent"], []]
    assert north.did.count("hangup") == 0


async def test_whoever_was_at_the_other_end_unknown_is_never_known(two: TwoSites) -> None:
    """The trunk's call ended before anybody knew where it led: the conversation goes on, and stays a secret."""
    two.pbxes["south"].down()
    north = two.pbxes["north"].scene
    call = two.across("101", "301")
    await two.told()
    mona, coach = await two.client("mona"), await two.client("coach")
    await mona.monitor(await call_at(mona, "north"))
    third = north.channel("201", linked=call.caller)
    north.up(third)
    north.enter("b1", third)
    north.gone(call.out)
    two.pbxes["north"].run()
    await two.told()
    assert [await modes(one) for one in (mona, coach)] == [["silent"], []]


async def test_a_bar_over_two_pbxes_ends_with_its_last_channel_at_either(two: TwoSites) -> None:
    bars = two.service.boards.bars
    call = two.across("101", "301")
    await two.told()
    admin = next(user.id for user in two.service.boards.directory.users.values() if user.username == "admin")
    assert len(bars.hidden(Who(admin))) == 2
    south, north = two.pbxes["south"], two.pbxes["north"]
    south.scene.gone(call.into, call.called)
    south.scene.channels.clear()
    south.run()
    assert len(bars.hidden(Who(admin))) == 2, "the other half goes on"
    await two.recorder.settled()
    kept = await two.store.records.bars()
    assert kept.hidden(Who(admin)) == bars.hidden(Who(admin)), "also over a restart"
    north.down()
    south.down()
    south.up_again()
    assert len(bars.hidden(Who(admin))) == 2, "what is out of sight is not over"
    north.up_again()
    assert len(bars.hidden(Who(admin))) == 2
    north.scene.gone(call.caller, call.out)
    north.run()
    assert bars.hidden(Who(admin)) == frozenset()
    assert bars.empty


async def test_other_trunks_are_no_secret(two: TwoSites) -> None:
    """What leads out of the installation has a Call-ID too, which nobody else shows."""
    north = two.pbxes["north"]
    north.scene.answered_call("carrier", "101")
    north.run()
    await two.told()
    mona, coach = await two.client("mona"), await two.client("coach")
    await mona.monitor(await call_at(mona, "north"))
    assert [await modes(one) for one in (mona, coach)] == [["silent"], ["silent"]]


async def test_a_call_from_a_trunk_is_shown_once_it_is_known_to_be_one(two: TwoSites) -> None:
    admin = await two.client("admin")
    south = two.pbxes["south"]
    two.across("101", "102")
    assert [call["pbx"] for call in await admin.calls()].count("north") == 1
    await two.told()
    shown = {call["pbx"]: (call["direction"], call["customer"]["number"]) for call in await admin.calls()}
    assert shown == {"north": ("internal", "102"), "south": ("internal", "101")}
    assert south.board.channels()


async def test_who_comes_through_another_pbx_from_outside_is_no_colleague(two: TwoSites) -> None:
    admin = await two.client("admin")
    two.across("2025550123", "102")
    await two.told()
    call = await call_at(admin, "south")
    assert (call["direction"], call["customer"]) == ("inbound", {"number": "2025550123", "name": ""})


class Leg:
    """Mona's desk phone, which is Sam's at south, rings for a call at north."""

    def __init__(self, two: TwoSites) -> None:
        self.two, self.south = two, two.pbxes["south"]
        self.into = self.phone = ""

    async def begin(self) -> None:
        """It rings over the trunk, and answers."""
        admin = await self.two.client("admin")
        users = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
        change = {"devices": ["PJSIP/104"], "pbx": "south", "extension": "104"}
        assert (await admin.patch(f"/users/{users['mona']}", change))[0] == 200
        self.two.talk("201", "101")
        self.mona, self.admin = await self.two.client("mona"), admin
        self.two.pbx.before_originate = self.far
        self.monitor = await self.mona.monitor(await call_at(self.mona, "north"))
        self.two.pbx.before_originate = None

    def far(self) -> None:
        """What the phone's PBX shows of it."""
        (running,) = self.two.service.boards.monitors()
        scene = self.south.scene
        self.into = scene.channel("trunk", dials="104", number="101")
        self.south.dialogs[self.into] = ("leg-1", running.leg)
        self.phone = scene.channel("104", linked=self.into)
        scene.dial(self.into, self.phone, "104")
        scene.up(self.phone, self.into)
        scene.enter("b9", self.into, self.phone)
        self.south.run()


async def test_the_far_half_of_a_leg_is_no_call(two: TwoSites) -> None:
    """Mona's phone is an agent's endpoint, of which every call is shown; this one never is, to nobody."""
    leg = Leg(two)
    watching = await two.client("admin")
    stream = await watching.events()
    await leg.begin()
    await two.told()
    assert [call["pbx"] for call in await watching.calls()] == ["north"]
    assert {data["pbx"] for _, kind, data in stream.events if kind == "call.updated"} == {"north"}
    request = next(iter(two.pbx.legs.values()))
    assert (request.device, request.far) == ("PJSIP/104@trunk", "PJSIP/104")
    assert (await leg.mona.get(f"/monitors/{leg.monitor['id']}"))[1]["device"] == "PJSIP/104"
    is_problem(await watching.post("/monitors", {"agent_extension": "104"}), 404, "not_found")
    leg.south.scene.gone(leg.into, leg.phone)
    leg.south.run()
    assert {data["pbx"] for _, kind, data in stream.events if kind == "call.updated"} == {"north"}


async def test_a_leg_that_is_handed_on_at_its_phones_pbx_ends(two: TwoSites) -> None:
    leg = Leg(two)
    await leg.begin()
    other = leg.south.scene.channel("102", linked=leg.into)
    leg.south.scene.up(other)
    leg.south.scene.enter("b9", other)
    leg.south.run()
    ended = await leg.mona.until_ended(leg.monitor)
    assert ended["ended_reason"] == "error"
    entries = (await leg.admin.get("/audit?action=monitor.ended"))[1]["entries"]
    assert [(entry["reason"], entry["target"]) for entry in entries] == [("transferred", "PJSIP/102")]


async def test_after_a_take_over_the_far_half_is_a_partys_line(two: TwoSites) -> None:
    leg = Leg(two)
    await leg.begin()
    await leg.mona.switch(leg.monitor, "barge")
    two.pbx.dialogs[next(iter(two.pbx.legs))] = ("leg-1", "")
    status, _ = await leg.mona.post(f"/monitors/{leg.monitor['id']}/takeover", {})
    assert status == 200
    await two.told()
    assert "south" in {call["pbx"] for call in await leg.admin.calls()}


async def test_what_is_known_of_a_phone_its_own_pbx_says(two: TwoSites) -> None:
    admin = await two.client("admin")
    users = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
    assert (await admin.patch(f"/users/{users['mona']}", {"pbx": "south"}))[0] == 200
    two.talk("201", "101")
    mona = await two.client("mona")
    call = await call_at(mona, "north")
    for state, words in ((DeviceState.BUSY, "in use"), (DeviceState.UNREGISTERED, "isn't registered")):
        two.pbxes["south"].device = state
        problem = is_problem(await mona.post("/monitors", {"call_id": call["id"]}), 409, "device_unavailable")
        assert words in problem["detail"]
    assert two.pbx.did == []
    two.pbxes["south"].device = DeviceState.AVAILABLE
    assert (await admin.patch(f"/users/{users['mona']}", {"devices": ["PJSIP/302", "PJSIP/310"]}))[0] == 200
    refused = await mona.post("/monitors", {"call_id": call["id"], "device": "PJSIP/310"})
    assert "phone of your extension" in is_problem(refused, 409, "device_unavailable")["detail"]
    await mona.monitor(call)
    assert next(iter(two.pbx.legs.values())).device == "PJSIP/302@trunk"


class Code:
    """Mona at north dials a star code for Ana, who talks at south."""

    def __init__(self, two: TwoSites) -> None:
        self.two, self.north, self.south = two, two.pbxes["north"], two.pbxes["south"]
        self.name = self.leg = ""

    async def hand(self, pbx: FakePbx, leg: str, endpoint: str, words: tuple[str, ...], dialled: str) -> None:
        """The dialplan hands a call over."""
        assert pbx.hand_over is not None
        await pbx.hand_over(HandedCall(leg, endpoint, words, dialled))
        await settle()

    async def dial(self) -> None:
        """At north, where the phone is."""
        self.south.scene.answered_call("201", "102")
        self.south.run()
        await self.two.told()
        code = self.north.scene.channel("302", dials="*55102")
        self.north.run()
        await self.hand(self.north, code, "PJSIP/302", ("silent", "102"), "*55102")
        (did,) = self.north.did
        self.name = did.removeprefix("dial PJSIP/").removesuffix("@trunk")
        assert did == f"dial PJSIP/{self.name}@trunk"
        self.out = self.north.scene.channel("trunk", linked=code)
        self.north.run()
        self.north.scene.dial(code, self.out, f"{self.name}@trunk")
        self.north.run()

    async def arrive(self, endpoint: str = "trunk", pbx: FakePbx | None = None) -> FakePbx:
        """At the PBX of the call."""
        pbx = pbx or self.south
        self.leg = pbx.scene.channel(endpoint, dials=self.name)
        pbx.run()
        words = ("ticket", self.name.removeprefix("cmticket"))
        await self.hand(pbx, self.leg, f"PJSIP/{endpoint}", words, self.name)
        return pbx


async def test_a_star_code_finds_the_call_at_another_pbx(two: TwoSites) -> None:
    code = Code(two)
    await code.dial()
    await code.arrive()
    assert code.south.did == ["send silent keypad"]
    mona, sam = await two.client("mona"), await two.client("sam")
    (monitor,) = (await mona.get("/monitors"))[1]["monitors"]
    assert (monitor["pbx"], monitor["state"], monitor["mode"]) == ("south", "live", "silent")
    assert [call["pbx"] for call in await mona.calls()] == ["south"], "neither end of the trunk is a call"
    bars = two.service.boards.bars
    assert [bars.hidden(Who(one.user["id"])) for one in (sam, mona)] == [frozenset(), frozenset()]
    other = code.north.scene.channel("101", linked=code.north.scene.channels[code.out].linkedid)
    code.north.scene.up(other)
    code.north.scene.enter("b9", code.out, other)  # the phone hands it on to somebody
    code.north.run()
    assert (await mona.until_ended(monitor))["ended_reason"] == "error"


async def test_a_ticket_is_good_once(two: TwoSites) -> None:
    code = Code(two)
    await code.dial()
    await code.arrive()
    await code.arrive()
    assert code.south.told == [(code.leg, "forbidden")]


@pytest.mark.parametrize("wrong", ["not a trunk", "another pbx", "late", "made up", "the right is gone"])
async def test_a_ticket_is_good_for_nothing_else(two: TwoSites, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = Code(two)
    await code.dial()
    where = code.north if wrong == "another pbx" else code.south
    if wrong == "late":
        later = time.monotonic() + 11
        monkeypatch.setattr(two.service.tickets, "_passing", lambda: later)
    if wrong == "made up":
        code.name = "cmticket" + "0" * 40
    if wrong == "the right is gone":
        admin = await two.client("admin")
        users = {user["username"]: user["id"] for user in (await admin.get("/users"))[1]["users"]}
        assert (await admin.patch(f"/users/{users['mona']}", {"can_monitor": False}))[0] == 200
    await code.arrive("104" if wrong == "not a trunk" else "trunk", where)
    assert where.told == [(code.leg, "forbidden")]
    assert list(two.service.boards.monitors()) == []
