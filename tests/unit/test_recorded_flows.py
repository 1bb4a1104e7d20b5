"""Recordings of call flows, played whole and damaged: an event left out, doubled, or swapped with its neighbour.

Whatever is damaged, nothing raises, and no call is left after the last Hangup. Where a Hangup itself is left out, the
watchdog sees that a channel is known that Asterisk doesn't have, and what is listed then ends the call.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from structlog.testing import capture_logs

from adapter.asterisk.recording import Recording
from adapter.core import events as ev
from adapter.core.invariant import Fault, Model, differences
from tests.support.flows import FLOWS
from tests.support.replay import Life, Replay, load
from tests.support.scenarios import SCENARIOS

NAMES = sorted({**SCENARIOS, **FLOWS})
RINGS, TALKS = "ringing", "active"
Views = set[tuple[str, str, str]]


@cache
def recorded(name: str) -> Recording:
    """A recording, read once."""
    return load(name)


def told(recording: Recording) -> list[ev.Event]:
    """All events in their order, without what was there in the beginning."""
    return [event for batch in recording.batches for event in batch.events][1:]


def damaged(events: Sequence[ev.Event]) -> Iterator[tuple[str, list[ev.Event]]]:
    """What is done to one of them, and all of them then."""
    for place in range(len(events)):
        before, one, after = list(events[:place]), events[place], list(events[place + 1 :])
        yield f"without {place}", [*before, *after]
        yield f"twice {place}", [*before, one, one, *after]
        if after:
            yield f"swapped {place}", [*before, after[0], one, *after[1:]]


@pytest.mark.parametrize("name", NAMES)
def test_no_damage_to_a_recording_raises_or_leaves_a_call_behind(name: str) -> None:
    recording, dialplan = recorded(name), Replay(recorded(name)).dialplan
    events = told(recording)
    hung_up = {event.uniqueid for event in events if isinstance(event, ev.ChannelGone)}
    assert len(hung_up) > 1
    nothing = ev.Snapshot(events[-1].at, False, (), {}, frozenset())
    with capture_logs() as logs:
        for what, script in damaged(events):
            replay = Replay(recording, script=script)
            board = replay.board
            gone = {event.uniqueid for event in script if isinstance(event, ev.ChannelGone)}
            if gone != hung_up:
                model = Model(board.monitors(), board.channels(), {})
                found = differences(model, (), dialplan, lambda channel: False)
                ghosts = {one.uniqueid for one in found if one.fault is Fault.CHANNEL_GHOST}
                assert ghosts <= hung_up - gone, what
                assert ghosts or not board.calls(), what
                board.apply([nothing])
            assert not board.calls(), what
            assert not board.channels(), what
            assert board.bars.empty, what
    assert [entry for entry in logs if entry["log_level"] == "error" and "exc_info" in entry] == []


def lives(name: str) -> list[Life]:
    """The calls of a recording in the order in which they appeared, all of them over."""
    found = list(Replay(recorded(name)).lives.values())
    assert all(life.ended for life in found)
    return found


def views(life: Life) -> Views:
    """Every direction and customer that was shown, but nobody at the end of an answered call."""
    return {(view.direction, view.customer, view.customer_name) for view in life.seen if view.customer}


def numbers(found: Sequence[Life]) -> set[str]:
    """The numbers of all customers."""
    return {number for life in found for _, number, _ in views(life)}


def test_a_consulted_colleague_keeps_the_call_and_gets_the_customer() -> None:
    first, second = lives("attended")
    assert {direction for direction, _, _ in views(second)} == {"internal", "inbound"}
    assert views(first) & views(second) == {("inbound", first.seen[0].customer, first.seen[0].customer_name)}
    assert second.last_with.direction == "inbound"


@pytest.mark.parametrize("name", ["blind", "parked", "picked_up"])
def test_the_second_agents_call_is_with_the_same_customer_who_called_in(name: str) -> None:
    first, second = lives(name)
    assert views(first) == views(second)
    assert {direction for direction, _, _ in views(first)} == {"inbound"}
    assert first.last.agent != second.last.agent
    assert second.states[-1] == TALKS


@pytest.mark.parametrize(("name", "calls"), [("room", 4), ("login", 2)])
def test_each_customer_of_a_line_that_stays_is_a_call(name: str, calls: int) -> None:
    found = lives(name)
    assert len(found) == calls
    stays = [life for life in found if life.last.agent == found[-1].last.agent]
    assert [life.states for life in stays] == [[TALKS], [TALKS]]
    assert len(numbers(stays)) == 2
    assert {view.direction for life in found for view in life.seen} == {"inbound"}
    assert all(view.customer for life in stays for view in life.seen)


def test_a_queue_over_local_channels_shows_the_customer_from_the_first_ring_on() -> None:
    found = lives("local_queue")
    assert sorted(life.states for life in found) == [[RINGS], [RINGS, TALKS]]
    assert len(numbers(found)) == 1
    assert {view.direction for life in found for view in life.seen} == {"inbound"}


@pytest.mark.parametrize("name", ["outside", "click"])
def test_who_was_called_through_a_trunk_is_the_number_that_it_was_given(name: str) -> None:
    first, *others = lives(name)
    assert first.states == [RINGS, TALKS]
    assert {direction for life in (first, *others) for direction, _, _ in views(life)} == {"outbound"}
    (number,) = numbers([first, *others])
    assert len(number) == len("2025550102")
