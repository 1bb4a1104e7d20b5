"""Call flows of real PBXes: who the customer is, which way the call went, what is one call; a restart changes nothing.

Each is told as Asterisk 22.10 tells it (tests/asterisk/topologies plays them with phones).
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapter.core import events as ev
from adapter.core.call import Call, CallState, Direction, Party
from adapter.core.calls import Calls
from adapter.core.events import BridgeKind, ChannelState
from adapter.core.people import Directory
from tests.fake.scene import PEOPLE, Phone, Told, numbering

IN, OUT, BETWEEN = Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL
CALLED: Told = ("AppDial", "(Outgoing Line)", "", "")


def shown(phone: Phone) -> dict[str, tuple[str, Direction, CallState]]:
    """Each agent's calls: the customer, the direction, the state. An agent has one, in these tests."""
    phone.run()
    found = {call.agent.extension: call for call in phone.calls.calls}
    assert len(found) == len(phone.calls.calls)
    return {agent: (call.customer.number, call.direction, call.state) for agent, call in found.items()}


def of(phone: Phone, agent: str) -> Call:
    """The one call of an agent."""
    (call,) = (call for call in phone.calls.calls if call.agent.extension == agent)
    return call


def survives(phone: Phone, told: Mapping[str, Told]) -> None:
    """Another adapter, which knows nothing, is shown the same calls by what Asterisk lists."""
    phone.run()
    other = Phone()
    other.calls.apply(phone.scene.listed(told))
    other.calls.settle(phone.scene.now)

    def facts(one: Phone) -> set[tuple[object, ...]]:
        return {
            (call.id, call.conversation_id, call.agent, call.customer, call.direction, call.state, call.peers)
            for call in one.calls.calls
        }

    assert facts(other) == facts(phone)
    assert facts(other)


def test_who_picks_up_has_the_customers_inbound_call_in_its_conversation_from_the_first_sight_on() -> None:
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="101")
    rang = scene.channel("101", linked=customer)
    scene.dial(customer, rang, "101")
    phone.run()
    conversation = of(phone, "101").conversation_id
    other = scene.channel("102", dials="*8")
    assert set(shown(phone)) == {"101"}, "whoever dials a code talks to nobody"
    scene.up(other)
    scene.pick_up(rang, other)
    phone.run()
    first = of(phone, "102")
    scene.dialled(customer, other)
    scene.up(customer)
    scene.gone(rang)
    scene.enter("b", other, customer)
    assert shown(phone) == {"102": ("201", IN, CallState.ACTIVE)}
    scene.change(other, linkedid=customer, connected_number="201")
    phone.run()
    assert {call.conversation_id for call in (first, of(phone, "102"))} == {conversation}
    survives(phone, {customer: ("Dial", "PJSIP/101,60", "101", ""), other: ("AppDial", "", "*8", "")})


@pytest.mark.parametrize("called", [False, True])
def test_who_is_unparked_came_as_they_came(called: bool) -> None:
    """Not from 701: they had called in, or been called."""
    phone = Phone()
    scene = phone.scene
    if called:
        first = scene.channel("101", dials="9201")
        customer = scene.channel("201", linked=first, number="")
        scene.dial(first, customer, "201@trunk")
    else:
        customer = scene.channel("201", dials="101")
        first = scene.channel("101", linked=customer)
        scene.dial(customer, first, "101")
    scene.up(customer, first)
    scene.enter("b", customer, first)
    phone.run()
    before = of(phone, "101")
    scene.leave("b", customer)
    scene.enter("parked", customer, technology="holding_bridge", kind=BridgeKind.WAITING)
    assert shown(phone) == {"101": ("", before.direction, CallState.ACTIVE)}, "empty between two"
    scene.gone(first)
    other = scene.channel("102", dials="701")
    scene.up(other)
    assert shown(phone) == {}
    scene.leave("parked", customer)
    scene.enter("c", customer, other)
    assert shown(phone) == {"102": ("201", OUT if called else IN, CallState.ACTIVE)}
    assert of(phone, "102").conversation_id == before.conversation_id
    how: Told = ("Dial", "PJSIP/101", "", "trunk/sip:201@sbc") if called else ("Dial", "PJSIP/101,60", "101", "")
    for one in (customer, other):
        scene.change(one, linkedid=min(scene.channels))
    survives(phone, {customer: how, other: ("ParkedCall", "", "701", "")})


