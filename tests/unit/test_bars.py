"""Who is barred from a conversation: everybody who was ever in it, with what they made, whatever becomes of it."""

from dataclasses import replace

import pytest

from adapter.core.bars import CREDENTIALS, PHONES, Bar, BarChanges, Bars, Kind, Making, Who
from adapter.core.devices import distinct, normalised, with_first
from adapter.core.pbx import LinkState, PbxState
from adapter.core.people import Directory, User
from adapter.core.record import Record, seal
from adapter.core.sighting import Sighting
from adapter.monitoring.board import Board
from adapter.monitoring.recorder import new_id
from adapter.store import Store
from tests.fake.pbx import WORDS, FakePbx
from tests.fake.scene import ADMIN, ANA, COACH, LEE, MONA, PEOPLE, SAM, START, Scene, numbering
from tests.support.clock import real

TWIN = replace(SAM, devices=("PJSIP/101", "PJSIP/90101"))


class Floor:
    """A PBX and the conversations at it."""

    def __init__(self, *people: User) -> None:
        changed = {user.id: user for user in people}
        everyone = [changed.get(user.id, user) for user in PEOPLE]
        self.scene = Scene()
        self.board = Board(numbering(), Directory.of(everyone), PbxState(LinkState.CONNECTED, START), WORDS)

    def run(self) -> None:
        """Tell what the scene has made."""
        self.board.apply(self.scene.take())

    def barred(self, *users: User) -> list[bool]:
        """Whether each is barred from anything."""
        return [bool(self.board.bars.hidden(Who(user.id))) for user in users]

    def call(self, customer: str, agent: str, bridge: str = "b1") -> tuple[str, str, str]:
        """A call that is up: its channels and its conversation."""
        a, b = self.scene.answered_call(customer, agent, bridge)
        self.run()
        return a, b, numbering().opaque(a)


def test_whoever_left_stays_barred_until_it_is_over() -> None:
    floor = Floor()
    a, b, conversation = floor.call("301", "101")
    assert floor.barred(ADMIN, SAM, MONA) == [True, True, False]
    floor.scene.gone(a)
    floor.run()
    assert floor.barred(ADMIN, SAM) == [True, True]
    assert floor.board.in_conversation(ADMIN.id, conversation)
    floor.scene.gone(b)
    floor.run()
    assert floor.barred(ADMIN, SAM) == [False, False]
    assert floor.board.bars.empty


def test_a_phone_that_only_rang_is_free_again() -> None:
    floor = Floor()
    a = floor.scene.channel("201", dials="500")
    floor.scene.up(a)
    rings = floor.scene.channel("301", linked=a)
    floor.scene.dial(a, rings)
    floor.run()
    assert floor.barred(ADMIN) == [True]
    floor.scene.gone(rings)
    floor.run()
    assert floor.barred(ADMIN) == [False]


def test_whoever_answered_and_hung_up_in_one_batch_was_in_it() -> None:
    floor = Floor()
    a, _, _ = floor.call("201", "101")
    short = floor.scene.channel("301", linked=a)
    floor.scene.dial(a, short)
    floor.scene.up(short)
    floor.scene.gone(short)
    floor.run()
    assert floor.barred(ADMIN) == [True]


def test_every_device_of_a_person_counts_in_any_case() -> None:
    floor = Floor(TWIN, replace(MONA, devices=("PJSIP/abC",)))
    floor.call("201", "90101")
    floor.call("ABc", "102", "b2")
    assert floor.barred(SAM, MONA, ANA, ADMIN) == [True, True, True, False]


@pytest.mark.parametrize("devices", [(), ("PJSIP/999",)])
def test_another_device_bars_and_frees_nobody(devices: tuple[str, ...]) -> None:
    floor = Floor()
    _, _, conversation = floor.call("301", "101")
    floor.board.set_directory(
        Directory.of([replace(ADMIN, devices=devices), SAM, MONA]), frozenset({ADMIN.id}), floor.scene.now
    )
    assert floor.barred(ADMIN) == [True]
    assert floor.board.in_conversation(ADMIN.id, conversation), "they can't listen to it either"
    taken = replace(MONA, devices=("PJSIP/301",))
    floor.board.set_directory(Directory.of([ADMIN, SAM, taken]), frozenset({MONA.id}), floor.scene.now)
    assert floor.barred(ADMIN, MONA) == [True, True], "whose phone it is now talks too"


