"""Who is barred from which conversation: whoever was ever in it, until it is over, and what they made meanwhile. Pure.

Everything that could tell of a silent monitor asks here: views, lists, the audit, figures, hooks, refusals, ids. A
conversation goes by every id that it had (Asterisk's linkedid changes when calls are joined), and is over when no
channel of any of them is up. A phone that only rings is in it while it rings.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from adapter.core.barring import (
    CREDENTIALS,
    EVERYBODY,
    NOBODY,
    PHONES,
    Bar,
    BarChanges,
    Kind,
    Making,
    Who,
    meets,
    merged,
)
from adapter.core.openends import OpenEnds
from adapter.core.sighting import Sighting

FOLLOW = "follow-"
"""How the ids of follows begin."""

__all__ = ["CREDENTIALS", "NOBODY", "PHONES", "Bar", "BarChanges", "Bars", "Kind", "Making", "Who"]


class Bars:
    """All conversations of all PBXes that are not over."""

    def __init__(self) -> None:
        self._by_id: dict[str, Bar] = {}
        self._by_leg: dict[str, Bar] = {}
        self._ringing: dict[str, frozenset[str]] = {}
        """By conversation: whose phones are in it now, but were never connected in it. None is empty."""
        self._makings: list[Making] = []
        self._next = 1
        self._barred: dict[str, frozenset[str]] = {}
        """By `Bar.id`: everybody and everything that is barred; made anew when something changed."""
        self._ends = OpenEnds()
        self._lives: dict[str, Callable[[str], bool]] = {}
        """By PBX that is in sight: whether a conversation has a channel there."""
        self._told: set[tuple[str, str]] = set()
        """Hooks and conversations that were told of."""

    def load(self, bars: Iterable[Bar], makings: Iterable[Making], hooks: Iterable[tuple[str, str]]) -> None:
        """What a former run kept."""
        for bar in bars:
            self._keep(bar)
            self._ends.load(bar)
        self._makings = sorted(makings, key=lambda making: making.number)
        numbers = [making.number + 1 for making in self._makings] + [bar.since for bar in self._by_id.values()]
        self._next = max(numbers, default=1)
        self._told = set(hooks)

    # --- asked

    def barred(self, who: Who, conversation: str) -> bool:
        """Whether this conversation's silent monitors are not to be seen by them."""
        return who.is_among(self.barred_from(conversation))

    def barred_from(self, conversation: str) -> frozenset[str]:
        """Ids of everybody and everything that is barred from this conversation, as of now."""
        bar = self._by_id.get(conversation)
        return self._of(bar) if bar is not None else NOBODY

    def everybody(self) -> frozenset[str]:
        """Ids of everybody and everything that is barred from any conversation, as of now."""
        return frozenset().union(*map(self._of, self._all()))

    def was_in(self, user_id: str, conversation: str) -> bool:
        """Whether their phone is in it, or was connected in it before."""
        bar = self._by_id.get(conversation)
        return bar is not None and user_id in self._people(bar)

    def known_as(self, conversation: str) -> tuple[frozenset[str], frozenset[str]]:
        """All ids of this conversation; and who was ever in it, where it goes on, or went on, at several PBXes."""
        bar = self._by_id.get(conversation)
        if bar is None:
            return frozenset({conversation}), NOBODY
        return bar.ids, self._people(bar) if bar.elsewhere or bar.lost else NOBODY

    def is_over(self, conversation: str) -> bool:
        """Whether this conversation is not known to go on."""
        return conversation not in self._by_id

    def hidden(self, who: Who, *, follows: bool = False) -> frozenset[str]:
        """All ids of all conversations that they are barred from; `follows`: of all follows likewise (`core.follow`).

        Without these it may be told to them that something is hidden: that they are in a conversation they know.
        """
        found = (bar.ids for bar in self._all() if is_follow(bar.id) is follows and who.is_among(self._of(bar)))
        return frozenset().union(*found)

    def in_hand(self, who: Who, kinds: Collection[Kind] = CREDENTIALS, conversation: str | None = None) -> bool:
        """Whether somebody who is barred from this conversation, or from any, gave themselves what this one acts with.

        Then not even their own monitors on it are shown: it may not be they who look. A device counts also where it is
        one's own account that got it: whether it is busy would tell whether its former owner listens.
        """
        if who.user is None and who.token is None:
            return False
        everywhere = (bar for bar in self._all() if not is_follow(bar.id))  # that they are followed nothing may tell
        bars = list(everywhere) if conversation is None else [*filter(None, [self._by_id.get(conversation)])]
        mine = [making for making in self._makings if making.kind in kinds and making.thing in (who.user, who.token)]
        return any(
            making.number >= bar.since and meets(_others(making, who), self._of(bar)) for making in mine for bar in bars
        )

    @property
    def empty(self) -> bool:
        """Whether no conversation is known."""
        return not self._by_id

    def _all(self) -> Iterator[Bar]:
        return (bar for conversation, bar in self._by_id.items() if conversation == bar.id)

    def _people(self, bar: Bar) -> frozenset[str]:
        ringing = [found for conversation in bar.ids if (found := self._ringing.get(conversation))]
        return bar.people.union(*ringing) if ringing else bar.people

    def _of(self, bar: Bar) -> frozenset[str]:
        known = self._barred.get(bar.id)
        if known is None:
            known = self._barred[bar.id] = self._everything(bar)
        return known

    def _everything(self, bar: Bar) -> frozenset[str]:
        if self._ends.open(bar):
            return EVERYBODY
        people = self._people(bar)
        counted = [making for making in self._makings if making.number >= bar.since]
        found = set(people)
        size = -1
        while size != len(found):
            size = len(found)
            found.update(making.thing for making in counted if not making.makers.isdisjoint(found))
        return frozenset(found) if counted else people

    # --- told

    def made(self, who: Who, kind: Kind, thing: str) -> BarChanges:
        """Somebody makes or changes an account, a token or a hook. While nobody talks that means nothing."""
        change = BarChanges()
        if self.empty:
            return change
        making = Making(self._next, frozenset(one for one in (who.user, who.token) if one), kind, thing)
        self._next += 1
        self._makings.append(making)
        change.makings.append(making)
        for bar in list(self._all()):
            if meets(making.makers, self._of(bar)):
                self._renew(bar, change)
        return change

    def see(
        self, pbx: str, sightings: Iterable[Sighting], lives: Callable[[str], bool], *, resynced: bool
    ) -> BarChanges:
        """What a PBX has just shown. `lives`: whether a conversation has a channel; `resynced`: all were listed."""
        change = BarChanges()
        self._lives[pbx] = lives
        looked_at: list[str] = []
        for sighting in sightings:
            looked_at.append(sighting.conversation)
            if sighting.conversation in self._by_id or lives(sighting.conversation) or sighting.people:
                self._see(pbx, sighting, change)
        for conversation in list(self._by_id) if resynced else looked_at:
            bar = self._by_id.get(conversation)
            if bar is not None and (bar.pbx == pbx or pbx in bar.elsewhere) and self._is_over(bar):
                self._end(bar, change)
        self._forget(change)
        return change

    def out_of_sight(self, pbx: str) -> None:
        """What is at this PBX is not known now, so nothing of it is over."""
        self._lives.pop(pbx, None)

    def _is_over(self, bar: Bar) -> bool:
        """Whether it has a channel nowhere: at no PBX at which parts of it are, and each of them is in sight."""
        if not bar.elsewhere and (lives := self._lives.get(bar.pbx)) is not None:  # as nearly always
            return not any(map(lives, bar.ids))
        found = [self._lives.get(pbx) for pbx in bar.pbxes]
        return not any(lives is None or any(map(lives, bar.ids)) for lives in found)

    def forget_others(self, pbxes: Collection[str]) -> BarChanges:
        """What was at PBXes that the configuration no longer names is over: nobody will tell of its end."""
        change = BarChanges()
        for bar in list(self._all()):
            left = sorted(bar.pbxes & set(pbxes))
            if not left:
                self._end(bar, change)
            elif len(left) < len(bar.pbxes):
                change.bars[bar.id] = fewer = replace(bar, pbx=left[0], elsewhere=frozenset(left[1:]))
                self._keep(fewer)
        self._forget(change)
        return change

    def _see(self, pbx: str, sighting: Sighting, change: BarChanges) -> None:
        conversation = sighting.conversation
        opened = lost = False
        if sighting.across:
            opened, lost = self._ends.saw(sighting), self._ends.lost(sighting)
        before, rang = self._by_id.get(conversation), self._ringing.get(conversation, NOBODY)
        adds_nothing = (  # as most don't
            before is not None
            and (before.pbx == pbx or pbx in before.elsewhere)
            and before.lost >= lost
            and not sighting.joined
            and sighting.people <= before.people
            and all(self._by_leg.get(leg) is before for leg in sighting.legs)
        )
        bar = before if before and adds_nothing else self._grow(pbx, sighting, lost, change)
        if rings := sighting.present - bar.people:
            self._ringing[conversation] = rings
        else:
            self._ringing.pop(conversation, None)
        if bar is not before or rings != rang or opened:
            self._renew(bar, change)

    def _grow(self, pbx: str, sighting: Sighting, lost: bool, change: BarChanges) -> Bar:
        """The bar with what this sighting adds, made one with all others that it shows to be the same conversation."""
        here = {sighting.conversation, *sighting.joined}
        old = {bar.id: bar for one in here if (bar := self._by_id.get(one))}
        old |= {bar.id: bar for leg in sighting.legs if (bar := self._by_leg.get(leg))}
        new = Bar(pbx, frozenset(here), sighting.people, sighting.legs, self._since(sighting.people), lost=lost)
        for bar in old.values():
            new = merged(bar, new)
        if [*old.values()] == [new]:
            return old[new.id]
        for gone in old:
            change.bars[gone] = None
            self._barred.pop(gone, None)
        change.bars[new.id] = new
        self._keep(new)
        return new

    def _since(self, people: frozenset[str]) -> int:
        """From which making on all count in a conversation of these: of whom is followed, since the follow began."""
        followed = (bar for one, bar in self._by_id.items() if is_follow(one) and not bar.people.isdisjoint(people))
        return min((bar.since for bar in followed), default=self._next)

    def _keep(self, bar: Bar) -> None:
        self._by_id |= dict.fromkeys(bar.ids, bar)
        self._by_leg |= dict.fromkeys(bar.legs, bar)

    def _renew(self, bar: Bar, change: BarChanges) -> None:
        """Somebody or something else may be barred now."""
        self._barred.pop(bar.id, None)
        change.touched |= bar.ids
        barred = self._of(bar)
        hooks = {making.thing for making in self._makings if making.kind is Kind.HOOK and making.thing in barred}
        new = {(hook, conversation) for hook in hooks for conversation in bar.ids} - self._told
        self._told |= new
        change.hooks |= new

    def _end(self, bar: Bar, change: BarChanges) -> None:
        self._barred.pop(bar.id, None)
        self._ends.over(bar)
        for conversation in bar.ids:
            self._by_id.pop(conversation, None)
            self._ringing.pop(conversation, None)
        for leg in bar.legs:
            self._by_leg.pop(leg, None)
        change.bars[bar.id] = None
        change.touched |= bar.ids
        told = {pair for pair in self._told if pair[1] in bar.ids}
        self._told -= told
        change.released |= {conversation for _, conversation in told}

    def _forget(self, change: BarChanges) -> None:
        if not self._makings or None not in change.bars.values():
            return
        oldest = min((bar.since for bar in self._all()), default=self._next)
        if self._makings[0].number < oldest:
            self._makings = [making for making in self._makings if making.number >= oldest]
            change.forget = oldest


def is_follow(conversation: str) -> bool:
    """Whether this is a follow, which is kept like a conversation (`core.heldlegs`)."""
    return conversation.startswith(FOLLOW)


def _others(making: Making, who: Who) -> frozenset[str]:
    return making.makers if making.kind is Kind.DEVICE else making.makers - {who.user}