def test_two_who_are_parked_in_one_bridge_do_not_talk_to_each_other() -> None:
    phone = Phone()
    scene = phone.scene
    parked = [scene.channel(number, dials="101") for number in ("201", "104")]
    scene.up(*parked)
    scene.enter("parked", *parked, technology="holding_bridge", kind=BridgeKind.WAITING)
    assert shown(phone) == {"104": ("", OUT, CallState.ACTIVE)}


def logged_in(phone: Phone) -> str:
    """101 dials *45 and waits."""
    scene = phone.scene
    agent = scene.channel("101", dials="*45")
    scene.up(agent)
    scene.enter("login", agent, technology="holding_bridge", kind=BridgeKind.LOGIN)
    return agent


def comes(phone: Phone, agent: str, customer: str, bridge: str) -> None:
    """A customer is connected to an agent who waits."""
    scene = phone.scene
    scene.enter(bridge, customer)
    scene.leave("login", agent)
    scene.enter(bridge, agent)


def test_an_agent_who_is_logged_in_has_a_call_for_each_customer_and_none_between() -> None:
    phone = Phone()
    scene = phone.scene
    agent = logged_in(phone)
    assert shown(phone) == {}
    ids = []
    for number, bridge in (("201", "b1"), ("202", "b2")):
        customer = scene.channel(number, dials="101")
        scene.up(customer)
        comes(phone, agent, customer, bridge)
        assert shown(phone) == {"101": (number, IN, CallState.ACTIVE)}
        ids.append(of(phone, "101").id)
        scene.change(customer, linkedid=agent)
        survives(phone, {agent: ("AgentLogin", "101", "*45", ""), customer: ("AgentRequest", "101", "101", "")})
        scene.leave(bridge, customer, agent)
        scene.gone(customer)
        scene.enter("login", agent, technology="holding_bridge", kind=BridgeKind.LOGIN)
        assert shown(phone) == {}
        assert not phone.calls.participants(of_linked(phone, customer))
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("dialled", "application", "kind"),
    [("600", "ConfBridge", BridgeKind.ROOM), ("*45", "AgentLogin", BridgeKind.LOGIN), ("8500", "VoiceMailMain", None)],
)
def test_an_agent_with_nobody_there_has_no_call_after_a_restart_either(
    dialled: str, application: str, kind: BridgeKind | None
) -> None:
    phone = Phone()
    agent = phone.scene.channel("101", dials=dialled)
    phone.scene.up(agent)
    if kind is not None:
        phone.scene.enter("b", agent, kind=kind)
    assert shown(phone) == {}
    again = Phone()
    again.calls.apply(phone.scene.listed({agent: (application, "", dialled, "")}))
    assert again.calls.settle(phone.scene.now) == []


def of_linked(phone: Phone, uniqueid: str) -> str:
    """The conversation that began with a channel."""
    return phone.calls._numbering.opaque(uniqueid)


@pytest.mark.parametrize("called", [False, True])
def test_a_customer_in_a_conference_room_came_as_they_came(called: bool) -> None:
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101", dials="600")
    scene.up(agent)
    room = {"technology": "softmix", "kind": BridgeKind.ROOM}
    scene.enter("room", agent, **room)  # type: ignore[arg-type]
    assert shown(phone) == {}, "alone in a room"
    customer = scene.channel("201", dials="" if called else "101")
    if called:
        scene.dial(None, customer, "201")
    scene.up(customer)
    scene.enter("room", customer, **room)  # type: ignore[arg-type]
    assert shown(phone) == {"101": ("201", OUT if called else IN, CallState.ACTIVE)}
    first = of(phone, "101").id
    how: Told = ("ConfBridge", "600", "" if called else "101", "201" if called else "")
    survives(phone, {agent: ("ConfBridge", "600", "600", ""), customer: how})
    scene.gone(customer)
    assert shown(phone) == {}
    colleague = scene.channel("102", dials="600")
    scene.up(colleague)
    scene.enter("room", colleague, **room)  # type: ignore[arg-type]
    assert shown(phone) == {"101": ("102", BETWEEN, CallState.ACTIVE), "102": ("101", BETWEEN, CallState.ACTIVE)}
    assert of(phone, "101").id != first