def test_conversations_that_become_one() -> None:
    """An attended transfer: who was in either is barred from both, until the last channel of the two is gone."""
    floor = Floor()
    a1, sam, first = floor.call("301", "101", "b1")
    c1, ana, second = floor.call("303", "102", "b2")
    bars = floor.board.bars
    assert not bars.barred(Who(ADMIN.id), second)
    floor.scene.change(ana, linkedid=a1)
    floor.scene.enter("b1", ana)
    floor.scene.gone(a1, c1)
    floor.run()
    for user in (ADMIN, COACH, SAM, ANA):
        assert bars.hidden(Who(user.id)) == {first, second}, user.name
    floor.scene.gone(sam)
    floor.run()
    assert floor.barred(ADMIN, COACH, SAM, ANA) == [True] * 4
    floor.scene.gone(ana)
    floor.run()
    assert floor.barred(ADMIN, COACH, SAM, ANA) == [False] * 4


def test_who_hears_of_it_when_bars_grow() -> None:
    """What others see of a call that did not change itself is shown afresh when somebody else is barred from it."""
    floor = Floor()
    told: list[str] = []
    a1, _, _ = floor.call("301", "101", "b1")
    _, ana, _ = floor.call("303", "102", "b2")
    sams = next(call.id for call in floor.board.calls() if call.agent.user_id == SAM.id)
    floor.board.subscribe(lambda changes: told.extend(changes.calls))
    floor.scene.change(ana, linkedid=a1)
    floor.run()
    assert sams in told


def test_what_adds_nothing_changes_nothing_and_what_does_is_told() -> None:
    """Most events of a call add nobody to it: then nothing is kept or shown again."""
    floor, told = Floor(), list[BarChanges]()
    floor.board.subscribe(lambda changes: told.append(changes.barred))
    a, b, conversation = floor.call("201", "101")
    told.clear()
    floor.scene.hold(b)
    floor.run()
    assert [(change.bars, change.touched) for change in told] == [({}, set())]
    told.clear()
    rings = floor.scene.channel("301", linked=a)
    floor.scene.dial(a, rings)
    floor.run()
    assert (told[-1].bars, told[-1].touched, floor.barred(ADMIN)) == ({}, {conversation}, [True]), "it only rings"
    floor.scene.up(rings)
    floor.run()
    kept = told[-1].bars[conversation]
    assert kept is not None
    assert ADMIN.id in kept.people, "it was answered, which outlives a restart"
    floor.scene.gone(rings)
    floor.run()
    assert floor.barred(ADMIN) == [True]
    assert floor.board.bars.barred_from(conversation) == {SAM.id, ADMIN.id}


@pytest.mark.parametrize(("leg", "joined"), [("l1", ()), ("l2", ("v",))])
def test_two_that_are_shown_to_be_one_conversation(leg: str, joined: tuple[str, ...]) -> None:
    """By a call that was in the other, or by a channel that came from it, though nobody new is in it."""
    bars, people = Bars(), frozenset({"u"})

    def see(conversation: str, leg: str, *joined: str) -> BarChanges:
        shown = Sighting(conversation, people, people, frozenset({leg}), frozenset(joined))
        return bars.see("lab", [shown], lambda conversation: True, resynced=False)

    see("v", "l1")
    see("w", "l2")
    (bar,) = filter(None, see("w", leg, *joined).bars.values())
    assert bar.ids == bars.hidden(Who("u")) == {"v", "w"}
    assert bar.legs == {"l1", "l2"}


def test_out_of_sight_is_not_over() -> None:
    pbx = FakePbx()
    channels = pbx.scene.answered_call("301", "101")
    pbx.run()
    pbx.down()
    assert pbx.board.bars.hidden(Who(ADMIN.id))
    pbx.scene.gone(*channels)  # nobody tells us
    pbx.scene.take()
    pbx.scene.channels.clear()
    pbx.up_again()
    assert not pbx.board.bars.hidden(Who(ADMIN.id)), "the list shows that it is over"


async def test_a_restart_frees_nobody(database_url: str) -> None:
    """Nor does a transfer that happened while the adapter was dead."""
    store, kept = await Store.open(database_url, clock=real), BarChanges()
    pbx = FakePbx()
    pbx.board.subscribe(lambda changes: kept.add(changes.barred))
    a1, _ = pbx.scene.answered_call("301", "101")
    c1, _ = pbx.scene.answered_call("303", "102", "b2")
    pbx.run()
    kept.add(pbx.board.bars.made(Who(ADMIN.id), Kind.TOKEN, "t1"))
    await store.records.write(seal(Record(barred=kept), new_id), START)
    await store.records.write(seal(Record(barred=kept), new_id), START)
    loaded = await store.records.bars()
    first, second = numbering().opaque(a1), numbering().opaque(c1)
    assert loaded.hidden(Who(ADMIN.id)) == loaded.hidden(Who(MONA.id, "t1")) == {first}
    pbx.scene.channels = {
        uniqueid: channel._replace(linkedid=a1)
        for uniqueid, channel in pbx.scene.channels.items()
        if uniqueid not in (a1, c1)
    }
    again = FakePbx()
    again.scene = pbx.scene
    again.board = Board(numbering(), Directory.of(PEOPLE), PbxState(LinkState.CONNECTED, START), WORDS, loaded)
    again._hear, again._tell_state = again.board.apply, again.board.set_pbx
    since = BarChanges()
    again.board.subscribe(lambda changes: since.add(changes.barred))
    again.up_again()
    for who in (Who(ADMIN.id), Who(COACH.id), Who(ANA.id), Who(MONA.id, "t1")):
        assert loaded.hidden(who) == {first, second}, who
    again.scene.channels.clear()
    again.up_again()
    await store.records.write(seal(Record(barred=since), new_id), START)
    assert (await store.records.bars()).empty
    await store.close()


