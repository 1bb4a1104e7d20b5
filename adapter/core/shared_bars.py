"""Who is barred, where other adapters own some of the PBXes: what they know of their conversations is kept here too.

Owners tell of their conversations; each adapter decides by the same rules (`adapter.core.bars`) who is barred from
them. What an owner knows and this one doesn't (a phone that only rings, something made at the owner) is told beside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from adapter.core.barring import merged
from adapter.core.bars import NOBODY, Bar, BarChanges, Bars, Kind, Making, Who
from adapter.core.openends import OpenEnds


@dataclass(frozen=True, slots=True)
class Presence:
    """One conversation, as far as its `Bar` does not say it."""

    conversation: str
    rings: frozenset[str] = NOBODY
    """Ids of users whose phones are in it now, but were never connected in it."""
    barred: frozenset[str] = NOBODY
    """Ids of whoever else its owner bars from it, and of what else."""


@dataclass(frozen=True, slots=True)
class BarsOfPbx:
    """All that is known of the conversations of one PBX."""

    bars: tuple[Bar, ...] = ()
    makings: tuple[Making, ...] = ()
    hooks: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Hooks that were told of, with the conversation's id."""
    present: tuple[Presence, ...] = ()


class SharedBars(Bars):
    """All conversations of all PBXes that are not over, whoever owns the PBX."""

    def __init__(self) -> None:
        super().__init__()
        self._also: dict[str, frozenset[str]] = {}
        """By conversation: whoever else another owner bars from it. None is empty."""
        self._own: set[str] | None = None
        """Ids of the PBXes that this process looks after; None: of all."""

    # --- own, or not

    def own_none(self) -> None:
        """Other adapters may look after all PBXes, until `take` says otherwise.

        What is at a PBX of theirs is never joined here with what is at ours: until one adapter has both, a conversation
        over a trunk between them has an open end (`openends`), and everybody is barred from it.
        """
        self._own = set()
        self._ends = OpenEnds()
        self._by_leg.clear()

    def take(self, pbx: str, kept: Iterable[Bar]) -> BarChanges:
        """This process looks after a PBX from now on. `kept`: what its former owner has written of it.

        Returns what is to be written of it anew: that one may have told more than it has written.
        """
        if self._own is None:
            return BarChanges()
        self._own.add(pbx)
        change = BarChanges()
        here = {bar.id: bar for bar in (*self._all(), *kept) if pbx in bar.pbxes}
        for bar in (*kept, *here.values()):
            self._ours(pbx, bar, change)
        for bar in [bar for bar in self._all() if pbx in bar.pbxes]:
            self._ends.load(bar)
        return change

    def _ours(self, pbx: str, bar: Bar, change: BarChanges) -> None:
        """One more conversation of ours, made one with those of ours that it is part of."""
        others = bar.pbxes - {pbx}
        lost = bar.lost or not others <= (self._own or set())
        new = replace(bar, pbx=pbx, elsewhere=others & (self._own or set()) - {pbx}, lost=lost)
        old = {found.id: found for one in bar.ids if (found := self._by_id.get(one))}
        old |= {found.id: found for leg in bar.legs if (found := self._by_leg.get(leg))}
        for found in old.values():
            new = merged(new, found)
            change.bars[found.id] = None
            self._barred.pop(found.id, None)
        change.bars[new.id] = new
        change.touched |= new.ids
        self._keep(new)

    def give_up(self, pbx: str) -> None:
        """Another adapter looks after a PBX now. What of its conversations is at ours is open from now on."""
        if self._own is None:
            return
        self._own.discard(pbx)
        self.out_of_sight(pbx)
        for bar in [bar for bar in self._all() if pbx in bar.pbxes]:
            for leg in bar.legs:
                self._by_leg.pop(leg, None)
            self._ends.over(bar)
            if ours := sorted((bar.pbxes - {pbx}) & self._own):
                self._keep(replace(bar, pbx=ours[0], elsewhere=frozenset(ours[1:]), lost=True))
                self._barred.pop(bar.id, None)

    def _keep(self, bar: Bar) -> None:
        if self._own is None or bar.pbx in self._own:
            super()._keep(bar)
        else:
            self._by_id |= dict.fromkeys(bar.ids, bar)

    def learn(self, makings: Iterable[Making]) -> None:
        """What was made, as it is written: also what was made where nothing was known of our conversations."""
        self._learn(makings, ())

    @property
    def upcoming(self) -> int:
        """The number of what is made next."""
        return self._next

    @property
    def oldest(self) -> int:
        """The lowest number of a making that counts for any conversation."""
        return min((bar.since for bar in self._all()), default=self._next)

    def made(self, who: Who, kind: Kind, thing: str) -> BarChanges:
        """As of any bars. Among several adapters it is kept also where no conversation is known here: others know of
        theirs, and read what was made."""
        if self._own is None or not self.empty:
            return super().made(who, kind, thing)
        making = Making(self._next, frozenset(one for one in (who.user, who.token) if one), kind, thing)
        self._next += 1
        self._makings.append(making)
        return BarChanges(makings=[making])

    def number_from(self, number: int) -> None:
        """What is made next has this number, or a higher one: all adapters have theirs from one place."""
        self._next = max(self._next, number)

    def _forget(self, change: BarChanges) -> None:
        super()._forget(change)
        if self._own is not None:
            change.forget = 0  # a conversation that is not in sight here may need it still

    def _everything(self, bar: Bar) -> frozenset[str]:
        also = [found for conversation in bar.ids if (found := self._also.get(conversation))]
        return super()._everything(bar).union(*also) if also else super()._everything(bar)

    def _end(self, bar: Bar, change: BarChanges) -> None:
        super()._end(bar, change)
        for conversation in bar.ids:
            self._also.pop(conversation, None)

    # --- told to others

    def present(self, conversations: Iterable[str]) -> tuple[Presence, ...]:
        """What bars alone don't say of these conversations; of those that are over nothing."""
        found = []
        for conversation in conversations:
            bar = self._by_id.get(conversation)
            if bar is not None:
                rings = self._ringing.get(conversation, NOBODY)
                found.append(Presence(conversation, rings, self._of(bar) - self._people(bar)))
        return tuple(found)

    def of_pbx(self, pbx: str) -> BarsOfPbx:
        """All of one PBX."""
        bars = tuple(bar for bar in self._all() if bar.pbx == pbx)
        ids = frozenset().union(*(bar.ids for bar in bars))
        told = frozenset(pair for pair in self._told if pair[1] in ids)
        plain = {Presence(conversation) for conversation in ids}
        present = tuple(one for one in self.present(sorted(ids)) if one not in plain)
        return BarsOfPbx(bars, tuple(self._makings), told, present)

    # --- told by an owner

    def follow(self, pbx: str, change: BarChanges, present: Iterable[Presence]) -> None:
        """What has changed in the conversations of a PBX that another adapter owns.

        Raises ValueError, and takes nothing, where it tells of another PBX's.
        """
        kept = [bar for bar in change.bars.values() if bar is not None]
        self._need_of(pbx, kept)
        for key, bar in change.bars.items():
            if bar is None:
                self._drop(pbx, key)
        for bar in kept:
            self._keep(bar)
        self._told |= change.hooks
        if change.released:
            self._told = {pair for pair in self._told if pair[1] not in change.released}
        self._learn(change.makings, kept)
        self._mark(pbx, present, change.touched)
        if change.bars:
            self._forget(BarChanges(bars=dict.fromkeys(change.bars)))

    def replace(self, pbx: str, whole: BarsOfPbx) -> frozenset[str]:
        """These are all conversations of a PBX that another adapter owns. Returns those of which others are barred.

        Raises ValueError, and takes nothing, where it tells of another PBX's.
        """
        self._need_of(pbx, whole.bars)
        before = self._sets(pbx)
        for key in [bar.id for bar in self._all() if bar.pbx == pbx]:
            self._drop(pbx, key)
        for bar in whole.bars:
            self._keep(bar)
        ids = before.keys() | frozenset().union(*(bar.ids for bar in whole.bars))
        self._told = {pair for pair in self._told if pair[1] not in ids} | whole.hooks
        self._learn(whole.makings, whole.bars)
        self._mark(pbx, whole.present, ids)
        self._forget(BarChanges(bars={"": None}))
        after = self._sets(pbx)
        return frozenset(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))

    def _sets(self, pbx: str) -> Mapping[str, frozenset[str]]:
        """By conversation of a PBX: who is barred from it."""
        return {conversation: self._of(bar) for conversation, bar in self._by_id.items() if bar.pbx == pbx}

    def _need_of(self, pbx: str, bars: Iterable[Bar]) -> None:
        for bar in bars:
            known = [found for one in bar.ids if (found := self._by_id.get(one))]
            if not bar.ids or bar.pbx != pbx or not all(self._may_tell(bar, one) for one in known):
                raise ValueError(f"{pbx} has no say about this conversation")

    def _may_tell(self, bar: Bar, known: Bar) -> bool:
        """An owner of two PBXes tells of a conversation that is at both; of what is at ours, nobody but we."""
        if known.pbx == bar.pbx:
            return True
        return known.pbx in bar.elsewhere and self._own is not None and known.pbx not in self._own

    def _drop(self, pbx: str, key: str) -> None:
        bar = self._by_id.get(key)
        if bar is None or bar.pbx != pbx or bar.id != key:
            return
        self._barred.pop(bar.id, None)
        for conversation in bar.ids:
            self._by_id.pop(conversation, None)
            self._ringing.pop(conversation, None)
            self._also.pop(conversation, None)
        for leg in bar.legs:
            if self._by_leg.get(leg) is bar:
                del self._by_leg[leg]

    def _learn(self, makings: Iterable[Making], bars: Iterable[Bar]) -> None:
        """Things that were made elsewhere. Numbers given here are higher than all that were seen, as a clock's are."""
        new = [making for making in makings if making not in self._makings]
        if new:
            self._makings = sorted([*self._makings, *new], key=lambda making: making.number)
            self._barred.clear()
        self._next = max([self._next, *(making.number + 1 for making in new), *(bar.since for bar in bars)])

    def _mark(self, pbx: str, present: Iterable[Presence], touched: Iterable[str]) -> None:
        for conversation in touched:
            if (bar := self._by_id.get(conversation)) is not None and bar.pbx == pbx:
                self._barred.pop(bar.id, None)
        for one in present:
            bar = self._by_id.get(one.conversation)
            if bar is None or bar.pbx != pbx:
                continue
            self._barred.pop(bar.id, None)
            for kept, ids in ((self._ringing, one.rings), (self._also, one.barred)):
                if ids:
                    kept[one.conversation] = ids
                else:
                    kept.pop(one.conversation, None)