def test_colleagues_in_a_room_are_one_call_each_and_customers_one_for_each_of_them() -> None:
    phone = Phone()
    scene = phone.scene

    def there(agent: str) -> dict[str, str]:
        phone.run()
        return {call.customer.number: call.id for call in phone.calls.calls if call.agent.extension == agent}

    came: dict[str, str] = {}
    for number in ("101", "102", "103"):
        came[number] = scene.channel(number, dials="600")
        scene.up(came[number])
        scene.enter("room", came[number], technology="softmix", kind=BridgeKind.ROOM)
    assert [list(there(agent)) for agent in ("101", "102", "103")] == [["102"], ["101"], ["101"]]
    running = there("102")
    for number in ("201", "202"):
        came[number] = scene.channel(number, dials="600")
        scene.up(came[number])
        scene.enter("room", came[number], technology="softmix", kind=BridgeKind.ROOM)
    assert there("102").keys() == {"101", "201", "202"}
    assert running.items() <= there("102").items(), "one that runs goes on"
    late = scene.channel("104", dials="600")
    scene.up(late)
    scene.enter("room", late, technology="softmix", kind=BridgeKind.ROOM)
    assert there("104").keys() == {"201", "202"}, "who comes to customers talks to them"
    scene.gone(came["101"])
    assert there("102").keys() == {"201", "202"}
    scene.gone(came["201"], came["202"])
    assert list(there("102")) == ["103"]


def test_a_phone_that_has_answered_and_hears_who_calls_is_read_alike_after_a_restart() -> None:
    """Dial's option U: it is asked whether it takes the call, in no bridge."""
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="101")
    agent = scene.channel("101", linked=customer)
    scene.dial(customer, agent, "101")
    scene.up(agent)
    scene.dialled(customer, agent)
    assert shown(phone) == {"101": ("201", IN, CallState.ACTIVE)}
    survives(phone, {customer: ("Dial", "PJSIP/101,60,U(ask)", "101", ""), agent: CALLED})


def test_a_customer_who_is_brought_into_a_room_through_a_local_channel_is_shown_at_once() -> None:
    """Seen: 560, the extension on the way, until something else happened."""
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101", dials="600")
    scene.up(agent)
    scene.enter("room", agent, technology="softmix", kind=BridgeKind.ROOM)
    first = scene.channel("Local/560@out-00000001;1", number="")
    second = scene.channel("Local/560@out-00000001;2", linked=first, number="", dials="560")
    scene.dial(None, first, "560@out/n")
    scene.up(first, second)
    scene.enter("room", first, technology="softmix", kind=BridgeKind.ROOM)
    assert shown(phone) == {}, "nobody is behind it yet"
    customer = scene.channel("lab-trunk", linked=first, number="560")
    scene.dial(second, customer, "2025550101@lab-trunk")
    scene.up(customer)
    scene.enter("b", customer, second)
    assert shown(phone) == {"101": ("2025550101", OUT, CallState.ACTIVE)}


def test_a_click_to_dial_is_outbound_from_first_to_last_and_its_caller_id_is_nobodys_number() -> None:
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101")
    scene.change(agent, number="2025550100", connected_number="2025550100")
    scene.dial(None, agent, "101")
    assert shown(phone) == {}, "nobody is at the far end yet"
    scene.up(agent)
    customer = scene.channel("trunk", linked=agent, number="s")
    scene.dial(agent, customer, "2025550101@trunk")
    assert shown(phone) == {"101": ("2025550101", OUT, CallState.RINGING)}
    first = of(phone, "101").id
    scene.up(customer)
    scene.dialled(agent, customer)
    scene.enter("b", customer, agent)
    assert shown(phone) == {"101": ("2025550101", OUT, CallState.ACTIVE)}
    assert of(phone, "101").id == first
    dials = "PJSIP/2025550101@trunk,60"
    survives(phone, {agent: ("Dial", dials, "", "101"), customer: ("AppDial", "", "", "2025550101@trunk")})


