"""Events become calls: every kind of call that the contract names, read from scripts of events."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core import events as ev
from adapter.core.call import Call, CallState, Direction
from adapter.core.events import ChannelState
from adapter.core.people import Directory
from tests.fake.pbx import FakePbx
from tests.fake.scene import ADMIN, ANA, PEOPLE, SAM, Phone, Scene, numbering

LEG = "cm-0a1b2c3d-" + "1" * 32


def only(phone: Phone) -> Call:
    """The single call that is up."""
    (call,) = phone.calls.calls
    return call


def test_inbound_rings_then_is_active_then_gone() -> None:
    phone, scene = Phone(), Phone().scene
    scene = phone.scene
    customer = scene.channel("201", dials="101", number="2025550101")
    agent = scene.channel("101", linked=customer)
    scene.dial(customer, agent)
    phone.run()
    ringing = only(phone)
    assert ringing.state is CallState.RINGING
    assert ringing.direction is Direction.INBOUND
    assert ringing.customer.number == "2025550101"
    assert (ringing.agent.user_id, ringing.agent.name, ringing.agent.extension) == (SAM.id, "Sam", "101")
    assert ringing.answered_at is None
    assert not ringing.barge_reaches_customer

    scene.up(agent, customer)
    scene.dialled(customer, agent)
    scene.enter("b", agent, customer)
    phone.run()
    active = only(phone)
    assert (active.id, active.state) == (ringing.id, CallState.ACTIVE)
    assert active.answered_at is not None
    assert active.barge_reaches_customer
    assert active.peers == {customer}

    scene.gone(agent, customer)
    (change,) = phone.run()
    assert change.after is None
    assert not phone.calls.calls


def test_outbound_shows_the_dialled_number_from_the_first_ring() -> None:
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101", dials="2025550199")
    assert phone.run() == [], "nobody is at the far end yet"
    customer = scene.channel("201", linked=agent, number="2025550199")
    scene.dial(agent, customer)
    phone.run()
    call = only(phone)
    assert call.customer.number == "2025550199"
    assert (call.direction, call.state) == (Direction.OUTBOUND, CallState.RINGING)
    scene.up(customer, agent)
    scene.dialled(agent, customer)
    scene.enter("b", customer, agent)
    phone.run()
    assert only(phone).state is CallState.ACTIVE


def test_an_outbound_leg_that_the_pbx_answers_early_still_rings() -> None:
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101", dials="2025550199")
    customer = scene.channel("201", linked=agent)
    scene.dial(agent, customer)
    scene.up(agent)
    phone.run()
    assert only(phone).state is CallState.RINGING


def test_an_internal_call_is_two_entries_of_one_conversation() -> None:
    phone = Phone()
    phone.scene.answered_call("102", "101")
    phone.run()
    one, two = phone.calls.calls
    assert one.conversation_id == two.conversation_id
    assert one.id != two.id
    assert {one.direction, two.direction} == {Direction.INTERNAL}
    by_agent = {call.agent.name: call for call in (one, two)}
    assert by_agent["Sam"].customer.name == "Ana"
    assert by_agent["Ana"].customer.number == "101"
    assert one.participants == {SAM.id, ANA.id}


def test_a_supervisor_who_is_called_takes_part() -> None:
    phone = Phone()
    phone.scene.answered_call("301", "101")
    phone.run()
    call = only(phone)
    assert call.direction is Direction.INTERNAL
    assert call.participants == {SAM.id, ADMIN.id}
    assert phone.calls.participants(call.conversation_id) == {SAM.id, ADMIN.id}


def test_a_queue_rings_all_and_one_answers() -> None:
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="500")
    scene.up(customer)
    one = scene.channel("101", linked=customer)
    two = scene.channel("102", linked=customer)
    scene.dial(customer, one)
    scene.dial(customer, two)
    phone.run()
    assert {call.state for call in phone.calls.calls} == {CallState.RINGING}
    assert {call.customer.number for call in phone.calls.calls} == {"201"}
    scene.up(two)
    scene.dialled(customer, two)
    scene.dialled(customer, one)
    scene.gone(one)
    scene.enter("b", two, customer)
    phone.run()
    call = only(phone)
    assert (call.agent.name, call.state, call.direction) == ("Ana", CallState.ACTIVE, Direction.INBOUND)


def test_a_queue_over_local_channels_still_shows_the_customer() -> None:
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="500")
    scene.up(customer)
    first = scene.channel("Local/101@queue-00000001;1", linked=customer, number="")
    second = scene.channel("Local/101@queue-00000001;2", linked=customer, number="")
    agent = scene.channel("101", linked=customer)
    scene.dial(customer, first)
    scene.dial(second, agent)
    phone.run()
    assert only(phone).customer.number == "201"
    scene.up(agent, second, first)
    scene.enter("b1", agent, second)
    scene.enter("b2", first, customer)
    phone.run()
    call = only(phone)
    assert (call.customer.number, call.state) == ("201", CallState.ACTIVE)


def test_hold_from_either_side_and_resume() -> None:
    phone = Phone()
    customer, agent = phone.scene.answered_call()
    phone.run()
    for who in (agent, customer):
        phone.scene.hold(who)
        phone.run()
        assert only(phone).state is CallState.HELD
        phone.scene.hold(who, held=False)
        phone.run()
        assert only(phone).state is CallState.ACTIVE


def test_blind_transfer_ends_one_entry_and_begins_another_for_the_same_customer() -> None:
    phone = Phone()
    scene = phone.scene
    customer, agent = scene.answered_call()
    phone.run()
    conversation = only(phone).conversation_id
    scene.leave("b1", agent, customer)
    scene.gone(agent)
    other = scene.channel("102", linked=customer)
    scene.dial(customer, other)
    scene.up(other)
    scene.enter("b2", other, customer)
    phone.run()
    call = only(phone)
    assert (call.agent.name, call.customer.number) == ("Ana", "201")
    assert (call.conversation_id, call.direction) == (conversation, Direction.INBOUND)


def test_attended_transfer_joins_the_customer_to_the_second_agent() -> None:
    phone = Phone()
    scene = phone.scene
    customer, first = scene.answered_call()
    consult = scene.channel("101", dials="102")
    second = scene.channel("102", linked=consult)
    scene.dial(consult, second)
    scene.up(second, consult)
    scene.enter("b2", second, consult)
    phone.run()
    assert len(phone.calls.calls) == 3
    scene.leave("b1", customer)
    scene.change(customer, linkedid=customer)
    scene.change(second, linkedid=customer)
    scene.enter("b2", customer)
    scene.gone(consult, first)
    phone.run()
    call = only(phone)
    assert (call.agent.name, call.customer.number, call.direction) == ("Ana", "201", Direction.INBOUND)


def test_the_customer_is_transferred_away_and_the_agents_peers_change() -> None:
    phone = Phone()
    scene = phone.scene
    customer, agent = scene.answered_call()
    phone.run()
    before = only(phone)
    other = scene.channel("202", linked=customer)
    scene.leave("b1", customer)
    scene.enter("b1", other)
    scene.gone(customer)
    (change,) = phone.run()
    assert change.after is not None
    assert change.after.peers == {other}
    assert before.peers == {customer}
    assert change.after.customer.number == "202"
    assert change.after.uniqueid == agent


def test_barge_reaches_the_customer_only_in_a_bridge_of_two_that_has_peers() -> None:
    phone = Phone()
    scene = phone.scene
    customer, agent = scene.answered_call()
    third = scene.channel("202", linked=customer)
    scene.enter("b1", third)
    phone.run()
    assert not only(phone).barge_reaches_customer
    scene.leave("b1", third)
    phone.run()
    assert only(phone).barge_reaches_customer
    scene.leave("b1", customer, agent)
    scene.enter("conf", customer, agent, technology="softmix")
    phone.run()
    assert not only(phone).barge_reaches_customer


def test_a_phone_without_an_account_is_an_agent_all_the_same() -> None:
    phone = Phone()
    phone.scene.answered_call("201", "104")
    phone.run()
    agent = only(phone).agent
    assert (agent.user_id, agent.name, agent.extension) == (None, "104", "104")


def test_a_supervisors_leg_is_no_call_and_changes_none() -> None:
    phone = Phone()
    phone.scene.answered_call()
    phone.run()
    leg = phone.scene.channel("101", uniqueid=LEG)
    phone.scene.up(leg)
    assert phone.run() == []
    phone.scene.gone(leg)
    assert phone.run() == []


def snapshot(scene: Scene, *, restarted: bool, bridge: str, members: tuple[str, ...]) -> ev.Snapshot:
    """What Asterisk would list now."""
    known = tuple(
        ev.KnownChannel(channel, bridge if uid in members else None, scene.now, was_dialled=uid != members[0])
        for uid, channel in scene.channels.items()
    )
    return ev.Snapshot(scene.now, restarted, known, {bridge: "simple_bridge"}, frozenset())


def test_a_call_that_was_up_before_us_is_known_from_the_snapshot() -> None:
    scene = Scene()
    customer, agent = scene.answered_call()
    scene.take()
    phone = Phone()
    phone.calls.apply(snapshot(scene, restarted=False, bridge="b1", members=(customer, agent)))
    phone.calls.settle(scene.now)
    call = only(phone)
    assert (call.state, call.direction, call.customer.number) == (CallState.ACTIVE, Direction.INBOUND, "201")
    assert call.barge_reaches_customer


def test_ids_and_times_survive_a_lost_connection() -> None:
    phone = Phone()
    customer, agent = phone.scene.answered_call()
    phone.run()
    before = only(phone)
    phone.calls.suspend()
    assert [change.after for change in phone.calls.settle(phone.scene.now)] == [None]
    phone.scene.channel("301", uniqueid=LEG)
    phone.scene.take()
    del phone.scene.channels[LEG]
    phone.calls.apply(snapshot(phone.scene, restarted=False, bridge="b1", members=(customer, agent)))
    phone.calls.settle(phone.scene.now)
    assert only(phone) == before


def test_ids_tell_nothing_of_the_pbx() -> None:
    phone = Phone()
    phone.scene.answered_call()
    phone.run()
    assert only(phone).uniqueid not in only(phone).id
    assert numbering().opaque("17.1") != numbering().opaque("17.2")


def test_renamed_accounts_show_at_once() -> None:
    phone = Phone()
    phone.scene.answered_call()
    phone.run()
    phone.calls.rename(Directory.of([]))
    (change,) = phone.calls.settle(phone.scene.now)
    assert change.after is not None
    assert change.after.agent.name == "101"


def test_an_event_that_trails_a_hangup_brings_nothing_back() -> None:
    phone = Phone()
    customer, agent = phone.scene.answered_call()
    phone.run()
    phone.scene.gone(customer, agent)
    phone.scene.change(agent, connected_name="late")
    phone.scene.leave("b1", agent)
    phone.scene.dialled(customer, agent)
    phone.scene.hold(agent)
    phone.scene.enter("b1", agent)
    phone.run()
    assert not phone.calls.calls


def test_a_call_that_looks_the_same_is_the_same_object() -> None:
    """So that nothing is kept twice of it."""
    phone = Phone()
    customer, agent = phone.scene.answered_call()
    phone.run()
    before = only(phone)
    phone.scene.change(customer, context="elsewhere")
    assert phone.run() == []
    assert only(phone) is before
    phone.scene.hold(agent)
    (change,) = phone.run()
    assert change.before is before
    assert only(phone) is change.after


def test_nothing_changed_settles_to_nothing() -> None:
    phone = Phone()
    _, agent = phone.scene.answered_call()
    phone.run()
    phone.scene.change(agent)
    assert phone.run() == []


@st.composite
def shuffled_histories(draw: st.DrawFn) -> list[ev.Event]:
    """Plausible events of a few calls, some lost, some twice, some out of order."""
    scene = Scene()
    seed = random.Random(draw(st.integers(0, 2**32)))
    for bridge, agent in enumerate(["101", "102", "103"]):
        a, b = scene.answered_call("201", agent, f"b{bridge}")
        scene.hold(a)
        scene.leave(f"b{bridge}", a)
        scene.enter("b0", a, technology=seed.choice(["softmix", "simple_bridge", ""]))
        scene.change(b, linkedid=seed.choice(list(scene.channels)))
        scene.change(a, name=f"PJSIP/{agent}-{bridge:08x}", state=seed.choice(list(ChannelState)))
        scene.gone(a, b)
        scene.events.append(ev.BridgeGone(scene.now, f"b{bridge}"))
    events = [event for event in scene.take() for _ in range(seed.choice([0, 1, 1, 1, 2]))]
    for _ in range(draw(st.integers(0, 20))):
        i, j = seed.randrange(len(events)), seed.randrange(len(events))
        events[i], events[j] = events[j], events[i]
    return events


@settings(max_examples=150, deadline=None)
@given(shuffled_histories(), st.integers(1, 7))
def test_events_out_of_order_never_raise_and_never_invent_a_call(history: list[ev.Event], batch: int) -> None:
    phone = Phone(PEOPLE)
    seen = set()
    for start in range(0, len(history), batch):
        for event in history[start : start + batch]:
            for value in event:
                if isinstance(value, ev.Channel):
                    seen.add(value.uniqueid)
            phone.calls.apply(event)
        phone.calls.settle(phone.scene.now)
        for call in phone.calls.calls:
            assert call.uniqueid in seen
            assert call.peers <= seen
    for uniqueid in seen:
        phone.calls.apply(ev.ChannelGone(phone.scene.now, uniqueid, 16, "", ""))
    phone.calls.settle(phone.scene.now)
    assert not phone.calls.calls


def test_the_customer_is_the_same_while_one_of_both_is_alone_in_the_bridge() -> None:
    """Asterisk tells of each by itself, and only a fast reader has both in one read."""
    pbx = FakePbx()
    customer, agent = pbx.scene.answered_call()
    pbx.run()
    pbx.scene.leave("b1", agent)
    pbx.run()
    assert [call.customer.number for call in pbx.board.calls()] == ["201"]
    pbx.scene.leave("b1", customer)
    pbx.run()
    assert [call.customer.number for call in pbx.board.calls()] == ["201"]
    pbx.scene.enter("b1", customer)
    pbx.run()
    assert [call.customer.number for call in pbx.board.calls()] == ["201"]
