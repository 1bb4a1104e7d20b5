"""Recordings of real calls, played again: what people see of each call, from its first ring to its end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapter.asterisk.recording import FORMAT, read
from adapter.errors import Invalid
from tests.support.flows import FLOWS
from tests.support.replay import FOLDER, Replay, load
from tests.support.scenarios import SCENARIOS

REPORTED: dict[str, str] = {}
"""Recordings that came with bug reports, by name: where from. The others are made at the lab (SCENARIOS)."""
RINGS, TALKS, HOLDS = "ringing", "active", "held"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.jsonl")))
@pytest.mark.parametrize("one_by_one", [False, True])
def test_every_recording_is_whole_and_leaves_no_call_behind(name: str, one_by_one: bool) -> None:
    recording = load(name)
    assert name in SCENARIOS | FLOWS or name in REPORTED, "how it was made stays known"
    replay = Replay(recording, one_by_one=one_by_one)
    assert replay.lives
    if name in REPORTED:
        return
    assert (recording.end, recording.missed, recording.header.people_known) == ("stopped", 0, True)
    assert not replay.board.calls()
    assert all(life.ended for life in replay.lives.values())


def test_an_answered_call() -> None:
    (life,) = Replay(load("answered")).lives.values()
    assert life.states == [RINGS, TALKS]
    assert {view.direction for view in life.seen} == {"inbound"}
    assert {view.customer for view in life.seen} == {"007"}
    assert life.last.barge_reaches_customer
    assert life.last.name.startswith("Name")


def test_a_call_through_the_queue_rings_two_and_is_one_agents() -> None:
    lives = list(Replay(load("queue")).lives.values())
    assert sorted(life.states for life in lives) == [[RINGS], [RINGS, TALKS]]
    assert len({life.last.agent for life in lives}) == 2
    assert len({life.last.customer for life in lives}) == 1
    assert {life.last.direction for life in lives} == {"inbound"}


def test_a_blind_transfer_takes_the_customer_to_another_agent() -> None:
    first, second = Replay(load("transfer")).lives.values()
    assert (first.states, second.states) == ([RINGS, TALKS], [RINGS, TALKS])
    assert first.last.agent != second.last.agent
    assert first.last.customer == second.last.customer
    assert second.last.direction == "inbound"
    assert second.last.barge_reaches_customer


def test_hold_and_resume_of_an_outbound_call() -> None:
    (life,) = Replay(load("hold")).lives.values()
    assert life.states == [RINGS, TALKS, HOLDS, TALKS]
    assert {view.direction for view in life.seen} == {"outbound"}


def test_a_supervisors_leg_is_no_call_and_typed_digits_are_not_told() -> None:
    (life,) = Replay(load("monitored")).lives.values()
    assert life.states == [RINGS, TALKS]
    lines = (FOLDER / "monitored.jsonl").read_text().splitlines()
    events = [line["event"] for line in map(json.loads, lines) if "event" in line]
    keys = [event for event in events if event["Event"] == "DTMFEnd" and event["Direction"] == "Received"]
    digits = [(event["Uniqueid"].startswith("cm-"), event["Digit"]) for event in keys]
    assert sorted(digits) == [*4 * [(False, "x")], (True, "5")]


# --- the form of the file


def text(name: str) -> list[str]:
    """A recording's lines."""
    return (FOLDER / f"{name}.jsonl").read_text().splitlines(keepends=True)


def test_one_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    lines = text("answered")
    whole = "".join(lines)
    recording = read(whole[: len(whole) // 2].splitlines(keepends=True))
    assert recording.end is None
    assert Replay(recording).lives


def test_what_was_missed_is_told() -> None:
    lines = text("answered")
    assert read([*lines[:4], '{"t":0.2,"missed":7}\n', *lines[4:]]).missed == 7


@pytest.mark.parametrize(
    ("place", "line", "why"),
    [
        (0, "", "no header"),
        (0, "[]\n", "no header"),
        (0, "not json\n", "no header"),
        (0, '{"recording":1}\n', "no header"),
        (0, '{"recording":2}\n', "form 2"),
        (3, "not json\n", "Line 4"),
        (3, '{"event":{}}\n', "Line 4"),
        (3, "[1]\n", "Line 4"),
        (3, '{"t":NaN,"event":{}}\n', "Line 4"),
        (3, '{"t":1e300,"event":{}}\n', "Line 4"),
        (3, '{"t":true,"event":{}}\n', "Line 4"),
        (3, '{"t":1,"event":{"Event":7}}\n', "told at 1"),
        (3, '{"t":1,"event":[]}\n', "told at 1"),
        (1, '{"t":0,"snapshot":{"channels":[]}}\n', "told at 0"),
        (3, '{"t":1,"missed":"x"}\n', "told at 1"),
        (3, '{"t":1,"end":7}\n', "told at 1"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_line(place: int, line: str, why: str) -> None:
    lines = text("answered")
    lines[place] = line
    with pytest.raises(Invalid, match=why):
        read(lines)
    with pytest.raises(Invalid):
        read([])


def test_a_later_version_may_add_what_this_one_does_not_know() -> None:
    lines = text("answered")
    header: dict[str, Any] = json.loads(lines[0])
    assert header["recording"] == FORMAT
    lines[0] = json.dumps({**header, "more": 1}) + "\n"
    recording = read([*lines[:2], '{"t":0.1,"something":1}\n', *lines[2:]])
    assert replace(recording, batches=[]) == replace(load("answered"), batches=[])