@pytest.mark.parametrize(
    ("dialled", "given", "guessed", "number"),
    [
        ("92025550101", "2025550101@trunk", "s", "2025550101"),
        ("92025550101", "12025550101@trunk", "92025550101", "2025550101"),
        ("92025550101", "trunk/sip:92025550101@sbc.example", "s", "2025550101"),
        ("92025550101", "trunk", "s", "2025550101"),
        ("2025550101", "trunk", "", "2025550101"),
        ("560", "2025550101@trunk", "560", "2025550101"),
        ("101", "2025550101@trunk", "101", "2025550101"),
        ("911", "911@trunk", "911", "911"),
        ("9911", "911@trunk", "9911", "911"),
        ("s", "trunk", "s", ""),
        ("s", "g1/2025550101", "s", "2025550101"),
        ("alice", "alice", "alice", "alice"),
        ("9201", "201-0x55@127.0.0.1", "201", "201"),
    ],
)
def test_the_number_of_an_outbound_call_is_what_was_dialled_never_a_word_of_the_dialplan(
    dialled: str, given: str, guessed: str, number: str
) -> None:
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("103", dials=dialled)
    customer = scene.channel("trunk", linked=agent, number=guessed)
    scene.change(agent, extension="s", context="sub")  # a Gosub
    scene.dial(agent, customer, given)
    assert shown(phone) == {"103": (number, OUT, CallState.RINGING)}
    told: dict[str, Told] = {
        agent: ("Dial", "PJSIP/trunk/x,60", dialled, ""),
        customer: ("AppDial", "(Outgoing Line)", "", given),
    }
    survives(phone, told)
    scene.up(customer, agent)
    scene.dialled(agent, customer)
    scene.enter("b", customer, agent)
    assert shown(phone) == {"103": (number, OUT, CallState.ACTIVE)}
    survives(phone, told)


def test_who_was_reached_stays_who_they_are_whoever_talks_to_them_then() -> None:
    """The trunk was told the number in a way that tells nothing here; it was dialled by 101, and 102 dialled 701."""
    phone = Phone()
    scene = phone.scene
    agent = scene.channel("101", dials="92025550101")
    customer = scene.channel("trunk", linked=agent, number="s", name="102")
    scene.dial(agent, customer, "trunk")
    scene.up(customer, agent)
    scene.enter("b", customer, agent)
    phone.run()
    assert of(phone, "101").customer == Party("2025550101", ""), "102 is not the customer's name"
    scene.leave("b", customer, agent)
    scene.gone(agent)
    other = scene.channel("102", dials="701")
    scene.up(other)
    scene.enter("c", customer, other)
    phone.run()
    assert of(phone, "102").customer == Party("2025550101", "")
    again = Phone()
    told: dict[str, Told] = {customer: ("Dial", "x", "", ""), other: ("ParkedCall", "", "701", "")}
    again.calls.apply(scene.listed(told))
    again.calls.settle(scene.now)
    assert of(again, "102").customer == Party("", ""), "what nobody knows any more is not 701"


def test_a_customer_who_is_just_hanging_up_is_shown_to_the_end() -> None:
    phone = Phone()
    scene = phone.scene
    customer, agent = scene.answered_call()
    phone.run()
    scene.leave("b1", customer)
    assert shown(phone) == {"101": ("201", IN, CallState.ACTIVE)}
    scene.gone(customer)
    assert shown(phone) == {"101": ("", IN, CallState.ACTIVE)}, "and who stays on the line is alone"
    scene.gone(agent)
    assert shown(phone) == {}


def test_a_ringing_queue_of_local_channels_is_read_alike_after_a_restart() -> None:
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="510")
    scene.up(customer)
    told: dict[str, Told] = {customer: ("Queue", "agents", "510", "")}
    for place, agent in enumerate(("101", "102")):
        first = scene.channel(f"Local/{agent}@q-0000000{place};1", linked=customer, number="510")
        second = scene.channel(f"Local/{agent}@q-0000000{place};2", linked=customer, number="201", dials=agent)
        phoned = scene.channel(agent, linked=customer)
        scene.dial(customer, first, f"Local/{agent}@q/n")
        scene.dial(second, phoned, agent)
        told |= {first: ("AppQueue", "", "", ""), second: ("Dial", f"PJSIP/{agent},20,t", agent, ""), phoned: CALLED}
    assert shown(phone) == dict.fromkeys(("101", "102"), ("201", IN, CallState.RINGING))
    survives(phone, told)


