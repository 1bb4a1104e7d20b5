"""Who talks, by what Asterisk tells of each side: shares, silence, both at once; and how rarely what shows changes."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.talk import ENOUGH, STILL, TAIL, TOGETHER, Talk, Talks
from tests.fake.scene import START

AGENT, OTHER = "agent", "other"


def at(seconds: float) -> timedelta:
    """So long after the beginning."""
    return timedelta(seconds=seconds)


class Heard:
    """One call."""

    def __init__(self) -> None:
        self.talks = Talks()
        self.talks.follow("c", AGENT, OTHER, START, counts=True)

    def begins(self, who: str, seconds: float) -> None:
        self.talks.hear(who, START + at(seconds), talks=True)

    def ceases(self, who: str, seconds: float) -> None:
        """Asterisk tells it a second later."""
        self.talks.hear(who, START + at(seconds) + TAIL, talks=False)

    def look(self, seconds: float) -> Talk | None:
        return self.talks.look(START + at(seconds)).get("c")

    def shown(self, seconds: float) -> Talk:
        found = self.look(seconds)
        assert found is not None
        return found


def test_before_anything_is_heard_nothing_is_said() -> None:
    heard = Heard()
    assert heard.look(100) is None
    heard.begins(AGENT, 1)
    talk = heard.shown(100)
    assert (talk.since, talk.silent_since, talk.together_since) == (START + at(1), None, None)
    assert talk.agent_share == 100


def test_the_share_is_of_the_talk_and_rounded() -> None:
    heard = Heard()
    heard.begins(AGENT, 0)
    heard.ceases(AGENT, 30)
    heard.begins(OTHER, 31)
    heard.ceases(OTHER, 41)
    talk = heard.shown(60)
    assert talk.agent_share == 75  # 30 of 40 seconds; the pauses are nobody's
    assert talk.silent_since == START + at(41)


def test_two_who_say_nothing_from_the_beginning() -> None:
    heard = Heard()
    for who in (AGENT, OTHER):
        heard.talks.begin(who, START + at(1))
    heard.talks.begin(OTHER, START + at(3))
    assert heard.shown(1 + STILL.total_seconds()).silent_since == START + at(1)
    heard.begins(OTHER, 20)
    heard.talks.begin(OTHER, START + at(21))
    assert heard.shown(40).agent_share == 0


def test_of_too_little_talk_no_share_is_told() -> None:
    heard = Heard()
    heard.begins(AGENT, 0)
    assert heard.shown(ENOUGH.total_seconds() - 0.1).agent_share is None
    assert heard.shown(ENOUGH.total_seconds()).agent_share == 100


def test_the_recent_share_forgets() -> None:
    heard = Heard()
    heard.begins(AGENT, 0)
    heard.ceases(AGENT, 100)
    heard.begins(OTHER, 101)
    heard.ceases(OTHER, 201)
    talk = heard.shown(300)  # the last two minutes begin at 180
    assert (talk.agent_share, talk.recent_share) == (50, 0)
    assert heard.shown(400).recent_share is None
    assert heard.shown(400).agent_share == 50


def test_silence_shows_once_it_lasts_and_began_when_the_last_ceased() -> None:
    heard = Heard()
    for who in (AGENT, OTHER):
        heard.begins(who, 0)
    heard.ceases(AGENT, 5)
    heard.ceases(OTHER, 7)
    assert heard.shown(7 + STILL.total_seconds() - 0.1).silent_since is None
    assert heard.shown(7 + STILL.total_seconds()).silent_since == START + at(7)
    heard.begins(AGENT, 20)
    assert heard.shown(20.1).silent_since is None


def test_both_at_once_shows_only_when_it_is_sure() -> None:
    """Who takes turns is told as talking for a second after the end: that is no talking at once."""
    heard = Heard()
    heard.begins(AGENT, 0)
    heard.begins(OTHER, 10)
    assert heard.shown(10.9).together_since is None
    heard.ceases(AGENT, 10)
    assert heard.shown(60).together_since is None
    heard.begins(AGENT, 61)
    assert heard.shown(61 + TOGETHER.total_seconds()).together_since == START + at(61)
    assert TOGETHER > TAIL


@pytest.mark.parametrize("corrects", [True, False])
def test_a_party_that_was_silent_from_the_beginning_said_nothing(corrects: bool) -> None:
    """Asterisk 22 tells nothing of it; others begin with `talks`, and correct themselves a second later."""
    heard = Heard()
    for who in (AGENT, OTHER):
        heard.talks.begin(who, START)
    heard.begins(AGENT, 0)
    if corrects:
        heard.begins(OTHER, 0)
        heard.ceases(OTHER, 0)
    assert heard.shown(20).agent_share == 100
    heard.ceases(AGENT, 20)
    assert heard.shown(30).silent_since == START + at(20)


def test_on_hold_nothing_counts() -> None:
    heard = Heard()
    heard.begins(AGENT, 0)
    heard.begins(OTHER, 0)
    heard.ceases(OTHER, 10)
    heard.ceases(AGENT, 10)
    heard.talks.follow("c", AGENT, OTHER, START + at(12), counts=False)
    heard.begins(OTHER, 13)  # to the music
    held = heard.shown(300)
    assert (held.agent_share, held.silent_since, held.together_since) == (50, None, None)
    heard.talks.follow("c", AGENT, OTHER, START + at(300), counts=True)
    assert heard.shown(310).agent_share == 35  # 10 of 30: whoever talked when it ended counts from then on
    heard.ceases(OTHER, 310)
    assert heard.shown(320).silent_since == START + at(310)


def test_after_hold_silence_is_counted_from_its_end() -> None:
    heard = Heard()
    for who in (AGENT, OTHER):
        heard.begins(who, 0)
        heard.ceases(who, 2)
    for when, counts in ((3, False), (100, True)):
        heard.talks.follow("c", AGENT, OTHER, START + at(when), counts=counts)
    assert heard.shown(103).silent_since is None
    assert heard.shown(110).silent_since == START + at(100)


def test_another_party_is_another_side_of_the_same_call() -> None:
    heard = Heard()
    heard.begins(AGENT, 0)
    heard.begins(OTHER, 0)
    heard.talks.lose("c", START + at(20))
    assert heard.shown(500).agent_share == 50, "what is not heard is not counted"
    assert heard.shown(500).silent_since is None
    heard.talks.follow("c", AGENT, "new", START + at(600), counts=True)
    heard.begins(OTHER, 601)  # in another call by now
    heard.begins("new", 610)
    assert heard.shown(630).agent_share == 35  # 20 of 60
    heard.talks.forget("c")
    assert heard.look(700) is None
    assert heard.talks._by_channel == {}


def test_both_ends_of_an_internal_call_are_agents() -> None:
    heard = Heard()
    heard.talks.follow("d", OTHER, AGENT, START, counts=True)
    heard.begins(AGENT, 0)
    heard.ceases(AGENT, 15)
    heard.begins(OTHER, 16)
    heard.ceases(OTHER, 21)
    looks = heard.talks.look(START + at(60))
    assert (looks["c"].agent_share, looks["d"].agent_share) == (75, 25)


@given(st.lists(st.tuples(st.sampled_from([AGENT, OTHER]), st.booleans(), st.floats(0.02, 20)), max_size=60))
def test_whatever_is_told_shares_stay_shares_and_facts_exclude_each_other(
    told: list[tuple[str, bool, float]],
) -> None:
    heard, now = Heard(), 0.0
    said: Counter[str] = Counter()
    for who, talks, later in told:
        now += later
        heard.talks.hear(who, START + at(now), talks=talks)
        said[who] += talks
        talk = heard.shown(now)
        for share in (talk.agent_share, talk.recent_share):
            assert share is None or (0 <= share <= 100 and share % 5 == 0)
        assert talk.silent_since is None or talk.together_since is None
        for since in (talk.silent_since, talk.together_since):
            assert since is None or START <= since <= START + at(now)
        if talk.agent_share is not None and not said[OTHER]:
            assert talk.agent_share == 100