def test_what_a_barred_person_makes_is_barred_with_them() -> None:
    floor = Floor()
    bars = floor.board.bars
    bars.made(Who(ADMIN.id), Kind.TOKEN, "before")
    a, b, _ = floor.call("301", "101")
    bars.made(Who(ADMIN.id), Kind.TOKEN, "since")
    bars.made(Who(ADMIN.id), Kind.PASSWORD, "u-new")
    bars.made(Who("u-new"), Kind.TOKEN, "of-new")
    bars.made(Who(MONA.id), Kind.TOKEN, "innocent")
    for who in (Who(MONA.id, "since"), Who("u-new"), Who("u-boss", "of-new")):
        assert bars.hidden(who), who
    for who in (Who(MONA.id, "before"), Who(MONA.id, "innocent"), Who(MONA.id)):
        assert not bars.hidden(who), who
    bars.made(Who(COACH.id), Kind.HOOK, "h1")
    assert not bars.hidden(Who(None, "h1"))
    joins = floor.scene.channel("303", linked=a)
    floor.scene.up(joins)
    floor.run()
    assert bars.hidden(Who(None, "h1")), "made before they joined, but since it began"
    floor.scene.gone(a, b, joins)
    floor.run()
    assert not bars.hidden(Who(MONA.id, "since"))


def test_what_may_be_in_somebody_elses_hands() -> None:
    floor = Floor()
    bars = floor.board.bars
    floor.call("301", "101")
    bars.made(Who(ADMIN.id), Kind.DEVICE, MONA.id)
    assert not bars.in_hand(Who(MONA.id), CREDENTIALS)
    assert bars.in_hand(Who(MONA.id), PHONES)
    bars.made(Who(SAM.id), Kind.DEVICE, SAM.id)
    assert bars.in_hand(Who(SAM.id), PHONES), "whose phone was it before, and is it busy?"
    bars.made(Who(ADMIN.id), Kind.ACCOUNT, COACH.id)
    assert not bars.in_hand(Who(COACH.id), CREDENTIALS | PHONES)
    bars.made(Who(ADMIN.id), Kind.TOKEN, "t1")
    assert bars.in_hand(Who(MONA.id, "t1"))
    bars.made(Who(SAM.id), Kind.TOKEN, "own")
    assert not bars.in_hand(Who(SAM.id, "own")), "one's own"
    bars.made(Who(LEE.id), Kind.PASSWORD, COACH.id)
    assert not bars.in_hand(Who(COACH.id)), "by somebody who is in no conversation"


def test_hooks_are_told_of_once_and_released_once() -> None:
    floor, kept = Floor(), BarChanges()
    floor.board.subscribe(lambda changes: kept.add(changes.barred))
    a, b, conversation = floor.call("301", "101")
    kept.add(floor.board.bars.made(Who(ADMIN.id), Kind.HOOK, "h1"))
    assert kept.hooks == {("h1", conversation)}
    floor.scene.gone(a, b)
    floor.run()
    assert kept.released == {conversation}
    assert kept.forget > kept.makings[0].number


def test_a_pbx_that_is_no_longer_configured() -> None:
    bars = Bars()
    bars.load(
        [Bar("old", frozenset({"v"}), frozenset({"u"}), frozenset(), 0)], [Making(3, frozenset(), Kind.HOOK, "h")], []
    )
    assert bars.hidden(Who("u")) == {"v"}
    change = bars.forget_others(["lab"])
    assert (change.bars, bars.empty) == ({"v": None}, True)


def test_devices_are_normalised() -> None:
    assert normalised("pjsip/301") == "PJSIP/301"
    assert normalised("Unknown/x") == "Unknown/x"
    assert distinct(["PJSIP/301", "pjsip/301", "sip/a", "SIP/A"]) == ("PJSIP/301", "SIP/a")
    assert with_first(None, ("PJSIP/1", "PJSIP/2")) == ("PJSIP/2",)
    assert with_first("pjsip/2", ("PJSIP/1", "PJSIP/2")) == ("PJSIP/2",)