def test_a_phone_that_a_program_rings_for_a_customer_in_its_hands_shows_the_customer() -> None:
    """ARI: the customer is in Stasis, and the channel is originated for them."""
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="800")
    scene.up(customer)
    agent = scene.channel("101", linked=customer)
    scene.dial(None, agent, "101")
    assert shown(phone) == {"101": ("201", IN, CallState.RINGING)}


def test_an_agents_phone_without_an_account_is_called_as_its_endpoint_says_and_nobody_elses_extension() -> None:
    phone = Phone(people=())
    scene = phone.scene
    customer = scene.channel("201", dials="700")
    agent = scene.channel("104", linked=customer, number="700", name="Front desk")
    scene.dial(customer, agent, "104")
    phone.run()
    (call,) = phone.calls.calls
    assert (call.agent.user_id, call.agent.name, call.agent.extension) == (None, "Front desk", "700")
    scene.change(agent, number="2025550100", caller_name="The company")
    phone.run()
    assert call.agent == next(iter(phone.calls.calls)).agent, "what it is shown as outside is not its name"
    impostor = Phone()
    customer = impostor.scene.channel("201", dials="104")
    agent = impostor.scene.channel("104", linked=customer, number="101")
    impostor.scene.dial(customer, agent, "104")
    impostor.run()
    (call,) = impostor.calls.calls
    assert call.agent.extension == "104", "101 is Sam's"


def test_a_channel_that_asterisk_has_told_nothing_of_is_read_by_its_application() -> None:
    """An Asterisk that refuses Status."""
    phone = Phone()
    customer, agent = phone.scene.answered_call()
    phone.run()
    survives(phone, {customer: ("Dial", "PJSIP/101", None, ""), agent: ("AppDial", "", None, "")})


def test_linkedids_become_one_whoever_is_older_and_whatever_they_are() -> None:
    phone = Phone()
    scene = phone.scene
    named = scene.channel("102", dials="104", uniqueid="crm-7")
    other = scene.channel("104", linked=named)
    scene.dial(named, other, "104")
    scene.up(named, other)
    scene.enter("b", named, other)
    phone.run()
    second = scene.channel("103", dials="x")
    scene.up(second)
    scene.enter("b", second)
    phone.run()
    assert len({call.conversation_id for call in phone.calls.calls}) == 1
    scene.gone(named, other, second)
    phone.run()
    assert not phone.calls.calls
    assert not phone.calls._lines._linked.now, "nothing is kept"
    assert scene.channels[second].state is ChannelState.UP


def test_nobody_is_at_the_far_end_of_a_customers_number_that_asterisk_keeps_back() -> None:
    phone = Phone()
    scene = phone.scene
    customer = scene.channel("201", dials="101", number="")
    agent = scene.channel("101", linked=customer)
    scene.change(agent, connected_number="500", connected_name="Queue")
    scene.dial(customer, agent)
    phone.run()
    assert of(phone, "101").customer == Party("", "")


def test_a_customers_number_is_read_by_the_country_of_its_trunk() -> None:
    phone = Phone()
    phone.calls = Calls(
        replace(numbering(), country_of=lambda name: "MX" if name == "PJSIP/mx" else ""), Directory.of(PEOPLE)
    )
    for trunk, agent in (("mx", "101"), ("201", "102")):
        customer = phone.scene.channel(trunk, dials=agent, number="5512345678")
        line = phone.scene.channel(agent, linked=customer)
        phone.scene.dial(customer, line)
    phone.run()
    assert {agent: of(phone, agent).customer.country for agent in ("101", "102")} == {"101": "MX", "102": ""}


def test_events_without_a_kind_are_of_calls() -> None:
    assert ev.BridgeEntered._field_defaults["kind"] is BridgeKind.CALL
