"""Who is barred from what, where PBXes are looked after by several adapters and change hands: nobody is let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.barring import EVERYBODY, Bar, Kind, Who
from adapter.core.shared_bars import SharedBars
from adapter.core.sighting import Sighting

DIALOG = "sip-0123456789abcdef01234567"
NONE: frozenset[str] = frozenset()


def seen(conversation: str, *people: str, dialog: str = "", goes_on: bool = False) -> Sighting:
    ids = frozenset(people)
    dialogs = frozenset({dialog} if dialog else ())
    return Sighting(
        conversation, ids, ids, frozenset({f"call-{conversation}"}) | dialogs, NONE, dialogs if goes_on else NONE,
        across=True,
    )  # fmt: skip


def see(bars: SharedBars, pbx: str, *sightings: Sighting, over: bool = False) -> None:
    bars.see(pbx, sightings, lambda conversation: not over, resynced=False)


def owner(*pbxes: str) -> SharedBars:
    bars = SharedBars()
    bars.own_none()
    for pbx in pbxes:
        bars.take(pbx, [])
    return bars


def kept(bars: SharedBars, pbx: str) -> list[Bar]:
    return [bar for bar in bars._all() if pbx in bar.pbxes]


def test_a_conversation_over_a_trunk_to_anothers_pbx_is_open_and_everybody_is_barred() -> None:
    here = owner("north")
    see(here, "north", seen("n", "sam", dialog=DIALOG, goes_on=True))
    there = owner("south")
    see(there, "south", seen("s", "ana", dialog=DIALOG, goes_on=True))
    here.replace("south", there.of_pbx("south"))
    there.replace("north", here.of_pbx("north"))
    for bars, conversation in ((here, "n"), (there, "s")):
        assert bars.barred_from(conversation) is EVERYBODY
        assert bars.barred(Who("ana"), conversation)
        assert bars.barred(Who("sam"), conversation)


def test_what_a_start_reads_of_anothers_pbx_closes_no_end_of_ours() -> None:
    there = owner("south")
    see(there, "south", seen("s", "ana", dialog=DIALOG, goes_on=True))
    here = SharedBars()
    here.load(kept(there, "south"), [], [])
    here.own_none()
    here.take("north", [])
    see(here, "north", seen("n", "sam", dialog=DIALOG, goes_on=True))
    assert here.barred(Who("ana"), "n")


def test_who_takes_both_over_joins_them() -> None:
    north, south = owner("north"), owner("south")
    see(north, "north", seen("n", "sam", dialog=DIALOG, goes_on=True))
    see(south, "south", seen("s", "ana", dialog=DIALOG, goes_on=True))
    third = owner()
    change = third.take("north", kept(north, "north"))
    assert third.barred(Who("ana"), "n"), "its end is open until the other is known"
    change.add(third.take("south", kept(south, "south")))
    assert third.barred_from("n") == third.barred_from("s") == {"sam", "ana"}
    (bar,) = [bar for bar in change.bars.values() if bar is not None]
    assert bar.ids == {"n", "s"}
    assert bar.people == {"sam", "ana"}


def test_one_of_two_that_is_given_up_leaves_the_other_open() -> None:
    both = owner("north", "south")
    see(both, "north", seen("n", "sam", dialog=DIALOG, goes_on=True))
    see(both, "south", seen("s", "ana", dialog=DIALOG, goes_on=True))
    assert both.barred_from("n") == {"sam", "ana"}
    both.give_up("south")
    see(both, "north", seen("n", "sam", dialog=DIALOG, goes_on=True))
    assert both.barred(Who("mona"), "n"), "whoever comes in at the other end is not known here any more"


def test_a_joined_conversation_is_told_by_the_owner_of_both() -> None:
    both, other = owner("north", "south"), owner("west")
    see(both, "south", seen("s", "ana", dialog=DIALOG, goes_on=True))
    other.replace("south", both.of_pbx("south"))
    change = both.see("north", [seen("n", "sam", dialog=DIALOG, goes_on=True)], lambda one: True, resynced=False)
    ours = {key: bar for key, bar in change.bars.items() if bar is not None}
    (bar,) = ours.values()
    change.bars = dict(ours)
    other.follow(bar.pbx, change, both.present(change.touched))
    for one in ("n", "s"):
        assert other.barred(Who("sam"), one)
        assert other.barred(Who("ana"), one)


def test_nobody_tells_of_what_is_ours() -> None:
    ours, other = owner("south"), owner("north")
    see(ours, "south", seen("s", "ana"))
    lie = Bar("north", frozenset({"s", "n"}), NONE, NONE, 1, frozenset({"south"}))
    with pytest.raises(ValueError, match="no say"):
        ours.follow("north", type(other.take("west", []))(bars={"n": lie}), [])
    assert ours.barred(Who("ana"), "s")


def test_what_is_made_where_nothing_is_known_bars_at_the_owner_when_it_is_read() -> None:
    owns, blind = owner("north"), owner("south")
    see(owns, "north", seen("n", "sam"))
    blind.number_from(owns.upcoming)
    change = blind.made(Who("sam"), Kind.ACCOUNT, "new")
    assert change.size == 1, "it is kept, though no conversation is known there"
    assert not owns.barred(Who("new"), "n")
    owns.learn(change.makings)
    assert owns.barred(Who("new"), "n")


def test_a_making_of_a_lower_number_than_a_later_conversation_counts_not() -> None:
    owns, other = owner("north"), owner("south")
    other.number_from(5)
    owns.learn(other.made(Who("sam"), Kind.ACCOUNT, "new").makings)
    see(owns, "north", seen("n", "sam"))
    assert not owns.barred(Who("new"), "n"), "it was made before they began to talk"


@given(
    people=st.lists(st.sampled_from(["sam", "ana", "mona"]), min_size=1, max_size=3),
    written=st.booleans(),
    told=st.booleans(),
)
def test_a_take_over_forgets_nobody_whom_the_former_owner_told_or_wrote(
    people: list[str], written: bool, told: bool
) -> None:
    """It may have told more than it wrote, or written more than was heard."""
    former, new = owner("north"), owner("south")
    for index, person in enumerate(people):
        see(former, "north", seen("n", person))
        if told and index == 0:
            new.replace("north", former.of_pbx("north"))
    change = new.take("north", kept(former, "north") if written else [])
    known = set(people) if written else set(people[:1]) if told else set()
    assert all(new.barred(Who(person), "n") for person in known)
    rows = [bar for bar in change.bars.values() if bar is not None]
    assert {person for bar in rows for person in bar.people} == known, "and it is written by the new one"
