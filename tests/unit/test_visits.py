"""Which queue a call came by, where events are told twice, lists tell what events don't, and Local channels wait."""

from datetime import timedelta

import pytest

from adapter.core import queueevents as qe
from adapter.core.call import Call
from adapter.core.events import HandedOn
from tests.fake.floor import FloorScene


@pytest.fixture
def floor() -> FloorScene:
    return FloorScene()


def call_of(floor: FloorScene, number: str) -> Call:
    return next(call for call in floor.board.calls() if call.agent.extension == number)


def test_who_joins_again_in_a_replay_has_waited_all_the_time(floor: FloorScene) -> None:
    """A list was on its way meanwhile: what was heard is told again behind it, whether the list has it or not."""
    before = floor.listed()
    customer = floor.join("201")
    joined = qe.CallerJoined(floor.now, "agents", 1, customer, customer, "201", "")
    floor.tell(qe.QueuesListed(floor.now, before), joined)
    floor.scene._count += 6
    floor.tell(qe.QueuesListed(floor.now, floor.listed()), joined)
    called = floor.ring(customer, "101")
    floor.scene._count += 3
    left = qe.CallerLeft(floor.now, "agents", customer, customer)
    stale = floor.listed()
    floor.answer(customer, called)
    assert call_of(floor, "101").waited_seconds == 10
    floor.scene._count += 9
    floor.tell(qe.QueuesListed(floor.now, stale), joined, left)
    floor.tell(qe.QueuesListed(floor.now, floor.listed()))
    assert (call_of(floor, "101").queue, call_of(floor, "101").waited_seconds) == ("agents", 10)


def test_whom_no_event_told_of_a_list_tells(floor: FloorScene) -> None:
    customer = floor.scene.channel("201", dials="500")
    floor.scene.up(customer)
    floor.tell()
    floor.scene._count += 1
    floor.waiting.append(qe.QueueCaller(customer, "201", "", floor.now))
    floor.scene._count += 1
    floor.tell(qe.QueuesListed(floor.now, floor.listed()))
    called = floor.ring(customer, "101")
    assert (call_of(floor, "101").queue, call_of(floor, "101").waited_seconds) == ("agents", None)
    floor.scene._count += 4
    floor.waiting.clear()
    floor.scene.up(called)
    floor.scene.dialled(customer, called)
    floor.scene.enter("bq", customer, called)
    floor.tell(qe.QueuesListed(floor.now, floor.listed()))
    assert (call_of(floor, "101").queue, call_of(floor, "101").waited_seconds) == ("agents", 6)


def test_another_channel_takes_the_place_of_one_that_waits(floor: FloorScene) -> None:
    asks = floor.join("101")
    customer = floor.scene.channel("201", dials="101")
    floor.scene._count += 5
    floor.tell(HandedOn(floor.now, ("17.0", asks), "PJSIP/101-1", floor.scene.channels[customer].name, customer))
    floor.waiting = [floor.waiting[0]._replace(uniqueid=customer)]
    (queue,) = floor.board.queues()
    assert [one.uniqueid for one in queue.callers] == [customer]
    floor.scene.gone(asks)
    called = floor.ring(customer, "102")
    floor.answer(customer, called)
    assert next(iter(floor.board.queues())).callers == ()
    assert (call_of(floor, "102").queue, call_of(floor, "102").waited_seconds) == ("agents", 7)


def test_a_local_channel_waits_for_the_customer_and_for_nobody_who_sent_them_there(floor: FloorScene) -> None:
    """An agent asks by *2: the far half of a Local channel waits. It brings a call to whom the queue rings only."""
    customer, sam = floor.scene.answered_call("201", "101", "b1")
    floor.tell()
    near = floor.scene.channel("Local/500@agents-0;1", linked=customer)
    far = floor.scene.channel("Local/500@agents-0;2", linked=customer, dials="500")
    floor.scene.up(near, far)
    floor.scene.leave("b1", sam)
    floor.scene.enter("b2", near, sam)
    floor.tell(qe.CallerJoined(floor.now, "agents", 1, far, customer, "101", ""))
    floor.waiting.append(qe.QueueCaller(far, "101", "", floor.now))
    assert call_of(floor, "101").queue is None
    floor.scene.gone(sam)
    floor.scene.leave("b2", near)
    floor.scene.enter("b1", near)
    called = floor.scene.channel("102", linked=customer)
    floor.scene.dial(far, called)
    floor.tell()
    call = call_of(floor, "102")
    assert (call.queue, call.customer.number) == ("agents", "201")
    floor.scene._count += 2
    floor.scene.up(called)
    floor.left(far)
    floor.scene.enter("b3", called, far)
    floor.tell()
    assert (call_of(floor, "102").queue, call_of(floor, "102").waited_seconds) == ("agents", 3)
    floor.tell(qe.QueuesListed(floor.now + timedelta(seconds=1), floor.listed()))
    assert call_of(floor, "102").queue == "agents"
