"""Consent: which rule decides, and when who is to hear what."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.call import Call, CallState, Direction
from adapter.core.consent import ConsentRule, Listener, Sound, Turn, Want, rule_of, want_of
from adapter.core.consentschedule import AGAIN, FIRST, TRIES, Schedule
from tests.fake.pbx import FakePbx

BEEP = ConsentRule(Sound.BEEP, Listener.BOTH, 15)
SAID = ConsentRule(Sound.ANNOUNCEMENT)
SETTLE = 5.0


def call_of(pbx: FakePbx) -> Call:
    """The only call there."""
    (call,) = pbx.board.calls()
    return call


@pytest.fixture
def call() -> Call:
    """Sam talks to a customer."""
    pbx = FakePbx()
    pbx.scene.answered_call("201", "101", "b1")
    pbx.run()
    return replace(call_of(pbx), queue="Sales")


# --- rules

RULES = st.lists(
    st.builds(
        ConsentRule,
        sound=st.sampled_from(Sound),
        queue=st.sampled_from([None, "sales", "SALES", "support"]),
        team_id=st.sampled_from([None, "t1", "t2"]),
        direction=st.sampled_from([None, *Direction]),
    ),
    max_size=6,
)


@pytest.mark.parametrize(
    ("rule", "covers"),
    [
        (ConsentRule(Sound.BEEP), True),
        (ConsentRule(Sound.BEEP, queue="sALES"), True),
        (ConsentRule(Sound.BEEP, queue="support"), False),
        (ConsentRule(Sound.BEEP, team_id="t1"), True),
        (ConsentRule(Sound.BEEP, team_id="t2"), False),
        (ConsentRule(Sound.BEEP, direction=Direction.INBOUND), True),
        (ConsentRule(Sound.BEEP, direction=Direction.OUTBOUND), False),
        (ConsentRule(Sound.BEEP, queue="sales", team_id="t2"), False),
        (ConsentRule(Sound.BEEP, queue="sales", team_id="t1", direction=Direction.INBOUND), True),
    ],
)
def test_all_conditions_of_a_rule_must_hold(call: Call, rule: ConsentRule, covers: bool) -> None:
    assert rule.covers(call, {"t1"}) is covers
    if rule.queue is not None:
        assert not rule.covers(replace(call, queue=None), {"t1"})


@given(RULES)
def test_the_first_rule_that_covers_a_call_decides(rules: list[ConsentRule]) -> None:
    pbx = FakePbx()
    pbx.scene.answered_call("201", "101", "b1")
    pbx.run()
    call = replace(call_of(pbx), queue="sales")
    found = rule_of(rules, call, {"t1"})
    covering = [rule for rule in rules if rule.covers(call, {"t1"})]
    assert (found is None) == (not covering or covering[0].sound is Sound.NONE)
    assert found is None or found is covering[0]


def test_nothing_is_wanted_while_nobody_hears_anybody(call: Call) -> None:
    assert want_of([BEEP], call, ()) == Want(BEEP, call.uniqueid, call.peers, call.far)
    assert want_of([], call, ()) is None
    for other in (
        replace(call, answered_at=None),
        replace(call, audible=False, state=CallState.HELD),
        replace(call, far=""),
        replace(call, peers=frozenset()),
    ):
        assert want_of([BEEP], other, ()) is None
    exempt = replace(call, monitorable=False)
    assert want_of([BEEP], exempt, ()) is not None, "it is about the call, whether anybody may listen or not"


# --- times


def want(rule: ConsentRule = BEEP, agent: str = "a", *others: str, far: str = "") -> Want:
    """Somebody talks with others."""
    people = others or ("c",)
    return Want(rule, agent, frozenset(people), far or people[0])


def heard(schedule: Schedule, now: float) -> list[Turn]:
    """What is due, and is heard at once."""
    found = schedule.take(now)
    for turn in found:
        schedule.over(turn)
    return found


def times(schedule: Schedule, until: float, step: float = 0.25) -> list[tuple[float, Turn]]:
    """What is due by then, looked for all the time."""
    found, now = [], 0.0
    while now <= until:
        found += [(now, turn) for turn in heard(schedule, now)]
        now += step
    return found


def test_a_beep_at_the_start_and_then_after_each_time() -> None:
    schedule = Schedule(SETTLE)
    assert schedule.follow("1", want(), 0.0) is False
    found = times(schedule, 60)
    assert [now for now, _ in found] == [FIRST, FIRST + 15, FIRST + 30, FIRST + 45]
    assert {turn.channels for _, turn in found} == {("a", "c")}


def test_to_the_agent_alone() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(replace(BEEP, to=Listener.AGENT)), 0.0)
    assert [turn.channels for turn in schedule.take(1)] == [("a",)]


def test_beeps_that_were_missed_are_not_made_up_for() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(), 0.0)
    assert len(schedule.take(100)) == 1
    assert schedule.take(100) == []
    assert schedule.next_at() == 115


def test_two_agents_who_talk_with_each_other_have_one_beep() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(BEEP, "a", "b"), 0.0)
    schedule.follow("2", want(BEEP, "b", "a"), 0.0)
    assert [(turn.call_id, turn.channels) for turn in heard(schedule, 1)] == [("1", ("a", "b"))]
    schedule.follow("1", None, 2.0)
    assert schedule.take(15.5) == [], "15 s after the one that they had by the other call"
    assert [(turn.call_id, turn.channels) for turn in schedule.take(16)] == [("2", ("a", "b"))]


def test_who_comes_into_a_call_has_beeps_from_then_on() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(BEEP, "a", "c"), 0.0)
    assert [turn.channels for turn in heard(schedule, 1)] == [("a", "c")]
    schedule.follow("2", want(BEEP, "b", "d"), 5.0)
    assert [turn.channels for turn in heard(schedule, 6)] == [("b", "d")]
    schedule.follow("2", None, 8.0)
    schedule.follow("1", want(BEEP, "a", "d"), 8.0)
    found = [(now, turn.channels) for now, turn in times(schedule, 50, 1.0) if now > 8]
    assert found == [(16, ("a",)), (21, ("d",)), (31, ("a",)), (36, ("d",)), (46, ("a",))], "each after its 15 s"


def test_a_beep_that_was_cut_short_was_none() -> None:
    """A transfer right after the first beep began: nobody knows whether the customer heard it."""
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(BEEP, "a", "c"), 0.0)
    (first,) = schedule.take(FIRST)
    schedule.follow("2", want(BEEP, "b", "c"), FIRST)
    assert schedule.follow("1", None, FIRST) is True
    assert schedule.next_at() == 2 * FIRST
    (second,) = schedule.take(2 * FIRST)
    assert second.channels == ("b", "c")
    schedule.over(first)
    assert schedule.follow("2", want(BEEP, "b", "d"), 3 * FIRST) is True
    schedule.over(second)
    assert [turn.channels for turn in heard(schedule, 3 * FIRST + SETTLE)] == [("b", "d")], "cut short too"
    assert schedule.follow("2", want(BEEP, "b", "e"), 20) is True
    assert [turn.channels for turn in heard(schedule, 20 + SETTLE)] == [("b", "e")]
    assert schedule.follow("2", want(BEEP, "b", "f"), 26) is True
    assert [turn.channels for turn in heard(schedule, 26 + SETTLE)] == [("f",)], "what was heard counts"


def test_others_in_the_call_end_what_plays_and_the_next_comes_once_all_is_settled() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(), 0.0)
    (turn,) = heard(schedule, 1)
    assert schedule.holds(turn)
    assert schedule.follow("1", want(BEEP, "a", "d"), 2.0) is True
    assert not schedule.holds(turn)
    assert schedule.take(1 + SETTLE) == []
    assert [turn.channels for turn in heard(schedule, 2 + SETTLE)] == [("d",)], "who is there since then"
    assert schedule.next_at() == 16, "the agent not before the time of their next"
    assert schedule.follow("1", want(BEEP, "a", "e"), 15.0) is True
    assert schedule.next_at() == 15 + SETTLE
    assert [turn.channels for turn in schedule.take(15 + SETTLE)] == [("a", "e")]


def test_a_call_that_was_on_hold_is_not_beeped_the_more_for_it() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(), 0.0)
    heard(schedule, 1)
    for now in (2.0, 4.0, 6.0):
        assert schedule.follow("1", None, now) is True
        schedule.follow("1", want(), now + 1)
    assert schedule.next_at() == 16
    schedule.follow("1", None, 10)
    schedule.follow("1", want(), 40)
    assert schedule.next_at() == 40 + FIRST


def test_an_announcement_is_heard_once_by_a_customer_through_transfers() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(SAID), 0.0)
    (turn,) = schedule.take(1)
    schedule.had(turn)
    assert times(schedule, 50) == []
    schedule.forget("1")
    schedule.follow("2", want(SAID, "b", "c"), 60.0)
    assert schedule.take(100) == []
    schedule.follow("2", want(SAID, "b", "d"), 60.0)
    assert len(schedule.take(100)) == 1, "somebody else is there now, who has not heard it"


def test_an_announcement_that_broke_off_is_played_to_whom_it_concerns_next() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(SAID, "a", "c"), 0.0)
    schedule.take(1)
    schedule.forget("1")
    schedule.follow("2", want(SAID, "b", "c"), 3.0)
    assert [turn.channels for turn in schedule.take(3 + FIRST)] == [("b", "c")]


def test_what_fails_is_tried_a_few_times() -> None:
    schedule = Schedule(SETTLE)
    schedule.follow("1", want(SAID), 0.0)
    now, firsts = 1.0, []
    for _ in range(TRIES):
        (turn,) = schedule.take(now)
        firsts.append(schedule.failed(turn, now))
        now += AGAIN
    assert firsts == [True, False, False]
    assert schedule.take(now + 100) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, want(), want(BEEP, "a", "d"), want(SAID), want(SAID, "b", "c"), want(BEEP, "c", "a")]),
        st.floats(0, 20),
        st.sampled_from(["follow", "forget", "had", "failed"]),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_happens_nobody_hears_a_beep_too_often(steps: list[tuple[str, Want | None, float, str]]) -> None:
    schedule, now = Schedule(SETTLE), 0.0
    beeps: dict[str, float] = {}
    announced: set[str] = set()
    running: list[Turn] = []
    for call_id, wanted, passes, what in steps:
        now += passes
        for turn in heard(schedule, now):
            assert turn.channels
            assert len(set(turn.channels)) == len(turn.channels)
            running.append(turn)
            if turn.sound is Sound.ANNOUNCEMENT:
                assert turn.want.far not in announced
            for channel in turn.channels if turn.sound is Sound.BEEP else ():
                before = beeps.get(channel)
                assert before is None or now - before >= 15, "whatever call it was for"
                beeps[channel] = now
        if what == "follow":
            schedule.follow(call_id, wanted, now)
        elif what == "forget":
            schedule.forget(call_id)
        elif running and what == "had" and running[-1].sound is Sound.ANNOUNCEMENT:
            schedule.had(running[-1])
            announced.add(running[-1].want.far)
        elif running and what == "failed":
            schedule.failed(running[-1], now)
    for call_id in ("1", "2"):
        schedule.forget(call_id)
    schedule.keep_only(())
    assert schedule.size == 0
    assert schedule.next_at() is None


def test_the_customers_channel_keeps_that_an_announcement_was_heard_where_another_stands_for_it() -> None:
    def turn(far: str, *others: str, rule: ConsentRule = SAID) -> Turn:
        want = Want(rule, "agent", frozenset(others), far)
        return Turn("c", want, tuple(sorted(want.listeners)))

    plain = turn("z.customer", "z.customer")
    assert [plain.keepers(one) for one in plain.channels] == [("agent",), ("z.customer",)]
    behind = turn("customer", "local;1")
    assert [behind.keepers(one) for one in behind.channels] == [("agent",), ("local;1", "customer")]
    three = turn("customer", "a", "local;1")
    assert [three.keepers(one) for one in three.channels] == [("a",), ("agent",), ("local;1",)], "which of them is it?"
    assert turn("customer", "local;1", rule=BEEP).keepers("local;1") == ()
